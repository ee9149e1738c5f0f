/* What is different between two merged trees. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/memory.h"
#include "tree/tree.h"

#define NONE LAM_NODE_NONE

struct diff {
	const struct lam_tree *a, *b;
	const struct lam_diff_options *options;
	int (*found)(void *context, uint32_t a, uint32_t b, unsigned what);
	void *context;
	const struct lam_left *left;
	uint32_t *pair; /* node of a -> node of b, for what was met so far */
};

static bool is_there(const struct diff *d, uint32_t a)
{
	return d->a->nodes[a].live && !(d->options->gone && d->options->gone[a]);
}

/* Groups are the same if each name's first name is. */
static bool same_links(const struct diff *d, uint32_t a, uint32_t b)
{
	size_t count;
	uint32_t first = lam_left_first(d->left, a, &count);

	if ((count > 1) != d->b->nodes[b].linked)
		return false;
	return count < 2 || d->pair[first] == lam_tree_first_link(d->b, b);
}

static int diff_pair(struct diff *d, uint32_t a, uint32_t b)
{
	struct lam_stat x, y;
	unsigned what;

	d->pair[a] = b;
	lam_tree_stat(d->a, a, &x);
	lam_tree_stat(d->b, b, &y);
	lam_clamp_time(d->options->clamp_a, &x.mtime_s, &x.mtime_ns);
	lam_clamp_time(d->options->clamp_b, &y.mtime_s, &y.mtime_ns);
	what = lam_stat_compare(&x, &y);
	if (!same_links(d, a, b))
		what |= LAM_DIFF_LINKS;
	return what ? d->found(d->context, a, b, what) : 0;
}

static int compare_names(const struct diff *d, uint32_t a, uint32_t b)
{
	size_t a_len, b_len;
	const char *x = lam_tree_name(d->a, a, &a_len),
		   *y = lam_tree_name(d->b, b, &b_len);

	return lam_names_compare(x, a_len, y, b_len);
}

static int one_sided(struct diff *d, bool in_a, uint32_t top)
{
	const struct lam_tree *tree = in_a ? d->a : d->b;

	for (uint32_t n = top; n != NONE; n = lam_tree_next(tree, n, top)) {
		int code =
			in_a && !is_there(d, n)
				? 0
				: d->found(d->context, in_a ? n : NONE, in_a ? NONE : n,
					   in_a ? LAM_DIFF_ONLY_A : LAM_DIFF_ONLY_B);
		if (code)
			return code;
	}
	return 0;
}

struct frame { /* two directories of one path, and how far their children are compared */
	uint32_t a, a_end, b, b_end;
};

static struct frame frame_of(const struct diff *d, uint32_t a, uint32_t b)
{
	const struct lam_node *x = &d->a->nodes[a], *y = &d->b->nodes[b];

	return (struct frame){ x->first_child, x->first_child + x->child_count,
			       y->first_child, y->first_child + y->child_count };
}

/* One step in a frame: 1 and the pair to descend into, 0 and go on, or what found() said.
 */
static int diff_step(struct diff *d, struct frame *f, uint32_t *out_a, uint32_t *out_b,
		     bool *out_done)
{
	int order;

	while (f->a < f->a_end && !is_there(d, f->a))
		f->a++;
	while (f->b < f->b_end && !d->b->nodes[f->b].live)
		f->b++;
	*out_a = NONE;
	*out_done = f->a == f->a_end && f->b == f->b_end;
	if (*out_done)
		return 0;
	order = f->a == f->a_end   ? 1
		: f->b == f->b_end ? -1
				   : compare_names(d, f->a, f->b);
	if (order < 0)
		return one_sided(d, true, f->a++);
	if (order > 0)
		return one_sided(d, false, f->b++);
	*out_a = f->a++;
	*out_b = f->b++;
	return diff_pair(d, *out_a, *out_b);
}

static int diff_all(struct diff *d, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) struct frame *stack = NULL;
	size_t depth = 0, cap = 0, steps = 0;
	uint32_t x = LAM_NODE_ROOT, y = LAM_NODE_ROOT;
	int code = diff_pair(d, x, y);
	bool done = false;

	while (code == 0 && (depth || x != NONE)) {
		if (x != NONE) {
			LAM_XGROW(stack, depth, cap);
			stack[depth++] = frame_of(d, x, y);
		}
		if (lam_stops(d->options->stop, ++steps))
			return lam_fail_stopped(err);
		code = diff_step(d, &stack[depth - 1], &x, &y, &done);
		depth -= done;
	}
	return code;
}

int lam_tree_diff_as(const struct lam_tree *a, const struct lam_tree *b,
		     const struct lam_diff_options *options,
		     int (*found)(void *context, uint32_t a, uint32_t b, unsigned what),
		     void *context, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr)
	uint32_t *pair = lam_alloc_large(a->node_count * sizeof *pair);
	LAM_CLEANUP(lam_left_fini) struct lam_left left = { 0 };

	if (!pair)
		return lam_fail_memory(err);
	memset(pair, 0xff, a->node_count * sizeof *pair);
	lam_left_set(&left, a, options->gone);

	struct diff d = { .a = a,
			  .b = b,
			  .options = options,
			  .left = &left,
			  .found = found,
			  .context = context,
			  .pair = pair };

	return diff_all(&d, err);
}

int lam_tree_diff(const struct lam_tree *a, const struct lam_tree *b,
		  struct lam_clamp clamp,
		  int (*found)(void *context, uint32_t a, uint32_t b, unsigned what),
		  void *context, struct lam_error *err)
{
	const struct lam_diff_options options = { .clamp_a = clamp, .clamp_b = clamp };

	return lam_tree_diff_as(a, b, &options, found, context, err);
}
