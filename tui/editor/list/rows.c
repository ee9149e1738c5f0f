/* Rows of the tree: written from a walk of it, found, put in and taken out. */
#include "editor/list/rows.h"

#include <string.h>

#include "base/memory.h"

bool rows_has(const struct rows_view *view, uint32_t node)
{
	if (!view->ghosts && (view->facts->flags[node] & FACT_DEAD))
		return false;
	return !view->shown || bits_get(view->shown, node);
}

/* The rows of what is below `top`, whose own row, if it has one, has depth - 1; items
 * NULL: only how many they are. The walk is the order's own, with what is not shown or not
 * open jumped over. */
static size_t write_rows(struct row *items, const struct rows_view *view, uint32_t top,
			 size_t depth)
{
	const struct order *order = view->order;
	uint32_t at = order->place[top] + 1, end = order->place[top] + order->span[top];
	uint32_t *ends =
		NULL; /* places behind the open directories that the walk is in */
	size_t inside = 0, cap = 0, count = 0;

	for (uint32_t skip; at < end; at += skip) {
		uint32_t node = order->walk[at], marked = order->skip[at];

		skip = marked & ~ORDER_DEAD;
		while (inside > 0 && at >= ends[inside - 1])
			inside--;
		if ((marked & ORDER_DEAD && !view->ghosts) ||
		    (view->shown && !bits_get(view->shown, node)))
			continue;
		if (items)
			items[count] = (struct row){ node, (uint16_t)(depth + inside) };
		count++;
		if (skip == 1 || !bits_get(view->open, node))
			continue;
		LAM_XGROW(ends, inside, cap);
		ends[inside++] = at + skip;
		skip = 1;
	}
	free(ends);
	return count;
}

/* Room for all that could ever be below the root, once: a key does not wait for a move to
 * a larger place, nor, as it is written to here, for the system to find the memory. */
static bool reserve(struct rows *rows, const struct rows_view *view)
{
	size_t most = view->order->span[view->root];
	struct row *items;

	if (rows->cap >= most)
		return true;
	items = malloc(most * sizeof *items);
	if (!items)
		return false;
	memset(items, 0, most * sizeof *items);
	if (rows->count)
		memcpy(items, rows->items, rows->count * sizeof *items);
	free(rows->items);
	rows->items = items;
	rows->cap = most;
	return true;
}

bool rows_build(struct rows *rows, const struct rows_view *view)
{
	if (!reserve(rows, view))
		return false;
	rows->count = write_rows(rows->items, view, view->root, 0);
	return true;
}

void rows_fini(struct rows *rows)
{
	free(rows->items);
	*rows = (struct rows){ 0 };
}

bool rows_open(struct rows *rows, const struct rows_view *view, size_t row)
{
	struct row at = rows->items[row], *below;
	size_t more;

	if (!reserve(rows, view))
		return false;
	more = write_rows(NULL, view, at.node, at.depth + 1u);
	below = rows->items + row + 1;
	memmove(below + more, below, (rows->count - row - 1) * sizeof *below);
	rows->count += more;
	write_rows(below, view, at.node, at.depth + 1u);
	return true;
}

void rows_close(struct rows *rows, size_t row)
{
	size_t end = row + 1;

	while (end < rows->count && rows->items[end].depth > rows->items[row].depth)
		end++;
	memmove(rows->items + row + 1, rows->items + end,
		(rows->count - end) * sizeof *rows->items);
	rows->count -= end - row - 1;
}

size_t rows_find(const struct rows *rows, uint32_t node)
{
	for (size_t i = 0; i < rows->count; i++) {
		if (rows->items[i].node == node)
			return i;
	}
	return SIZE_MAX;
}

/* Rows stand in the order of places. */
static size_t find_by_place(const struct rows *rows, const struct order *order,
			    uint32_t node)
{
	size_t low = 0, high = rows->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (order->place[rows->items[mid].node] < order->place[node])
			low = mid + 1;
		else
			high = mid;
	}
	return low < rows->count && rows->items[low].node == node ? low : SIZE_MAX;
}

size_t rows_find_near(const struct rows *rows, const struct rows_view *view,
		      uint32_t node)
{
	const struct lam_tree *tree = view->facts->tree;
	uint32_t best = LAM_NODE_NONE;

	/* one way up: what is not shown, or in something that is not open, gives way to
	 * what is above */
	for (; node != view->root; node = lam_tree_node(tree, node)->parent) {
		if (node == LAM_NODE_ROOT)
			return SIZE_MAX;
		if (!rows_has(view, node))
			best = LAM_NODE_NONE;
		else if (best == LAM_NODE_NONE || !bits_get(view->open, node))
			best = node;
	}
	return best == LAM_NODE_NONE ? SIZE_MAX : find_by_place(rows, view->order, best);
}
