#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "ui/text.h"

atomic_bool stop_asked;
int stop_signal;

static int exit_code_of(enum lam_code code)
{
	switch (code) {
	case LAM_OK: return EXIT_DONE;
	case LAM_EUSAGE: return EXIT_USAGE;
	case LAM_EPLAN: return EXIT_PLAN;
	case LAM_EWRITE: return EXIT_OUTPUT;
	case LAM_ESTOPPED: return 128 + (stop_signal ? stop_signal : 2);
	case LAM_EREAD:
	case LAM_EFORMAT:
	case LAM_ENOTFOUND:
	case LAM_ENOMEM: break;
	}
	return EXIT_IMAGE;
}

int fail_as(const struct call *call, int exit_code)
{
	progress_clear();
	fprintf(stderr, "%slamina:%s %s\n", call->color_err ? "\033[31m" : "",
		call->color_err ? "\033[0m" : "",
		call->err.code == LAM_ESTOPPED ? "stopped: nothing was published"
					       : call->err.text);
	return call->err.code == LAM_ESTOPPED ? exit_code_of(LAM_ESTOPPED) : exit_code;
}

int fail(const struct call *call)
{
	return fail_as(call, exit_code_of(call->err.code));
}

int fail_memory(struct call *call)
{
	(void)lam_fail_memory(&call->err);
	return fail(call);
}

void tell(const struct call *call, const char *format, ...)
{
	va_list args;

	progress_clear();
	fprintf(stderr, "%slamina:%s ", call->color_err ? "\033[33m" : "",
		call->color_err ? "\033[0m" : "");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

const char *size_text(uint64_t bytes, char out[16])
{
	return text_size(bytes, out);
}

static bool memory_lacked;

void lack_memory(void)
{
	memory_lacked = true;
}

const char *text_or_lack(const char *text)
{
	if (!text)
		lack_memory();
	return text ? text : "?";
}

void put_text(FILE *out, const char *bytes, size_t len)
{
	char *text;

	if (!lam_path_is_escaped(bytes, len)) {
		fwrite(bytes, 1, len, out);
		return;
	}
	text = lam_path_escape(bytes, len);
	fputs(text_or_lack(text), out);
	free(text);
}

json_t *json_bytes(const char *bytes, size_t len)
{
	char *text = lam_path_escape(bytes, len);
	json_t *string = json_string(text_or_lack(text));

	free(text);
	return string;
}

json_t *json_shown(const char *text)
{
	json_t *string = json_string(text);

	return string ? string : json_bytes(text, strlen(text));
}

void print_json(json_t *value)
{
	json_dumpf(value, stdout, JSON_COMPACT | JSON_INDENT(1));
	putchar('\n');
	json_decref(value);
}

void print_json_item(json_t *value, bool first)
{
	fputs(first ? "\n" : ",\n", stdout);
	json_dumpf(value, stdout, JSON_COMPACT);
	json_decref(value);
}

int finish_output(const struct call *call, int exit_code)
{
	(void)call;
	if (fflush(stdout) == 0 && !ferror(stdout)) {
		if (!memory_lacked || exit_code > EXIT_DIFFERENT)
			return exit_code;
		fputs("lamina: out of memory: what was printed is not complete\n",
		      stderr);
		return EXIT_IMAGE;
	}
	if (errno == EPIPE)
		return 128 + 13;
	fprintf(stderr, "lamina: standard output: %s\n", strerror(errno));
	return EXIT_OUTPUT;
}

/* Progress: a bar on a terminal, a line now and then elsewhere */

enum { BAR, PLAIN };

static struct {
	int how;
	bool shown;
	struct timespec last;
	int64_t since; /* the last report, in ms */
	enum lam_stage stage;
	uint64_t done[4096], total[4096];
} state;

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void progress_clear(void)
{
	if (state.shown)
		fputs("\r\033[K", stderr);
	state.shown = false;
}

static void show(uint64_t done, uint64_t total)
{
	static const char *const words[] = { "reading", "writing", "verifying",
					     "publishing" };
	char a[16], b[16];
	int filled = total ? (int)(done * 30 / total) : 0;

	size_text(done, a);
	size_text(total, b);
	if (state.how == PLAIN) {
		fprintf(stderr, "lamina: %s: %s of %s\n", words[state.stage], a, b);
		return;
	}
	fprintf(stderr, "\r\033[K%-10s [", words[state.stage]);
	for (int i = 0; i < 30; i++)
		fputc(i < filled ? '#' : '-', stderr);
	fprintf(stderr, "] %3d%%  %s of %s", total ? (int)(done * 100 / total) : 0, a, b);
	fflush(stderr);
	state.shown = true;
}

static void report(void *context, const struct lam_step *step)
{
	int64_t now = now_ms();
	uint64_t done = 0, total = 0;
	size_t count = step->layer_count < 4096 ? step->layer_count : 4096;

	(void)context;
	if (step->layer >= 4096)
		return;
	if (step->stage != state.stage) {
		memset(state.done, 0, sizeof state.done);
		memset(state.total, 0, sizeof state.total);
		state.stage = step->stage;
	}
	state.done[step->layer] = step->done;
	state.total[step->layer] = step->total;
	if (now - state.since < (state.how == BAR ? 100 : 5000))
		return;
	state.since = now;
	for (size_t i = 0; i < count; i++) {
		done += state.done[i];
		total += state.total[i];
	}
	show(done, total);
}

int progress_setup(struct call *call, const char *how)
{
	bool terminal = isatty(STDERR_FILENO);

	call->progress = (struct lam_progress){ .stop = &stop_asked };
	if (how && strcmp(how, "auto") != 0 && strcmp(how, "plain") != 0 &&
	    strcmp(how, "none") != 0)
		return usage_error(call->command->name,
				   "--progress is auto, plain or none");
	if (how && strcmp(how, "none") == 0)
		return 0;
	state.how = terminal && !(how && strcmp(how, "plain") == 0) ? BAR : PLAIN;
	state.since = now_ms();
	call->progress.report = report;
	return 0;
}
