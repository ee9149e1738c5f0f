/* Which rule of a plan wins for each path of a tree. */
#ifndef LAM_PLAN_MATCH_H
#define LAM_PLAN_MATCH_H

#include <stdatomic.h>

#include <lamina/plan.h>

struct lam_match {
	uint32_t *rules;   /* a node's winning rule, or UINT32_MAX (LAM_RULE_NONE): tree
			      count of them */
	uint64_t *matched; /* for each rule, how many nodes it matches itself or by a
			      directory above, won or not */
};

/* A path rule matches its node and all below; a glob what it matches and all below that;
 * the last rule in the plan's order wins. Dead nodes are matched too (a rule to null
 * means them as well), but count in `matched` only for rules to null. Near-linear: a path
 * rule is looked up once; a glob is tried only below lam_glob_base(). stop may be NULL.
 */
int lam_match_new(struct lam_match *out, const struct lam_tree *tree,
		  const struct lam_plan *plan, const atomic_bool *stop,
		  struct lam_error *err);
void lam_match_fini(struct lam_match *match);

#endif
