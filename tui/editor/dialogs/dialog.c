/* Dialogs: making them, and their keys. Esc leaves, Enter takes the lit line or what was
 * typed, a letter takes its item. */
#include "editor/dialogs/dialog.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void dialog_clear_items(struct dialog *dialog)
{
	for (size_t i = 0; i < dialog->item_count; i++) {
		free(dialog->items[i].text);
		free(dialog->items[i].key);
	}
	dialog->item_count = 0;
	dialog->list = (struct list){ .height = dialog->list.height };
}

void dialog_free(struct dialog *dialog)
{
	if (!dialog)
		return;
	for (size_t i = 0; i < dialog->line_count; i++)
		free(dialog->lines[i].text);
	dialog_clear_items(dialog);
	free(dialog->lines);
	free(dialog->items);
	free(dialog->title);
	free(dialog->label);
	free(dialog->hints);
	free(dialog->text);
	lineedit_fini(&dialog->edit);
	free(dialog);
}

struct dialog *dialog_push(struct app *app, enum dialog_kind kind, const char *title)
{
	struct dialog *d;

	LAM_XGROW(app->dialogs, app->dialog_count, app->dialog_cap);
	d = app->dialogs[app->dialog_count++] = lam_xcalloc(1, sizeof *d);
	d->kind = kind;
	d->title = lam_xstrdup(title);
	/* its hints stand where that would: it may open long after a key */
	if (app->message.role == ROLE_STATUS)
		app->message.text[0] = '\0';
	return d;
}

void dialog_line(struct dialog *dialog, enum role role, const char *format, ...)
{
	va_list args;

	LAM_XGROW(dialog->lines, dialog->line_count, dialog->line_cap);
	va_start(args, format);
	dialog->lines[dialog->line_count++] =
		(struct dialog_line){ lam_xvprintf(format, args), (uint8_t)role };
	va_end(args);
}

struct dialog_item *dialog_item(struct dialog *dialog, char letter, uint64_t id,
				const char *format, ...)
{
	struct dialog_item *item;
	va_list args;

	LAM_XGROW(dialog->items, dialog->item_count, dialog->item_cap);
	item = &dialog->items[dialog->item_count++];
	va_start(args, format);
	*item = (struct dialog_item){ .tag = { letter },
				      .role = ROLE_DIALOG,
				      .text = lam_xvprintf(format, args),
				      .id = id };
	va_end(args);
	dialog->list.count = dialog->item_count;
	return item;
}

void dialog_set_hints(struct dialog *dialog, const char *hints)
{
	free(dialog->hints);
	dialog->hints = lam_xstrdup(hints);
}

struct dialog *dialog_prompt(struct app *app, action_on_text *action, const char *title,
			     const char *label, const char *text)
{
	struct dialog *d = dialog_push(app, DIALOG_PROMPT, title);

	d->action = action;
	d->label = lam_xstrdup(label);
	if (text)
		lineedit_offer(&d->edit, text);
	dialog_set_hints(
		d, dialog_completes(label)
			   ? "[Enter] take  [Tab] complete  [Up] earlier  [Esc] cancel"
			   : "[Enter] take  [Up] earlier  [Esc] cancel");
	return d;
}

struct dialog *dialog_top(struct app *app)
{
	return app->dialog_count ? app->dialogs[app->dialog_count - 1] : NULL;
}

void dialog_pop(struct app *app)
{
	if (app->dialog_count)
		dialog_free(app->dialogs[--app->dialog_count]);
}

void dialog_errors(struct app *app, const char *title,
		   const struct lam_plan_errors *errors, const struct lam_error *err)
{
	struct dialog *d = dialog_push(app, DIALOG_TEXT, title);

	if (!errors || !errors->count)
		dialog_line(d, ROLE_ERROR, "%s", err->text);
	for (size_t i = 0; errors && i < errors->count; i++)
		dialog_line(d, ROLE_ERROR, "%s", errors->lines[i]);
	dialog_set_hints(d, "[Esc] close");
}

/* The dialog goes before its answer is acted on, so that the answer may ask again. */
static void take_item(struct app *app, const struct dialog_item *item)
{
	struct dialog *d = app->dialogs[--app->dialog_count];

	if (d->on_item)
		d->on_item(app, d, item);
	dialog_free(d);
}

/* History */

#define MOST_SAID 200

static void remember(struct keyboard *keys, const struct dialog *d)
{
	const char *text = lineedit_text(&d->edit);
	struct said *last;

	keys->said = lam_xrealloc(keys->said, (MOST_SAID + 1) * sizeof *keys->said);
	memmove(keys->said + 1, keys->said, keys->said_count * sizeof *keys->said);
	last = &keys->said[MOST_SAID];
	if (keys->said_count++ == MOST_SAID) {
		free(last->title);
		free(last->text);
		keys->said_count--;
	}
	keys->said[0] = (struct said){ lam_xstrdup(d->title), lam_xstrdup(text) };
}

/* dialog->recalled: the number of the one that is shown among those of this prompt, from
 * 1; 0: none. */
static void recall(const struct keyboard *keys, struct dialog *d, bool older)
{
	size_t wanted = older ? d->recalled + 1 : d->recalled - 1, n = 0;

	if (!older && d->recalled <= 1)
		return;
	for (size_t i = 0; i < keys->said_count; i++) {
		if (strcmp(keys->said[i].title, d->title) == 0 && ++n == wanted) {
			lineedit_set(&d->edit, keys->said[i].text);
			d->recalled = wanted;
			return;
		}
	}
}

static void take_text(struct app *app)
{
	struct dialog *d = app->dialogs[app->dialog_count - 1];
	const char *text = lineedit_text(&d->edit);

	if (d->exact && strcmp(text, d->text) != 0) {
		app_tell(app, ROLE_WARNING, "type \"%s\", or Esc to go back", d->text);
		return;
	}
	app->dialog_count--;
	if (d->kind == DIALOG_PROMPT && *text && !d->exact)
		remember(&app->keys, d);
	if (d->on_text)
		d->on_text(app, d, text);
	else if (d->action && *text)
		d->action(app, text);
	dialog_free(d);
}

static void leave(struct app *app)
{
	struct dialog *d = app->dialogs[app->dialog_count - 1];
	const char *said = d->on_leave;

	app->plan.quit_when_saved = false;
	if (d->on_esc)
		d->on_esc(app, d);
	if (said)
		app_tell(app, ROLE_STATUS, "%s", said);
	dialog_pop(app);
}

bool dialog_leaves(struct key key)
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

/* Tags */

bool dialog_may_mean(const struct dialog *d, const struct dialog_item *item)
{
	return strncasecmp(item->tag, d->typed, strlen(d->typed)) == 0 && item->tag[0];
}

/* The lit one is that which is spelt so, or else the first that may be. */
static void light_first(struct dialog *d)
{
	size_t first = SIZE_MAX;

	for (size_t i = d->item_count; i-- > 0;) {
		if (dialog_may_mean(d, &d->items[i]))
			first = i;
	}
	for (size_t i = 0; i < d->item_count; i++) {
		if (strcmp(d->items[i].tag, d->typed) == 0) {
			first = i;
			break;
		}
	}
	if (first != SIZE_MAX)
		list_go(&d->list, first);
}

/* The one item that what is typed can mean: those of another case stand back only where a
 * whole tag is spelt as it is typed, and no longer one is in that spelling. */
static const struct dialog_item *only_one(const struct dialog *d, size_t *out_count)
{
	const struct dialog_item *any = NULL, *whole = NULL;
	size_t len = strlen(d->typed), spelt = 0;
	bool capital = len && d->typed[len - 1] >= 'A' && d->typed[len - 1] <= 'Z';

	*out_count = 0;
	for (size_t i = 0; i < d->item_count; i++) {
		const struct dialog_item *item = &d->items[i];

		if (!dialog_may_mean(d, item))
			continue;
		any = item;
		++*out_count;
		if (strncmp(item->tag, d->typed, len) == 0)
			spelt++;
		if (strcmp(item->tag, d->typed) == 0)
			whole = item;
	}
	if (*out_count == 1)
		return any;
	return capital && spelt == 1 && whole ? whole : NULL;
}

/* False: no tag goes on with that key. */
static bool tag_key(struct app *app, struct dialog *d, struct key key)
{
	size_t len = strlen(d->typed), count;
	const struct dialog_item *one;

	if (d->many || key.mods || key.code <= ' ' || key.code >= 0x7f ||
	    len + 1 >= sizeof d->typed)
		return false;
	d->typed[len] = (char)key.code;
	d->typed[len + 1] = '\0';
	one = only_one(d, &count);
	if (one) {
		take_item(app, one);
	} else if (count) {
		light_first(d);
	} else {
		d->typed[len] = '\0';
		if (len)
			app_tell(app, ROLE_WARNING, "%s%c: there is no such choice",
				 d->typed, (char)key.code);
		return len > 0;
	}
	return true;
}

static void untype(struct dialog *d, bool all)
{
	d->typed[all ? 0 : strlen(d->typed) - 1] = '\0';
	if (d->typed[0])
		light_first(d);
}

static void choice_key(struct app *app, struct dialog *d, struct key key)
{
	if (d->typed[0] && (dialog_leaves(key) || key_is(key, K_BACKSPACE)))
		untype(d, dialog_leaves(key));
	else if (tag_key(app, d, key))
		;
	else if (dialog_leaves(key) || key_is(key, 'q') ||
		 (key_is(key, K_ENTER) && d->list.cursor >= d->item_count))
		leave(app);
	else if (d->many && key_is(key, ' ') && d->list.cursor < d->item_count) {
		d->items[d->list.cursor].chosen ^= true;
		list_move(&d->list, 1);
	} else if (key_is(key, K_ENTER))
		take_item(app, &d->items[d->list.cursor]);
	else
		list_key(&d->list, key);
}

static void line_key(struct app *app, struct dialog *d, const struct event *event)
{
	struct key key = event->key;

	if (dialog_leaves(key)) {
		leave(app);
	} else if (key_is(key, K_ENTER)) {
		take_text(app);
	} else if (d->item_count && (key_is(key, K_DOWN) || key_is(key, K_UP))) {
		list_move(&d->list, key.code == K_UP ? -1 : 1);
	} else {
		if (key_is(key, K_UP) || key_is(key, K_DOWN))
			recall(&app->keys, d, key.code == K_UP);
		else if (key_is(key, K_TAB))
			dialog_complete(app, d);
		else
			lineedit_key(&d->edit, key, event->text);
		if (d->on_typed)
			d->on_typed(app, d);
	}
}

/* The next line that holds what is searched for, or the one before. */
static void find_line(struct app *app, struct dialog *d, bool backwards)
{
	const char *text = lineedit_text(&d->edit);

	for (size_t i = 1; *text && i <= d->line_count; i++) {
		size_t by = backwards ? d->line_count - i : i;
		size_t at = (d->list.cursor + by) % d->line_count;

		if (strcasestr(d->lines[at].text, text)) {
			list_go(&d->list, at);
			return;
		}
	}
	if (*text)
		app_tell(app, ROLE_STATUS, "no line here holds %s", text);
}

static void text_key(struct app *app, struct dialog *d, const struct event *event)
{
	struct key key = event->key;

	d->list.count = d->line_count;
	if (d->searching) {
		if (dialog_leaves(key) || key_is(key, K_ENTER))
			d->searching = false;
		else
			lineedit_key(&d->edit, key, event->text);
		if (key_is(key, K_ENTER))
			find_line(app, d, false);
	} else if (dialog_leaves(key) || key_is(key, 'q') || key_is(key, K_ENTER)) {
		leave(app);
	} else if (key_is(key, '/')) {
		lineedit_set(&d->edit, "");
		d->searching = true;
	} else if (key_is(key, 'n') || key_is(key, 'N')) {
		find_line(app, d, key.code == 'N');
	} else if (key_is(key, ' ')) {
		list_page(&d->list, 1, false);
	} else {
		list_key(&d->list, key);
	}
}

/* A click goes to a line, a second one takes it; the wheel scrolls. */
static bool take_mouse(struct app *app, struct dialog *d, const struct event *event)
{
	size_t item = dialog_item_at(d, event->x, event->y);

	if (event->key.code != K_CLICK && event->key.code != K_DOUBLE_CLICK)
		return false;
	if (item == SIZE_MAX)
		return true;
	list_go(&d->list, item);
	if (event->key.code == K_CLICK)
		return true;
	if (d->kind == DIALOG_PALETTE)
		take_text(app);
	else
		take_item(app, &d->items[item]);
	return true;
}

void dialog_key(struct app *app, const struct event *event)
{
	struct dialog *d = dialog_top(app);

	if (take_mouse(app, d, event))
		return;
	if (d->on_key && d->on_key(app, d, event->key))
		return;
	switch (d->kind) {
	case DIALOG_CHOICE: choice_key(app, d, event->key); break;
	case DIALOG_PROMPT:
	case DIALOG_PALETTE: line_key(app, d, event); break;
	case DIALOG_TEXT: text_key(app, d, event); break;
	case DIALOG_PICTURE: break;
	}
}
