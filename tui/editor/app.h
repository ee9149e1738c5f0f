/* The editor, without a terminal (state/state.h tells what it is made of). */
#ifndef EDITOR_APP_H
#define EDITOR_APP_H

#include "editor/state/state.h"

/* options and what they point to must outlive the app. plan (may be NULL) is taken over:
 * of options.plan_file, whose text is plan_text. */
void app_init(struct app *app, const struct options *options, struct lam_plan *plan,
	      const char *plan_text);
void app_fini(struct app *app); /* no job may run */

/* Changes the state, and adds to app->requests what is to be done about it. */
void app_update(struct app *app, const struct event *event);
/* Gives the requests over: the caller carries each out and request_fini()s it. */
size_t app_take_requests(struct app *app, struct request **out);
/* Does an action; text: what a command said behind its name, or NULL. */
void app_act(struct app *app, enum action action, const char *text);
/* Areas, lists to their panes, the details to the cursor; asks for what is shown and not
 * there. Every event ends with it. */
void app_settle(struct app *app);

/* Drawing: the canvas has the app's size. Pure. */
void app_draw(const struct app *app, struct canvas *canvas);

/* open.c */
void app_open(struct app *app);

#endif
