/* The plan and files: saving, loading, the editor, and quitting without a loss. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <lamina/path.h>
#include <lamina/reference.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/memory.h"
#include "editor/plan/journal.h"
#include "editor/plan/plan.h"

static bool has_failed(struct app *app, const struct event *event)
{
	if (!event->err || !event->err->code)
		return false;
	app_tell_error(app, event->err);
	return true;
}

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
	const char *own = app_plan_file(app);

	return own && strcmp(file, own) == 0;
}

char *plan_text_digest(const char *text)
{
	struct lam_digest digest = lam_digest_of(LAM_SHA256, text, strlen(text));
	char out[LAM_DIGEST_TEXT];

	return lam_xstrdup(lam_digest_format(&digest, out));
}

void plan_set_file(struct app *app, char *file, char *on_disk)
{
	free(app->plan.file);
	free(app->plan.on_disk);
	app->plan.file = file;
	app->plan.on_disk = on_disk;
}

void plan_forget_file(struct app *app)
{
	if (app_plan_file(app) || !app->plan.file)
		return;
	plan_set_file(app, NULL, NULL);
	app->plan.file_since = 0;
}

/* What the file may hold without a question: what was read from it or saved to it. */
static void save_as(struct app *app, const char *file, bool force)
{
	const char *known = is_own_file(app, file) ? app->plan.on_disk : NULL;
	char *text = plan_text(app);
	struct request *request;

	if (!text)
		return;
	request = app_request(app, REQUEST_SAVE);
	request->file = lam_xstrdup(file);
	request->text = text;
	request->expect = lam_xcopy(known);
	request->force = force;
}

static void over_item(struct app *app, struct dialog *d, const struct dialog_item *item)
{
	app->plan.quit_when_saved = d->value;
	if (item->id == 'o')
		save_as(app, d->text, true);
	else
		dialog_prompt(app, plan_save, "Save the plan", "File: ", d->text);
}

static void ask_over(struct app *app, const char *file, bool quit)
{
	struct dialog *d = dialog_push(app, DIALOG_CHOICE, "Save the plan");

	d->on_item = over_item;
	d->text = lam_xstrdup(file);
	d->value = quit;
	dialog_line(d, ROLE_WARNING,
		    is_own_file(app, file) ? "%s holds something else by now."
					   : "%s is there already, and holds something "
					     "else.",
		    file);
	dialog_line(d, ROLE_DIALOG, "Nothing has been written.");
	dialog_item(d, 'o', 'o', "write over it");
	dialog_item(d, 'a', 'a', "save as another file...");
	dialog_set_hints(d, "[Enter] take  [Esc] leave it");
	d->list.cursor = 1;
}

void plan_saved(struct app *app, const struct event *event)
{
	bool quit = app->plan.quit_when_saved;

	app->plan.quit_when_saved = false;
	if (event->differs) {
		ask_over(app, event->file, quit);
		return;
	}
	if (has_failed(app, event))
		return;
	if (!is_own_file(app, event->file))
		app->plan.file_since = 0;
	plan_set_file(app, lam_xstrdup(event->file), plan_text_digest(event->text));
	lam_undo_set_saved(app->plan.undo);
	plan_drop_journal(app);
	app_tell(app, ROLE_GOOD, "saved: %s", event->file);
	if (quit)
		plan_stop(app, 0);
}

void plan_save(struct app *app, const char *text)
{
	char *stem, *file;

	if (text || app_plan_file(app)) {
		save_as(app, text ? text : app_plan_file(app), false);
		return;
	}
	stem = lam_reference_stem(app->options.reference);
	file = lam_xprintf("%s.plan.json", stem);
	dialog_prompt(app, plan_save, "Save the plan", "File: ", file);
	free(stem);
	free(file);
}

/* Loading */

static void read_plan(struct app *app, const char *file, bool merge)
{
	struct request *request = app_request(app, REQUEST_LOAD);

	request->file = lam_xstrdup(file);
	request->merge = merge;
}

static void load_item(struct app *app, struct dialog *d, const struct dialog_item *item)
{
	if (item->id == 'l')
		read_plan(app, d->text, false);
	else
		app_tell(app, ROLE_STATUS, "nothing was loaded");
}

/* What stands and is in no file is given up knowingly. */
static void load(struct app *app, const char *file)
{
	struct dialog *d;

	if (!app_unsaved(app)) {
		read_plan(app, file, false);
		return;
	}
	d = dialog_push(app, DIALOG_CHOICE, "Load a plan");
	d->on_item = load_item;
	d->text = lam_xstrdup(file);
	dialog_line(d, ROLE_WARNING, "The plan has changes that are in no file.");
	dialog_item(d, 'l', 'l', "load; undo brings them back while the editor runs");
	dialog_item(d, 's', 's', "stay, to save them first");
	dialog_set_hints(d, "[letter] pick  [Esc] stay");
}

void plan_load(struct app *app, const char *text)
{
	if (text)
		load(app, text);
	else
		dialog_prompt(app, plan_load, "Load a plan (undo takes it back)",
			      "File: ", app_plan_file(app));
}

void plan_merge(struct app *app, const char *text)
{
	if (text)
		read_plan(app, text, true);
	else
		dialog_prompt(app, plan_merge, "Add another plan's layers and rules",
			      "File: ", NULL);
}

static void take_loaded(struct app *app, const struct event *event, struct lam_plan *plan)
{
	struct plan *p = &app->plan;
	bool is_own = is_own_file(app, event->file);

	plan_forget_file(app);
	/* the journal is told whose the plan is */
	plan_set_file(app, lam_xstrdup(event->file), plan_text_digest(event->text));
	plan_push(app, plan, "load %s", event->file);
	p->loaded = true;
	if (!is_own)
		p->file_since = lam_undo_back_count(p->undo);
	lam_undo_set_saved(p->undo);
	plan_forget(app);
}

static void take_merged(struct app *app, const struct event *event,
			const struct lam_plan *other)
{
	struct lam_plan *plan = plan_copy(app);
	struct lam_error err;
	int code = lam_edit_append(plan, other, &err);

	plan_changed(app, plan, code, &err, "merge %s", event->file);
}

void plan_loaded(struct app *app, const struct event *event)
{
	struct lam_plan_errors errors = { 0 };
	struct lam_plan *plan;
	struct lam_error err;

	if (has_failed(app, event))
		return;
	if (lam_plan_parse(&plan, event->text, strlen(event->text), event->file, &errors,
			   &err) < 0) {
		dialog_errors(app, "This plan has errors; nothing was changed", &errors,
			      &err);
	} else if (event->merge) {
		take_merged(app, event, plan);
		lam_plan_free(plan);
	} else {
		take_loaded(app, event, plan);
	}
	lam_plan_errors_fini(&errors);
}

/* The editor */

static void edit_text(struct app *app, const char *text, size_t line)
{
	struct request *request = app_request(app, REQUEST_EDITOR);

	request->text = lam_xstrdup(text);
	request->line = line;
}

void plan_edit(struct app *app)
{
	LAM_CLEANUP(lam_free_ptr) char *text = NULL;

	if (app->plan.typed) {
		edit_text(app, app->plan.typed, app->plan.typed_line);
		return;
	}
	text = plan_text(app);
	if (text)
		edit_text(app, text, 1);
}

static void again_item(struct app *app, struct dialog *d, const struct dialog_item *item)
{
	(void)d;
	if (item->id == 'e')
		plan_edit(app);
	else
		free(LAM_STEAL(app->plan.typed));
}

static void ask_again(struct app *app, const char *text,
		      const struct lam_plan_errors *errors, const struct lam_error *err)
{
	struct dialog *d = dialog_push(app, DIALOG_CHOICE, "The edited plan has errors");

	d->on_item = again_item;
	d->on_leave = "the plan stays as it was; e goes on with what was typed";
	free(app->plan.typed);
	app->plan.typed = lam_xstrdup(text);
	app->plan.typed_line = errors->count ? errors->at[0] : 1;
	if (!errors->count)
		dialog_line(d, ROLE_ERROR, "%s", err->text);
	for (size_t i = 0; i < errors->count && i < 100; i++)
		dialog_line(d, ROLE_ERROR, "line %zu: %s", errors->at[i],
			    errors->lines[i]);
	dialog_item(d, 'e', 'e', "edit it again, at line %zu", app->plan.typed_line);
	dialog_item(d, 'd', 'd', "drop what was typed; the plan stays as it was");
	dialog_set_hints(d, "[Enter] take");
}

void plan_edited(struct app *app, const struct event *event)
{
	struct lam_plan_errors errors = { 0 };
	struct lam_plan *plan;
	struct lam_error err;

	app_request(app, REQUEST_REDRAW);
	if (has_failed(app, event))
		return;
	if (lam_plan_parse(&plan, event->text, strlen(event->text), "plan", &errors,
			   &err) < 0)
		ask_again(app, event->text, &errors, &err);
	else
		plan_push(app, plan, "edited as text"), free(LAM_STEAL(app->plan.typed));
	lam_plan_errors_fini(&errors);
}

/* An unsaved plan of another time */

static void show_orphan(struct app *app)
{
	struct lam_error err;
	struct dialog *d;
	char *text;

	plan_ask_orphan(app);
	if (lam_plan_format(app->plan.orphan->plan, &text, &err) < 0) {
		app_tell_error(app, &err);
		return;
	}
	d = dialog_push(app, DIALOG_TEXT, "The unsaved plan");
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");

		dialog_line(d, ROLE_DIALOG, "%.*s", (int)len, line);
		line += len + (line[len] == '\n');
	}
	dialog_set_hints(d, "[Esc] back");
	free(text);
}

static void orphan_item(struct app *app, struct dialog *d, const struct dialog_item *item)
{
	(void)d;
	if (item->id == 'r') {
		plan_recover(app);
	} else if (item->id == 's') {
		show_orphan(app);
	} else {
		draft_remove(LAM_STEAL(app->plan.orphan));
		app_tell(app, ROLE_STATUS, "the unsaved plan is dropped");
	}
}

static void time_text(int64_t seconds, char out[40])
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(out, 40, "%Y-%m-%d %H:%M UTC", &tm))
		snprintf(out, 40, "?");
}

static void escaped_line(struct dialog *d, enum role role, const char *before,
			 const char *name)
{
	LAM_CLEANUP(lam_free_ptr) char *shown = lam_path_escape(name, strlen(name));

	dialog_line(d, role, "%s%s", before, shown);
}

void plan_ask_orphan(struct app *app)
{
	const struct draft *o = app->plan.orphan;
	struct dialog *d =
		dialog_push(app, DIALOG_CHOICE, "An unsaved plan of this image");
	char when[40];

	d->on_item = orphan_item;
	d->on_leave = "the unsaved plan stays on disk, and is offered again";
	time_text(o->time, when);
	dialog_line(d, ROLE_DIALOG, "of %s, %zu change%s:", when, o->changes,
		    o->changes == 1 ? "" : "s");
	for (size_t i = 0; i < o->name_count; i++)
		escaped_line(d, ROLE_DIM, "  ", o->names[i]);
	if (plan_orphan_is_of_open(app))
		;
	else if (o->plan_file)
		escaped_line(d, ROLE_WARNING, "of the plan file ", o->plan_file);
	else
		dialog_line(d, ROLE_WARNING, "of a plan that is in no file yet");
	dialog_item(d, 'r', 'r', "recover it (undo takes it back)");
	dialog_item(d, 's', 's', "show it");
	dialog_item(d, 'd', 'd', "drop it for good");
	dialog_set_hints(d, "[letter] pick  [Esc] decide another time");
}

/* Quitting */

void plan_stop(struct app *app, int code)
{
	if (app->writing.running)
		app_stop(app, JOB_WRITE);
	app->quitting = true;
	app_request(app, REQUEST_QUIT)->line = (size_t)code;
}

static void quit_item(struct app *app, struct dialog *d, const struct dialog_item *item)
{
	(void)d;
	if (item->id == 's') {
		app->plan.quit_when_saved = true;
		plan_save(app, NULL);
		return;
	}
	if (item->id == 'd')
		plan_drop_journal(app);
	plan_stop(app, 0);
}

static void ask_quit(struct app *app)
{
	struct dialog *d = dialog_push(app, DIALOG_CHOICE, "Quit");

	d->on_item = quit_item;
	d->of_write = true;
	if (app->writing.running)
		dialog_line(d, ROLE_WARNING,
			    "The image is being written: quitting cancels that.");
	if (!app_unsaved(app)) {
		dialog_item(d, 'q', 'q', "quit");
	} else {
		dialog_line(d, ROLE_DIALOG, "The plan has changes that are in no file.");
		dialog_item(d, 's', 's', "save and quit");
		if (!app->plan.unkept)
			dialog_item(d, 'k', 'k',
				    "quit; they are offered again next time");
		dialog_item(d, 'd', 'd', "drop them and quit");
	}
	dialog_set_hints(d, "[letter] pick  [Esc] stay");
}

void plan_quit(struct app *app, bool asks)
{
	bool unsaved = app_unsaved(app);

	if (app->writing.running || (unsaved && (asks || app->plan.unkept)))
		ask_quit(app);
	else
		plan_stop(app, 0);
}
