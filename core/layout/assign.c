/* Where each path goes: the plan's rules, the target that names its origin, and hard
 * links that stay together. */
#include <stdlib.h>
#include <string.h>

#include "layout/layout.h"

#define NONE LAM_TARGET_NONE

/* Originals and the targets that name them */

static int own(struct lam_layout *l, uint32_t original, uint32_t target,
	       struct lam_error *err)
{
	uint32_t other = l->owners[original];

	if (other != NONE && other != target)
		return lam_layout_error(
			l, err,
			"layer %u of the image is in two layers of the plan, \"%s\" and \"%s\"",
			original, l->stack[other].info.name, l->stack[target].info.name);
	l->owners[original] = target;
	return 0;
}

static int own_range(struct lam_layout *l, uint32_t target, const struct lam_range *range,
		     bool has_rest, struct lam_error *err)
{
	size_t count = l->image->layer_count;

	if (range->last >= count && !has_rest)
		return lam_layout_error(
			l, err,
			"layer \"%s\" is from layer %u, and the image has %zu layers, 0 to %zu",
			l->stack[target].info.name, range->last, count, count - 1);
	if (range->last >= count &&
	    lam_layout_remark_add(l, true, err,
				  "layer \"%s\" is from layer %u, and the image has "
				  "%zu layers: ignored",
				  l->stack[target].info.name, range->last, count) < 0)
		return err->code;
	for (uint32_t i = range->first; i <= range->last && i < count; i++) {
		if (own(l, i, target, err) < 0)
			return err->code;
	}
	return 0;
}

static int own_rest(struct lam_layout *l, uint32_t rest, struct lam_error *err)
{
	for (uint32_t i = 0; i < l->image->layer_count; i++) {
		if (l->owners[i] != NONE)
			continue;
		if (rest != NONE)
			l->owners[i] = rest;
		else if (lam_layout_error(
				 l, err,
				 "layer %u of the image is in no layer of the plan",
				 i) < 0)
			return err->code;
	}
	return 0;
}

static void find_originals(struct lam_layout *l)
{
	for (size_t t = 0; t < l->target_count; t++)
		l->stack[t].original = UINT32_MAX;
	for (size_t pass = 0; pass < 2; pass++) {
		for (uint32_t i = 0; i < l->image->layer_count; i++) {
			struct lam_layout_target *target = &l->stack[l->owners[i]];

			if (pass == 0)
				target->info.entry_count++; /* how many, for the second
							       pass */
			else if (target->info.entry_count == 1)
				target->original = i;
		}
	}
	for (size_t t = 0; t < l->target_count; t++)
		l->stack[t].info.entry_count = 0;
}

static int own_all(struct lam_layout *l, struct lam_error *err)
{
	const struct lam_plan *plan = l->plan;
	uint32_t rest = NONE;

	memset(l->owners, 0xff, l->image->layer_count * sizeof *l->owners);
	for (uint32_t t = 0; t < plan->layer_count; t++) {
		if (plan->layers[t].rest)
			rest = t;
	}
	for (uint32_t t = 0; t < plan->layer_count; t++) {
		for (size_t i = 0; i < plan->layers[t].from_count; i++) {
			if (own_range(l, t, &plan->layers[t].from[i], rest != NONE, err) <
			    0)
				return err->code;
		}
	}
	if (own_rest(l, rest, err) < 0)
		return err->code;
	if (err->code != LAM_OK)
		return err->code;
	find_originals(l);
	for (uint32_t t = 0; t < plan->layer_count; t++) {
		if (plan->layers[t].keep && l->stack[t].original == UINT32_MAX &&
		    lam_layout_error(
			    l, err,
			    "layer \"%s\" (keep: true) is not from exactly one layer of this image",
			    plan->layers[t].name) < 0)
			return err->code;
	}
	return err->code;
}

/* Rules */

static uint32_t rule_target(const struct lam_layout *l, uint32_t rule)
{
	const char *to = l->plan->rules[rule].to;

	for (uint32_t t = 0; to && t < l->target_count; t++) {
		if (strcmp(l->plan->layers[t].name, to) == 0)
			return t;
	}
	return NONE;
}

/* Directories that something left still needs stay, where the first of it goes. */
static void keep_parents(struct lam_layout *l)
{
	for (uint32_t n = l->tree->node_count; n-- > 1;) {
		uint32_t parent = l->tree->nodes[n].parent;

		if (!l->gone[n] && l->gone[parent]) {
			l->gone[parent] = false;
			l->targets[parent] = l->targets[n];
			l->dropped[parent] = false;
		} else if (!l->gone[n] && l->dropped[parent] &&
			   l->targets[parent] != NONE) {
			l->targets[parent] = l->targets[n]; /* an earlier name decides */
		}
	}
}

static void count_dropped(struct lam_layout *l)
{
	for (uint32_t n = 0; n < l->tree->node_count; n++) {
		const struct lam_node *node = &l->tree->nodes[n];
		struct lam_stat stat;

		if (!node->live || !l->gone[n])
			continue;
		l->dropped_count++;
		lam_tree_stat(l->tree, n, &stat);
		if (stat.kind == LAM_KIND_FILE && lam_tree_first_link(l->tree, n) == n)
			l->dropped_bytes += stat.size;
	}
}

static int assign_nodes(struct lam_layout *l, struct lam_error *err)
{
	uint32_t *to = malloc((l->plan->rule_count + 1) * sizeof *to);

	if (!to)
		return lam_fail_memory(err);
	for (uint32_t r = 0; r < l->plan->rule_count; r++)
		to[r] = rule_target(l, r);
	for (uint32_t n = 0; n < l->tree->node_count; n++) {
		uint32_t rule = l->match.rules[n];
		uint32_t target = rule == LAM_RULE_NONE
					  ? l->owners[lam_tree_origin(l->tree, n)]
					  : to[rule];

		l->dropped[n] = rule != LAM_RULE_NONE && to[rule] == NONE;
		if (n == LAM_NODE_ROOT && target == NONE)
			target = l->owners[lam_tree_origin(l->tree, n)];
		l->gone[n] = !l->tree->nodes[n].live || target == NONE;
		l->targets[n] = l->gone[n] ? NONE : target;
	}
	free(to);
	keep_parents(l);
	for (size_t i = 0; i < l->tree->link_count; i++)
		l->wanted[i] = l->targets[l->tree->links[i].node];
	count_dropped(l);
	return 0;
}

/* Drift */

static bool known_path(const struct lam_plan *plan, const char *text)
{
	for (size_t i = 0; i < plan->source_path_count; i++) {
		if (strcmp(plan->source_paths[i], text) == 0)
			return true;
	}
	return false;
}

static bool rule_below(const struct lam_layout *l, uint32_t top)
{
	for (uint32_t n = top; n != LAM_NODE_NONE; n = lam_tree_next(l->tree, n, top)) {
		if (l->match.rules[n] != LAM_RULE_NONE)
			return true;
	}
	return false;
}

static int remark_new_paths(struct lam_layout *l, struct lam_error *err)
{
	const struct lam_node *root = &l->tree->nodes[LAM_NODE_ROOT];

	if (!l->plan->source_paths)
		return 0;
	for (uint32_t n = root->first_child; n < root->first_child + root->child_count;
	     n++) {
		char *text;
		int code = 0;

		if (!l->tree->nodes[n].live || rule_below(l, n))
			continue;
		text = lam_tree_path_text(l->tree, n);
		if (!text)
			return lam_fail_memory(err);
		/* names at the top are recorded without the slash */
		if (!known_path(l->plan, text + 1))
			code = lam_layout_remark_add(
				l, true, err,
				"%s is new in the image, and no rule is about it: it goes to "
				"layer \"%s\"",
				text, l->stack[l->targets[n]].info.name);
		free(text);
		if (code < 0)
			return code;
	}
	return 0;
}

static int remark_rules(struct lam_layout *l, struct lam_error *err)
{
	if (lam_stops(l->stop, 0))
		return lam_fail_stopped(err);
	for (size_t r = 0; r < l->plan->rule_count; r++) {
		const struct lam_plan_rule *rule = &l->plan->rules[r];

		if (l->match.matched[r] == 0 &&
		    lam_layout_remark_add(
			    l, true, err,
			    "assign[%zu]: %s %s matches nothing in this image", r,
			    lam_rule_kind_name(rule->kind), rule->pattern) < 0)
			return err->code;
	}
	return remark_new_paths(l, err);
}

int lam_layout_assign(struct lam_layout *l, struct lam_error *err)
{
	if (own_all(l, err) < 0)
		return err->code;
	if (lam_match_new(&l->match, l->tree, l->plan, l->stop, err) < 0 ||
	    assign_nodes(l, err) < 0)
		return err->code;
	return remark_rules(l, err);
}

/* Hard links and originals that cannot stay */

/* A group whose names go to several targets stays apart only where all of these are
 * originals as they are. */
static bool group_may_part(const struct lam_layout *l, const struct lam_tree_link *begin,
			   const struct lam_tree_link *end)
{
	uint32_t first = NONE;
	bool apart = false, kept = true;

	for (const struct lam_tree_link *k = begin; k < end; k++) {
		uint32_t target = l->wanted[k - l->tree->links];

		if (l->gone[k->node])
			continue;
		kept = kept && l->stack[target].kept;
		apart = apart || (first != NONE && target != first);
		if (first == NONE)
			first = target;
	}
	return !apart || kept;
}

static const struct lam_tree_link *group_end(const struct lam_tree *tree,
					     const struct lam_tree_link *begin)
{
	const struct lam_tree_link *end = begin;

	while (end < tree->links + tree->link_count && end->layer == begin->layer &&
	       end->inode == begin->inode)
		end++;
	return end;
}

/* What was pulled once stays so: originals stop to be kept, and never begin. */
static void pull_groups(struct lam_layout *l)
{
	const struct lam_tree *tree = l->tree;
	const struct lam_tree_link *end;

	for (const struct lam_tree_link *begin = tree->links;
	     begin < tree->links + tree->link_count; begin = end) {
		uint32_t to = NONE;

		end = group_end(tree, begin);
		if (group_may_part(l, begin, end))
			continue;
		for (const struct lam_tree_link *k = begin; k < end; k++) {
			if (l->gone[k->node])
				continue;
			if (to == NONE)
				to = l->wanted[k - tree->links];
			l->targets[k->node] = to;
		}
	}
}

/* Whether the origin of a node can stay what it is with the node where it goes now. */
static int check_node(struct lam_layout *l, uint32_t n, struct lam_error *err)
{
	uint32_t origin = lam_tree_origin(l->tree, n), from = l->owners[origin],
		 to = l->targets[n];
	char path[512];

	if (l->stack[to].kept && l->stack[to].original != origin) {
		/* a root that no layer describes is in all layers alike */
		if (lam_tree_deciding(l->tree, n) == LAM_NODE_NONE)
			return 0;
		return lam_layout_unkeep(l, to, err, "%s moved in from layer %u",
					 lam_layout_path(l, n, path), origin);
	}
	if (l->tree->nodes[n].kind != LAM_KIND_DIR && to != from && l->stack[from].kept)
		return lam_layout_unkeep(l, from, err, "%s moved to %s",
					 lam_layout_path(l, n, path),
					 l->stack[to].info.name);
	return 0;
}

/* What is left out must not stay in a blob, in no version; but the plan's word that a
 * blob must stay is stronger than a version that is hidden in it. */
static int check_dropped(struct lam_layout *l, uint32_t n, struct lam_error *err)
{
	bool live = l->tree->nodes[n].live;
	char path[512];

	for (uint32_t v = l->tree->nodes[n].version; v != LAM_NODE_NONE;
	     v = l->tree->versions[v].previous) {
		const struct lam_version *version = &l->tree->versions[v];
		uint32_t target = l->owners[version->layer];
		bool seen = live && v == l->tree->nodes[n].version;

		if (version->inode == LAM_INODE_NONE || !l->stack[target].kept ||
		    (l->stack[target].info.keep && !seen))
			continue;
		if (l->tree->layers[version->inode_layer]->inodes[version->inode].kind ==
		    LAM_KIND_DIR)
			continue;
		if (lam_layout_unkeep(l, target, err, "%s is left out of the image",
				      lam_layout_path(l, n, path)) < 0)
			return err->code;
	}
	return 0;
}

/* Left out of the image, and still in a blob that the plan keeps: secrets are not gone
 * that way. */
int lam_layout_remark_hidden(struct lam_layout *l, struct lam_error *err)
{
	char path[512];

	for (uint32_t n = 0; n < l->tree->node_count; n++) {
		uint32_t v = l->dropped[n] ? l->tree->nodes[n].version : LAM_NODE_NONE;

		for (; v != LAM_NODE_NONE; v = l->tree->versions[v].previous) {
			const struct lam_version *version = &l->tree->versions[v];
			uint32_t target = l->owners[version->layer];

			if (version->inode == LAM_INODE_NONE || !l->stack[target].kept ||
			    l->tree->layers[version->inode_layer]
					    ->inodes[version->inode]
					    .kind == LAM_KIND_DIR)
				continue;
			if (lam_layout_remark_add(
				    l, false, err,
				    "%s is left out, and layer \"%s\" (keep: true) still holds a version "
				    "of it that nobody sees",
				    lam_layout_path(l, n, path),
				    l->stack[target].info.name) < 0)
				return err->code;
		}
	}
	return 0;
}

static size_t count_kept(const struct lam_layout *l)
{
	size_t count = 0;

	for (size_t t = 0; t < l->target_count; t++)
		count += l->stack[t].kept;
	return count;
}

int lam_layout_settle(struct lam_layout *l, struct lam_error *err)
{
	size_t before;

	do {
		before = count_kept(l);
		pull_groups(l);
		for (uint32_t n = 0; n < l->tree->node_count && before; n++) {
			if (lam_stops(l->stop, n))
				return lam_fail_stopped(err);
			if (!l->gone[n] && check_node(l, n, err) < 0)
				return err->code;
			if (l->dropped[n] && check_dropped(l, n, err) < 0)
				return err->code;
		}
	} while (count_kept(l) != before);
	return 0;
}
