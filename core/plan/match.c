/* Which rule of a plan wins for each path of a tree. */
#include "plan/match.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "plan/rule.h"
#include "tree/tree.h"

#define NO_RULE UINT32_MAX

struct matcher {
	const struct lam_tree *tree;
	const struct lam_plan *plan;
	struct lam_match *match;
	uint32_t *sizes; /* nodes at and below, dead ones too; NULL where no rule asks */
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

static void take(void *context, uint32_t rule, uint32_t node)
{
	struct matcher *m = context;
	uint32_t *winner = &m->match->rules[node];

	if (*winner == NO_RULE || *winner < rule)
		*winner = rule;
	m->match->matched[rule] += m->plan->rules[rule].to
					   ? lam_tree_node(m->tree, node)->live_count
					   : m->sizes[node];
}

static int match_rules(struct matcher *m, const atomic_bool *stop, struct lam_error *err)
{
	const struct lam_matching matching = { m->plan, m->tree, stop, take, m };
	uint32_t count = lam_tree_count(m->tree);

	for (size_t k = 0; k < LAM_RULE_KIND_COUNT; k++) {
		if (lam_rule_kinds[k].match(&matching, err) < 0)
			return err->code;
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
	struct matcher m = { .tree = tree, .plan = plan, .match = out };
	uint32_t count = lam_tree_count(tree);
	int code;

	out->matched = lam_xcalloc(plan->rule_count + 1, sizeof *out->matched);
	out->rules = malloc(count * sizeof *out->rules);
	if (!out->rules)
		return lam_fail_memory(err);
	memset(out->rules, 0xff, count * sizeof *out->rules);
	code = count_sizes(&m, err);
	if (code == 0)
		code = match_rules(&m, stop, err);
	free(m.sizes);
	return code;
}

void lam_match_fini(struct lam_match *match)
{
	free(match->rules);
	free(match->matched);
	*match = (struct lam_match){ 0 };
}
