/* Where each path goes: the plan's rules, the target that names its origin, and hard
 * links that stay together. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <lamina/packages.h>

#include "base/memory.h"
#include "base/stop.h"
#include "base/text.h"
#include "layout/layout.h"
#include "plan/plan.h"

#define NONE LAM_TARGET_NONE

/* Originals and the targets that name them */

/* Numbers that the image does not have are ignored where others fall to "rest". */
static void check_numbers(struct lam_layout *l, const struct lam_plan_layer *layer,
			  bool has_rest, struct lam_error *err)
{
	size_t count = l->image->layer_count;

	for (size_t i = 0; i < layer->from_count; i++) {
		uint32_t last = layer->from[i].last;

		if (last < count)
			continue;
		if (has_rest)
			lam_layout_remark_add(
				l, true,
				"layer \"%s\" is from layer %u, and the image has %zu "
				"layers: ignored",
				layer->name, last, count);
		else
			lam_layout_error(
				l, err,
				"layer \"%s\" is from layer %u, and the image has %zu "
				"layers, 0 to %zu",
				layer->name, last, count, count - 1);
	}
}

/* The only original that each target is made from. */
static void find_originals(struct lam_layout *l)
{
	bool *several = lam_xcalloc(l->target_count, sizeof *several);

	for (size_t t = 0; t < l->target_count; t++)
		l->stack[t].original = UINT32_MAX;
	for (uint32_t i = 0; i < l->image->layer_count; i++) {
		uint32_t *original = &l->stack[l->owners[i]].original;

		if (several[l->owners[i]] || *original != UINT32_MAX) {
			several[l->owners[i]] = true;
			*original = UINT32_MAX;
		} else {
			*original = i;
		}
	}
	free(several);
}

/* One line for all. */
static int check_owned(struct lam_layout *l, struct lam_error *err)
{
	uint32_t count = (uint32_t)l->image->layer_count, missing = 0;
	LAM_CLEANUP(lam_free_ptr) bool *which = lam_xcalloc(count + 1, sizeof *which);

	for (uint32_t i = 0; i < count; i++) {
		which[i] = l->owners[i] == NONE;
		missing += which[i];
	}
	if (missing)
		lam_layout_error(
			l, err,
			"%s of the image %s in no layer of the plan: \"from\": \"rest\" takes all that no other names",
			lam_layout_numbers(l, which), missing > 1 ? "are" : "is");
	return err->code;
}

static int own_all(struct lam_layout *l, struct lam_error *err)
{
	const struct lam_plan *plan = l->plan;
	bool has_rest = false;

	l->owners = lam_plan_owners(plan, l->image->layer_count);
	for (size_t t = 0; t < plan->layer_count; t++)
		has_rest = has_rest || plan->layers[t].rest;
	for (size_t t = 0; t < plan->layer_count; t++)
		check_numbers(l, &plan->layers[t], has_rest, err);
	/* it is of another image: that layers of this one are left over says no more */
	if (err->code != LAM_OK)
		return err->code;
	if (check_owned(l, err) < 0)
		return err->code;
	find_originals(l);
	for (size_t t = 0; t < plan->layer_count; t++) {
		if (plan->layers[t].keep && l->stack[t].original == UINT32_MAX)
			lam_layout_error(
				l, err,
				"layer \"%s\" (keep: true) is not from exactly one layer of this image",
				plan->layers[t].name);
	}
	return err->code;
}

/* Rules */

/* Rules to one layer mostly stand together. */
static uint32_t *rule_targets(const struct lam_plan *plan)
{
	uint32_t *to = lam_xcalloc(plan->rule_count + 1, sizeof *to);

	for (size_t r = 0; r < plan->rule_count; r++) {
		const char *name = plan->rules[r].to;

		if (!name)
			to[r] = NONE;
		else if (r && plan->rules[r - 1].to &&
			 strcmp(plan->rules[r - 1].to, name) == 0)
			to[r] = to[r - 1];
		else
			to[r] = (uint32_t)lam_plan_find_layer(plan, name);
	}
	return to;
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
	for (uint32_t n = LAM_NODE_ROOT + 1; n < l->tree->node_count; n++) {
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

static void assign_nodes(struct lam_layout *l)
{
	uint32_t *to = rule_targets(l->plan);

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
	lam_left_set(&l->left, l->tree, l->gone);
	for (size_t i = 0; i < l->tree->link_count; i++)
		l->wanted[i] = l->targets[l->tree->links[i].node];
	count_dropped(l);
}

/* Drift */

/* Names at the top that the plan was made for, sorted. */
static const char **known_paths(const struct lam_plan *plan)
{
	const char **known = lam_xcalloc(plan->source_path_count + 1, sizeof *known);

	for (size_t i = 0; i < plan->source_path_count; i++)
		known[i] = plan->source_paths[i];
	qsort(known, plan->source_path_count, sizeof *known, lam_compare_texts);
	return known;
}

static bool rule_below(const struct lam_layout *l, uint32_t top)
{
	for (uint32_t n = top; n != LAM_NODE_NONE; n = lam_tree_next(l->tree, n, top)) {
		if (l->match.rules[n] != LAM_RULE_NONE)
			return true;
	}
	return false;
}

static void remark_new_paths(struct lam_layout *l)
{
	const struct lam_node *root = &l->tree->nodes[LAM_NODE_ROOT];
	LAM_CLEANUP(lam_free_ptr) const char **known = known_paths(l->plan);

	for (uint32_t n = root->first_child; n < root->first_child + root->child_count;
	     n++) {
		LAM_CLEANUP(lam_free_ptr) char *text = NULL;
		const char *name;

		if (!l->tree->nodes[n].live || rule_below(l, n))
			continue;
		text = lam_tree_path_text(l->tree, n);
		name = text + 1; /* names at the top are recorded without the slash */
		if (!bsearch(&name, known, l->plan->source_path_count, sizeof *known,
			     lam_compare_texts))
			lam_layout_remark_add(
				l, true,
				"%s is new in the image, and no rule is about it: it goes to "
				"layer \"%s\"",
				text, l->stack[l->targets[n]].info.name);
	}
}

static void remark_rules(struct lam_layout *l)
{
	for (size_t r = 0; r < l->plan->rule_count; r++) {
		const struct lam_plan_rule *rule = &l->plan->rules[r];

		if (!l->match.matched[r])
			lam_layout_remark_add(
				l, true,
				"assign[%zu]: %s %s matches nothing in this image", r,
				lam_rule_kind_name(rule->kind), rule->pattern);
	}
}

/* What could not be read may be what a rule is about. */
static int remark_packages(struct lam_layout *l, struct lam_error *err)
{
	const struct lam_packages *packages;
	bool asked = false;

	for (size_t r = 0; r < l->plan->rule_count; r++)
		asked = asked || l->plan->rules[r].kind == LAM_RULE_PACKAGE;
	if (!asked)
		return 0;
	if (lam_packages_of(&packages, l->image, l->stop, err) < 0)
		return err->code;
	for (size_t i = 0; i < lam_packages_note_count(packages); i++)
		lam_layout_remark_add(l, false, "%s", lam_packages_note(packages, i));
	return 0;
}

int lam_layout_assign(struct lam_layout *l, struct lam_error *err)
{
	if (own_all(l, err) < 0 ||
	    lam_match_new(&l->match, l->image, l->plan, l->stop, err) < 0)
		return err->code;
	assign_nodes(l);
	if (lam_stops(l->stop, 0))
		return lam_fail_stopped(err);
	remark_rules(l);
	if (l->plan->source_paths)
		remark_new_paths(l);
	return remark_packages(l, err);
}

/* Registry changes of Windows: Hives/NAME_Delta */

static bool is_delta(const struct lam_tree *tree, uint32_t node)
{
	static const char end[] = "_delta";
	size_t len, end_len = sizeof end - 1;
	const char *name = lam_tree_name(tree, node, &len);

	return len > end_len && strncasecmp(name + len - end_len, end, end_len) == 0;
}

static void pin_hive(struct lam_layout *l, uint32_t node, struct lam_error *err)
{
	char path[LAM_PATH_TEXT];

	lam_layout_path(l, node, path);
	for (uint32_t v = l->tree->nodes[node].version; v != LAM_NODE_NONE;
	     v = l->tree->versions[v].previous) {
		const struct lam_version *version = &l->tree->versions[v];
		struct lam_layout_target *target = &l->stack[l->owners[version->layer]];

		if (version->change == LAM_CHANGE_DELETED || target->hive)
			continue;
		target->hive = lam_layout_copy(l, path);
		if (target->original == UINT32_MAX)
			lam_layout_error(
				l, err,
				"layer \"%s\" would merge layer %u with others, which has changes "
				"of Windows' registry (%s): these would be lost; give it a layer of its own",
				target->info.name, version->layer, path);
	}
}

void lam_layout_pin_hives(struct lam_layout *l, struct lam_error *err)
{
	const struct lam_tree *tree = l->tree;
	const struct lam_node *root = &tree->nodes[LAM_NODE_ROOT];

	for (uint32_t n = root->first_child; n < root->first_child + root->child_count;
	     n++) {
		const struct lam_node *hives = &tree->nodes[n];
		size_t len;
		const char *name = lam_tree_name(tree, n, &len);

		if (len != 5 || strncasecmp(name, "hives", len) != 0)
			continue;
		for (uint32_t c = hives->first_child;
		     c < hives->first_child + hives->child_count; c++) {
			if (is_delta(tree, c))
				pin_hive(l, c, err);
		}
	}
}

/* Hard links and originals that cannot stay */

/* A group whose names go to several targets stays apart only where all of these are
 * originals as they are. Groups are ranges of the tree's links. */
static bool group_may_part(const struct lam_layout *l, size_t begin, size_t end)
{
	uint32_t first = NONE;
	bool apart = false, kept = true;

	for (size_t i = begin; i < end; i++) {
		if (l->gone[l->tree->links[i].node])
			continue;
		kept = kept && l->stack[l->wanted[i]].kept;
		apart = apart || (first != NONE && l->wanted[i] != first);
		if (first == NONE)
			first = l->wanted[i];
	}
	return !apart || kept;
}

static size_t group_end(const struct lam_tree *tree, size_t begin)
{
	size_t end = begin;

	while (end < tree->link_count &&
	       tree->links[end].layer == tree->links[begin].layer &&
	       tree->links[end].inode == tree->links[begin].inode)
		end++;
	return end;
}

/* What was pulled once stays so: originals stop to be kept, and never begin. */
static void pull_groups(struct lam_layout *l)
{
	for (size_t begin = 0, end; begin < l->tree->link_count; begin = end) {
		uint32_t to = NONE;

		end = group_end(l->tree, begin);
		if (group_may_part(l, begin, end))
			continue;
		for (size_t i = begin; i < end; i++) {
			uint32_t node = l->tree->links[i].node;

			if (l->gone[node])
				continue;
			if (to == NONE)
				to = l->wanted[i];
			l->targets[node] = to;
		}
	}
}

/* Whether the origin of a node can stay what it is with the node where it goes now. */
static int check_node(struct lam_layout *l, uint32_t n, struct lam_error *err)
{
	uint32_t origin = lam_tree_origin(l->tree, n), from = l->owners[origin],
		 to = l->targets[n];
	char path[LAM_PATH_TEXT];

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

/* Whether a version of a path that is left out is in a kept blob, as what is no
 * directory. */
static bool holds(const struct lam_layout *l, const struct lam_version *version)
{
	return version->inode != LAM_INODE_NONE &&
	       l->stack[l->owners[version->layer]].kept &&
	       l->tree->layers[version->inode_layer]->inodes[version->inode].kind !=
		       LAM_KIND_DIR;
}

/* What is left out must not stay in a blob, in no version; but the plan's word that a
 * blob must stay is stronger than a version that is hidden in it. */
static int check_dropped(struct lam_layout *l, uint32_t n, struct lam_error *err)
{
	uint32_t last = l->tree->nodes[n].version;
	char path[LAM_PATH_TEXT];

	for (uint32_t v = last; v != LAM_NODE_NONE; v = l->tree->versions[v].previous) {
		uint32_t target = l->owners[l->tree->versions[v].layer];
		bool seen = l->tree->nodes[n].live && v == last;

		if (holds(l, &l->tree->versions[v]) &&
		    (seen || !l->stack[target].info.keep) &&
		    lam_layout_unkeep(l, target, err, "%s is left out of the image",
				      lam_layout_path(l, n, path)) < 0)
			return err->code;
	}
	return 0;
}

/* Left out of the image, and still in a blob that the plan keeps: secrets are not gone
 * that way. */
void lam_layout_remark_hidden(struct lam_layout *l)
{
	char path[LAM_PATH_TEXT];

	for (uint32_t n = 0; n < l->tree->node_count; n++) {
		uint32_t v = l->dropped[n] ? l->tree->nodes[n].version : LAM_NODE_NONE;

		for (; v != LAM_NODE_NONE; v = l->tree->versions[v].previous) {
			const struct lam_version *version = &l->tree->versions[v];

			if (holds(l, version))
				lam_layout_remark_add(
					l, false,
					"%s is left out, and layer \"%s\" (keep: true) still holds a version "
					"of it that nobody sees",
					lam_layout_path(l, n, path),
					l->stack[l->owners[version->layer]].info.name);
		}
	}
}

size_t lam_layout_count_kept(const struct lam_layout *l)
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
		before = lam_layout_count_kept(l);
		pull_groups(l);
		for (uint32_t n = 0; n < l->tree->node_count && before; n++) {
			if (lam_stops(l->stop, n))
				return lam_fail_stopped(err);
			if (!l->gone[n] && check_node(l, n, err) < 0)
				return err->code;
			if (l->dropped[n] && check_dropped(l, n, err) < 0)
				return err->code;
		}
	} while (lam_layout_count_kept(l) != before);
	return 0;
}
