/* Cutting by what changes, against all ways to cut that there are. */
#include <math.h>
#include <stdio.h>

#include "suggest/cut.h"
#include "unit.h"

#define CASES 1000
#define MOST  8

struct random_cut {
	struct lam_cut cut;
	struct lam_cut_part parts[MOST];
};

static uint64_t below(uint64_t *random, uint64_t n)
{
	return next_random(random) % n;
}

/* Histories as images have them: some change always, some together, most never. */
static void make(struct random_cut *r, uint64_t *random)
{
	static const uint64_t MOSTS[] = { 0, 0, 0, 3000, 20000 };
	unsigned seen = (unsigned)below(random, 7);
	uint64_t habits[3];

	*r = (struct random_cut){
		.cut = { .parts = r->parts,
			 .count = 1 + below(random, MOST),
			 .seen = seen,
			 .most_layers = 1 + below(random, 5),
			 .most_bytes = MOSTS[below(random, 5)],
			 .each = below(random, 2) ? 0 : 50,
			 .was_count = below(random, 2) ? 0 : 1 + below(random, 4),
			 .pulls = below(random, 2) ? 0 : 1 + (double)below(random, 10) },
	};
	for (size_t i = 0; i < 3; i++)
		habits[i] = next_random(random) & next_random(random) &
			    (((uint64_t)1 << seen) - 1);
	for (size_t i = 0; i < r->cut.count; i++) {
		uint64_t habit = below(random, 5), size = below(random, 4);
		size_t was = r->cut.was_count;

		r->parts[i] = (struct lam_cut_part){
			.bytes = size == 0 ? below(random, 10000) : below(random, 1000),
			.changed = habit < 3 ? habits[habit] : 0,
			.stays = below(random, 3) ? 1 - (double)below(random, 50) / 1000
						  : (double)below(random, 1001) / 1000,
			.was = was && below(random, 5) ? (uint32_t)below(random, was)
						       : LAM_CUT_NEW,
		};
	}
}

struct judged {
	double cost, bytes;
	size_t layers;
	bool fits;
};

static bool is_as_it_was(const struct lam_cut *cut, const uint32_t *layer, uint32_t n)
{
	uint32_t was = LAM_CUT_NEW;

	for (size_t i = 0; i < cut->count; i++)
		was = layer[i] == n ? cut->parts[i].was : was;
	for (size_t i = 0; i < cut->count; i++) {
		if ((layer[i] == n) != (cut->parts[i].was == was))
			return false;
	}
	return was != LAM_CUT_NEW;
}

/* What cut.h says that a cut costs, in the plainest way. */
static struct judged judge(const struct lam_cut *cut, const uint32_t *layer)
{
	struct judged j = { .fits = true };

	for (uint32_t n = 0; n < cut->count; n++) {
		double bytes = 0, stays = 1, pulls = 0, chance;
		size_t count = 0;

		for (size_t i = 0; i < cut->count; i++) {
			if (layer[i] != n)
				continue;
			bytes += (double)cut->parts[i].bytes;
			stays *= cut->parts[i].stays;
			count++;
		}
		for (unsigned t = 0; t < cut->seen; t++) {
			bool changed = false;

			for (size_t i = 0; i < cut->count; i++)
				changed = changed || (layer[i] == n &&
						      (cut->parts[i].changed >> t & 1));
			pulls += changed;
		}
		if (!count)
			continue;
		chance = 1 - (1 - pulls / (cut->seen + 0.5)) * stays;
		j.layers++;
		j.bytes += bytes * chance;
		j.cost += cut->each + bytes * chance;
		if (cut->was_count && cut->pulls > 0 && !is_as_it_was(cut, layer, n))
			j.cost += bytes * (1 - chance) / cut->pulls;
		if (cut->most_bytes && count > 1 && bytes > (double)cut->most_bytes)
			j.fits = false;
	}
	return j;
}

/* The best of all partitions, each as a string of which part is in which layer, of which
 * none is named before those below it. best[n]: in n layers at most. */
static void try_all(const struct lam_cut *cut, uint32_t *layer, size_t at, uint32_t used,
		    double best[MOST + 1])
{
	if (at == cut->count) {
		struct judged j = judge(cut, layer);

		for (size_t n = j.layers; n <= MOST && j.fits; n++)
			best[n] = j.cost < best[n] ? j.cost : best[n];
		return;
	}
	for (layer[at] = 0; layer[at] <= used; layer[at]++)
		try_all(cut, layer, at + 1, used + (layer[at] == used), best);
}

/* The least cost in as few layers more than asked for as it takes. */
static double optimum(const struct lam_cut *cut, size_t *out_layers)
{
	uint32_t layer[MOST];
	double best[MOST + 1];

	for (size_t n = 0; n <= MOST; n++)
		best[n] = INFINITY;
	try_all(cut, layer, 0, 0, best);
	*out_layers = cut->most_layers;
	while (isinf(best[*out_layers]))
		++*out_layers;
	return best[*out_layers];
}

static struct judged judge_result(const struct lam_cut *cut,
				  const struct lam_cut_result *result)
{
	struct judged j = judge(cut, result->layer);

	assert_true(j.fits);
	assert_int_equal(j.layers, result->count);
	assert_true(fabs(j.bytes - result->bytes) < 1e-3);
	assert_true(result->least <= result->bytes + 1e-3);
	return j;
}

/* Yesterday's layers, if these are a cut that may be. */
static double as_it_was(const struct lam_cut *cut)
{
	uint32_t layer[MOST], next = (uint32_t)cut->was_count;
	struct judged j;

	for (size_t i = 0; i < cut->count; i++)
		layer[i] = cut->parts[i].was == LAM_CUT_NEW ? next++ : cut->parts[i].was;
	if (!cut->was_count || next > cut->count)
		return INFINITY;
	j = judge(cut, layer);
	return j.fits && j.layers <= cut->most_layers ? j.cost : INFINITY;
}

static void against_all(void **state)
{
	uint64_t random = 20;
	struct random_cut r;
	size_t compared = 0, alike = 0, kept = 0;
	double worst = 1;

	(void)state;
	for (size_t n = 0; n < CASES; n++) {
		struct lam_cut_result exact, greedy;
		size_t layers;
		double best, cost;

		make(&r, &random);
		best = optimum(&r.cut, &layers);
		lam_cut_solve(&r.cut, &exact);
		lam_cut_greedy(&r.cut, &greedy);
		assert_true(exact.exact);
		assert_true(exact.count <= layers);
		assert_true(fabs(judge_result(&r.cut, &exact).cost - best) < 1e-3);
		cost = judge_result(&r.cut, &greedy).cost;
		assert_true(cost <= as_it_was(&r.cut) + 1e-3);
		kept += isfinite(as_it_was(&r.cut)) ? 1 : 0;
		/* how many boxes things fit in is found by trying alone */
		compared += greedy.count <= layers;
		alike += greedy.count <= layers && cost < best + 1e-3;
		if (greedy.count <= layers && best > 0 && cost / best > worst)
			worst = cost / best;
		if (worst > 1.1)
			fail_msg("case %zu: %.0f, and the best is %.0f", n, cost, best);
		free(exact.layer);
		free(greedy.layer);
	}
	print_message("%zu of %d as few layers, %zu of these the best, %.3f the worst\n",
		      compared, CASES, alike, worst);
	assert_true(compared > CASES * 98 / 100);
	assert_true(kept > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(against_all) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
