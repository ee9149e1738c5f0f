/* All that is written to standard output and error. */
#include "cli/print.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/path.h"
#include "base/utf8.h"
#include "ui/text.h"

#define RED    "\033[31m"
#define YELLOW "\033[33m"
#define PLAIN  "\033[0m"

static int lost; /* why something did not get to standard output; 0: all did */

static void write_out(FILE *out, const char *bytes, size_t len)
{
	if (fwrite(bytes, 1, len, out) < len && out == stdout && !lost)
		lost = errno;
}

static void escape_for_json(struct lam_buf *text, const char *bytes, size_t len)
{
	uint32_t c = 0xfffd;

	(void)lam_utf8_decode(bytes, len, &c);
	if (c == '\n')
		lam_text_putc(text, '\n'); /* between values: in strings there is none */
	else if (c < 0x10000)
		lam_text_printf(text, "\\u%04x", (unsigned)c);
	else
		lam_text_printf(text, "\\u%04x\\u%04x", (unsigned)(0xd7c0 + (c >> 10)),
				(unsigned)(0xdc00 | (c & 0x3ff)));
}

static void put(FILE *out, const char *text, size_t len,
		void (*escape)(struct lam_buf *text, const char *bytes, size_t len))
{
	while (len > 0) {
		LAM_CLEANUP(lam_buf_fini) struct lam_buf shown = LAM_TEXT;
		size_t run = lam_path_shown_run(text, len), used;
		uint32_t c;

		write_out(out, text, run);
		text += run;
		len -= run;
		if (len == 0)
			break;
		used = lam_utf8_decode(text, len, &c);
		used = used ? used : 1;
		escape(&shown, text, used);
		write_out(out, shown.data, shown.len);
		text += used;
		len -= used;
	}
}

__attribute__((format(printf, 2, 0))) static void vprint(FILE *out, const char *format,
							 va_list args)
{
	char small[512];
	va_list again;
	int len;

	va_copy(again, args);
	len = vsnprintf(small, sizeof small, format, args);
	if (len < (int)sizeof small) {
		put(out, small, len > 0 ? (size_t)len : 0, lam_path_append_escaped);
	} else {
		char *large = lam_xvprintf(format, again);

		put(out, large, (size_t)len, lam_path_append_escaped);
		free(large);
	}
	va_end(again);
}

void print(FILE *out, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprint(out, format, args);
	va_end(args);
}

void print_line(FILE *out, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprint(out, format, args);
	va_end(args);
	write_out(out, "\n", 1);
}

void print_cell(FILE *out, const char *text, int columns)
{
	int width = text_width(text);

	print(out, "%s%*s", text, width < columns ? columns - width : 0, "");
}

int cell_width(int columns, const char *text)
{
	int width = text_width(text);

	return width > columns ? width : columns;
}

void print_bytes(FILE *out, const char *bytes, size_t len)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf text = LAM_TEXT;

	if (lam_path_is_escaped(bytes, len)) {
		lam_path_append_escaped(&text, bytes, len);
		bytes = text.data;
		len = text.len;
	}
	write_out(out, bytes, len);
}

void print_own(FILE *out, const char *text)
{
	write_out(out, text, strlen(text));
}

/* JSON */

json_t *json_bytes(const char *bytes, size_t len)
{
	char *text = lam_path_escape(bytes, len);
	json_t *string = json_string(text);

	free(text);
	return string;
}

json_t *json_shown(const char *text)
{
	json_t *string = json_string(text);

	return string ? string : json_bytes(text, strlen(text));
}

void print_json_text(const char *text)
{
	put(stdout, text, strlen(text), escape_for_json);
}

static void print_value(json_t *value, size_t flags)
{
	char *text = json_dumps(value, JSON_COMPACT | flags);

	if (text)
		print_json_text(text);
	else
		lam_out_of_memory();
	free(text);
	json_decref(value);
}

void print_json(json_t *value)
{
	print_value(value, JSON_INDENT(1));
	print_own(stdout, "\n");
}

void print_json_item(json_t *value, bool first)
{
	print_own(stdout, first ? "\n" : ",\n");
	print_value(value, 0);
}

/* Messages */

static void begin(const struct call *call, const char *color)
{
	progress_clear();
	print_own(stderr, call->color_err ? color : "");
	print_own(stderr, "lamina:");
	print_own(stderr, call->color_err ? PLAIN " " : " ");
}

void tell(const struct call *call, const char *format, ...)
{
	va_list args;

	begin(call, YELLOW);
	va_start(args, format);
	vprint(stderr, format, args);
	va_end(args);
	print_own(stderr, "\n");
}

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

void tell_error(const struct call *call, const char *text)
{
	begin(call, RED);
	print_line(stderr, "%s", text);
}

int fail_as(const struct call *call, int exit_code)
{
	bool stopped = call->err.code == LAM_ESTOPPED;

	tell_error(call, stopped ? "stopped: nothing was published" : call->err.text);
	return stopped ? exit_code_of(LAM_ESTOPPED) : exit_code;
}

int fail(const struct call *call)
{
	return fail_as(call, exit_code_of(call->err.code));
}

int put_content(void *output, const void *bytes, size_t len, struct lam_error *err)
{
	const struct content_output *o = output;
	int problem = lam_write_all(o->fd, bytes, len);

	return problem ? lam_file_fail(err, LAM_EWRITE, problem, o->name) : 0;
}

int print_end(int exit_code)
{
	progress_clear();
	if (fflush(stdout) != 0 && !lost)
		lost = errno;
	if (!lost)
		return exit_code;
	if (lost == EPIPE)
		return 128 + 13;
	print_line(stderr, "lamina: standard output: %s", strerror(lost));
	return EXIT_OUTPUT;
}
