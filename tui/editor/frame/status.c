/* The status line and the key bar. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/size.h"
#include "editor/frame/view.h"

static void part(struct lam_buf *text)
{
	if (text->len)
		lam_text_puts(text, " | ");
}

static void put_marks(struct lam_buf *text, const struct files *files)
{
	char count[32], size[LAM_SIZE_TEXT];

	if (files->mark_count == 0)
		return;
	lam_text_printf(text, "%s marked", lam_count_text(files->mark_count, count));
	if (files->mark_bytes > 0)
		lam_text_printf(text, " %s", lam_size_text(files->mark_bytes, size));
}

static void put_effect(struct lam_buf *text, const struct effect *effect, bool wide)
{
	char a[LAM_SIZE_TEXT], b[LAM_SIZE_TEXT], c[LAM_SIZE_TEXT];

	if (!effect)
		return;
	part(text);
	if (!effect->layout) {
		lam_text_puts(text, "the plan does not fit: t tells why");
		return;
	}
	lam_text_printf(text,
			wide ? "reused %s  rewritten %s  new %s"
			     : "reuse %s rewrite %s new %s",
			lam_size_text(effect->kept_bytes, a),
			lam_size_text(effect->rewritten_bytes, b),
			lam_size_text(effect->new_bytes, c));
	if (effect->dropped > 0)
		lam_text_printf(text, " | LEAVES OUT %s",
				lam_size_text(effect->dropped_bytes, a));
	if (wide && effect->waste_gone > 0)
		lam_text_printf(text, " | waste removed %s",
				lam_size_text(effect->waste_gone, a));
}

static void put_undo(struct lam_buf *text, const struct lam_undo *history, bool wide)
{
	size_t redo = lam_undo_again_count(history);

	part(text);
	lam_text_printf(text, "undo %zu", lam_undo_back_count(history));
	if (wide || redo > 0)
		lam_text_printf(text, " redo %zu", redo);
}

/* What may follow the digits of a count. */
static void put_count(struct lam_buf *text, const struct app *app)
{
	static const enum action motions[] = { ACT_DOWN, ACT_UP, ACT_HALF_DOWN,
					       ACT_NEXT_SIBLING, ACT_NEXT_LAYER };
	unsigned context = app_context(app);
	char name[KEY_NAME_MAX * KEY_SEQUENCE_MAX];

	lam_text_printf(text, "%u times: ", app->keys.times);
	for (size_t i = 0; i < sizeof motions / sizeof *motions; i++)
		lam_text_printf(text, "%s ",
				keymap_name(&app->keys.map, motions[i], context, name));
	lam_text_printf(text, " or line %u: %s", app->keys.times,
			keymap_name(&app->keys.map, ACT_LAST, context, name));
}

static char *left_text(const struct app *app)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf text = LAM_TEXT;
	bool wide = app->width >= 110;
	char following[1024];

	if (app->message.text[0]) {
		lam_text_puts(&text, app->message.text);
	} else if (app->keys.typed.count) {
		lam_text_puts(&text, keymap_following(&app->keys.map, app_context(app),
						      &app->keys.typed, following,
						      sizeof following));
	} else if (app->keys.counts) {
		put_count(&text, app);
	} else if (app->phase == PHASE_READY && app->plan.undo) {
		put_marks(&text, &app->files);
		put_effect(&text, app->plan.effect, wide);
		put_undo(&text, app->plan.undo, wide);
	}
	return lam_text_steal(&text);
}

/* What is going on, in a word each. */
static void put_jobs(struct lam_buf *text, const struct view *view)
{
	static const char *const words[JOB_COUNT] = {
		[JOB_OPEN] = "opening",     [JOB_ORDER] = "sorting",
		[JOB_EFFECT] = "planning",  [JOB_FILTER] = "filtering",
		[JOB_SEARCH] = "searching", [JOB_PREVIEW] = "reading",
		[JOB_PAGER] = "reading",    [JOB_WASTE] = "measuring",
		[JOB_SUGGEST] = "looking",  [JOB_WRITE] = "writing",
		[JOB_PATTERN] = "counting", [JOB_LOOK] = "looking",
	};

	for (size_t i = 0; i < JOB_COUNT; i++) {
		if (view->app->jobs.running[i] && words[i])
			lam_text_printf(text, "%s%s%s", text->len > 0 ? " " : "",
					words[i], view->glyphs->dots);
	}
}

static char *right_text(const struct view *view)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf text = LAM_TEXT;
	const struct app *app = view->app;
	char typed[KEY_NAME_MAX * KEY_SEQUENCE_MAX];

	if (app->keys.typed.count > 0)
		lam_text_printf(&text, "%s ", key_sequence_name(&app->keys.typed, typed));
	put_jobs(&text, view);
	if (app->options.test_seq && app_is_settled(app))
		lam_text_printf(&text, " seq=%llu", (unsigned long long)app->keys.taken);
	else if (app->options.test_seq)
		lam_text_puts(&text, " seq=-");
	return lam_text_steal(&text);
}

void view_status(const struct view *view)
{
	const struct app *app = view->app;
	struct rect area = app->areas.status;
	char *left = left_text(app), *right = right_text(view);
	style_t style = app->message.text[0] ? app->message.role : ROLE_STATUS;
	int width = text_width(right);

	canvas_fill(view->canvas, area, ROLE_STATUS);
	canvas_text_right(view->canvas, area.x, area.y, area.width, ROLE_STATUS, right);
	canvas_text_cut(view->canvas, area.x + 1, area.y,
			area.width - 1 - width - (width > 0), style, left, CUT_END);
	free(left);
	free(right);
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

	return keymap_find(&app->keys.map, app_context(app), &keys, &action) ==
			       LOOKUP_FOUND
		       ? action
		       : ACT_NONE;
}

/* The function keys that there is room for with a blank between them, all or those that help
 * most, and where each stands. Returns how many. */
struct bar_key {
	unsigned number;
	const char *text;
	int len, x, width;
};
static int choose_keys(const struct app *app, struct bar_key out[KEYS], int *out_len)
{
	static const unsigned char worth[KEYS] = { 0, 9, 8, 4, 1, 7, 6, 3, 2, 5 };
	int room = app->areas.keybar.width, count = 0;
	struct bar_key all[KEYS] = { 0 };

	*out_len = 0;
	for (size_t i = 0; i < KEYS; i++) {
		struct bar_key *key = &all[worth[i]];
		const char *text = label(bound(app, worth[i]));
		int len = text_width(text) + (worth[i] < 9 ? 2 : 3);

		if (!*text || len >= room)
			continue;
		*key = (struct bar_key){ worth[i], text, len, 0, 0 };
		room -= len + 1;
		*out_len += len;
	}
	for (size_t i = 0; i < KEYS; i++) {
		if (all[i].text)
			out[count++] = all[i];
	}
	return count;
}

static int place_keys(const struct app *app, struct bar_key out[KEYS])
{
	int count, blanks, at = 0;

	if (app->dialog_count > 0 || app->phase != PHASE_READY)
		return 0;
	count = choose_keys(app, out, &blanks);
	blanks = app->areas.keybar.width - blanks;
	for (int i = 0; i < count; i++) {
		out[i].x = at;
		out[i].width = out[i].len + blanks * (i + 1) / count - blanks * i / count;
		at += out[i].width;
	}
	return count;
}

void view_keybar(const struct view *view)
{
	struct rect area = view->app->areas.keybar;
	struct bar_key keys[KEYS];
	int count = place_keys(view->app, keys);

	for (int i = 0; i < count; i++) {
		int x = area.x + keys[i].x;
		int used = canvas_textf(view->canvas, x, area.y, keys[i].len, ROLE_KEY,
					"F%u", keys[i].number + 1);

		canvas_text(view->canvas, x + used, area.y, keys[i].len - used, ROLE_HINT,
			    keys[i].text);
	}
}

uint32_t app_keybar_key(const struct app *app, int x)
{
	struct bar_key keys[KEYS];
	int count = place_keys(app, keys);

	for (int i = 0; i < count; i++) {
		if (x >= keys[i].x && x < keys[i].x + keys[i].width)
			return K_F1 + keys[i].number;
	}
	return K_NONE;
}
