/* Edits of the stack of layers. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "plan/edit.h"

static int check_place(const struct lam_plan *plan, size_t at, struct lam_error *err)
{
	if (at < plan->layer_count)
		return 0;
	return lam_fail(err, LAM_EPLAN, "no layer %zu; there are %zu", at,
			plan->layer_count);
}

/* except: the layer that may have the name already, or SIZE_MAX. */
static int check_name(const struct lam_plan *plan, const char *name, size_t except,
		      struct lam_error *err)
{
	const char *fault = lam_plan_name_fault(name, strlen(name));
	size_t other;

	if (fault)
		return lam_fail(err, LAM_EPLAN, "%s", fault);
	other = lam_edit_find_layer(plan, name);
	if (other == SIZE_MAX || other == except)
		return 0;
	return lam_fail(err, LAM_EPLAN, "there is a layer \"%s\" already", name);
}

/* Makes room for one more and puts it there; the caller's on failure. */
static int insert_layer(struct lam_plan *plan, size_t at, struct lam_plan_layer layer,
			struct lam_error *err)
{
	struct lam_plan_layer *layers;

	if (plan->layer_count >= LAM_MAX_LAYERS)
		return lam_fail(err, LAM_EPLAN, "a plan has at most %d layers",
				LAM_MAX_LAYERS);
	layers = realloc(plan->layers, (plan->layer_count + 1) * sizeof *layers);
	if (!layers)
		return lam_fail_memory(err);
	plan->layers = layers;
	memmove(layers + at + 1, layers + at, (plan->layer_count - at) * sizeof *layers);
	layers[at] = layer;
	plan->layer_count++;
	return 0;
}

static void remove_layer(struct lam_plan *plan, size_t at)
{
	lam_edit_free_layer(&plan->layers[at]);
	plan->layer_count--;
	memmove(plan->layers + at, plan->layers + at + 1,
		(plan->layer_count - at) * sizeof *plan->layers);
}

int lam_edit_layer_add(struct lam_plan *plan, size_t at, const char *name,
		       struct lam_error *err)
{
	struct lam_plan_layer layer = { 0 };

	if (at > plan->layer_count)
		return lam_fail(err, LAM_EPLAN, "no place %zu; there are %zu layers", at,
				plan->layer_count);
	if (check_name(plan, name, SIZE_MAX, err) < 0)
		return err->code;
	layer.name = strdup(name);
	if (!layer.name)
		return lam_fail_memory(err);
	if (insert_layer(plan, at, layer, err) == 0)
		return 0;
	lam_edit_free_layer(&layer);
	return err->code;
}

/* Points rules to another layer: all of them, or on no memory none. *out_count (may be
 * NULL): how many. */
static int redirect(struct lam_plan *plan, const char *from, const char *to,
		    size_t *out_count, struct lam_error *err)
{
	char **names = calloc(plan->rule_count + 1, sizeof *names);
	size_t count = 0;
	bool done = names;

	for (size_t i = 0; done && i < plan->rule_count; i++) {
		if (!plan->rules[i].to || strcmp(plan->rules[i].to, from) != 0)
			continue;
		names[i] = strdup(to);
		done = names[i];
		count++;
	}
	for (size_t i = 0; names && i < plan->rule_count; i++) {
		if (!names[i])
			continue;
		if (done) {
			free(plan->rules[i].to);
			plan->rules[i].to = names[i];
		} else {
			free(names[i]);
		}
	}
	free(names);
	if (out_count)
		*out_count = count;
	return done ? 0 : lam_fail_memory(err);
}

int lam_edit_layer_rename(struct lam_plan *plan, size_t at, const char *name,
			  struct lam_error *err)
{
	char *copy;

	if (check_place(plan, at, err) < 0 || check_name(plan, name, at, err) < 0)
		return err->code;
	copy = strdup(name);
	if (!copy)
		return lam_fail_memory(err);
	if (redirect(plan, plan->layers[at].name, copy, NULL, err) < 0) {
		free(copy);
		return err->code;
	}
	free(plan->layers[at].name);
	plan->layers[at].name = copy;
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

/* Originals */

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

static int make_room(struct lam_range **out, const struct lam_plan_layer *into,
		     const struct lam_plan_layer *from, struct lam_error *err)
{
	*out = malloc((into->from_count + from->from_count + 1) * sizeof **out);
	return *out ? 0 : lam_fail_memory(err);
}

/* Takes over the room for the ranges of both. Where one of the two is "rest", so are both
 * together: no other layer names what they do. */
static void join_originals(struct lam_plan_layer *into, const struct lam_plan_layer *from,
			   struct lam_range *room)
{
	size_t count = into->from_count + from->from_count;

	if (!from->rest && from->from_count == 0) {
		free(room);
		return;
	}
	into->rest = into->rest || from->rest;
	into->keep = false;
	if (into->from_count)
		memcpy(room, into->from, into->from_count * sizeof *room);
	if (from->from_count)
		memcpy(room + into->from_count, from->from,
		       from->from_count * sizeof *room);
	free(into->from);
	into->from = room;
	into->from_count = into->rest ? 0 : gather_ranges(room, count);
}

int lam_edit_layer_merge(struct lam_plan *plan, size_t at, size_t into,
			 struct lam_error *err)
{
	struct lam_range *room;
	size_t moved;

	if (check_place(plan, at, err) < 0 || check_place(plan, into, err) < 0)
		return err->code;
	if (at == into)
		return lam_fail(err, LAM_EPLAN,
				"a layer cannot be merged into itself: \"%s\"",
				plan->layers[at].name);
	if (make_room(&room, &plan->layers[into], &plan->layers[at], err) < 0)
		return err->code;
	if (redirect(plan, plan->layers[at].name, plan->layers[into].name, &moved, err) <
	    0) {
		free(room);
		return err->code;
	}
	join_originals(&plan->layers[into], &plan->layers[at], room);
	if (moved)
		plan->layers[into].keep = false;
	remove_layer(plan, at);
	return 0;
}

int lam_edit_layer_delete(struct lam_plan *plan, size_t at, struct lam_error *err)
{
	size_t heir = at ? at - 1 : 1;
	struct lam_range *room;
	const char *name;
	bool *gone;

	if (check_place(plan, at, err) < 0)
		return err->code;
	if (plan->layer_count == 1)
		return lam_fail(err, LAM_EPLAN, "the last layer stays: \"%s\"",
				plan->layers[at].name);
	gone = calloc(plan->rule_count + 1, sizeof *gone);
	if (!gone || make_room(&room, &plan->layers[heir], &plan->layers[at], err) < 0) {
		free(gone);
		return lam_fail_memory(err);
	}
	join_originals(&plan->layers[heir], &plan->layers[at], room);
	name = plan->layers[at].name;
	for (size_t i = 0; i < plan->rule_count; i++)
		gone[i] = plan->rules[i].to && strcmp(plan->rules[i].to, name) == 0;
	lam_edit_drop_rules(plan, gone);
	free(gone);
	remove_layer(plan, at);
	return 0;
}

/* What a layer is like */

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

/* Another plan */

/* Layers of the other that this one does not have, without originals. *out_count of them
 * are there, also on failure. */
static int copy_missing(struct lam_plan_layer *out, size_t *out_count,
			const struct lam_plan *plan, const struct lam_plan *other,
			struct lam_error *err)
{
	for (size_t i = 0; i < other->layer_count; i++) {
		struct lam_plan_layer bare = other->layers[i];

		if (lam_edit_find_layer(plan, bare.name) != SIZE_MAX)
			continue;
		bare.from = NULL;
		bare.from_count = 0;
		bare.rest = bare.keep = false;
		if (!lam_edit_copy_layer(&out[(*out_count)++], &bare))
			return lam_fail_memory(err);
	}
	if (plan->layer_count + *out_count > LAM_MAX_LAYERS)
		return lam_fail(err, LAM_EPLAN, "a plan has at most %d layers",
				LAM_MAX_LAYERS);
	return 0;
}

static int copy_rules(struct lam_plan_rule *out, size_t *out_count,
		      const struct lam_plan *other, struct lam_error *err)
{
	for (size_t i = 0; i < other->rule_count; i++) {
		const struct lam_plan_rule *rule = &other->rules[i];

		if (lam_edit_make_rule(&out[i], rule->pattern, rule->is_glob, rule->to,
				       err) < 0)
			return err->code;
		(*out_count)++;
		if (!lam_edit_copy_text(&out[i].note, rule->note))
			return lam_fail_memory(err);
	}
	return 0;
}

int lam_edit_append(struct lam_plan *plan, const struct lam_plan *other,
		    struct lam_error *err)
{
	size_t room = plan->layer_count + other->layer_count, added = 0, rules = 0;
	struct lam_plan_layer *layers = calloc(room + 1, sizeof *layers);
	struct lam_plan_rule *fresh = calloc(other->rule_count + 1, sizeof *fresh);
	int code = layers && fresh ? 0 : lam_fail_memory(err);

	if (code == 0)
		code = copy_missing(layers + plan->layer_count, &added, plan, other, err);
	if (code == 0)
		code = copy_rules(fresh, &rules, other, err);
	if (code == 0)
		code = lam_edit_append_rules(plan, fresh, rules, err);
	if (code == 0) {
		memcpy(layers, plan->layers, plan->layer_count * sizeof *layers);
		free(plan->layers);
		plan->layers = layers;
		plan->layer_count += added;
	} else {
		for (size_t i = 0; layers && i < added; i++)
			lam_edit_free_layer(&layers[plan->layer_count + i]);
		free(layers);
	}
	for (size_t i = 0; fresh && i < rules; i++)
		lam_edit_free_rule(&fresh[i]);
	free(fresh);
	return code;
}
