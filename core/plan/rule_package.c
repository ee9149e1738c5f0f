/* Rules about packages: which packages a pattern means, and what of a tree these own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"
#include "base/memory.h"
#include "base/path.h"
#include "base/spelling.h"
#include "base/stop.h"
#include "plan/plan.h"
#include "plan/rule.h"

#define NO_RULE UINT32_MAX
/* Of a directory: of what is in it no rule is known yet. */
#define UNSAID (UINT32_MAX - 1)

/* The pattern */

static int fail_kind(const char *text, size_t len, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf kinds = LAM_TEXT;
	char hint[96] = "";
	const char *name = text[len] == ':' ? text + len + 1 : "", *kind;
	struct lam_spelling near;

	lam_spelling_init(&near, text, len);
	for (size_t i = 0; (kind = lam_package_kind(i)); i++) {
		lam_text_printf(&kinds, "%s%s", i ? ", " : "", kind);
		lam_spelling_try(&near, kind, strlen(kind));
	}
	if (near.best)
		snprintf(hint, sizeof hint, "; did you mean \"%s:%s\"?", near.best,
			 !*name ? "*"
			 : strlen(name) < 40 && lam_path_may_show(name, strlen(name))
				 ? name
				 : "NAME");
	return lam_fail(err, LAM_EPLAN, "expected KIND:NAME, with a kind of %s%s",
			kinds.data, hint);
}

int lam_rule_set_package(struct lam_plan_rule *rule, const char *text,
			 struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *glob = NULL;
	LAM_CLEANUP(lam_free_ptr) char *with_slash = lam_xprintf("/%s", text);
	const char *colon = strchr(text, ':'), *kind;
	size_t len = colon ? (size_t)(colon - text) : strlen(text), i = 0;

	while ((kind = lam_package_kind(i)) &&
	       (strlen(kind) != len || memcmp(kind, text, len) != 0))
		i++;
	if (!kind || !colon)
		return fail_kind(text, len, err);
	if (colon[1] == '\0')
		return lam_fail(
			err, LAM_EPLAN,
			"expected KIND:NAME, and there is no name: \"%s:*\" is all "
			"of them",
			kind);
	if (lam_plan_clean_glob(&glob, with_slash, err) < 0 ||
	    lam_glob_new(&rule->glob, glob, err) < 0)
		return err->code;
	rule->pattern = lam_xstrdup(glob + 1);
	return 0;
}

/* Names are matched as bytes. */
static char *matched_name(const struct lam_package *p, size_t *out_len)
{
	LAM_CLEANUP(lam_free_ptr) char *text = lam_xprintf("/%s:%s", p->kind, p->name);
	struct lam_error err;
	char *bytes;

	/* the text form that was made of it */
	if (lam_path_unescape(&bytes, out_len, text, &err) < 0)
		lam_out_of_memory();
	return bytes;
}

bool lam_rule_means_package(const struct lam_plan_rule *rule,
			    const struct lam_packages *packages)
{
	for (size_t i = 0; i < lam_packages_count(packages); i++) {
		LAM_CLEANUP(lam_free_ptr) char *name = NULL;
		size_t len;

		name = matched_name(lam_packages_get(packages, i), &len);
		if (lam_glob_match(rule->glob, name, len))
			return true;
	}
	return false;
}

/* Which rule a package's paths go by */

struct names {
	const struct lam_matching *m;
	const struct lam_packages *packages;
	struct lam_globs *globs;
	struct lam_globs_state state;
	uint32_t *rules; /* of each package: the last that matches its name */
};

static int add_rules(struct names *n, struct lam_error *err)
{
	const struct lam_plan *plan = n->m->plan;

	for (uint32_t r = 0; r < plan->rule_count; r++) {
		if (lam_stops(n->m->stop, 0))
			return lam_fail_stopped(err);
		if (plan->rules[r].kind == LAM_RULE_PACKAGE)
			lam_globs_add(n->globs, plan->rules[r].glob, r);
	}
	return 0;
}

static int step_name(struct names *n, const struct lam_package *p, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *name = NULL;
	size_t len;

	name = matched_name(p, &len);
	lam_globs_begin(n->globs, &n->state);
	if (!lam_globs_step(n->globs, &n->state, name, len, &n->state, n->m->stop))
		return lam_fail_stopped(err);
	return 0;
}

/* A path of the package, a live one if there is one. */
static uint32_t path_of(const struct names *n, uint32_t package)
{
	size_t count, i = 0;
	const uint32_t *nodes = lam_packages_nodes(n->packages, package, &count);

	while (i < count && !lam_tree_node(n->m->tree, nodes[i])->live)
		i++;
	if (count == 0)
		return LAM_NODE_NONE;
	return nodes[i < count ? i : 0];
}

/* Rules that do not win match a path of the package all the same. */
static int match_name(struct names *n, uint32_t package, struct lam_error *err)
{
	struct lam_globs_matches matches = { 0 };
	uint32_t rule, *last = &n->rules[package], node = path_of(n, package);

	*last = NO_RULE;
	if (step_name(n, lam_packages_get(n->packages, package), err) < 0)
		return err->code;
	while ((rule = lam_globs_next(n->globs, &n->state, &matches)) != UINT32_MAX) {
		if (*last == NO_RULE || *last < rule)
			*last = rule;
		if (node != LAM_NODE_NONE)
			n->m->take(n->m->context, rule, node);
	}
	return 0;
}

static int match_names(struct names *n, struct lam_error *err)
{
	size_t count = lam_packages_count(n->packages);

	if (add_rules(n, err) < 0)
		return err->code;
	for (uint32_t p = 0; p < count; p++) {
		if (match_name(n, p, err) < 0)
			return err->code;
	}
	return 0;
}

/* And which nodes */

struct spread {
	const struct lam_tree *tree;
	uint32_t *rules; /* of each node: its package's */
	uint32_t *below; /* of each directory: that of all that is live in it */
};

/* Directories go by the rule of all in them; children have larger numbers. */
static void rule_directories(struct spread *s, uint32_t count)
{
	for (uint32_t i = count; i-- > 1;) {
		const struct lam_node *node = lam_tree_node(s->tree, i);
		uint32_t *above = &s->below[node->parent];

		if (!node->live)
			continue;
		if (s->below[i] != UNSAID)
			s->rules[i] = s->below[i];
		else if (node->kind == LAM_KIND_DIR && s->rules[i] == NO_RULE)
			continue;
		if (*above == UNSAID)
			*above = s->rules[i];
		else if (*above != s->rules[i])
			*above = NO_RULE;
	}
	s->rules[LAM_NODE_ROOT] = NO_RULE;
}

static void take_nodes(const struct lam_matching *m, const struct spread *s,
		       uint32_t count)
{
	for (uint32_t i = 1; i < count; i++) {
		uint32_t above = s->rules[lam_tree_node(s->tree, i)->parent];

		if (s->rules[i] != NO_RULE && s->rules[i] != above)
			m->take(m->context, s->rules[i], i);
	}
}

static int match_nodes(const struct names *n, struct lam_error *err)
{
	uint32_t count = lam_tree_count(n->m->tree);
	struct spread s = { .tree = n->m->tree,
			    .rules = malloc(count * sizeof *s.rules),
			    .below = malloc(count * sizeof *s.below) };

	if (s.rules && s.below) {
		for (uint32_t i = 0; i < count; i++) {
			uint32_t owner = lam_packages_owner(n->packages, i);

			s.rules[i] =
				owner == LAM_PACKAGE_NONE ? NO_RULE : n->rules[owner];
			s.below[i] = UNSAID;
		}
		rule_directories(&s, count);
		take_nodes(n->m, &s, count);
	}
	bool good = s.rules && s.below;

	free(s.rules);
	free(s.below);
	return good ? 0 : lam_fail_memory(err);
}

static bool is_asked(const struct lam_plan *plan)
{
	for (size_t r = 0; r < plan->rule_count; r++) {
		if (plan->rules[r].kind == LAM_RULE_PACKAGE)
			return true;
	}
	return false;
}

int lam_rule_match_packages(const struct lam_matching *m, struct lam_error *err)
{
	struct names n = { .m = m };
	int code;

	if (!is_asked(m->plan))
		return 0;
	if (lam_packages_of(&n.packages, m->image, m->stop, err) < 0)
		return err->code;
	n.globs = lam_globs_new();
	n.rules = lam_xcalloc(lam_packages_count(n.packages) + 1, sizeof *n.rules);
	code = match_names(&n, err);
	if (code == 0)
		code = match_nodes(&n, err);
	lam_globs_state_fini(&n.state);
	lam_globs_free(n.globs);
	free(n.rules);
	return code;
}
