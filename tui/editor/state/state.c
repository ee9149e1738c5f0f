/* What all parts of the editor ask of its state, and say to the user and the shell. */
#include "editor/state/state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"

void app_tell(struct app *app, enum role role, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(app->message.text, sizeof app->message.text, format, args);
	va_end(args);
	app->message.role = (uint8_t)role;
}

void app_tell_error(struct app *app, const struct lam_error *err)
{
	app_tell(app, ROLE_ERROR, "%s", err->text);
}

struct request *app_request(struct app *app, enum request_kind kind)
{
	LAM_XGROW(app->requests, app->request_count, app->request_cap);
	app->requests[app->request_count] = (struct request){ .kind = kind };
	return &app->requests[app->request_count++];
}

void app_ask_shell(struct app *app, int kind)
{
	app_request(app, (enum request_kind)kind);
}

void request_fini(struct request *request)
{
	if (request->kind == REQUEST_PAGER)
		close(request->fd);
	job_free(request->job);
	free(request->file);
	free(request->text);
	free(request->expect);
	*request = (struct request){ 0 };
}

const struct lam_plan *app_plan(const struct app *app)
{
	return app->plan.undo ? lam_undo_plan(app->plan.undo) : NULL;
}

const char *app_plan_file(const struct app *app)
{
	const struct plan *p = &app->plan;

	return p->undo && lam_undo_back_count(p->undo) < p->file_since ? NULL : p->file;
}

size_t app_unsaved(const struct app *app)
{
	const struct plan *p = &app->plan;

	if (!p->undo || (!app_plan_file(app) && lam_undo_is_first(p->undo)))
		return 0;
	return lam_undo_unsaved(p->undo);
}

const struct dialog *app_dialog(const struct app *app)
{
	return app->dialog_count ? app->dialogs[app->dialog_count - 1] : NULL;
}

unsigned app_context(const struct app *app)
{
	return 1u << app->focus;
}

struct list *app_list(struct app *app, enum pane pane)
{
	return pane == PANE_FILES    ? &app->files.list
	       : pane == PANE_LAYERS ? &app->layers.list
				     : &app->details.list;
}

uint32_t app_cursor_node(const struct app *app)
{
	const struct files *f = &app->files;

	return f->list.cursor < f->rows.count ? f->rows.items[f->list.cursor].node
					      : LAM_NODE_NONE;
}

bool app_is_settled(const struct app *app)
{
	for (size_t i = 0; i < JOB_COUNT; i++) {
		if (app->jobs.running[i] && !(i == JOB_WRITE && app->writing.hidden))
			return false;
	}
	return true;
}

void app_show_pane(struct app *app, enum pane pane)
{
	if (pane != PANE_FILES)
		app->below = pane;
	if (!app_areas(app).pane[pane].width)
		app->arrangement = ARRANGE_SPLIT;
}
