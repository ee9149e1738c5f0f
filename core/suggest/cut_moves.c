/* Moving parts of a cut from layer to layer, while that gains. */
#include <math.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/memory.h"
#include "suggest/cut_groups.h"

#define ROUNDS 20 /* over all parts */
#define GAIN   1e-6

/* A group's sum without one of its parts. */
static struct lam_cut_sum without(const struct lam_cut_groups *g, size_t part)
{
	struct lam_cut_sum sum = { 0 };

	for (uint32_t i = g->first[g->of[part]]; i != LAM_CUT_NEW; i = g->next[i]) {
		struct lam_cut_sum one = lam_cut_one(&g->cut->parts[i]);

		if (i != part)
			lam_cut_add(&sum, &one);
	}
	return sum;
}

/* Where a part loses least, an empty group among them where one more may be. */
static size_t best_place(const struct lam_cut_groups *g, size_t part, double *out_by)
{
	size_t best = g->of[part];
	bool empty_tried = g->full >= g->cut->most_layers;

	*out_by = INFINITY;
	for (size_t b = 0; b < g->count; b++) {
		struct lam_cut_sum sum = g->groups[b].sum,
				   one = lam_cut_one(&g->cut->parts[part]);
		double by;

		if (b == g->of[part] || (!sum.count && empty_tried))
			continue;
		empty_tried = empty_tried || !sum.count;
		lam_cut_add(&sum, &one);
		by = lam_cut_group_cost(g, &sum) - g->groups[b].cost;
		if (by < *out_by) {
			*out_by = by;
			best = b;
		}
	}
	return best;
}

static bool move_part(struct lam_cut_groups *g, size_t part)
{
	size_t from = g->of[part], to;
	struct lam_cut_sum rest = without(g, part);
	double gain = g->groups[from].cost - lam_cut_group_cost(g, &rest), by;

	to = best_place(g, part, &by);
	if (to == from || !(by + GAIN < gain))
		return false;
	g->of[part] = (uint32_t)to;
	lam_cut_sum_up(g);
	return true;
}

/* The two groups that are merged at the least loss, where one of them is as given. */
static double least_loss(const struct lam_cut_groups *g, size_t given,
			 const struct lam_cut_sum *as, size_t *out_a, size_t *out_b)
{
	double least = INFINITY;

	for (size_t a = 0; a < g->count; a++) {
		const struct lam_cut_sum *x = a == given ? as : &g->groups[a].sum;

		for (size_t b = a + 1; x->count && b < g->count; b++) {
			const struct lam_cut_sum *y = b == given ? as : &g->groups[b].sum;
			struct lam_cut_sum sum = *x;
			double by;

			if (!y->count)
				continue;
			lam_cut_add(&sum, y);
			by = lam_cut_group_cost(g, &sum) - lam_cut_group_cost(g, x) -
			     lam_cut_group_cost(g, y);
			if (by < least) {
				least = by;
				*out_a = a;
				*out_b = b;
			}
		}
	}
	return least;
}

/* A part gets a layer of its own, for which two others are merged. */
static bool part_alone(struct lam_cut_groups *g, size_t part)
{
	size_t from = g->of[part], a = 0, b = 0;
	struct lam_cut_sum rest = without(g, part),
			   one = lam_cut_one(&g->cut->parts[part]);
	double gain = g->groups[from].cost - lam_cut_group_cost(g, &rest) -
		      lam_cut_group_cost(g, &one);

	if (!rest.count || !(gain > least_loss(g, from, &rest, &a, &b) + GAIN))
		return false;
	for (size_t i = 0; i < g->cut->count; i++)
		g->of[i] = g->of[i] == b ? (uint32_t)a : g->of[i];
	g->of[part] = (uint32_t)b; /* which is empty now */
	lam_cut_sum_up(g);
	return true;
}

/* Two parts change places. */
static bool swap_part(struct lam_cut_groups *g, size_t part)
{
	struct lam_cut_sum rest = without(g, part),
			   one = lam_cut_one(&g->cut->parts[part]);
	size_t from = g->of[part];

	for (size_t i = part + 1; i < g->cut->count; i++) {
		struct lam_cut_sum x = rest, y, other = lam_cut_one(&g->cut->parts[i]);
		size_t to = g->of[i];

		if (to == from)
			continue;
		y = without(g, i);
		lam_cut_add(&x, &other);
		lam_cut_add(&y, &one);
		if (!(lam_cut_group_cost(g, &x) + lam_cut_group_cost(g, &y) + GAIN <
		      g->groups[from].cost + g->groups[to].cost))
			continue;
		g->of[part] = (uint32_t)to;
		g->of[i] = (uint32_t)from;
		lam_cut_sum_up(g);
		return true;
	}
	return false;
}

/* Where a row of parts is best cut in two: the first `return value` go to one side, none
 * where it is best as it is, at *cost for both. */
static size_t cut_row(const struct lam_cut_groups *g, const struct lam_cut_in_row *row,
		      size_t count, double *cost)
{
	LAM_CLEANUP(lam_free_ptr)
	double *front = lam_xcalloc(count + 1, sizeof *front);
	struct lam_cut_sum sum = { 0 };
	size_t best = 0;

	for (size_t i = 0; i < count; i++) {
		struct lam_cut_sum one = lam_cut_one(&g->cut->parts[row[i].part]);

		lam_cut_add(&sum, &one);
		front[i + 1] = lam_cut_group_cost(g, &sum);
	}
	sum = (struct lam_cut_sum){ 0 };
	for (size_t i = count; i-- > 1;) {
		struct lam_cut_sum one = lam_cut_one(&g->cut->parts[row[i].part]);

		lam_cut_add(&sum, &one);
		if (front[i] + lam_cut_group_cost(g, &sum) + GAIN < *cost) {
			*cost = front[i] + lam_cut_group_cost(g, &sum);
			best = i;
		}
	}
	return best;
}

/* Two groups are put in a row and cut anew. */
static bool cut_again(struct lam_cut_groups *g, size_t a, size_t b)
{
	size_t count = 0, front = 0;
	LAM_CLEANUP(lam_free_ptr)
	struct lam_cut_in_row *row = lam_xcalloc(g->cut->count + 1, sizeof *row);
	double cost = g->groups[a].cost + g->groups[b].cost;

	for (uint32_t i = 0; i < g->cut->count; i++) {
		if (g->of[i] == a || g->of[i] == b)
			row[count++].part = i;
	}
	for (size_t k = 0; k < LAM_CUT_KEY_COUNT && !front; k++) {
		lam_cut_sort_row(g->cut, LAM_CUT_KEYS[k], row, count);
		front = cut_row(g, row, count, &cost);
	}
	for (size_t i = 0; front && i < count; i++)
		g->of[row[i].part] = (uint32_t)(i < front ? a : b);
	if (front)
		lam_cut_sum_up(g);
	return front != 0;
}

static bool cut_all_again(struct lam_cut_groups *g)
{
	bool cut = false;

	for (size_t a = 0; a < g->count; a++) {
		for (size_t b = a + 1; g->groups[a].sum.count && b < g->count; b++)
			cut = (g->groups[b].sum.count && cut_again(g, a, b)) || cut;
	}
	return cut;
}

static bool move_parts(struct lam_cut_groups *g)
{
	bool moved = false, few = g->cut->count <= LAM_CUT_CROWD;

	for (size_t i = 0; i < g->cut->count; i++)
		moved = move_part(g, i) || part_alone(g, i) || (few && swap_part(g, i)) ||
			moved;
	return moved;
}

void lam_cut_move(struct lam_cut_groups *g)
{
	for (unsigned round = 0; round < ROUNDS && (move_parts(g) || cut_all_again(g));
	     round++) {
		lam_cut_merge(g);
		lam_cut_sum_up(g);
	}
}
