/* What is chosen: marks, a range, or what the cursor is at. */
#include <stdlib.h>
#include <string.h>

#include "editor/app_internal.h"

void files_marks_clear(struct app *app)
{
	struct files *f = &app->files;

	if (f->mark_count)
		memset(f->marks.words, 0, ((size_t)f->marks.count / 64 + 1) * 8);
	f->mark_count = 0;
	f->marks_changed = true;
	f->anchor = LAM_NODE_NONE;
}

void files_set_mark(struct app *app, uint32_t node, bool mark)
{
	struct files *f = &app->files;

	if (bits_get(&f->marks, node) == mark)
		return;
	bits_set(&f->marks, node, mark);
	f->mark_count += mark ? 1 : (size_t)-1;
	f->marks_changed = true;
}

/* A walk of the tree, so that what is below another mark is passed over. */
static size_t marked_nodes(const struct app *app, uint32_t *out)
{
	const struct order *o = app->order;
	size_t count = 0;

	for (uint32_t at = 0; at < app->facts->count;) {
		uint32_t node = o->walk[at];
		bool marked = bits_get(&app->files.marks, node);

		if (marked)
			out[count++] = node;
		at += marked ? o->span[node] : 1;
	}
	return count;
}

void files_sum_marks(struct app *app)
{
	const struct order *o = app->order;
	struct files *f = &app->files;
	uint32_t at = 0;

	f->marks_changed = false;
	f->mark_bytes = 0;
	while (f->mark_count && at < app->facts->count) {
		uint32_t node = o->walk[at];
		bool marked = bits_get(&f->marks, node);

		if (marked)
			f->mark_bytes +=
				lam_tree_node(app->facts->tree, node)->live_bytes;
		at += marked ? o->span[node] : 1;
	}
}

static void range_of(const struct app *app, size_t *out_from, size_t *out_to)
{
	const struct files *f = &app->files;
	size_t anchor =
		f->anchor == LAM_NODE_NONE ? SIZE_MAX : rows_find(&f->rows, f->anchor);

	if (anchor == SIZE_MAX)
		anchor = f->list.cursor;
	*out_from = anchor < f->list.cursor ? anchor : f->list.cursor;
	*out_to = anchor < f->list.cursor ? f->list.cursor : anchor;
}

/* Rows stand in the order of the walk. */
static size_t range_nodes(const struct app *app, uint32_t *out)
{
	const struct order *o = app->order;
	size_t from, to, count = 0;
	uint32_t end = 0;

	range_of(app, &from, &to);
	for (size_t i = from; i <= to && i < app->files.rows.count; i++) {
		uint32_t node = app->files.rows.items[i].node;

		if (count && o->place[node] < end)
			continue;
		out[count++] = node;
		end = o->place[node] + o->span[node];
	}
	return count;
}

bool app_selection(const struct app *app, uint32_t **out, size_t *out_count)
{
	const struct files *f = &app->files;
	size_t from = 0, to = 0, most;

	range_of(app, &from, &to);
	most = f->mark_count > to - from + 1 ? f->mark_count : to - from + 1;
	*out_count = 0;
	*out = malloc(most * sizeof **out);
	if (!*out)
		return false;
	if (app->focus == PANE_DETAILS) {
		**out = details_node(app, app->details.list.cursor);
		*out_count = **out != LAM_NODE_NONE;
	} else if (f->mark_count) {
		*out_count = marked_nodes(app, *out);
	} else if (f->rows.count) {
		*out_count = range_nodes(app, *out);
	}
	return true;
}

char *files_describe(const struct app *app, const uint32_t *nodes, size_t count)
{
	char size[SIZE_TEXT_MAX], files[32];
	uint64_t bytes = 0, entries = 0;
	char *path, *text;

	for (size_t i = 0; i < count; i++) {
		bytes += lam_tree_node(app->facts->tree, nodes[i])->live_bytes;
		entries += lam_tree_node(app->facts->tree, nodes[i])->live_count;
	}
	text_size(bytes, size);
	text_count(entries, files);
	path = count == 1 ? lam_tree_path_text(app->facts->tree, nodes[0]) : NULL;
	text = path && entries < 2 ? text_format("%s, %s", path, size)
	       : path ? text_format("%s, %s in %s entries", path, size, files)
		      : text_format("%zu chosen, %s in %s entries", count, size, files);
	free(path);
	return text;
}
/* Marks */

static void mark(struct app *app, const char *argument)
{
	struct files *f = &app->files;
	uint32_t node = app_cursor_node(app);
	size_t from, to;

	(void)argument;
	if (app->focus == PANE_LAYERS) {
		if (app->layers.list.cursor < 64)
			app->layers.marks ^= UINT64_C(1) << app->layers.list.cursor;
		list_move(&app->layers.list, 1);
		return;
	}
	if (node == LAM_NODE_NONE)
		return;
	if (f->anchor != LAM_NODE_NONE) {
		range_of(app, &from, &to);
		for (size_t i = from; i <= to; i++)
			files_set_mark(app, f->rows.items[i].node, true);
		f->anchor = LAM_NODE_NONE;
		return;
	}
	files_set_mark(app, node, !bits_get(&f->marks, node));
	list_move(&f->list, 1);
}

static void range(struct app *app, const char *argument)
{
	struct files *f = &app->files;

	(void)argument;
	f->anchor = f->anchor == LAM_NODE_NONE ? app_cursor_node(app) : LAM_NODE_NONE;
}
static void mark_pattern(struct app *app, const char *argument)
{
	if (argument)
		files_mark_filter(app, argument, true);
	else
		dialog_prompt(app, FOR_MARK, "Mark all that match", "Filter: ", "");
}

static void unmark_pattern(struct app *app, const char *argument)
{
	if (argument)
		files_mark_filter(app, argument, false);
	else
		dialog_prompt(app, FOR_UNMARK, "Unmark all that match", "Filter: ", "");
}

/* Directories above what a filter found are shown for their place alone. */
static bool is_found(const struct files *f, uint32_t node)
{
	return !f->filter || (f->filtered && bits_get(&f->filtered->match, node));
}

static void invert(struct app *app, const char *argument)
{
	const struct rows *rows = &app->files.rows;

	(void)argument;
	for (size_t i = 0; i < rows->count; i++) {
		uint32_t node = rows->items[i].node;

		if (is_found(&app->files, node))
			files_set_mark(app, node, !bits_get(&app->files.marks, node));
	}
}

static void mark_like(struct app *app, const char *argument)
{
	const struct rows *rows = &app->files.rows;
	const uint32_t *to = app->effect ? app->effect->targets.to : NULL;
	uint32_t like = app_cursor_node(app);

	(void)argument;
	if (like == LAM_NODE_NONE)
		return;
	for (size_t i = 0; i < rows->count; i++) {
		uint32_t node = rows->items[i].node;

		if (is_found(&app->files, node) &&
		    app->facts->from[node] == app->facts->from[like] &&
		    (!to || to[node] == to[like]))
			files_set_mark(app, node, true);
	}
}
/* One step back: what was begun last is ended first. */
static void cancel(struct app *app, const char *argument)
{
	struct files *f = &app->files;

	(void)argument;
	if (app->details.full)
		app->details.full = false;
	else if (f->anchor != LAM_NODE_NONE)
		f->anchor = LAM_NODE_NONE;
	else if (f->mark_count || app->layers.marks)
		files_marks_clear(app), app->layers.marks = 0;
	else if (f->search)
		files_set_search(app, NULL);
	else if (f->filter)
		files_set_filter(app, NULL);
	else if (f->root != LAM_NODE_ROOT)
		app_act(app, ACT_ZOOM_OUT, NULL);
	else
		app_tell(app, ROLE_STATUS, "q quits, ? tells the keys");
}

act_fn *const CHOOSE_ACTIONS[ACT_COUNT] = {
	[ACT_MARK] = mark,
	[ACT_RANGE] = range,
	[ACT_MARK_PATTERN] = mark_pattern,
	[ACT_UNMARK_PATTERN] = unmark_pattern,
	[ACT_INVERT] = invert,
	[ACT_MARK_LIKE] = mark_like,
	[ACT_CANCEL] = cancel,
};
