/* Actions that every pane has, or that go from one to another. */
#include "editor/app.h"
#include "editor/details/details.h"
#include "editor/dialogs/dialog.h"
#include "editor/files/files.h"
#include "editor/layers/layers.h"
#include "editor/plan/plan.h"

static struct list *focused(struct app *app)
{
	return app_list(app, app->focus);
}

void pane_move(struct app *app, int by)
{
	list_move(focused(app), by);
}

void pane_half_page(struct app *app, int by)
{
	list_page(focused(app), by, true);
}

void pane_page(struct app *app, int by)
{
	list_page(focused(app), by, false);
}

/* Of the details the first line that leads somewhere: heads and sums are above. */
void pane_first(struct app *app)
{
	list_go(focused(app), 0);
	app->details.home = app->details.home || app->focus == PANE_DETAILS;
}

void pane_last(struct app *app)
{
	list_go(focused(app), SIZE_MAX);
}

void pane_focus(struct app *app, int pane)
{
	app->focus = (enum pane)pane;
	app->details.full = app->details.full && pane == PANE_DETAILS;
	app_show_pane(app, app->focus);
}

void pane_step(struct app *app, int by)
{
	pane_focus(app, ((int)app->focus + by + PANE_COUNT) % PANE_COUNT);
}

void pane_arrange(struct app *app)
{
	app->arrangement = (enum arrangement)((app->arrangement + 1) % ARRANGE_COUNT);
	if (!app_areas(app).pane[app->focus].width)
		app->focus =
			app->arrangement == ARRANGE_LAYERS ? PANE_LAYERS : PANE_FILES;
}

void pane_widen(struct app *app, int by)
{
	int width = (app->files_width ? app->files_width : 64) + by;

	app->files_width = width < APP_FILES_LEAST  ? APP_FILES_LEAST
			   : width > APP_FILES_MOST ? APP_FILES_MOST
						    : width;
}

/* A line's path is gone to; a directory is seen alone; a file's content is seen. */
void pane_zoom(struct app *app)
{
	uint32_t node =
		app->focus == PANE_DETAILS ? app->details.path : app_cursor_node(app);

	if (app->focus == PANE_DETAILS && (waste_toggle(app) || config_change_here(app)))
		return;
	if (node == LAM_NODE_NONE)
		return;
	if (app->focus == PANE_DETAILS) {
		app->details.full = false;
		files_go(app, node);
	} else if (files_has_rows_below(app, node)) {
		app->files.root = node;
		files_rebuild(app, LAM_NODE_NONE);
	} else {
		details_show(app, TAB_PREVIEW);
	}
}

void pane_mark(struct app *app)
{
	if (app->focus == PANE_LAYERS)
		layers_mark(app);
	else
		files_mark(app);
}

static void search_typed(struct app *app, struct dialog *dialog, const char *text)
{
	(void)dialog;
	if (*text || app->focus != PANE_DETAILS)
		pane_search(app, text);
	else
		details_search_step(app, false);
}

/* Names of files and of layers; of the details what stands there. */
void pane_search(struct app *app, const char *text)
{
	struct dialog *d;

	if (text && app->focus == PANE_FILES) {
		files_set_search(app, *text ? text : NULL);
	} else if (text && app->focus == PANE_LAYERS) {
		layers_search(app, text);
	} else if (text) {
		details_search(app, text);
	} else {
		d = dialog_prompt(app, NULL, "Search", "/", NULL);
		d->on_text = search_typed;
	}
}

void pane_search_step(struct app *app, int backwards)
{
	if (app->focus == PANE_DETAILS)
		details_search_step(app, backwards);
	else
		files_search_step(app, backwards);
}

void pane_quit(struct app *app)
{
	if (app->details.full)
		app->details.full = false, app->focus = PANE_FILES;
	else
		plan_quit(app, true);
}

/* One step back: what was begun last is ended first. */
void pane_cancel(struct app *app)
{
	struct files *f = &app->files;

	if (app->jobs.running[JOB_SUGGEST])
		plan_suggest_stop(app);
	else if (app->focus == PANE_DETAILS && app->details.search)
		details_search(app, NULL);
	else if (app->details.full)
		app->details.full = false;
	else if (f->anchor != LAM_NODE_NONE)
		files_range_drop(app, "the range is dropped");
	else if (f->mark_count || layers_marked(app))
		files_marks_clear(app), layers_marks_clear(app);
	else if (f->search)
		files_set_search(app, NULL);
	else if (f->filter)
		files_set_filter(app, NULL);
	else if (f->root != LAM_NODE_ROOT)
		files_zoom_out(app);
	else
		app_tell(app, ROLE_STATUS, "q quits, ? tells the keys");
}
