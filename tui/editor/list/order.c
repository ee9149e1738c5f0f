/* The order of children, and with it of the whole tree from top to bottom. */
#include "editor/list/order.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/memory.h"
#include "base/stop.h"

const char *const SORT_NAMES[SORT_KINDS] = { "name", "size", "from", "count", "mtime" };

struct item {
	uint64_t key;
	uint32_t node;
};

/* Bytes of the file, or of all files below. Further names of a file weigh what it does:
 * that is what stands in their row. */
static uint64_t size_of(const struct facts *facts, uint32_t n)
{
	const struct lam_node *node = lam_tree_node(facts->tree, n);
	struct lam_stat stat;

	if (node->live && !node->linked)
		return node->live_bytes;
	if (node->kind == LAM_KIND_DIR)
		return facts->dead_bytes[n];
	lam_tree_stat(facts->tree, n, &stat);
	return stat.size;
}

/* Seconds and nanoseconds in one number, for some 270 years around 1970; what is outside
 * stands at the ends. */
static uint64_t time_of(const struct facts *facts, uint32_t n)
{
	const int64_t most = INT64_C(1) << 33;
	struct lam_stat stat;
	int64_t s;

	lam_tree_stat(facts->tree, n, &stat);
	s = stat.mtime_s < -most ? -most : stat.mtime_s >= most ? most - 1 : stat.mtime_s;
	return (uint64_t)(s + most) << 30 | stat.mtime_ns;
}

static uint64_t key_of(const struct facts *facts, enum sort sort, uint32_t n)
{
	switch (sort) {
	case SORT_SIZE: return size_of(facts, n);
	case SORT_FROM: return facts->sets.rank[facts->from[n]];
	case SORT_COUNT: return lam_tree_node(facts->tree, n)->live_count;
	case SORT_MTIME: return time_of(facts, n);
	case SORT_NAME:
	case SORT_KINDS: break;
	}
	return n;
}

/* One stable pass of a radix sort by the byte at `shift`; false where all have the same
 * there, and nothing is moved. */
static bool sort_by_byte(const struct item *from, struct item *to, size_t count,
			 unsigned shift, size_t counts[256])
{
	size_t sum = 0;

	for (size_t i = 0; i < 256; i++) {
		size_t own = counts[i];

		if (own == count)
			return false;
		counts[i] = sum;
		sum += own;
	}
	for (size_t i = 0; i < count; i++)
		to[counts[from[i].key >> shift & 0xff]++] = from[i];
	return true;
}

/* All nodes at once, by key, those of one key as they come. *out is items or spare. */
static int sort_items(struct item *items, struct item *spare, size_t count,
		      struct item **out, const atomic_bool *stop, struct lam_error *err)
{
	size_t counts[8][256] = { { 0 } };

	for (size_t i = 0; i < count; i++) {
		for (unsigned b = 0; b < 8; b++)
			counts[b][items[i].key >> (8 * b) & 0xff]++;
	}
	for (unsigned b = 0; b < 8; b++) {
		struct item *sorted = spare;

		if (lam_stops(stop, 0))
			return lam_fail_stopped(err);
		if (!sort_by_byte(items, spare, count, 8 * b, counts[b]))
			continue;
		spare = items;
		items = sorted;
	}
	*out = items;
	return 0;
}

static int fill_items(struct item *items, const struct facts *facts, enum sort sort,
		      bool reverse, const atomic_bool *stop, struct lam_error *err)
{
	bool down = (sort == SORT_NAME) == reverse;

	for (uint32_t n = 0; n < facts->count; n++) {
		uint64_t key = key_of(facts, sort, n);

		if (lam_stops(stop, n))
			return lam_fail_stopped(err);
		items[n] = (struct item){ down ? ~key : key, n };
	}
	return 0;
}

/* Nodes in order, dealt out to their parents, leave the children of each in order. */
static int deal(uint32_t *child, const struct facts *facts, const struct item *items,
		const atomic_bool *stop, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr)
	uint32_t *dealt = calloc(facts->count, sizeof *dealt);

	if (!dealt)
		return lam_fail_memory(err);
	for (uint32_t i = 0; i < facts->count; i++) {
		uint32_t n = items[i].node,
			 parent = lam_tree_node(facts->tree, n)->parent;

		if (lam_stops(stop, i))
			return lam_fail_stopped(err);
		if (n != LAM_NODE_ROOT)
			child[lam_tree_node(facts->tree, parent)->first_child +
			      dealt[parent]++] = n;
	}
	return 0;
}

/* The children of each node, where it has them by name. */
static int sort_children(uint32_t *child, const struct facts *facts, enum sort sort,
			 bool reverse, const atomic_bool *stop, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr)
	struct item *items = malloc(facts->count * sizeof *items),
		    *spare = malloc(facts->count * sizeof *spare);
	struct item *sorted;

	if (!items || !spare)
		return lam_fail_memory(err);
	if (fill_items(items, facts, sort, reverse, stop, err) < 0 ||
	    sort_items(items, spare, facts->count, &sorted, stop, err) < 0)
		return err->code;
	return deal(child, facts, sorted, stop, err);
}

static int count_spans(struct order *order, const struct facts *facts,
		       const atomic_bool *stop, struct lam_error *err)
{
	for (uint32_t n = 0; n < facts->count; n++)
		order->span[n] = 1;
	for (uint32_t n = facts->count; n-- > 1;) {
		if (lam_stops(stop, n))
			return lam_fail_stopped(err);
		order->span[lam_tree_node(facts->tree, n)->parent] += order->span[n];
	}
	return 0;
}

/* A parent has a smaller number than its children, so its place is known before theirs.
 * child NULL: by name, as the tree has them. */
static int place_nodes(struct order *order, const uint32_t *child,
		       const struct facts *facts, const atomic_bool *stop,
		       struct lam_error *err)
{
	order->place[LAM_NODE_ROOT] = 0;
	for (uint32_t n = 0; n < facts->count; n++) {
		const struct lam_node *node = lam_tree_node(facts->tree, n);
		uint32_t place = order->place[n] + 1;

		if (lam_stops(stop, n))
			return lam_fail_stopped(err);
		order->walk[order->place[n]] = n;
		order->skip[order->place[n]] =
			order->span[n] | (node->live ? 0 : ORDER_DEAD);
		for (uint32_t i = 0; i < node->child_count; i++) {
			uint32_t c = node->first_child + i;

			c = child ? child[c] : c;
			order->place[c] = place;
			place += order->span[c];
		}
	}
	return 0;
}

static int make(struct order *order, const struct facts *facts, const atomic_bool *stop,
		struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) uint32_t *child = NULL;
	size_t size = facts->count * sizeof *child;

	order->place = malloc(size);
	order->walk = malloc(size);
	order->span = malloc(size);
	order->skip = malloc(size);
	if (order->sort != SORT_NAME || order->reverse)
		child = malloc(size);
	if (!order->place || !order->walk || !order->span || !order->skip ||
	    facts->count >= ORDER_DEAD ||
	    (!child && (order->sort != SORT_NAME || order->reverse)))
		return lam_fail_memory(err);
	if (child &&
	    sort_children(child, facts, order->sort, order->reverse, stop, err) < 0)
		return err->code;
	if (count_spans(order, facts, stop, err) < 0)
		return err->code;
	return place_nodes(order, child, facts, stop, err);
}

int order_new(struct order **out, const struct facts *facts, enum sort sort, bool reverse,
	      const atomic_bool *stop, struct lam_error *err)
{
	struct order *order = lam_xcalloc(1, sizeof *order);

	*out = NULL;
	order->sort = sort;
	order->reverse = reverse;
	if (make(order, facts, stop, err) < 0) {
		order_free(order);
		return err->code;
	}
	*out = order;
	return 0;
}

void order_free(struct order *order)
{
	if (!order)
		return;
	free(order->place);
	free(order->walk);
	free(order->span);
	free(order->skip);
	free(order);
}
