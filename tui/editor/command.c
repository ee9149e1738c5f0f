/* Commands by name: `:assign py-deps`. The palette lists those that fit what is typed. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/memory.h"
#include "editor/app.h"
#include "editor/dialogs/dialog.h"
#include "editor/plan/plan.h"

#define HISTORY_MAX 100

/* What vi's users type, and whether it ends the editor. */
static const struct alias {
	const char *word;
	enum action action;
	bool quits;
} ALIASES[] = {
	{ "w", ACT_SAVE, false },       { "e", ACT_LOAD, false },
	{ "r", ACT_MERGE_PLAN, false }, { "q", ACT_QUIT, false },
	{ "q!", ACT_QUIT, true },       { "wq", ACT_SAVE, true },
	{ "x", ACT_SAVE, true },        { "new", ACT_ASSIGN_NEW, false },
	{ "h", ACT_HELP, false },
};

static const struct alias *find_alias(const char *word)
{
	for (size_t i = 0; i < sizeof ALIASES / sizeof *ALIASES; i++) {
		if (strcmp(ALIASES[i].word, word) == 0)
			return &ALIASES[i];
	}
	return NULL;
}

/* Every letter of the word stands in the name, in order. */
static bool fits(const char *name, const char *word, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		name = strchr(name, tolower((unsigned char)word[i]));
		if (!name)
			return false;
		name++;
	}
	return true;
}

/* By its name, or by a part of its help. */
static bool says(const struct action_info *action, const char *word, size_t len)
{
	LAM_CLEANUP(lam_free_ptr) char *part = lam_xmemdup(word, len);

	return fits(action->name, word, len) ||
	       (len > 1 && strcasestr(action->help, part));
}

static void add_action(const struct app *app, struct dialog *d, enum action action,
		       int width, const char *before)
{
	char keys[96];
	struct dialog_item *item = dialog_item(d, '\0', (uint64_t)action, "%-*s %s",
					       width, before, ACTIONS[action].help);

	item->key = lam_xstrdup(keymap_names(&app->keys.map, action, keys, sizeof keys));
}

static void add_commands(struct app *app, struct dialog *d, const char *word, size_t len,
			 bool prefix)
{
	for (int i = ACT_NONE + 1; i < ACT_COUNT; i++) {
		bool begins = strncmp(ACTIONS[i].name, word, len) == 0;
		char words[64];

		if (begins != prefix || (!begins && !says(ACTIONS + i, word, len)))
			continue;
		snprintf(words, sizeof words, "%s %s ", ACTIONS[i].name,
			 ACTIONS[i].argument);
		add_action(app, d, (enum action)i, 21, words);
	}
}

/* The commands that fit what is typed; dialog->text is what that was. */
static void filter(struct app *app, struct dialog *d)
{
	const char *text = lineedit_text(&d->edit);
	size_t len = strcspn(text, " ");

	if (d->text && strcmp(d->text, text) == 0)
		return;
	free(d->text);
	d->text = lam_xstrdup(text);
	dialog_clear_items(d);
	add_commands(app, d, text, len, true);
	if (len)
		add_commands(app, d, text, len, false);
}

static void complete(struct app *app, struct dialog *d)
{
	char *full;

	if (strchr(lineedit_text(&d->edit), ' '))
		dialog_complete(app, d);
	if (strchr(lineedit_text(&d->edit), ' ') || d->list.cursor >= d->item_count)
		return;
	full = lam_xprintf("%s ", ACTIONS[d->items[d->list.cursor].id].name);
	lineedit_set(&d->edit, full);
	free(full);
}

/* dialog->value: the number of the one that is shown, from 1; 0: none. */
static void recall(const struct keyboard *keys, struct dialog *d, bool older)
{
	if (older ? d->value >= keys->command_count : d->value <= 1)
		return;
	d->value = older ? d->value + 1 : d->value - 1;
	lineedit_set(&d->edit, keys->commands[d->value - 1]);
}

static bool palette_key(struct app *app, struct dialog *d, struct key key)
{
	if (key_is(key, K_TAB))
		complete(app, d);
	else if ((key.code == 'p' || key.code == 'n') && key.mods == MOD_CTRL)
		recall(&app->keys, d, key.code == 'p');
	else
		return false;
	filter(app, d);
	return true;
}

static void remember(struct keyboard *keys, const char *text)
{
	if (keys->command_count && strcmp(keys->commands[0], text) == 0)
		return;
	keys->commands =
		lam_xrealloc(keys->commands, (HISTORY_MAX + 1) * sizeof *keys->commands);
	memmove(keys->commands + 1, keys->commands,
		keys->command_count * sizeof *keys->commands);
	keys->commands[0] = lam_xstrdup(text);
	if (keys->command_count == HISTORY_MAX)
		free(keys->commands[HISTORY_MAX]);
	else
		keys->command_count++;
}

/* The pane that a command of another pane is about is focused first. */
static void act(struct app *app, enum action action, bool quits, const char *argument)
{
	if (quits && (action == ACT_QUIT || (!*argument && !app_unsaved(app)))) {
		plan_quit(app, action != ACT_QUIT);
		return;
	}
	app->plan.quit_when_saved = quits;
	if (!(ACTIONS[action].contexts & app_context(app)))
		app->focus = ACTIONS[action].contexts & CONTEXT_FILES ? PANE_FILES
								      : PANE_LAYERS;
	app_act(app, action, argument);
}

static const char *blank_end(const char *text)
{
	return text + strspn(text, " ");
}

/* What is typed in full runs; else the lit line of those that fit. */
static void run(struct app *app, struct dialog *d, const char *text)
{
	const struct alias *alias;
	const char *argument;
	enum action action;
	char *word;
	size_t len;

	text = blank_end(text);
	len = strcspn(text, " ");
	argument = blank_end(text + len);
	word = lam_xmemdup(text, len);
	alias = find_alias(word);
	action = alias ? alias->action : action_find(word);
	if (action == ACT_NONE && d->list.cursor < d->item_count)
		action = (enum action)d->items[d->list.cursor].id;
	if (action == ACT_NONE) {
		app_tell(app, ROLE_WARNING, "%s: no such command", word);
	} else {
		if (*text)
			remember(&app->keys, text);
		act(app, action, alias && alias->quits, argument);
	}
	free(word);
}

void command_ask(struct app *app)
{
	struct dialog *d = dialog_push(app, DIALOG_PALETTE, "Command");

	d->on_text = run;
	d->on_key = palette_key;
	d->on_typed = filter;
	d->label = lam_xstrdup(":");
	dialog_set_hints(d,
			 "[Tab] complete  [^P] earlier ones  [Enter] run  [Esc] close");
	filter(app, d);
}

/* The menu: what can be done in this pane, by group; typing leaves what it is a part of. */
static void filter_menu(struct app *app, struct dialog *d)
{
	const char *text = lineedit_text(&d->edit);

	dialog_clear_items(d);
	for (int group = 0; group < GROUP_COUNT; group++) {
		for (int i = ACT_NONE + 1; i < ACT_COUNT; i++) {
			const struct action_info *a = &ACTIONS[i];
			char keys[96];

			if ((int)a->group != group || !(a->contexts & app_context(app)))
				continue;
			keymap_names(&app->keys.map, (enum action)i, keys, sizeof keys);
			if (!*text || strcasestr(a->help, text) ||
			    strstr(a->name, text) || strstr(keys, text) ||
			    strcasestr(GROUP_NAMES[group], text))
				add_action(app, d, (enum action)i, 7, GROUP_NAMES[group]);
		}
	}
}

static void run_menu(struct app *app, struct dialog *d, const char *text)
{
	if (d->list.cursor < d->item_count)
		app_act(app, (enum action)d->items[d->list.cursor].id, NULL);
	else
		app_tell(app, ROLE_WARNING, "%s: nothing that can be done here", text);
}

void command_menu(struct app *app)
{
	struct dialog *d = dialog_push(app, DIALOG_PALETTE, "Menu");

	d->on_text = run_menu;
	d->on_typed = filter_menu;
	d->label = lam_xstrdup("/");
	dialog_set_hints(
		d, "[type] what it is about  [Up Down] go  [Enter] run  [Esc] close");
	filter_menu(app, d);
}
