/* Search: names that hold a text. Without case where the pattern has no capital; "\v"
 * before it: a POSIX extended regular expression; with a slash inside: the whole path is
 * looked at. Matched on the text form, which is what the user sees. */
#ifndef MODEL_SEARCH_H
#define MODEL_SEARCH_H

#include "editor/list/bits.h"
#include "editor/list/order.h"

struct search;

int search_parse(struct search **out, const char *pattern, struct lam_error *err);
void search_free(struct search *search);
/* Where in text (the text form of a name) it is: false if not. For lighting it up. */
bool search_in(const struct search *search, const char *text, size_t *out_from,
	       size_t *out_len);

struct hits {
	uint32_t *nodes; /* in no order that counts */
	size_t count;
	struct bits places; /* order->place of each */
};
/* ghosts: dead ones too. Distinct names are looked at once. */
int search_run(const struct search *search, const struct facts *facts,
	       const struct order *order, uint32_t root, bool ghosts,
	       const atomic_bool *stop, struct hits **out, struct lam_error *err);
void hits_free(struct hits *hits);
/* Their places in another order. */
void hits_reorder(struct hits *hits, const struct order *order);
/* The hit behind (before) a node, around the end; its number in *out_number.
 * LAM_NODE_NONE: there is none. */
uint32_t hits_next(const struct hits *hits, const struct order *order, uint32_t from,
		   bool backwards, size_t *out_number);

/* What a rule with a glob or about packages (in a plan's canonical form) is about: all live
 * paths that it matches and all below these; or that the packages own. */
struct pattern_sum {
	uint64_t entries, bytes; /* of files */
	uint32_t origin; /* the original that all of it is from; LAM_TARGET_NONE: none, or
			    several */
	bool several;
};
int pattern_count(struct pattern_sum *out, const char *text, const struct facts *facts,
		  const atomic_bool *stop, struct lam_error *err);

#endif
