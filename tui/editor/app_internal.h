/* What the parts of the app's update side call of each other. */
#ifndef APP_INTERNAL_H
#define APP_INTERNAL_H

#include "editor/app.h"
#include "ui/text.h"

/* app.c */
void app_tell(struct app *app, enum role role, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void app_tell_error(struct app *app, const struct lam_error *err);
/* The one that is added; texts given to it are its own. NULL on no memory, which has been
 * told. */
struct app_effect *app_effect_add(struct app *app, enum effect_kind kind);
void app_act(struct app *app, enum action action, const char *argument);
unsigned app_context(const struct app *app);
/* Lists to their panes, the details to the cursor; asks for what is shown and not there.
 */
void app_settle(struct app *app);

/* app_jobs.c */
void app_start(struct app *app, struct job *job); /* NULL: no memory, is told */
void app_stop(struct app *app, enum job_kind kind);
/* Frees value once no job runs that may look at it. */
void app_retire(struct app *app, void *value, void (*free)(void *));
void app_job_ended(struct app *app, struct job *job);
void app_want_effect(struct app *app);
void app_want_order(struct app *app);
void app_want_filter(struct app *app);
void app_want_search(struct app *app);

/* app_files.c */
void files_rebuild(struct app *app, uint32_t keep); /* the cursor stays at that node */
/* Unfolds what is above a node, zooms out where it is outside, and goes there. */
void files_go(struct app *app, uint32_t node);
bool files_is_open(const struct app *app, uint32_t node);
bool files_has_rows_below(const struct app *app, uint32_t node);
uint32_t files_parent(const struct app *app, uint32_t node);

/* app_choose.c */
void files_marks_clear(struct app *app);
void files_sum_marks(struct app *app); /* their bytes, what is below another once */
void files_set_mark(struct app *app, uint32_t node, bool mark);
/* "/opt, 723M in 27,988 entries" */
char *files_describe(const struct app *app, const uint32_t *nodes, size_t count);

/* app_find.c */
void files_sort(struct app *app, enum sort sort);
void files_take_filter(struct app *app, struct job *job);
void files_take_hits(struct app *app, struct job *job);
void files_set_filter(struct app *app, const char *text);
void files_set_search(struct app *app, const char *pattern);
void files_mark_filter(struct app *app, const char *text, bool mark);

/* app_jump.c */
void files_go_text(struct app *app, const char *path);

/* app_look.c: the cursor to the first line of the details that leads somewhere. */
void details_home(struct app *app);

/* app_plan.c */
/* Takes plan over; what it is called in undo. False on no memory, is told. */
bool plan_push(struct app *app, const char *name, struct lam_plan *plan);
struct lam_plan *plan_copy(const struct app *app);
void plan_assign(struct app *app, const char *to);
void plan_assign_pattern(struct app *app, const char *pattern, const char *to);
/* A new layer on top for what is chosen (pattern NULL), or for a pattern. */
void plan_take_suggestions(struct app *app, const struct dialog *dialog);
void plan_recover(struct app *app);
/* Whether the orphan's changes are of the plan file that is open. */
bool plan_orphan_is_of_open(const struct app *app);
/* What was journalled is saved or not wanted any more; the second drops what was recovered
 * too. */
void plan_forget(struct app *app);
void plan_drop_journal(struct app *app);
void plan_kept(struct app *app, struct job *job);
void plan_assign_to_new(struct app *app, const char *name, const char *pattern);

/* app_file.c */
/* The file that the plan is of, and what that holds; takes both over. */
void plan_set_file(struct app *app, char *file, char *on_disk);
void plan_save(struct app *app, const char *file, bool force);
void plan_saved(struct app *app, const struct event *event);
void plan_loaded(struct app *app, const struct event *event);
/* Where a load has been undone: what is saved next is not for the file it was from. */
void plan_forget_file(struct app *app);
void plan_edited(struct app *app, const struct event *event);
void plan_edit_text(struct app *app, const char *text, size_t line);
void plan_quit(struct app *app);

/* app_write.c */
/* A place beside the image; a new string of the caller's. */
void write_summarise(struct app *app, const char *output);
void write_looked_at(struct app *app, const struct event *event);
void write_begin(struct app *app);
void write_show(struct app *app); /* its progress, which may have been hidden */
void write_progress(struct app *app, const struct event *event);
void write_ended(struct app *app, struct job *job);

/* app_dialog.c: making them. All take printf's words; on no memory lines are left out. */
struct dialog *dialog_push(struct app *app, enum dialog_kind kind, enum purpose purpose,
			   const char *title);
void dialog_line(struct dialog *dialog, enum role role, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
struct dialog_item *dialog_item(struct dialog *dialog, char letter, uint64_t id,
				const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void dialog_set_hints(struct dialog *dialog, const char *hints);
struct dialog *dialog_prompt(struct app *app, enum purpose purpose, const char *title,
			     const char *label, const char *text);
void dialog_pop(struct app *app);
struct dialog *dialog_top(struct app *app); /* or NULL */
/* The list on top to its height. */
void dialog_fit(struct app *app);
void dialog_key(struct app *app, const struct event *event);
void dialog_fini(struct dialog *dialog);
/* Lines of an error, or of a plan's errors, to be read. */
void dialog_errors(struct app *app, const char *title,
		   const struct lam_plan_errors *errors, const struct lam_error *err);

/* app_answer.c: what a dialog's end means. The dialog has been taken off. */
void answer_item(struct app *app, struct dialog *dialog, const struct dialog_item *item);
void answer_text(struct app *app, struct dialog *dialog, const char *text);
void answer_cancel(struct app *app, struct dialog *dialog);

/* What items of the assign dialog stand for, beside the targets' numbers. */
#define ID_NEW   (UINT64_MAX - 1)
#define ID_CLEAR (UINT64_MAX - 2)
#define ID_RULE  (UINT64_MAX - 3)

/* app_ask.c: the dialogs. */
void ask_assign(struct app *app, const char *pattern);
void ask_assign_counted(struct app *app, struct job *job); /* what a pattern matches */
void ask_links(struct app *app);
void ask_moves(struct app *app);
void ask_notes(struct app *app);
void ask_rules(struct app *app);
void ask_sort(struct app *app);
void ask_split(struct app *app, bool whole_image);
void ask_suggested(struct app *app);
void ask_orphan(struct app *app);
void ask_orphan_plan(struct app *app);
void ask_quit(struct app *app);
void ask_help(struct app *app);
void ask_menu(struct app *app);

/* app_command.c */
void ask_command(struct app *app);
void command_filter(struct app *app, struct dialog *dialog); /* items that fit the text */
void command_complete(struct dialog *dialog);
void command_recall(struct app *app, struct dialog *dialog, bool older);
void command_run(struct app *app, struct dialog *dialog, const char *text);

/* The actions of each part, by number; NULL where it is another's. */
typedef void act_fn(struct app *app, const char *argument);
extern act_fn *const WALK_ACTIONS[ACT_COUNT];
extern act_fn *const JUMP_ACTIONS[ACT_COUNT];
extern act_fn *const CHOOSE_ACTIONS[ACT_COUNT];
extern act_fn *const FIND_ACTIONS[ACT_COUNT];
extern act_fn *const PLAN_ACTIONS[ACT_COUNT];
extern act_fn *const FILE_ACTIONS[ACT_COUNT];
extern act_fn *const LAYER_ACTIONS[ACT_COUNT];
extern act_fn *const LOOK_ACTIONS[ACT_COUNT];

#endif
