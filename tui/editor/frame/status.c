/* The status line and the key bar. */
#include <stdio.h>
#include <string.h>

#include "editor/frame/view.h"

static void put_part(struct view_line *text, const char *part)
{
	view_put(text, "%s%s", text->len > 0 ? " | " : "", part);
}

static void put_marks(struct view_line *text, const struct app *app)
{
	char part[80], count[32], size[SIZE_TEXT_MAX];

	if (app->files.mark_count == 0)
		return;
	text_count(app->files.mark_count, count);
	if (app->files.mark_bytes > 0)
		snprintf(part, sizeof part, "%s marked %s", count,
			 text_size(app->files.mark_bytes, size));
	else
		snprintf(part, sizeof part, "%s marked", count);
	put_part(text, part);
}

static void put_effect(struct view_line *text, const struct app *app, bool wide)
{
	const struct effect *effect = app->effect;
	char part[120], a[SIZE_TEXT_MAX], b[SIZE_TEXT_MAX], c[SIZE_TEXT_MAX];

	if (!effect)
		return;
	if (!effect->layout) {
		put_part(text, "the plan does not fit");
		return;
	}
	snprintf(part, sizeof part,
		 wide ? "reused %s  rewritten %s  new %s" : "reuse %s rewrite %s new %s",
		 text_size(effect->kept_bytes, a), text_size(effect->rewritten_bytes, b),
		 text_size(effect->new_bytes, c));
	put_part(text, part);
	if (effect->dropped > 0) {
		snprintf(part, sizeof part, "LEAVES OUT %s",
			 text_size(effect->dropped_bytes, a));
		put_part(text, part);
	}
	if (wide && effect->waste_gone > 0) {
		snprintf(part, sizeof part, "waste removed %s",
			 text_size(effect->waste_gone, a));
		put_part(text, part);
	}
}

static void put_undo(struct view_line *text, const struct app *app, bool wide)
{
	size_t undo = lam_undo_back_count(app->history);
	size_t redo = lam_undo_again_count(app->history);
	char part[60];

	if (wide || redo > 0)
		snprintf(part, sizeof part, "undo %zu redo %zu", undo, redo);
	else
		snprintf(part, sizeof part, "undo %zu", undo);
	put_part(text, part);
}

/* What is going on, in a word each. */
static void put_jobs(struct view_line *text, const struct view *view)
{
	static const char *const words[JOB_COUNT] = {
		[JOB_OPEN] = "opening",     [JOB_ORDER] = "sorting",
		[JOB_EFFECT] = "planning",  [JOB_FILTER] = "filtering",
		[JOB_SEARCH] = "searching", [JOB_PREVIEW] = "reading",
		[JOB_WASTE] = "measuring",  [JOB_SUGGEST] = "looking",
		[JOB_WRITE] = "writing",    [JOB_PATTERN] = "counting",
	};

	for (size_t i = 0; i < JOB_COUNT; i++) {
		if (view->app->running[i] && words[i])
			view_put(text, "%s%s%s", text->len > 0 ? " " : "", words[i],
				 view->glyphs->dots);
	}
}

static void put_sequence(struct view_line *text, const struct app *app)
{
	if (!app->options.test_seq)
		return;
	if (app_is_settled(app))
		view_put(text, " seq=%llu", (unsigned long long)app->seq);
	else
		view_put(text, " seq=-");
}

static void put_left(struct view_line *text, const struct view *view)
{
	const struct app *app = view->app;
	bool wide = app->width >= 110;

	if (app->message.text[0]) {
		view_put(text, "%s", app->message.text);
		return;
	}
	if (app->phase != PHASE_READY || !app->history)
		return;
	put_marks(text, app);
	put_effect(text, app, wide);
	put_undo(text, app, wide);
}

void view_status(const struct view *view)
{
	const struct app *app = view->app;
	struct rect area = view->areas.status;
	struct view_line left = { 0 }, right = { 0 };
	char typed[KEY_NAME_MAX * KEY_SEQUENCE_MAX];
	style_t style = app->message.text[0] ? app->message.role : ROLE_STATUS;
	int width;

	put_left(&left, view);
	if (app->typed.count > 0)
		view_put(&right, "%s ", key_sequence_name(&app->typed, typed));
	put_jobs(&right, view);
	put_sequence(&right, app);
	canvas_fill(view->canvas, area, ROLE_STATUS);
	width = text_width(right.bytes);
	canvas_text_right(view->canvas, area.x, area.y, area.width, ROLE_STATUS,
			  right.bytes);
	canvas_text_cut(view->canvas, area.x + 1, area.y,
			area.width - 1 - width - (width > 0), style, left.bytes, CUT_END);
}

/* The key bar */

#define KEYS 10

static const char *label(enum action action)
{
	static const struct {
		enum action action;
		const char *text;
	} labels[] = {
		{ ACT_HELP, "Help" },           { ACT_SAVE, "Save" },
		{ ACT_ZOOM, "View" },           { ACT_EDIT, "Edit" },
		{ ACT_ASSIGN, "Assign" },       { ACT_ASSIGN_NEW, "New" },
		{ ACT_LAYER_NEW, "New" },       { ACT_LEAVE_OUT, "Drop" },
		{ ACT_LAYER_DELETE, "Delete" }, { ACT_MENU, "Menu" },
		{ ACT_QUIT, "Quit" },
	};

	for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
		if (labels[i].action == action)
			return labels[i].text;
	}
	return action == ACT_NONE ? "" : ACTIONS[action].name;
}

static enum action bound(const struct app *app, unsigned number)
{
	struct key_sequence keys = { .keys = { { .code = K_F1 + number } }, .count = 1 };
	enum action action;

	if (keymap_find(&app->keymap, 1u << app->focus, &keys, &action) != LOOKUP_FOUND)
		return ACT_NONE;
	return action;
}

/* Which keys there is room for: all, or those that help most. */
static unsigned shown_keys(int width)
{
	static const unsigned char worth[KEYS] = { 0, 9, 8, 4, 1, 7, 6, 3, 2, 5 };
	int count = width / 8 > KEYS ? KEYS : width / 8;
	unsigned shown = 0;

	for (int i = 0; i < count; i++)
		shown |= 1u << worth[i];
	return shown;
}

/* Calls found() for each key that is shown with where it stands. */
static void each_key(const struct app *app, struct rect area,
		     void (*found)(void *context, unsigned number, int x, int width),
		     void *context)
{
	unsigned shown = shown_keys(area.width);
	int count = __builtin_popcount(shown), at = 0;

	if (app->dialog_count > 0 || app->phase != PHASE_READY)
		return;
	for (unsigned i = 0; i < KEYS; i++) {
		int x = area.width * at / count;

		if (!(shown >> i & 1))
			continue;
		at++;
		found(context, i, area.x + x, area.width * at / count - x);
	}
}

static void draw_key(void *context, unsigned number, int x, int width)
{
	const struct view *view = context;
	const char *text = label(bound(view->app, number));
	int y = view->areas.keybar.y, used;

	if (!*text)
		return;
	used = canvas_textf(view->canvas, x, y, width, ROLE_KEY, "%u", number + 1);
	canvas_text(view->canvas, x + used, y, width - used - 1, ROLE_HINT, text);
}

void view_keybar(const struct view *view)
{
	struct view copy = *view;

	if (view->areas.keybar.width > 0)
		each_key(view->app, view->areas.keybar, draw_key, &copy);
}

struct find_key {
	int x;
	uint32_t code;
};

static void find_key(void *context, unsigned number, int x, int width)
{
	struct find_key *find = context;

	if (find->x >= x && find->x < x + width)
		find->code = K_F1 + number;
}

uint32_t app_keybar_key(const struct app *app, int x)
{
	struct find_key find = { .x = x, .code = K_NONE };
	struct areas areas = app_areas(app);

	if (areas.keybar.width > 0)
		each_key(app, areas.keybar, find_key, &find);
	return find.code;
}
