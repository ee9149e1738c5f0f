/* Groups of parts on the way to a cut. */
#ifndef LAM_CUT_GROUPS_H
#define LAM_CUT_GROUPS_H

#include "suggest/cut.h"

/* More groups than these are joined with their neighbours alone, in an order that has what
 * belongs together side by side; fewer are compared each with each. */
#define LAM_CUT_CROWD 256

struct lam_cut_group {
	struct lam_cut_sum sum;
	double cost;
	size_t best; /* another one behind it, that it is merged with at the least cost */
	double by;   /* how much is lost then; INFINITY: nothing to merge with */
};

struct lam_cut_groups {
	const struct lam_cut *cut;
	uint32_t *was_sizes;
	struct lam_cut_group *groups; /* empty ones among them */
	size_t count;                 /* with those */
	size_t full;                  /* that are not empty */
	uint32_t *of;                 /* the group of each part */
	uint32_t *first, *next;       /* of each group its parts, in order, as of
				   lam_cut_sum_up; LAM_CUT_NEW: no more */
};

/* Ways to put parts in a row, so that what goes well together is side by side. */
typedef double lam_cut_key_fn(const struct lam_cut *cut, const struct lam_cut_part *part);

extern lam_cut_key_fn *const LAM_CUT_KEYS[];
#define LAM_CUT_KEY_COUNT 3

struct lam_cut_in_row {
	double key;
	uint32_t part;
};
/* Sorts a row by a key of its parts, the least first. */
void lam_cut_sort_row(const struct lam_cut *cut, lam_cut_key_fn *key,
		      struct lam_cut_in_row *row, size_t count);

double lam_cut_group_cost(const struct lam_cut_groups *g, const struct lam_cut_sum *sum);
/* sum, cost and parts of each group, from of[]. */
void lam_cut_sum_up(struct lam_cut_groups *g);
/* Merges two groups at a time, while there are too many or one less gains. */
void lam_cut_merge(struct lam_cut_groups *g);
/* Moves parts while that gains. */
void lam_cut_move(struct lam_cut_groups *g);

#endif
