/* The tree as rows: what is unfolded below a root, in an order, less what a filter and
 * the ghosts' switch leave out. Rows carry their node, so that a cursor survives any
 * change. */
#ifndef MODEL_ROWS_H
#define MODEL_ROWS_H

#include "editor/list/bits.h"
#include "editor/list/order.h"

struct row {
	uint32_t node;
	uint16_t depth; /* below the root of the view: its children are 0 */
};

struct rows {
	struct row *items;
	size_t count, cap;
};

struct rows_view {
	const struct facts *facts;
	const struct order *order;
	const struct bits *open;  /* directories that are unfolded */
	const struct bits *shown; /* NULL: all; else what passed a filter and the
				     directories above it */
	uint32_t root;            /* the children of this node are the rows */
	bool ghosts;              /* dead ones too */
};

/* All rows anew: at most 20 ns a row. false on no memory: the rows are what they were. */
bool rows_build(struct rows *rows, const struct rows_view *view);
void rows_fini(struct rows *rows);
/* After `open` was changed for the directory at `row`: puts in or takes out what is below
 * it, without a look at the rest. */
bool rows_open(struct rows *rows, const struct rows_view *view, size_t row);
void rows_close(struct rows *rows, size_t row);
/* The row of a node, or SIZE_MAX. */
size_t rows_find(const struct rows *rows, uint32_t node);
/* The same, or the nearest directory above it that has a row. */
size_t rows_find_near(const struct rows *rows, const struct rows_view *view,
		      uint32_t node);
/* What a child of `root` is called a row for: live, or a ghost that is shown, and past
 * the filter. */
bool rows_has(const struct rows_view *view, uint32_t node);

#endif
