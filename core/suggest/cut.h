/* Where to cut: parts of an image into layers, so that the next pull is expected to fetch
 * the least. A layer is fetched whole when any of its parts changed. The next pull is like
 * one of those that were seen, each as likely as the other; besides, each part may change
 * by itself. So parts that changed together are put together, and what
 * never changed yet is kept apart where there are layers left.
 *
 * Pure arithmetic: nothing here knows an image. The same input gives the same output. */
#ifndef LAM_CUT_H
#define LAM_CUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LAM_CUT_NEW   UINT32_MAX
#define LAM_CUT_PULLS 64 /* at most so many are seen */
#define LAM_CUT_EXACT 12 /* so many parts are cut in the best of all ways */

struct lam_cut_part {
	uint64_t bytes;   /* compressed */
	uint64_t changed; /* bit n: it changed at the n-th pull that was seen */
	double stays;     /* how likely it does not change by itself: 0 to 1 */
	uint32_t was;     /* yesterday's layer, from 0; LAM_CUT_NEW: in none */
};

struct lam_cut {
	const struct lam_cut_part *parts;
	size_t count;
	unsigned seen;      /* pulls */
	double guess;       /* pulls that the guess weighs; above 0 where none was seen */
	size_t most_layers; /* at least 1 */
	uint64_t most_bytes; /* of a layer of several parts; 0: any */
	double each;         /* bytes that one more layer must save at a pull */
	size_t was_count;    /* yesterday's layers; 0: there was no plan */
	double pulls; /* so many pulls must make good that a layer is fetched because parts
			 came or went; 0: that costs nothing */
};

struct lam_cut_result {
	uint32_t *layer; /* of each part, from 0 in order of their first parts; the
			    caller's (free()) */
	size_t count;    /* more than most_layers where the most bytes of each cannot be
			    kept otherwise */
	double bytes;    /* expected at a pull */
	double least;    /* no cut can be expected to fetch less: each part by itself */
	bool exact;      /* the best of all cuts */
};

void lam_cut_solve(const struct lam_cut *cut, struct lam_cut_result *out);
/* The same by merging what costs least and moving what gains, however few parts there
 * are. */
void lam_cut_greedy(const struct lam_cut *cut, struct lam_cut_result *out);

/* One layer's parts, summed up. */
struct lam_cut_sum {
	uint64_t bytes, changed;
	double stays;
	uint32_t was;   /* that all of them have, or LAM_CUT_NEW */
	uint32_t count; /* 0: empty */
};
void lam_cut_add(struct lam_cut_sum *sum, const struct lam_cut_sum *more);
struct lam_cut_sum lam_cut_one(const struct lam_cut_part *part);
/* How likely something is that was so at some of the pulls that were seen: always does not
 * mean ever. */
double lam_cut_seen(unsigned changes, unsigned pulls);
/* How likely it is fetched at a pull. */
double lam_cut_chance(const struct lam_cut *cut, const struct lam_cut_sum *sum);
/* What is minimised, of one layer: the bytes expected at a pull, and what a layer and what
 * moves cost; 0 for an empty one, INFINITY over the most bytes. was_sizes[] counts the
 * parts of each of yesterday's layers. */
double lam_cut_cost(const struct lam_cut *cut, const uint32_t *was_sizes,
		    const struct lam_cut_sum *sum);
uint32_t *lam_cut_was_sizes(const struct lam_cut *cut);
/* Numbers layers in order of their first parts, and fills the rest of out in. */
void lam_cut_finish(const struct lam_cut *cut, struct lam_cut_result *out);

#endif
