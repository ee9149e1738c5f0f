/* Reading a plan. Members are picked by name first and looked at in a fixed order, so
 * that nothing depends on the order in which they stand; what is wrong is sorted by its
 * place in the document. A failure of memory is kept in the reader, and what is read
 * after it counts no more. */
#ifndef LAM_PLAN_READER_H
#define LAM_PLAN_READER_H

#include "base/arena.h"
#include "base/limits.h"
#include "base/path.h"
#include "oci/json.h"
#include "plan/plan.h"

/* More than anybody reads: the rest are only counted. */
#define LAM_MOST_FAULTS LAM_MAX_NOTES
#define LAM_NOBODY      UINT32_MAX

struct lam_fault {
	size_t at; /* in the document */
	char *line;
};

struct lam_reader {
	const struct lam_doc *doc;
	struct lam_plan *plan;
	struct lam_fault *faults; /* sorted */
	size_t fault_count, fault_cap;
	size_t fault_total;
	struct lam_names names; /* of layers */
	bool names_known;       /* so that a rule to another is wrong */
	uint32_t *owners;       /* original -> layer that names it, or LAM_NOBODY */
	const char *rest;       /* name of the layer that is "rest" */
	struct lam_error *err;
	bool failed;
};

/* Takes note of what another function returned after it failed with r->err. */
void lam_reader_check(struct lam_reader *r, int code);
void *lam_reader_allocate(struct lam_reader *r, size_t count,
			  size_t size); /* zeroed, never NULL for none */

/* "NAME: JSON.PATH: text". */
void lam_reader_complain(struct lam_reader *r, const struct lam_json *value,
			 const char *format, ...) __attribute__((format(printf, 3, 4)));
/* An error of another module about a value. */
void lam_reader_complain_of(struct lam_reader *r, const struct lam_json *value,
			    const struct lam_error *why);

/* What is not there (value NULL) is no error for these. */
bool lam_reader_expect(struct lam_reader *r, const struct lam_json *value,
		       enum lam_json_type type, const char *what);
/* The text of a string that is there and is one; NULL otherwise. */
const char *lam_reader_text(struct lam_reader *r, const struct lam_json *value);
void lam_reader_copy(struct lam_reader *r, char **out, const struct lam_json *value);
void lam_reader_compression(struct lam_reader *r, const struct lam_json *value,
			    bool *out_has, struct lam_compression *out);

/* Members by name: out[i] is that of names[i] or NULL; others are unknown fields. False
 * where object is none. */
struct lam_fields {
	const char *const *names;
	size_t count;
};
#define LAM_FIELDS(array) ((struct lam_fields){ array, sizeof(array) / sizeof *(array) })
#define LAM_MOST_FIELDS   6
bool lam_reader_fields(struct lam_reader *r, const struct lam_json *object,
		       struct lam_fields fields,
		       const struct lam_json *out[LAM_MOST_FIELDS]);

/* "; did you mean \"x\"?", or nothing. */
struct lam_near;
#define LAM_HINT_TEXT (LAM_PATH_TEXT + 32)
const char *lam_reader_hint(const struct lam_near *near, char out[LAM_HINT_TEXT]);

/* value NULL: root has none. */
void lam_plan_read_layers(struct lam_reader *r, const struct lam_json *root,
			  const struct lam_json *value);

#endif
