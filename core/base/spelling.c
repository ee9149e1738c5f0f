/* Edit distance (Levenshtein) with neighbours exchanged, for words that are mistyped. */
#include "base/spelling.h"

#include <stdbool.h>
#include <string.h>

/* Longer words are no slips of a finger, and the rows stay on the stack. */
#define MOST 255

void lam_spelling_init(struct lam_spelling *near, const char *word, size_t len)
{
	/* two letters of five may be wrong; none of a word of two */
	*near = (struct lam_spelling){ .word = word,
				       .len = len,
				       .limit = len * 2 / 5 + 1 };
}

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool swapped(const char *a, const char *b)
{
	return fold(a[0]) == fold(b[-1]) && fold(a[-1]) == fold(b[0]);
}

/* Letters inserted, left out, replaced, or swapped with their neighbour; case does not
 * count. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][MOST + 1];

	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		const size_t *before = rows[(i + 1) % 3], *above = rows[(i + 2) % 3];
		size_t *row = rows[i % 3];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t cost = fold(a[i - 1]) != fold(b[j - 1]);

			row[j] = least(above[j - 1] + cost,
				       least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && swapped(a + i - 1, b + j - 1))
				row[j] = least(row[j], before[j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

void lam_spelling_try(struct lam_spelling *near, const char *known, size_t len)
{
	size_t apart = len > near->len ? len - near->len : near->len - len, found;

	if (apart >= near->limit || len > MOST || near->len > MOST)
		return;
	found = distance(near->word, near->len, known, len);
	if (found >= near->limit)
		return;
	near->best = known;
	near->best_len = len;
	near->limit = found;
}
