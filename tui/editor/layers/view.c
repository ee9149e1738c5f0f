/* The layers' pane on the screen. */
#include <stdio.h>

#include "base/size.h"
#include "editor/layers/layers.h"

struct layer_columns {
	int name, name_width, now, plan, blob, share, share_width, reason, reason_width;
};

static int longest_name(const struct lam_plan *plan)
{
	int longest = 8;

	for (size_t i = 0; i < plan->layer_count && i < 200; i++) {
		int width = text_width(plan->layers[i].name);

		longest = width > longest ? width : longest;
	}
	return longest;
}

/* From the left: mark, chip, name, now, plan, blob, share, reason; the ones that stand
 * last go first where there is no room. */
static struct layer_columns columns_of(const struct lam_plan *plan, int width)
{
	struct layer_columns columns = {
		.name = 5, .now = -1, .share = -1, .reason = -1
	};
	int rest = width - 5 - 14; /* plan and blob */
	int wanted = longest_name(plan), x;

	if (rest >= 8 + 8) {
		columns.now = 0;
		rest -= 8;
	}
	if (rest >= 12 + 6) {
		columns.share_width = rest >= 30 ? 12 : 6;
		rest -= columns.share_width + 1;
	}
	columns.name_width = wanted < rest ? wanted : rest;
	if (columns.name_width < 4)
		columns.name_width = 4;
	rest -= columns.name_width;
	x = 5 + columns.name_width;
	if (columns.now == 0) {
		columns.now = x + 1;
		x += 8;
	}
	columns.plan = x + 1;
	columns.blob = x + 10;
	x += 15;
	if (columns.share_width == 0)
		return columns;
	columns.share = x;
	x += columns.share_width + 1;
	columns.reason_width = rest - 2;
	if (columns.reason_width >= 16)
		columns.reason = x;
	else if (rest > 3)
		columns.share_width += rest < 20 ? rest - 3 : 0;
	return columns;
}

static uint64_t most_bytes(const struct app *app)
{
	uint64_t most = 0;

	if (!app->plan.effect || !app->plan.effect->layers)
		return 0;
	for (size_t i = 0; i < app->plan.effect->plan->layer_count; i++) {
		if (app->plan.effect->layers[i].plan > most)
			most = app->plan.effect->layers[i].plan;
	}
	return most;
}

static void draw_bytes(const struct view *view, int x, int y, uint64_t bytes)
{
	char text[LAM_SIZE_TEXT];

	canvas_text_right(view->canvas, x, y, 7, ROLE_TEXT,
			  bytes ? lam_size_text(bytes, text) : "-");
}

static style_t fate_style(enum lam_fate fate)
{
	return fate == LAM_FATE_KEPT    ? ROLE_GOOD
	       : fate == LAM_FATE_EMPTY ? ROLE_DIM
					: ROLE_TEXT;
}

static void draw_sizes(const struct view *view, const struct layer_columns *columns,
		       int y, size_t n, uint64_t most)
{
	const struct effect *effect = view->app->plan.effect;
	int x = view->app->areas.pane[PANE_LAYERS].x;
	const struct lam_target *target;

	if (columns->now >= 0)
		draw_bytes(view, x + columns->now, y, effect->layers[n].now);
	if (!effect->layout) {
		canvas_text(view->canvas, x + columns->blob, y, 1, ROLE_FLAG, "?");
		return;
	}
	target = lam_layout_target(effect->layout, n);
	draw_bytes(view, x + columns->plan, y, effect->layers[n].plan);
	canvas_text(view->canvas, x + columns->blob, y, 2, fate_style(target->fate),
		    view_fate_sign(target));
	if (columns->share >= 0)
		canvas_bar(view->canvas, x + columns->share, y, columns->share_width,
			   effect->layers[n].plan, most);
	if (columns->reason >= 0)
		canvas_text_cut(view->canvas, x + columns->reason, y,
				columns->reason_width, ROLE_DIM, target->reason, CUT_END);
}

static void draw_layer(const struct view *view, const struct layer_columns *columns,
		       int y, size_t layer, uint64_t most)
{
	const struct app *app = view->app;
	int x = view->app->areas.pane[PANE_LAYERS].x;
	bool marked = layers_is_marked(&app->layers, app_plan(app)->layers[layer].name);
	size_t n = view_effect_layer(app, layer);

	canvas_text(view->canvas, x, y, 1, ROLE_MARK, marked ? "*" : "");
	view_chip(view->canvas, x + 1, y, layer, 0);
	canvas_text_cut(view->canvas, x + columns->name, y, columns->name_width,
			marked ? ROLE_MARK : ROLE_TEXT, app_plan(app)->layers[layer].name,
			CUT_END);
	if (n != SIZE_MAX)
		draw_sizes(view, columns, y, n, most);
}

static void draw_heads(const struct view *view, const struct layer_columns *columns)
{
	const struct view_head heads[] = {
		{ 1, 3, "Tag", false },
		{ columns->name, 4, "Name", false },
		{ columns->now, 7, "Now", true },
		{ columns->plan, 7, "Plan", true },
		{ columns->blob, 4, "Blob", false },
		{ columns->share, 5, "Share", false },
		{ columns->reason, 6, "Why", false },
	};

	view_heads(view, PANE_LAYERS, heads, sizeof heads / sizeof *heads);
}

static void draw_sum(const struct view *view, const struct layer_columns *columns,
		     size_t count)
{
	struct rect in = view->app->areas.pane[PANE_LAYERS], frame;
	const struct effect *effect = view->app->plan.effect;
	int y = in.y + (count < (size_t)in.height ? (int)count + 1 : in.height);

	frame = view->app->areas.frame[PANE_LAYERS];
	if (!view->app->areas.boxed || in.y + in.height >= frame.y + frame.height - 1 ||
	    !effect)
		return;
	if (!effect->layout) {
		canvas_text_cut(view->canvas, in.x + 1, y, in.width - 2, ROLE_ERROR,
				effect->errors.count ? effect->errors.lines[0]
						     : "the plan does not fit",
				CUT_END);
		return;
	}
	canvas_text(view->canvas, in.x + columns->name, y, 3, ROLE_DIM, "sum");
	if (columns->now >= 0)
		draw_bytes(view, in.x + columns->now, y, effect->now);
	draw_bytes(view, in.x + columns->plan, y, effect->plan_bytes);
}

static void describe(const struct view *view, char *out, size_t size)
{
	const struct app *app = view->app;
	size_t count = app_plan(app)->layer_count;
	char bytes[LAM_SIZE_TEXT];

	if (!app->plan.effect || !app->plan.effect->layout || view->app->areas.boxed)
		snprintf(out, size, "%zu layer%s", count, count == 1 ? "" : "s");
	else
		snprintf(out, size, "%zu layer%s %s", count, count == 1 ? "" : "s",
			 lam_size_text(app->plan.effect->plan_bytes, bytes));
}

void layers_draw(const struct view *view)
{
	const struct app *app = view->app;
	const struct lam_plan *plan = app_plan(app);
	struct rect in = app->areas.pane[PANE_LAYERS];
	int spare = app->areas.boxed ? 0 : 1;
	const struct list *list = &app->layers.list;
	struct layer_columns columns = columns_of(plan, in.width - spare);
	uint64_t most = most_bytes(app);
	char right[80];

	describe(view, right, sizeof right);
	view_frame(view, PANE_LAYERS, "2 Layers (plan)",
		   in.width < 48 ? "" : "base first", right);
	draw_heads(view, &columns);
	for (size_t i = list->top; i < list->count && i - list->top < list->height; i++)
		draw_layer(view, &columns, in.y + (int)(i - list->top), i, most);
	view_cursor(view, PANE_LAYERS, list);
	draw_sum(view, &columns, list->count);
	view_scroll_mark(view, PANE_LAYERS, list);
}
