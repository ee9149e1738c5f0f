/* Layers that claim paths one after another, and leave some of them to those before. */
#ifndef LAM_PLAN_CLAIMS_H
#define LAM_PLAN_CLAIMS_H

#include "plan/rule.h"

/* All rules together, with those that are said once more. */
#define LAM_MOST_CLAIMS 5000u

struct lam_claim {
	struct lam_plan_rule rule;
	char *base;   /* a path that all it matches is at or below, in text form */
	size_t layer; /* or SIZE_MAX: none takes it */
};

struct lam_claim_layer {
	char *name;
	size_t line; /* that it comes from */
};

struct lam_claims {
	struct lam_claim *items; /* the last that matches wins */
	size_t count, cap;
	struct lam_claim_layer *layers;
	size_t layer_count, layer_cap;
	size_t before; /* claims of layers before the last */
};
void lam_claims_fini(struct lam_claims *claims);

/* The next layer. name: what it is to be called, if it can. LAM_EPLAN: there are too
 * many. */
int lam_claims_layer(struct lam_claims *claims, size_t line, const char *name,
		     struct lam_error *err);
/* Takes the rule over, also after failure: what it matches is the last layer's. LAM_EPLAN:
 * there are too many. */
int lam_claims_take(struct lam_claims *claims, struct lam_plan_rule *rule,
		    struct lam_error *err);
/* The same of what the last layer leaves: it is whose it was before. LAM_EPLAN where that is
 * many layers' in a way that rules do not tell. */
int lam_claims_exclude(struct lam_claims *claims, struct lam_plan_rule *rule,
		       struct lam_error *err);
/* Their plan: what nobody takes is left out. */
struct lam_plan *lam_claims_plan(const struct lam_claims *claims);

#endif
