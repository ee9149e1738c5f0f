/* The plan that stands, what it does, and how it became what it is. */
#include "editor/plan/plan.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/memory.h"
#include "base/size.h"
#include "editor/plan/journal.h"

void plan_init(struct plan *plan, const struct options *options, struct lam_plan *given,
	       const char *text)
{
	if (given) {
		plan->undo = lam_undo_new(given);
		plan->file = lam_xstrdup(options->plan_file);
		plan->on_disk = plan_text_digest(text);
	}
	if (options->output)
		plan->output = lam_xstrdup(options->output);
}

void plan_fini(struct plan *plan)
{
	suggest_free(plan->suggestions);
	lam_suggestion_free(plan->cut);
	free(plan->last_target);
	journal_close(plan->journal);
	draft_free(plan->orphan);
	effect_free(plan->effect);
	lam_undo_free(plan->undo);
	free(plan->file);
	free(plan->on_disk);
	free(plan->typed);
	free(plan->output);
}

struct lam_plan *plan_copy(const struct app *app)
{
	return lam_plan_copy(app_plan(app));
}

/* Its effect */

struct effect_job {
	struct job job;
	const struct facts *facts;
	const struct lam_image *against;
	struct lam_plan *plan;
	struct effect *effect;
};

static int run_effect(struct job *job)
{
	struct effect_job *e = (struct effect_job *)job;

	return effect_new(&e->effect, e->facts, LAM_STEAL(e->plan), e->against,
			  &job->stop, &job->err);
}

static void free_effect_job(struct job *job)
{
	lam_plan_free(((struct effect_job *)job)->plan);
	effect_free(((struct effect_job *)job)->effect);
}

static void retire_effect(void *effect)
{
	effect_free(effect);
}

static void tell_remarks(struct app *app, const struct effect *effect)
{
	size_t count = effect->layout ? lam_layout_remark_count(effect->layout) : 0;

	if (!app->plan.loaded || app->plan.effect_stale)
		return;
	app->plan.loaded = false;
	if (count)
		app_tell(app, ROLE_WARNING,
			 "load %s: %zu remark%s, which Effect tells (t)", app->plan.file,
			 count, count == 1 ? "" : "s");
}

static void take_effect(struct app *app, struct job *job)
{
	struct effect *effect = LAM_STEAL(((struct effect_job *)job)->effect);

	app_retire(app, app->plan.effect, retire_effect);
	app->plan.effect = effect;
	app->plan.effect_stale = app->jobs.running[JOB_EFFECT]; /* a newer plan stands */
	if (!effect->layout && effect->errors.count)
		app_tell(app, ROLE_ERROR, "does not fit (t tells all): %s",
			 effect->errors.lines[0]);
	tell_remarks(app, effect);
	if (app->files.filter && filter_asks_targets(app->files.filter))
		files_refilter(app);
}

void plan_want_effect(struct app *app)
{
	static const struct job_ops EFFECT = { JOB_EFFECT, run_effect, take_effect,
					       free_effect_job, false };
	struct effect_job *job = job_new(sizeof *job, &EFFECT);

	app->plan.effect_stale = true;
	job->facts = app->facts;
	job->against = app->options.against;
	job->plan = plan_copy(app);
	app_start(app, &job->job);
}

bool plan_is_worked_out(struct app *app)
{
	const struct plan *p = &app->plan;

	if (p->effect && p->effect->layout && !p->effect_stale)
		return true;
	app_tell(app, ROLE_STATUS, "the plan is still being worked out");
	return false;
}

/* The journal */

struct keep_job {
	struct job job;
	struct journal *journal;
	struct draft *draft; /* NULL: the journal's file goes */
	char *name;          /* of the step; NULL: of the last one of the draft */
};

static int run_keep(struct job *job)
{
	struct keep_job *k = (struct keep_job *)job;

	return journal_write(k->journal, k->draft, &job->err);
}

static void free_keep(struct job *job)
{
	draft_free(((struct keep_job *)job)->draft);
	free(((struct keep_job *)job)->name);
}

static void drop_recovered(struct app *app)
{
	struct plan *p = &app->plan;

	if (p->orphan && !p->orphan->plan)
		draft_remove(LAM_STEAL(p->orphan));
}

/* Why it could not be kept is told once. */
static void tell_unkept(struct app *app, const char *name, const char *why)
{
	if (app->plan.unkept)
		app_tell(app, ROLE_ERROR, "not kept until saved: %s", name);
	else
		app_tell(app, ROLE_ERROR, "not kept until saved: %s: %s", name, why);
	app->plan.unkept = true;
}

static void take_kept(struct app *app, struct job *job)
{
	const struct keep_job *k = (const struct keep_job *)job;

	if (job->code < 0) {
		tell_unkept(app, k->name ? k->name : k->draft->names[0], job->err.text);
		return;
	}
	app->plan.unkept = false;
	/* the only other copy goes */
	drop_recovered(app);
}

static struct keep_job *keep_job(struct app *app)
{
	static const struct job_ops KEEP = { JOB_KEEP, run_keep, take_kept, free_keep,
					     true };
	struct keep_job *job = job_new(sizeof *job, &KEEP);
	const char *file = app_plan_file(app);

	job->journal = app->plan.journal;
	job->draft = journal_draft(app->plan.journal, file,
				   file ? app->plan.on_disk : NULL, app_plan(app));
	return job;
}

void plan_forget(struct app *app)
{
	if (!app->plan.journal)
		return;
	journal_forget(app->plan.journal);
	app_start(app, &keep_job(app)->job);
}

void plan_drop_journal(struct app *app)
{
	plan_forget(app);
	drop_recovered(app);
}

void plan_flush(struct app *app)
{
	struct job *job;

	/* what came of these is not known */
	if (!app->jobs.running[JOB_KEEP])
		return;
	job = &keep_job(app)->job;
	job_run(job);
	take_kept(app, job);
	job_free(job);
}

/* What stands now goes to the journal, with what was changed: name, or all that was in the
 * draft that was recovered (NULL: none was). */
static void keep(struct app *app, const char *name, const struct draft *recovered)
{
	struct keep_job *job;

	if (!app->plan.journal) {
		tell_unkept(app, name, "there is no journal");
		return;
	}
	app_tell(app, ROLE_GOOD, "%s", name);
	if (app_unsaved(app) == 0) {
		plan_forget(app); /* what stands is in its file, or what the image has */
		return;
	}
	if (recovered)
		journal_take_names(app->plan.journal, recovered);
	else
		journal_note(app->plan.journal, name);
	job = keep_job(app);
	job->name = lam_xstrdup(name);
	app_start(app, &job->job);
}

/* Changes */

static void push_named(struct app *app, struct lam_plan *plan, const char *name,
		       const struct draft *recovered)
{
	if (lam_plan_equal(plan, app_plan(app))) {
		lam_plan_free(plan);
		app_tell(app, ROLE_STATUS, "nothing changes");
	} else {
		plan_forget_file(app);
		lam_undo_push(app->plan.undo, name, plan);
		keep(app, name, recovered);
		plan_want_effect(app);
	}
}

__attribute__((format(printf, 3, 0))) static void
push(struct app *app, struct lam_plan *plan, const char *format, va_list args)
{
	LAM_CLEANUP(lam_free_ptr) char *name = lam_xvprintf(format, args);

	push_named(app, plan, name, NULL);
}

void plan_push(struct app *app, struct lam_plan *plan, const char *name_format, ...)
{
	va_list args;

	va_start(args, name_format);
	push(app, plan, name_format, args);
	va_end(args);
}

bool plan_changed(struct app *app, struct lam_plan *plan, int code,
		  const struct lam_error *err, const char *name_format, ...)
{
	va_list args;

	if (code < 0) {
		app_tell_error(app, err);
		lam_plan_free(plan);
		return false;
	}
	va_start(args, name_format);
	push(app, plan, name_format, args);
	va_end(args);
	return true;
}

static void step(struct app *app, const char *word, const char *name)
{
	char *text;

	if (!name) {
		app_tell(app, ROLE_STATUS, "nothing to %s", word);
		return;
	}
	text = lam_xprintf("%s: %s", word, name);
	keep(app, text, NULL);
	free(text);
	plan_want_effect(app);
}

void plan_undo(struct app *app)
{
	step(app, "undo", lam_undo_back(app->plan.undo));
}

void plan_redo(struct app *app)
{
	step(app, "redo", lam_undo_again(app->plan.undo));
}

bool plan_orphan_is_of_open(const struct app *app)
{
	const char *file = app->plan.orphan->plan_file, *open = app_plan_file(app);

	return file && open ? strcmp(file, open) == 0 : file == open;
}

void plan_recover(struct app *app)
{
	struct plan *p = &app->plan;
	bool other = !plan_orphan_is_of_open(app);

	plan_forget_file(app);
	/* by now the file may be another's: what the changes were made to counts */
	if (other)
		plan_set_file(app, LAM_STEAL(p->orphan->plan_file),
			      LAM_STEAL(p->orphan->on_disk));
	else if (p->orphan->on_disk)
		plan_set_file(app, LAM_STEAL(p->file), LAM_STEAL(p->orphan->on_disk));
	push_named(app, LAM_STEAL(p->orphan->plan), "recovered plan", p->orphan);
	if (other)
		p->file_since = lam_undo_back_count(p->undo);
	/* else once it is kept */
	if (!p->unkept && !app->jobs.running[JOB_KEEP])
		drop_recovered(app);
}

/* Lists of what it says and does */

/* Those that are chosen go; where none is, the cursor goes to the lit one's path. */
static void rules_item(struct app *app, struct dialog *d, const struct dialog_item *item)
{
	const struct lam_plan_rule *lit = item->id < app_plan(app)->rule_count
						  ? &app_plan(app)->rules[item->id]
						  : NULL;
	struct lam_plan *plan = plan_copy(app);
	struct lam_error err;
	size_t removed = 0;
	int code = 0;

	for (size_t i = d->item_count; code == 0 && i-- > 0;) {
		if (!d->items[i].chosen)
			continue;
		code = lam_edit_rule_remove(plan, d->items[i].id, &err);
		removed++;
	}
	if (removed) {
		plan_changed(app, plan, code, &err, "remove %zu rule%s", removed,
			     removed == 1 ? "" : "s");
		return;
	}
	lam_plan_free(plan);
	if (lit && lit->kind == LAM_RULE_PATH)
		files_go_path(app, lit->pattern);
}

static size_t layer_named(const struct lam_plan *plan, const char *name)
{
	for (size_t i = 0; name && i < plan->layer_count; i++) {
		if (strcmp(plan->layers[i].name, name) == 0)
			return i;
	}
	return SIZE_MAX;
}

void plan_rules(struct app *app)
{
	const struct lam_plan *plan = app_plan(app);
	struct dialog *d;

	if (!plan->rule_count) {
		app_tell(app, ROLE_STATUS, "the plan has no rules yet: a makes one");
		return;
	}
	d = dialog_push(app, DIALOG_CHOICE, "Rules: the last that matches wins");
	d->on_item = rules_item;
	d->many = true;
	for (size_t i = 0; i < plan->rule_count; i++) {
		const struct lam_plan_rule *r = &plan->rules[i];
		const char *kind =
			r->kind == LAM_RULE_PATH ? "" : lam_rule_kind_name(r->kind);
		size_t to = layer_named(plan, r->to);
		struct dialog_item *item = dialog_item(
			d, '\0', i, "%3zu %s%s%s -> %s", i, kind, *kind ? " " : "",
			r->pattern, r->to ? r->to : "left out of the image");

		if (to != SIZE_MAX)
			item->chip = (uint16_t)(to + 1);
		item->role = r->to ? ROLE_DIALOG : ROLE_WARNING;
	}
	d->list.cursor = plan->rule_count - 1;
	dialog_set_hints(
		d, "[Space] choose  [Enter] remove the chosen, or go there  [Esc] close");
}

#define MOST_ITEMS 10000
#define MOST_LINES 8

/* Layers that come together move without a rule. */
static size_t list_merged(const struct effect *e, struct dialog *d)
{
	size_t merged = 0;

	for (size_t i = 0; i < e->plan->layer_count; i++) {
		const struct lam_target *t = lam_layout_layer(e->layout, i);

		if (e->layers[i].originals > 1 && merged++ < MOST_LINES && d)
			dialog_line(d, ROLE_DIALOG,
				    "%u layers in one: %s, with files of %s",
				    e->layers[i].originals, e->plan->layers[i].name,
				    *t->from ? t->from : "none");
	}
	if (d && merged > MOST_LINES)
		dialog_line(d, ROLE_DIM, "and %zu more", merged - MOST_LINES);
	return merged;
}

static void list_moves(struct app *app, const struct move *moves, size_t count)
{
	struct dialog *d = dialog_push(app, DIALOG_CHOICE, "What moves");

	d->on_item = files_go_item;
	list_merged(app->plan.effect, d);
	if (count == 0)
		dialog_line(d, ROLE_DIM, "No rule gives anything to another layer.");
	for (size_t i = 0; i < count && i < MOST_ITEMS; i++) {
		char size[LAM_SIZE_TEXT], files[32];
		const struct move *m = &moves[i];
		LAM_CLEANUP(lam_free_ptr)
		char *path = lam_tree_path_text(app->facts->tree, m->top);

		dialog_item(d, '\0', m->top, "%6s  layer %u > %-14s %8s files  %s",
			    lam_size_text(m->bytes, size), m->from,
			    m->to == LAM_TARGET_NONE
				    ? "left out"
				    : app->plan.effect->plan->layers[m->to].name,
			    lam_count_text(m->files, files), path);
	}
	dialog_set_hints(d, "[Enter] go there  [Esc] close");
}

void plan_moves(struct app *app)
{
	struct lam_error err;
	struct move *moves;
	size_t count;

	if (!app->plan.effect || !app->plan.effect->layout) {
		app_tell(app, ROLE_STATUS, "the plan has no layout yet");
		return;
	}
	if (effect_moves(app->plan.effect, app->facts, &moves, &count, &err) < 0) {
		app_tell_error(app, &err);
		return;
	}
	if (count || list_merged(app->plan.effect, NULL))
		list_moves(app, moves, count);
	else
		app_tell(app, ROLE_STATUS,
			 "nothing moves: every path is where it came from");
	free(moves);
}
