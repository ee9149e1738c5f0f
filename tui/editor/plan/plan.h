/* The plan that is edited: its changes, its file, writing the image. */
#ifndef PLAN_H
#define PLAN_H

#include "editor/files/files.h"

void plan_init(struct plan *plan, const struct options *options, struct lam_plan *given,
	       const char *text);
void plan_fini(struct plan *plan);
/* No job runs any more: what a job was to keep is kept now. */
void plan_flush(struct app *app);

/* plan.c */
struct lam_plan *plan_copy(const struct app *app); /* of what stands, to be changed */
/* Takes plan over, as what stands from now on, and what undo calls it. */
void plan_push(struct app *app, struct lam_plan *plan, const char *name_format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same of a copy that was changed; with code < 0 it could not be: that is told. */
bool plan_changed(struct app *app, struct lam_plan *plan, int code,
		  const struct lam_error *err, const char *name_format, ...)
	__attribute__((format(printf, 5, 6)));
void plan_want_effect(struct app *app);
/* Whether there is an effect with a layout, of the plan that stands; told where not. */
bool plan_is_worked_out(struct app *app);
/* What was journalled is saved or not wanted any more; the second drops what was recovered
 * too. */
void plan_forget(struct app *app);
void plan_drop_journal(struct app *app);
/* The orphan's changes, as one. */
void plan_recover(struct app *app);
/* Whether they are of the plan file that is open. */
bool plan_orphan_is_of_open(const struct app *app);

/* file.c */
char *plan_text_digest(const char *text); /* free() */
/* The file that the plan is of, and the digest of what that holds; takes both over. */
void plan_set_file(struct app *app, char *file, char *on_disk);
/* Where a load has been undone, and is not to be done again: what is saved next is not for the
 * file it was from. */
void plan_forget_file(struct app *app);
void plan_ask_orphan(struct app *app);
void plan_saved(struct app *app, const struct event *event);
void plan_loaded(struct app *app, const struct event *event);
void plan_edited(struct app *app, const struct event *event);
/* Asks where something is unsaved, or with asks false only where it would be lost. */
void plan_quit(struct app *app, bool asks);
void plan_stop(struct app *app, int code); /* and with it the editor */

/* suggest.c: what is looked for is not wanted any more. */
void plan_suggest_stop(struct app *app);

/* cut.c */
void plan_cut(struct app *app); /* offers a plan of what is expected to change */

/* config.c: of the line of Config under the cursor; false: it is at none */
bool config_change_here(struct app *app);
bool config_take_out_here(struct app *app);
bool config_clear_here(struct app *app);

/* waste.c */
void plan_waste(
	struct app *app); /* offers what helps against the waste under the cursor */

/* write.c */

/* progress.c */
void writing_fini(struct writing *writing);
void progress_show(struct app *app); /* which may have been hidden */
void write_progress(struct app *app, const struct event *event);

#endif
