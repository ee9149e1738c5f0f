/* The layers' pane on the screen. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/size.h"
#include "editor/layers/layers.h"

/* Offsets of the columns; -1: there is no room for it. */
struct layer_columns {
	int name, name_width, now, plan, packed, blob, share, waste, live, why, why_width,
		made, made_width;
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

#define LEAST_NAME 8
#define SOME_NAME  14 /* before columns that can be done without */
#define MOST_WHY   44 /* where there is room for what made the layer too */
#define LEAST_TEXT 16

/* Takes a column's width from what is left; -1 where there is not so much. */
static int take(int *rest, int width)
{
	if (*rest < width)
		return -1;
	*rest -= width;
	return 0;
}

static void place(int *column, int *x, int gap, int width)
{
	if (*column < 0)
		return;
	*column = *x + gap;
	*x += gap + width;
}

/* From the left: mark, chip, name, now, plan, packed, blob, share, waste, live, why, what
 * made it. The name, the plan and the blob's sign are always there. */
static struct layer_columns columns_of(const struct lam_plan *plan, int width)
{
	struct layer_columns c = { .name = 5, .why = -1, .made = -1 };
	int wanted = longest_name(plan), rest = width - 5 - 4 - 8 - 5, x;
	int some = wanted < SOME_NAME ? wanted : SOME_NAME;

	c.name_width = 4;
	c.now = take(&rest, 8 + LEAST_NAME - 4) < 0 ? -1 : 0;
	if (c.now == 0)
		c.name_width = LEAST_NAME;
	if (some > c.name_width && take(&rest, some - c.name_width) == 0)
		c.name_width = some;
	c.share = take(&rest, 7);
	c.packed = take(&rest, 9);
	c.waste = c.live = -1;
	if (rest < LEAST_TEXT + 2 || rest >= LEAST_TEXT + 2 + 14) {
		c.waste = take(&rest, 8);
		c.live = take(&rest, 6);
	}
	some = wanted - c.name_width < rest ? wanted - c.name_width : rest;
	if (some > 0 && take(&rest, some) == 0)
		c.name_width += some;
	x = c.name + c.name_width;
	place(&c.now, &x, 1, 7);
	place(&c.plan, &x, 1, 7);
	place(&c.packed, &x, 1, 8);
	place(&c.blob, &x, 3, 2);
	place(&c.share, &x, 1, 6);
	place(&c.waste, &x, 1, 7);
	place(&c.live, &x, 2, 4);
	if (rest < LEAST_TEXT + 2)
		return c;
	c.why = x + 2;
	c.why_width = rest - 2;
	if (c.why_width < MOST_WHY + 2 + LEAST_TEXT)
		return c;
	c.why_width = MOST_WHY;
	c.made = c.why + MOST_WHY + 2;
	c.made_width = rest - 4 - MOST_WHY;
	return c;
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

static void draw_packed(const struct view *view, const struct layer_columns *columns,
			int y, const struct effect_layer *layer)
{
	int x = view->app->areas.pane[PANE_LAYERS].x;
	char size[LAM_SIZE_TEXT], text[LAM_SIZE_TEXT + 1];

	if (columns->packed < 0)
		return;
	snprintf(text, sizeof text, "%s%s", layer->blob_exact ? "" : "~",
		 lam_size_text(layer->blob, size));
	canvas_text_right(view->canvas, x + columns->packed, y, 8, ROLE_TEXT,
			  layer->blob ? text : "-");
}

/* What it ships in vain, and which part of its files somebody sees: of a written one all. */
static void draw_live(const struct view *view, const struct layer_columns *columns, int y,
		      const struct lam_target *target)
{
	int x = view->app->areas.pane[PANE_LAYERS].x;
	const struct lam_layer_info *original =
		target->fate == LAM_FATE_KEPT
			? lam_image_layer(view->app->image, target->original)
			: NULL;
	uint64_t waste = original ? original->waste_bytes : 0;
	char live[8] = "-";

	if (columns->waste >= 0)
		draw_bytes(view, x + columns->waste, y, waste);
	if (columns->live < 0)
		return;
	if (original && original->file_bytes)
		snprintf(
			live, sizeof live, "%u%%",
			view_percent(original->file_bytes - waste, original->file_bytes));
	else if (target->file_bytes)
		snprintf(live, sizeof live, "100%%");
	canvas_text_right(view->canvas, x + columns->live, y, 4,
			  waste ? ROLE_WARNING : ROLE_TEXT, live);
}

/* Why it is kept or not, and what made the original. A kept one needs no reason: where
 * there is room for one text, it is what made it. */
static void draw_texts(const struct view *view, const struct layer_columns *columns,
		       int y, const struct lam_target *target)
{
	int x = view->app->areas.pane[PANE_LAYERS].x;
	bool original =
		target->fate == LAM_FATE_KEPT || target->fate == LAM_FATE_REWRITTEN;
	LAM_CLEANUP(lam_free_ptr)
	char *made = lam_made_by(
		original ? lam_image_layer(view->app->image, target->original)->created_by
			 : "");
	LAM_CLEANUP(lam_free_ptr) char *shown = view_escape(view, made, strlen(made));
	LAM_CLEANUP(lam_free_ptr) char *reason = view_reason(target);
	bool kept = target->fate == LAM_FATE_KEPT && columns->made < 0 && *shown;

	if (columns->why >= 0)
		canvas_text_cut(view->canvas, x + columns->why, y, columns->why_width,
				ROLE_DIM, kept ? shown : reason, CUT_END);
	if (columns->made >= 0)
		canvas_text_cut(view->canvas, x + columns->made, y, columns->made_width,
				ROLE_TEXT, shown, CUT_END);
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
	target = lam_layout_layer(effect->layout, n);
	draw_bytes(view, x + columns->plan, y, effect->layers[n].plan);
	canvas_text(view->canvas, x + columns->blob, y, 2, fate_style(target->fate),
		    view_fate_sign(target));
	if (columns->share >= 0)
		canvas_bar(view->canvas, x + columns->share, y, 6, effect->layers[n].plan,
			   most);
	draw_packed(view, columns, y, &effect->layers[n]);
	draw_live(view, columns, y, target);
	draw_texts(view, columns, y, target);
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
		{ columns->packed, 8, "Packed", true },
		{ columns->blob - 2, 4, "Blob", false },
		{ columns->share, 6, "Share", false },
		{ columns->waste, 7, "Waste", true },
		{ columns->live, 4, "Live", true },
		{ columns->why, columns->why_width, columns->made < 0 ? "What" : "Why",
		  false },
		{ columns->made, columns->made_width, "Made by", false },
	};

	view_heads(view, PANE_LAYERS, heads, sizeof heads / sizeof *heads);
}

/* Why, where there is room for all of it. */
static void draw_misfit(const struct view *view, struct rect row,
			const struct effect *effect)
{
	const char *why = effect->errors.count ? effect->errors.lines[0] : "";

	if (!*why || text_width(why) > row.width)
		why = "the plan does not fit: t tells why";
	canvas_text_cut(view->canvas, row.x, row.y, row.width, ROLE_ERROR, why, CUT_END);
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
		draw_misfit(view, (struct rect){ in.x + 1, y, in.width - 2, 1 }, effect);
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
	const struct effect *effect = app->plan.effect;
	char bytes[LAM_SIZE_TEXT], empty[40] = "";

	/* those that are not written: the header counts the others */
	if (effect && effect->layout && effect->empty)
		snprintf(empty, sizeof empty, ", %zu empty", effect->empty);
	if (!effect || !effect->layout || view->app->areas.boxed)
		snprintf(out, size, "%zu layer%s%s", count, count == 1 ? "" : "s", empty);
	else
		snprintf(out, size, "%zu layer%s%s %s", count, count == 1 ? "" : "s",
			 empty, lam_size_text(effect->plan_bytes, bytes));
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
		   in.width < 48 || (app->plan.effect && app->plan.effect->empty)
			   ? ""
			   : "base first",
		   right);
	draw_heads(view, &columns);
	for (size_t i = list->top; i < list->count && i - list->top < list->height; i++)
		draw_layer(view, &columns, in.y + (int)(i - list->top), i, most);
	view_cursor(view, PANE_LAYERS, list);
	draw_sum(view, &columns, list->count);
	view_scroll_mark(view, PANE_LAYERS, list);
}
