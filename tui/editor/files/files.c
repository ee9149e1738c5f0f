/* The files' pane: its rows and folds, and where its cursor goes. */
#include "editor/files/files.h"

#include <stdlib.h>
#include <string.h>

#include <lamina/path.h>

#include "base/buf.h"

void files_init(struct files *files)
{
	files->sort = SORT_SIZE; /* what is looked for first is where the fat is */
	files->anchor = files->back = LAM_NODE_NONE;
	for (size_t i = 0; i < FILES_BOOKMARKS; i++)
		files->bookmarks[i] = LAM_NODE_NONE;
}

void files_fini(struct files *files)
{
	rows_fini(&files->rows);
	bits_fini(&files->open);
	bits_fini(&files->marks);
	bits_fini(&files->above);
	bits_fini(&files->unfiltered);
	free(files->filter_text);
	filter_free(files->filter);
	filter_result_free(files->filtered);
	free(files->search_text);
	search_free(files->search);
	hits_free(files->hits);
	order_free(files->order);
}

/* Rows */

static struct rows_view rows_view(const struct app *app)
{
	const struct files *f = &app->files;

	return (struct rows_view){ .facts = app->facts,
				   .order = f->order,
				   .open = &f->open,
				   .shown = f->filtered ? &f->filtered->shown : NULL,
				   .root = f->root,
				   .ghosts = f->ghosts };
}

/* A filter is asked of the whole image, so that a zoom needs no other. */
static void count_matches(struct app *app)
{
	struct files *f = &app->files;
	const uint32_t *walk = f->order->walk + f->order->place[f->root];

	if (!f->filtered || f->matches_root == f->root)
		return;
	f->matches_root = f->root;
	f->matches = f->root == LAM_NODE_ROOT ? f->filtered->match_count : 0;
	for (uint32_t i = 1; f->root != LAM_NODE_ROOT && i < f->order->span[f->root]; i++)
		f->matches += bits_get(&f->filtered->match, walk[i]);
}

void files_rebuild(struct app *app, uint32_t keep)
{
	struct files *f = &app->files;
	struct rows_view view = rows_view(app);
	size_t row;

	if (!rows_build(&f->rows, &view)) {
		app_tell(app, ROLE_ERROR, "out of memory");
		return;
	}
	row = keep == LAM_NODE_NONE ? 0 : rows_find_near(&f->rows, &view, keep);
	f->list.count = f->rows.count;
	list_go(&f->list, row == SIZE_MAX ? 0 : row);
	count_matches(app);
}

void files_fit(struct app *app)
{
	if (app->files.anchor != LAM_NODE_NONE &&
	    rows_find(&app->files.rows, app->files.anchor) == SIZE_MAX)
		files_range_drop(app,
				 "the range is dropped: where it began is not in view");
	if (app->files.marks_changed)
		files_sum_marks(app);
	list_fit(&app->files.list, app->files.rows.count,
		 (size_t)app->areas.pane[PANE_FILES].height);
}

static bool is_open(const struct app *app, uint32_t node)
{
	return bits_get(&app->files.open, node);
}

bool files_has_rows_below(const struct app *app, uint32_t node)
{
	return app->files.ghosts ? lam_tree_node(app->facts->tree, node)->child_count > 0
				 : app->facts->children[node] > 0;
}

static uint32_t parent_of(const struct app *app, uint32_t node)
{
	return lam_tree_node(app->facts->tree, node)->parent;
}

/* Folds */

static void set_open(struct app *app, bool open)
{
	struct files *f = &app->files;
	struct rows_view view = rows_view(app);
	size_t row = f->list.cursor;

	bits_set(&f->open, f->rows.items[row].node, open);
	if (!open)
		rows_close(&f->rows, row);
	else if (!rows_open(&f->rows, &view, row))
		app_tell(app, ROLE_ERROR, "out of memory");
	f->list.count = f->rows.count;
}

void files_fold(struct app *app)
{
	uint32_t node = app_cursor_node(app), parent;

	if (node == LAM_NODE_NONE)
		return;
	if (is_open(app, node) && files_has_rows_below(app, node)) {
		set_open(app, false);
		return;
	}
	parent = parent_of(app, node);
	if (parent != app->files.root)
		list_go(&app->files.list, rows_find(&app->files.rows, parent));
}

void files_unfold(struct app *app)
{
	uint32_t node = app_cursor_node(app);

	if (node == LAM_NODE_NONE || !files_has_rows_below(app, node))
		return;
	if (is_open(app, node))
		list_move(&app->files.list, 1);
	else
		set_open(app, true);
}

void files_toggle(struct app *app)
{
	uint32_t node = app_cursor_node(app);

	if (node != LAM_NODE_NONE && files_has_rows_below(app, node))
		set_open(app, !is_open(app, node));
}

void files_unfold_all(struct app *app, int unfold)
{
	bits_fill(&app->files.open, unfold);
	files_rebuild(app, app_cursor_node(app));
}

/* The directories of one level are what the last made rows for; false: there are none. */
static bool unfold_level(struct app *app)
{
	struct files *f = &app->files;
	struct rows_view view = rows_view(app);
	bool any = false;

	if (!rows_build(&f->rows, &view))
		return false;
	for (size_t i = 0; i < f->rows.count; i++) {
		uint32_t node = f->rows.items[i].node;

		any = any || (!is_open(app, node) && files_has_rows_below(app, node));
		bits_set(&f->open, node, true);
	}
	return any;
}

void files_unfold_to(struct app *app, const char *text)
{
	long levels = text ? strtol(text, NULL, 10) : 0;
	uint32_t keep = app_cursor_node(app);

	if (levels < 1 || levels > 1000) {
		app_tell(app, ROLE_WARNING, "unfold-to takes a number from 1 on");
		return;
	}
	bits_fill(&app->files.open, false);
	while (--levels > 0 && unfold_level(app))
		;
	files_rebuild(app, keep);
}

void files_zoom_out(struct app *app)
{
	uint32_t root = app->files.root;

	if (root == LAM_NODE_ROOT)
		return;
	app->files.root = parent_of(app, root);
	files_rebuild(app, root);
}

/* Going to a node */

static bool is_inside(const struct app *app, uint32_t node, uint32_t top)
{
	const struct order *o = app->files.order;

	return o->place[node] - o->place[top] < o->span[top];
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
		n = parent_of(app, n);
		bits_set(&f->open, n, true);
	}
	files_rebuild(app, node);
	app->focus = PANE_FILES;
}

void files_go_item(struct app *app, struct dialog *dialog, const struct dialog_item *item)
{
	(void)dialog;
	if (item->id < app->facts->count && item->id != LAM_NODE_ROOT)
		files_go(app, (uint32_t)item->id);
}

/* Jumps: among siblings, to other layers, to what is flagged, to bookmarks, along links */

void files_go_sibling(struct app *app, int step)
{
	const struct rows *rows = &app->files.rows;
	size_t row = app->files.list.cursor;
	uint16_t depth;

	if (row >= rows->count)
		return;
	depth = rows->items[row].depth;
	do
		row += (size_t)step;
	while (row < rows->count && rows->items[row].depth > depth);
	if (row < rows->count && rows->items[row].depth == depth)
		list_go(&app->files.list, row);
}

void files_go_layer(struct app *app, int step)
{
	const struct rows *rows = &app->files.rows;
	const uint32_t *to = app->plan.effect ? app->plan.effect->targets.to : NULL;
	size_t row = app->files.list.cursor;
	uint32_t here;

	if (!to || row >= rows->count)
		return;
	here = to[rows->items[row].node];
	do
		row += (size_t)step;
	while (row < rows->count && to[rows->items[row].node] == here);
	if (row < rows->count)
		list_go(&app->files.list, row);
	else
		app_tell(app, ROLE_STATUS, "no further row goes to another layer");
}

void files_go_problem(struct app *app, int step)
{
	const struct files *f = &app->files;
	const struct order *o = f->order;
	uint32_t node = app_cursor_node(app);
	uint32_t from = o->place[f->root], end = from + o->span[f->root], at;

	at = node == LAM_NODE_NONE ? from : o->place[node];
	for (at += (uint32_t)step; at > from && at < end; at += (uint32_t)step) {
		uint16_t flags = app->facts->flags[o->walk[at]];

		if (!(flags & FACTS_PROBLEM) || ((flags & FACT_DEAD) && !f->ghosts) ||
		    (f->filtered && !bits_get(&f->filtered->shown, o->walk[at])))
			continue;
		files_go(app, o->walk[at]);
		return;
	}
	app_tell(app, ROLE_STATUS, "no further entry has a flag");
}

void files_bookmark(struct app *app, const char *text)
{
	if (!text) {
		app->keys.awaits = files_bookmark;
		app_tell(app, ROLE_STATUS, "bookmark: a letter");
		return;
	}
	app->files.bookmarks[(unsigned char)text[0] % FILES_BOOKMARKS] =
		app_cursor_node(app);
	app_tell(app, ROLE_STATUS, "bookmark %c is set", text[0]);
}

void files_go_bookmark(struct app *app, const char *text)
{
	const struct files *f = &app->files;
	uint32_t node;

	if (!text) {
		app->keys.awaits = files_go_bookmark;
		app_tell(app, ROLE_STATUS, "go to bookmark: a letter, or ' for back");
		return;
	}
	node = text[0] == '\'' ? f->back
			       : f->bookmarks[(unsigned char)text[0] % FILES_BOOKMARKS];
	if (node == LAM_NODE_NONE)
		app_tell(app, ROLE_WARNING, "no bookmark %c is set", text[0]);
	else
		files_go(app, node);
}

/* A path that is not visible is gone to where it leads, if it does. */
static uint32_t find_path(const struct app *app, const char *path, size_t len)
{
	const struct lam_tree *tree = app->facts->tree;
	uint32_t node = lam_tree_find(tree, path, len), live;

	if ((node == LAM_NODE_NONE || (app->facts->flags[node] & FACT_DEAD)) &&
	    lam_tree_resolve_path(tree, path, len, &live) == LAM_RESOLVED)
		return live;
	return node;
}

void files_go_path(struct app *app, const char *text)
{
	struct lam_error err;
	uint32_t node;
	char *path;
	size_t len;

	if (!text) {
		dialog_prompt(app, files_go_path, "Go to a path", "Path: ", "/");
		return;
	}
	if (lam_path_unescape(&path, &len, text, &err) < 0) {
		app_tell_error(app, &err);
		return;
	}
	node = find_path(app, path, len);
	free(path);
	if (node == LAM_NODE_NONE)
		app_tell(app, ROLE_WARNING, "%s: no such path in this image", text);
	else if (node != LAM_NODE_ROOT)
		files_go(app, node);
}

void files_follow(struct app *app)
{
	uint32_t node = app_cursor_node(app), to = LAM_NODE_NONE;
	enum lam_resolution how;

	if (node == LAM_NODE_NONE ||
	    lam_tree_node(app->facts->tree, node)->kind != LAM_KIND_SYMLINK) {
		app_tell(app, ROLE_STATUS,
			 "this is no symlink; gl lists what leads here");
		return;
	}
	how = lam_tree_resolve(app->facts->tree, node, &to);
	if (how == LAM_DANGLING)
		app_tell(app, ROLE_WARNING, "dangling: what it points to is not there");
	else if (how == LAM_LOOP)
		app_tell(app, ROLE_WARNING, "a loop: it leads back to itself");
	else if (to == LAM_NODE_NONE || to == LAM_NODE_ROOT)
		app_tell(app, ROLE_STATUS, "it leads to the root of the image");
	else
		files_go(app, to);
}

void files_copy(struct app *app)
{
	uint32_t node = app_cursor_node(app);

	if (node != LAM_NODE_NONE)
		app_request(app, REQUEST_COPY)->text =
			lam_tree_path_text(app->facts->tree, node);
}
