/* Opening the image: what is worked out before the first look at it. */
#include <stdlib.h>

#include "base/buf.h"
#include "editor/app.h"
#include "editor/plan/journal.h"
#include "editor/plan/plan.h"

struct open_job {
	struct job job;
	struct options options; /* what they point to outlives the job */
	enum sort sort;
	struct lam_image *image;
	struct facts *facts;
	struct owners *owners;
	struct order *order;
	struct draft *orphan;
};

static int run_open(struct job *job)
{
	struct open_job *o = (struct open_job *)job;
	const struct lam_progress progress = { job_hear, job, &job->stop };
	const struct lam_open_options options = {
		.platform = o->options.platform,
		.threads = o->options.threads,
		.temporary = o->options.temporary,
		.cache = o->options.cache_dir,
		.progress = &progress,
		.access = o->options.access,
	};
	struct lam_error *err = &job->err;

	if (lam_image_open(&o->image, o->options.reference, &options, err) < 0 ||
	    facts_new(&o->facts, o->image, &job->stop, err) < 0 ||
	    owners_new(&o->owners, o->image, &job->stop, err) < 0 ||
	    order_new(&o->order, o->facts, o->sort, false, &job->stop, err) < 0)
		return err->code;
	if (o->options.state_dir)
		o->orphan = journal_find(o->options.state_dir,
					 lam_image_manifest_digest(o->image));
	return 0;
}

static void free_open(struct job *job)
{
	struct open_job *o = (struct open_job *)job;

	draft_free(o->orphan);
	order_free(o->order);
	owners_free(o->owners);
	facts_free(o->facts);
	lam_image_close(o->image);
}

/* There is nothing to look at: the reason stands on the terminal once the screen is gone.
 */
static void fail_opening(struct app *app, const struct lam_error *err)
{
	app->phase = PHASE_FAILED;
	app->failure = *err;
	plan_stop(app, 3);
}

/* What is as large as the image, and the plan that changes nothing, where none was given.
 */
static int make_ready(struct app *app, struct lam_error *err)
{
	static const struct lam_plan_request nothing;
	struct lam_plan *plan;

	if (!bits_init(&app->files.open, app->facts->count) ||
	    !bits_init(&app->files.marks, app->facts->count) ||
	    !bits_init(&app->files.above, app->facts->count))
		return lam_fail_memory(err);
	if (app->plan.undo)
		return 0;
	if (lam_plan_make(&plan, app->image, &nothing, err) < 0)
		return err->code;
	app->plan.undo = lam_undo_new(plan);
	return 0;
}

/* One line, until the next key. */
static void greet(struct app *app)
{
	static const enum action told[] = { ACT_ASSIGN, ACT_EFFECT, ACT_WRITE, ACT_HELP };
	char keys[4][KEY_NAME_MAX * KEY_SEQUENCE_MAX];

	for (size_t i = 0; i < sizeof told / sizeof *told; i++)
		keymap_name(&app->keys.map, told[i], CONTEXT_FILES, keys[i]);
	app_tell(app, ROLE_STATUS,
		 "%s gives to a layer, %s tells the effect, %s writes, %s has all keys",
		 keys[0], keys[1], keys[2], keys[3]);
}

static void take_open(struct app *app, struct job *job)
{
	struct open_job *o = (struct open_job *)job;
	struct lam_error err;

	if (job->code < 0) {
		fail_opening(app, &job->err);
		return;
	}
	app->image = LAM_STEAL(o->image);
	app->facts = LAM_STEAL(o->facts);
	app->owners = LAM_STEAL(o->owners);
	app->files.order = LAM_STEAL(o->order);
	app->plan.orphan = LAM_STEAL(o->orphan);
	if (make_ready(app, &err) < 0) {
		fail_opening(app, &err);
		return;
	}
	if (app->options.state_dir)
		app->plan.journal = journal_new(app->options.state_dir,
						lam_image_manifest_digest(app->image),
						app->options.reference);
	app->phase = PHASE_READY;
	files_rebuild(app, LAM_NODE_NONE);
	plan_want_effect(app);
	if (app->plan.orphan)
		plan_ask_orphan(app);
	else if (app->greets)
		greet(app);
	else if (lam_image_note_total(app->image) && !app->message.text[0])
		app_tell(app, ROLE_STATUS,
			 "%llu odd things about this image: gn lists them",
			 (unsigned long long)lam_image_note_total(app->image));
}

void app_open(struct app *app)
{
	static const struct job_ops OPEN = { JOB_OPEN, run_open, take_open, free_open,
					     true };
	struct open_job *job = job_new(sizeof *job, &OPEN);

	job->options = app->options;
	job->sort = app->files.sort;
	app_start(app, &job->job);
}
