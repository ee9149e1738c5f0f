/* The command line: options and arguments. */
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/spelling.h"
#include "cli/print.h"

const struct option COMMON_OPTIONS[] = {
	{ "platform", 0, "OS/ARCH[/VARIANT]",
	  "the image of an index that holds several; all: each (apply, inspect, check)" },
	{ "threads", 0, "N", "threads to use, 1 to 256; by default one a core" },
	{ "tls-verify", 0, "true|false",
	  "false: a registry's certificate is not looked at, or it has none" },
	{ "cert-dir", 0, "DIR",
	  "certificates for registries: *.crt, and *.cert with *.key" },
	{ "progress", 0, "auto|plain|none",
	  "a bar on a terminal, a line now and then, or neither" },
	{ "color", 0, "auto|always|never", "colours; auto obeys NO_COLOR" },
	{ "help", 'h', NULL, "this help" },
	{ "version", 0, NULL, "the version" },
	{ 0 },
};

const struct option JSON_OPTION[] = { { "json", 0, NULL, "as JSON" }, { 0 } };

int usage_error(const char *command, const char *format, ...)
{
	char *text;
	va_list args;

	va_start(args, format);
	text = lam_xvprintf(format, args);
	va_end(args);
	print_line(stderr, "lamina: %s; see 'lamina %s%s--help'", text,
		   command ? command : "", command ? " " : "");
	free(text);
	return EXIT_USAGE;
}

char *did_you_mean(const char *word, const char *before, const char *const *names)
{
	struct lam_spelling near;

	lam_spelling_init(&near, word, strlen(word));
	for (; *names; names++)
		lam_spelling_try(&near, *names, strlen(*names));
	return near.best ? lam_xprintf("; did you mean %s%s?", before, near.best)
			 : lam_xstrdup("");
}

static const struct option *find_in(const struct option *options, const char *name,
				    size_t len, char letter)
{
	for (; options->name; options++) {
		if (letter ? options->letter == letter
			   : strlen(options->name) == len &&
				     strncmp(options->name, name, len) == 0)
			return options;
	}
	return NULL;
}

static const struct option *find_option(const struct call *call, const char *name,
					size_t len, char letter)
{
	const struct option *o = find_in(call->command->options, name, len, letter);

	return o ? o : find_in(COMMON_OPTIONS, name, len, letter);
}

static int unknown_option(const struct call *call, const char *name, size_t len)
{
	const char *command = call->command->name;
	LAM_CLEANUP(lam_free_ptr) char *word = lam_xmemdup(name, len < 60 ? len : 60);
	LAM_CLEANUP(lam_free_ptr) char *meant = NULL;
	const char *names[64] = { 0 };
	size_t count = 0;

	for (const struct option *o = call->command->options; o->name && count < 50; o++)
		names[count++] = o->name;
	for (const struct option *o = COMMON_OPTIONS; o->name; o++)
		names[count++] = o->name;
	meant = did_you_mean(word, "--", names);
	return usage_error(command, "%s: there is no option --%s%s", command, word,
			   meant);
}

static void give(struct call *call, const struct option *option, const char *value)
{
	call->given[call->given_count++] = (struct given){ option, value };
}

/* "--name", "--name=value", "--name value"; *at is moved over the value. */
static int parse_long(struct call *call, int argc, char **argv, int *at)
{
	const char *name = argv[*at] + 2, *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	const struct option *o = find_option(call, name, len, 0);

	if (!o)
		return unknown_option(call, name, len);
	if (!o->value && equals)
		return usage_error(call->command->name, "--%s takes no value", o->name);
	if (o->value && !equals && *at + 1 >= argc)
		return usage_error(call->command->name, "--%s needs a value: %s", o->name,
				   o->value);
	give(call, o, !o->value ? NULL : equals ? equals + 1 : argv[++*at]);
	return 0;
}

/* "-lR", "-o FILE", "-oFILE" */
static int parse_short(struct call *call, int argc, char **argv, int *at)
{
	for (const char *c = argv[*at] + 1; *c; c++) {
		const struct option *o = find_option(call, NULL, 0, *c);

		if (!o)
			return usage_error(call->command->name,
					   "%s: there is no option -%c",
					   call->command->name,
					   isprint((unsigned char)*c) ? *c : '?');
		if (!o->value) {
			give(call, o, NULL);
			continue;
		}
		if (!c[1] && *at + 1 >= argc)
			return usage_error(call->command->name, "-%c needs a value: %s",
					   *c, o->value);
		give(call, o, c[1] ? c + 1 : argv[++*at]);
		break;
	}
	return 0;
}

static int set_colors(struct call *call)
{
	const char *when = call_value(call, "color"), *term = getenv("TERM");
	bool off = (getenv("NO_COLOR") && *getenv("NO_COLOR")) || !term ||
		   strcmp(term, "dumb") == 0;

	if (when && strcmp(when, "auto") != 0 && strcmp(when, "always") != 0 &&
	    strcmp(when, "never") != 0)
		return usage_error(call->command->name,
				   "--color is auto, always or never");
	if (when && strcmp(when, "auto") != 0) {
		call->color_out = call->color_err = strcmp(when, "always") == 0;
		return 0;
	}
	call->color_out = !off && isatty(STDOUT_FILENO);
	call->color_err = !off && isatty(STDERR_FILENO);
	return 0;
}

static int set_threads(struct call *call)
{
	const char *text = call_value(call, "threads");
	char *end;
	long n;

	if (!text)
		return 0;
	n = strtol(text, &end, 10);
	if (*end || end == text || n < 1 || n > 256)
		return usage_error(call->command->name,
				   "--threads is a number from 1 to 256");
	call->threads = (unsigned)n;
	return 0;
}

static int check_args(const struct call *call)
{
	const struct command *c = call->command;

	if (call->arg_count < c->least)
		return usage_error(c->name, "%s: too few arguments: lamina %s %s",
				   c->name, c->name, c->usage);
	if (call->arg_count > c->most)
		return usage_error(c->name, "%s: one argument too many: %.200s", c->name,
				   call->args[c->most]);
	return 0;
}

int call_parse(struct call *call, int argc, char **argv)
{
	bool ended = false;
	int code = 0;

	call->args = lam_xcalloc((size_t)argc + 1, sizeof *call->args);
	call->given = lam_xcalloc((size_t)argc * 8 + 8, sizeof *call->given);
	for (int i = 0; i < argc; i++) {
		if (!ended && strcmp(argv[i], "--") == 0)
			ended = true;
		else if (!ended && strncmp(argv[i], "--", 2) == 0)
			code = parse_long(call, argc, argv, &i);
		else if (!ended && argv[i][0] == '-' && argv[i][1])
			code = strlen(argv[i]) > 8 && strspn(argv[i] + 1, "lRh") ==
							      strlen(argv[i] + 1)
				       ? usage_error(call->command->name,
						     "too many letters in %.20s", argv[i])
				       : parse_short(call, argc, argv, &i);
		else
			call->args[call->arg_count++] = argv[i];
		if (code)
			return code;
	}
	call->help = call_has(call, "help");
	call->version = call_has(call, "version");
	if (call->help || call->version)
		return 0;
	if ((code = set_colors(call)) != 0 || (code = set_threads(call)) != 0 ||
	    (code = progress_setup(call)) != 0 || (code = access_setup(call)) != 0)
		return code;
	return check_args(call);
}

void call_fini(struct call *call)
{
	access_fini(call);
	free(call->args);
	free(call->given);
}

bool call_has(const struct call *call, const char *name)
{
	for (size_t i = 0; i < call->given_count; i++) {
		if (strcmp(call->given[i].option->name, name) == 0)
			return true;
	}
	return false;
}

const char *call_value(const struct call *call, const char *name)
{
	const char *value = NULL;

	for (size_t i = 0; i < call->given_count; i++) {
		if (strcmp(call->given[i].option->name, name) == 0)
			value = call->given[i].value;
	}
	return value;
}

size_t call_values(const struct call *call, const char *name, const char **out)
{
	size_t count = 0;

	for (size_t i = 0; i < call->given_count; i++) {
		if (strcmp(call->given[i].option->name, name) == 0)
			out[count++] = call->given[i].value;
	}
	return count;
}
