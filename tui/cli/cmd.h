/* The commands of the program, and what they share. Only the library's public headers are
 * used. */
#ifndef CMD_H
#define CMD_H

#include <stdbool.h>
#include <stdio.h>

#include <lamina/image.h>
#include <lamina/layout.h>
#include <lamina/path.h>
#include <lamina/plan.h>
#include <lamina/write.h>

#include "base/json.h"

/* Exit codes; 130 and 143 are those of SIGINT and SIGTERM. */
enum {
	EXIT_DONE = 0,
	EXIT_DIFFERENT = 1,
	EXIT_USAGE = 2,
	EXIT_IMAGE = 3,
	EXIT_PLAN = 4,
	EXIT_OUTPUT = 5
};

struct option {
	const char *name;
	char letter;       /* or '\0' */
	const char *value; /* what stands for it in the help; NULL: a switch */
	const char *help;
};

struct call;

struct command {
	const char *name;
	const char *usage;            /* behind "lamina NAME" */
	const char *summary;          /* one line */
	const char *about;            /* a paragraph or two, with an example */
	const struct option *options; /* ends with a NULL name */
	size_t least, most;           /* arguments */
	int (*run)(struct call *call);
};

struct given {
	const struct option *option;
	const char *value;
};

struct call {
	const struct command *command;
	const char **args;
	size_t arg_count;
	struct given *given;
	size_t given_count;
	bool color_out, color_err;
	bool help, version;
	bool read_all; /* every layer is read and checked, cached or not */
	unsigned threads;
	struct lam_progress progress;
	struct lam_error err;
};

extern const struct command COMMANDS[]; /* ends with a NULL name */
extern const struct option COMMON_OPTIONS[];

/* options.c */
/* Reads the words behind the command's name. 0, or an exit code with the reason told. */
int call_parse(struct call *call, int argc, char **argv);
void call_fini(struct call *call);
bool call_has(const struct call *call, const char *name);
/* The last value of an option, or NULL. */
const char *call_value(const struct call *call, const char *name);
/* All values of an option, in order: out has room for call->given_count of them. */
size_t call_values(const struct call *call, const char *name, const char **out);
int usage_error(const char *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void print_help(const struct command *command, FILE *out);
/* The one of names[] (NULL-terminated) that is nearest to a mistyped word, or NULL. */
const char *nearest(const char *word, const char *const *names);

/* output.c */
/* Tells an error on standard error, and gives the exit code for it. */
int fail(const struct call *call);
int fail_as(const struct call *call, int exit_code);
int fail_memory(struct call *call);
void tell(const struct call *call, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* "12.3M"; powers of 1,024. */
const char *size_text(uint64_t bytes, char out[16]);
/* Bytes from an image, as text. */
void put_text(FILE *out, const char *bytes, size_t len);
/* For `--json`: what is in the text form already, and what has to be brought into it. */
json_t *json_shown(const char *text);
json_t *json_bytes(const char *bytes, size_t len);
/* A result, and an item of a list that is too long to be held; both are freed. */
void print_json(json_t *value);
void print_json_item(json_t *value, bool first);
/* There was no memory for a part of what is printed; finish_output() tells. */
void lack_memory(void);
const char *text_or_lack(const char *text); /* "?" where it is NULL for that reason */
/* Flushes standard output: EXIT_OUTPUT where that fails, EXIT_IMAGE where memory lacked.
 */
int finish_output(const struct call *call, int exit_code);
int progress_setup(struct call *call, const char *how);
void progress_clear(void);
extern atomic_bool stop_asked;
extern int stop_signal;

/* shared.c */
/* Opens an image with the call's platform, threads and progress; spool may be NULL. NULL
 * on failure, which has been told, with the exit code in *out_exit. */
struct lam_image *open_image(struct call *call, const char *reference, const char *spool,
			     int *out_exit);
struct lam_plan *read_plan(struct call *call, const char *file, int *out_exit);
struct lam_layout *make_layout(struct call *call, const struct lam_image *image,
			       const struct lam_plan *plan, int *out_exit);
/* The node of a path that is there; LAM_NODE_NONE on failure, which has been told. */
uint32_t find_path(struct call *call, const struct lam_image *image, const char *path,
		   bool dead_too);
/* Reads a file, or standard input for "-". */
int read_input(struct call *call, const char *file, char **out, size_t *out_len);

/* $NAME/lamina, or lamina in a usual place below $HOME, with a tail behind it; NULL where
 * there is neither (XDG Base Directory Specification: relative paths do not count). A new
 * string of the caller's. */
char *user_folder(const char *name, const char *usual, const char *tail);

#define CREATED_MAX 40
/* The time of SOURCE_DATE_EPOCH (reproducible-builds.org) in RFC 3339; "" where it is not
 * set. 0, or EXIT_USAGE with the reason told. */
int get_created(const struct call *call, char out[CREATED_MAX]);

extern const char *const KIND_NAMES[];
extern const char *const CHANGE_NAMES[];
extern const char *const FATE_NAMES[];
const char *resolution_name(const struct lam_tree *tree,
			    uint32_t node); /* "dangling" ..., or NULL */

int run_edit(struct call *call);
int run_apply(struct call *call);
int run_plan(struct call *call);
int run_explain(struct call *call);
int run_ls(struct call *call);
int run_inspect(struct call *call);
int run_check(struct call *call);
int run_cat(struct call *call);
int run_export(struct call *call);
int run_log(struct call *call);
int run_diff(struct call *call);

#endif
