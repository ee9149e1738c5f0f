/* Plans, put together: layers and rules of parts, and the usual cuts. */
#include "suggest/emit.h"

#include <stdlib.h>
#include <string.h>

#include <lamina/edit.h>
#include <lamina/path.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/stop.h"
#include "plan/rule.h"
#include "tree/tree.h"

int lam_emit_flat(struct lam_plan **out, const struct lam_image *image, size_t keep,
		  struct lam_error *err)
{
	const struct lam_plan_request request = { .flatten = true, .keep = keep };

	if (lam_plan_make(out, image, &request, err) < 0)
		return err->code;
	/* an only original would stay, waste and all, until the day that it is not alone */
	if (keep < (*out)->layer_count)
		(*out)->layers[keep].rewrite = true;
	return 0;
}

struct lam_plan_layer *lam_emit_layer(struct lam_plan *plan, size_t at, const char *wish)
{
	char *name = lam_plan_free_name(plan, wish);
	struct lam_plan_layer *layer;

	plan->layers = lam_xrealloc(plan->layers,
				    (plan->layer_count + 1) * sizeof *plan->layers);
	layer = &plan->layers[at];
	memmove(layer + 1, layer, (plan->layer_count++ - at) * sizeof *layer);
	*layer = (struct lam_plan_layer){ .name = name };
	return layer;
}

static int add_rule(struct lam_plan *plan, enum lam_rule_kind kind, const char *pattern,
		    const char *to, struct lam_error *err)
{
	struct lam_plan_rule rule;

	if (lam_rule_init(&rule, kind, pattern, to, err) < 0)
		return err->code;
	plan->rules =
		lam_xrealloc(plan->rules, (plan->rule_count + 1) * sizeof *plan->rules);
	plan->rules[plan->rule_count++] = rule;
	return 0;
}

int lam_emit_path(struct lam_plan *plan, const struct lam_tree *tree, uint32_t node,
		  const char *to, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *path = lam_tree_path_text(tree, node);

	return add_rule(plan, LAM_RULE_PATH, path, to, err);
}

int lam_emit_package(struct lam_plan *plan, const struct lam_package *package,
		     const char *to, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *pattern = lam_package_pattern(package);

	return add_rule(plan, LAM_RULE_PACKAGE, pattern, to, err);
}

char *lam_emit_name(const struct lam_parts *parts, const struct lam_part *part)
{
	if (part->node != LAM_NODE_NONE)
		return lam_tree_path_text(parts->tree, part->node);
	if (part->package == LAM_PACKAGE_NONE)
		return lam_xstrdup("");
	return lam_package_pattern(lam_packages_get(parts->packages, part->package));
}

char *lam_emit_layer_name(const struct lam_parts *parts, const struct lam_part *part)
{
	size_t len;
	const char *name;

	if (part->package != LAM_PACKAGE_NONE)
		return lam_xstrdup(
			lam_packages_get(parts->packages, part->package)->name);
	if (part->node == LAM_NODE_NONE)
		return lam_xstrdup("rest");
	name = lam_tree_name(parts->tree, part->node, &len);
	return lam_path_escape(name, len);
}

/* The usual cuts */

static int check_room(const struct lam_plan *plan, struct lam_error *err)
{
	return plan->layer_count < LAM_MAX_LAYERS
		       ? 0
		       : lam_fail(err, LAM_EPLAN, "a plan has at most %d layers",
				  LAM_MAX_LAYERS);
}

static int cut_folders(struct lam_plan *plan, const struct lam_tree *tree,
		       struct lam_error *err)
{
	const struct lam_node *root = &tree->nodes[LAM_NODE_ROOT];
	uint32_t end = root->first_child + root->child_count;

	for (uint32_t n = root->first_child; n < end; n++) {
		LAM_CLEANUP(lam_free_ptr) char *wish = NULL;
		const char *name;
		size_t len;

		if (!tree->nodes[n].live || tree->nodes[n].kind != LAM_KIND_DIR)
			continue;
		if (check_room(plan, err) < 0)
			return err->code;
		name = lam_tree_name(tree, n, &len);
		wish = lam_path_escape(name, len);
		if (lam_emit_path(plan, tree, n,
				  lam_emit_layer(plan, plan->layer_count, wish)->name,
				  err) < 0)
			return err->code;
	}
	return 0;
}

/* Packages of one name are one rule's. */
static bool was_met(const struct lam_plan *plan, const struct lam_package *package)
{
	LAM_CLEANUP(lam_free_ptr) char *pattern = lam_package_pattern(package);

	for (size_t i = 0; i < plan->rule_count; i++) {
		if (strcmp(plan->rules[i].pattern, pattern) == 0)
			return true;
	}
	return false;
}

static int cut_packages(struct lam_plan *plan, const struct lam_image *image,
			const atomic_bool *stop, struct lam_error *err)
{
	const struct lam_packages *packages;

	if (lam_packages_of(&packages, image, stop, err) < 0)
		return err->code;
	for (size_t i = 0; i < lam_packages_count(packages); i++) {
		const struct lam_package *p = lam_packages_get(packages, i);
		size_t nodes;

		if (lam_stops(stop, 0))
			return lam_fail_stopped(err);
		(void)lam_packages_nodes(packages, i, &nodes);
		if (!nodes || was_met(plan, p))
			continue;
		if (check_room(plan, err) < 0)
			return err->code;
		if (lam_emit_package(
			    plan, p,
			    lam_emit_layer(plan, plan->layer_count, p->name)->name,
			    err) < 0)
			return err->code;
	}
	return 0;
}

int lam_suggest_usual(struct lam_plan **out, const struct lam_image *image,
		      enum lam_usual_cut cut, const atomic_bool *stop,
		      struct lam_error *err)
{
	struct lam_plan *plan;
	int code = lam_emit_flat(&plan, image, 0, err);

	*out = NULL;
	if (code < 0)
		return code;
	switch (cut) {
	case LAM_CUT_ONE: break;
	case LAM_CUT_FOLDERS: code = cut_folders(plan, lam_image_tree(image), err); break;
	case LAM_CUT_PACKAGES: code = cut_packages(plan, image, stop, err); break;
	}
	if (code == 0)
		*out = plan;
	else
		lam_plan_free(plan);
	return code;
}
