/* The journal's files: where they are, who holds them, and what stands in a line. */
#ifndef APP_JOURNAL_FILE_H
#define APP_JOURNAL_FILE_H

#include <jansson.h>

#include <lamina/edit.h>

#define JOURNAL_SUFFIX  ".jsonl"
#define JOURNAL_PENDING ".new" /* not a journal before it is locked and has its name */
/* A plan has at most 64 MiB; a file that is larger than this begins anew. */
#define JOURNAL_MOST_BYTES ((size_t)64 << 20)

/* "DIR/NAME", a new string of the caller's; NULL on no memory. */
char *journal_path(const char *dir, const char *name);
/* A folder and those above it, 0700 each, where they are not there. */
int journal_make_dir(const char *dir, struct lam_error *err);

/* A line with its newline, a new string of the caller's; NULL on no memory. */
char *journal_first_line(const char *reference, const char *plan_file, int64_t time);
char *journal_state_line(const char *name, int64_t time, const struct lam_plan *plan,
			 struct lam_error *err);

/* An object of a line without its newline; NULL where it is none. */
json_t *journal_parse_line(const char *line, size_t len);
/* A string of an object as text that can be shown, or with `raw` as the bytes that it was
 * made from; NULL: there is none. */
char *journal_text(const json_t *object, const char *key, bool raw);
/* The plan file of a first line, as seen from here; NULL: none. */
char *journal_plan_file(const json_t *object);
/* The plan of a state's line; NULL: it has none that is right. */
struct lam_plan *journal_plan(const json_t *object);

#endif
