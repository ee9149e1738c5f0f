/* The first line of the screen, and what stands there before the panes do. */
#include <stdio.h>
#include <string.h>

#include <lamina/path.h>

#include "base/buf.h"
#include "base/size.h"
#include "editor/frame/view.h"

const struct glyphs *view_glyphs(bool ascii)
{
	static const struct glyphs unicode = { "→", "…", "…", "▾", "▸", "▴", "▾" };
	static const struct glyphs plain = { "->", "...", "~", "v", ">", "^", "v" };

	return ascii ? &plain : &unicode;
}

static const char *last_part(const char *reference)
{
	const char *slash = strrchr(reference, '/');

	if (slash && slash[1])
		return slash + 1;
	slash = strchr(reference, ':');
	return slash && slash[1] ? slash + 1 : reference;
}

static void header_image(const struct view *view, bool wide, char *out, size_t size)
{
	const struct app *app = view->app;
	const char *reference = app->options.reference ? app->options.reference : "";
	const char *shown = wide ? reference : last_part(reference);
	LAM_CLEANUP(lam_free_ptr) char *escaped = view_escape(view, shown, strlen(shown));
	const char *platform = app->image ? lam_image_platform(app->image) : "";
	LAM_CLEANUP(lam_free_ptr)
	char *clean = view_escape(view, platform, strlen(platform));
	const char *slash = clean ? strchr(clean, '/') : NULL;

	if (!*platform || view->app->areas.header.width < 60)
		snprintf(out, size, "%s", escaped);
	else
		snprintf(out, size, "%s%s%s", escaped, wide ? "  " : " ",
			 wide || !slash ? clean : slash + 1);
}

/* "9 layers 995M"; without layers "995M" */
static void count_layers(size_t layers, uint64_t bytes, char *out, size_t size)
{
	char text[LAM_SIZE_TEXT];

	if (layers == 0)
		snprintf(out, size, "%s", lam_size_text(bytes, text));
	else
		snprintf(out, size, "%zu layer%s %s", layers, layers == 1 ? "" : "s",
			 lam_size_text(bytes, text));
}

static uint64_t image_bytes(const struct lam_image *image)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < lam_image_layer_count(image); i++)
		bytes += lam_image_layer(image, i)->tar_size;
	return bytes;
}

static void header_opening(const struct view *view, char *out, size_t size)
{
	uint64_t done, total;

	job_stage_sum(&view->app->opening.of[LAM_STAGE_READ], &done, &total);
	if (total > 0)
		snprintf(out, size, "opening %u%%", view_percent(done, total));
	else
		snprintf(out, size, "opening%s", view->glyphs->dots);
}

static void header_sizes(const struct view *view, char *out, size_t size)
{
	const struct app *app = view->app;
	const struct effect *effect = app->plan.effect;
	char now[64], plan[64];
	bool narrow = view->app->areas.header.width < 60;

	*out = '\0';
	if (app->phase == PHASE_OPENING)
		header_opening(view, out, size);
	if (app->phase != PHASE_READY || !app->image)
		return;
	count_layers(narrow ? 0 : lam_image_layer_count(app->image),
		     effect ? effect->now : image_bytes(app->image), now, sizeof now);
	if (!effect || !effect->layout) {
		snprintf(out, size, "%s %s %s", now, view->glyphs->arrow,
			 effect ? "does not fit" : view->glyphs->dots);
		return;
	}
	count_layers(narrow ? 0 : effect->plan->layer_count - effect->empty,
		     effect->plan_bytes, plan, sizeof plan);
	if (lam_layout_is_identity(effect->layout)) {
		snprintf(out, size, "%s %s unchanged", now, view->glyphs->arrow);
		return;
	}
	snprintf(out, size, "%s %s %s (%+.1f%%)", now, view->glyphs->arrow, plan,
		 effect->now > 0 ? ((double)effect->plan_bytes - (double)effect->now) *
					   100 / (double)effect->now
				 : 0.0);
}

static void header_plan(const struct view *view, bool wide, char *out, size_t size)
{
	const struct app *app = view->app;
	size_t unsaved = app_unsaved(app);
	const char *file = app_plan_file(app);
	const char *slash = file ? strrchr(file, '/') : NULL;
	const char *name = slash ? slash + 1 : file ? file : "new plan";
	LAM_CLEANUP(lam_free_ptr) char *shown = view_escape(view, name, strlen(name));

	if (unsaved == 0)
		snprintf(out, size, "%s", file ? shown : "");
	else if (view->app->areas.header.width < 60 && unsaved != SIZE_MAX)
		snprintf(out, size, "+%zu", unsaved);
	else if (unsaved == SIZE_MAX)
		snprintf(out, size, wide ? "%s  unsaved changes" : "%s +", shown);
	else if (wide)
		snprintf(out, size, "%s  %zu unsaved change%s", shown, unsaved,
			 unsaved == 1 ? "" : "s");
	else
		snprintf(out, size, "%s +%zu", shown, unsaved);
}

/* Sizes count most, then the image, then the plan's name. */
void view_header(const struct view *view)
{
	struct rect area = view->app->areas.header;
	bool wide = area.width >= 110;
	char image[400], sizes[160], plan[300];
	int room = area.width - 2, sizes_width, plan_width, image_width;

	header_image(view, wide, image, sizeof image);
	header_sizes(view, sizes, sizeof sizes);
	header_plan(view, wide, plan, sizeof plan);
	canvas_fill(view->canvas, area, ROLE_HEADER);
	sizes_width = text_width(sizes) < room ? text_width(sizes) : room;
	plan_width = *plan ? text_width(plan) + 2 : 0;
	image_width = text_width(image);
	room -= sizes_width + 2;
	if (plan_width > room - (image_width < room / 2 ? image_width : room / 2))
		plan_width = room - (image_width < room / 2 ? image_width : room / 2);
	room -= plan_width > 0 ? plan_width : 0;
	image_width = canvas_text_cut(view->canvas, area.x + 1, area.y, room, ROLE_HEADER,
				      image, CUT_MIDDLE);
	canvas_text_cut(view->canvas, area.x + 1 + image_width + (image_width > 0) * 2,
			area.y, sizes_width, ROLE_HEADER | S_BOLD, sizes, CUT_END);
	if (plan_width > 4)
		canvas_text_right(view->canvas, area.x + area.width - plan_width + 1,
				  area.y, plan_width - 2, ROLE_HEADER, plan);
}

/* In place of panes */

static int draw_wrapped(const struct view *view, int x, int y, int width, style_t style,
			const char *text)
{
	do {
		size_t next, len = view_wrap(text, width, &next);

		if (y < view->app->areas.status.y)
			view_text(view->canvas, x, y, width, style, text, len);
		text += next;
		y++;
	} while (*text);
	return y;
}

static size_t layers_ready(const struct job_stage *stage)
{
	size_t ready = 0;

	for (size_t i = 0; i < stage->layer_count && i < JOB_LAYERS; i++)
		ready += stage->total[i] > 0 && stage->done[i] >= stage->total[i];
	return ready;
}

void view_opening(const struct view *view)
{
	const struct job_stage *stage = &view->app->opening.of[LAM_STAGE_READ];
	int width = view->app->width - 8, x, y = view->app->height / 2 - 2;
	char a[LAM_SIZE_TEXT], b[LAM_SIZE_TEXT], pace[PACE_TEXT], image[400];
	uint64_t done, total;

	width = width > 60 ? 60 : width;
	x = (view->app->width - width) / 2;
	header_image(view, true, image, sizeof image);
	canvas_text(view->canvas, x, y, 8, ROLE_TITLE, "Opening ");
	canvas_text_cut(view->canvas, x + 8, y, width - 8, ROLE_TITLE_FOCUS, image,
			CUT_MIDDLE);
	job_stage_sum(stage, &done, &total);
	canvas_text(view->canvas, x, y + 5, width, ROLE_DIM, "q cancels");
	if (total == 0) {
		canvas_text(view->canvas, x, y + 2, width, ROLE_DIM,
			    "looking at its manifest");
		return;
	}
	canvas_bar(view->canvas, x, y + 2, width, done, total);
	canvas_textf(view->canvas, x, y + 3, width, ROLE_TEXT, "%s of %s  %u%%%s",
		     lam_size_text(done, a), lam_size_text(total, b),
		     view_percent(done, total),
		     pace_text(&view->app->opening_pace, view->app->writing.now_ms,
			       total - done, pace));
	canvas_textf(view->canvas, x, y + 4, width, ROLE_TEXT, "%zu of %zu layers read",
		     layers_ready(stage), stage->layer_count);
}

void view_failure(const struct view *view)
{
	int width = view->app->width - 4, y;

	y = draw_wrapped(view, 2, 2, width, ROLE_ERROR, "The image cannot be opened");
	y = draw_wrapped(view, 2, y + 1, width, ROLE_TEXT, view->app->failure.text);
	draw_wrapped(view, 2, y + 1, width, ROLE_DIM, "q leaves");
}
