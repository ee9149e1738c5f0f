/* The files' pane: its rows, and where its cursor is. */
#include <stdlib.h>
#include <string.h>

#include "editor/app_internal.h"

struct rows_view app_rows_view(const struct app *app)
{
	const struct files *f = &app->files;

	return (struct rows_view){ .facts = app->facts,
				   .order = app->order,
				   .open = &f->open,
				   .shown = f->filtered ? &f->filtered->shown : NULL,
				   .root = f->root,
				   .ghosts = f->ghosts };
}

uint32_t app_cursor_node(const struct app *app)
{
	const struct files *f = &app->files;

	return f->list.cursor < f->rows.count ? f->rows.items[f->list.cursor].node
					      : LAM_NODE_NONE;
}

void files_rebuild(struct app *app, uint32_t keep)
{
	struct files *f = &app->files;
	struct rows_view view = app_rows_view(app);
	size_t row;

	if (!rows_build(&f->rows, &view)) {
		app_tell(app, ROLE_ERROR, "out of memory");
		return;
	}
	row = keep == LAM_NODE_NONE ? 0 : rows_find_near(&f->rows, &view, keep);
	f->list.count = f->rows.count;
	list_go(&f->list, row == SIZE_MAX ? 0 : row);
}

static bool is_inside(const struct app *app, uint32_t node, uint32_t top)
{
	uint32_t at = app->order->place[node] - app->order->place[top];

	return at < app->order->span[top];
}

uint32_t files_parent(const struct app *app, uint32_t node)
{
	return lam_tree_node(app->facts->tree, node)->parent;
}

/* What would keep a node from having a row is taken away: the switch of the ghosts, a
 * filter, a zoom. */
static void make_showable(struct app *app, uint32_t node)
{
	struct files *f = &app->files;

	if ((app->facts->flags[node] & FACT_DEAD) && !f->ghosts)
		f->ghosts = true;
	if (f->filtered && !bits_get(&f->filtered->shown, node)) {
		files_set_filter(app, NULL);
		app_tell(app, ROLE_STATUS, "the filter is off: it hid that entry");
	}
	if (node == f->root || !is_inside(app, node, f->root))
		f->root = LAM_NODE_ROOT;
}

void files_go(struct app *app, uint32_t node)
{
	struct files *f = &app->files;

	f->back = app_cursor_node(app);
	make_showable(app, node);
	for (uint32_t n = node; n != f->root && n != LAM_NODE_ROOT;) {
		n = files_parent(app, n);
		bits_set(&f->open, n, true);
	}
	files_rebuild(app, node);
	app->focus = PANE_FILES;
}
bool files_is_open(const struct app *app, uint32_t node)
{
	return bits_get(&app->files.open, node);
}

bool files_has_rows_below(const struct app *app, uint32_t node)
{
	const struct lam_node *n = lam_tree_node(app->facts->tree, node);

	return app->files.ghosts ? n->child_count > 0 : app->facts->children[node] > 0;
}
