/* lamina edit: the editor on the screen. */
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "cli/cmd.h"
#include "cli/print.h"
#include "editor/keys/keysfile.h"
#include "editor/plan/journal.h"
#include "shell/shell.h"
#include "ui/text.h"

struct edit {
	struct call *call;
	struct options options;
	struct lam_plan *plan;
	char *plan_text, *state_dir, *state_file, *keys_file, *cache;
	char created[LAM_TIME_TEXT];
	struct app app;
	bool has_app;
	struct lam_image *against, **since;
	size_t since_count;
	struct term *term;
};

static int read_given_plan(struct edit *e)
{
	const char *file = call_value(e->call, "plan");
	int code = 0;
	struct lam_buf text = LAM_BUF(LAM_MAX_PLAN);

	if (!file)
		return 0;
	e->options.plan_file = file;
	e->plan = read_plan(e->call, file, &code);
	if (!e->plan)
		return code;
	if (read_input(e->call, file, &text) < 0)
		code = fail_as(e->call, EXIT_PLAN);
	e->plan_text = lam_text_steal(&text);
	return code;
}

static bool is_action(const char *name)
{
	return action_find(name) != ACT_NONE;
}

static int tell_conflict(const struct edit *e)
{
	const struct binding *other, *one = keymap_conflict(&e->app.keys.map, &other);
	char a[KEY_NAME_MAX * KEY_SEQUENCE_MAX], b[KEY_NAME_MAX * KEY_SEQUENCE_MAX];

	if (!one)
		return 0;
	print_line(stderr, "lamina: %s: %s (%s) and %s (%s) are in each other's way",
		   e->keys_file, key_sequence_name(&one->keys, a),
		   ACTIONS[one->action].name, key_sequence_name(&other->keys, b),
		   ACTIONS[other->action].name);
	return EXIT_USAGE;
}

static int read_keys(struct edit *e)
{
	struct keysfile keys;
	int code = 0;

	if (!e->keys_file)
		return 0;
	keysfile_read(&keys, e->keys_file, is_action);
	for (size_t i = 0; i < keys.error_count; i++) {
		print_line(stderr, "lamina: %s", keys.errors[i]);
		code = EXIT_USAGE;
	}
	for (size_t i = 0; code == 0 && i < keys.count; i++)
		keymap_rebind(&e->app.keys.map, action_find(keys.items[i].action),
			      keys.items[i].sequences, keys.items[i].count);
	keysfile_fini(&keys);
	return code ? code : tell_conflict(e);
}

static void set_options(struct edit *e)
{
	const char *seq = getenv("LAMINA_TEST_SEQ");

	e->state_dir = user_folder("XDG_STATE_HOME", ".local/state", "/journal");
	e->state_file = user_folder("XDG_STATE_HOME", ".local/state", "/screen.json");
	e->keys_file = user_folder("XDG_CONFIG_HOME", ".config", "/keys.json");
	e->cache = user_folder("XDG_CACHE_HOME", ".cache", "");
	e->options.cache_dir = e->cache;
	e->options.reference = e->call->args[0];
	e->options.platform = call_value(e->call, "platform");
	e->options.output = call_value(e->call, "output");
	e->options.state_dir = e->state_dir;
	e->options.temporary = temporary_folder();
	e->options.threads = e->call->threads;
	e->options.access = &e->call->access;
	e->options.test_seq = seq && strcmp(seq, "1") == 0;
}

static int open_terminal(struct edit *e)
{
	const struct term_options options = { .no_color = !e->call->color_out,
					      .ascii = call_has(e->call, "ascii"),
					      .mouse = !call_has(e->call, "no-mouse") };

	setlocale(LC_CTYPE, "");
	return term_open(&e->term, &options, &e->call->err) < 0
		       ? fail_as(e->call, EXIT_USAGE)
		       : 0;
}

/* What the user should know once the screen is gone. */
static void tell_end(const struct edit *e)
{
	const struct app *app = &e->app;

	if (app->phase == PHASE_FAILED)
		tell(e->call, "%s", app->failure.text);
	if (app->written.manifest_digest[0])
		print_line(stdout, "%s %s", app->written.manifest_digest,
			   app->writing.output);
	if (app_unsaved(app) && app->plan.journal && journal_is_kept(app->plan.journal) &&
	    !app->plan.unkept)
		tell(e->call, "the plan has unsaved changes: they are offered again by "
			      "'lamina edit' of this image");
}

static int edit(struct edit *e)
{
	int code = get_created(e->call, e->created);

	if (code == 0)
		code = read_given_plan(e);
	if (code)
		return code;
	e->options.created = e->created[0] ? e->created : NULL;
	if (call_value(e->call, "against"))
		e->against =
			open_image(e->call, call_value(e->call, "against"), NULL, &code);
	if (code == 0)
		code = open_given(e->call, "since", &e->since, &e->since_count);
	if (code)
		return code;
	e->options.against = e->against;
	e->options.since = (const struct lam_image *const *)e->since;
	e->options.since_count = e->since_count;
	progress_clear();
	app_init(&e->app, &e->options, e->plan, e->plan_text);
	e->plan = NULL;
	e->has_app = true;
	code = read_keys(e);
	if (code == 0)
		code = open_terminal(e);
	if (code)
		return code;
	if (e->state_file)
		shell_state_load(&e->app, e->state_file);
	code = shell_run(&e->app, e->term, &e->call->err);
	term_close(e->term);
	if (e->state_file && e->app.phase == PHASE_READY)
		shell_state_save(&e->app, e->state_file);
	tell_end(e);
	return code < 0 ? fail(e->call) : code;
}

static int run_edit(struct call *call)
{
	struct edit e = { .call = call };
	int code;

	set_options(&e);
	code = edit(&e);
	if (e.has_app)
		app_fini(&e.app);
	lam_image_close(e.against);
	close_given(e.since, e.since_count);
	lam_plan_free(e.plan);
	free(e.plan_text);
	free(e.state_dir);
	free(e.state_file);
	free(e.keys_file);
	free(e.cache);
	return code;
}

static const struct option OPTIONS[] = {
	{ "plan", 0, "FILE", "the plan, which is there, to begin with and to save to" },
	{ "output", 'o', "IMAGE", "where W writes to" },
	{ "against", 0, "OLD",
	  "Effect tells what a client with this image fetches, too" },
	{ "since", 0, "OLD",
	  "a version before IMAGE, for what S suggests; again for each, in the order of their builds" },
	{ "ascii", 0, NULL, "draw with ASCII alone" },
	{ "no-mouse", 0, NULL, "leave the mouse to the terminal" },
	{ 0 },
};

const struct command CMD_EDIT = {
	.name = "edit",
	.usage = "IMAGE",
	.summary = "browse, assign, undo, and write, on the screen",
	.about =
		"Shows the merged filesystem of IMAGE with the layer that each file comes from. Subtrees are assigned to layers;\n"
		"nothing is written before W, and everything before it can be undone. ? tells the keys.\n\n"
		"'lamina IMAGE' is the same. 'lamina help keys' prints all keys.",
	.options = OPTIONS,
	.least = 1,
	.most = 1,
	.writes = true,
	.run = run_edit,
};
