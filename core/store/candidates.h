/* Images that could be meant, as choose.c gathers them of an index. */
#ifndef LAM_CANDIDATES_H
#define LAM_CANDIDATES_H

#include "store/kind.h"

struct lam_candidate {
	struct lam_descriptor manifest; /* the media type is its own copy */
	char *os, *architecture, *variant, *os_version;
	bool looked_at; /* its config */
};

struct lam_candidates {
	struct lam_source *source;
	struct lam_candidate *all;
	size_t count, cap;
	struct lam_digest *indexes; /* that were read */
	size_t index_count, index_cap;
	struct lam_referrers beside;         /* of all that is there */
	const struct lam_index_entry **tops; /* of index.json itself, that are meant */
	size_t top_count, top_cap;
};

void lam_candidates_fini(struct lam_candidates *c);
/* The last ones, down to `count`. */
void lam_candidates_drop(struct lam_candidates *c, size_t count);
/* An entry's image, or those of its index, `depth` indexes down; what is none is noted if it
 * stands in an inner one. */
int lam_candidates_add(struct lam_candidates *c, const struct lam_index_entry *e,
		       int depth, struct lam_error *err);
/* The same for one of index.json itself that is meant. */
int lam_candidates_add_top(struct lam_candidates *c, const struct lam_index_entry *e,
			   struct lam_error *err);
/* What speaks of other images, in an inner index or not. */
void lam_candidates_note(struct lam_candidates *c, const struct lam_index_entry *e,
			 bool inside);
struct lam_platform lam_candidate_platform(const struct lam_candidate *candidate);
/* What the index does not say of its platform, the config does. */
void lam_candidate_look(const struct lam_candidates *c, struct lam_candidate *candidate);
/* Whether all are the same image. */
bool lam_candidates_are_one(const struct lam_candidates *c);
/* The one that is meant, by its platform where there are several: what was saved for one platform
 * names the others all the same. LAM_ENOTFOUND, and which there are (choose_platform.c). */
int lam_candidates_pick(struct lam_candidates *c, const struct lam_candidate **out,
			struct lam_error *err);

#endif
