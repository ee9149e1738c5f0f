#include "editor/list/order.h"

#include <stdlib.h>

#include "editor/list/stop.h"

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
	case SORT_FROM: return facts->from[n];
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

		if (stop_is_set(stop))
			return stop_fail(err);
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

		if (stop_at(stop, n))
			return stop_fail(err);
		items[n] = (struct item){ down ? ~key : key, n };
	}
	return 0;
}

/* Nodes in order, dealt out to their parents, leave the children of each in order. */
static int deal(struct order *order, const struct facts *facts, const struct item *items,
		const atomic_bool *stop, struct lam_error *err)
{
	uint32_t *dealt = calloc(facts->count, sizeof *dealt);
	int code = dealt ? 0 : lam_fail_memory(err);

	for (uint32_t i = 0; code == 0 && i < facts->count; i++) {
		uint32_t n = items[i].node,
			 parent = lam_tree_node(facts->tree, n)->parent;

		if (stop_at(stop, i))
			code = stop_fail(err);
		if (n == LAM_NODE_ROOT)
			continue;
		order->child[lam_tree_node(facts->tree, parent)->first_child +
			     dealt[parent]++] = n;
	}
	free(dealt);
	return code;
}

static int sort_children(struct order *order, const struct facts *facts,
			 const atomic_bool *stop, struct lam_error *err)
{
	struct item *items, *spare, *sorted;
	int code = 0;

	if (order->sort == SORT_NAME && !order->reverse) {
		for (uint32_t n = 0; n < facts->count; n++)
			order->child[n] = n;
		return 0;
	}
	items = malloc(facts->count * sizeof *items);
	spare = malloc(facts->count * sizeof *spare);
	if (!items || !spare)
		code = lam_fail_memory(err);
	if (code == 0)
		code = fill_items(items, facts, order->sort, order->reverse, stop, err);
	if (code == 0)
		code = sort_items(items, spare, facts->count, &sorted, stop, err);
	if (code == 0)
		code = deal(order, facts, sorted, stop, err);
	free(items);
	free(spare);
	return code;
}

static int count_height(struct order *order, const struct facts *facts,
			struct lam_error *err)
{
	uint32_t *depths = calloc(facts->count, sizeof *depths);

	if (!depths)
		return lam_fail_memory(err);
	for (uint32_t n = 1; n < facts->count; n++) {
		depths[n] = depths[lam_tree_node(facts->tree, n)->parent] + 1;
		order->height = depths[n] > order->height ? depths[n] : order->height;
	}
	free(depths);
	return 0;
}

static int count_spans(struct order *order, const struct facts *facts,
		       const atomic_bool *stop, struct lam_error *err)
{
	for (uint32_t n = 0; n < facts->count; n++)
		order->span[n] = 1;
	for (uint32_t n = facts->count; n-- > 1;) {
		if (stop_at(stop, n))
			return stop_fail(err);
		order->span[lam_tree_node(facts->tree, n)->parent] += order->span[n];
	}
	return 0;
}

/* A parent has a smaller number than its children, so its place is known before theirs.
 */
static int place_nodes(struct order *order, const struct facts *facts,
		       const atomic_bool *stop, struct lam_error *err)
{
	order->place[LAM_NODE_ROOT] = 0;
	for (uint32_t n = 0; n < facts->count; n++) {
		const struct lam_node *node = lam_tree_node(facts->tree, n);
		uint32_t place = order->place[n] + 1;

		if (stop_at(stop, n))
			return stop_fail(err);
		order->walk[order->place[n]] = n;
		order->skip[order->place[n]] =
			order->span[n] | (node->live ? 0 : ORDER_DEAD);
		for (uint32_t i = 0; i < node->child_count; i++) {
			uint32_t child = order->child[node->first_child + i];

			order->place[child] = place;
			place += order->span[child];
		}
	}
	return 0;
}

int order_new(struct order **out, const struct facts *facts, enum sort sort, bool reverse,
	      const atomic_bool *stop, struct lam_error *err)
{
	struct order *order = calloc(1, sizeof *order);
	size_t count = facts->count;
	int code = 0;

	*out = NULL;
	if (!order || count >= ORDER_DEAD) {
		free(order);
		return lam_fail_memory(err);
	}
	order->sort = sort;
	order->reverse = reverse;
	order->child = malloc(count * sizeof *order->child);
	order->place = malloc(count * sizeof *order->place);
	order->walk = malloc(count * sizeof *order->walk);
	order->span = malloc(count * sizeof *order->span);
	order->skip = malloc(count * sizeof *order->skip);
	if (!order->child || !order->place || !order->walk || !order->span ||
	    !order->skip)
		code = lam_fail_memory(err);
	if (code == 0)
		code = sort_children(order, facts, stop, err);
	if (code == 0)
		code = count_spans(order, facts, stop, err);
	if (code == 0)
		code = count_height(order, facts, err);
	if (code == 0)
		code = place_nodes(order, facts, stop, err);
	if (code < 0)
		order_free(order);
	else
		*out = order;
	return code;
}

void order_free(struct order *order)
{
	if (!order)
		return;
	free(order->child);
	free(order->place);
	free(order->walk);
	free(order->span);
	free(order->skip);
	free(order);
}
