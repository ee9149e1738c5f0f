/* Where the columns of the files stand, and what a click on them means. */
#include "editor/files/files.h"

#define OWNER_WIDTH 12
#define OWNER_FROM  84 /* columns of the pane from which on there is an owner */
#define FROM_FROM   58
#define MODE_FROM   50

struct row_columns row_columns(int width)
{
	struct row_columns columns = { -1, -1, -1, -1, -1, -1, 0 };
	int x = 3; /* the flags and a blank */

	if (width >= MODE_FROM) {
		columns.mode = x;
		x += 11;
	}
	if (width >= OWNER_FROM) {
		columns.owner = x;
		x += OWNER_WIDTH;
	}
	columns.size = x;
	x += 7;
	if (width >= FROM_FROM) {
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
	return row_columns(app->areas.pane[PANE_FILES].width - !app->areas.boxed);
}

enum sort files_head_at(const struct app *app, int x)
{
	struct row_columns c = files_columns(app);

	x -= app->areas.pane[PANE_FILES].x;
	if (x >= c.name)
		return SORT_NAME;
	if (c.from >= 0 && x >= c.from && x < c.from + 5)
		return SORT_FROM;
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
