/* The one place that writes to standard output and standard error. Names, documents and
 * arguments are hostile: whatever they hold, nothing gets out that the text form of
 * lamina/path.h writes out, line ends among it. Backslashes stand, as paths that are in
 * that form already have them. */
#ifndef CLI_PRINT_H
#define CLI_PRINT_H

#include <stdio.h>

#include "base/json.h"
#include "cli/cmd.h"

/* A part of a line, and a line or the rest of one. */
void print(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void print_line(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A cell of a table: with blanks behind it up to so many columns; and the columns of one
 * that has room for the text, too. */
void print_cell(FILE *out, const char *text, int columns);
int cell_width(int columns, const char *text);
#define LEAST_NAME 16 /* columns of a layer's name, at least */
/* Bytes from an image, in the text form. */
void print_bytes(FILE *out, const char *bytes, size_t len);
/* The program's own text, as it is: lines, colours. */
void print_own(FILE *out, const char *text);

/* For `--json`: what is in the text form already, and what has to be brought into it. */
json_t *json_shown(const char *text);
json_t *json_bytes(const char *bytes, size_t len);
/* A result, an item of a list that is too long to be held, and JSON that is text already;
 * values are freed. What may not be shown is escaped as JSON does. */
void print_json(json_t *value);
void print_json_item(json_t *value, bool first);
void print_json_text(const char *text);

/* referrers.c: what speaks of an image. */
void print_referrers(FILE *out, const struct lam_referrers *referrers);
json_t *json_referrers(const struct lam_referrers *referrers);

/* A line on standard error, for the user. */
void tell(const struct call *call, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void tell_error(const struct call *call, const char *text);
/* Tells call->err, and gives the exit code for it. */
int fail(const struct call *call);
int fail_as(const struct call *call, int exit_code);
/* Content as it is, to a descriptor, for lam_image_read_file and its like. */
struct content_output {
	int fd;
	const char *name;
};
int put_content(void *output, const void *bytes, size_t len, struct lam_error *err);
/* Flushes standard output; where that fails, tells so instead of the exit code. */
int print_end(int exit_code);

#endif
