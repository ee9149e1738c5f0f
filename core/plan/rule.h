/* The kinds of a plan's rules: a row a kind, with all that depends on it. */
#ifndef LAM_PLAN_RULE_H
#define LAM_PLAN_RULE_H

#include <stdatomic.h>

#include <lamina/plan.h>

/* Rules against a tree: take() is called for each rule with the topmost nodes that it
 * matches, dead ones too; in any order, never twice for one rule and node, and not below a
 * node that it got for the same rule. */
struct lam_matching {
	const struct lam_plan *plan;
	const struct lam_tree *tree;
	const atomic_bool *stop; /* or NULL */
	void (*take)(void *context, uint32_t rule, uint32_t node);
	void *context;
};

struct lam_rule_ops {
	const char *name; /* its member in a plan, and its word in messages */
	/* Sets the pattern, made canonical, and what is kept beside it. LAM_EPLAN with what
	 * is wrong, and nothing set. */
	int (*set)(struct lam_plan_rule *rule, const char *text, struct lam_error *err);
	/* All rules of the kind at once. */
	int (*match)(const struct lam_matching *matching, struct lam_error *err);
};
extern const struct lam_rule_ops lam_rule_kinds[];
#define LAM_RULE_KIND_COUNT 2u

/* A rule with the canonical form of a pattern, which comes from a prompt or was made from
 * an image's name: a LAM_EPLAN shows it. */
int lam_rule_init(struct lam_plan_rule *out, enum lam_rule_kind kind, const char *pattern,
		  const char *to, struct lam_error *err);
void lam_rule_copy(struct lam_plan_rule *out, const struct lam_plan_rule *rule);
void lam_rule_fini(struct lam_plan_rule *rule);

#endif
