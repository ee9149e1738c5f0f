/* Jobs of all kinds: what each is, and when it starts and comes back. */
#include <stdlib.h>

#include "base/memory.h"
#include "editor/state/state.h"

void *job_new(size_t size, const struct job_ops *ops)
{
	struct job *job = lam_xcalloc(1, size);

	job->ops = ops;
	job->kind = ops->kind;
	pthread_mutex_init(&job->mutex, NULL);
	return job;
}

void job_run(struct job *job)
{
	job->code = job->ops->run(job);
}

void job_free(struct job *job)
{
	if (!job)
		return;
	job->ops->free(job);
	pthread_mutex_destroy(&job->mutex);
	free(job);
}

void job_hear(void *context, const struct lam_step *step)
{
	struct job *job = context;
	struct job_stage *stage = &job->progress.of[step->stage];

	pthread_mutex_lock(&job->mutex);
	if (step->layer_count != stage->layer_count)
		*stage = (struct job_stage){ .layer_count = step->layer_count };
	if (step->layer < JOB_LAYERS) {
		stage->done[step->layer] = step->done;
		stage->total[step->layer] = step->total;
	}
	job->progress.stage = step->stage;
	job->progress.serial++;
	pthread_mutex_unlock(&job->mutex);
	if (job->heard)
		job->heard(job->context);
}

void job_progress(struct job *job, struct job_progress *out)
{
	pthread_mutex_lock(&job->mutex);
	*out = job->progress;
	pthread_mutex_unlock(&job->mutex);
}

void job_stage_sum(const struct job_stage *stage, uint64_t *out_done, uint64_t *out_total)
{
	*out_done = *out_total = 0;
	for (size_t i = 0; i < JOB_LAYERS && i < stage->layer_count; i++) {
		*out_done += stage->done[i];
		*out_total += stage->total[i];
	}
}

static void launch(struct app *app, struct job *job)
{
	struct request *request = app_request(app, REQUEST_JOB);

	request->job = job;
	request->job_kind = job->kind;
	app->jobs.running[job->kind] = true;
}

void app_start(struct app *app, struct job *job)
{
	if (!app->jobs.running[job->kind]) {
		launch(app, job);
		return;
	}
	app_stop(app, job->kind);
	app->jobs.waiting[job->kind] = job;
}

void app_stop(struct app *app, enum job_kind kind)
{
	job_free(app->jobs.waiting[kind]);
	app->jobs.waiting[kind] = NULL;
	if (app->jobs.running[kind])
		app_request(app, REQUEST_STOP)->job_kind = kind;
}

/* What is not needed any more */

struct free_job {
	struct job job;
	struct garbage *garbage;
	size_t count;
};

static int run_free(struct job *job)
{
	struct free_job *f = (struct free_job *)job;

	for (size_t i = 0; i < f->count; i++)
		f->garbage[i].free(f->garbage[i].value);
	f->count = 0;
	return 0;
}

static void free_garbage(struct job *job)
{
	run_free(job);
	free(((struct free_job *)job)->garbage);
}

static const struct job_ops FREE = { .kind = JOB_FREE,
				     .run = run_free,
				     .free = free_garbage };

/* Away from the keys: what a plan does to a million paths takes 20 ms to free. */
static void free_retired(struct app *app)
{
	struct jobs *jobs = &app->jobs;
	struct free_job *job;

	for (size_t i = 0; i < JOB_COUNT; i++) {
		/* these look at the image alone */
		if (i != JOB_OPEN && i != JOB_LOOK && i != JOB_WRITE && jobs->running[i])
			return;
	}
	if (!jobs->retired_count)
		return;
	job = job_new(sizeof *job, &FREE);
	job->garbage = jobs->retired;
	job->count = jobs->retired_count;
	jobs->retired = NULL;
	jobs->retired_count = jobs->retired_cap = 0;
	launch(app, &job->job);
}

void app_retire(struct app *app, void *value, void (*free_value)(void *))
{
	struct jobs *jobs = &app->jobs;

	if (!value)
		return;
	LAM_XGROW(jobs->retired, jobs->retired_count, jobs->retired_cap);
	jobs->retired[jobs->retired_count++] = (struct garbage){ value, free_value };
	free_retired(app);
}

void app_job_ended(struct app *app, struct job *job)
{
	struct job *next = app->jobs.waiting[job->kind];

	app->jobs.running[job->kind] = false;
	app->jobs.waiting[job->kind] = NULL;
	if (next)
		launch(app, next);
	if (app->quitting || !job->ops->done)
		;
	else if (job->code == 0 || job->ops->takes_failures)
		job->ops->done(app, job);
	else if (job->code != LAM_ESTOPPED)
		app_tell_error(app, &job->err);
	job_free(job);
	free_retired(app);
}
