/* Alternatives in braces, written out: "/{a,b}/c" is "/a/c" and "/b/c". */
#ifndef LAM_BRACES_H
#define LAM_BRACES_H

#include <stddef.h>

#include <lamina/error.h>

struct lam_texts {
	char **items;
	size_t count, cap;
	size_t bytes;
};

void lam_texts_fini(struct lam_texts *texts);
/* LAM_EPLAN: a brace is not closed, or that is more than limits.h takes. Either way `out` is
 * the caller's. */
int lam_braces_expand(struct lam_texts *out, const char *text, struct lam_error *err);
/* The end of a class that begins at text[at] == '[', behind its bracket; 0 where it has
 * none. */
size_t lam_class_end(const char *text, size_t at);

#endif
