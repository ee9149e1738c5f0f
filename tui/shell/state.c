/* What the screen looked like, from one run to the next: how the panes stand, and the
 * commands that were typed. Nothing here is worth an error: without it all is as new. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "shell/shell.h"

#define COMMANDS_MAX 100

static void take_commands(struct app *app, const json_t *list)
{
	size_t count = json_array_size(list);

	if (count > COMMANDS_MAX)
		count = COMMANDS_MAX;
	app->commands = calloc(COMMANDS_MAX + 1, sizeof *app->commands);
	for (size_t i = 0; app->commands && i < count; i++) {
		const char *text = json_string_value(json_array_get(list, i));
		char *copy = text && !lam_path_is_escaped(text, strlen(text))
				     ? strdup(text)
				     : NULL;

		if (copy)
			app->commands[app->command_count++] = copy;
	}
}

void shell_state_load(struct app *app, const char *file)
{
	json_t *state = json_load_file(file, 0, NULL);
	json_int_t arrangement = json_integer_value(json_object_get(state, "panes"));
	json_int_t width = json_integer_value(json_object_get(state, "files-width"));

	if (arrangement > 0 && arrangement < ARRANGE_COUNT)
		app->arrangement = (enum arrangement)arrangement;
	if (width >= APP_FILES_LEAST && width <= APP_FILES_MOST)
		app->files_width = (int)width;
	take_commands(app, json_object_get(state, "commands"));
	json_decref(state);
}

void shell_state_save(const struct app *app, const char *file)
{
	json_t *commands = json_array();
	json_t *state = json_pack("{s:i, s:i, s:o}", "panes", (int)app->arrangement,
				  "files-width", app->files_width, "commands", commands);
	struct lam_error err;
	bool differs;
	char *text;

	for (size_t i = 0; i < app->command_count; i++)
		json_array_append_new(commands, json_string(app->commands[i]));
	text = state ? json_dumps(state, JSON_INDENT(1)) : NULL;
	if (text)
		shell_save(file, text, NULL, true, &differs, &err);
	free(text);
	json_decref(state);
}
