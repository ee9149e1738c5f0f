/* What the kinds of rules are: how a pattern is read, and what of a tree it matches. */
#include "plan/rule.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/path.h"
#include "plan/plan.h"
#include "tree/tree.h"

/* Paths */

static int set_path(struct lam_plan_rule *rule, const char *text, struct lam_error *err)
{
	return lam_plan_clean_path(&rule->pattern, NULL, text, err);
}

static int match_paths(const struct lam_matching *m, struct lam_error *err)
{
	for (uint32_t r = 0; r < m->plan->rule_count; r++) {
		LAM_CLEANUP(lam_free_ptr) char *bytes = NULL;
		uint32_t node;
		size_t len;

		if (m->plan->rules[r].kind != LAM_RULE_PATH)
			continue;
		if (lam_stops(m->stop, r))
			return lam_fail_stopped(err);
		if (lam_path_unescape(&bytes, &len, m->plan->rules[r].pattern, err) < 0)
			return lam_wrap(err, "assign[%u]", r);
		node = lam_tree_find(m->tree, bytes, len);
		if (node != LAM_NODE_NONE)
			m->take(m->context, r, node);
	}
	return 0;
}

/* Globs */

static int set_glob(struct lam_plan_rule *rule, const char *text, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *pattern = NULL;

	if (lam_plan_clean_glob(&pattern, text, err) < 0 ||
	    lam_glob_new(&rule->glob, pattern, err) < 0)
		return err->code;
	rule->pattern = LAM_STEAL(pattern);
	return 0;
}

struct walk {
	const struct lam_matching *m;
	struct lam_buf path; /* of the node that a glob is at, absolute */
	size_t steps;
};

static void enter(struct walk *w, uint32_t node)
{
	size_t len;
	const char *name = lam_tree_name(w->m->tree, node, &len);

	if (w->path.len > 1)
		lam_text_putc(&w->path, '/');
	lam_text_add(&w->path, name, len);
}

static void leave(struct walk *w, uint32_t node)
{
	size_t len;

	lam_tree_name(w->m->tree, node, &len);
	w->path.len -= len;
	if (w->path.len > 1)
		w->path.len--;
}

/* The next node at or below top that is not below `node`; LAM_NODE_NONE: there is none.
 */
static uint32_t pass(struct walk *w, uint32_t node, uint32_t top)
{
	while (node != top) {
		const struct lam_node *parent = lam_tree_node(
			w->m->tree, lam_tree_node(w->m->tree, node)->parent);

		leave(w, node);
		if (node + 1 < parent->first_child + parent->child_count)
			return node + 1;
		node = lam_tree_node(w->m->tree, node)->parent;
	}
	return LAM_NODE_NONE;
}

/* What matches takes all below it along, so that nothing there needs to be looked at. */
static int match_glob(struct walk *w, uint32_t rule, struct lam_error *err)
{
	const struct lam_glob *glob = w->m->plan->rules[rule].glob;
	size_t len;
	const char *base = lam_glob_base(glob, &len);
	uint32_t top = lam_tree_find(w->m->tree, base, len), node = top;

	lam_buf_clear(&w->path);
	lam_text_putc(&w->path, '/');
	lam_text_add(&w->path, base, len);
	while (node != LAM_NODE_NONE) {
		const struct lam_node *n = lam_tree_node(w->m->tree, node);
		bool matches;

		if (lam_stops(w->m->stop, w->steps++))
			return lam_fail_stopped(err);
		matches = lam_glob_match(glob, w->path.data, w->path.len);
		if (matches)
			w->m->take(w->m->context, rule, node);
		node = n->child_count && !matches ? n->first_child : pass(w, node, top);
		if (node != LAM_NODE_NONE)
			enter(w, node);
	}
	return 0;
}

static int match_globs(const struct lam_matching *m, struct lam_error *err)
{
	struct walk w = { .m = m, .path = LAM_TEXT };
	int code = 0;

	for (uint32_t r = 0; r < m->plan->rule_count && code == 0; r++) {
		if (m->plan->rules[r].kind == LAM_RULE_GLOB)
			code = match_glob(&w, r, err);
	}
	lam_buf_fini(&w.path);
	return code;
}

/* The table */

const struct lam_rule_ops lam_rule_kinds[] = {
	[LAM_RULE_PATH] = { "path", set_path, match_paths },
	[LAM_RULE_GLOB] = { "glob", set_glob, match_globs },
};

_Static_assert(sizeof lam_rule_kinds / sizeof *lam_rule_kinds == LAM_RULE_KIND_COUNT,
	       "a row a kind");

const char *lam_rule_kind_name(enum lam_rule_kind kind)
{
	return lam_rule_kinds[kind].name;
}

int lam_rule_init(struct lam_plan_rule *out, enum lam_rule_kind kind, const char *pattern,
		  const char *to, struct lam_error *err)
{
	char shown[LAM_PATH_TEXT];

	*out = (struct lam_plan_rule){ .kind = kind };
	if (lam_rule_kinds[kind].set(out, pattern, err) < 0)
		return lam_wrap(err, "%s",
				lam_path_text(shown, pattern, strlen(pattern), false));
	out->to = to ? lam_xstrdup(to) : NULL;
	return 0;
}

static char *copy_text(const char *text)
{
	return text ? lam_xstrdup(text) : NULL;
}

void lam_rule_copy(struct lam_plan_rule *out, const struct lam_plan_rule *rule)
{
	*out = (struct lam_plan_rule){ .kind = rule->kind,
				       .pattern = copy_text(rule->pattern),
				       .glob = lam_glob_share(rule->glob),
				       .to = copy_text(rule->to),
				       .note = copy_text(rule->note) };
}

void lam_rule_fini(struct lam_plan_rule *rule)
{
	free(rule->pattern);
	lam_glob_free(rule->glob);
	free(rule->to);
	free(rule->note);
}
