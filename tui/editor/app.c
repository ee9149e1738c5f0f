#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "editor/app_internal.h"

void app_tell(struct app *app, enum role role, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(app->message.text, sizeof app->message.text, format, args);
	va_end(args);
	app->message.role = (uint8_t)role;
}

void app_tell_error(struct app *app, const struct lam_error *err)
{
	app_tell(app, ROLE_ERROR, "%s", err->text);
}

struct app_effect *app_effect_add(struct app *app, enum effect_kind kind)
{
	if (app->effect_count == app->effect_cap) {
		size_t cap = app->effect_cap ? app->effect_cap * 2 : 8;
		struct app_effect *more = realloc(app->effects, cap * sizeof *more);

		if (!more) {
			app_tell(app, ROLE_ERROR, "out of memory");
			return NULL;
		}
		app->effects = more;
		app->effect_cap = cap;
	}
	app->effects[app->effect_count] = (struct app_effect){ .kind = kind };
	return &app->effects[app->effect_count++];
}

size_t app_take_effects(struct app *app, struct app_effect **out)
{
	size_t count = app->effect_count;

	*out = app->effects;
	app->effects = NULL;
	app->effect_count = app->effect_cap = 0;
	return count;
}

void app_effect_fini(struct app_effect *effect)
{
	job_free(effect->job);
	free(effect->file);
	free(effect->text);
	free(effect->expect);
	*effect = (struct app_effect){ 0 };
}

bool app_init(struct app *app, const struct options *options, struct lam_plan *plan,
	      const char *plan_text)
{
	*app = (struct app){ .options = *options,
			     .files_width = 64,
			     .below = PANE_LAYERS };
	app->files.sort = SORT_SIZE; /* what is looked for first is where the fat is */
	app->files.anchor = app->files.back = app->previewing = LAM_NODE_NONE;
	app->details.node = LAM_NODE_NONE;
	for (size_t i = 0; i < APP_BOOKMARKS; i++)
		app->files.bookmarks[i] = LAM_NODE_NONE;
	if (plan)
		app->history = lam_undo_new(plan);
	if (!keymap_init(&app->keymap))
		return false;
	if (plan) {
		app->plan_file = strdup(options->plan_file);
		app->plan_on_disk = strdup(plan_text);
	}
	if (options->output)
		app->output = strdup(options->output);
	return !((plan && (!app->plan_file || !app->plan_on_disk)) ||
		 (options->output && !app->output));
}

static void files_fini(struct files *files)
{
	rows_fini(&files->rows);
	bits_fini(&files->open);
	bits_fini(&files->marks);
	bits_fini(&files->unfiltered);
	free(files->filter_text);
	filter_free(files->filter);
	filter_result_free(files->filtered);
	free(files->search_text);
	search_free(files->search);
	hits_free(files->hits);
}

static void writing_fini(struct writing *writing)
{
	for (size_t i = 0; i < writing->row_count; i++)
		free(writing->rows[i].name);
	free(writing->rows);
	free(writing->output);
}

static void jobs_fini(struct app *app)
{
	for (size_t i = 0; i < JOB_COUNT; i++)
		job_free(app->waiting[i]);
	for (size_t i = 0; i < app->retired_count; i++)
		app->retired[i].free(app->retired[i].value);
	free(app->retired);
	for (size_t i = 0; i < app->effect_count; i++)
		app_effect_fini(&app->effects[i]);
	free(app->effects);
}

void app_fini(struct app *app)
{
	jobs_fini(app);
	while (app->dialog_count)
		dialog_fini(&app->dialogs[--app->dialog_count]);
	files_fini(&app->files);
	preview_free(app->details.preview);
	waste_free(app->details.waste);
	suggest_free(app->suggestions);
	writing_fini(&app->writing);
	lam_write_result_fini(&app->written);
	for (size_t i = 0; i < app->command_count; i++)
		free(app->commands[i]);
	free(app->commands);
	free(app->last_target);
	keymap_fini(&app->keymap);
	journal_close(app->journal);
	draft_free(app->orphan);
	effect_free(app->effect);
	lam_undo_free(app->history);
	order_free(app->order);
	owners_free(app->owners);
	facts_free(app->facts);
	lam_image_close(app->image);
	free(app->plan_file);
	free(app->plan_on_disk);
	free(app->output);
}

const struct lam_plan *app_plan(const struct app *app)
{
	return app->history ? lam_undo_plan(app->history) : NULL;
}

const struct dialog *app_dialog(const struct app *app)
{
	return app->dialog_count ? &app->dialogs[app->dialog_count - 1] : NULL;
}

unsigned app_context(const struct app *app)
{
	static const unsigned contexts[PANE_COUNT] = { CONTEXT_FILES, CONTEXT_LAYERS,
						       CONTEXT_DETAILS };

	return contexts[app->focus];
}

bool app_is_settled(const struct app *app)
{
	for (size_t i = 0; i < JOB_COUNT; i++) {
		if (app->running[i] && !(i == JOB_WRITE && app->writing.hidden))
			return false;
	}
	return true;
}

/* What is shown, and not there yet */

static void want_details(struct app *app)
{
	struct details *d = &app->details;
	struct areas areas = app_areas(app);
	struct job *job;

	if (!areas.pane[PANE_DETAILS].width)
		return;
	if (d->tab == TAB_PREVIEW && d->node != LAM_NODE_NONE &&
	    (!d->preview || d->preview->node != d->node) && app->previewing != d->node) {
		job = job_new(JOB_PREVIEW);
		if (job) {
			job->image = app->image;
			job->node = app->previewing = d->node;
		}
		app_start(app, job);
	}
	if (d->tab == TAB_WASTE && !d->waste && !d->waste_asked) {
		d->waste_asked = true; /* once: what fails would fail again */
		job = job_new(JOB_WASTE);
		if (job)
			job->facts = app->facts;
		app_start(app, job);
	}
}

void app_settle(struct app *app)
{
	struct areas areas = app_areas(app);
	const struct lam_plan *plan = app_plan(app);
	uint32_t node;

	dialog_fit(app);
	if (app->phase != PHASE_READY)
		return;
	if (app->files.marks_changed)
		files_sum_marks(app);
	list_fit(&app->files.list, app->files.rows.count,
		 (size_t)areas.pane[PANE_FILES].height);
	list_fit(&app->layers.list, plan ? plan->layer_count : 0,
		 (size_t)areas.pane[PANE_LAYERS].height);
	node = app_cursor_node(app);
	if (node != app->details.node) {
		app->details.node = node;
		if (app->details.tab <= TAB_PREVIEW)
			app->details.list = (struct list){ 0 };
	}
	want_details(app);
	if (areas.pane[PANE_DETAILS].width)
		list_fit(&app->details.list, details_count(app),
			 (size_t)areas.pane[PANE_DETAILS].height);
}

/* Keys */

void app_act(struct app *app, enum action action, const char *argument)
{
	act_fn *const *const parts[] = { WALK_ACTIONS,  JUMP_ACTIONS, CHOOSE_ACTIONS,
					 FIND_ACTIONS,  PLAN_ACTIONS, FILE_ACTIONS,
					 LAYER_ACTIONS, LOOK_ACTIONS };

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (parts[i][action]) {
			parts[i][action](app, argument && *argument ? argument : NULL);
			return;
		}
	}
}

static void take_letter(struct app *app, struct key key)
{
	char letter[2] = { (char)key.code, '\0' };
	enum action action = app->awaits;

	app->awaits = ACT_NONE;
	if (key.mods == 0 && key.code > ' ' && key.code < 0x7f)
		app_act(app, action, letter);
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

static void take_key(struct app *app, struct key key)
{
	char name[KEY_NAME_MAX * KEY_SEQUENCE_MAX], argument[2];
	struct key_sequence typed = app->typed;
	enum action action = ACT_NONE;

	if (app->typed.count && key_is(key, K_ESC)) {
		app->typed.count = 0;
		return;
	}
	typed.keys[typed.count++] = key;
	app->typed.count = 0;
	switch (keymap_find(&app->keymap, app_context(app), &typed, &action)) {
	case LOOKUP_FOUND:
		app_act(app, action, argument_of(action, &typed, argument));
		break;
	case LOOKUP_PREFIX:
		if (typed.count < KEY_SEQUENCE_MAX)
			app->typed = typed;
		break;
	case LOOKUP_NONE:
		app_tell(app, ROLE_WARNING, "%s does nothing here; ? tells the keys",
			 key_sequence_name(&typed, name));
		break;
	}
}

static bool inside(struct rect r, int x, int y)
{
	return x >= r.x && x < r.x + r.width && y >= r.y && y < r.y + r.height;
}

static struct list *list_of(struct app *app, enum pane pane)
{
	return pane == PANE_FILES    ? &app->files.list
	       : pane == PANE_LAYERS ? &app->layers.list
				     : &app->details.list;
}

/* A click focuses and goes to the line; the wheel moves the list below the pointer. */
static bool take_mouse(struct app *app, const struct event *event)
{
	struct areas areas = app_areas(app);

	if (event->key.code != K_CLICK && event->key.code != K_DOUBLE_CLICK &&
	    event->key.code != K_WHEEL_UP && event->key.code != K_WHEEL_DOWN)
		return false;
	for (int p = 0; p < PANE_COUNT; p++) {
		struct list *list = list_of(app, (enum pane)p);

		if (!areas.pane[p].width || !inside(areas.pane[p], event->x, event->y))
			continue;
		if (event->key.code == K_WHEEL_UP || event->key.code == K_WHEEL_DOWN) {
			list_move(list, event->key.code == K_WHEEL_UP ? -3 : 3);
			return true;
		}
		app->focus = (enum pane)p;
		list_go(list, list->top + (size_t)(event->y - areas.pane[p].y));
		return event->key.code == K_CLICK;
	}
	if (event->key.code == K_CLICK && inside(areas.keybar, event->x, event->y))
		take_key(app, (struct key){ app_keybar_key(app, event->x), 0 });
	return true;
}

static void opening_key(struct app *app, struct key key)
{
	if (!(key_is(key, 'q') || key_is(key, K_ESC) || key_is(key, K_F1 + 9) ||
	      (key.code == 'c' && key.mods == MOD_CTRL)))
		return;
	app->quitting = true;
	app_effect_add(app, EFFECT_QUIT);
}

static void update_key(struct app *app, const struct event *event)
{
	struct key key = event->key;

	app->seq++;
	app->message.text[0] = '\0';
	if (app->phase != PHASE_READY)
		opening_key(app, key);
	else if (app->dialog_count)
		dialog_key(app, event);
	else if (app->awaits)
		take_letter(app, key);
	else if (key.code == 'c' && key.mods == MOD_CTRL)
		app_tell(app, ROLE_STATUS, "q quits");
	else if (key.code != K_PASTE && !take_mouse(app, event))
		take_key(app, key);
}

static void update_stop(struct app *app, int number)
{
	struct app_effect *quit = app_effect_add(app, EFFECT_QUIT);

	if (app->writing.running)
		app_stop(app, JOB_WRITE);
	if (quit)
		quit->line = 128 + (size_t)(number ? number : 2);
	app->quitting = true;
}

static void start_opening(struct app *app)
{
	struct job *job = job_new(JOB_OPEN);

	if (job) {
		job->text = strdup(app->options.reference);
		job->platform = app->options.platform;
		job->cache_dir = app->options.cache_dir;
		job->temporary = app->options.temporary;
		job->state_dir = app->options.state_dir;
		job->threads = app->options.threads;
		job->sort = app->files.sort;
	}
	app_start(app, job);
}

static void update_resize(struct app *app, const struct event *event)
{
	app->width = event->width;
	app->height = event->height;
}

static void update_progress(struct app *app, const struct event *event)
{
	if (event->job_kind == JOB_OPEN)
		app->opening = event->progress;
	else
		write_progress(app, event);
}

void app_update(struct app *app, const struct event *event)
{
	app->writing.now_ms = event->now_ms;
	switch (event->kind) {
	case EVENT_START: start_opening(app); break;
	case EVENT_KEY: update_key(app, event); break;
	case EVENT_RESIZE: update_resize(app, event); break;
	case EVENT_JOB: app_job_ended(app, event->job); break;
	case EVENT_PROGRESS: update_progress(app, event); break;
	case EVENT_EDITED: plan_edited(app, event); break;
	case EVENT_SAVED: plan_saved(app, event); break;
	case EVENT_LOADED: plan_loaded(app, event); break;
	case EVENT_OUTPUT: write_looked_at(app, event); break;
	case EVENT_COPIED:
		if (event->err && event->err->code)
			app_tell(app, ROLE_STATUS, "%s", event->text);
		else
			app_tell(app, ROLE_GOOD, "copied: %s", event->text);
		break;
	case EVENT_RESUMED: app_effect_add(app, EFFECT_REDRAW); break;
	case EVENT_STOP: update_stop(app, event->signal); break;
	}
	app_settle(app);
}
