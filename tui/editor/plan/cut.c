/* A plan of what is expected to change: asked for, made, shown, taken as a whole. */
#include <stdlib.h>

#include <lamina/suggest.h>

#include "base/buf.h"
#include "base/memory.h"
#include "base/size.h"
#include "editor/plan/plan.h"
#include "ui/text.h"

struct cut_job {
	struct job job;
	const struct lam_image **versions; /* the image last */
	size_t version_count;
	struct lam_clamp times;
	struct lam_plan *before; /* NULL: nothing was planned yet */
	struct lam_suggestion *found;
};

static int run_cut(struct job *job)
{
	struct cut_job *c = (struct cut_job *)job;
	const struct lam_suggest_request request = { .versions = c->versions,
						     .version_count = c->version_count,
						     .times = c->times,
						     .before = c->before,
						     .stop = &job->stop };

	return lam_suggest(&c->found, &request, &job->err);
}

static void free_cut(struct job *job)
{
	struct cut_job *c = (struct cut_job *)job;

	free(c->versions);
	lam_plan_free(c->before);
	lam_suggestion_free(c->found);
}

static void take_cut(struct app *app, struct dialog *d, const struct dialog_item *lit)
{
	struct lam_plan *plan = LAM_STEAL(app->plan.cut->plan);
	struct lam_error err;

	(void)d;
	(void)lit;
	plan_changed(app, plan, 0, &err, "a plan of %zu layers", plan->layer_count);
}

/* "libc6, app, 12 more": the largest parts of a layer. */
static void list_parts(const struct lam_suggestion *found, size_t layer,
		       struct lam_buf *out)
{
	size_t shown = 0, more = 0;

	for (size_t i = 0; i < found->part_count; i++) {
		const struct lam_suggested_part *part = &found->parts[i];

		if (part->layer != layer)
			continue;
		if (shown == 2)
			more++;
		else
			lam_text_printf(out, "%s%s", shown++ ? ", " : "",
					part->name[0] ? part->name : "the rest");
	}
	if (more)
		lam_text_printf(out, ", %zu more", more);
}

#define LEAST_NAME 18 /* columns */

static void list_layers(struct dialog *d, const struct lam_suggestion *found)
{
	char size[LAM_SIZE_TEXT], expected[LAM_SIZE_TEXT];
	int width = LEAST_NAME;

	for (size_t i = 0; i < found->layer_count; i++) {
		int name = text_width(found->layers[i].name);

		width = name > width ? name : width;
	}
	dialog_line(d, ROLE_DIM, "%-*s %6s %6s  %s", width, "layer", "size", "a pull",
		    "parts");
	for (size_t i = 0; i < found->layer_count; i++) {
		const struct lam_suggested_layer *layer = &found->layers[i];
		LAM_CLEANUP(lam_buf_fini) struct lam_buf parts = LAM_TEXT;

		list_parts(found, i, &parts);
		dialog_line(d, ROLE_TEXT, "%s%*s %6s %6s  %s", layer->name,
			    width - text_width(layer->name), "",
			    lam_size_text(layer->bytes, size),
			    lam_size_text((uint64_t)layer->expected, expected),
			    layer->keep ? "kept" : parts.data);
	}
}

static void sum_up(struct dialog *d, const struct lam_suggestion *found)
{
	char expected[LAM_SIZE_TEXT], least[LAM_SIZE_TEXT];

	if (found->pulls)
		dialog_line(d, ROLE_DIM, "by what changed at %u pull%s", found->pulls,
			    found->pulls == 1 ? "" : "s");
	dialog_line(d, ROLE_TEXT,
		    "a pull is expected to fetch %s; no cut of these parts less than %s",
		    lam_size_text((uint64_t)found->expected, expected),
		    lam_size_text((uint64_t)found->least, least));
	if (found->times)
		dialog_line(
			d, ROLE_WARNING,
			"of %llu paths that differ, %llu differ in their time alone%s",
			(unsigned long long)found->changed,
			(unsigned long long)found->times,
			found->plan->times.set ? ", which is earlier than the plan's"
					       : ": the plan's times can be clamped");
}

static void show_cut(struct app *app, struct job *job)
{
	struct lam_suggestion *found;
	struct dialog *d;

	if (atomic_load(&job->stop))
		return;
	found = LAM_STEAL(((struct cut_job *)job)->found);
	d = dialog_push(app, DIALOG_CHOICE, "Cut by what changes");
	lam_suggestion_free(app->plan.cut);
	app->plan.cut = found;
	d->on_item = take_cut;
	list_layers(d, found);
	sum_up(d, found);
	dialog_item(d, 'y', 0, "take these layers in place of the plan's");
	dialog_set_hints(d, "[Enter] take them  [Esc] cancel");
}

/* Where no older version was given, layers, kinds and ages tell. What was planned stays, as
 * far as it is worth it. */
void plan_cut(struct app *app)
{
	static const struct job_ops CUT = { JOB_SUGGEST, run_cut, show_cut, free_cut,
					    false };
	struct cut_job *job = job_new(sizeof *job, &CUT);

	job->version_count = app->options.since_count + 1;
	job->versions = lam_xcalloc(job->version_count, sizeof *job->versions);
	for (size_t i = 0; i < app->options.since_count; i++)
		job->versions[i] = app->options.since[i];
	job->versions[app->options.since_count] = app->facts->image;
	job->times = app_plan(app)->times;
	if (app_plan(app)->rule_count)
		job->before = plan_copy(app);
	app_start(app, &job->job);
	app_tell(app, ROLE_STATUS, "looking for what changes; Esc cancels");
}
