/* A plan from what changed: parts, their cut, and what to say of it. */
#include <stdlib.h>
#include <string.h>

#include <lamina/layout.h>

#include "base/buf.h"
#include "base/memory.h"
#include "base/size.h"
#include "base/time.h"
#include "image/image.h"
#include "plan/plan.h"
#include "plan/rule.h"
#include "suggest/emit.h"
#include "tree/tree.h"

#define EACH  16384.0 /* bytes that one more layer must save at a pull */
#define PULLS 10      /* at which a move must make good what it costs at the next one */

struct suggesting {
	struct lam_suggest_request request;
	struct lam_parts parts;
	struct lam_cut cut;
	struct lam_cut_result result;
	struct lam_cut_sum *sums; /* of each layer of the result */
	uint32_t *order;          /* layers of the result, base first */
	uint32_t *place;          /* of each layer of the result in the plan */
	struct lam_suggestion *out;
};

static void fini(struct suggesting *s)
{
	lam_parts_fini(&s->parts);
	free((void *)(uintptr_t)s->cut.parts);
	free(s->result.layer);
	free(s->sums);
	free(s->order);
	free(s->place);
	lam_suggestion_free(s->out);
}

static int check(struct suggesting *s, struct lam_error *err)
{
	struct lam_suggest_request *r = &s->request;
	size_t layers = lam_image_layer_count(r->versions[r->version_count - 1]),
	       kept = 0;

	if (r->version_count > LAM_SUGGEST_VERSIONS)
		return lam_fail(err, LAM_EUSAGE, "%zu versions: at most %d are compared",
				r->version_count, LAM_SUGGEST_VERSIONS);
	while (r->before && kept < r->before->layer_count && r->before->layers[kept].keep)
		kept++;
	for (size_t i = kept; r->before && i < r->before->layer_count; i++) {
		if (r->before->layers[i].keep)
			return lam_fail(
				err, LAM_EPLAN,
				"layer \"%s\" of the plan before has \"keep\" and "
				"stands above layers that have not: only the lowest "
				"can stay as they are: take it away",
				r->before->layers[i].name);
	}
	r->keep = kept > r->keep ? kept : r->keep;
	if (r->before && !r->times.set)
		r->times = r->before->times;
	r->most_layers = r->most_layers ? r->most_layers : LAM_SUGGEST_LAYERS;
	if (r->keep >= layers)
		return lam_fail(err, LAM_EUSAGE,
				"all layers stay (%zu of %zu): nothing is left to cut",
				r->keep, layers);
	if (r->keep >= r->most_layers)
		return lam_fail(
			err, LAM_EUSAGE,
			"the plan may have %zu layer%s, and %zu stay%s: one more is "
			"needed at least",
			r->most_layers, r->most_layers == 1 ? "" : "s", r->keep,
			r->keep == 1 ? "s" : "");
	return 0;
}

/* A plan that says both that a blob stays and that its times do not is none. */
static int check_times(const struct suggesting *s, struct lam_error *err)
{
	const struct lam_suggest_request *r = &s->request;
	const struct lam_image *image = r->versions[r->version_count - 1];
	char at[LAM_TIME_TEXT];

	for (size_t i = 0; i < r->keep && r->times.set; i++) {
		size_t later = lam_layer_count_later(image->indexes[i], r->times);

		if (later)
			return lam_fail(
				err, LAM_EPLAN,
				"layer %zu is to stay as it is, and %zu of its times are "
				"later than %s, which later ones are set back to: take a "
				"later time, or keep fewer layers",
				i, later, lam_time_format(r->times.at, at));
	}
	return 0;
}

static int solve(struct suggesting *s, struct lam_error *err)
{
	const struct lam_suggest_request *r = &s->request;
	size_t count;
	struct lam_cut_part *parts = lam_parts_join(&s->parts, &count);
	char size[LAM_SIZE_TEXT];

	s->cut = (struct lam_cut){
		.parts = parts,
		.count = count,
		.seen = lam_parts_pulls(&s->parts),
		.most_layers = r->most_layers - r->keep,
		.most_bytes = r->most_bytes,
		.each = EACH,
		.was_count = r->before ? r->before->layer_count
				       : lam_image_layer_count(s->parts.image),
		.pulls = r->before ? PULLS : 0,
	};
	lam_cut_solve(&s->cut, &s->result);
	if (s->result.count <= s->cut.most_layers)
		return 0;
	return lam_fail(err, LAM_EPLAN,
			"layers of at most %s: no cut into fewer than %zu was found, and "
			"%zu may be: allow more or larger ones",
			lam_size_text(r->most_bytes, size), s->result.count + r->keep,
			r->most_layers);
}

/* The stack */

static uint32_t layer_of(const struct suggesting *s, size_t part)
{
	return s->result.layer[s->parts.items[part].joined];
}

static uint32_t was_of(const struct suggesting *s, uint32_t layer)
{
	double most = -1;
	uint32_t was = LAM_CUT_NEW;

	for (size_t i = 0; i < s->parts.count && s->request.before; i++) {
		if (layer_of(s, i) != layer || s->parts.items[i].all.bytes <= most)
			continue;
		most = s->parts.items[i].all.bytes;
		was = s->parts.items[i].cut.was;
	}
	return was;
}

/* Layers of yesterday's plan as they stood, the others above them; what changes seldom
 * below what changes often, as Docker's own store fetches all from the first that
 * differs on. */
static int compare_layers(const void *a, const void *b, void *context)
{
	const struct suggesting *s = context;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b, p = was_of(s, x),
		 q = was_of(s, y);
	double c = lam_cut_chance(&s->cut, &s->sums[x]),
	       d = lam_cut_chance(&s->cut, &s->sums[y]);

	if (p != q)
		return p < q ? -1 : 1;
	if (c < d || c > d)
		return c < d ? -1 : 1;
	return x < y ? -1 : 1;
}

static void put_in_order(struct suggesting *s)
{
	size_t count = s->result.count;

	s->sums = lam_xcalloc(count + 1, sizeof *s->sums);
	s->order = lam_xcalloc(count + 1, sizeof *s->order);
	s->place = lam_xcalloc(count + 1, sizeof *s->place);
	for (size_t i = 0; i < s->cut.count; i++) {
		struct lam_cut_sum one = lam_cut_one(&s->cut.parts[i]);

		lam_cut_add(&s->sums[s->result.layer[i]], &one);
	}
	for (uint32_t i = 0; i < count; i++)
		s->order[i] = i;
	qsort_r(s->order, count, sizeof *s->order, compare_layers, s);
	for (uint32_t i = 0; i < count; i++)
		s->place[s->order[i]] = (uint32_t)s->request.keep + i;
}

/* Whether yesterday's name is that of something which went to it then, and is not in it any
 * more. */
static bool is_stale(const struct suggesting *s, uint32_t layer, const char *name)
{
	const struct lam_plan *before = s->request.before;
	bool was = false;

	for (size_t i = 0; i < before->rule_count && !was; i++) {
		const struct lam_plan_rule *rule = &before->rules[i];
		size_t len = strlen(rule->pattern), end = strlen(name);

		was = rule->to && strcmp(rule->to, name) == 0 && len > end &&
		      strcmp(rule->pattern + len - end, name) == 0 &&
		      strchr("/:", rule->pattern[len - end - 1]);
	}
	for (size_t i = 0; i < s->parts.count && was; i++) {
		LAM_CLEANUP(lam_free_ptr)
		char *usual = layer_of(s, i) == layer
				      ? lam_emit_layer_name(&s->parts, &s->parts.items[i])
				      : NULL;

		was = !usual || strcmp(usual, name) != 0;
	}
	return was;
}

/* Whether it is what became of a layer of yesterday's: of several the rest, or else the
 * largest. */
static bool is_heir(const struct suggesting *s, uint32_t layer, uint32_t was)
{
	uint32_t heir = layer_of(s, LAM_PART_REST);

	if (was_of(s, heir) == was)
		return layer == heir;
	for (uint32_t i = 0; i < s->result.count; i++) {
		if (i != layer && was_of(s, i) == was &&
		    (s->sums[i].bytes > s->sums[layer].bytes ||
		     (i < layer && s->sums[i].bytes == s->sums[layer].bytes)))
			return false;
	}
	return true;
}

/* As yesterday, or after its largest part. */
static char *name_layer(const struct suggesting *s, uint32_t layer, bool is_rest)
{
	uint32_t was = was_of(s, layer);
	const struct lam_part *largest = NULL;

	if (was != LAM_CUT_NEW && was < s->request.before->layer_count &&
	    is_heir(s, layer, was) &&
	    !is_stale(s, layer, s->request.before->layers[was].name))
		return lam_xstrdup(s->request.before->layers[was].name);
	for (size_t i = 0; i < s->parts.count && !is_rest; i++) {
		if (layer_of(s, i) == layer &&
		    (!largest || s->parts.items[i].all.bytes > largest->all.bytes))
			largest = &s->parts.items[i];
	}
	return largest ? lam_emit_layer_name(&s->parts, largest) : lam_xstrdup("rest");
}

/* What else yesterday's plan says of a layer. */
static void take_over(const struct suggesting *s, uint32_t was,
		      struct lam_plan_layer *layer)
{
	const struct lam_plan *before = s->request.before;

	if (!before || was >= before->layer_count)
		return;
	layer->has_compression = before->layers[was].has_compression;
	layer->compression = before->layers[was].compression;
	layer->max_size = before->layers[was].max_size;
	if (strcmp(layer->name, before->layers[was].name) == 0) {
		free(layer->note);
		layer->note = lam_xcopy(before->layers[was].note);
	}
}

/* More than a layer may have by itself: only a layer in parts has less. */
static bool is_too_large(const struct suggesting *s, const struct lam_part *part)
{
	return s->request.most_bytes && part->cut.bytes > s->request.most_bytes;
}

/* The flat plan has the layer for the rest already: the others go around it. */
static void add_layers(struct suggesting *s, struct lam_plan *plan)
{
	uint32_t rest = layer_of(s, LAM_PART_REST);
	const struct lam_plan *before = s->request.before;

	free(plan->layers[s->request.keep].name);
	plan->layers[s->request.keep].name = name_layer(s, rest, true);
	take_over(s, was_of(s, rest), &plan->layers[s->request.keep]);
	for (uint32_t i = 0; i < s->request.keep; i++) {
		if (before && i < before->layer_count && before->layers[i].keep)
			take_over(s, i, &plan->layers[i]);
	}
	for (size_t i = 0; i < s->result.count; i++) {
		LAM_CLEANUP(lam_free_ptr) char *wish = NULL;

		if (s->order[i] == rest)
			continue;
		wish = name_layer(s, s->order[i], false);
		take_over(s, was_of(s, s->order[i]),
			  lam_emit_layer(plan, s->request.keep + i, wish));
	}
}

/* Of yesterday's rule about the same. */
static void keep_note(const struct suggesting *s, struct lam_plan_rule *rule)
{
	const struct lam_plan *before = s->request.before;

	for (size_t i = 0; before && !rule->note && i < before->rule_count; i++) {
		const struct lam_plan_rule *old = &before->rules[i];

		if (old->note && old->kind == rule->kind &&
		    strcmp(old->pattern, rule->pattern) == 0)
			rule->note = lam_xcopy(old->note);
	}
}

static int add_rule(struct suggesting *s, struct lam_plan *plan,
		    const struct lam_part *part, const char *to, struct lam_error *err)
{
	if ((part->package == LAM_PACKAGE_NONE
		     ? lam_emit_path(plan, s->parts.tree, part->node, to, err)
		     : lam_emit_package(
			       plan, lam_packages_get(s->parts.packages, part->package),
			       to, err)) < 0)
		return err->code;
	keep_note(s, &plan->rules[plan->rule_count - 1]);
	return 0;
}

/* Those of packages win. */
static int add_rules(struct suggesting *s, struct lam_plan *plan, bool packages,
		     struct lam_error *err)
{
	uint32_t rest = layer_of(s, LAM_PART_REST);

	for (size_t i = 1; i < s->parts.count; i++) {
		const struct lam_part *part = &s->parts.items[i];
		uint32_t layer = layer_of(s, i);
		const char *to = plan->layers[s->place[layer]].name;

		if (layer == rest || packages != (part->package != LAM_PACKAGE_NONE))
			continue;
		if (add_rule(s, plan, part, to, err) < 0)
			return err->code;
	}
	return 0;
}

/* What yesterday's plan leaves out stays out. */
static void add_dropping(const struct suggesting *s, struct lam_plan *plan)
{
	const struct lam_plan *before = s->request.before;

	for (size_t i = 0; before && i < before->rule_count; i++) {
		if (before->rules[i].to)
			continue;
		plan->rules = lam_xrealloc(plan->rules,
					   (plan->rule_count + 1) * sizeof *plan->rules);
		lam_rule_copy(&plan->rules[plan->rule_count++], &before->rules[i]);
	}
}

static int make_plan(struct suggesting *s, struct lam_error *err)
{
	struct lam_plan **plan = &s->out->plan;
	const struct lam_plan *before = s->request.before;

	if (lam_emit_flat(plan, s->parts.image, s->request.keep, err) < 0)
		return err->code;
	if (before)
		lam_plan_take_rest(*plan, before);
	(*plan)->times = s->request.times;
	add_layers(s, *plan);
	if (add_rules(s, *plan, false, err) < 0 || add_rules(s, *plan, true, err) < 0)
		return err->code;
	add_dropping(s, *plan);
	return 0;
}

/* What is said of it */

static int compare_parts(const void *a, const void *b)
{
	const struct lam_suggested_part *x = a, *y = b;

	if (x->layer != y->layer)
		return x->layer < y->layer ? -1 : 1;
	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void describe_parts(struct suggesting *s)
{
	struct lam_suggestion *out = s->out;

	out->parts = lam_xcalloc(s->parts.count, sizeof *out->parts);
	out->part_count = s->parts.count;
	for (size_t i = 0; i < s->parts.count; i++) {
		const struct lam_part *part = &s->parts.items[i];

		out->parts[i] = (struct lam_suggested_part){
			.name = lam_emit_name(&s->parts, part),
			.layer = s->place[layer_of(s, i)],
			.bytes = part->cut.bytes,
			.changed = part->cut.changed,
			.is_package = part->package != LAM_PACKAGE_NONE,
			.is_too_large = is_too_large(s, part),
		};
	}
	qsort(out->parts, out->part_count, sizeof *out->parts, compare_parts);
}

/* Layers that stay are fetched where their blobs were not in the version before. */
static bool was_there(const struct lam_image *older, const struct lam_image *newer,
		      size_t layer)
{
	if (layer >= lam_image_layer_count(newer))
		return true;
	for (size_t i = 0; i < lam_image_layer_count(older); i++) {
		if (strcmp(lam_image_layer(older, i)->digest,
			   lam_image_layer(newer, layer)->digest) == 0)
			return true;
	}
	return false;
}

static void describe_kept(struct suggesting *s, size_t n)
{
	const struct lam_suggest_request *r = &s->request;
	struct lam_suggested_layer *layer = &s->out->layers[n];
	unsigned pulls = s->out->pulls;
	double rate = lam_parts_layer_rate(&s->parts, (uint32_t)n), seen;

	layer->name = s->out->plan->layers[n].name;
	layer->keep = true;
	layer->bytes = lam_image_layer(s->parts.image, n)->blob_size;
	for (size_t v = 0; v + 1 < r->version_count; v++)
		layer->changes += !was_there(r->versions[v], r->versions[v + 1], n);
	seen = lam_cut_seen(layer->changes, pulls);
	layer->expected = (double)layer->bytes *
			  (1 - (1 - seen) * (1 - lam_parts_risk(&s->parts, rate, 1,
								s->parts.newest)));
}

static void describe_layers(struct suggesting *s)
{
	struct lam_suggestion *out = s->out;

	out->layer_count = s->request.keep + s->result.count;
	out->layers = lam_xcalloc(out->layer_count, sizeof *out->layers);
	for (size_t i = 0; i < s->request.keep; i++) {
		describe_kept(s, i);
		out->expected += out->layers[i].expected;
		out->least += out->layers[i].expected;
	}
	for (size_t i = 0; i < s->result.count; i++) {
		const struct lam_cut_sum *sum = &s->sums[i];
		uint32_t at = s->place[i];

		out->layers[at] = (struct lam_suggested_layer){
			.name = out->plan->layers[at].name,
			.bytes = sum->bytes,
			.changes = (unsigned)__builtin_popcountll(sum->changed),
			.expected = (double)sum->bytes * lam_cut_chance(&s->cut, sum),
		};
	}
	out->expected += s->result.bytes;
	out->least += s->result.least;
	out->exact = s->result.exact;
}

int lam_suggest(struct lam_suggestion **out, const struct lam_suggest_request *request,
		struct lam_error *err)
{
	LAM_CLEANUP(fini) struct suggesting s = { .request = *request };

	*out = NULL;
	s.out = lam_xcalloc(1, sizeof *s.out);
	if (check(&s, err) < 0 || check_times(&s, err) < 0 ||
	    lam_parts_make(&s.parts, &s.request, err) < 0 || solve(&s, err) < 0)
		return err->code;
	s.out->pulls = s.cut.seen;
	s.out->changed = s.parts.history.count;
	s.out->times = s.parts.history.times;
	put_in_order(&s);
	if (make_plan(&s, err) < 0)
		return err->code;
	describe_parts(&s);
	describe_layers(&s);
	if (lam_suggest_settle_sizes(s.out, s.parts.image, s.request.most_bytes,
				     s.request.stop, err) < 0)
		return err->code;
	*out = LAM_STEAL(s.out);
	return 0;
}

void lam_suggestion_free(struct lam_suggestion *suggestion)
{
	if (!suggestion)
		return;
	for (size_t i = 0; i < suggestion->part_count; i++)
		free((char *)(uintptr_t)suggestion->parts[i].name);
	free(suggestion->parts);
	free(suggestion->layers);
	lam_plan_free(suggestion->plan);
	free(suggestion);
}
