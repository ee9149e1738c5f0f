/* What goes elsewhere than by default, gathered by where it is and where it goes. */
#include <string.h>

#include "editor/analysis/targets.h"
#include "editor/list/order.h"

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

static bool grow(struct table *table)
{
	struct table larger = { .cap = table->cap ? 2 * table->cap : 256,
				.count = table->count };

	larger.slots = calloc(larger.cap, sizeof *larger.slots);
	if (!larger.slots)
		return false;
	for (size_t i = 0; i < table->cap; i++) {
		const struct move *move = &table->slots[i].move;

		if (table->slots[i].used)
			larger.slots[slot_of(&larger, move->from, move->to)] =
				table->slots[i];
	}
	free(table->slots);
	*table = larger;
	return true;
}

static bool add(struct table *table, uint32_t from, uint32_t to, uint64_t bytes,
		uint32_t place)
{
	struct group *group;

	if (2 * table->count >= table->cap && !grow(table))
		return false;
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
	return true;
}

static int gather(struct table *table, const struct effect *effect,
		  const struct facts *facts, const struct order *order,
		  const uint32_t *owners, struct lam_error *err)
{
	for (uint32_t n = 1; n < facts->count; n++) {
		const struct lam_node *node = lam_tree_node(facts->tree, n);
		uint32_t origin, to = effect->targets.to[n];

		if (!node->live || facts->children[n])
			continue;
		origin = lam_tree_origin(facts->tree, n);
		if (to != owners[origin] &&
		    !add(table, origin, to, node->live_bytes, order->place[n]))
			return lam_fail_memory(err);
	}
	return 0;
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

static int list_moves(const struct table *table, const struct order *order,
		      const struct lam_tree *tree, struct move **out, size_t *out_count,
		      struct lam_error *err)
{
	struct move *moves = calloc(table->count + 1, sizeof *moves);
	size_t count = 0;

	if (!moves)
		return lam_fail_memory(err);
	for (size_t i = 0; i < table->cap; i++) {
		const struct group *group = &table->slots[i];

		if (!group->used)
			continue;
		moves[count] = group->move;
		moves[count++].top = common_dir(tree, order->walk[group->first],
						order->walk[group->last]);
	}
	qsort(moves, count, sizeof *moves, compare_moves);
	*out = moves;
	*out_count = count;
	return 0;
}

int effect_moves(const struct effect *effect, const struct facts *facts,
		 struct move **out, size_t *out_count, struct lam_error *err)
{
	uint32_t *owners =
		lam_plan_owners(effect->plan, lam_image_layer_count(facts->image));
	struct order *order = NULL;
	struct table table = { 0 };
	int code;

	*out = NULL;
	*out_count = 0;
	code = owners ? order_new(&order, facts, SORT_NAME, false, NULL, err)
		      : lam_fail_memory(err);
	if (code == 0 && effect->targets.to)
		code = gather(&table, effect, facts, order, owners, err);
	if (code == 0)
		code = list_moves(&table, order, facts->tree, out, out_count, err);
	free(table.slots);
	order_free(order);
	free(owners);
	return code;
}
