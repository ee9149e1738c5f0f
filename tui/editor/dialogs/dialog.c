/* Dialogs: making them, and their keys. Esc leaves, Enter takes the lit line or what was
 * typed, a letter takes its item. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "editor/app_internal.h"

void dialog_fini(struct dialog *dialog)
{
	for (size_t i = 0; i < dialog->line_count; i++)
		free(dialog->lines[i].text);
	for (size_t i = 0; i < dialog->item_count; i++) {
		free(dialog->items[i].text);
		free(dialog->items[i].key);
	}
	free(dialog->lines);
	free(dialog->items);
	free(dialog->title);
	free(dialog->label);
	free(dialog->hints);
	free(dialog->text);
	lineedit_fini(&dialog->edit);
	*dialog = (struct dialog){ 0 };
}

struct dialog *dialog_push(struct app *app, enum dialog_kind kind, enum purpose purpose,
			   const char *title)
{
	struct dialog *d;

	if (app->dialog_count == APP_DIALOGS) {
		app_tell(app, ROLE_ERROR, "too many dialogs: leave some with Esc");
		return NULL;
	}
	d = &app->dialogs[app->dialog_count++];
	*d = (struct dialog){ .kind = kind, .purpose = purpose, .title = strdup(title) };
	return d;
}

void dialog_line(struct dialog *dialog, enum role role, const char *text_format, ...)
{
	va_list args;
	char *text;

	if (dialog->line_count == dialog->line_cap) {
		size_t cap = dialog->line_cap ? dialog->line_cap * 2 : 16;
		struct dialog_line *more = realloc(dialog->lines, cap * sizeof *more);

		if (!more)
			return;
		dialog->lines = more;
		dialog->line_cap = cap;
	}
	va_start(args, text_format);
	if (vasprintf(&text, text_format, args) < 0)
		text = NULL;
	va_end(args);
	if (text)
		dialog->lines[dialog->line_count++] =
			(struct dialog_line){ text, (uint8_t)role };
}

struct dialog_item *dialog_item(struct dialog *dialog, char letter, uint64_t id,
				const char *text_format, ...)
{
	static struct dialog_item nowhere;
	struct dialog_item *item;
	va_list args;
	char *text;

	nowhere = (struct dialog_item){ 0 };
	if (dialog->item_count == dialog->item_cap) {
		size_t cap = dialog->item_cap ? dialog->item_cap * 2 : 16;
		struct dialog_item *more = realloc(dialog->items, cap * sizeof *more);

		if (!more)
			return &nowhere;
		dialog->items = more;
		dialog->item_cap = cap;
	}
	va_start(args, text_format);
	if (vasprintf(&text, text_format, args) < 0)
		text = NULL;
	va_end(args);
	if (!text)
		return &nowhere;
	item = &dialog->items[dialog->item_count++];
	*item = (struct dialog_item){
		.letter = letter, .role = ROLE_DIALOG, .text = text, .id = id
	};
	dialog->list.count = dialog->item_count;
	return item;
}

void dialog_set_hints(struct dialog *dialog, const char *hints)
{
	free(dialog->hints);
	dialog->hints = strdup(hints);
}

struct dialog *dialog_prompt(struct app *app, enum purpose purpose, const char *title,
			     const char *label, const char *text)
{
	struct dialog *d = dialog_push(app, DIALOG_PROMPT, purpose, title);

	if (!d)
		return NULL;
	d->label = strdup(label);
	if (text)
		lineedit_set(&d->edit, text);
	dialog_set_hints(d, "[Enter] take  [Esc] cancel");
	return d;
}

void dialog_pop(struct app *app)
{
	if (app->dialog_count)
		dialog_fini(&app->dialogs[--app->dialog_count]);
}

void dialog_errors(struct app *app, const char *title,
		   const struct lam_plan_errors *errors, const struct lam_error *err)
{
	struct dialog *d = dialog_push(app, DIALOG_TEXT, FOR_NOTHING, title);

	if (!d)
		return;
	if (!errors || !errors->count)
		dialog_line(d, ROLE_ERROR, "%s", err->text);
	for (size_t i = 0; errors && i < errors->count; i++)
		dialog_line(d, ROLE_ERROR, "%s", errors->lines[i]);
	d->list.count = d->line_count;
	dialog_set_hints(d, "[Esc] close");
}

/* The dialog goes before its answer is acted on, so that the answer may ask again. */
static void take(struct app *app, const struct dialog_item *item, bool typed)
{
	struct dialog d = app->dialogs[--app->dialog_count];

	app->dialogs[app->dialog_count] = (struct dialog){ 0 };
	if (typed)
		answer_text(app, &d, lineedit_text(&d.edit));
	else
		answer_item(app, &d, item);
	dialog_fini(&d);
}

static void leave(struct app *app)
{
	struct dialog d = app->dialogs[--app->dialog_count];

	app->dialogs[app->dialog_count] = (struct dialog){ 0 };
	answer_cancel(app, &d);
	dialog_fini(&d);
}

static bool is_leaving(struct key key)
{
	return key_is(key, K_ESC) || (key.code == 'c' && key.mods == MOD_CTRL);
}

/* Keys that every list has. */
static bool list_key(struct list *list, struct key key)
{
	if (key_is(key, K_DOWN) || key_is(key, 'j') ||
	    (key.code == 'n' && key.mods == MOD_CTRL))
		list_move(list, 1);
	else if (key_is(key, K_UP) || key_is(key, 'k') ||
		 (key.code == 'p' && key.mods == MOD_CTRL))
		list_move(list, -1);
	else if (key_is(key, K_WHEEL_DOWN) || key_is(key, K_WHEEL_UP))
		list_move(list, key.code == K_WHEEL_UP ? -3 : 3);
	else if (key_is(key, K_PAGE_DOWN) || (key.code == 'd' && key.mods == MOD_CTRL))
		list_page(list, 1, key.code == 'd');
	else if (key_is(key, K_PAGE_UP) || (key.code == 'u' && key.mods == MOD_CTRL))
		list_page(list, -1, key.code == 'u');
	else if (key_is(key, K_HOME) || key_is(key, 'g'))
		list_go(list, 0);
	else if (key_is(key, K_END) || key_is(key, 'G'))
		list_go(list, SIZE_MAX);
	else
		return false;
	return true;
}

static const struct dialog_item *find_letter(const struct dialog *d, struct key key)
{
	char upper = (char)(key.code >= 'a' && key.code <= 'z' ? key.code - 'a' + 'A'
							       : key.code);

	if (key.mods || key.code >= 0x7f)
		return NULL;
	for (int pass = 0; pass < 2; pass++) {
		char wanted = pass ? upper : (char)key.code;

		for (size_t i = 0; i < d->item_count; i++) {
			if (d->items[i].letter && d->items[i].letter == wanted)
				return &d->items[i];
		}
	}
	return NULL;
}

static void choice_key(struct app *app, struct dialog *d, struct key key)
{
	const struct dialog_item *item = find_letter(d, key);

	if (item && !d->many)
		take(app, item, false);
	else if (is_leaving(key) || (key_is(key, 'q') && !item) ||
		 (key_is(key, K_ENTER) && d->list.cursor >= d->item_count))
		leave(app);
	else if (d->many && key_is(key, ' ') && d->list.cursor < d->item_count) {
		d->items[d->list.cursor].chosen ^= true;
		list_move(&d->list, 1);
	} else if (key_is(key, K_ENTER))
		take(app, &d->items[d->list.cursor], false);
	else
		list_key(&d->list, key);
}

static void prompt_key(struct app *app, struct dialog *d, const struct event *event)
{
	if (is_leaving(event->key))
		leave(app);
	else if (key_is(event->key, K_ENTER))
		take(app, NULL, true);
	else
		lineedit_key(&d->edit, event->key, event->text);
}

static void palette_key(struct app *app, struct dialog *d, const struct event *event)
{
	struct key key = event->key;

	if (is_leaving(key))
		leave(app);
	else if (key_is(key, K_ENTER))
		take(app, NULL, true);
	else if (key_is(key, K_TAB))
		command_complete(d);
	else if (key_is(key, K_DOWN) || key_is(key, K_UP))
		list_move(&d->list, key.code == K_UP ? -1 : 1);
	else if ((key.code == 'p' || key.code == 'n') && key.mods == MOD_CTRL)
		command_recall(app, d, key.code == 'p');
	else
		lineedit_key(&d->edit, key, event->text);
	/* what was run may have put another dialog in its place */
	if (app->dialog_count && app_dialog(app) == d && d->kind == DIALOG_PALETTE)
		command_filter(app, d);
}

/* The next line that holds what is searched for. */
static void find_line(struct dialog *d)
{
	const char *text = lineedit_text(&d->edit);

	for (size_t i = 1; *text && i <= d->line_count; i++) {
		size_t at = (d->list.cursor + i) % d->line_count;

		if (strcasestr(d->lines[at].text, text)) {
			list_go(&d->list, at);
			return;
		}
	}
}

static void text_key(struct app *app, struct dialog *d, const struct event *event)
{
	struct key key = event->key;

	d->list.count = d->line_count;
	if (d->searching) {
		if (is_leaving(key) || key_is(key, K_ENTER))
			d->searching = false;
		else
			lineedit_key(&d->edit, key, event->text);
		if (key_is(key, K_ENTER))
			find_line(d);
	} else if (is_leaving(key) || key_is(key, 'q') || key_is(key, K_ENTER)) {
		leave(app);
	} else if (key_is(key, '/')) {
		lineedit_set(&d->edit, "");
		d->searching = true;
	} else if (key_is(key, 'n')) {
		find_line(d);
	} else if (key_is(key, ' ')) {
		list_page(&d->list, 1, false);
	} else {
		list_key(&d->list, key);
	}
}

static void progress_key(struct app *app, struct key key)
{
	if (is_leaving(key) && !app->writing.cancelling) {
		app->writing.cancelling = true;
		app_stop(app, JOB_WRITE);
	} else if (key_is(key, 'b')) {
		app->writing.hidden = true;
		dialog_pop(app);
		app_tell(app, ROLE_STATUS, "the write goes on; W shows it again");
	}
}

/* A click goes to a line, a second one takes it; the wheel scrolls. */
static bool take_mouse(struct app *app, struct dialog *d, const struct event *event)
{
	size_t item = app_dialog_item(app, d, event->x, event->y);

	if (event->key.code != K_CLICK && event->key.code != K_DOUBLE_CLICK)
		return false;
	if (item == SIZE_MAX)
		return true;
	list_go(&d->list, item);
	if (event->key.code == K_CLICK)
		return true;
	if (d->kind == DIALOG_PALETTE)
		take(app, NULL, true);
	else
		take(app, &d->items[item], false);
	return true;
}

struct dialog *dialog_top(struct app *app)
{
	return app->dialog_count ? &app->dialogs[app->dialog_count - 1] : NULL;
}

void dialog_fit(struct app *app)
{
	struct dialog *d = dialog_top(app);

	if (d)
		list_fit(&d->list, d->kind == DIALOG_TEXT ? d->line_count : d->item_count,
			 app_dialog_height(app, d));
}

void dialog_key(struct app *app, const struct event *event)
{
	struct dialog *d = dialog_top(app);

	if (take_mouse(app, d, event))
		return;
	switch (d->kind) {
	case DIALOG_CHOICE: choice_key(app, d, event->key); break;
	case DIALOG_PROMPT: prompt_key(app, d, event); break;
	case DIALOG_PALETTE: palette_key(app, d, event); break;
	case DIALOG_TEXT: text_key(app, d, event); break;
	case DIALOG_PROGRESS: progress_key(app, event->key); break;
	}
}
