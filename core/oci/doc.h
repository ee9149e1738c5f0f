/* A JSON document of an image, as it was read and as its bytes. What readers of images
 * understand differently is refused (core/DESIGN.md, section 3): beyond what base/json.h
 * refuses, two keys of one object that differ only in case as Go folds it (ASCII, U+017F
 * is s, U+212A is k), unless the object is a map: labels, annotations, volumes, ports. */
#ifndef LAM_DOC_H
#define LAM_DOC_H

#include "base/json.h"

struct lam_doc {
	json_t *root; /* NULL: none was read */
	char *bytes;  /* a copy */
	size_t len;
};

/* `name` ("manifest sha256:12ab…") begins every message. LAM_EFORMAT for more than max
 * bytes, too. */
int lam_doc_parse(struct lam_doc *out, const char *bytes, size_t len, size_t max,
		  const char *name, struct lam_error *err);
void lam_doc_fini(struct lam_doc *doc);

/* Refuses what Go reads nothing of, or reads otherwise than its spelling says: a value
 * that is no object, a key that is one of fields[] (NULL-terminated) but for case, and one
 * with something else than its field has. A field is its name behind a letter: 't' text,
 * 'l' a list of text, 's' either, 'm' a map of text, '-' looked at elsewhere. Null, and no
 * value at all, is nothing. */
int lam_doc_check_fields(const struct lam_json *object, const char *const fields[],
			 struct lam_error *err);

#endif
