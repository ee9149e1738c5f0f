/* A plan as a value: copied, compared, freed, and what it says of an image's layers. */
#include "plan/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "plan/rule.h"

void lam_plan_errors_fini(struct lam_plan_errors *errors)
{
	for (size_t i = 0; i < errors->count; i++)
		free(errors->lines[i]);
	free(errors->lines);
	free(errors->at);
	*errors = (struct lam_plan_errors){ 0 };
}

void lam_plan_free_layer(struct lam_plan_layer *layer)
{
	free(layer->name);
	free(layer->from);
	free(layer->note);
}

void lam_plan_free(struct lam_plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->source_path_count; i++)
		free(plan->source_paths[i]);
	for (size_t i = 0; i < plan->layer_count; i++)
		lam_plan_free_layer(&plan->layers[i]);
	for (size_t i = 0; i < plan->rule_count; i++)
		lam_rule_fini(&plan->rules[i]);
	free(plan->source_paths);
	free(plan->source_reference);
	free(plan->source_manifest);
	free(plan->source_note);
	free(plan->times_note);
	free(plan->settings_note);
	lam_settings_fini(&plan->settings);
	free(plan->note);
	free(plan->layers);
	free(plan->rules);
	free(plan);
}

/* Copies */

void lam_plan_copy_layer(struct lam_plan_layer *out, const struct lam_plan_layer *layer)
{
	*out = *layer;
	out->name = lam_xcopy(layer->name);
	out->note = lam_xcopy(layer->note);
	out->from = lam_xcalloc(layer->from_count + 1, sizeof *out->from);
	for (size_t i = 0; i < layer->from_count; i++)
		out->from[i] = layer->from[i];
}

struct lam_plan *lam_plan_copy(const struct lam_plan *plan)
{
	struct lam_plan *copy = lam_xmalloc(sizeof *copy);

	*copy = *plan;
	copy->source_reference = lam_xcopy(plan->source_reference);
	copy->source_manifest = lam_xcopy(plan->source_manifest);
	copy->source_note = lam_xcopy(plan->source_note);
	copy->times_note = lam_xcopy(plan->times_note);
	copy->settings_note = lam_xcopy(plan->settings_note);
	lam_settings_copy(&copy->settings, &plan->settings);
	copy->note = lam_xcopy(plan->note);
	if (plan->source_paths)
		copy->source_paths = lam_xcalloc(plan->source_path_count + 1,
						 sizeof *copy->source_paths);
	for (size_t i = 0; i < plan->source_path_count; i++)
		copy->source_paths[i] = lam_xcopy(plan->source_paths[i]);
	copy->layers = lam_xcalloc(plan->layer_count + 1, sizeof *copy->layers);
	for (size_t i = 0; i < plan->layer_count; i++)
		lam_plan_copy_layer(&copy->layers[i], &plan->layers[i]);
	copy->rules = lam_xcalloc(plan->rule_count + 1, sizeof *copy->rules);
	for (size_t i = 0; i < plan->rule_count; i++)
		lam_rule_copy(&copy->rules[i], &plan->rules[i]);
	return copy;
}

#define SWAP(a, b, member)                                  \
	do {                                                \
		__typeof__((a)->member) held = (a)->member; \
		(a)->member = (b)->member;                  \
		(b)->member = held;                         \
	} while (0)

void lam_plan_take_rest(struct lam_plan *plan, const struct lam_plan *other)
{
	struct lam_plan *rest = lam_plan_copy(other), own = *plan;

	*plan = *rest;
	*rest = own;
	SWAP(plan, rest, source_reference);
	SWAP(plan, rest, source_manifest);
	SWAP(plan, rest, source_paths);
	SWAP(plan, rest, source_path_count);
	SWAP(plan, rest, source_note);
	SWAP(plan, rest, layers);
	SWAP(plan, rest, layer_count);
	SWAP(plan, rest, rules);
	SWAP(plan, rest, rule_count);
	lam_plan_free(rest);
}

/* Equality */

static bool same_compression(bool has_a, struct lam_compression a, bool has_b,
			     struct lam_compression b)
{
	return has_a == has_b && (!has_a || (a.codec == b.codec && a.level == b.level));
}

static bool same_times(const struct lam_plan *a, const struct lam_plan *b)
{
	return a->times.set == b->times.set &&
	       (!a->times.set || a->times.at == b->times.at) &&
	       lam_same_text(a->times_note, b->times_note);
}

static bool same_layer(const struct lam_plan_layer *a, const struct lam_plan_layer *b)
{
	if (a->from_count != b->from_count || a->rest != b->rest || a->keep != b->keep ||
	    a->rewrite != b->rewrite || a->max_size != b->max_size ||
	    !lam_same_text(a->name, b->name) || !lam_same_text(a->note, b->note) ||
	    !same_compression(a->has_compression, a->compression, b->has_compression,
			      b->compression))
		return false;
	for (size_t i = 0; i < a->from_count; i++) {
		if (a->from[i].first != b->from[i].first ||
		    a->from[i].last != b->from[i].last)
			return false;
	}
	return true;
}

static bool same_rule(const struct lam_plan_rule *a, const struct lam_plan_rule *b)
{
	return a->kind == b->kind && lam_same_text(a->pattern, b->pattern) &&
	       lam_same_text(a->to, b->to) && lam_same_text(a->note, b->note);
}

static bool same_source(const struct lam_plan *a, const struct lam_plan *b)
{
	if (!lam_same_text(a->source_reference, b->source_reference) ||
	    !lam_same_text(a->source_manifest, b->source_manifest) ||
	    !lam_same_text(a->source_note, b->source_note) ||
	    !a->source_paths != !b->source_paths ||
	    a->source_path_count != b->source_path_count)
		return false;
	for (size_t i = 0; i < a->source_path_count; i++) {
		if (!lam_same_text(a->source_paths[i], b->source_paths[i]))
			return false;
	}
	return true;
}

bool lam_plan_equal(const struct lam_plan *a, const struct lam_plan *b)
{
	if (a->layer_count != b->layer_count || a->rule_count != b->rule_count ||
	    !lam_same_text(a->note, b->note) || !same_source(a, b) || !same_times(a, b) ||
	    !lam_settings_equal(&a->settings, &b->settings) ||
	    !lam_same_text(a->settings_note, b->settings_note) ||
	    !same_compression(a->has_compression, a->compression, b->has_compression,
			      b->compression))
		return false;
	for (size_t i = 0; i < a->layer_count; i++) {
		if (!same_layer(&a->layers[i], &b->layers[i]))
			return false;
	}
	for (size_t i = 0; i < a->rule_count; i++) {
		if (!same_rule(&a->rules[i], &b->rules[i]))
			return false;
	}
	return true;
}

/* Layers */

size_t lam_plan_find_layer(const struct lam_plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->layer_count; i++) {
		if (strcmp(plan->layers[i].name, name) == 0)
			return i;
	}
	return SIZE_MAX;
}

uint32_t *lam_plan_owners(const struct lam_plan *plan, size_t count)
{
	uint32_t *owners = lam_xmalloc((count + 1) * sizeof *owners),
		 rest = LAM_TARGET_NONE;

	for (size_t i = 0; i <= count; i++)
		owners[i] = LAM_TARGET_NONE;
	for (uint32_t t = 0; t < plan->layer_count; t++) {
		const struct lam_plan_layer *layer = &plan->layers[t];

		if (layer->rest)
			rest = t;
		for (size_t k = 0; k < layer->from_count; k++) {
			for (size_t i = layer->from[k].first;
			     i <= layer->from[k].last && i < count; i++)
				owners[i] = t;
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (owners[i] == LAM_TARGET_NONE)
			owners[i] = rest;
	}
	return owners;
}
