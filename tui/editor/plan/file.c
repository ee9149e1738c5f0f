/* The plan and files: saving, loading, the editor, and quitting without a loss. */
#include <stdlib.h>
#include <string.h>

#include <lamina/reference.h>

#include "editor/app_internal.h"

/* Saving */

static char *plan_text(struct app *app)
{
	struct lam_error err;
	char *text;

	if (lam_plan_format(app_plan(app), &text, &err) == 0)
		return text;
	app_tell_error(app, &err);
	return NULL;
}

static bool is_own_file(const struct app *app, const char *file)
{
	return app->plan_file && strcmp(file, app->plan_file) == 0;
}

void plan_set_file(struct app *app, char *file, char *on_disk)
{
	free(app->plan_file);
	free(app->plan_on_disk);
	app->plan_file = file;
	app->plan_on_disk = on_disk;
}

/* What the file may hold without a question: what was read from it or saved to it. */
void plan_save(struct app *app, const char *file, bool force)
{
	bool known = is_own_file(app, file);
	struct app_effect *effect;
	char *text = plan_text(app);

	if (!text)
		return;
	effect = app_effect_add(app, EFFECT_SAVE);
	if (!effect) {
		free(text);
		return;
	}
	effect->file = strdup(file);
	effect->text = text;
	effect->expect = known && app->plan_on_disk ? strdup(app->plan_on_disk) : NULL;
	effect->force = force;
}

static void ask_over(struct app *app, const char *file)
{
	struct dialog *d =
		dialog_push(app, DIALOG_CHOICE, FOR_SAVE_OVER, "Save the plan");

	if (!d)
		return;
	d->text = strdup(file);
	dialog_line(d, ROLE_WARNING, "%s holds something else by now.", file);
	dialog_line(d, ROLE_DIALOG, "Nothing has been written.");
	dialog_item(d, 'o', 'o', "write over it");
	dialog_item(d, 'a', 'a', "save as another file...");
	dialog_set_hints(d, "[Enter] take  [Esc] leave it");
	d->list.cursor = 1;
}

void plan_saved(struct app *app, const struct event *event)
{
	bool quit = app->quit_when_saved;

	app->quit_when_saved = false;
	if (event->differs) {
		ask_over(app, event->file);
		return;
	}
	if (event->err && event->err->code) {
		app_tell_error(app, event->err);
		return;
	}
	if (!is_own_file(app, event->file))
		app->file_since = 0;
	plan_set_file(app, strdup(event->file), strdup(event->text));
	lam_undo_set_saved(app->history);
	plan_drop_journal(app);
	app_tell(app, ROLE_GOOD, "saved: %s", event->file);
	if (quit)
		plan_quit(app);
}

static void save(struct app *app, const char *argument)
{
	char *stem, *file;

	if (argument || app->plan_file) {
		plan_save(app, argument ? argument : app->plan_file, false);
		return;
	}
	stem = lam_reference_stem(app->options.reference);
	file = text_format("%s.plan.json", stem);
	dialog_prompt(app, FOR_SAVE, "Save the plan", "File: ", file);
	free(stem);
	free(file);
}

/* Loading */

static void ask_load(struct app *app, const char *file, enum purpose purpose)
{
	struct app_effect *effect = app_effect_add(app, EFFECT_LOAD);

	if (!effect)
		return;
	effect->file = strdup(file);
	effect->purpose = purpose;
}

static void load(struct app *app, const char *argument)
{
	if (argument)
		ask_load(app, argument, FOR_LOAD);
	else
		dialog_prompt(app, FOR_LOAD, "Load a plan (undo takes it back)",
			      "File: ", app->plan_file);
}

static void merge(struct app *app, const char *argument)
{
	if (argument)
		ask_load(app, argument, FOR_MERGE);
	else
		dialog_prompt(app, FOR_MERGE, "Add another plan's layers and rules",
			      "File: ", NULL);
}

static void take_loaded(struct app *app, const struct event *event, struct lam_plan *plan)
{
	char *name = text_format("load %s", event->file);
	char *old_file = app->plan_file, *old_text = app->plan_on_disk;
	bool was_clean = lam_undo_unsaved(app->history) == 0,
	     is_own = is_own_file(app, event->file), pushed;

	/* the journal is told whose the plan is */
	app->plan_file = strdup(event->file);
	app->plan_on_disk = strdup(event->text);
	pushed = plan_push(app, name ? name : "load", plan);
	free(name);
	if (!pushed) {
		plan_set_file(app, old_file, old_text);
		return;
	}
	free(old_file);
	free(old_text);
	if (!is_own)
		app->file_since = lam_undo_back_count(app->history);
	/* else what stood before is in no file: it is asked about at the end, and the
	 * journal keeps it until it is saved */
	if (was_clean)
		lam_undo_set_saved(app->history);
	if (was_clean)
		plan_forget(app);
}

void plan_forget_file(struct app *app)
{
	if (lam_undo_back_count(app->history) >= app->file_since)
		return;
	plan_set_file(app, NULL, NULL);
	app->file_since = 0;
}

static void take_merged(struct app *app, const struct event *event,
			const struct lam_plan *other)
{
	struct lam_plan *plan = plan_copy(app);
	struct lam_error err;
	char *name;

	if (!plan)
		return;
	if (lam_edit_append(plan, other, &err) < 0) {
		app_tell_error(app, &err);
		lam_plan_free(plan);
		return;
	}
	name = text_format("merge %s", event->file);
	plan_push(app, name ? name : "merge", plan);
	free(name);
}

void plan_loaded(struct app *app, const struct event *event)
{
	struct lam_plan_errors errors = { 0 };
	struct lam_plan *plan;
	struct lam_error err;

	if (event->err && event->err->code) {
		app_tell_error(app, event->err);
		return;
	}
	if (lam_plan_parse(&plan, event->text, strlen(event->text), event->file, &errors,
			   &err) < 0) {
		dialog_errors(app, "This plan has errors; nothing was changed", &errors,
			      &err);
	} else if (event->purpose == FOR_MERGE) {
		take_merged(app, event, plan);
		lam_plan_free(plan);
	} else {
		take_loaded(app, event, plan);
	}
	lam_plan_errors_fini(&errors);
}

/* The editor */

void plan_edit_text(struct app *app, const char *text, size_t line)
{
	struct app_effect *effect = app_effect_add(app, EFFECT_EDITOR);

	if (!effect)
		return;
	effect->text = strdup(text);
	effect->line = line;
	if (!effect->text)
		app_tell(app, ROLE_ERROR, "out of memory");
}

static void edit(struct app *app, const char *argument)
{
	char *text = plan_text(app);

	(void)argument;
	if (text)
		plan_edit_text(app, text, 1);
	free(text);
}

static void ask_again(struct app *app, const char *text,
		      const struct lam_plan_errors *errors, const struct lam_error *err)
{
	struct dialog *d = dialog_push(app, DIALOG_CHOICE, FOR_EDIT_AGAIN,
				       "The edited plan has errors");

	if (!d)
		return;
	d->text = strdup(text);
	d->value = errors->count ? errors->at[0] : 1;
	if (!errors->count)
		dialog_line(d, ROLE_ERROR, "%s", err->text);
	for (size_t i = 0; i < errors->count && i < 100; i++)
		dialog_line(d, ROLE_ERROR, "line %zu: %s", errors->at[i],
			    errors->lines[i]);
	dialog_item(d, 'e', 'e', "edit it again, at line %llu",
		    (unsigned long long)d->value);
	dialog_item(d, 'd', 'd', "drop what was typed; the plan stays as it was");
	dialog_set_hints(d, "[Enter] take");
}

void plan_edited(struct app *app, const struct event *event)
{
	struct lam_plan_errors errors = { 0 };
	struct lam_plan *plan;
	struct lam_error err;

	app_effect_add(app, EFFECT_REDRAW);
	if (event->err && event->err->code) {
		app_tell_error(app, event->err);
		return;
	}
	if (lam_plan_parse(&plan, event->text, strlen(event->text), "plan", &errors,
			   &err) < 0)
		ask_again(app, event->text, &errors, &err);
	else
		plan_push(app, "edited as text", plan);
	lam_plan_errors_fini(&errors);
}

/* Quitting */

void plan_quit(struct app *app)
{
	if (app->writing.running)
		app_stop(app, JOB_WRITE);
	app->quitting = true;
	app_effect_add(app, EFFECT_QUIT);
}

static void quit(struct app *app, const char *argument)
{
	(void)argument;
	if (app->writing.running || lam_undo_unsaved(app->history))
		ask_quit(app);
	else
		plan_quit(app);
}

static void write_image(struct app *app, const char *argument)
{
	char *output;

	if (app->writing.running) {
		write_show(app);
		return;
	}
	if (argument) {
		write_summarise(app, argument);
		return;
	}
	output = app->output ? strdup(app->output)
			     : lam_reference_beside(app->options.reference,
						    lam_image_name(app->image));
	dialog_prompt(app, FOR_OUTPUT, "Write the image (a summary comes first)",
		      "To: ", output);
	free(output);
}

act_fn *const FILE_ACTIONS[ACT_COUNT] = {
	[ACT_EDIT] = edit, [ACT_SAVE] = save,        [ACT_LOAD] = load,
	[ACT_QUIT] = quit, [ACT_MERGE_PLAN] = merge, [ACT_WRITE] = write_image,
};
