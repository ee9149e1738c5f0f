/* JSON read strictly: what readers understand differently is refused (design, section 3):
 * a key twice, or twice but for case as Go folds it (ASCII, U+017F = s, U+212A = k), a
 * byte order mark, text behind the end, nesting over LAM_MAX_JSON_DEPTH, invalid UTF-8,
 * \u0000 in a key, a lone surrogate. Numbers that the present reader does not use may be
 * of any size and spelling.
 *
 * A document keeps its bytes, and each value knows where it stands in them, so that an
 * edit replaces the bytes of one value and leaves everything else as it was, number
 * spellings and spaces included. The tokenizer is small and ours, because jansson knows
 * no places; jansson reads where no places are needed. */
#ifndef LAM_JSON_H
#define LAM_JSON_H

#include "base/buf.h"

enum lam_json_type {
	LAM_JSON_NULL,
	LAM_JSON_BOOL,
	LAM_JSON_NUMBER,
	LAM_JSON_STRING,
	LAM_JSON_ARRAY,
	LAM_JSON_OBJECT
};

struct lam_json; /* one value; lives as long as its document */
struct lam_doc;

/* Copies the bytes. `name` ("manifest sha256:12ab…", "plan app.json") begins every
 * message about it, with line and column for syntax: "app.json:12:7: expected ',' or
 * '}'". LAM_EFORMAT. */
int lam_doc_parse(struct lam_doc **out, const char *bytes, size_t len, const char *name,
		  struct lam_error *err);
void lam_doc_free(struct lam_doc *doc);
void lam_doc_free_ptr(struct lam_doc **doc); /* for LAM_CLEANUP */
const char *lam_doc_bytes(const struct lam_doc *doc, size_t *out_len);
const char *lam_doc_name(const struct lam_doc *doc);
const struct lam_json *lam_doc_root(const struct lam_doc *doc);

enum lam_json_type lam_json_type(const struct lam_json *value);
/* First child of an array or object, and the next one of its parent; NULL at the end. */
const struct lam_json *lam_json_first(const struct lam_json *value);
const struct lam_json *lam_json_next(const struct lam_json *value);
size_t lam_json_count(const struct lam_json *value);
/* A member's key, unescaped, '\0'-terminated (keys hold no '\0'). */
const char *lam_json_key(const struct lam_json *member);
/* The member of an object with exactly this key; NULL where there is none or value is no
 * object. A member that is null counts as absent for lam_json_get, as optional fields of
 * the image-spec do. A key that differs only in case is an error where the exact one is
 * asked for: Go would take it. lam_json_check_case tells. */
const struct lam_json *lam_json_get(const struct lam_json *object, const char *key);
/* Refuses an object that has a key equal to one of keys[] (NULL-terminated) but for case.
 */
int lam_json_check_case(const struct lam_doc *doc, const struct lam_json *object,
			const char *const keys[], struct lam_error *err);

/* Where the value's bytes stand in the document: [*out_begin, *out_end). */
void lam_json_span(const struct lam_json *value, size_t *out_begin, size_t *out_end);
/* Where a member's bytes begin, its key included. */
size_t lam_json_member_begin(const struct lam_json *member);
/* The path of a value for messages ("layers[2].digest"), appended. */
int lam_json_path(const struct lam_json *value, struct lam_buf *out,
		  struct lam_error *err);

/* Typed getters: the unescaped value, or LAM_EFORMAT "NAME: PATH: expected a string"
 * (lives as long as the document). */
int lam_json_string(const struct lam_doc *doc, const struct lam_json *value,
		    const char **out, size_t *out_len,
		    struct lam_error *err); /* out_len NULL: '\0' inside is refused */
/* An integer as Go decodes one into int64: no fraction, no exponent, in range. */
int lam_json_int(const struct lam_doc *doc, const struct lam_json *value, int64_t *out,
		 struct lam_error *err);
int lam_json_bool(const struct lam_doc *doc, const struct lam_json *value, bool *out,
		  struct lam_error *err);
/* Of a member by key; absent or null is *out = NULL for strings ("required" false), else
 * an error that names it. */
int lam_json_get_string(const struct lam_doc *doc, const struct lam_json *object,
			const char *key, bool required, const char **out,
			struct lam_error *err);

/* LAM_EFORMAT (or another code) "NAME: PATH: what". */
int lam_json_fail(const struct lam_doc *doc, const struct lam_json *value,
		  struct lam_error *err, enum lam_code code, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* Appends a JSON string with its quotes. Bytes that are not valid UTF-8 must not come
 * here (assert). Escapes as Go's encoder does without HTML escaping: \" \\ \n \r \t
 * \u00XX for other controls, U+2028 and U+2029; DEL and the rest as they are. */
int lam_json_append_string(struct lam_buf *out, const char *text, size_t len,
			   struct lam_error *err);

/* The document with some spans replaced by other bytes: edits sorted by begin, not
 * overlapping (begin == end inserts). */
struct lam_splice {
	size_t begin, end;
	const char *bytes;
	size_t len;
};
int lam_doc_splice(const struct lam_doc *doc, const struct lam_splice *splices,
		   size_t count, struct lam_buf *out, struct lam_error *err);

#endif
