/* Edits of a plan: its rules, and another plan appended. */
#include <stdlib.h>
#include <string.h>

#include <lamina/edit.h>

#include "base/memory.h"
#include "base/path.h"
#include "base/text.h"
#include "oci/settings.h"
#include "plan/plan.h"
#include "plan/rule.h"

/* Rules */

void lam_plan_drop_rules(struct lam_plan *plan, const bool *gone)
{
	size_t kept = 0;

	for (size_t i = 0; i < plan->rule_count; i++) {
		if (gone[i])
			lam_rule_fini(&plan->rules[i]);
		else
			plan->rules[kept++] = plan->rules[i];
	}
	plan->rule_count = kept;
}

static void free_rules(struct lam_plan_rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++)
		lam_rule_fini(&rules[i]);
	free(rules);
}

/* Puts rules behind those of the plan, and takes out those that never can win; takes
 * `fresh` over where that is done. */
static int append_rules(struct lam_plan *plan, struct lam_plan_rule *fresh, size_t count,
			struct lam_error *err)
{
	size_t total = plan->rule_count + count, left = 0;
	struct lam_plan next = *plan;
	LAM_CLEANUP(lam_free_ptr) bool *dead = lam_xcalloc(total + 1, sizeof *dead);

	next.rules = lam_xcalloc(total + 1, sizeof *next.rules);
	next.rule_count = total;
	for (size_t i = 0; i < total; i++)
		next.rules[i] = i < plan->rule_count ? plan->rules[i]
						     : fresh[i - plan->rule_count];
	lam_plan_find_dead(&next, dead);
	for (size_t i = 0; i < total; i++)
		left += !dead[i];
	if (left > LAM_EDIT_MAX_RULES) {
		free(next.rules);
		return lam_fail(err, LAM_EPLAN,
				"that would make %zu rules, and a plan may have %d here; "
				"use a pattern, or the directory above",
				left, LAM_EDIT_MAX_RULES);
	}
	free(plan->rules);
	free(fresh);
	*plan = next;
	lam_plan_drop_rules(plan, dead);
	return 0;
}

int lam_edit_assign(struct lam_plan *plan, const struct lam_edit_rule *rules,
		    size_t count, const char *to, struct lam_error *err)
{
	struct lam_plan_rule *fresh;
	char shown[LAM_PATH_TEXT];

	if (to && lam_plan_find_layer(plan, to) == SIZE_MAX)
		return lam_fail(err, LAM_EPLAN, "no layer \"%s\"",
				lam_path_text(shown, to, strlen(to), false));
	if (count > LAM_EDIT_MAX_RULES)
		return lam_fail(err, LAM_EPLAN,
				"%zu rules at once, and a plan may have %d here; use a "
				"pattern, or the directory above",
				count, LAM_EDIT_MAX_RULES);
	fresh = lam_xcalloc(count + 1, sizeof *fresh);
	for (size_t i = 0; i < count; i++) {
		if (lam_rule_init(&fresh[i], rules[i].kind, rules[i].pattern, to, err) <
		    0) {
			free_rules(fresh, count);
			return err->code;
		}
	}
	if (append_rules(plan, fresh, count, err) == 0)
		return 0;
	free_rules(fresh, count);
	return err->code;
}

int lam_edit_rule_remove(struct lam_plan *plan, size_t rule, struct lam_error *err)
{
	if (rule >= plan->rule_count)
		return lam_fail(err, LAM_EPLAN, "no rule %zu; there are %zu", rule,
				plan->rule_count);
	lam_rule_fini(&plan->rules[rule]);
	plan->rule_count--;
	memmove(plan->rules + rule, plan->rules + rule + 1,
		(plan->rule_count - rule) * sizeof *plan->rules);
	return 0;
}

/* Clearing */

/* Patterns as each kind of rule has them, sorted; what is no path is an error, and what
 * is no pattern of another kind names none of that kind. */
struct cleared {
	char **patterns[LAM_RULE_KIND_COUNT];
	size_t counts[LAM_RULE_KIND_COUNT];
};

static void cleared_fini(struct cleared *c)
{
	for (size_t k = 0; k < LAM_RULE_KIND_COUNT; k++) {
		for (size_t i = 0; i < c->counts[k]; i++)
			free(c->patterns[k][i]);
		free(c->patterns[k]);
	}
}

static int add_cleared(struct cleared *c, enum lam_rule_kind kind, const char *pattern,
		       struct lam_error *err)
{
	struct lam_plan_rule rule;

	if (lam_rule_init(&rule, kind, pattern, NULL, err) < 0)
		return kind == LAM_RULE_PATH ? err->code : 0;
	c->patterns[kind][c->counts[kind]++] = LAM_STEAL(rule.pattern);
	lam_rule_fini(&rule);
	return 0;
}

static int cleared_init(struct cleared *c, const char *const *patterns, size_t count,
			struct lam_error *err)
{
	*c = (struct cleared){ 0 };
	for (unsigned k = 0; k < LAM_RULE_KIND_COUNT; k++) {
		c->patterns[k] = lam_xcalloc(count + 1, sizeof *c->patterns[k]);
		for (size_t i = 0; i < count; i++) {
			if (add_cleared(c, (enum lam_rule_kind)k, patterns[i], err) < 0)
				return err->code;
		}
		qsort(c->patterns[k], c->counts[k], sizeof *c->patterns[k],
		      lam_compare_texts);
	}
	return 0;
}

static bool names(const struct cleared *c, enum lam_rule_kind kind, const char *text)
{
	return bsearch(&text, c->patterns[kind], c->counts[kind],
		       sizeof *c->patterns[kind], lam_compare_texts);
}

/* Whether a pattern, or with `below` something above a path, was named. An escape has no
 * slash in it, so the text form can be cut at slashes. */
static bool is_cleared(const struct cleared *c, const struct lam_plan_rule *rule,
		       bool below)
{
	LAM_CLEANUP(lam_free_ptr) char *path = NULL;
	char *slash;

	if (names(c, rule->kind, rule->pattern))
		return true;
	if (rule->kind != LAM_RULE_PATH || !below)
		return false;
	path = lam_xstrdup(rule->pattern);
	while ((slash = strrchr(path, '/'))) {
		*slash = '\0';
		if (names(c, rule->kind, *path ? path : "/"))
			return true;
	}
	return false;
}

int lam_edit_clear(struct lam_plan *plan, const char *const *patterns, size_t count,
		   bool below, size_t *out_count, struct lam_error *err)
{
	LAM_CLEANUP(cleared_fini) struct cleared c;
	LAM_CLEANUP(lam_free_ptr)
	bool *gone = lam_xcalloc(plan->rule_count + 1, sizeof *gone);
	size_t before = plan->rule_count;

	*out_count = 0;
	if (cleared_init(&c, patterns, count, err) < 0)
		return err->code;
	for (size_t i = 0; i < plan->rule_count; i++)
		gone[i] = is_cleared(&c, &plan->rules[i], below);
	lam_plan_drop_rules(plan, gone);
	*out_count = before - plan->rule_count;
	return 0;
}

/* Another plan */

int lam_edit_append(struct lam_plan *plan, const struct lam_plan *other,
		    struct lam_error *err)
{
	struct lam_plan_rule *fresh;
	size_t added = 0;

	for (size_t i = 0; i < other->layer_count; i++)
		added += lam_plan_find_layer(plan, other->layers[i].name) == SIZE_MAX;
	if (lam_plan_room(plan, added, err) < 0)
		return err->code;
	fresh = lam_xcalloc(other->rule_count + 1, sizeof *fresh);
	for (size_t i = 0; i < other->rule_count; i++)
		lam_rule_copy(&fresh[i], &other->rules[i]);
	if (append_rules(plan, fresh, other->rule_count, err) < 0) {
		free_rules(fresh, other->rule_count);
		return err->code;
	}
	lam_settings_take(&plan->settings, &other->settings);
	for (size_t i = 0; i < other->layer_count; i++) {
		struct lam_plan_layer bare = other->layers[i];

		if (lam_plan_find_layer(plan, bare.name) != SIZE_MAX)
			continue;
		bare.from_count = 0;
		bare.rest = bare.keep = bare.rewrite = false;
		lam_plan_copy_layer(&plan->layers[plan->layer_count++], &bare);
	}
	return 0;
}
