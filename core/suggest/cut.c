/* What a layer costs, and the best of all cuts where there are few parts. */
#include "suggest/cut.h"

#include <math.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/memory.h"

struct lam_cut_sum lam_cut_one(const struct lam_cut_part *part)
{
	return (struct lam_cut_sum){ part->bytes, part->changed, part->stays, part->was,
				     1 };
}

void lam_cut_add(struct lam_cut_sum *sum, const struct lam_cut_sum *more)
{
	if (!sum->count) {
		*sum = *more;
		return;
	}
	if (!more->count)
		return;
	sum->bytes += more->bytes;
	sum->changed |= more->changed;
	sum->stays *= more->stays;
	sum->was = sum->was == more->was ? sum->was : LAM_CUT_NEW;
	sum->count += more->count;
}

double lam_cut_seen(unsigned changes, unsigned pulls)
{
	return changes / (pulls + 0.5);
}

double lam_cut_chance(const struct lam_cut *cut, const struct lam_cut_sum *sum)
{
	unsigned changes = (unsigned)__builtin_popcountll(sum->changed);

	return 1 - (1 - lam_cut_seen(changes, cut->seen)) * sum->stays;
}

double lam_cut_cost(const struct lam_cut *cut, const uint32_t *was_sizes,
		    const struct lam_cut_sum *sum)
{
	double bytes = (double)sum->bytes, chance, moved = 0;

	if (!sum->count)
		return 0;
	if (cut->most_bytes && sum->bytes > cut->most_bytes && sum->count > 1)
		return INFINITY;
	chance = lam_cut_chance(cut, sum);
	if (cut->was_count && cut->pulls > 0 &&
	    (sum->was == LAM_CUT_NEW || sum->count != was_sizes[sum->was]))
		moved = bytes * (1 - chance) / cut->pulls;
	return cut->each + bytes * chance + moved;
}

uint32_t *lam_cut_was_sizes(const struct lam_cut *cut)
{
	uint32_t *sizes = lam_xcalloc(cut->was_count + 1, sizeof *sizes);

	for (size_t i = 0; i < cut->count; i++) {
		if (cut->parts[i].was < cut->was_count)
			sizes[cut->parts[i].was]++;
	}
	return sizes;
}

static void number_layers(const struct lam_cut *cut, struct lam_cut_result *out)
{
	LAM_CLEANUP(lam_free_ptr)
	uint32_t *number = lam_xmalloc((cut->count + 1) * sizeof *number);

	for (size_t i = 0; i < cut->count; i++)
		number[i] = UINT32_MAX;
	out->count = 0;
	for (size_t i = 0; i < cut->count; i++) {
		uint32_t *of = &number[out->layer[i]];

		if (*of == UINT32_MAX)
			*of = (uint32_t)out->count++;
		out->layer[i] = *of;
	}
}

void lam_cut_finish(const struct lam_cut *cut, struct lam_cut_result *out)
{
	LAM_CLEANUP(lam_free_ptr) struct lam_cut_sum *sums = NULL;

	number_layers(cut, out);
	sums = lam_xcalloc(out->count + 1, sizeof *sums);
	out->bytes = out->least = 0;
	for (size_t i = 0; i < cut->count; i++) {
		struct lam_cut_sum one = lam_cut_one(&cut->parts[i]);

		lam_cut_add(&sums[out->layer[i]], &one);
		out->least += (double)one.bytes * lam_cut_chance(cut, &one);
	}
	for (size_t i = 0; i < out->count; i++)
		out->bytes += (double)sums[i].bytes * lam_cut_chance(cut, &sums[i]);
}

/* All subsets of few parts, as bits. */
struct exact {
	size_t sets;
	double *cost;   /* of each as one layer */
	double *best;   /* of each in the layers so far */
	double *before; /* in one layer less */
	uint16_t *last; /* of each and each count of layers: the layer that was put off */
};

static void exact_fini(struct exact *x)
{
	free(x->cost);
	free(x->best);
	free(x->before);
	free(x->last);
}

static void exact_init(struct exact *x, const struct lam_cut *cut)
{
	LAM_CLEANUP(lam_free_ptr) uint32_t *was_sizes = lam_cut_was_sizes(cut);
	LAM_CLEANUP(lam_free_ptr) struct lam_cut_sum *sums = NULL;

	x->sets = (size_t)1 << cut->count;
	x->cost = lam_xcalloc(x->sets, sizeof *x->cost);
	x->best = lam_xcalloc(x->sets, sizeof *x->best);
	x->before = lam_xcalloc(x->sets, sizeof *x->before);
	x->last = lam_xcalloc(x->sets * (cut->count + 1), sizeof *x->last);
	sums = lam_xcalloc(x->sets, sizeof *sums);
	for (size_t set = 1; set < x->sets; set++) {
		struct lam_cut_sum one = lam_cut_one(&cut->parts[__builtin_ctzll(set)]);

		sums[set] = sums[set & (set - 1)];
		lam_cut_add(&sums[set], &one);
		x->cost[set] = lam_cut_cost(cut, was_sizes, &sums[set]);
		x->before[set] = INFINITY;
	}
}

/* best[] of `layers` at most, from before[] of one less. The first part of a set goes with
 * some of the others. */
static void exact_step(struct exact *x, uint16_t *last)
{
	for (size_t set = 1; set < x->sets; set++) {
		size_t first = set & (~set + 1), rest = set ^ first;

		x->best[set] = x->before[set];
		for (size_t with = rest;; with = (with - 1) & rest) {
			double cost = x->cost[first | with] + x->before[rest ^ with];

			if (cost < x->best[set]) {
				x->best[set] = cost;
				last[set] = (uint16_t)(first | with);
			}
			if (!with)
				break;
		}
	}
}

/* As few layers more than asked for as it takes; each part by itself always goes. */
static void solve_exact(const struct lam_cut *cut, uint32_t *layer)
{
	LAM_CLEANUP(exact_fini) struct exact x;
	size_t all = ((size_t)1 << cut->count) - 1, set = all, layers = 0;

	exact_init(&x, cut);
	while (layers < cut->count &&
	       (layers < cut->most_layers || isinf(x.before[all]))) {
		double *swap = x.before;

		layers++;
		exact_step(&x, x.last + layers * x.sets);
		x.before = x.best;
		x.best = swap;
	}
	/* where one layer more gained nothing, the set is made of fewer */
	for (uint32_t n = 0; set; layers--) {
		size_t taken = x.last[layers * x.sets + set];

		for (size_t i = 0; i < cut->count; i++) {
			if (taken & ((size_t)1 << i))
				layer[i] = n;
		}
		n += taken != 0;
		set ^= taken;
	}
}

void lam_cut_solve(const struct lam_cut *cut, struct lam_cut_result *out)
{
	if (cut->count > LAM_CUT_EXACT || cut->count == 0) {
		lam_cut_greedy(cut, out);
		return;
	}
	*out = (struct lam_cut_result){ .exact = true };
	out->layer = lam_xcalloc(cut->count, sizeof *out->layer);
	solve_exact(cut, out->layer);
	lam_cut_finish(cut, out);
}
