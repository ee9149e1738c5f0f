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

/* Refuses an object that has a key equal to one of keys[] (NULL-terminated) but for case:
 * Go would take it. */
int lam_doc_check_case(const struct lam_json *object, const char *const keys[],
		       struct lam_error *err);

#endif
