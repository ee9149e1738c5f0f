/* Rules: what their kinds are, how a pattern is read, what of a tree it matches, and which
 * rule wins for each path. */
#include "plan/rule.h"

#include <stdlib.h>
#include <string.h>

#include "base/glob.h"
#include "base/memory.h"
#include "base/path.h"
#include "base/stop.h"
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

/* A directory whose children are looked at. */
struct level {
	uint32_t next, end;            /* nodes */
	size_t opened;                 /* how many globs matched above the directory */
	struct lam_globs_state inside; /* behind its slash */
};

struct walk {
	const struct lam_matching *m;
	struct lam_globs *globs;
	struct level *levels; /* those past the depth keep their memory */
	size_t depth, count, cap;
	struct lam_globs_state here;
	bool *open; /* of each rule: it has matched at or above the node */
	uint32_t *opened;
	size_t opened_count;
};

/* What matches takes all below it along, so that it is told there no more. */
static void tell(struct walk *w, uint32_t node)
{
	struct lam_globs_matches matches = { 0 };
	uint32_t rule;

	while ((rule = lam_globs_next(w->globs, &w->here, &matches)) != UINT32_MAX) {
		if (w->open[rule])
			continue;
		w->open[rule] = true;
		w->opened[w->opened_count++] = rule;
		w->m->take(w->m->context, rule, node);
	}
}

static void close_to(struct walk *w, size_t count)
{
	while (w->opened_count > count)
		w->open[w->opened[--w->opened_count]] = false;
}

/* Tells what matches at a node, whose state is `here`, and goes into it. */
static int visit(struct walk *w, uint32_t node, struct lam_error *err)
{
	const struct lam_node *n = lam_tree_node(w->m->tree, node);
	size_t opened = w->opened_count;
	struct level *level;
	bool root = node == LAM_NODE_ROOT;

	tell(w, node);
	if (!n->child_count || !w->here.count) {
		close_to(w, opened);
		return 0;
	}
	if (w->depth == w->count) {
		LAM_XGROW(w->levels, w->count, w->cap);
		w->levels[w->count++] = (struct level){ 0 };
	}
	level = &w->levels[w->depth++];
	level->next = n->first_child;
	level->end = n->first_child + n->child_count;
	level->opened = opened;
	if (!lam_globs_step(w->globs, &w->here, "/", !root, &level->inside, w->m->stop))
		return lam_fail_stopped(err);
	return 0;
}

static int walk(struct walk *w, struct lam_error *err)
{
	struct lam_globs_state *here = &w->here;

	lam_globs_begin(w->globs, here);
	if (!lam_globs_step(w->globs, here, "/", 1, here, w->m->stop))
		return lam_fail_stopped(err);
	if (visit(w, LAM_NODE_ROOT, err) < 0)
		return err->code;
	for (uint64_t steps = 0; w->depth; steps++) {
		struct level *level = &w->levels[w->depth - 1];
		uint32_t node = level->next++;
		size_t len;
		const char *name;

		if (node == level->end) {
			close_to(w, level->opened);
			w->depth--;
			continue;
		}
		name = lam_tree_name(w->m->tree, node, &len);
		if (lam_stops(w->m->stop, steps) ||
		    !lam_globs_step(w->globs, &level->inside, name, len, here,
				    w->m->stop))
			return lam_fail_stopped(err);
		if (visit(w, node, err) < 0)
			return err->code;
	}
	return 0;
}

static int add_globs(struct walk *w, struct lam_error *err)
{
	const struct lam_plan *plan = w->m->plan;

	for (uint32_t r = 0; r < plan->rule_count; r++) {
		if (lam_stops(w->m->stop, 0))
			return lam_fail_stopped(err);
		if (plan->rules[r].kind == LAM_RULE_GLOB)
			lam_globs_add(w->globs, plan->rules[r].glob, r);
	}
	return 0;
}

static int match_globs(const struct lam_matching *m, struct lam_error *err)
{
	struct walk w = { .m = m,
			  .globs = lam_globs_new(),
			  .open = lam_xcalloc(m->plan->rule_count + 1, sizeof *w.open),
			  .opened = lam_xcalloc(m->plan->rule_count + 1,
						sizeof *w.opened) };
	int code = add_globs(&w, err);

	if (code == 0)
		code = walk(&w, err);
	for (size_t i = 0; i < w.count; i++)
		lam_globs_state_fini(&w.levels[i].inside);
	lam_globs_state_fini(&w.here);
	lam_globs_free(w.globs);
	free(w.levels);
	free(w.open);
	free(w.opened);
	return code;
}

/* The table */

const struct lam_rule_ops lam_rule_kinds[] = {
	[LAM_RULE_PATH] = { "path", set_path, match_paths },
	[LAM_RULE_GLOB] = { "glob", set_glob, match_globs },
	[LAM_RULE_PACKAGE] = { "package", lam_rule_set_package, lam_rule_match_packages },
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
	out->to = lam_xcopy(to);
	return 0;
}

void lam_rule_copy(struct lam_plan_rule *out, const struct lam_plan_rule *rule)
{
	*out = (struct lam_plan_rule){ .kind = rule->kind,
				       .pattern = lam_xcopy(rule->pattern),
				       .glob = lam_glob_share(rule->glob),
				       .to = lam_xcopy(rule->to),
				       .note = lam_xcopy(rule->note) };
}

void lam_rule_fini(struct lam_plan_rule *rule)
{
	free(rule->pattern);
	lam_glob_free(rule->glob);
	free(rule->to);
	free(rule->note);
}

/* Which rule wins */

#define NO_RULE UINT32_MAX

struct matcher {
	const struct lam_tree *tree;
	const struct lam_plan *plan;
	struct lam_match *match;
};

static void take(void *context, uint32_t rule, uint32_t node)
{
	struct matcher *m = context;
	uint32_t *winner = &m->match->rules[node];

	if (*winner == NO_RULE || *winner < rule)
		*winner = rule;
	if (!m->plan->rules[rule].to || lam_tree_node(m->tree, node)->live_count)
		m->match->matched[rule] = true;
}

static int match_rules(struct matcher *m, const struct lam_image *image,
		       const atomic_bool *stop, struct lam_error *err)
{
	const struct lam_matching matching = { m->plan, image, m->tree, stop, take, m };
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

int lam_match_new(struct lam_match *out, const struct lam_image *image,
		  const struct lam_plan *plan, const atomic_bool *stop,
		  struct lam_error *err)
{
	struct matcher m = { .tree = lam_image_tree(image), .plan = plan, .match = out };
	uint32_t count = lam_tree_count(m.tree);

	out->matched = lam_xcalloc(plan->rule_count + 1, sizeof *out->matched);
	out->rules = lam_alloc_large(count * sizeof *out->rules);
	if (!out->rules)
		return lam_fail_memory(err);
	memset(out->rules, 0xff, count * sizeof *out->rules);
	return match_rules(&m, image, stop, err);
}

void lam_match_fini(struct lam_match *match)
{
	free(match->rules);
	free(match->matched);
	*match = (struct lam_match){ 0 };
}
