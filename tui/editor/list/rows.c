#include "editor/list/rows.h"

#include <string.h>

#define NONE LAM_NODE_NONE

/* What writes rows of a part of the walk; with items NULL it only counts them. */
struct writer {
	const struct rows_view *view;
	struct row *items;
	size_t count;
	uint32_t *ends; /* places behind the open directories that the walk is in */
};

bool rows_has(const struct rows_view *view, uint32_t node)
{
	if (!view->ghosts && (view->facts->flags[node] & FACT_DEAD))
		return false;
	return !view->shown || bits_get(view->shown, node);
}

/* The rows of what is below `top`, whose own row, if it has one, has depth - 1. The walk
 * is the order's own, with what is not shown or not open jumped over. */
static void write_rows(struct writer *w, uint32_t top, size_t depth)
{
	const struct rows_view *view = w->view;
	const struct order *order = view->order;
	uint32_t at = order->place[top] + 1, end = order->place[top] + order->span[top];
	size_t first = depth;

	for (uint32_t skip; at < end; at += skip) {
		uint32_t node = order->walk[at], marked = order->skip[at];

		skip = marked & ~ORDER_DEAD;
		while (depth > first && at >= w->ends[depth - first - 1])
			depth--;
		if ((marked & ORDER_DEAD && !view->ghosts) ||
		    (view->shown && !bits_get(view->shown, node)))
			continue;
		if (w->items)
			w->items[w->count] = (struct row){ node, (uint16_t)depth };
		w->count++;
		if (skip == 1 || !bits_get(view->open, node))
			continue;
		w->ends[depth++ - first] = at + skip;
		skip = 1;
	}
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

static bool writer_init(struct writer *w, const struct rows_view *view)
{
	*w = (struct writer){ .view = view };
	w->ends = malloc((view->order->height + 1) * sizeof *w->ends);
	return w->ends;
}

bool rows_build(struct rows *rows, const struct rows_view *view)
{
	struct writer w;

	if (!writer_init(&w, view))
		return false;
	if (!reserve(rows, view)) {
		free(w.ends);
		return false;
	}
	w.items = rows->items;
	write_rows(&w, view->root, 0);
	rows->count = w.count;
	free(w.ends);
	return true;
}

void rows_fini(struct rows *rows)
{
	free(rows->items);
	*rows = (struct rows){ 0 };
}

bool rows_open(struct rows *rows, const struct rows_view *view, size_t row)
{
	struct row at = rows->items[row];
	struct writer w;

	if (!writer_init(&w, view))
		return false;
	if (!reserve(rows, view)) {
		free(w.ends);
		return false;
	}
	write_rows(&w, at.node, at.depth + 1u);
	memmove(rows->items + row + 1 + w.count, rows->items + row + 1,
		(rows->count - row - 1) * sizeof *rows->items);
	rows->count += w.count;
	w.items = rows->items + row + 1;
	w.count = 0;
	write_rows(&w, at.node, at.depth + 1u);
	free(w.ends);
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
	uint32_t best = NONE;

	/* one way up: what is not shown, or in something that is not open, gives way to
	 * what is above */
	for (; node != view->root; node = lam_tree_node(tree, node)->parent) {
		if (node == LAM_NODE_ROOT)
			return SIZE_MAX;
		if (!rows_has(view, node))
			best = NONE;
		else if (best == NONE || !bits_get(view->open, node))
			best = node;
	}
	return best == NONE ? SIZE_MAX : find_by_place(rows, view->order, best);
}
