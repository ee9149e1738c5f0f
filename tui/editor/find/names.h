/* Names and paths as the user sees them, for looking through many. */
#ifndef MODEL_NAMES_H
#define MODEL_NAMES_H

#include "editor/analysis/facts.h"

/* Text that grows; '\0'-terminated once something is in it. */
struct names_text {
	char *data;
	size_t len, cap;
};

void names_text_fini(struct names_text *text);
bool names_append(struct names_text *text, const char *bytes, size_t len);

/* The text form of a node's name, borrowed from the tree where it is its bytes, else in
 * scratch; NULL on no memory. */
const char *names_of(const struct facts *facts, uint32_t node, struct names_text *scratch,
		     size_t *out_len);

/* Paths of nodes in order of their numbers: siblings stand together, so that their
 * parent's path is made once. */
struct names_paths {
	const struct facts *facts;
	bool escaped; /* in the text form, else as bytes */
	struct names_text text, scratch;
	uint32_t parent; /* whose path text begins with; LAM_NODE_NONE: nobody's yet */
	size_t parent_len;
};

void names_paths_init(struct names_paths *paths, const struct facts *facts, bool escaped);
void names_paths_fini(struct names_paths *paths);
/* Absolute; the root is "/". NULL on no memory; it lives until the next call. */
const char *names_path(struct names_paths *paths, uint32_t node, size_t *out_len);

/* Where `part` is in text, SIZE_MAX if it is not; without = ASCII letters are the same in
 * both cases, and part has no capitals. */
size_t names_find(const char *text, size_t len, const char *part, size_t part_len,
		  bool without_case);
bool names_has_capital(const char *text);

#endif
