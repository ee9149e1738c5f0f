/* What a plan does to an image: its numbers, and what goes elsewhere than by default. */
#include "editor/analysis/effect.h"

#include <string.h>

#include "base/buf.h"
#include "base/memory.h"
#include "base/size.h"
#include "base/stop.h"
#include "editor/list/order.h"

struct summing {
	struct effect *effect;
	const struct facts *facts;
	uint32_t *owners;
};

static void summing_init(struct summing *s, struct effect *effect,
			 const struct facts *facts)
{
	size_t originals = lam_image_layer_count(facts->image);

	*s = (struct summing){ .effect = effect, .facts = facts };
	s->owners = lam_plan_owners(effect->plan, originals);
}

static void summing_fini(struct summing *s)
{
	free(s->owners);
}

static void count_move(struct effect *e, uint32_t from, uint32_t to, uint64_t bytes)
{
	if (from != LAM_TARGET_NONE) {
		e->layers[from].files_out++;
		e->layers[from].bytes_out += bytes;
	}
	if (to != LAM_TARGET_NONE) {
		e->layers[to].files_in++;
		e->layers[to].bytes_in += bytes;
	}
}

/* A live path that is no directory. */
static void count_file(struct summing *s, uint32_t n, const struct lam_node *node)
{
	uint32_t from = s->owners[lam_tree_origin(s->facts->tree, n)],
		 to = s->effect->targets.to[n];

	if (from != to)
		count_move(s->effect, from, to, node->live_bytes);
	if (to == LAM_TARGET_NONE) {
		s->effect->dropped_files++;
		return;
	}
	s->effect->dangling += !!(s->facts->flags[n] & FACT_DANGLING);
}

static int count_files(struct summing *s, const atomic_bool *stop, struct lam_error *err)
{
	for (uint32_t n = 0; n < s->facts->count && s->effect->targets.to; n++) {
		const struct lam_node *node = lam_tree_node(s->facts->tree, n);

		if (lam_stops(stop, n))
			return lam_fail_stopped(err);
		if (node->live && node->kind != LAM_KIND_DIR)
			count_file(s, n, node);
	}
	return 0;
}

static void count_originals(struct summing *s)
{
	const struct lam_image *image = s->facts->image;

	for (size_t i = 0; i < lam_image_layer_count(image); i++) {
		const struct lam_layer_info *original = lam_image_layer(image, i);

		s->effect->now += original->tar_size;
		s->effect->blob_now += original->blob_size;
		if (s->owners[i] == LAM_TARGET_NONE)
			continue;
		s->effect->layers[s->owners[i]].now += original->tar_size;
		s->effect->layers[s->owners[i]].originals++;
	}
}

static void count_fate(struct effect *e, enum lam_fate fate, uint64_t bytes,
		       uint64_t blob)
{
	switch (fate) {
	case LAM_FATE_KEPT:
		e->kept++;
		e->kept_bytes += bytes;
		break;
	case LAM_FATE_REWRITTEN:
		e->rewritten++;
		e->rewritten_bytes += bytes;
		break;
	case LAM_FATE_NEW:
		e->fresh++;
		e->new_bytes += bytes;
		break;
	case LAM_FATE_EMPTY: e->empty++; break;
	}
	e->plan_bytes += bytes;
	e->blob_plan += blob;
}

static void count_targets(struct summing *s, const uint64_t *sizes)
{
	const struct lam_image *image = s->facts->image;
	struct effect *e = s->effect;
	uint32_t entries = lam_tree_node(s->facts->tree, LAM_NODE_ROOT)->live_count;

	for (size_t t = 0; t < e->plan->layer_count; t++)
		e->layers[t].blob_exact = true;
	for (size_t t = 0; t < lam_layout_target_count(e->layout); t++) {
		const struct lam_target *target = lam_layout_target(e->layout, t);
		struct effect_layer *layer = &e->layers[target->layer];
		uint64_t bytes = target->fate == LAM_FATE_EMPTY ? 0 : target->tar_size;

		layer->plan += bytes;
		layer->blob += sizes[t];
		layer->blob_exact &= lam_layout_size_is_exact(target);
		count_fate(e, target->fate, bytes, sizes[t]);
	}
	for (size_t i = 0; i < lam_image_layer_count(image); i++) {
		const struct lam_target *target =
			lam_layout_layer(e->layout, s->owners[i]);

		if (target->fate != LAM_FATE_KEPT)
			e->waste_gone += lam_image_layer(image, i)->waste_bytes;
	}
	lam_layout_dropped(e->layout, &e->dropped, &e->dropped_bytes);
	e->clamped = lam_layout_clamped(e->layout);
	e->entries = entries - e->dropped;
}

/* What a client that has an image fetches. */
static int count_fetch(const struct summing *s, const uint64_t *sizes,
		       const struct lam_image *old, uint64_t *out,
		       const atomic_bool *stop, struct lam_error *err)
{
	struct lam_pull pull;
	int code = lam_layout_pull(&pull, s->effect->layout, sizes, &old, 1, stop, err);

	*out = pull.bytes;
	lam_pull_fini(&pull);
	return code;
}

static int sum_layout(struct summing *s, const struct lam_image *old,
		      const atomic_bool *stop, struct lam_error *err)
{
	struct effect *e = s->effect;
	LAM_CLEANUP(lam_free_ptr)
	uint64_t *sizes =
		lam_xcalloc(lam_layout_target_count(e->layout) + 1, sizeof *sizes);

	if (lam_layout_blob_sizes(e->layout, sizes, stop, err) < 0 ||
	    count_fetch(s, sizes, s->facts->image, &e->fetch, stop, err) < 0 ||
	    (old && count_fetch(s, sizes, old, &e->fetch_against, stop, err) < 0))
		return err->code;
	count_targets(s, sizes);
	return 0;
}

static int sum_up(struct effect *effect, const struct facts *facts,
		  const struct lam_image *old, const atomic_bool *stop,
		  struct lam_error *err)
{
	LAM_CLEANUP(summing_fini) struct summing s;

	summing_init(&s, effect, facts);
	count_originals(&s);
	if (count_files(&s, stop, err) < 0)
		return err->code;
	return effect->layout ? sum_layout(&s, old, stop, err) : 0;
}

/* A plan that does not fit leaves its errors, and no layout. */
static int make_layout(struct effect *e, const struct facts *facts,
		       const atomic_bool *stop, struct lam_error *err)
{
	int code =
		lam_layout_new(&e->layout, facts->image, e->plan, &e->errors, stop, err);

	if (code == 0 || code == LAM_ENOMEM || code == LAM_ESTOPPED)
		return code;
	if (e->errors.count == 0) {
		e->errors.lines = lam_xcalloc(1, sizeof *e->errors.lines);
		e->errors.lines[e->errors.count++] = lam_xstrdup(err->text);
	}
	return 0;
}

int effect_new(struct effect **out, const struct facts *facts, struct lam_plan *plan,
	       const struct lam_image *old, const atomic_bool *stop,
	       struct lam_error *err)
{
	struct effect *e = lam_xcalloc(1, sizeof *e);

	*out = NULL;
	e->plan = plan;
	e->layers = lam_xcalloc(plan->layer_count + 1, sizeof *e->layers);
	if (make_layout(e, facts, stop, err) < 0 ||
	    targets_make(&e->targets, facts, plan, e->layout, stop, err) < 0 ||
	    sum_up(e, facts, old, stop, err) < 0) {
		effect_free(e);
		return err->code;
	}
	*out = e;
	return 0;
}

void effect_free(struct effect *effect)
{
	if (!effect)
		return;
	lam_layout_free(effect->layout);
	lam_plan_errors_fini(&effect->errors);
	lam_plan_free(effect->plan);
	free(effect->layers);
	targets_fini(&effect->targets);
	free(effect);
}

char *effect_removes(const struct effect *effect)
{
	uint32_t files = effect->dropped_files, dirs = effect->dropped - files;
	char file_count[32], dir_count[32], size[LAM_SIZE_TEXT];

	lam_count_text(files, file_count);
	lam_count_text(dirs, dir_count);
	lam_size_text(effect->dropped_bytes, size);
	if (dirs == 0)
		return lam_xprintf("REMOVES %s live file%s, %s", file_count,
				   files == 1 ? "" : "s", size);
	if (files == 0)
		return lam_xprintf("REMOVES %s live director%s", dir_count,
				   dirs == 1 ? "y" : "ies");
	return lam_xprintf("REMOVES %s live file%s and %s director%s, %s", file_count,
			   files == 1 ? "" : "s", dir_count, dirs == 1 ? "y" : "ies",
			   size);
}

/* What goes elsewhere, gathered by where it is and where it goes */

struct group {
	struct move move;
	uint32_t first, last; /* places in a walk of the tree */
	bool used;
};

struct table {
	struct group *slots;
	size_t count, cap; /* a power of two */
};

static size_t slot_of(const struct table *table, uint32_t from, uint32_t to)
{
	uint64_t key = ((uint64_t)from << 32 | to) * UINT64_C(0x9e3779b97f4a7c15);
	size_t at = (size_t)(key >> 32) & (table->cap - 1);

	while (table->slots[at].used &&
	       (table->slots[at].move.from != from || table->slots[at].move.to != to))
		at = (at + 1) & (table->cap - 1);
	return at;
}

static void grow(struct table *table)
{
	struct table larger = { .cap = table->cap ? 2 * table->cap : 256,
				.count = table->count };

	larger.slots = lam_xcalloc(larger.cap, sizeof *larger.slots);
	for (size_t i = 0; i < table->cap; i++) {
		const struct move *move = &table->slots[i].move;

		if (table->slots[i].used)
			larger.slots[slot_of(&larger, move->from, move->to)] =
				table->slots[i];
	}
	free(table->slots);
	*table = larger;
}

static void add(struct table *table, uint32_t from, uint32_t to, uint64_t bytes,
		uint32_t place)
{
	struct group *group;

	if (2 * table->count >= table->cap)
		grow(table);
	group = &table->slots[slot_of(table, from, to)];
	if (!group->used) {
		*group = (struct group){ .move = { .from = from, .to = to },
					 .first = place,
					 .last = place,
					 .used = true };
		table->count++;
	}
	group->move.files++;
	group->move.bytes += bytes;
	group->first = place < group->first ? place : group->first;
	group->last = place > group->last ? place : group->last;
}

static void gather(struct table *table, const struct effect *effect,
		   const struct facts *facts, const struct order *order,
		   const uint32_t *owners)
{
	for (uint32_t n = 1; n < facts->count; n++) {
		const struct lam_node *node = lam_tree_node(facts->tree, n);
		uint32_t origin, to = effect->targets.to[n];

		if (!node->live || facts->children[n])
			continue;
		origin = lam_tree_origin(facts->tree, n);
		if (to != owners[origin])
			add(table, origin, to, node->live_bytes, order->place[n]);
	}
}

/* The directory that holds the first and the last of a walk holds what is between them;
 * one path alone is itself. Parents have smaller numbers. */
static uint32_t common_dir(const struct lam_tree *tree, uint32_t a, uint32_t b)
{
	if (a == b)
		return a;
	a = lam_tree_node(tree, a)->parent;
	b = lam_tree_node(tree, b)->parent;
	while (a != b) {
		if (a > b)
			a = lam_tree_node(tree, a)->parent;
		else
			b = lam_tree_node(tree, b)->parent;
	}
	return a;
}

static int compare_moves(const void *a, const void *b)
{
	const struct move *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	if (x->files != y->files)
		return x->files > y->files ? -1 : 1;
	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (x->to > y->to) - (x->to < y->to);
}

static struct move *list_moves(const struct table *table, const struct order *order,
			       const struct lam_tree *tree)
{
	struct move *moves = lam_xcalloc(table->count + 1, sizeof *moves);
	size_t count = 0;

	for (size_t i = 0; i < table->cap; i++) {
		const struct group *group = &table->slots[i];

		if (!group->used)
			continue;
		moves[count] = group->move;
		moves[count++].top = common_dir(tree, order->walk[group->first],
						order->walk[group->last]);
	}
	qsort(moves, count, sizeof *moves, compare_moves);
	return moves;
}

int effect_moves(const struct effect *effect, const struct facts *facts,
		 struct move **out, size_t *out_count, struct lam_error *err)
{
	size_t originals = lam_image_layer_count(facts->image);
	LAM_CLEANUP(lam_free_ptr)
	uint32_t *owners = lam_plan_owners(effect->plan, originals);
	struct table table = { 0 };
	struct order *order;

	*out = NULL;
	*out_count = 0;
	if (order_new(&order, facts, SORT_NAME, false, NULL, err) < 0)
		return err->code;
	if (effect->targets.to)
		gather(&table, effect, facts, order, owners);
	*out = list_moves(&table, order, facts->tree);
	*out_count = table.count;
	free(table.slots);
	order_free(order);
	return 0;
}
