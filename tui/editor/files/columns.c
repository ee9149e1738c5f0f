/* Where the columns of the files stand, which of them are chosen, and what a click on them
 * means. */
#include <stdio.h>
#include <string.h>

#include "base/size.h"
#include "base/time.h"
#include "editor/files/files.h"

#define OWNER_WIDTH 12
#define OWNER_FROM  84 /* columns of the pane from which on there is an owner */
#define FROM_FROM   58
#define MODE_FROM   50
#define LEAST       36 /* that the chosen columns leave for flags, size, target and name */

static const struct {
	const char *word, *head, *says;
	char letter;
	int width;
	enum sort sort; /* by a click */
} KINDS[COLUMN_KINDS] = {
	[COLUMN_BAR] = { "bar", "Share", "share of the directory, as a bar", 'b', 6,
			 SORT_SIZE },
	[COLUMN_PERCENT] = { "percent", "%", "share of the directory, in percent", 'p', 5,
			     SORT_SIZE },
	[COLUMN_COUNT] = { "count", "Count", "count of entries", 'c', 7, SORT_COUNT },
	[COLUMN_MTIME] = { "mtime", "Modified", "when it was modified", 'm', 10,
			   SORT_MTIME },
};

struct row_columns row_columns(int width, unsigned chosen)
{
	struct row_columns columns = { .mode = -1, .owner = -1, .from = -1 };
	int x = 3, left = width; /* the flags and a blank */

	for (int k = 0; k < COLUMN_KINDS; k++) {
		columns.chosen[k] = -1;
		if (!(chosen & 1u << k) || left - KINDS[k].width - 1 < LEAST)
			continue;
		columns.chosen[k] = 0;
		left -= KINDS[k].width + 1;
	}
	if (left >= MODE_FROM) {
		columns.mode = x;
		x += 11;
	}
	if (left >= OWNER_FROM) {
		columns.owner = x;
		x += OWNER_WIDTH;
	}
	columns.size = x;
	x += 7;
	for (int k = 0; k < COLUMN_KINDS; k++) {
		if (columns.chosen[k] < 0)
			continue;
		columns.chosen[k] = x;
		x += KINDS[k].width + 1;
	}
	if (left >= FROM_FROM) {
		columns.from = x;
		x += 6;
	}
	columns.to = x;
	x += 4;
	columns.name = x;
	columns.name_width = width - x;
	return columns;
}

struct row_columns files_columns(const struct app *app)
{
	/* a column is left for the scroll mark */
	return row_columns(app->areas.pane[PANE_FILES].width - !app->areas.boxed,
			   app->files.columns);
}

/* Chosen ones */

void columns_heads(const struct row_columns *columns, struct view_head out[COLUMN_KINDS])
{
	for (int k = 0; k < COLUMN_KINDS; k++)
		out[k] = (struct view_head){ columns->chosen[k], KINDS[k].width,
					     KINDS[k].head,
					     k == COLUMN_PERCENT || k == COLUMN_COUNT };
}

/* Of the directory that it is in; of the root, of itself. */
static uint64_t bytes_above(const struct app *app, const struct row_facts *facts)
{
	uint32_t above = facts->tree_node->parent;

	return lam_tree_node(app->facts->tree,
			     facts->node == LAM_NODE_ROOT ? facts->node : above)
		->live_bytes;
}

void columns_draw(const struct view *view, const struct row_columns *columns, int y,
		  const struct row_facts *facts)
{
	const struct app *app = view->app;
	uint64_t bytes = facts->tree_node->live_bytes, all = bytes_above(app, facts);
	uint32_t live = facts->tree_node->live_count;
	int left = app->areas.pane[PANE_FILES].x;
	char text[LAM_TIME_TEXT];

	if (columns->chosen[COLUMN_BAR] >= 0 && bytes)
		canvas_bar(view->canvas, left + columns->chosen[COLUMN_BAR], y,
			   KINDS[COLUMN_BAR].width, bytes, all);
	if (columns->chosen[COLUMN_PERCENT] >= 0 && bytes) {
		snprintf(text, sizeof text, "%.1f",
			 all ? (double)bytes * 100 / (double)all : 0.0);
		canvas_text_right(view->canvas, left + columns->chosen[COLUMN_PERCENT], y,
				  KINDS[COLUMN_PERCENT].width, ROLE_TEXT, text);
	}
	if (columns->chosen[COLUMN_COUNT] >= 0 && facts->stat.kind == LAM_KIND_DIR)
		canvas_text_right(view->canvas, left + columns->chosen[COLUMN_COUNT], y,
				  KINDS[COLUMN_COUNT].width, ROLE_TEXT,
				  lam_count_text(live, text));
	if (columns->chosen[COLUMN_MTIME] >= 0)
		canvas_text(view->canvas, left + columns->chosen[COLUMN_MTIME], y,
			    KINDS[COLUMN_MTIME].width, ROLE_TEXT,
			    lam_time_format(facts->stat.mtime_s, text));
}

static void toggle(struct app *app, enum column kind)
{
	struct files *f = &app->files;
	bool chosen = !(f->columns & 1u << kind);

	f->columns ^= 1u << kind;
	if (chosen && files_columns(app).chosen[kind] < 0)
		app_tell(app, ROLE_WARNING,
			 "there is no room for %s: g> and | make the files wider",
			 KINDS[kind].word);
	else
		app_tell(app, ROLE_STATUS, "%s is %s", KINDS[kind].word,
			 chosen ? "shown" : "hidden");
}

static void take(struct app *app, struct dialog *d, const struct dialog_item *item)
{
	(void)d;
	toggle(app, (enum column)item->id);
}

void files_choose_columns(struct app *app, const char *text)
{
	struct dialog *d;

	for (int k = 0; text && k < COLUMN_KINDS; k++) {
		if (strcmp(KINDS[k].word, text) == 0) {
			toggle(app, (enum column)k);
			return;
		}
	}
	if (text)
		app_tell(app, ROLE_WARNING, "columns: %s", ACTIONS[ACT_COLUMNS].argument);
	d = dialog_push(app, DIALOG_CHOICE, "Columns");
	d->on_item = take;
	for (int k = 0; k < COLUMN_KINDS; k++)
		dialog_item(d, KINDS[k].letter, (uint64_t)k, "[%c] %s",
			    app->files.columns & 1u << k ? 'x' : ' ', KINDS[k].says);
	dialog_set_hints(d, "[letter] show or hide  [Esc] cancel");
}

enum sort files_head_at(const struct app *app, int x)
{
	struct row_columns c = files_columns(app);

	x -= app->areas.pane[PANE_FILES].x;
	if (x >= c.name)
		return SORT_NAME;
	if (c.from >= 0 && x >= c.from && x < c.from + 5)
		return SORT_FROM;
	for (int k = 0; k < COLUMN_KINDS; k++) {
		if (c.chosen[k] >= 0 && x >= c.chosen[k] &&
		    x < c.chosen[k] + KINDS[k].width)
			return KINDS[k].sort;
	}
	return x >= c.size && x < c.size + 6 ? SORT_SIZE : SORT_KINDS;
}

bool files_fold_at(const struct app *app, size_t row, int x)
{
	struct row_columns c = files_columns(app);
	int at = app->areas.pane[PANE_FILES].x + c.name, indent;

	if (row >= app->files.rows.count ||
	    !files_has_rows_below(app, app->files.rows.items[row].node))
		return false;
	indent = 2 * app->files.rows.items[row].depth;
	at += indent < c.name_width / 3 ? indent : c.name_width / 3;
	return x >= at && x <= at + 1;
}
