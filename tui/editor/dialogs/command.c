/* Commands by name: `:assign py-deps`. The palette lists those that fit what is typed. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "editor/app_internal.h"

#define HISTORY_MAX 100

/* What vi's users type. */
static const struct {
	const char *word;
	enum action action;
} ALIASES[] = {
	{ "w", ACT_SAVE },         { "e", ACT_LOAD },  { "r", ACT_MERGE_PLAN },
	{ "q", ACT_QUIT },         { "wq", ACT_SAVE }, { "x", ACT_LEAVE_OUT },
	{ "new", ACT_ASSIGN_NEW }, { "h", ACT_HELP },
};

static enum action find(const char *word)
{
	for (size_t i = 0; i < sizeof ALIASES / sizeof *ALIASES; i++) {
		if (strcmp(ALIASES[i].word, word) == 0)
			return ALIASES[i].action;
	}
	return action_find(word);
}

void ask_command(struct app *app)
{
	struct dialog *d = dialog_push(app, DIALOG_PALETTE, FOR_COMMAND, "Command");

	if (!d)
		return;
	d->label = strdup(":");
	dialog_set_hints(d,
			 "[Tab] complete  [^P] earlier ones  [Enter] run  [Esc] close");
	command_filter(app, d);
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

static void add_commands(struct app *app, struct dialog *d, const char *word, size_t len,
			 bool prefix)
{
	for (int i = ACT_NONE + 1; i < ACT_COUNT; i++) {
		bool begins = strncmp(ACTIONS[i].name, word, len) == 0;
		char keys[96], words[64];
		struct dialog_item *item;

		if (begins != prefix || (!begins && !fits(ACTIONS[i].name, word, len)))
			continue;
		snprintf(words, sizeof words, "%s %s", ACTIONS[i].name,
			 ACTIONS[i].argument);
		item = dialog_item(d, '\0', (uint64_t)i, "%-20s  %s", words,
				   ACTIONS[i].help);
		item->key = strdup(
			keymap_names(&app->keymap, (enum action)i, keys, sizeof keys));
	}
}

void command_filter(struct app *app, struct dialog *d)
{
	const char *text = lineedit_text(&d->edit);
	size_t len = strcspn(text, " ");

	if (d->text && strcmp(d->text, text) == 0)
		return;
	free(d->text);
	d->text = strdup(text);
	for (size_t i = 0; i < d->item_count; i++) {
		free(d->items[i].text);
		free(d->items[i].key);
	}
	d->item_count = 0;
	d->list = (struct list){ .height = d->list.height };
	add_commands(app, d, text, len, true);
	if (len)
		add_commands(app, d, text, len, false);
	d->list.count = d->item_count;
}

void command_complete(struct dialog *d)
{
	const char *text = lineedit_text(&d->edit);
	char *full;

	if (strchr(text, ' ') || d->list.cursor >= d->item_count)
		return;
	full = text_format("%s ", ACTIONS[d->items[d->list.cursor].id].name);
	if (full)
		lineedit_set(&d->edit, full);
	free(full);
}

void command_recall(struct app *app, struct dialog *d, bool older)
{
	if (older ? d->value >= app->command_count : d->value <= 1)
		return;
	d->value = older ? d->value + 1 : d->value - 1;
	lineedit_set(&d->edit, app->commands[d->value - 1]);
}

static void remember(struct app *app, const char *text)
{
	char **more;
	char *copy;

	if (app->command_count && strcmp(app->commands[0], text) == 0)
		return;
	more = realloc(app->commands, (HISTORY_MAX + 1) * sizeof *more);
	copy = strdup(text);
	if (!more || !copy) {
		free(copy);
		app->commands = more ? more : app->commands;
		return;
	}
	app->commands = more;
	memmove(more + 1, more, app->command_count * sizeof *more);
	more[0] = copy;
	if (app->command_count == HISTORY_MAX)
		free(more[HISTORY_MAX]);
	else
		app->command_count++;
}

/* The pane that a command of another pane is about is focused first. */
static void act_in_its_pane(struct app *app, enum action action, const char *argument)
{
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
void command_run(struct app *app, struct dialog *d, const char *text)
{
	const char *argument;
	enum action action;
	char *word;
	size_t len;

	text = blank_end(text);
	len = strcspn(text, " ");
	argument = blank_end(text + len);
	word = strndup(text, len);
	action = word ? find(word) : ACT_NONE;
	if (action == ACT_NONE && d->list.cursor < d->item_count)
		action = (enum action)d->items[d->list.cursor].id;
	if (action == ACT_NONE) {
		app_tell(app, ROLE_WARNING, "%s: no such command", word ? word : "");
	} else {
		if (*text)
			remember(app, text);
		app->quit_when_saved = word && strcmp(word, "wq") == 0;
		act_in_its_pane(app, action, *argument ? argument : NULL);
	}
	free(word);
}
