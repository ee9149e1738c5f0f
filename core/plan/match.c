#include "plan/match.h"

#include <stdlib.h>
#include <string.h>

#include <lamina/glob.h>

#include "base/buf.h"
#include "base/path.h"
#include "plan/plan.h"
#include "tree/tree.h"

#define NO_RULE UINT32_MAX

struct matcher {
	const struct lam_tree *tree;
	const struct lam_plan *plan;
	struct lam_match *match;
	uint32_t *sizes; /* nodes at and below, dead ones too; NULL where no rule asks */
	struct lam_buf path; /* of the node that a glob is at, absolute */
	const atomic_bool *stop;
};

/* How many nodes at and below each one. Parents have smaller numbers. */
static int count_sizes(struct matcher *m, struct lam_error *err)
{
	uint32_t count = lam_tree_count(m->tree);
	bool asked = false;

	for (size_t r = 0; r < m->plan->rule_count; r++)
		asked = asked || !m->plan->rules[r].to;
	if (!asked)
		return 0;
	m->sizes = calloc(count, sizeof *m->sizes);
	if (!m->sizes)
		return lam_fail_memory(err);
	for (uint32_t n = count; n-- > 0;) {
		m->sizes[n]++;
		if (n != LAM_NODE_ROOT)
			m->sizes[lam_tree_node(m->tree, n)->parent] += m->sizes[n];
	}
	return 0;
}

/* Rules come in order, so the last one to say so wins. */
static void take(struct matcher *m, uint32_t rule, uint32_t node)
{
	m->match->rules[node] = rule;
	m->match->matched[rule] += m->plan->rules[rule].to
					   ? lam_tree_node(m->tree, node)->live_count
					   : m->sizes[node];
}

static int match_path(struct matcher *m, uint32_t rule, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *bytes = NULL;
	size_t len;
	uint32_t node;

	if (lam_path_unescape(&bytes, &len, m->plan->rules[rule].pattern, err) < 0)
		return err->code;
	node = lam_tree_find(m->tree, bytes, len);
	if (node != LAM_NODE_NONE)
		take(m, rule, node);
	return 0;
}

static int enter(struct matcher *m, uint32_t node, struct lam_error *err)
{
	size_t len;
	const char *name = lam_tree_name(m->tree, node, &len);

	if (m->path.len > 1 && lam_buf_append_char(&m->path, '/', err) < 0)
		return err->code;
	return lam_buf_append(&m->path, name, len, err);
}

static void leave(struct matcher *m, uint32_t node)
{
	size_t len;

	lam_tree_name(m->tree, node, &len);
	m->path.len -= len;
	if (m->path.len > 1)
		m->path.len--;
}

/* The next node at or below top that is not below `node`; LAM_NODE_NONE: there is none.
 */
static uint32_t pass(struct matcher *m, uint32_t node, uint32_t top)
{
	while (node != top) {
		const struct lam_node *parent =
			lam_tree_node(m->tree, lam_tree_node(m->tree, node)->parent);

		leave(m, node);
		if (node + 1 < parent->first_child + parent->child_count)
			return node + 1;
		node = lam_tree_node(m->tree, node)->parent;
	}
	return LAM_NODE_NONE;
}

/* What matches takes all below it along, so that nothing there needs to be looked at. */
static int walk(struct matcher *m, uint32_t rule, const struct lam_glob *glob,
		uint32_t top, struct lam_error *err)
{
	uint32_t node = top;
	size_t steps = 0;

	while (node != LAM_NODE_NONE) {
		const struct lam_node *n = lam_tree_node(m->tree, node);

		if (lam_stops(m->stop, ++steps))
			return lam_fail_stopped(err);

		bool matches = lam_glob_match(glob, m->path.data, m->path.len);

		if (matches)
			take(m, rule, node);
		node = n->child_count && !matches ? n->first_child : pass(m, node, top);
		if (node != LAM_NODE_NONE && enter(m, node, err) < 0)
			return err->code;
	}
	return 0;
}

static int match_glob(struct matcher *m, uint32_t rule, struct lam_error *err)
{
	struct lam_glob *glob;
	const char *base;
	size_t len;
	uint32_t top;
	int code = 0;

	if (lam_glob_new(&glob, m->plan->rules[rule].pattern, err) < 0)
		return err->code;
	base = lam_glob_base(glob, &len);
	top = lam_tree_find(m->tree, base, len);
	lam_buf_clear(&m->path);
	if (lam_buf_append_char(&m->path, '/', err) < 0 ||
	    lam_buf_append(&m->path, base, len, err) < 0)
		code = err->code;
	else if (top != LAM_NODE_NONE)
		code = walk(m, rule, glob, top, err);
	lam_glob_free(glob);
	return code;
}

static int match_rules(struct matcher *m, struct lam_error *err)
{
	uint32_t count = lam_tree_count(m->tree);

	for (size_t r = 0; r < m->plan->rule_count; r++) {
		int code = (m->plan->rules[r].is_glob ? match_glob
						      : match_path)(m, (uint32_t)r, err);

		if (code == 0 && lam_stops(m->stop, r))
			code = lam_fail_stopped(err);
		if (code == LAM_ESTOPPED)
			return code;
		if (code < 0)
			return lam_wrap(err, "assign[%zu]", r);
	}
	for (uint32_t n = 1; n < count; n++) {
		uint32_t *own = &m->match->rules[n],
			 above = m->match->rules[lam_tree_node(m->tree, n)->parent];

		if (above != NO_RULE && (*own == NO_RULE || *own < above))
			*own = above;
	}
	return 0;
}

int lam_match_new(struct lam_match *out, const struct lam_tree *tree,
		  const struct lam_plan *plan, const atomic_bool *stop,
		  struct lam_error *err)
{
	struct matcher m = { .tree = tree,
			     .plan = plan,
			     .match = out,
			     .path = LAM_BUF(SIZE_MAX / 2),
			     .stop = stop };
	uint32_t count = lam_tree_count(tree);
	int code;

	out->rules = malloc(count * sizeof *out->rules);
	out->matched = calloc(plan->rule_count + 1, sizeof *out->matched);
	if (out->rules && out->matched) {
		memset(out->rules, 0xff, count * sizeof *out->rules);
		code = count_sizes(&m, err);
		if (code == 0)
			code = match_rules(&m, err);
	} else {
		code = lam_fail_memory(err);
	}
	free(m.sizes);
	lam_buf_fini(&m.path);
	if (code < 0)
		lam_match_fini(out);
	return code;
}

void lam_match_fini(struct lam_match *match)
{
	free(match->rules);
	free(match->matched);
	*match = (struct lam_match){ 0 };
}
