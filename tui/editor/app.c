/* The editor as a whole: its parts, keys to actions, events to state, state to cells. */
#include "editor/app.h"

#include <stdlib.h>

#include "base/buf.h"
#include "editor/details/details.h"
#include "editor/files/files.h"
#include "editor/layers/layers.h"
#include "editor/plan/plan.h"

#define MOST_TIMES 99999999u

void app_init(struct app *app, const struct options *options, struct lam_plan *plan,
	      const char *plan_text)
{
	*app = (struct app){ .options = *options, .below = PANE_LAYERS };
	files_init(&app->files);
	details_init(&app->details);
	plan_init(&app->plan, options, plan, plan_text);
	keymap_init(&app->keys.map);
}

static void jobs_fini(struct jobs *jobs)
{
	for (size_t i = 0; i < JOB_COUNT; i++)
		job_free(jobs->waiting[i]);
	for (size_t i = 0; i < jobs->retired_count; i++)
		jobs->retired[i].free(jobs->retired[i].value);
	free(jobs->retired);
}

static void keyboard_fini(struct keyboard *keys)
{
	for (size_t i = 0; i < keys->command_count; i++)
		free(keys->commands[i]);
	free(keys->commands);
	for (size_t i = 0; i < keys->said_count; i++) {
		free(keys->said[i].title);
		free(keys->said[i].text);
	}
	free(keys->said);
	keymap_fini(&keys->map);
}

void app_fini(struct app *app)
{
	jobs_fini(&app->jobs);
	for (size_t i = 0; i < app->request_count; i++)
		request_fini(&app->requests[i]);
	free(app->requests);
	while (app->dialog_count)
		dialog_pop(app);
	free(app->dialogs);
	files_fini(&app->files);
	details_fini(&app->details);
	layers_fini(&app->layers);
	plan_fini(&app->plan);
	writing_fini(&app->writing);
	lam_write_result_fini(&app->written);
	keyboard_fini(&app->keys);
	owners_free(app->owners);
	facts_free(app->facts);
	lam_image_close(app->image);
}

size_t app_take_requests(struct app *app, struct request **out)
{
	size_t count = app->request_count;

	*out = LAM_STEAL(app->requests);
	app->request_count = app->request_cap = 0;
	return count;
}

/* How the list of each pane is made to fit, in this order, and how it is drawn. */
static const struct {
	void (*fit)(struct app *app);
	void (*draw)(const struct view *view);
} PANES[PANE_COUNT] = {
	[PANE_FILES] = { files_fit, files_draw },
	[PANE_LAYERS] = { layers_fit, layers_draw },
	[PANE_DETAILS] = { details_fit, details_draw },
};

void app_settle(struct app *app)
{
	app->areas = app_areas(app);
	dialogs_fit(app);
	for (int p = 0; app->phase == PHASE_READY && p < PANE_COUNT; p++)
		PANES[p].fit(app);
}

/* Keys */

static const struct {
	void (*plain)(struct app *app);
	void (*on_number)(struct app *app, int number);
	int number;
	action_on_text *on_text;
} FUNCTIONS[ACT_COUNT] = {
#define PLAIN(function)             \
	{                           \
		.plain = (function) \
	}
#define NUMBER(function, value)                            \
	{                                                  \
		.on_number = (function), .number = (value) \
	}
#define TEXT(function)                \
	{                             \
		.on_text = (function) \
	}
#define ACTION(id, name, argument, contexts, group, keys, help, function) \
	[ACT_##id] = function, /* NOLINT(bugprone-macro-parentheses): in braces */
#include "editor/keys/actions.def"
#undef ACTION
#undef PLAIN
#undef NUMBER
#undef TEXT
};

void app_act(struct app *app, enum action action, const char *text)
{
	if (ACTIONS[action].group == GROUP_LAYER && action != ACT_LAYER_NEW &&
	    !app_plan(app)->layer_count)
		app_tell(app, ROLE_STATUS, "the plan has no layers: n makes one");
	else if (FUNCTIONS[action].plain)
		FUNCTIONS[action].plain(app);
	else if (FUNCTIONS[action].on_number)
		FUNCTIONS[action].on_number(app, FUNCTIONS[action].number);
	else if (FUNCTIONS[action].on_text)
		FUNCTIONS[action].on_text(app, text && *text ? text : NULL);
}

static void take_letter(struct app *app, struct key key)
{
	char letter[2] = { (char)key.code, '\0' };
	action_on_text *awaits = LAM_STEAL(app->keys.awaits);

	if (key.mods == 0 && key.code > ' ' && key.code < 0x7f)
		awaits(app, letter);
}

/* "z1" to "z9" unfold so many levels: the last key says how many. */
static const char *argument_of(enum action action, const struct key_sequence *typed,
			       char out[2])
{
	if (action != ACT_UNFOLD_TO)
		return NULL;
	out[0] = (char)typed->keys[typed->count - 1].code;
	out[1] = '\0';
	return out;
}

/* Digits before a motion say how often. Those that are keys themselves (1, 2 and 3 show
 * panes) begin no count, and go on with one: "5j", "42j", "012j". */
static bool take_digit(struct app *app, struct key key)
{
	const struct key_sequence typed = { .keys = { key }, .count = 1 };
	struct keyboard *k = &app->keys;
	enum action action;

	if (k->typed.count || key.mods || key.code < '0' || key.code > '9')
		return false;
	if (!k->counts &&
	    keymap_find(&k->map, app_context(app), &typed, &action) != LOOKUP_NONE)
		return false;
	k->counts = true;
	if (k->times <= MOST_TIMES / 10)
		k->times = k->times * 10 + (key.code - '0');
	return true;
}

/* With a count "gg" and "G" go to that line, and what steps does so many steps, as long as
 * there is a way to go. */
static void act_times(struct app *app, enum action action, unsigned times)
{
	struct list *list = app_list(app, app->focus);
	char name[KEY_NAME_MAX * KEY_SEQUENCE_MAX];
	size_t was;

	if (times && (action == ACT_FIRST || action == ACT_LAST)) {
		list_go(list, times - 1);
	} else if (ACTIONS[action].group == GROUP_MOVE && FUNCTIONS[action].on_number) {
		do {
			was = list->cursor;
			app_act(app, action, NULL);
		} while (list->cursor != was && times-- > 1);
	} else {
		app_tell(app, ROLE_WARNING, "%s takes no count: 5j does",
			 keymap_name(&app->keys.map, action, app_context(app), name));
	}
}

static void take_key(struct app *app, struct key key)
{
	char name[KEY_NAME_MAX * KEY_SEQUENCE_MAX], argument[2];
	struct keyboard *k = &app->keys;
	struct key_sequence typed = k->typed;
	enum action action = ACT_NONE;
	enum lookup found;

	if (take_digit(app, key))
		return;
	if ((typed.count || k->counts) && key_is(key, K_ESC)) {
		k->typed.count = k->times = 0;
		k->counts = false;
		return;
	}
	typed.keys[typed.count++] = key;
	k->typed.count = 0;
	found = keymap_find(&k->map, app_context(app), &typed, &action);
	if (found == LOOKUP_PREFIX && typed.count < KEY_SEQUENCE_MAX) {
		k->typed = typed;
		return;
	}
	if (found == LOOKUP_NONE)
		app_tell(app, ROLE_WARNING, "%s does nothing here; ? tells the keys",
			 key_sequence_name(&typed, name));
	else if (found == LOOKUP_FOUND && k->counts)
		act_times(app, action, k->times);
	else if (found == LOOKUP_FOUND)
		app_act(app, action, argument_of(action, &typed, argument));
	k->times = 0;
	k->counts = false;
}

static bool inside(struct rect r, int x, int y)
{
	return x >= r.x && x < r.x + r.width && y >= r.y && y < r.y + r.height;
}

/* A click on a tab shows it, one on a head sorts by it. */
static void click_frame(struct app *app, int x, int y)
{
	const struct areas *a = &app->areas;
	enum tab tab = details_tab_at(app, x);
	enum sort sort = files_head_at(app, x);

	if (a->frame[PANE_DETAILS].width && y == a->frame[PANE_DETAILS].y &&
	    inside(a->frame[PANE_DETAILS], x, y) && tab < TAB_COUNT) {
		pane_focus(app, PANE_DETAILS);
		if (tab != app->details.tab)
			details_show(app, (int)tab);
	} else if (a->pane[PANE_FILES].width && y == a->pane[PANE_FILES].y - 1 &&
		   y > a->frame[PANE_FILES].y && inside(a->frame[PANE_FILES], x, y) &&
		   sort < SORT_KINDS) {
		files_sort(app, SORT_NAMES[sort]);
	}
}

/* A click focuses and goes to the line, and unfolds where the fold sign is; the wheel moves
 * the list below the pointer. */
static bool take_mouse(struct app *app, const struct event *event)
{
	const struct areas *areas = &app->areas;

	if (event->key.code != K_CLICK && event->key.code != K_DOUBLE_CLICK &&
	    event->key.code != K_WHEEL_UP && event->key.code != K_WHEEL_DOWN)
		return false;
	for (int p = 0; p < PANE_COUNT; p++) {
		struct list *list = app_list(app, (enum pane)p);

		if (!areas->pane[p].width || !inside(areas->pane[p], event->x, event->y))
			continue;
		if (event->key.code == K_WHEEL_UP || event->key.code == K_WHEEL_DOWN) {
			list_move(list, event->key.code == K_WHEEL_UP ? -3 : 3);
			return true;
		}
		app->focus = (enum pane)p;
		list_go(list, list->top + (size_t)(event->y - areas->pane[p].y));
		if (p == PANE_FILES && event->key.code == K_CLICK &&
		    files_fold_at(app, list->cursor, event->x))
			files_toggle(app);
		return event->key.code == K_CLICK;
	}
	if (event->key.code == K_CLICK)
		click_frame(app, event->x, event->y);
	if (event->key.code == K_CLICK && inside(areas->keybar, event->x, event->y))
		take_key(app, (struct key){ app_keybar_key(app, event->x), 0 });
	return true;
}

/* Others are taken once there is something to take them. */
static void opening_key(struct app *app, struct key key)
{
	struct keyboard *k = &app->keys;

	if (key.code < K_WHEEL_UP &&
	    k->early_count < sizeof k->early / sizeof *k->early && !key_is(key, K_ESC))
		k->early[k->early_count++] = key;
	if (key_is(key, 'q') || key_is(key, K_ESC) || key_is(key, K_F1 + 9) ||
	    (key.code == 'c' && key.mods == MOD_CTRL))
		plan_stop(app, 0);
}

static void update_key(struct app *app, const struct event *event)
{
	struct key key = event->key;

	app->message.text[0] = '\0';
	if (app->phase != PHASE_READY)
		opening_key(app, key);
	else if (app->dialog_count)
		dialog_key(app, event);
	else if (app->keys.awaits)
		take_letter(app, key);
	else if (key.code == 'c' && key.mods == MOD_CTRL)
		app_tell(app, ROLE_STATUS, "q quits");
	else if (key.code != K_PASTE && !take_mouse(app, event))
		take_key(app, key);
}

/* Not into a question that nobody has seen yet. */
static void take_early(struct app *app)
{
	struct event event = { .kind = EVENT_KEY, .now_ms = app->writing.now_ms };
	size_t count = app->keys.early_count;

	app->keys.early_count = 0;
	if (count && app->dialog_count) {
		app_tell(app, ROLE_STATUS, "what was typed meanwhile is dropped");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		event.key = app->keys.early[i];
		update_key(app, &event);
		app_settle(app);
	}
}

static void update_copied(struct app *app, const struct event *event)
{
	if (event->err && event->err->code)
		app_tell(app, ROLE_STATUS, "%s", event->text);
	else
		app_tell(app, ROLE_GOOD, "copied: %s", event->text);
}

static void update_progress(struct app *app, const struct event *event)
{
	uint64_t done, total;

	if (event->job_kind != JOB_OPEN) {
		write_progress(app, event);
		return;
	}
	app->opening = event->progress;
	job_stage_sum(&app->opening.of[LAM_STAGE_READ], &done, &total);
	if (app->opening_pace.sample == 0)
		app->opening_pace.begun_ms = event->now_ms;
	pace_add(&app->opening_pace, event->now_ms, done);
}

void app_update(struct app *app, const struct event *event)
{
	app->writing.now_ms = event->now_ms;
	switch (event->kind) {
	case EVENT_START: app_open(app); break;
	case EVENT_KEY:
		app->keys.taken++;
		update_key(app, event);
		break;
	case EVENT_RESIZE:
		app->width = event->width;
		app->height = event->height;
		break;
	case EVENT_JOB: app_job_ended(app, event->job); break;
	case EVENT_PROGRESS: update_progress(app, event); break;
	case EVENT_EDITED: plan_edited(app, event); break;
	case EVENT_SAVED: plan_saved(app, event); break;
	case EVENT_LOADED: plan_loaded(app, event); break;
	case EVENT_COMPLETED: dialog_completed(app, event->text); break;
	case EVENT_COPIED: update_copied(app, event); break;
	case EVENT_RESUMED: app_request(app, REQUEST_REDRAW); break;
	case EVENT_STOP: plan_stop(app, 128 + (event->signal ? event->signal : 2)); break;
	}
	app_settle(app);
	if (app->phase == PHASE_READY && app->keys.early_count)
		take_early(app);
}

/* Drawing */

void app_draw(const struct app *app, struct canvas *canvas)
{
	const struct view view = { app, canvas, view_glyphs(canvas->ascii) };

	canvas_clear(canvas);
	if (app->areas.too_small) {
		canvas_textf(canvas, 0, 0, canvas->width, ROLE_WARNING,
			     "too small: %dx%d, needs %dx%d", app->width, app->height,
			     APP_MIN_WIDTH, APP_MIN_HEIGHT);
		return;
	}
	view_header(&view);
	if (app->phase == PHASE_FAILED)
		view_failure(&view);
	else if (app->phase == PHASE_OPENING)
		view_opening(&view);
	for (int p = 0; app->phase == PHASE_READY && p < PANE_COUNT; p++) {
		if (app->areas.frame[p].width > 0)
			PANES[p].draw(&view);
	}
	if (app->phase == PHASE_READY && app->areas.info.width > 0)
		info_line(&view);
	view_status(&view);
	view_keybar(&view);
	view_dialogs(&view);
}
