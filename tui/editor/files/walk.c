/* The cursor in its list, folds and zoom. */
#include <stdlib.h>
#include <string.h>

#include "editor/app_internal.h"

static struct list *focused(struct app *app)
{
	return app->focus == PANE_FILES    ? &app->files.list
	       : app->focus == PANE_LAYERS ? &app->layers.list
					   : &app->details.list;
}

static void down(struct app *app, const char *argument)
{
	(void)argument;
	list_move(focused(app), 1);
}

static void up(struct app *app, const char *argument)
{
	(void)argument;
	list_move(focused(app), -1);
}

static void half_down(struct app *app, const char *argument)
{
	(void)argument;
	list_page(focused(app), 1, true);
}

static void half_up(struct app *app, const char *argument)
{
	(void)argument;
	list_page(focused(app), -1, true);
}

static void page_down(struct app *app, const char *argument)
{
	(void)argument;
	list_page(focused(app), 1, false);
}

static void page_up(struct app *app, const char *argument)
{
	(void)argument;
	list_page(focused(app), -1, false);
}

static void first(struct app *app, const char *argument)
{
	(void)argument;
	list_go(focused(app), 0);
}

static void last(struct app *app, const char *argument)
{
	(void)argument;
	list_go(focused(app), SIZE_MAX);
}
static void set_open(struct app *app, size_t row, bool open)
{
	struct files *f = &app->files;
	struct rows_view view = app_rows_view(app);

	bits_set(&f->open, f->rows.items[row].node, open);
	if (!open)
		rows_close(&f->rows, row);
	else if (!rows_open(&f->rows, &view, row))
		app_tell(app, ROLE_ERROR, "out of memory");
	f->list.count = f->rows.count;
}

static void fold(struct app *app, const char *argument)
{
	uint32_t node = app_cursor_node(app), parent;

	(void)argument;
	if (node == LAM_NODE_NONE)
		return;
	if (files_is_open(app, node) && files_has_rows_below(app, node)) {
		set_open(app, app->files.list.cursor, false);
		return;
	}
	parent = files_parent(app, node);
	if (parent != app->files.root)
		list_go(&app->files.list, rows_find(&app->files.rows, parent));
}

static void unfold(struct app *app, const char *argument)
{
	uint32_t node = app_cursor_node(app);

	(void)argument;
	if (node == LAM_NODE_NONE || !files_has_rows_below(app, node))
		return;
	if (files_is_open(app, node))
		list_move(&app->files.list, 1);
	else
		set_open(app, app->files.list.cursor, true);
}

static void toggle(struct app *app, const char *argument)
{
	uint32_t node = app_cursor_node(app);

	(void)argument;
	if (node != LAM_NODE_NONE && files_has_rows_below(app, node))
		set_open(app, app->files.list.cursor, !files_is_open(app, node));
}

static void set_all(struct app *app, int value)
{
	struct bits *open = &app->files.open;

	memset(open->words, value, ((size_t)open->count / 64 + 1) * 8);
	files_rebuild(app, app_cursor_node(app));
}

static void fold_all(struct app *app, const char *argument)
{
	(void)argument;
	set_all(app, 0);
}

static void unfold_all(struct app *app, const char *argument)
{
	(void)argument;
	set_all(app, 0xff);
}

/* Level by level: the directories of one level are what the last made rows for. */
static void unfold_to(struct app *app, const char *argument)
{
	long levels = argument ? strtol(argument, NULL, 10) : 0;
	struct files *f = &app->files;
	uint32_t keep = app_cursor_node(app);

	if (levels < 1 || levels > 1000) {
		app_tell(app, ROLE_WARNING, "unfold-to takes a number from 1 on");
		return;
	}
	memset(f->open.words, 0, ((size_t)f->open.count / 64 + 1) * 8);
	for (long level = 1; level < levels; level++) {
		struct rows_view view = app_rows_view(app);
		bool any = false;

		if (!rows_build(&f->rows, &view))
			break;
		for (size_t i = 0; i < f->rows.count; i++) {
			uint32_t node = f->rows.items[i].node;

			any = any || (!files_is_open(app, node) &&
				      files_has_rows_below(app, node));
			bits_set(&f->open, node, true);
		}
		if (!any)
			break;
	}
	files_rebuild(app, keep);
}
static void zoom(struct app *app, const char *argument)
{
	uint32_t node = app->focus == PANE_DETAILS
				? details_node(app, app->details.list.cursor)
				: app_cursor_node(app);

	(void)argument;
	if (node == LAM_NODE_NONE)
		return;
	if (app->focus == PANE_DETAILS) {
		app->details.full = false;
		files_go(app, node);
	} else if (files_has_rows_below(app, node)) {
		app->files.root = node;
		files_rebuild(app, LAM_NODE_NONE);
	} else {
		app_act(app, ACT_PREVIEW, NULL);
	}
}

static void zoom_out(struct app *app, const char *argument)
{
	uint32_t root = app->files.root;

	(void)argument;
	if (root == LAM_NODE_ROOT)
		return;
	app->files.root = files_parent(app, root);
	files_rebuild(app, root);
}

act_fn *const WALK_ACTIONS[ACT_COUNT] = {
	[ACT_DOWN] = down,
	[ACT_UP] = up,
	[ACT_HALF_DOWN] = half_down,
	[ACT_HALF_UP] = half_up,
	[ACT_PAGE_DOWN] = page_down,
	[ACT_PAGE_UP] = page_up,
	[ACT_FIRST] = first,
	[ACT_LAST] = last,
	[ACT_FOLD] = fold,
	[ACT_UNFOLD] = unfold,
	[ACT_TOGGLE] = toggle,
	[ACT_FOLD_ALL] = fold_all,
	[ACT_UNFOLD_ALL] = unfold_all,
	[ACT_UNFOLD_TO] = unfold_to,
	[ACT_ZOOM] = zoom,
	[ACT_ZOOM_OUT] = zoom_out,
};
