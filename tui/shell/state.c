/* What the screen looked like, from one run to the next: how the panes stand, and the
 * commands that were typed. Nothing here is worth an error: without it all is as new. */
#include <stdlib.h>
#include <string.h>

#include <lamina/path.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "shell/shell.h"

#define MOST_COMMANDS 100
#define MOST_BYTES    (1u << 20)

static void take_commands(struct app *app, const json_t *list)
{
	size_t i;
	json_t *item;

	app->keys.commands = lam_xcalloc(MOST_COMMANDS + 1, sizeof *app->keys.commands);
	json_array_foreach(list, i, item)
	{
		const char *text = json_string_value(item);

		if (i < MOST_COMMANDS && text && !lam_path_is_escaped(text, strlen(text)))
			app->keys.commands[app->keys.command_count++] = lam_xstrdup(text);
	}
}

void shell_state_load(struct app *app, const char *file)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf bytes = LAM_BUF(MOST_BYTES);
	json_auto_t *state = NULL;
	struct lam_error err;
	json_int_t arrangement, width, columns;

	if (lam_file_read(&bytes, file, &err) == 0)
		state = lam_json_load(bytes.data, bytes.len, file, NULL, &err);
	else
		app->greets = err.code == LAM_ENOTFOUND;
	arrangement = json_integer_value(json_object_get(state, "panes"));
	width = json_integer_value(json_object_get(state, "files-width"));
	if (arrangement > 0 && arrangement < ARRANGE_COUNT)
		app->arrangement = (enum arrangement)arrangement;
	if (width >= APP_FILES_LEAST && width <= APP_FILES_MOST)
		app->files_width = (int)width;
	columns = json_integer_value(json_object_get(state, "columns"));
	if (columns > 0 && columns < 1 << COLUMN_KINDS)
		app->files.columns = (unsigned)columns;
	take_commands(app, json_object_get(state, "commands"));
}

void shell_state_save(const struct app *app, const char *file)
{
	json_t *commands = json_array();
	json_auto_t *state =
		json_pack("{s:i, s:i, s:i, s:o}", "panes", (int)app->arrangement,
			  "files-width", app->files_width, "columns",
			  (int)app->files.columns, "commands", commands);
	LAM_CLEANUP(lam_free_ptr)
	char *text = NULL,
	     *folder = lam_xmemdup(file, (size_t)(strrchr(file, '/') - file));
	struct lam_error err;
	bool differs;

	for (size_t i = 0; i < app->keys.command_count; i++)
		json_array_append_new(commands, json_string(app->keys.commands[i]));
	text = json_dumps(state, JSON_INDENT(1));
	(void)lam_folders_make(folder);
	shell_save(file, text, NULL, true, &differs, &err);
}
