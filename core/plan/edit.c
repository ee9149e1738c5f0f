#include "plan/edit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lamina/path.h>

/* Room for a number behind a name. */
#define NAME_ROOM 8

bool lam_edit_copy_text(char **out, const char *text)
{
	*out = text ? strdup(text) : NULL;
	return *out || !text;
}

bool lam_edit_copy_layer(struct lam_plan_layer *out, const struct lam_plan_layer *layer)
{
	size_t size = layer->from_count * sizeof *layer->from;

	*out = *layer;
	out->name = out->note = NULL;
	out->from = size ? malloc(size) : NULL;
	if (out->from)
		memcpy(out->from, layer->from, size);
	else
		out->from_count = 0;
	return (out->from || !size) && lam_edit_copy_text(&out->name, layer->name) &&
	       lam_edit_copy_text(&out->note, layer->note);
}

static bool copy_rule(struct lam_plan_rule *out, const struct lam_plan_rule *rule)
{
	*out = (struct lam_plan_rule){ .is_glob = rule->is_glob };
	return lam_edit_copy_text(&out->pattern, rule->pattern) &&
	       lam_edit_copy_text(&out->to, rule->to) &&
	       lam_edit_copy_text(&out->note, rule->note);
}

void lam_edit_free_rule(struct lam_plan_rule *rule)
{
	free(rule->pattern);
	free(rule->to);
	free(rule->note);
}

void lam_edit_free_layer(struct lam_plan_layer *layer)
{
	free(layer->name);
	free(layer->from);
	free(layer->note);
}

static bool copy_source(struct lam_plan *out, const struct lam_plan *plan)
{
	if (!lam_edit_copy_text(&out->source_reference, plan->source_reference) ||
	    !lam_edit_copy_text(&out->source_manifest, plan->source_manifest) ||
	    !lam_edit_copy_text(&out->source_note, plan->source_note) ||
	    !lam_edit_copy_text(&out->note, plan->note))
		return false;
	if (!plan->source_paths)
		return true;
	out->source_paths =
		calloc(plan->source_path_count + 1, sizeof *out->source_paths);
	if (!out->source_paths)
		return false;
	for (size_t i = 0; i < plan->source_path_count; i++, out->source_path_count++) {
		if (!lam_edit_copy_text(&out->source_paths[i], plan->source_paths[i]))
			return false;
	}
	return true;
}

/* The counts are of what is there to be freed. */
static bool copy_lists(struct lam_plan *out, const struct lam_plan *plan)
{
	out->layers = calloc(plan->layer_count + 1, sizeof *out->layers);
	out->rules = calloc(plan->rule_count + 1, sizeof *out->rules);
	if (!out->layers || !out->rules)
		return false;
	for (size_t i = 0; i < plan->layer_count; i++) {
		out->layer_count++;
		if (!lam_edit_copy_layer(&out->layers[i], &plan->layers[i]))
			return false;
	}
	for (size_t i = 0; i < plan->rule_count; i++) {
		out->rule_count++;
		if (!copy_rule(&out->rules[i], &plan->rules[i]))
			return false;
	}
	return true;
}

int lam_plan_copy(struct lam_plan **out, const struct lam_plan *plan,
		  struct lam_error *err)
{
	struct lam_plan *copy = calloc(1, sizeof *copy);

	*out = NULL;
	if (!copy)
		return lam_fail_memory(err);
	copy->has_compression = plan->has_compression;
	copy->compression = plan->compression;
	if (!copy_source(copy, plan) || !copy_lists(copy, plan)) {
		lam_plan_free(copy);
		return lam_fail_memory(err);
	}
	*out = copy;
	return 0;
}

/* Equality */

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_compression(bool has_a, struct lam_compression a, bool has_b,
			     struct lam_compression b)
{
	return has_a == has_b && (!has_a || (a.codec == b.codec && a.level == b.level));
}

static bool same_layer(const struct lam_plan_layer *a, const struct lam_plan_layer *b)
{
	if (a->from_count != b->from_count || a->rest != b->rest || a->keep != b->keep ||
	    !same_text(a->name, b->name) || !same_text(a->note, b->note) ||
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
	return a->is_glob == b->is_glob && same_text(a->pattern, b->pattern) &&
	       same_text(a->to, b->to) && same_text(a->note, b->note);
}

static bool same_source(const struct lam_plan *a, const struct lam_plan *b)
{
	if (!same_text(a->source_reference, b->source_reference) ||
	    !same_text(a->source_manifest, b->source_manifest) ||
	    !same_text(a->source_note, b->source_note) ||
	    !a->source_paths != !b->source_paths ||
	    a->source_path_count != b->source_path_count)
		return false;
	for (size_t i = 0; i < a->source_path_count; i++) {
		if (!same_text(a->source_paths[i], b->source_paths[i]))
			return false;
	}
	return true;
}

bool lam_plan_equal(const struct lam_plan *a, const struct lam_plan *b)
{
	if (a->layer_count != b->layer_count || a->rule_count != b->rule_count ||
	    !same_text(a->note, b->note) || !same_source(a, b) ||
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

/* Names */

size_t lam_edit_find_layer(const struct lam_plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->layer_count; i++) {
		if (strcmp(plan->layers[i].name, name) == 0)
			return i;
	}
	return SIZE_MAX;
}

/* How much of a text fits, in whole characters. */
static size_t cut(const char *text, size_t most)
{
	size_t len = strlen(text);

	if (len <= most)
		return len;
	while (most > 0 && ((unsigned char)text[most] & 0xc0) == 0x80)
		most--;
	return most;
}

/* A valid name with room for a number; NULL on no memory. */
static char *valid_name(const char *wish)
{
	char *name = lam_plan_name_fault(wish, strlen(wish))
			     ? lam_path_escape(wish, strlen(wish))
			     : strdup(wish);

	if (!name)
		return NULL;
	name[cut(name, LAM_MAX_PLAN_NAME - NAME_ROOM)] = '\0';
	if (lam_plan_name_fault(name, strlen(name))) {
		free(name);
		name = strdup("layer");
	}
	return name;
}

int lam_plan_free_name(char **out, const struct lam_plan *plan, const char *wish,
		       struct lam_error *err)
{
	char *base = valid_name(wish);
	size_t cap = base ? strlen(base) + 24 : 0;
	char *name = base ? malloc(cap) : NULL;

	*out = NULL;
	if (!name) {
		free(base);
		return lam_fail_memory(err);
	}
	snprintf(name, cap, "%s", base);
	/* a plan has at most LAM_MAX_LAYERS names, so this ends with four digits */
	for (unsigned n = 2; lam_edit_find_layer(plan, name) != SIZE_MAX; n++)
		snprintf(name, cap, "%s-%u", base, n);
	free(base);
	*out = name;
	return 0;
}
