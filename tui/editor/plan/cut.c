/* A plan of what is expected to change: asked for, made, shown, taken as a whole. */
#include <stdlib.h>

#include <lamina/suggest.h>

#include "base/memory.h"
#include "base/size.h"
#include "editor/plan/plan.h"

struct cut_job {
	struct job job;
	const struct lam_image *image;
	struct lam_plan *before; /* NULL: nothing was planned yet */
	struct lam_suggestion *found;
};

static int run_cut(struct job *job)
{
	struct cut_job *c = (struct cut_job *)job;
	const struct lam_suggest_request request = { .versions = &c->image,
						     .version_count = 1,
						     .before = c->before,
						     .stop = &job->stop };

	return lam_suggest(&c->found, &request, &job->err);
}

static void free_cut(struct job *job)
{
	struct cut_job *c = (struct cut_job *)job;

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

static void show_cut(struct app *app, struct job *job)
{
	struct lam_suggestion *found = LAM_STEAL(((struct cut_job *)job)->found);
	struct dialog *d = dialog_push(app, DIALOG_CHOICE, "Cut by what changes");
	char size[LAM_SIZE_TEXT], expected[LAM_SIZE_TEXT];

	lam_suggestion_free(app->plan.cut);
	app->plan.cut = found;
	d->on_item = take_cut;
	dialog_line(d, ROLE_DIM, "%-18s %6s %6s  %s", "layer", "size", "a pull", "parts");
	for (size_t i = 0; i < found->layer_count; i++) {
		const struct lam_suggested_layer *layer = &found->layers[i];
		LAM_CLEANUP(lam_buf_fini) struct lam_buf parts = LAM_TEXT;

		list_parts(found, i, &parts);
		dialog_line(d, ROLE_TEXT, "%-18s %6s %6s  %s", layer->name,
			    lam_size_text(layer->bytes, size),
			    lam_size_text((uint64_t)layer->expected, expected),
			    layer->keep ? "kept" : parts.data);
	}
	dialog_item(d, 'y', 0, "take these layers in place of the plan's");
	dialog_set_hints(d, "[Enter] take them  [Esc] cancel");
}

/* One version is known here: layers, kinds and ages tell. What was planned stays, as far
 * as it is worth it. */
void plan_cut(struct app *app)
{
	static const struct job_ops CUT = { JOB_SUGGEST, run_cut, show_cut, free_cut,
					    false };
	struct cut_job *job = job_new(sizeof *job, &CUT);

	job->image = app->facts->image;
	if (app_plan(app)->rule_count)
		job->before = plan_copy(app);
	app_start(app, &job->job);
}
