/* Where panes and lines stand. */
#include "editor/state/state.h"

#define WIDE       110 /* columns, from which on panes stand side by side */
#define FILES_MOST 96  /* columns of the files, where nobody asked for more */
#define TALL       30  /* rows, from which on they have frames */
#define KEYBAR_MIN 14  /* rows, from which on there is a key bar */
#define ONE_PANE   12  /* rows for panes, below which there is room for one alone */

enum { FILES = 1 << PANE_FILES, LAYERS = 1 << PANE_LAYERS, DETAILS = 1 << PANE_DETAILS };

static enum pane below_of(const struct app *app)
{
	if (app->focus != PANE_FILES)
		return app->focus;
	return app->below == PANE_DETAILS ? PANE_DETAILS : PANE_LAYERS;
}

static unsigned arranged(const struct app *app, bool wide)
{
	switch (app->arrangement) {
	case ARRANGE_FILES: return FILES;
	case ARRANGE_LAYERS: return LAYERS;
	case ARRANGE_FILES_DETAILS: return FILES | DETAILS;
	case ARRANGE_SPLIT:
	case ARRANGE_COUNT: break;
	}
	return wide ? FILES | LAYERS | DETAILS : FILES | 1u << below_of(app);
}

/* The focus is always seen, whatever the arrangement says. */
static unsigned shown_panes(const struct app *app, bool wide, int rows)
{
	unsigned focus = 1u << app->focus, panes = arranged(app, wide);

	if (app->details.full)
		return DETAILS;
	if (!(panes & focus))
		panes = panes == FILES || panes == LAYERS ? focus : FILES | focus;
	return !wide && rows < ONE_PANE ? focus : panes;
}

static size_t layer_count(const struct app *app)
{
	const struct lam_plan *plan = app_plan(app);

	return plan ? plan->layer_count : 0;
}

static int least(int a, int b)
{
	return a < b ? a : b;
}

/* Rows for the layers of `rows` that there are: no more than they fill. */
static int layers_height(const struct app *app, const struct areas *areas, int rows)
{
	size_t count = layer_count(app);
	int around = areas->boxed ? 5 : 2; /* heads and sum, a frame or a title */
	int wanted = count < 1000 ? (int)count + around : 1000;

	wanted = wanted < around + 2 ? around + 2 : wanted;
	return least(wanted, rows / 2);
}

static void stack_right(const struct app *app, struct areas *areas, unsigned panes,
			struct rect rect)
{
	int upper;

	if (!(panes & DETAILS)) {
		areas->frame[PANE_LAYERS] = rect;
		return;
	}
	if (!(panes & LAYERS)) {
		areas->frame[PANE_DETAILS] = rect;
		return;
	}
	upper = layers_height(app, areas, rect.height);
	areas->frame[PANE_LAYERS] = (struct rect){ rect.x, rect.y, rect.width, upper };
	areas->frame[PANE_DETAILS] =
		(struct rect){ rect.x, rect.y + upper, rect.width, rect.height - upper };
}

static void side_by_side(const struct app *app, struct areas *areas, unsigned panes,
			 struct rect body)
{
	int percent = app->files_width ? app->files_width : 64;
	int left = app->files_width ? body.width * percent / 100
				    : least(body.width * percent / 100, FILES_MOST),
	    gap = areas->boxed ? 0 : 1;
	struct rect right = body;

	left = left < 60 ? 60 : left;
	left = least(left, body.width - 36);
	areas->frame[PANE_FILES] = (struct rect){ body.x, body.y, left, body.height };
	right.x += left + gap;
	right.width -= left + gap;
	stack_right(app, areas, panes, right);
}

static void one_below_other(const struct app *app, struct areas *areas, unsigned panes,
			    struct rect body)
{
	enum pane below = panes & LAYERS ? PANE_LAYERS : PANE_DETAILS;
	int lower = body.height / 3;

	if (below == PANE_LAYERS && layer_count(app) > 0)
		lower = least(lower, (int)least((int)layer_count(app), 1000) + 2);
	lower = lower < 4 ? 4 : lower;
	areas->frame[PANE_FILES] =
		(struct rect){ body.x, body.y, body.width, body.height - lower };
	areas->frame[below] =
		(struct rect){ body.x, body.y + body.height - lower, body.width, lower };
}

static void place_frames(const struct app *app, struct areas *areas, unsigned panes,
			 struct rect body, bool wide)
{
	if (panes == FILES)
		areas->frame[PANE_FILES] = body;
	else if (panes == LAYERS)
		areas->frame[PANE_LAYERS] = body;
	else if (panes == DETAILS)
		areas->frame[PANE_DETAILS] = body;
	else if (wide)
		side_by_side(app, areas, panes, body);
	else
		one_below_other(app, areas, panes, body);
}

/* Inside the frame: the rows of the list, without column heads and sums. */
static struct rect inside(struct rect frame, bool boxed, enum pane pane)
{
	struct rect in = { frame.x, frame.y + 1, frame.width, frame.height - 1 };

	if (frame.width == 0)
		return (struct rect){ 0 };
	if (boxed)
		in = (struct rect){ frame.x + 1, frame.y + 1, frame.width - 2,
				    frame.height - 2 };
	if (pane != PANE_DETAILS && in.height >= 3) {
		in.y++;
		in.height--;
	}
	if (pane == PANE_LAYERS && boxed && in.height >= 4)
		in.height -= 1;
	return in;
}

struct areas app_areas(const struct app *app)
{
	struct areas areas = { 0 };
	int width = app->width, bottom = app->height;
	bool wide = width >= WIDE;
	unsigned panes;
	struct rect body;

	areas.too_small = width < APP_MIN_WIDTH || bottom < APP_MIN_HEIGHT;
	if (areas.too_small)
		return areas;
	areas.boxed = wide && app->height >= TALL;
	areas.header = (struct rect){ 0, 0, width, 1 };
	if (app->height >= KEYBAR_MIN)
		areas.keybar = (struct rect){ 0, --bottom, width, 1 };
	areas.status = (struct rect){ 0, --bottom, width, 1 };
	panes = shown_panes(app, wide, bottom - 1);
	if (!(panes & DETAILS))
		areas.info = (struct rect){ 0, --bottom, width, 1 };
	body = (struct rect){ 0, 1, width, bottom - 1 };
	place_frames(app, &areas, panes, body, wide);
	for (int i = 0; i < PANE_COUNT; i++)
		areas.pane[i] = inside(areas.frame[i], areas.boxed, (enum pane)i);
	return areas;
}
