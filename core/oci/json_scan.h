/* The tokenizer behind json.h. */
#ifndef LAM_JSON_SCAN_H
#define LAM_JSON_SCAN_H

#include "base/arena.h"
#include "oci/json.h"

struct lam_json {
	enum lam_json_type type;
	size_t begin, end;   /* of the value */
	size_t member_begin; /* of the key's quote, for members */
	const struct lam_json *parent;
	struct lam_json *first, *next;
	size_t count;     /* children */
	size_t index;     /* among the parent's children */
	const char *key;  /* members */
	const char *text; /* strings, unescaped */
	size_t text_len;
};

struct lam_doc {
	char *bytes;
	size_t len;
	char *name;
	struct lam_arena arena;
	struct lam_json *root;
};

int lam_json_scan(struct lam_doc *doc, struct lam_error *err);

#endif
