/* The commands of the program, and what they share. */
#ifndef CMD_H
#define CMD_H

#include <stdbool.h>
#include <stdio.h>

#include <lamina/image.h>
#include <lamina/layout.h>
#include <lamina/path.h>
#include <lamina/plan.h>
#include <lamina/write.h>

#include "base/buf.h"
#include "base/time.h"

/* Exit codes; 129, 130 and 143 are those of SIGHUP, SIGINT and SIGTERM. */
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
struct paths;

struct command {
	const char *name;
	const char *usage;            /* behind "lamina NAME" */
	const char *summary;          /* one line */
	const char *about;            /* a paragraph or two, with an example */
	const struct option *options; /* ends with a NULL name */
	size_t least, most;           /* arguments */
	bool writes; /* or makes what is written next: layers that are fetched are kept */
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
	bool read_all;  /* every layer is read and checked, cached or not */
	bool referrers; /* a registry is asked for what speaks of the image */
	unsigned threads;
	struct lam_progress progress;
	struct lam_access access;
	struct paths *paths; /* that it points to */
	struct lam_error err;
};

#define VERSION "0.1.0"

/* A row of the table in main.c, and a file that defines it, is all that a command needs;
 * the manual's page and the completions follow (tui/pages). */
extern const struct command *const COMMANDS[]; /* ends with NULL */
extern const struct command CMD_APPLY, CMD_CAT, CMD_CHECK, CMD_DIFF, CMD_EDIT,
	CMD_EXPLAIN, CMD_EXPORT, CMD_INSPECT, CMD_LOG, CMD_LS, CMD_PLAN, CMD_SUGGEST;

extern const struct option COMMON_OPTIONS[], JSON_OPTION[];

/* Set once the user asks to stop; and the signal that did, 0 for none. */
extern atomic_bool stop_asked;
extern int stop_signal;

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
/* "; did you mean WORD?" with the one of names[] (NULL-terminated) that is nearest to a
 * mistyped word, `before` in front of it; or "". A new string of the caller's. */
char *did_you_mean(const char *word, const char *before, const char *const *names);

/* help.c */
void print_overview(FILE *out);
void print_help(const struct command *command);
void print_help_json(void);

/* progress.c */
int progress_setup(struct call *call);
void progress_clear(void);
/* So many images are read, one after another: the bar is of all of them; and the next. */
void progress_parts(unsigned count);
void progress_next_part(void);

/* access.c */
/* Fills call->access. 0, or EXIT_USAGE with the reason told. */
int access_setup(struct call *call);
void access_fini(struct call *call);

/* inputs.c */
/* Opens an image with the call's platform, threads and progress; spool may be NULL. NULL
 * on failure, which has been told, with the exit code in *out_exit. */
struct lam_image *open_image(struct call *call, const char *reference, const char *spool,
			     int *out_exit);
/* All images that an option names, in order: given to close_given() also after failure. 0,
 * or the exit code with the reason told. */
int open_given(struct call *call, const char *option, struct lam_image ***out,
	       size_t *out_count);
void close_given(struct lam_image **images, size_t count);
/* The same of all images that the reference names; each is opened by open_listed(). */
bool wants_all_platforms(const struct call *call);
struct lam_image_set *open_set(struct call *call, const char *reference, int *out_exit);
struct lam_image *open_listed(struct call *call, const char *reference,
			      const struct lam_image_set *set, size_t n, int *out_exit);
struct lam_plan *read_plan(struct call *call, const char *file, int *out_exit);
/* Over another plan, as a user may have made, with --force alone. 0, or EXIT_OUTPUT, told. */
int write_plan(struct call *call, const char *file, const char *text);
void tell_errors(const struct call *call, const struct lam_plan_errors *errors);
struct lam_layout *make_layout(struct call *call, const struct lam_image *image,
			       const struct lam_plan *plan, int *out_exit);
/* What is told beside its layers, of very many paths of some. 0, or with strict the exit code
 * for what that does not take. */
int tell_remarks(struct call *call, const struct lam_layout *layout, bool strict);
/* How many of the image's lowest layers are those of the image that --keep-base names, by digest
 * or diff_id: *out stays as it is where there is no such option. 0, or an exit code with the
 * reason told. */
int read_base(struct call *call, const struct lam_image *image, size_t *out);
/* --layer of a command: *out is its number, or -1 where it is not given. 0, or an exit code
 * with the reason told. */
int read_layer(struct call *call, const char *command, long *out);
/* Whether the image has it; told where not. */
bool has_layer(struct call *call, const struct lam_image *image, long layer);
/* The node of a path that is there; LAM_NODE_NONE on failure, which has been told. */
uint32_t find_path(struct call *call, const struct lam_image *image, const char *path,
		   bool dead_too);
/* Reads a file, or standard input for "-". */
int read_input(struct call *call, const char *file, struct lam_buf *out);
/* Where temporary files go. */
const char *temporary_folder(void);

/* $NAME/lamina, or lamina in a usual place below $HOME, with a tail behind it; NULL where
 * there is neither (XDG Base Directory Specification: relative paths do not count). A new
 * string of the caller's. */
char *user_folder(const char *name, const char *usual, const char *tail);

/* The time of SOURCE_DATE_EPOCH (reproducible-builds.org) in RFC 3339; "" where it is not
 * set. 0, or EXIT_USAGE with the reason told. */
int get_created(const struct call *call, char out[LAM_TIME_TEXT]);
/* The same where --clamp-times asks for it, which needs it. */
int get_clamp(const struct call *call, struct lam_clamp *out);

extern const char *const KIND_NAMES[];
extern const char *const CHANGE_NAMES[];
extern const char *const FATE_NAMES[];
const char *resolution_name(const struct lam_tree *tree,
			    uint32_t node); /* "dangling" ..., or NULL */

#endif
