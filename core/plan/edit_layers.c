/* Edits of a plan's stack of layers. */
#include <stdlib.h>
#include <string.h>

#include <lamina/edit.h>

#include "base/limits.h"
#include "base/memory.h"
#include "plan/plan.h"

/* Names */

/* except: the layer that may have the name already, or SIZE_MAX. */
static int check_name(const struct lam_plan *plan, const char *name, size_t except,
		      struct lam_error *err)
{
	const char *fault = lam_plan_name_fault(name, strlen(name));
	size_t other;

	if (fault)
		return lam_fail(err, LAM_EPLAN, "%s", fault);
	other = lam_plan_find_layer(plan, name);
	if (other == SIZE_MAX || other == except)
		return 0;
	return lam_fail(err, LAM_EPLAN, "there is a layer \"%s\" already", name);
}

/* The stack of layers */

static int check_place(const struct lam_plan *plan, size_t at, struct lam_error *err)
{
	if (at < plan->layer_count)
		return 0;
	return lam_fail(err, LAM_EPLAN, "no layer %zu; there are %zu", at,
			plan->layer_count);
}

int lam_plan_room(struct lam_plan *plan, size_t more, struct lam_error *err)
{
	if (plan->layer_count + more > LAM_MAX_LAYERS)
		return lam_fail(err, LAM_EPLAN, "a plan has at most %d layers",
				LAM_MAX_LAYERS);
	plan->layers = lam_xrealloc(plan->layers,
				    (plan->layer_count + more) * sizeof *plan->layers);
	return 0;
}

int lam_edit_layer_add(struct lam_plan *plan, size_t at, const char *name,
		       struct lam_error *err)
{
	if (at > plan->layer_count)
		return lam_fail(err, LAM_EPLAN, "no place %zu; there are %zu layers", at,
				plan->layer_count);
	if (check_name(plan, name, SIZE_MAX, err) < 0 || lam_plan_room(plan, 1, err) < 0)
		return err->code;
	memmove(plan->layers + at + 1, plan->layers + at,
		(plan->layer_count - at) * sizeof *plan->layers);
	plan->layers[at] = (struct lam_plan_layer){ .name = lam_xstrdup(name) };
	plan->layer_count++;
	return 0;
}

static void remove_layer(struct lam_plan *plan, size_t at)
{
	lam_plan_free_layer(&plan->layers[at]);
	plan->layer_count--;
	memmove(plan->layers + at, plan->layers + at + 1,
		(plan->layer_count - at) * sizeof *plan->layers);
}

static bool goes_to(const struct lam_plan_rule *rule, const char *name)
{
	return rule->to && strcmp(rule->to, name) == 0;
}

/* Points rules to another layer; how many. */
static size_t redirect(struct lam_plan *plan, const char *from, const char *to)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->rule_count; i++) {
		if (!goes_to(&plan->rules[i], from))
			continue;
		free(plan->rules[i].to);
		plan->rules[i].to = lam_xstrdup(to);
		count++;
	}
	return count;
}

int lam_edit_layer_rename(struct lam_plan *plan, size_t at, const char *name,
			  struct lam_error *err)
{
	if (check_place(plan, at, err) < 0 || check_name(plan, name, at, err) < 0)
		return err->code;
	redirect(plan, plan->layers[at].name, name);
	free(plan->layers[at].name);
	plan->layers[at].name = lam_xstrdup(name);
	return 0;
}

int lam_edit_layer_move(struct lam_plan *plan, size_t at, size_t to,
			struct lam_error *err)
{
	struct lam_plan_layer layer;

	if (check_place(plan, at, err) < 0 || check_place(plan, to, err) < 0)
		return err->code;
	layer = plan->layers[at];
	if (at < to)
		memmove(plan->layers + at, plan->layers + at + 1,
			(to - at) * sizeof layer);
	else
		memmove(plan->layers + to + 1, plan->layers + to,
			(at - to) * sizeof layer);
	plan->layers[to] = layer;
	return 0;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct lam_range *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

/* Sorted, and as few as there can be, as a plan that is read has them. */
static size_t gather_ranges(struct lam_range *ranges, size_t count)
{
	size_t kept = 0;

	qsort(ranges, count, sizeof *ranges, compare_ranges);
	for (size_t i = 0; i < count; i++) {
		if (kept && ranges[kept - 1].last + 1 == ranges[i].first)
			ranges[kept - 1].last = ranges[i].last;
		else
			ranges[kept++] = ranges[i];
	}
	return kept;
}

/* Where one of the two is "rest", so are both together: no other layer names what they
 * do. */
static void join_originals(struct lam_plan_layer *into, const struct lam_plan_layer *from)
{
	size_t count = into->from_count + from->from_count;

	if (!from->rest && from->from_count == 0)
		return;
	into->rest = into->rest || from->rest;
	into->keep = into->rewrite = false;
	if (into->rest) {
		into->from_count = 0;
		return;
	}
	into->from = lam_xrealloc(into->from, count * sizeof *into->from);
	memcpy(into->from + into->from_count, from->from,
	       from->from_count * sizeof *from->from);
	into->from_count = gather_ranges(into->from, count);
}

/* What has all originals is "rest", so that the plan fits an image with more of them. */
static void name_rest(struct lam_plan *plan)
{
	struct lam_plan_layer *all = NULL;

	for (size_t t = 0; t < plan->layer_count; t++) {
		if (!plan->layers[t].rest && plan->layers[t].from_count == 0)
			continue;
		if (all)
			return;
		all = &plan->layers[t];
	}
	if (!all || all->keep)
		return;
	all->rest = true;
	all->from_count = 0;
}

int lam_edit_layer_merge(struct lam_plan *plan, size_t at, size_t into,
			 struct lam_error *err)
{
	if (check_place(plan, at, err) < 0 || check_place(plan, into, err) < 0)
		return err->code;
	if (at == into)
		return lam_fail(err, LAM_EPLAN,
				"a layer cannot be merged into itself: \"%s\"",
				plan->layers[at].name);
	join_originals(&plan->layers[into], &plan->layers[at]);
	if (redirect(plan, plan->layers[at].name, plan->layers[into].name))
		plan->layers[into].keep = false;
	remove_layer(plan, at);
	name_rest(plan);
	return 0;
}

int lam_edit_flatten(struct lam_plan *plan, size_t *into, struct lam_error *err)
{
	if (check_place(plan, *into, err) < 0)
		return err->code;
	if (plan->layers[*into].keep)
		return lam_fail(
			err, LAM_EPLAN,
			"layer \"%s\" is to stay as it is, and cannot take the rest",
			plan->layers[*into].name);
	for (size_t i = plan->layer_count; i-- > 0;) {
		const struct lam_plan_layer *layer = &plan->layers[i];

		if (i == *into || layer->keep || (!layer->rest && layer->from_count == 0))
			continue;
		if (lam_edit_layer_merge(plan, i, *into, err) < 0)
			return err->code;
		*into -= i < *into;
	}
	plan->layers[*into].rest = true;
	plan->layers[*into].from_count = 0;
	return 0;
}

int lam_edit_layer_delete(struct lam_plan *plan, size_t at, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr)
	bool *gone = lam_xcalloc(plan->rule_count + 1, sizeof *gone);

	if (check_place(plan, at, err) < 0)
		return err->code;
	if (plan->layer_count == 1)
		return lam_fail(err, LAM_EPLAN, "the last layer stays: \"%s\"",
				plan->layers[at].name);
	join_originals(&plan->layers[at ? at - 1 : 1], &plan->layers[at]);
	for (size_t i = 0; i < plan->rule_count; i++)
		gone[i] = goes_to(&plan->rules[i], plan->layers[at].name);
	lam_plan_drop_rules(plan, gone);
	remove_layer(plan, at);
	return 0;
}

int lam_edit_layer_keep(struct lam_plan *plan, size_t at, bool keep,
			struct lam_error *err)
{
	const struct lam_plan_layer *layer;

	if (check_place(plan, at, err) < 0)
		return err->code;
	layer = &plan->layers[at];
	if (keep && (layer->rest || layer->from_count != 1 ||
		     layer->from[0].first != layer->from[0].last))
		return lam_fail(
			err, LAM_EPLAN,
			"layer \"%s\" is not from exactly one layer of the image, so "
			"there is no blob to keep",
			layer->name);
	plan->layers[at].keep = keep;
	plan->layers[at].rewrite = plan->layers[at].rewrite && !keep;
	return 0;
}

int lam_edit_layer_rewrite(struct lam_plan *plan, size_t at, bool rewrite,
			   struct lam_error *err)
{
	if (check_place(plan, at, err) < 0)
		return err->code;
	plan->layers[at].rewrite = rewrite;
	plan->layers[at].keep = plan->layers[at].keep && !rewrite;
	return 0;
}

int lam_edit_layer_note(struct lam_plan *plan, size_t at, const char *note,
			struct lam_error *err)
{
	if (check_place(plan, at, err) < 0)
		return err->code;
	free(plan->layers[at].note);
	plan->layers[at].note = lam_xcopy(note);
	return 0;
}

int lam_edit_layer_compression(struct lam_plan *plan, size_t at,
			       const struct lam_compression *compression,
			       struct lam_error *err)
{
	const struct lam_compression none = { 0 };

	if (check_place(plan, at, err) < 0)
		return err->code;
	plan->layers[at].has_compression = compression;
	plan->layers[at].compression = compression ? *compression : none;
	return 0;
}

int lam_edit_layer_max_size(struct lam_plan *plan, size_t at, const uint64_t *most,
			    struct lam_error *err)
{
	if (check_place(plan, at, err) < 0)
		return err->code;
	if (most && !*most)
		return lam_fail(err, LAM_EPLAN, "a layer has at least one byte");
	plan->layers[at].max_size = most ? *most : 0;
	return 0;
}
