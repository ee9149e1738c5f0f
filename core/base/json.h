/* JSON is read and written by jansson; here stands what readers of images and plans ask
 * for beyond it: what parsers understand differently is refused, numbers come out as they
 * went in, and what is wrong has its place. */
#ifndef LAM_BASE_JSON_H
#define LAM_BASE_JSON_H

#include <jansson.h>

#include "base/buf.h"

/* The value, or NULL and LAM_EFORMAT "NAME:LINE:COLUMN: what", and *out_line (may be NULL)
 * the line. Refused are a key twice in
 * an object, a byte order mark, text behind the end, nesting over LAM_MAX_JSON_DEPTH, what
 * is not UTF-8, half a surrogate pair, \u0000 in a key, and U+FDD0, which is no character.
 * Any value may be the whole document, and strings may hold '\0'. */
json_t *lam_json_load(const char *bytes, size_t len, const char *name, size_t *out_line,
		      struct lam_error *err);

/* Where a value stands: its place among its siblings and that of what it is in, from the
 * root on. */
#define LAM_JSON_WAY 4
struct lam_json_place {
	size_t way[LAM_JSON_WAY], depth;
	size_t line; /* from 1 */
};
/* Fills in the lines of places in a document that could be read; they are sorted. */
void lam_json_find_lines(const char *bytes, size_t len, struct lam_json_place *places,
			 size_t count);

/* Appended as json_dumps() writes it, members in their order. */
int lam_json_dump(const json_t *value, size_t flags, struct lam_buf *out,
		  struct lam_error *err);

/* A number that jansson would not write as it read it (a fraction, an exponent, more than
 * 64 bits, -0) is carried as a string behind a mark. To the functions here it is a number;
 * who calls json_string_value() asks this first. */
bool lam_json_is_text(const json_t *value);

/* A value and the way to it. The root's key is the document's name. */
struct lam_json {
	const struct lam_json *above; /* NULL: the root */
	const char *key;              /* NULL: an item of an array */
	size_t index;                 /* among its siblings, where it was stepped to */
	json_t *value;                /* borrowed; NULL: there is none */
};

struct lam_json lam_json_root(json_t *root, const char *name);
/* The member of this key; a value of NULL where there is none, where it is null, as
 * optional fields of the image-spec do, or where `object` is no object. */
struct lam_json lam_json_member(const struct lam_json *object, const char *key);
/* Steps through an array or object:
 * for (struct lam_json v = lam_json_first(&list); v.value; lam_json_step(&v)) */
struct lam_json lam_json_first(const struct lam_json *above);
void lam_json_step(struct lam_json *at);

/* The path of a value ("layers[2].digest", "" for the root), as it can be shown. */
void lam_json_path(const struct lam_json *at, struct lam_buf *text);
/* Its place, where each value on the way was stepped to. Deeper ones get that of what
 * they are in. */
struct lam_json_place lam_json_place(const struct lam_json *at);
/* `code` with "NAME: PATH: what". */
int lam_json_fail(const struct lam_json *at, struct lam_error *err, enum lam_code code,
		  const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The value as a type, or LAM_EFORMAT. Text lives as long as its document and has no '\0'
 * inside; integers are as Go decodes them into int64: no fraction, no exponent. */
int lam_json_text(const struct lam_json *at, const char **out, struct lam_error *err);
int lam_json_int(const struct lam_json *at, int64_t *out, struct lam_error *err);
int lam_json_bool(const struct lam_json *at, bool *out, struct lam_error *err);
/* Of a member. One that is not there is *out = NULL, or where it is required an error. */
int lam_json_get_text(const struct lam_json *object, const char *key, bool required,
		      const char **out, struct lam_error *err);

#endif
