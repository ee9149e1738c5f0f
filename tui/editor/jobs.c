/* Jobs: asking for them, and taking what they bring. */
#include <stdlib.h>
#include <string.h>

#include "editor/app_internal.h"

static void launch(struct app *app, struct job *job)
{
	struct app_effect *effect = app_effect_add(app, EFFECT_JOB);

	if (!effect) {
		job_free(job);
		return;
	}
	effect->job = job;
	effect->job_kind = job->kind;
	app->running[job->kind] = true;
}

void app_start(struct app *app, struct job *job)
{
	if (!job) {
		app_tell(app, ROLE_ERROR, "out of memory");
		return;
	}
	if (!app->running[job->kind]) {
		launch(app, job);
		return;
	}
	app_stop(app, job->kind);
	job_free(app->waiting[job->kind]);
	app->waiting[job->kind] = job;
}

void app_stop(struct app *app, enum job_kind kind)
{
	struct app_effect *effect;

	job_free(app->waiting[kind]);
	app->waiting[kind] = NULL;
	if (!app->running[kind])
		return;
	effect = app_effect_add(app, EFFECT_STOP);
	if (effect)
		effect->job_kind = kind;
}

/* Away from the keys: what a plan does to a million paths takes 20 ms to free. */
static void free_retired(struct app *app)
{
	struct job *job;

	for (size_t i = 0; i < JOB_COUNT; i++) {
		/* these two look at the image alone */
		if (i != JOB_OPEN && i != JOB_WRITE && app->running[i])
			return;
	}
	job = app->retired_count ? job_new(JOB_FREE) : NULL;
	if (!job)
		return;
	job->garbage = app->retired;
	job->garbage_count = app->retired_count;
	app->retired = NULL;
	app->retired_count = app->retired_cap = 0;
	launch(app, job);
}

void app_retire(struct app *app, void *value, void (*free_value)(void *))
{
	if (!value)
		return;
	if (app->retired_count == app->retired_cap) {
		size_t cap = app->retired_cap ? app->retired_cap * 2 : 8;
		struct garbage *more = realloc(app->retired, cap * sizeof *more);

		/* kept for ever rather than freed under a job's hands */
		if (!more)
			return;
		app->retired = more;
		app->retired_cap = cap;
	}
	app->retired[app->retired_count++] = (struct garbage){ value, free_value };
	free_retired(app);
}

static void retire_order(void *order)
{
	order_free(order);
}

static void retire_effect(void *effect)
{
	effect_free(effect);
}

/* Asking */

void app_want_effect(struct app *app)
{
	struct job *job = job_new(JOB_EFFECT);

	app->effect_stale = true;
	if (job) {
		job->facts = app->facts;
		job->plan = lam_plan_copy(app_plan(app));
	}
	app_start(app, job);
}

void app_want_order(struct app *app)
{
	struct job *job = job_new(JOB_ORDER);

	if (job) {
		job->facts = app->facts;
		job->sort = app->files.sort;
		job->reverse = app->files.reverse;
	}
	app_start(app, job);
}

void app_want_filter(struct app *app)
{
	struct job *job;
	struct lam_error err;

	if (!app->files.filter_text)
		return;
	job = job_new(JOB_FILTER);
	if (job && filter_parse(&job->filter, app->files.filter_text, &err) < 0) {
		job_free(job);
		app_tell_error(app, &err);
		return;
	}
	if (job) {
		job->facts = app->facts;
		job->effect = app->effect;
		job->node = LAM_NODE_ROOT;
		job->ghosts = app->files.ghosts;
	}
	app_start(app, job);
}

void app_want_search(struct app *app)
{
	struct job *job;
	struct lam_error err;

	if (!app->files.search_text)
		return;
	job = job_new(JOB_SEARCH);
	if (job && search_parse(&job->search, app->files.search_text, &err) < 0) {
		job_free(job);
		app_tell_error(app, &err);
		return;
	}
	if (job) {
		job->facts = app->facts;
		job->order = app->order;
		job->node = LAM_NODE_ROOT;
		job->ghosts = app->files.ghosts;
	}
	app_start(app, job);
}

/* Taking */

/* The plan that changes nothing, where none was given. */
static bool make_plan(struct app *app)
{
	static const struct lam_plan_request nothing;
	struct lam_plan *plan;

	if (app->history)
		return true;
	if (lam_plan_make(&plan, app->image, &nothing, &app->failure) < 0)
		return false;
	app->history = lam_undo_new(plan);
	return true;
}

static bool make_sets(struct app *app)
{
	struct files *files = &app->files;

	if (!bits_init(&files->open, app->facts->count) ||
	    !bits_init(&files->marks, app->facts->count)) {
		lam_fail_memory(&app->failure);
		return false;
	}
	return true;
}

/* There is nothing to look at: the reason stands on the terminal once the screen is gone.
 */
static void fail_opening(struct app *app, const struct lam_error *err)
{
	struct app_effect *quit = app_effect_add(app, EFFECT_QUIT);

	app->phase = PHASE_FAILED;
	app->failure = *err;
	app->quitting = true;
	if (quit)
		quit->line = 3;
}

static void take_open(struct app *app, struct job *job)
{
	if (job->code < 0) {
		fail_opening(app, &job->err);
		return;
	}
	app->image = job->out_image;
	app->facts = job->out_facts;
	app->owners = job->out_owners;
	app->order = job->out_order;
	app->orphan = job->out_orphan;
	job->out_image = NULL;
	job->out_facts = NULL;
	job->out_owners = NULL;
	job->out_order = NULL;
	job->out_orphan = NULL;
	if (!make_sets(app) || !make_plan(app)) {
		job->err = app->failure;
		fail_opening(app, &job->err);
		return;
	}
	if (app->options.state_dir)
		app->journal = journal_new(app->options.state_dir,
					   lam_image_manifest_digest(app->image),
					   app->options.reference);
	app->phase = PHASE_READY;
	files_rebuild(app, LAM_NODE_NONE);
	app_want_effect(app);
	if (app->orphan)
		ask_orphan(app);
	else if (lam_image_note_total(app->image) && !app->message.text[0])
		app_tell(app, ROLE_STATUS,
			 "%llu odd things about this image: gn lists them",
			 (unsigned long long)lam_image_note_total(app->image));
}

static void take_order(struct app *app, struct job *job)
{
	uint32_t node = app_cursor_node(app);

	app_retire(app, app->order, retire_order);
	app->order = job->out_order;
	job->out_order = NULL;
	if (app->files.hits)
		hits_reorder(app->files.hits, app->order);
	files_rebuild(app, node);
}

static void take_effect(struct app *app, struct job *job)
{
	bool filtered_by_target =
		app->files.filter && filter_asks_targets(app->files.filter);

	app_retire(app, app->effect, retire_effect);
	app->effect = job->out_effect;
	job->out_effect = NULL;
	app->effect_stale = app->running[JOB_EFFECT]; /* a newer plan stands */
	if (!app->effect->layout && app->effect->errors.count)
		app_tell(app, ROLE_ERROR, "%s", app->effect->errors.lines[0]);
	if (filtered_by_target)
		app_want_filter(app);
}

static void take_preview(struct app *app, struct job *job)
{
	preview_free(app->details.preview);
	app->details.preview = job->out_preview;
	job->out_preview = NULL;
}

static void take_waste(struct app *app, struct job *job)
{
	waste_free(app->details.waste);
	app->details.waste = job->out_waste;
	job->out_waste = NULL;
	if (app->details.tab == TAB_WASTE)
		details_home(app);
}

static void take_suggestions(struct app *app, struct job *job)
{
	suggest_free(app->suggestions);
	app->suggestions = job->out_suggestions;
	job->out_suggestions = NULL;
	ask_suggested(app);
}

static void take_nothing(struct app *app, struct job *job)
{
	(void)app;
	(void)job;
}

static void take(struct app *app, struct job *job)
{
	static void (*const TAKE[JOB_COUNT])(struct app *, struct job *) = {
		[JOB_OPEN] = take_open,
		[JOB_ORDER] = take_order,
		[JOB_EFFECT] = take_effect,
		[JOB_FILTER] = files_take_filter,
		[JOB_SEARCH] = files_take_hits,
		[JOB_PREVIEW] = take_preview,
		[JOB_WASTE] = take_waste,
		[JOB_SUGGEST] = take_suggestions,
		[JOB_WRITE] = write_ended,
		[JOB_FREE] = take_nothing,
		[JOB_PATTERN] = ask_assign_counted,
		[JOB_KEEP] = plan_kept,
	};

	if (job->kind == JOB_OPEN || job->kind == JOB_WRITE || job->kind == JOB_KEEP ||
	    job->code == 0)
		TAKE[job->kind](app, job);
	else if (job->code != LAM_ESTOPPED)
		app_tell_error(app, &job->err);
}

void app_job_ended(struct app *app, struct job *job)
{
	struct job *next = app->waiting[job->kind];

	app->running[job->kind] = false;
	app->waiting[job->kind] = NULL;
	if (next)
		launch(app, next);
	if (!app->quitting)
		take(app, job);
	job_free(job);
	free_retired(app);
}
