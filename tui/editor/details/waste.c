/* Waste: what is shipped and not visible, most bytes first. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/size.h"
#include "editor/details/details.h"

#define WIDE       76 /* columns from which on a cause is told in full */
#define LAYERS     96 /* and from which on there is a column of layers */
#define MOST_ITEMS 10000

static const char *short_cause(const struct waste_item *item, char out[32])
{
	static const char *const words[] = { "deleted in", "overwritten in",
					     "metadata in", "again in" };

	if (item->how == WASTE_CACHE)
		return "live cache?";
	snprintf(out, 32, "%s %u", words[item->how], item->by);
	return out;
}

static void put_item(struct lines *lines, const struct lines_many *many, size_t n, int y)
{
	const struct app *app = lines->view->app;
	const struct waste_item *item = &((const struct waste *)many->context)->items[n];
	bool wide = lines->area.width >= WIDE;
	int x = lines->area.x, cause_width = wide ? 28 : 17;
	char size[LAM_SIZE_TEXT], layers[64], cause[96], *path;

	canvas_text_right(lines->canvas, x, y, 6, ROLE_TEXT,
			  lam_size_text(item->bytes, size));
	x += 8;
	if (lines->area.width >= LAYERS) {
		canvas_text(lines->canvas, x, y, 7, ROLE_TEXT,
			    facts_layers_text(item->layers,
					      lam_image_layer_count(app->image), 7,
					      layers));
		x += 8;
	}
	canvas_text_cut(lines->canvas, x, y, cause_width, ROLE_DIM,
			wide ? waste_text(item, app->facts, cause)
			     : short_cause(item, cause),
			CUT_END);
	x += cause_width + 1;
	path = view_path(lines->view, item->node);
	canvas_text_cut(lines->canvas, x, y, lines->area.x + lines->area.width - x,
			ROLE_TEXT, path, CUT_START);
	free(path);
}

static uint32_t item_node(const struct lines_many *many, size_t n)
{
	return ((const struct waste *)many->context)->items[n].node;
}

static void put_sums(struct lines *lines, const struct waste *waste)
{
	const struct effect *effect = lines->view->app->plan.effect;
	bool wide = lines->area.width >= WIDE;
	char lost[LAM_SIZE_TEXT], all[LAM_SIZE_TEXT], share[48] = "";

	if (effect && effect->now > 0)
		snprintf(share, sizeof share, ", %.1f%% of %s",
			 (double)waste->lost * 100 / (double)effect->now,
			 lam_size_text(effect->now, all));
	lines_printf(lines, ROLE_TITLE, 0,
		     wide ? "%s lost for certain: in no merged file%s" : "%s lost%s",
		     lam_size_text(waste->lost, lost), share);
	if (waste->cache > 0)
		lines_printf(lines, ROLE_DIM, 0,
			     wide ? "%s more is live but looks like a cache (not counted)"
				  : "%s more looks like a cache",
			     lam_size_text(waste->cache, all));
	lines_blank(lines);
}

struct waste_job {
	struct job job;
	const struct facts *facts;
	struct waste *waste;
};

static int run_waste(struct job *job)
{
	struct waste_job *w = (struct waste_job *)job;

	return waste_new(&w->waste, w->facts, MOST_ITEMS, &job->stop, &job->err);
}

static void free_waste(struct job *job)
{
	waste_free(((struct waste_job *)job)->waste);
}

static void take_waste(struct app *app, struct job *job)
{
	waste_free(app->details.waste);
	app->details.waste = LAM_STEAL(((struct waste_job *)job)->waste);
	app->details.home = app->details.home || app->details.tab == TAB_WASTE;
}

void waste_want(struct app *app)
{
	static const struct job_ops WASTE = { JOB_WASTE, run_waste, take_waste,
					      free_waste, false };
	struct waste_job *job;

	if (app->details.waste_asked)
		return;
	app->details.waste_asked = true; /* once: what fails would fail again */
	job = job_new(sizeof *job, &WASTE);
	job->facts = app->facts;
	app_start(app, &job->job);
}

void waste_lines(struct lines *lines)
{
	const struct app *app = lines->view->app;
	const struct waste *waste = app->details.waste;
	bool wide = lines->area.width >= WIDE;

	if (!waste) {
		lines_text(lines, ROLE_DIM, 0, 0,
			   app->jobs.running[JOB_WASTE] ? "measuring it"
							: "not measured yet");
		return;
	}
	put_sums(lines, waste);
	if (waste->count == 0)
		return;
	lines_text(lines, ROLE_DIM, 0, 0,
		   lines->area.width >= LAYERS
			   ? "  Lost  Layers  How                          Path"
		   : wide ? "  Lost  How                          Path"
			  : "  Lost  How               Path");
	lines_many(lines, &(struct lines_many){ .count = waste->count,
						.put = put_item,
						.about = item_node,
						.context = waste });
}
