#include "editor/job.h"

#include <stdlib.h>
#include <string.h>

struct job *job_new(enum job_kind kind)
{
	struct job *job = calloc(1, sizeof *job);

	if (!job)
		return NULL;
	job->kind = kind;
	pthread_mutex_init(&job->mutex, NULL);
	return job;
}

static int free_garbage(struct job *job)
{
	for (size_t i = 0; i < job->garbage_count; i++)
		job->garbage[i].free(job->garbage[i].value);
	free(job->garbage);
	job->garbage = NULL;
	job->garbage_count = 0;
	return 0;
}

void job_free(struct job *job)
{
	if (!job)
		return;
	lam_plan_free(job->plan);
	filter_free(job->filter);
	search_free(job->search);
	free(job->text);
	free_garbage(job);
	draft_free(job->draft);
	effect_free(job->out_effect);
	order_free(job->out_order);
	owners_free(job->out_owners);
	draft_free(job->out_orphan);
	facts_free(job->out_facts);
	lam_image_close(job->out_image);
	filter_result_free(job->out_filtered);
	hits_free(job->out_hits);
	preview_free(job->out_preview);
	waste_free(job->out_waste);
	suggest_free(job->out_suggestions);
	lam_write_result_fini(&job->out_written);
	pthread_mutex_destroy(&job->mutex);
	free(job);
}

void job_progress(struct job *job, struct job_progress *out)
{
	pthread_mutex_lock(&job->mutex);
	*out = job->progress;
	pthread_mutex_unlock(&job->mutex);
}

static void hear(void *context, const struct lam_step *step)
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

static int run_open(struct job *job)
{
	const struct lam_progress progress = { hear, job, &job->stop };
	const struct lam_open_options options = {
		.platform = job->platform,
		.threads = job->threads,
		.temporary = job->temporary,
		.cache = job->cache_dir,
		.progress = &progress,
	};
	struct lam_error *err = &job->err;

	if (lam_image_open(&job->out_image, job->text, &options, err) < 0 ||
	    facts_new(&job->out_facts, job->out_image, &job->stop, err) < 0 ||
	    owners_new(&job->out_owners, job->out_image, err) < 0 ||
	    order_new(&job->out_order, job->out_facts, job->sort, job->reverse,
		      &job->stop, err) < 0)
		return err->code;
	if (job->state_dir)
		job->out_orphan = journal_find(job->state_dir,
					       lam_image_manifest_digest(job->out_image));
	return 0;
}

static int run_order(struct job *job)
{
	return order_new(&job->out_order, job->facts, job->sort, job->reverse, &job->stop,
			 &job->err);
}

static int run_effect(struct job *job)
{
	struct lam_plan *plan = job->plan;

	job->plan = NULL;
	return effect_new(&job->out_effect, job->facts, plan, &job->stop, &job->err);
}

static int run_filter(struct job *job)
{
	static const struct targets unknown;

	return filter_run(job->filter, job->facts,
			  job->effect ? &job->effect->targets : &unknown, job->node,
			  job->ghosts, &job->stop, &job->out_filtered, &job->err);
}

static int run_search(struct job *job)
{
	return search_run(job->search, job->facts, job->order, job->node, job->ghosts,
			  &job->stop, &job->out_hits, &job->err);
}

static int run_pattern(struct job *job)
{
	return pattern_count(&job->out_matched, job->text, job->facts, &job->stop,
			     &job->err);
}

static int run_preview(struct job *job)
{
	return preview_new(&job->out_preview, job->image, job->node, &job->stop,
			   &job->err);
}

static int run_waste(struct job *job)
{
	return waste_new(&job->out_waste, job->facts, 10000, &job->stop, &job->err);
}

static int run_suggest(struct job *job)
{
	return suggest_new(&job->out_suggestions, job->effect, job->facts, job->how,
			   job->target, job->size, &job->stop, &job->err);
}

/* The layout is made anew: that of the screen may be replaced while this one is written.
 */
static int run_write(struct job *job)
{
	const struct lam_progress progress = { hear, job, &job->stop };
	const struct lam_write_options options = { .threads = job->threads,
						   .created = job->created,
						   .progress = &progress };
	struct lam_layout *layout;
	int code = lam_layout_new(&layout, job->image, job->plan, NULL, &job->err);

	if (code < 0)
		return code;
	code = lam_write_image(layout, job->text, &options, &job->out_written, &job->err);
	lam_layout_free(layout);
	return code;
}

static int run_keep(struct job *job)
{
	return journal_write(job->journal, job->draft, &job->err);
}

void job_run(struct job *job)
{
	static int (*const RUN[JOB_COUNT])(struct job *) = {
		[JOB_OPEN] = run_open,       [JOB_ORDER] = run_order,
		[JOB_EFFECT] = run_effect,   [JOB_FILTER] = run_filter,
		[JOB_SEARCH] = run_search,   [JOB_PREVIEW] = run_preview,
		[JOB_WASTE] = run_waste,     [JOB_SUGGEST] = run_suggest,
		[JOB_WRITE] = run_write,     [JOB_FREE] = free_garbage,
		[JOB_PATTERN] = run_pattern, [JOB_KEEP] = run_keep,
	};

	job->code = RUN[job->kind](job);
}
