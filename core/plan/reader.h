/* A plan while it is read: what is wrong with it, sorted by its place in the document, and
 * the values that its parts have in common. */
#ifndef LAM_PLAN_READER_H
#define LAM_PLAN_READER_H

#include "base/json.h"
#include "base/limits.h"
#include "base/path.h"
#include "base/spelling.h"
#include "plan/plan.h"

/* More than anybody reads: the rest are only counted. */
#define LAM_MOST_FAULTS LAM_MAX_NOTES
#define LAM_MOST_FIELDS 8
#define LAM_NOBODY      UINT32_MAX /* no layer */

struct lam_plan_fault {
	struct lam_json_place place;
	char *text;
};

struct lam_plan_reader {
	struct lam_plan *plan;
	struct lam_plan_fault faults[LAM_MOST_FAULTS + 1]; /* sorted */
	size_t fault_count, fault_total;
	json_t *names;                   /* of layers; NULL: not known */
	uint32_t owners[LAM_MAX_LAYERS]; /* of each original: the layer that names it */
	const char *rest;                /* name of the layer that is "rest" */
};

/* `at`: what is wrong, and where. */
void lam_plan_complain(struct lam_plan_reader *r, const struct lam_json *at,
		       const char *format, ...) __attribute__((format(printf, 3, 4)));
/* "; did you mean \"x\"?", or nothing. */
#define LAM_HINT_TEXT (LAM_PATH_TEXT + 32)
const char *lam_plan_hint(const struct lam_spelling *near, char out[LAM_HINT_TEXT]);
/* The first of what is wrong; all of it is errors', which may be NULL. Returns the code. */
int lam_plan_report(struct lam_plan_reader *r, const char *bytes, size_t len,
		    const char *name, struct lam_plan_errors *errors,
		    struct lam_error *err);
/* Takes the text over. */
void lam_plan_add_error(struct lam_plan_errors *errors, char *text, size_t line);

/* Values. What is not there (a value of NULL) is no error for these. */

bool lam_plan_is_text(struct lam_plan_reader *r, const struct lam_json *at,
		      const char *what);
bool lam_plan_is_list(struct lam_plan_reader *r, const struct lam_json *at,
		      const char *what);
/* The text of a string that is there and is one; NULL otherwise. */
const char *lam_plan_text(struct lam_plan_reader *r, const struct lam_json *at);
char *lam_plan_copy_text(struct lam_plan_reader *r, const struct lam_json *at);
void lam_plan_read_compression(struct lam_plan_reader *r, const struct lam_json *at,
			       bool *out_has, struct lam_compression *out);
/* Members by name: out[i] is that of names[i]; others are unknown fields. False where
 * object is none. */
bool lam_plan_read_fields(struct lam_plan_reader *r, const struct lam_json *object,
			  const char *const names[LAM_MOST_FIELDS],
			  struct lam_json out[LAM_MOST_FIELDS]);

/* layers[].from (from.c) */

/* How many originals layer n of the plan is from. */
size_t lam_plan_read_from(struct lam_plan_reader *r, const struct lam_json *from,
			  uint32_t n);
/* The originals of each layer, from owners: sorted, and as few ranges as there can be. */
void lam_plan_gather_ranges(struct lam_plan_reader *r);

#endif
