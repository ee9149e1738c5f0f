/* Texts compared. */
#ifndef LAM_TEXT_H
#define LAM_TEXT_H

#include <stdbool.h>

/* Either may be NULL, which is the same as NULL alone. */
bool lam_same_text(const char *a, const char *b);
/* What stands behind the prefix; NULL: the text begins with something else. */
const char *lam_text_behind(const char *text, const char *prefix);
/* For qsort() and bsearch() in arrays of texts. */
int lam_compare_texts(const void *a, const void *b);

#endif
