/* Effect: what the plan does to each layer, and in sum. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/size.h"
#include "base/time.h"
#include "editor/details/details.h"

#define SHOWN_LINES 200 /* of errors and of remarks */

struct effect_columns {
	int name, now, plan, blob, blob_width, packed, files; /* -1: no room */
};

static struct effect_columns columns_of(int width)
{
	struct effect_columns columns = { 4, -1, -1, -1, 2, -1, -1 };
	int x = width;

	if (width >= 72) {
		columns.files = x - 14;
		x -= 15;
	}
	if (width >= 40) {
		columns.packed = x - 8;
		x -= 9;
	}
	columns.blob_width = width >= 64 ? 9 : 2;
	columns.blob = x - columns.blob_width;
	x -= columns.blob_width + 2;
	columns.plan = x - 7;
	columns.now = x - 15;
	return columns;
}

static void put_cell(struct lines *lines, int y, int x, int width, style_t style,
		     const char *text)
{
	if (x >= 0)
		canvas_text_right(lines->canvas, lines->area.x + x, y, width, style,
				  text);
}

static void put_heads(struct lines *lines, const struct effect_columns *columns)
{
	int y = lines_next(lines);

	if (lines->first == SIZE_MAX)
		lines->first = lines->count; /* not the heads */
	if (y < 0)
		return;
	canvas_text(lines->canvas, lines->area.x, y, 8, ROLE_DIM, "Layer");
	put_cell(lines, y, columns->now, 7, ROLE_DIM, "Now");
	put_cell(lines, y, columns->plan, 7, ROLE_DIM, "Plan");
	canvas_text(lines->canvas, lines->area.x + columns->blob, y, columns->blob_width,
		    ROLE_DIM, columns->blob_width > 4 ? "Blob" : "");
	put_cell(lines, y, columns->packed, 8, ROLE_DIM, "Packed");
	put_cell(lines, y, columns->files, 14, ROLE_DIM, "Files in/out");
}

static const char *size_or_dash(uint64_t bytes, char out[LAM_SIZE_TEXT])
{
	return bytes ? lam_size_text(bytes, out) : "-";
}

static const char *packed_text(uint64_t bytes, bool exact, char out[24])
{
	char size[LAM_SIZE_TEXT];

	snprintf(out, 24, "%s%s", exact || !bytes ? "" : "~", size_or_dash(bytes, size));
	return out;
}

static void put_figures(struct lines *lines, const struct effect_columns *columns, int y,
			const struct effect_layer *layer)
{
	char text[32], in[32], out[32];

	put_cell(lines, y, columns->now, 7, ROLE_TEXT, size_or_dash(layer->now, text));
	put_cell(lines, y, columns->plan, 7, ROLE_TEXT, size_or_dash(layer->plan, text));
	put_cell(lines, y, columns->packed, 8, ROLE_TEXT,
		 packed_text(layer->blob, layer->blob_exact, text));
	if (columns->files < 0)
		return;
	/* what comes together moves by no rule */
	if (layer->originals > 1 && layer->files_in == 0 && layer->files_out == 0)
		snprintf(out, sizeof out, "%u layers", layer->originals);
	else
		snprintf(out, sizeof out, "%s/%s", lam_count_text(layer->files_in, in),
			 lam_count_text(layer->files_out, text));
	put_cell(lines, y, columns->files, 14, ROLE_TEXT, out);
}

static void put_layer(struct lines *lines, const struct effect_columns *columns, size_t n)
{
	static const char *const words[] = { "kept", "rewritten", "new", "empty" };
	const struct effect *effect = lines->view->app->plan.effect;
	const struct lam_target *target = lam_layout_layer(effect->layout, n);
	size_t letter = view_target(lines->view->app, (uint32_t)n);
	int x = lines->area.x, y = lines_next(lines);

	if (y < 0)
		return;
	view_chip(lines->canvas, x, y, letter == SIZE_MAX ? n : letter, 0);
	canvas_text_cut(lines->canvas, x + 4, y, columns->now - 4, ROLE_TEXT,
			target->name, CUT_END);
	canvas_text(lines->canvas, x + columns->blob, y, columns->blob_width, ROLE_TEXT,
		    columns->blob_width > 4 ? words[target->fate]
					    : view_fate_sign(target));
	put_figures(lines, columns, y, &effect->layers[n]);
}

static void put_sum(struct lines *lines, const struct effect_columns *columns)
{
	const struct effect *effect = lines->view->app->plan.effect;
	bool exact = effect->rewritten + effect->fresh == 0;
	int y = lines_next(lines);
	char text[32];

	if (y < 0)
		return;
	canvas_text(lines->canvas, lines->area.x, y, 3, ROLE_TITLE, "Sum");
	put_cell(lines, y, columns->now, 7, ROLE_TITLE, lam_size_text(effect->now, text));
	put_cell(lines, y, columns->plan, 7, ROLE_TITLE,
		 lam_size_text(effect->plan_bytes, text));
	put_cell(lines, y, columns->packed, 8, ROLE_TITLE,
		 packed_text(effect->blob_plan, exact, text));
}

static void put_tree(struct lines *lines, const struct effect *effect)
{
	LAM_CLEANUP(lam_free_ptr) char *removes = effect_removes(effect);
	char count[32], at[LAM_TIME_TEXT];

	if (effect->clamped)
		lines_printf(lines, ROLE_WARNING, 0,
			     "Merged file system: SETS BACK %s times to %s",
			     lam_count_text(effect->clamped, count),
			     lam_time_format(effect->plan->times.at, at));
	if (effect->dropped == 0 && effect->clamped == 0)
		lines_printf(lines, ROLE_GOOD, 0,
			     "Merged file system: identical (%s entries)",
			     lam_count_text(effect->entries, count));
	else if (effect->dropped)
		lines_printf(lines, ROLE_WARNING, 0, "Merged file system: %s", removes);
}

static void put_changes(struct lines *lines, const struct lam_layout *layout)
{
	size_t count = lam_layout_change_count(layout);

	for (size_t i = 0; i < count && i < SHOWN_LINES; i++) {
		const struct lam_setting_change *c = lam_layout_change(layout, i);
		LAM_CLEANUP(lam_free_ptr)
		char *text = lam_xprintf(
			"CHANGES %s%s%s: %s %s %s", lam_setting_word(c->kind),
			c->key ? " " : "", c->key ? c->key : "",
			c->before ? c->before : "none", lines->view->glyphs->arrow,
			c->after ? c->after : "none");

		lines_bytes(lines, ROLE_WARNING, 0, "", text, strlen(text));
	}
	if (count > SHOWN_LINES)
		lines_printf(lines, ROLE_DIM, 1, "and %zu more", count - SHOWN_LINES);
}

static void put_totals(struct lines *lines, const struct effect *effect)
{
	const struct lam_image *against = lines->view->app->options.against;
	char a[LAM_SIZE_TEXT], b[LAM_SIZE_TEXT], c[LAM_SIZE_TEXT];

	lines_printf(lines, ROLE_TEXT, 0, "Reused %s, rewritten %s, new %s",
		     lam_size_text(effect->kept_bytes, a),
		     lam_size_text(effect->rewritten_bytes, b),
		     lam_size_text(effect->new_bytes, c));
	lines_printf(lines, ROLE_TEXT, 0, "Waste that goes: %s",
		     lam_size_text(effect->waste_gone, a));
	lines_printf(lines, ROLE_TEXT, 0, "Compressed: %s %s ~%s",
		     lam_size_text(effect->blob_now, a), lines->view->glyphs->arrow,
		     lam_size_text(effect->blob_plan, b));
	lines_printf(lines, ROLE_TEXT, 0, "A client with the current image fetches ~%s",
		     lam_size_text(effect->fetch, a));
	if (against)
		lines_printf(lines, ROLE_TEXT, 0, "A client with %s fetches ~%s",
			     lam_image_reference(against),
			     lam_size_text(effect->fetch_against, a));
}

static void put_reasons(struct lines *lines, const struct lam_layout *layout)
{
	size_t count = lam_layout_plan(layout)->layer_count;
	char letters[8];

	lines_blank(lines);
	lines_text(lines, ROLE_TITLE, 0, 0, "Why");
	for (size_t i = 0; i < count; i++) {
		const struct lam_target *target = lam_layout_layer(layout, i);

		LAM_CLEANUP(lam_free_ptr) char *reason = view_reason(target);

		if (*reason)
			lines_printf(lines, ROLE_TEXT, 1, "%s %s",
				     target_letters(i, letters), reason);
	}
}

static void put_remarks(struct lines *lines, const struct lam_layout *layout)
{
	size_t count = lam_layout_remark_count(layout);

	if (count == 0)
		return;
	lines_blank(lines);
	lines_text(lines, ROLE_TITLE, 0, 0, "Remarks");
	for (size_t i = 0; i < count && i < SHOWN_LINES; i++) {
		const struct lam_remark *remark = lam_layout_remark(layout, i);

		lines_text(lines, remark->strict ? ROLE_WARNING : ROLE_TEXT, 1, 2,
			   remark->text);
	}
	if (count > SHOWN_LINES)
		lines_printf(lines, ROLE_DIM, 1, "and %zu more", count - SHOWN_LINES);
}

static void put_errors(struct lines *lines, const struct lam_plan_errors *errors)
{
	lines_text(lines, ROLE_ERROR, 0, 2, "The plan does not fit this image");
	for (size_t i = 0; i < errors->count && i < SHOWN_LINES; i++)
		lines_text(lines, ROLE_WARNING, 1, 2, errors->lines[i]);
	if (errors->count > SHOWN_LINES)
		lines_printf(lines, ROLE_DIM, 1, "and %zu more",
			     errors->count - SHOWN_LINES);
}

void effect_lines(struct lines *lines)
{
	const struct effect *effect = lines->view->app->plan.effect;
	struct effect_columns columns = columns_of(lines->area.width);

	if (!effect) {
		lines_text(lines, ROLE_DIM, 0, 0, "planning it");
		return;
	}
	if (!effect->layout) {
		put_errors(lines, &effect->errors);
		return;
	}
	put_heads(lines, &columns);
	for (size_t i = 0; i < effect->plan->layer_count; i++)
		put_layer(lines, &columns, i);
	put_sum(lines, &columns);
	lines_blank(lines);
	put_tree(lines, effect);
	put_changes(lines, effect->layout);
	put_totals(lines, effect);
	put_reasons(lines, effect->layout);
	put_remarks(lines, effect->layout);
}
