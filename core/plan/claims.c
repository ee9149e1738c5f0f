/* Claims as the rules of a plan. */
#include "plan/claims.h"

#include <stdlib.h>
#include <string.h>

#include <lamina/edit.h>
#include <lamina/path.h>

#include "base/limits.h"
#include "base/memory.h"
#include "plan/plan.h"

#define NOBODY SIZE_MAX

void lam_claims_fini(struct lam_claims *c)
{
	for (size_t i = 0; i < c->count; i++) {
		lam_rule_fini(&c->items[i].rule);
		free(c->items[i].base);
	}
	for (size_t i = 0; i < c->layer_count; i++)
		free(c->layers[i].name);
	free(c->items);
	free(c->layers);
	*c = (struct lam_claims){ 0 };
}

static char *base_of(const struct lam_plan_rule *rule)
{
	LAM_CLEANUP(lam_free_ptr) char *text = NULL;
	const char *bytes;
	size_t len;

	if (!rule->glob)
		return lam_xstrdup(rule->pattern);
	bytes = lam_glob_base(rule->glob, &len);
	text = lam_path_escape(bytes, len);
	return lam_xprintf("/%s", text);
}

static int add(struct lam_claims *c, struct lam_plan_rule *rule, size_t layer,
	       struct lam_error *err)
{
	if (c->count == LAM_MOST_CLAIMS) {
		lam_rule_fini(rule);
		return lam_fail(err, LAM_EPLAN, "more than %u paths to copy and exclude",
				LAM_MOST_CLAIMS);
	}
	LAM_XGROW(c->items, c->count, c->cap);
	c->items[c->count++] = (struct lam_claim){ *rule, base_of(rule), layer };
	return 0;
}

int lam_claims_layer(struct lam_claims *c, size_t line, const char *name,
		     struct lam_error *err)
{
	struct lam_plan_rule all;

	if (c->layer_count == LAM_MAX_LAYERS)
		return lam_fail(err, LAM_EPLAN, "a plan has at most %d layers",
				LAM_MAX_LAYERS);
	if (!c->count && (lam_rule_init(&all, LAM_RULE_PATH, "/", NULL, err) < 0 ||
			  add(c, &all, NOBODY, err) < 0))
		return err->code;
	LAM_XGROW(c->layers, c->layer_count, c->layer_cap);
	c->layers[c->layer_count++] = (struct lam_claim_layer){ lam_xstrdup(name), line };
	c->before = c->count;
	return 0;
}

int lam_claims_take(struct lam_claims *c, struct lam_plan_rule *rule,
		    struct lam_error *err)
{
	return add(c, rule, c->layer_count - 1, err);
}

/* At it or below; an escape has no slash in it. */
static bool is_in(const char *path, const char *dir)
{
	size_t len = strcmp(dir, "/") == 0 ? 0 : strlen(dir);

	return strncmp(path, dir, len) == 0 && (path[len] == '/' || !path[len]);
}

static int fail_mixed(const struct lam_claims *c, const struct lam_plan_rule *rule,
		      size_t layer, struct lam_error *err)
{
	return lam_fail(err, LAM_EPLAN,
			"excludes %s, of which line %zu takes a part by name or by a "
			"wildcard: no rule tells which; put that line behind this one",
			rule->pattern, layer == NOBODY ? 0 : c->layers[layer].line);
}

/* The claim that all of it was before, if any is below that: `again` is set where it is
 * to be said again. */
static int find_owner(const struct lam_claims *c, const struct lam_plan_rule *rule,
		      const char *base, bool *again, size_t *out, struct lam_error *err)
{
	*out = NOBODY;
	for (size_t i = c->before; i-- > 0;) {
		const struct lam_claim *old = &c->items[i];

		*out = old->layer;
		if (!old->rule.glob && is_in(base, old->base))
			return 0;
		if (!is_in(old->base, base) && !is_in(base, old->base))
			continue;
		if (rule->glob || old->rule.glob)
			return fail_mixed(c, rule, old->layer, err);
		again[i] = true;
	}
	return 0;
}

int lam_claims_exclude(struct lam_claims *c, struct lam_plan_rule *rule,
		       struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) bool *again = lam_xcalloc(c->before, sizeof *again);
	LAM_CLEANUP(lam_free_ptr) char *base = base_of(rule);
	struct lam_plan_rule copy;
	size_t owner;

	if (find_owner(c, rule, base, again, &owner, err) < 0) {
		lam_rule_fini(rule);
		return err->code;
	}
	if (add(c, rule, owner, err) < 0)
		return err->code;
	for (size_t i = 0; i < c->before; i++) {
		if (!again[i])
			continue;
		lam_rule_copy(&copy, &c->items[i].rule);
		if (add(c, &copy, c->items[i].layer, err) < 0)
			return err->code;
	}
	return 0;
}

/* The last claim of all there is: none before it can win. */
static size_t last_of_all(const struct lam_claims *c)
{
	size_t i = c->count - 1;

	while (i && (c->items[i].rule.glob || strcmp(c->items[i].base, "/") != 0))
		i--;
	return i;
}

struct lam_plan *lam_claims_plan(const struct lam_claims *c)
{
	struct lam_plan *plan = lam_xcalloc(1, sizeof *plan);
	size_t first = last_of_all(c), rest = c->items[first].layer;

	plan->layers = lam_xcalloc(c->layer_count, sizeof *plan->layers);
	for (size_t i = 0; i < c->layer_count; i++) {
		char *name = lam_plan_free_name(plan, c->layers[i].name);

		plan->layers[plan->layer_count++].name = name;
	}
	/* what nobody takes is nowhere, and has to be of a layer all the same */
	plan->layers[rest == NOBODY ? 0 : rest].rest = true;
	first += rest != NOBODY;
	plan->rules = lam_xcalloc(c->count + 1, sizeof *plan->rules);
	for (size_t i = first; i < c->count; i++) {
		struct lam_plan_rule *rule = &plan->rules[plan->rule_count++];
		size_t layer = c->items[i].layer;

		lam_rule_copy(rule, &c->items[i].rule);
		if (layer != NOBODY)
			rule->to = lam_xstrdup(plan->layers[layer].name);
	}
	return plan;
}
