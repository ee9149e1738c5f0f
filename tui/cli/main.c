/* lamina: its commands, and which of them is meant. */
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/limits.h"
#include "cli/print.h"
#include "editor/dialogs/dialog.h"

const struct command *const COMMANDS[] = {
	&CMD_APPLY,   &CMD_CAT,     &CMD_CHECK,   &CMD_DIFF, &CMD_EDIT,
	&CMD_EXPLAIN, &CMD_EXPORT,  &CMD_INSPECT, &CMD_LOG,  &CMD_LS,
	&CMD_PLAN,    &CMD_SUGGEST, NULL,
};
#define COMMAND_COUNT (sizeof COMMANDS / sizeof *COMMANDS - 1)

atomic_bool stop_asked;
int stop_signal;

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(COMMANDS[i]->name, name) == 0)
			return COMMANDS[i];
	}
	return NULL;
}

static int unknown_command(const char *name)
{
	const char *names[COMMAND_COUNT + 1] = { 0 };
	char *meant;

	for (size_t i = 0; i < COMMAND_COUNT; i++)
		names[i] = COMMANDS[i]->name;
	meant = did_you_mean(name, "", names);
	print(stderr, "lamina: ");
	print_bytes(stderr, name, strlen(name));
	print_line(stderr, ": there is no such %s%s; see 'lamina --help'",
		   name[0] == '-' ? "option" : "command", meant);
	free(meant);
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

/* What a parent ignores, as nohup does, stays ignored. */
static void stop_on(int number)
{
	struct sigaction stop = { .sa_handler = on_stop }, before;

	if (sigaction(number, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
		sigaction(number, &stop, NULL);
}

static void set_signals(void)
{
	stop_on(SIGINT);
	stop_on(SIGTERM);
	stop_on(SIGHUP);
	signal(SIGXFSZ, SIG_IGN); /* a write over the limit is an error, not an end */
	signal(SIGPIPE, SIG_IGN);
}

/* Files that are opened must not become standard ones; what stands for a closed one
 * cannot be read or written either. */
static void open_standard(void)
{
	int fd;

	for (int n = STDIN_FILENO; n <= STDERR_FILENO; n++) {
		if (fcntl(n, F_GETFD) >= 0)
			continue;
		// NOLINTNEXTLINE(android-cloexec-open): standard ones stay open
		fd = open("/dev/null", n == STDIN_FILENO ? O_WRONLY : O_RDONLY);
		if (fd >= 0 && fd != n)
			close(fd);
	}
}

static int run(const struct command *command, int argc, char **argv)
{
	struct call call = { .command = command };
	int code = call_parse(&call, argc, argv);

	if (code == 0 && call.help)
		print_help(command);
	else if (code == 0 && call.version)
		print_own(stdout, "lamina " VERSION "\n");
	else if (code == 0)
		code = command->run(&call);
	code = print_end(code);
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

/* Of each layer up to two files are open; most systems give 1,024 unless more is asked for.
 */
static void set_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur >= LAM_MAX_OPEN_FILES)
		return;
	files.rlim_cur =
		files.rlim_max < LAM_MAX_OPEN_FILES ? files.rlim_max : LAM_MAX_OPEN_FILES;
	(void)setrlimit(RLIMIT_NOFILE, &files);
}

/* lamina help, --help, -h: [COMMAND], keys, or --json. */
static int help(int argc, char **argv)
{
	const struct command *command = argc > 2 ? find_command(argv[2]) : NULL;

	if (argc > 2 && strcmp(argv[2], "keys") == 0)
		help_print_keys(stdout);
	else if (argc > 2 && strcmp(argv[2], "--json") == 0)
		print_help_json();
	else if (command)
		print_help(command);
	else if (argc > 2)
		return unknown_command(argv[2]);
	else
		print_overview(stdout);
	return print_end(EXIT_DONE);
}

int main(int argc, char **argv)
{
	const struct command *command;
	int at;

	set_memory();
	set_files();
	open_standard();
	set_signals();
	if (argc < 2) {
		print_overview(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0)
		return help(argc, argv);
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0) {
		print_own(stdout, "lamina " VERSION "\n");
		return print_end(EXIT_DONE);
	}
	at = command_at(argc, argv);
	if (at == argc)
		return unknown_command(argv[1]);
	command = find_command(argv[at]);
	if (!command && is_image(argv[at]))
		return run(&CMD_EDIT, argc - 1, argv + 1);
	if (!command)
		return unknown_command(argv[at]);
	/* its name goes, all other words stay in order */
	for (int i = at; i + 1 < argc; i++)
		argv[i] = argv[i + 1];
	return run(command, argc - 2, argv + 1);
}
