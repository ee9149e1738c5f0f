/* What a text that is typed may become: names that begin so. */
#ifndef LAM_OFFERS_H
#define LAM_OFFERS_H

#include <stdbool.h>
#include <stddef.h>

struct lam_offers {
	char **items;
	size_t count, cap;
};
void lam_offers_fini(struct lam_offers *offers);
/* A name of the caller's is this one's then; where it cannot be shown as it is, it is none. */
void lam_offers_add(struct lam_offers *offers, char *name);
/* Paths that begin so, `front` before each: folders with a slash behind them; those in which
 * is_leaf (or NULL) finds one as a whole without. */
void lam_offers_add_paths(struct lam_offers *offers, const char *front, const char *typed,
			  bool folders_alone, bool (*is_leaf)(const char *path));
/* A line each, in order, each once, and at most a thousand: the caller's. */
char *lam_offers_lines(struct lam_offers *offers);

#endif
