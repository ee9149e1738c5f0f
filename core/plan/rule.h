/* The kinds of a plan's rules, a row a kind with all that depends on it; and which rule of a
 * plan wins for each path of a tree. */
#ifndef LAM_PLAN_RULE_H
#define LAM_PLAN_RULE_H

#include <stdatomic.h>

#include <lamina/packages.h>
#include <lamina/plan.h>

/* Rules against a tree: take() is called for each rule with the topmost nodes that it
 * matches, dead ones too, in any order. Where another rule of its kind wins anyway, one of
 * them is enough. */
struct lam_matching {
	const struct lam_plan *plan;
	const struct lam_image *image;
	const struct lam_tree *tree; /* the image's */
	const atomic_bool *stop;     /* or NULL */
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
#define LAM_RULE_KIND_COUNT 3u

/* rule_package.c */
int lam_rule_set_package(struct lam_plan_rule *rule, const char *text,
			 struct lam_error *err);
bool lam_rule_means_package(const struct lam_plan_rule *rule,
			    const struct lam_packages *packages);
int lam_rule_match_packages(const struct lam_matching *matching, struct lam_error *err);

/* A rule with the canonical form of a pattern, which comes from a prompt or was made from
 * an image's name: a LAM_EPLAN shows it. */
int lam_rule_init(struct lam_plan_rule *out, enum lam_rule_kind kind, const char *pattern,
		  const char *to, struct lam_error *err);
void lam_rule_copy(struct lam_plan_rule *out, const struct lam_plan_rule *rule);
void lam_rule_fini(struct lam_plan_rule *rule);

struct lam_match {
	uint32_t *rules; /* a node's winning rule, or UINT32_MAX (LAM_RULE_NONE): tree
			      count of them */
	bool *matched;   /* for each rule, whether it matches any node, won or not */
};

/* A path rule matches its node and all below; a glob what it matches and all below that; a
 * package rule what packages own; the last rule in the plan's order wins. Dead nodes are
 * matched too (a rule to null means them as well), but count in `matched` only for rules to
 * null. Near-linear: a path rule is looked up once, all globs go through the tree as one
 * automaton, and so do package rules through the names of packages. `out` is all zero
 * before, and the caller's to free also after a failure. The image's databases of packages
 * are read where there is a rule about them. */
int lam_match_new(struct lam_match *out, const struct lam_image *image,
		  const struct lam_plan *plan, const atomic_bool *stop,
		  struct lam_error *err);
void lam_match_fini(struct lam_match *match);

#endif
