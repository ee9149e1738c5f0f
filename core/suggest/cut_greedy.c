/* Cutting by merging what costs least, and then moving what gains. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/memory.h"
#include "suggest/cut_groups.h"

double lam_cut_group_cost(const struct lam_cut_groups *g, const struct lam_cut_sum *sum)
{
	return lam_cut_cost(g->cut, g->was_sizes, sum);
}

static double loss(const struct lam_cut_groups *g, size_t a, size_t b)
{
	struct lam_cut_sum sum = g->groups[a].sum;

	lam_cut_add(&sum, &g->groups[b].sum);
	return lam_cut_group_cost(g, &sum) - g->groups[a].cost - g->groups[b].cost;
}

/* All parts of b go to a. */
static void merge(struct lam_cut_groups *g, size_t a, size_t b)
{
	lam_cut_add(&g->groups[a].sum, &g->groups[b].sum);
	g->groups[a].cost = lam_cut_group_cost(g, &g->groups[a].sum);
	g->groups[b] = (struct lam_cut_group){ .by = INFINITY };
	for (size_t i = 0; i < g->cut->count; i++)
		g->of[i] = g->of[i] == b ? (uint32_t)a : g->of[i];
	g->full--;
}

void lam_cut_sum_up(struct lam_cut_groups *g)
{
	g->full = 0;
	for (size_t i = 0; i < g->count; i++) {
		g->groups[i] = (struct lam_cut_group){ 0 };
		g->first[i] = LAM_CUT_NEW;
	}
	for (size_t i = 0; i < g->cut->count; i++) {
		struct lam_cut_sum one = lam_cut_one(&g->cut->parts[i]);

		lam_cut_add(&g->groups[g->of[i]].sum, &one);
	}
	for (size_t i = g->cut->count; i-- > 0;) {
		g->next[i] = g->first[g->of[i]];
		g->first[g->of[i]] = (uint32_t)i;
	}
	for (size_t i = 0; i < g->count; i++) {
		g->groups[i].cost = lam_cut_group_cost(g, &g->groups[i].sum);
		g->full += g->groups[i].sum.count != 0;
	}
}

/* Neighbours */

static int compare_groups(const void *a, const void *b, void *context)
{
	const struct lam_cut_groups *g = context;
	const struct lam_cut_sum *x = &g->groups[*(const uint32_t *)a].sum,
				 *y = &g->groups[*(const uint32_t *)b].sum;
	double p = (1 - x->stays) * (double)y->bytes,
	       q = (1 - y->stays) * (double)x->bytes;

	if (x->changed != y->changed)
		return x->changed < y->changed ? -1 : 1;
	if (x->was != y->was)
		return x->was < y->was ? -1 : 1;
	if (p < q || p > q)
		return p < q ? -1 : 1;
	return *(const uint32_t *)a < *(const uint32_t *)b ? -1 : 1;
}

/* Merges side by side in the order, each time where the least is lost. */
static void merge_row(struct lam_cut_groups *g, uint32_t *row, size_t count)
{
	LAM_CLEANUP(lam_free_ptr) double *by = lam_xmalloc((count + 1) * sizeof *by);

	for (size_t i = 0; i + 1 < count; i++)
		by[i] = loss(g, row[i], row[i + 1]);
	while (count > LAM_CUT_CROWD) {
		size_t at = 0;

		for (size_t i = 1; i + 1 < count; i++)
			at = by[i] < by[at] ? i : at;
		if (isinf(by[at]))
			return;
		merge(g, row[at], row[at + 1]);
		memmove(row + at + 1, row + at + 2, (count - at - 2) * sizeof *row);
		memmove(by + at, by + at + 1, (count - at - 1) * sizeof *by);
		count--;
		if (at > 0)
			by[at - 1] = loss(g, row[at - 1], row[at]);
		if (at + 1 < count)
			by[at] = loss(g, row[at], row[at + 1]);
	}
}

static void thin_out(struct lam_cut_groups *g)
{
	LAM_CLEANUP(lam_free_ptr) uint32_t *row = NULL;
	size_t count = 0;

	if (g->full <= LAM_CUT_CROWD)
		return;
	row = lam_xmalloc(g->full * sizeof *row);
	for (uint32_t i = 0; i < g->count; i++) {
		if (g->groups[i].sum.count)
			row[count++] = i;
	}
	qsort_r(row, count, sizeof *row, compare_groups, g);
	merge_row(g, row, count);
}

/* Each with each */

static void find_best(struct lam_cut_groups *g, size_t a)
{
	g->groups[a].by = INFINITY;
	if (!g->groups[a].sum.count)
		return;
	for (size_t b = a + 1; b < g->count; b++) {
		double by;

		if (!g->groups[b].sum.count)
			continue;
		by = loss(g, a, b);
		if (by < g->groups[a].by) {
			g->groups[a].by = by;
			g->groups[a].best = b;
		}
	}
}

static void after_merge(struct lam_cut_groups *g, size_t a, size_t b)
{
	find_best(g, a);
	for (size_t i = 0; i < g->count; i++) {
		struct lam_cut_group *x = &g->groups[i];

		if (i == a || !x->sum.count)
			continue;
		if (x->by < INFINITY && (x->best == a || x->best == b)) {
			find_best(g, i);
		} else if (i < a) {
			double by = loss(g, i, a);

			if (by < x->by) {
				x->by = by;
				x->best = a;
			}
		}
	}
}

/* While there are too many, or one less gains. */
void lam_cut_merge(struct lam_cut_groups *g)
{
	for (size_t i = 0; i < g->count; i++)
		find_best(g, i);
	for (;;) {
		size_t a = 0, b;

		for (size_t i = 1; i < g->count; i++)
			a = g->groups[i].by < g->groups[a].by ? i : a;
		if (g->count == 0 || isinf(g->groups[a].by) ||
		    (g->full <= g->cut->most_layers && g->groups[a].by >= 0))
			return;
		b = g->groups[a].best;
		merge(g, a, b);
		after_merge(g, a, b);
	}
}

/* Groups that are empty go, but for those that may be filled. */
static void close_ranks(struct lam_cut_groups *g)
{
	LAM_CLEANUP(lam_free_ptr)
	uint32_t *to = lam_xcalloc(g->count + 1, sizeof *to);
	uint32_t next = 0;

	for (size_t i = 0; i < g->count; i++) {
		to[i] = next;
		next += g->groups[i].sum.count != 0;
	}
	for (size_t i = 0; i < g->cut->count; i++)
		g->of[i] = to[g->of[i]];
	if (g->cut->most_layers < g->count)
		g->count = next > g->cut->most_layers ? next : g->cut->most_layers;
	lam_cut_sum_up(g);
}

/* Rows */

static double by_chance(const struct lam_cut *cut, const struct lam_cut_part *p)
{
	struct lam_cut_sum one = lam_cut_one(p);

	return lam_cut_chance(cut, &one);
}

static double by_chance_of_a_byte(const struct lam_cut *cut, const struct lam_cut_part *p)
{
	return by_chance(cut, p) / (double)(p->bytes + 1);
}

static double by_bytes(const struct lam_cut *cut, const struct lam_cut_part *p)
{
	(void)cut;
	return (double)p->bytes;
}

lam_cut_key_fn *const LAM_CUT_KEYS[LAM_CUT_KEY_COUNT] = { by_chance, by_chance_of_a_byte,
							  by_bytes };

static int compare_row(const void *a, const void *b)
{
	const struct lam_cut_in_row *x = a, *y = b;

	if (x->key < y->key || x->key > y->key)
		return x->key < y->key ? -1 : 1;
	return x->part < y->part ? -1 : 1;
}

void lam_cut_sort_row(const struct lam_cut *cut, lam_cut_key_fn *key,
		      struct lam_cut_in_row *row, size_t count)
{
	for (size_t i = 0; i < count; i++)
		row[i].key = key(cut, &cut->parts[row[i].part]);
	qsort(row, count, sizeof *row, compare_row);
}

/* Starts */

static double total(const struct lam_cut_groups *g)
{
	double sum = 0;

	for (size_t i = 0; i < g->count; i++)
		sum += g->groups[i].cost;
	return sum;
}

/* The group of each part to begin with; false: there is none of this kind. */
typedef bool start_fn(struct lam_cut_groups *g);

static bool start_apart(struct lam_cut_groups *g)
{
	for (size_t i = 0; i < g->cut->count; i++)
		g->of[i] = (uint32_t)i;
	return true;
}

/* As it was; what is new by itself, and what no layer of this size may hold. */
static bool start_as_it_was(struct lam_cut_groups *g)
{
	LAM_CLEANUP(lam_free_ptr)
	size_t *first = lam_xmalloc((g->cut->was_count + 1) * sizeof *first);
	LAM_CLEANUP(lam_free_ptr)
	uint64_t *bytes = lam_xcalloc(g->cut->was_count + 1, sizeof *bytes);

	memset(first, 0xff, (g->cut->was_count + 1) * sizeof *first);
	for (size_t i = 0; i < g->cut->count; i++) {
		const struct lam_cut_part *p = &g->cut->parts[i];

		g->of[i] = (uint32_t)i;
		if (p->was >= g->cut->was_count)
			continue;
		if (first[p->was] == SIZE_MAX ||
		    (g->cut->most_bytes &&
		     bytes[p->was] + p->bytes > g->cut->most_bytes)) {
			first[p->was] = i;
			bytes[p->was] = 0;
		}
		g->of[i] = (uint32_t)first[p->was];
		bytes[p->was] += p->bytes;
	}
	return g->cut->was_count > 0;
}

/* The fullest layers that there can be: the last part of a row first, each where it fits. */
static bool start_packed(struct lam_cut_groups *g, lam_cut_key_fn *key)
{
	const struct lam_cut *cut = g->cut;
	LAM_CLEANUP(lam_free_ptr)
	struct lam_cut_in_row *row = lam_xcalloc(cut->count + 1, sizeof *row);
	LAM_CLEANUP(lam_free_ptr)
	uint64_t *bytes = lam_xcalloc(cut->count + 1, sizeof *bytes);

	for (uint32_t i = 0; i < cut->count; i++)
		row[i].part = i;
	lam_cut_sort_row(cut, key, row, cut->count);
	for (size_t i = cut->count; i-- > 0;) {
		uint64_t more = cut->parts[row[i].part].bytes;
		uint32_t n = 0;

		while (bytes[n] && bytes[n] + more > cut->most_bytes)
			n++;
		bytes[n] += more;
		g->of[row[i].part] = n;
	}
	return cut->most_bytes > 0;
}

static bool start_by_bytes(struct lam_cut_groups *g)
{
	return start_packed(g, by_bytes);
}

static bool start_by_chance(struct lam_cut_groups *g)
{
	return start_packed(g, by_chance);
}

static bool start_by_chance_of_a_byte(struct lam_cut_groups *g)
{
	return start_packed(g, by_chance_of_a_byte);
}

static start_fn *const STARTS[] = { start_apart, start_as_it_was, start_by_bytes,
				    start_by_chance, start_by_chance_of_a_byte };

static size_t over(const struct lam_cut_groups *g)
{
	return g->full > g->cut->most_layers ? g->full - g->cut->most_layers : 0;
}

void lam_cut_greedy(const struct lam_cut *cut, struct lam_cut_result *out)
{
	struct lam_cut_groups g = { .cut = cut, .count = cut->count };
	double best = INFINITY;
	size_t best_over = SIZE_MAX;

	*out = (struct lam_cut_result){ 0 };
	g.groups = lam_xcalloc(cut->count + 1, sizeof *g.groups);
	g.of = lam_xcalloc(cut->count + 1, sizeof *g.of);
	g.first = lam_xcalloc(cut->count + 1, sizeof *g.first);
	g.next = lam_xcalloc(cut->count + 1, sizeof *g.next);
	out->layer = lam_xcalloc(cut->count + 1, sizeof *out->layer);
	g.was_sizes = lam_cut_was_sizes(cut);
	for (size_t i = 0; i < sizeof STARTS / sizeof *STARTS; i++) {
		if (!STARTS[i](&g))
			continue;
		g.count = cut->count;
		lam_cut_sum_up(&g);
		thin_out(&g);
		lam_cut_merge(&g);
		close_ranks(&g);
		lam_cut_move(&g);
		if (over(&g) < best_over || (over(&g) == best_over && total(&g) < best)) {
			best_over = over(&g);
			best = total(&g);
			memcpy(out->layer, g.of, cut->count * sizeof *g.of);
		}
	}
	if (best_over != SIZE_MAX)
		lam_cut_finish(cut, out);
	free(g.groups);
	free(g.of);
	free(g.first);
	free(g.next);
	free(g.was_sizes);
}
