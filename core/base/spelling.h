/* "did you mean": the nearest of some known words to one that is not known. */
#ifndef LAM_SPELLING_H
#define LAM_SPELLING_H

#include <stddef.h>

struct lam_spelling {
	const char *word;
	size_t len;
	const char
		*best; /* the nearest so far, as given to lam_spelling_try; NULL: none is
			     near enough */
	size_t best_len;
	size_t limit; /* what the next one must stay under */
};

void lam_spelling_init(struct lam_spelling *near, const char *word, size_t len);
/* Of words that are equally near the first stays. */
void lam_spelling_try(struct lam_spelling *near, const char *known, size_t len);

#endif
