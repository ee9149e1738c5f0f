/* The files pane. */
#include <stdio.h>
#include <string.h>

#include "editor/files/row.h"

static void draw_heads(const struct view *view, const struct row_columns *columns)
{
	struct rect in = view->areas.pane[PANE_FILES];
	const struct {
		int x, width;
		const char *text;
		bool right;
	} heads[] = {
		{ columns->mode, 10, "Mode", false },
		{ columns->owner, 11, "Owner", false },
		{ columns->size, 6, "Size", true },
		{ columns->from, 5, "From", false },
		{ columns->to, 3, "To ", true },
		{ columns->name, columns->name_width, "Name", false },
	};

	if (in.y - view->areas.frame[PANE_FILES].y < 2)
		return;
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		if (heads[i].x >= 0)
			(heads[i].right ? canvas_text_right : canvas_text)(
				view->canvas, in.x + heads[i].x, in.y - 1, heads[i].width,
				ROLE_DIM, heads[i].text);
	}
}

static void draw_flags(const struct view *view, int x, int y,
		       const struct row_facts *facts)
{
	char state[2] = { row_state(view->app, facts), '\0' };
	const char *mark = facts->marked ? "*" : facts->in_range ? "v" : "";

	canvas_text(view->canvas, x, y, 1, ROLE_MARK, mark);
	if (*state != ' ')
		canvas_text(view->canvas, x + 1, y, 1,
			    *state == 'r' ? ROLE_KEY : row_flag_style(facts), state);
}

static void draw_owner(const struct view *view, int x, int y,
		       const struct row_facts *facts)
{
	char text[80];

	canvas_text_cut(
		view->canvas, x, y, 11, ROLE_TEXT,
		owners_text(view->app->owners, facts->stat.uid, facts->stat.gid, text),
		CUT_END);
}

static void draw_from(const struct view *view, int x, int y,
		      const struct row_facts *facts)
{
	const struct app *app = view->app;
	char text[64];

	canvas_text(view->canvas, x, y, 5, ROLE_TEXT,
		    facts_layers_text(app->facts->from[facts->node],
				      lam_image_layer_count(app->image), 5, text));
}

static void draw_row(const struct view *view, const struct row_columns *columns,
		     const struct row *row, int y)
{
	struct canvas *canvas = view->canvas;
	int x = view->areas.pane[PANE_FILES].x;
	struct row_facts facts = row_facts(view, row->node);
	style_t style = facts.tree_node->live ? ROLE_TEXT : ROLE_GHOST;
	char text[24];

	draw_flags(view, x, y, &facts);
	if (columns->mode >= 0)
		canvas_text(canvas, x + columns->mode, y, 10, style,
			    view_mode(&facts.stat, text));
	if (columns->owner >= 0)
		draw_owner(view, x + columns->owner, y, &facts);
	canvas_text_right(canvas, x + columns->size, y, 6, style,
			  row_size(&facts, view->app, text));
	if (columns->from >= 0)
		draw_from(view, x + columns->from, y, &facts);
	row_target(view, x + columns->to, y, &facts);
	row_name(view, x + columns->name, y, columns->name_width, row->depth, &facts);
}

/* "entries" of the directory, of the filter, where the search stands. */
static void describe_count(const struct view *view, char *out, size_t size)
{
	const struct app *app = view->app;
	const struct files *files = &app->files;
	uint32_t live =
		lam_tree_node(lam_image_tree(app->image), files->root)->live_count;
	uint64_t all = live > 0 ? live - 1 : 0;
	char count[32], matches[32];

	text_count(all, count);
	if (files->filter && files->filtered)
		snprintf(out, size, "%s of %s",
			 text_count(files->filtered->match_count, matches), count);
	else if (files->hits && files->hit > 0)
		snprintf(out, size, "match %zu of %s", files->hit,
			 text_count(files->hits->count, matches));
	else
		snprintf(out, size, "%s entr%s", count, all == 1 ? "y" : "ies");
}

/* A cut copy of what was typed, for the title. */
static void describe_filter(const struct view *view, int columns, char *out, size_t size)
{
	const char *text = view->app->files.filter_text;
	int used;
	size_t fit;

	*out = '\0';
	if (!text || columns < 4)
		return;
	fit = text_fit(text, columns, &used);
	if (text[fit] && fit > 3)
		fit = text_fit(text, columns - 1, &used);
	snprintf(out, size, "filter %.*s%s, ", (int)fit, text,
		 !text[fit]            ? ""
		 : view->canvas->ascii ? "~"
				       : "…");
}

static void describe(const struct view *view, char *out, size_t size)
{
	const struct app *app = view->app;
	const struct order *order = app->order;
	int width = view->areas.frame[PANE_FILES].width;
	bool descending = (order->sort != SORT_NAME) != order->reverse;
	char filter[160], count[80];

	describe_filter(view, width / 4, filter, sizeof filter);
	describe_count(view, count, sizeof count);
	if (width < 60) {
		snprintf(out, size, "%s%s", filter, count);
		return;
	}
	snprintf(out, size, "%s%s, sort %s %s%s", filter, count, SORT_NAMES[order->sort],
		 descending ? view->glyphs->descending : view->glyphs->ascending,
		 app->files.ghosts ? ", ghosts" : "");
}

static void draw_empty(const struct view *view)
{
	struct rect in = view->areas.pane[PANE_FILES];
	const struct files *files = &view->app->files;

	canvas_text_cut(view->canvas, in.x + 3, in.y, in.width - 4, ROLE_DIM,
			files->filter ? "nothing matches the filter; F shows all again"
				      : "an empty directory",
			CUT_END);
}

void view_files(const struct view *view)
{
	const struct app *app = view->app;
	struct rect in = view->areas.pane[PANE_FILES];
	struct list list = view_list(&app->files.list, app->files.rows.count, in.height);
	int spare = view->areas.boxed ? 0 : 1; /* for the scroll mark */
	struct row_columns columns = row_columns(in.width - spare);
	char right[320], *path = view_path(view, app->files.root);

	describe(view, right, sizeof right);
	view_frame(view, PANE_FILES, "1 Files", view_or(path), right);
	free(path);
	draw_heads(view, &columns);
	for (size_t i = list.top; i < list.count && i - list.top < list.height; i++)
		draw_row(view, &columns, &app->files.rows.items[i],
			 in.y + (int)(i - list.top));
	if (list.count == 0)
		draw_empty(view);
	else
		view_cursor(view, PANE_FILES, in.y + (int)(list.cursor - list.top));
	view_scroll_mark(view, PANE_FILES, &list);
}
