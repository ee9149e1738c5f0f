/* Files that the editor finds: the keys, the state of the screen, an unsaved plan. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "editor/app.h"
#include "editor/keys/keysfile.h"
#include "editor/plan/journal.h"
#include "fuzz.h"
#include "shell/shell.h"

static bool is_action(const char *name)
{
	return action_find(name) != ACT_NONE;
}

static void need_shown(const char *text)
{
	NEED(lam_path_may_show(text, strlen(text)));
}

static void keys(const char *file)
{
	struct keysfile found;
	struct keymap map;
	const struct binding *other;

	keysfile_read(&found, file, is_action);
	keymap_init(&map);
	for (size_t i = 0; i < found.error_count; i++)
		need_shown(found.errors[i]);
	for (size_t i = 0; i < found.count; i++)
		keymap_rebind(&map, action_find(found.items[i].action),
			      found.items[i].sequences, found.items[i].count);
	(void)keymap_conflict(&map, &other);
	keymap_fini(&map);
	keysfile_fini(&found);
}

static void state(const char *file)
{
	const struct options options = { .reference = "oci:x" };
	struct app app, again;

	app_init(&app, &options, NULL, NULL);
	app_init(&again, &options, NULL, NULL);
	shell_state_load(&app, file);
	shell_state_save(&app, file);
	shell_state_load(&again, file);
	NEED(app.arrangement == again.arrangement &&
	     app.files_width == again.files_width);
	NEED(app.keys.command_count == again.keys.command_count);
	for (size_t i = 0; i < app.keys.command_count; i++) {
		need_shown(app.keys.commands[i]);
		NEED(strcmp(app.keys.commands[i], again.keys.commands[i]) == 0);
	}
	app_fini(&app);
	app_fini(&again);
}

/* The other files in the folder do not begin with this. */
#define DIGEST "sha256:0000"

static void journal(const char *file)
{
	struct draft *draft = journal_find(fuzz_folder(), DIGEST), *again;
	struct journal *j;
	struct lam_error err;
	char *text, *same;

	(void)unlink(file);
	if (!draft)
		return;
	need_shown(draft->reference);
	for (size_t i = 0; i < draft->name_count; i++)
		need_shown(draft->names[i]);
	j = journal_new(fuzz_folder(), DIGEST, draft->reference);
	MUST(journal_write(j, draft, &err));
	MUST(lam_plan_format(draft->plan, &text, &err));
	draft_free(draft);
	journal_close(j);
	again = journal_find(fuzz_folder(), DIGEST);
	NEED(again);
	MUST(lam_plan_format(again->plan, &same, &err));
	NEED(strcmp(text, same) == 0);
	draft_remove(again);
	free(text);
	free(same);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct {
		const char *name;
		void (*read)(const char *file);
	} kinds[] = { { "keys.json", keys },
		      { "state.json", state },
		      { DIGEST "-1.json", journal } };
	struct fuzz fuzz = { data, size };
	unsigned kind = fuzz_below(&fuzz, 3);

	kinds[kind].read(fuzz_put(kinds[kind].name, fuzz.at, fuzz.left));
	return 0;
}
