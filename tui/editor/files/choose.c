/* What is chosen: marks, a range, or what the cursor is at. */
#include <stdlib.h>

#include "base/memory.h"
#include "base/size.h"
#include "editor/files/files.h"

void files_marks_clear(struct app *app)
{
	struct files *f = &app->files;

	if (f->mark_count)
		bits_fill(&f->marks, false);
	f->mark_count = 0;
	f->marks_changed = true;
	f->anchor = LAM_NODE_NONE;
}

static void set_mark(struct app *app, uint32_t node, bool mark)
{
	struct files *f = &app->files;

	if (bits_get(&f->marks, node) == mark)
		return;
	bits_set(&f->marks, node, mark);
	f->mark_count += mark ? 1 : (size_t)-1;
	f->marks_changed = true;
}

/* The next mark from a place in the walk of the tree on, and the place behind all that is
 * below it; LAM_NODE_NONE: there is none. */
static uint32_t next_mark(const struct app *app, uint32_t *at)
{
	const struct order *o = app->files.order;

	for (; *at < app->facts->count; ++*at) {
		uint32_t node = o->walk[*at];

		if (bits_get(&app->files.marks, node)) {
			*at += o->span[node];
			return node;
		}
	}
	return LAM_NODE_NONE;
}

static size_t marked_nodes(const struct app *app, uint32_t *out)
{
	uint32_t at = 0, node;
	size_t count = 0;

	while ((node = next_mark(app, &at)) != LAM_NODE_NONE)
		out[count++] = node;
	return count;
}

void files_sum_marks(struct app *app)
{
	struct files *f = &app->files;
	uint32_t at = 0, node;

	f->marks_changed = false;
	f->mark_bytes = 0;
	bits_fill(&f->above, false);
	while (f->mark_count && (node = next_mark(app, &at)) != LAM_NODE_NONE) {
		const struct lam_node *n = lam_tree_node(app->facts->tree, node);

		f->mark_bytes += n->live_bytes;
		while (node != LAM_NODE_ROOT && !bits_get(&f->above, n->parent)) {
			node = n->parent;
			n = lam_tree_node(app->facts->tree, node);
			bits_set(&f->above, node, true);
		}
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
	const struct order *o = app->files.order;
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

void files_selection(const struct app *app, uint32_t **out, size_t *out_count)
{
	const struct files *f = &app->files;
	size_t from, to;

	range_of(app, &from, &to);
	*out_count = 0;
	*out = lam_xcalloc(f->mark_count > to - from + 1 ? f->mark_count : to - from + 1,
			   sizeof **out);
	if (app->focus == PANE_DETAILS) {
		**out = app->details.path;
		*out_count = **out != LAM_NODE_NONE;
	} else if (f->mark_count) {
		*out_count = marked_nodes(app, *out);
	} else if (f->rows.count) {
		*out_count = range_nodes(app, *out);
	}
}

char *files_describe(const struct app *app, const uint32_t *nodes, size_t count)
{
	char size[LAM_SIZE_TEXT], files[32];
	uint64_t bytes = 0, entries = 0;
	char *path, *text;

	for (size_t i = 0; i < count; i++) {
		bytes += lam_tree_node(app->facts->tree, nodes[i])->live_bytes;
		entries += lam_tree_node(app->facts->tree, nodes[i])->live_count;
	}
	lam_size_text(bytes, size);
	lam_count_text(entries, files);
	path = count == 1 ? lam_tree_path_text(app->facts->tree, nodes[0]) : NULL;
	text = path && entries < 2 ? lam_xprintf("%s, %s", path, size)
	       : path ? lam_xprintf("%s, %s in %s entries", path, size, files)
		      : lam_xprintf("%zu chosen, %s in %s entries", count, size, files);
	free(path);
	return text;
}

/* Marks */

void files_mark(struct app *app)
{
	struct files *f = &app->files;
	uint32_t node = app_cursor_node(app);
	size_t from, to;

	if (node == LAM_NODE_NONE)
		return;
	if (f->anchor == LAM_NODE_NONE) {
		set_mark(app, node, !bits_get(&f->marks, node));
		list_move(&f->list, 1);
		return;
	}
	range_of(app, &from, &to);
	for (size_t i = from; i <= to; i++)
		set_mark(app, f->rows.items[i].node, true);
	f->anchor = LAM_NODE_NONE;
}

void files_range(struct app *app)
{
	struct files *f = &app->files;

	if (f->anchor != LAM_NODE_NONE)
		files_range_drop(app, "the range is dropped; Space marks one");
	else
		f->anchor = app_cursor_node(app);
}

void files_range_drop(struct app *app, const char *why)
{
	app->files.anchor = LAM_NODE_NONE;
	app_tell(app, ROLE_STATUS, "%s", why);
}

/* Directories above what a filter found are shown for their place alone. */
static bool is_found(const struct files *f, uint32_t node)
{
	return !f->filter || (f->filtered && bits_get(&f->filtered->match, node));
}

void files_invert(struct app *app)
{
	const struct rows *rows = &app->files.rows;

	for (size_t i = 0; i < rows->count; i++) {
		uint32_t node = rows->items[i].node;

		if (is_found(&app->files, node))
			set_mark(app, node, !bits_get(&app->files.marks, node));
	}
}

void files_mark_like(struct app *app)
{
	const struct rows *rows = &app->files.rows;
	const uint32_t *to = app->plan.effect ? app->plan.effect->targets.to : NULL;
	uint32_t like = app_cursor_node(app);

	for (size_t i = 0; i < rows->count; i++) {
		uint32_t node = rows->items[i].node;

		if (is_found(&app->files, node) &&
		    app->facts->from[node] == app->facts->from[like] &&
		    (!to || to[node] == to[like]))
			set_mark(app, node, true);
	}
}

/* By a filter */

struct mark_job {
	struct filter_job filter;
	bool mark;
};

static void take_marks(struct app *app, struct job *job)
{
	const struct bits *match = &((struct filter_job *)job)->found->match;
	size_t before = app->files.mark_count;
	bool mark = ((struct mark_job *)job)->mark;

	for (uint32_t w = 0; w <= match->count / 64; w++) {
		for (uint64_t word = match->words[w]; word; word &= word - 1)
			set_mark(app, w * 64 + (uint32_t)__builtin_ctzll(word), mark);
	}
	app_tell(app, ROLE_STATUS, "%zu %s",
		 mark ? app->files.mark_count - before : before - app->files.mark_count,
		 mark ? "marked" : "unmarked");
}

static void mark_filter(struct app *app, const char *text, bool mark)
{
	static const struct job_ops MARK = { JOB_FILTER, filter_job_run, take_marks,
					     filter_job_free, false };
	struct mark_job *job = filter_job_new(app, sizeof *job, &MARK, text);

	if (!job)
		return;
	job->filter.root = app->files.root;
	job->mark = mark;
	app_start(app, &job->filter.job);
}

void files_mark_pattern(struct app *app, const char *text)
{
	if (text)
		mark_filter(app, text, true);
	else
		dialog_prompt(app, files_mark_pattern, "Mark all that match",
			      "Filter: ", NULL);
}

void files_unmark_pattern(struct app *app, const char *text)
{
	if (text)
		mark_filter(app, text, false);
	else
		dialog_prompt(app, files_unmark_pattern, "Unmark all that match",
			      "Filter: ", NULL);
}
