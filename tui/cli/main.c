/* lamina: the table of its commands. */
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "editor/dialogs/dialog.h"

#define VERSION "0.1.0"

static const struct option APPLY[] = {
	{ "dry-run", 0, NULL, "show what would be written, and write nothing" },
	{ "pinned", 0, NULL,
	  "refuse an image that is not the one the plan was made for" },
	{ "strict", 0, NULL,
	  "rules that match nothing and paths that are new are errors" },
	{ "no-verify", 0, NULL, "do not read back what was written" },
	{ "json", 0, NULL, "the result as JSON" },
	{ 0 },
};
static const struct option PLAN[] = {
	{ "flatten", 0, NULL, "everything that is not kept or split becomes one layer" },
	{ "split", 0, "PATH[=NAME]",
	  "PATH and all below it become a layer of their own" },
	{ "keep", 0, "N", "the lowest N layers stay as they are" },
	{ "drop", 0, "PATH", "leave PATH out of the image" },
	{ "output", 'o', "FILE", "write the plan to FILE" },
	{ 0 },
};
static const struct option LS[] = {
	{ "long", 'l', NULL, "mode, owner, size, time, layer and target" },
	{ "recursive", 'R', NULL, "all below" },
	{ "layer", 0, "N", "only what comes from layer N" },
	{ "dead", 0, NULL, "also what is not visible any more" },
	{ "json", 0, NULL, "as JSON" },
	{ 0 },
};
static const struct option EDIT[] = {
	{ "plan", 0, "FILE", "the plan to begin with, and to save to" },
	{ "output", 'o', "IMAGE", "where W writes to" },
	{ "ascii", 0, NULL, "draw with ASCII alone" },
	{ "no-mouse", 0, NULL, "leave the mouse to the terminal" },
	{ 0 },
};
static const struct option JSON[] = { { "json", 0, NULL, "as JSON" }, { 0 } };
static const struct option NONE[] = { { 0 } };

const struct command COMMANDS[] = {
	{ "apply", "PLAN IMAGE OUTPUT", "write an image as a plan says",
	  "Writes IMAGE with the layers that PLAN asks for to OUTPUT, reads it back and proves that the merged\n"
	  "filesystem is the same before OUTPUT exists. PLAN is a file, or - for standard input.\n\n"
	  "  lamina plan oci:app --flatten --split /opt | lamina apply - oci:app oci:out:split",
	  APPLY, 3, 3, run_apply },
	{ "cat", "IMAGE PATH", "a file's content",
	  "Prints a file of the merged filesystem. Symlinks are followed inside the image.",
	  NONE, 2, 2, run_cat },
	{ "check", "IMAGE", "verify every digest, size and diff_id",
	  "Reads all of IMAGE, verifies every digest, size and diff_id, and tells what runtimes read differently.",
	  NONE, 1, 1, run_check },
	{ "diff", "A B", "how two images' merged filesystems differ",
	  "Lists paths that differ: '-' in A alone, '+' in B alone, '~' in both. Exits with 1 if there are any.",
	  JSON, 2, 2, run_diff },
	{ "edit", "IMAGE", "browse, assign, undo, and write, on the screen",
	  "Shows the merged filesystem of IMAGE with the layer that each file comes from. Subtrees are assigned to layers;\n"
	  "nothing is written before W, and everything before it can be undone. ? tells the keys.\n\n"
	  "'lamina IMAGE' is the same. 'lamina help keys' prints all keys.",
	  EDIT, 1, 1, run_edit },
	{ "explain", "PLAN IMAGE PATH...", "where a path goes, and why",
	  "Tells for each PATH which rule of PLAN wins, which layer it goes to, and why that layer is kept or written.",
	  NONE, 3, SIZE_MAX, run_explain },
	{ "export", "IMAGE PATH FILE.tar", "a subtree as a tar",
	  "Writes PATH and all below it as a tar, to a file or to standard output (-).",
	  NONE, 3, 3, run_export },
	{ "inspect", "IMAGE", "the layers and what they hold",
	  "Shows each layer with its digest, sizes, entries, waste and origin, and what is odd about the image.",
	  JSON, 1, 1, run_inspect },
	{ "log", "IMAGE PATH", "which layers changed a path",
	  "Lists what each layer did to PATH, the lowest first.", NONE, 2, 2, run_log },
	{ "ls", "IMAGE [PATH]", "list the merged filesystem",
	  "Lists PATH (the root, if it is left out), with -R all below it. -l shows mode, owner, size, time, the layer that\n"
	  "each comes from, and where symlinks lead: [dangling], [loop] or [above root] behind those that lead nowhere.",
	  LS, 1, 2, run_ls },
	{ "plan", "IMAGE", "make a plan",
	  "Prints a plan for IMAGE: with no options, the one that changes nothing.\n\n"
	  "  lamina plan oci:app --keep 1 --flatten --split /opt --drop /var/cache/apt -o app.plan.json",
	  PLAN, 1, 1, run_plan },
	{ 0 },
};

static void print_overview(FILE *out)
{
	fputs("lamina edits the layers of container images, and proves that the result is the same image.\n\n"
	      "usage: lamina IMAGE          the editor\n       lamina COMMAND ...\n\n",
	      out);
	for (const struct command *c = COMMANDS; c->name; c++)
		fprintf(out, "  %-8s %-22s %s\n", c->name, c->usage, c->summary);
	fputs("\n'lamina COMMAND --help' tells more.\n", out);
}

static const struct command *find_command(const char *name)
{
	for (const struct command *c = COMMANDS; c->name; c++) {
		if (strcmp(c->name, name) == 0)
			return c;
	}
	return NULL;
}

static int unknown_command(const char *name)
{
	const char *names[32], *near;
	size_t count = 0;
	char *shown = lam_path_escape(name, strlen(name));

	for (const struct command *c = COMMANDS; c->name && count < 31; c++)
		names[count++] = c->name;
	names[count] = NULL;
	near = nearest(name, names);
	fprintf(stderr, "lamina: %s: there is no such %s%s%s%s; see 'lamina --help'\n",
		shown, name[0] == '-' ? "option" : "command",
		near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	free(shown);
	return EXIT_USAGE;
}

/* "lamina IMAGE": what is no command, and looks like an image or is there. */
static bool is_image(const char *word)
{
	return word[0] != '-' &&
	       (strchr(word, ':') || strchr(word, '/') || access(word, F_OK) == 0);
}

static void on_stop(int number)
{
	stop_signal = number;
	atomic_store(&stop_asked, true);
	signal(number, SIG_DFL); /* the second one ends it */
}

static void set_signals(void)
{
	struct sigaction stop = { .sa_handler = on_stop };

	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	signal(SIGXFSZ, SIG_IGN); /* a write over the limit is an error, not an end */
	signal(SIGPIPE, SIG_IGN);
}

/* Files that are opened must not become standard ones. */
static void open_standard(void)
{
	int fd;

	do
		fd = open(
			"/dev/null",
			O_RDWR); // NOLINT(android-cloexec-open): standard ones stay open
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static int run(const struct command *command, int argc, char **argv)
{
	struct call call = { .command = command };
	int code = call_parse(&call, argc, argv);

	if (code == 0 && call.help)
		print_help(command, stdout);
	else if (code == 0 && call.version)
		puts("lamina " VERSION);
	else if (code == 0)
		code = command->run(&call);
	progress_clear();
	code = finish_output(&call, code);
	call_fini(&call);
	return code;
}

/* Where the command's name is: behind options that all commands have. */
static int command_at(int argc, char **argv)
{
	int at = 1;

	while (at < argc && strncmp(argv[at], "--", 2) == 0) {
		const struct option *o = COMMON_OPTIONS;

		while (o->name && strcmp(o->name, argv[at] + 2) != 0)
			o++;
		at += o->name && o->value ? 2 : 1;
	}
	return at < argc ? at : argc;
}

/* An index is a few large arrays, and several times as large while it is made: what is
 * freed of them goes back to the system at once, and growing them copies nothing. Left to
 * itself glibc stops to do so after the first large block that is freed. And with a heap
 * for each thread, every one of them would keep what pieces of layers once took. */
static void set_memory(void)
{
#ifdef M_MMAP_THRESHOLD
	mallopt(M_MMAP_THRESHOLD, 4 << 20);
	mallopt(M_ARENA_MAX, 1);
#endif
}

int main(int argc, char **argv)
{
	const struct command *command;
	int at;

	set_memory();
	open_standard();
	set_signals();
	if (argc < 2) {
		print_overview(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		if (argc > 2 && strcmp(argv[2], "keys") == 0) {
			help_print_keys(stdout);
			return finish_output(NULL, EXIT_DONE);
		}
		command = argc > 2 ? find_command(argv[2]) : NULL;
		if (argc > 2 && !command)
			return unknown_command(argv[2]);
		if (command)
			print_help(command, stdout);
		else
			print_overview(stdout);
		return finish_output(NULL, EXIT_DONE);
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0) {
		puts("lamina " VERSION);
		return finish_output(NULL, EXIT_DONE);
	}
	at = command_at(argc, argv);
	if (at == argc)
		return unknown_command(argv[1]);
	command = find_command(argv[at]);
	if (!command && is_image(argv[at]))
		return run(find_command("edit"), argc - 1, argv + 1);
	if (!command)
		return unknown_command(argv[at]);
	/* its name goes, all other words stay in order */
	for (int i = at; i + 1 < argc; i++)
		argv[i] = argv[i + 1];
	return run(command, argc - 2, argv + 1);
}
