/* Names and paths as the user sees them, for looking through many. */
#ifndef MODEL_NAMES_H
#define MODEL_NAMES_H

#include "base/buf.h"
#include "editor/analysis/facts.h"

/* The text form of a node's name, borrowed from the tree where it is its bytes, else in
 * scratch, a LAM_TEXT. */
const char *names_of(const struct facts *facts, uint32_t node, struct lam_buf *scratch,
		     size_t *out_len);

/* Paths of nodes in order of their numbers: siblings stand together, so that their
 * parent's path is made once. */
struct names_paths {
	const struct facts *facts;
	bool escaped; /* in the text form, else as bytes */
	struct lam_buf text, scratch;
	uint32_t parent; /* whose path text begins with; LAM_NODE_NONE: nobody's yet */
	size_t parent_len;
};

void names_paths_init(struct names_paths *paths, const struct facts *facts, bool escaped);
void names_paths_fini(struct names_paths *paths);
/* Absolute; the root is "/". It lives until the next call. */
const char *names_path(struct names_paths *paths, uint32_t node, size_t *out_len);

/* Where `part` is in text, SIZE_MAX if it is not; without = ASCII letters are the same in
 * both cases, and part has no capitals. */
size_t names_find(const char *text, size_t len, const char *part, size_t part_len,
		  bool without_case);
bool names_has_capital(const char *text);

#endif
