/* Waste: what is shipped and not visible, by what made it so. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/memory.h"
#include "base/size.h"
#include "editor/details/details.h"

#define WIDE      76    /* columns from which on sums are told in full */
#define LAYERS    60    /* and from which on there is a column of layers */
#define MOST      10000 /* items of a cause */
#define OPEN_MOST 3     /* items that are seen without being unfolded */

/* A line of the list: a cause, or one of its items, where that is unfolded. */
static struct waste_line line_at(const struct app *app, size_t n)
{
	const struct waste *w = app->details.waste;

	for (size_t c = 0; c < w->cause_count; c++) {
		const struct waste_cause *cause = &w->causes[c];

		if (n == 0)
			return (struct waste_line){ cause, NULL };
		n--;
		if (!bits_get(&app->details.waste_open, (uint32_t)c))
			continue;
		if (n < cause->count)
			return (struct waste_line){ cause, &w->items[cause->first + n] };
		n -= cause->count;
	}
	return (struct waste_line){ NULL, NULL };
}

static size_t count_lines(const struct app *app)
{
	const struct waste *w = app->details.waste;
	size_t count = w->cause_count;

	for (size_t c = 0; c < w->cause_count; c++) {
		if (bits_get(&app->details.waste_open, (uint32_t)c))
			count += w->causes[c].count;
	}
	return count;
}

struct waste_line waste_here(const struct app *app)
{
	const struct details *d = &app->details;

	if (d->tab != TAB_WASTE || !d->waste || d->item == SIZE_MAX)
		return (struct waste_line){ NULL, NULL };
	return line_at(app, d->item);
}

bool waste_toggle(struct app *app)
{
	struct waste_line line = waste_here(app);
	uint32_t c;

	if (!line.cause || line.item)
		return false;
	c = (uint32_t)(line.cause - app->details.waste->causes);
	bits_set(&app->details.waste_open, c, !bits_get(&app->details.waste_open, c));
	return true;
}

/* Whether the plan writes all of these layers (a set of the waste's) without it. */
static bool goes_with_plan(const struct app *app, uint32_t layers)
{
	const struct effect *e = app->plan.effect;
	LAM_CLEANUP(lam_free_ptr) uint32_t *owners = NULL;
	size_t count = lam_image_layer_count(app->image);

	if (!e || !e->layout)
		return false;
	owners = lam_plan_owners(e->plan, count);
	for (uint32_t i = 0; i < count; i++) {
		if (layersets_has(&app->details.waste->sets, layers, i) &&
		    lam_layout_layer(e->layout, owners[i])->fate == LAM_FATE_KEPT)
			return false;
	}
	return true;
}

bool waste_is_blob(const struct lam_plan *plan, size_t layer)
{
	const struct lam_plan_layer *l = &plan->layers[layer];

	return !l->rest && l->from_count == 1 && l->from[0].first == l->from[0].last;
}

/* An original by the name of the plan's layer that is it alone, or else by its number. */
static char *name_of(const struct app *app, uint32_t layer)
{
	const struct lam_plan *plan = app_plan(app);
	LAM_CLEANUP(lam_free_ptr)
	uint32_t *owners = lam_plan_owners(plan, lam_image_layer_count(app->image));

	if (owners[layer] != LAM_TARGET_NONE && waste_is_blob(plan, owners[layer]))
		return lam_xstrdup(plan->layers[owners[layer]].name);
	return lam_xprintf("layer %u", layer);
}

char *waste_cause_text(const struct app *app, const struct waste_cause *cause)
{
	char buffer[64];
	const char *words = waste_text(cause, buffer);
	LAM_CLEANUP(lam_free_ptr) char *by = NULL, *layer = NULL;

	if (cause->how == WASTE_CACHE)
		return lam_xstrdup(words);
	layer = name_of(app, cause->by);
	by = lam_made_by(lam_image_layer(app->image, cause->by)->created_by);
	return lam_xprintf("%s in %s%s%s", words, layer, *by ? ": " : "", by);
}

/* Bytes, layers, and where the text begins. */
static int put_figures(struct lines *lines, int y, uint64_t bytes, uint32_t layers,
		       bool goes)
{
	const struct waste *w = lines->view->app->details.waste;
	char size[LAM_SIZE_TEXT], text[64];
	int x = lines->area.x;

	canvas_text_right(lines->canvas, x, y, 6, goes ? ROLE_DIM : ROLE_TEXT,
			  lam_size_text(bytes, size));
	if (lines->area.width < LAYERS)
		return x + 8;
	canvas_text(lines->canvas, x + 8, y, 7, ROLE_DIM,
		    layersets_text(&w->sets, layers, 7, text));
	return x + 16;
}

static void put_line(struct lines *lines, const struct lines_many *many, size_t n, int y)
{
	const struct view *view = lines->view;
	struct waste_line line = line_at(view->app, n);
	int end = lines->area.x + lines->area.width, x;
	LAM_CLEANUP(lam_free_ptr) char *text = NULL;
	bool goes = line.cause->how != WASTE_CACHE &&
		    goes_with_plan(view->app,
				   line.item ? line.item->layers : line.cause->layers);

	(void)many;
	if (line.item) {
		x = put_figures(lines, y, line.item->bytes, line.item->layers, goes) + 2;
		text = view_path(view, line.item->node);
		canvas_text_cut(lines->canvas, x, y, end - x, goes ? ROLE_DIM : ROLE_TEXT,
				text, CUT_START);
	} else {
		LAM_CLEANUP(lam_free_ptr)
		char *cause = waste_cause_text(view->app, line.cause);
		size_t c = (size_t)(line.cause - view->app->details.waste->causes);

		x = put_figures(lines, y, line.cause->bytes, line.cause->layers, goes);
		canvas_text(lines->canvas, x, y, 1, ROLE_DIM,
			    bits_get(&view->app->details.waste_open, (uint32_t)c)
				    ? view->glyphs->open
				    : view->glyphs->closed);
		text = view_escape(view, cause, strlen(cause));
		x += 2;
		if (goes)
			x += canvas_text(lines->canvas, x, y, 6, ROLE_GOOD, "goes: ");
		canvas_text_cut(lines->canvas, x, y, end - x,
				goes ? ROLE_DIM : ROLE_TITLE, text, CUT_END);
	}
}

static uint32_t line_node(const struct lines_many *many, size_t n)
{
	struct waste_line line = line_at(many->context, n);

	return line.item ? line.item->node : LAM_NODE_NONE;
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
	/* x in the files leaves out what is live */
	if (waste->count)
		lines_printf(lines, ROLE_DIM, 0, "%sx offers what helps%s",
			     lines->view->app->focus == PANE_DETAILS ? "" : "3, then ",
			     wide ? "; Enter unfolds a cause, or goes to a path" : "");
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

	return waste_new(&w->waste, w->facts, MOST, &job->stop, &job->err);
}

static void free_waste(struct job *job)
{
	waste_free(((struct waste_job *)job)->waste);
}

static void take_waste(struct app *app, struct job *job)
{
	struct details *d = &app->details;

	waste_free(d->waste);
	d->waste = LAM_STEAL(((struct waste_job *)job)->waste);
	bits_fini(&d->waste_open);
	if (!bits_init(&d->waste_open, (uint32_t)d->waste->cause_count))
		return;
	for (uint32_t c = 0; c < d->waste->cause_count; c++)
		bits_set(&d->waste_open, c, d->waste->causes[c].count <= OPEN_MOST);
	d->home = d->home || d->tab == TAB_WASTE;
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
		   lines->area.width >= LAYERS ? "  Lost  Layers  Cause"
					       : "  Lost  Cause");
	lines_many(lines, &(struct lines_many){ .count = count_lines(app),
						.put = put_line,
						.about = line_node,
						.context = app });
}
