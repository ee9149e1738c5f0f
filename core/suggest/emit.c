/* Plans, put together: layers and rules of parts, and the usual cuts. */
#include "suggest/emit.h"

#include <stdlib.h>
#include <string.h>

#include <lamina/edit.h>
#include <lamina/path.h>

#include "base/buf.h"
#include "base/memory.h"
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

/* The topmost paths that are all of a package. */
static int emit_nodes(struct lam_plan *plan, const struct lam_packages *packages,
		      const struct lam_tree *tree, uint32_t package, const char *to,
		      struct lam_error *err)
{
	size_t count;
	const uint32_t *nodes = lam_packages_nodes(packages, package, &count);

	for (size_t i = 0; i < count; i++) {
		const struct lam_node *node = &tree->nodes[nodes[i]];

		if (node->live && lam_packages_owner(packages, node->parent) != package &&
		    lam_emit_path(plan, tree, nodes[i], to, err) < 0)
			return err->code;
	}
	return 0;
}

int lam_emit_package(struct lam_plan *plan, const struct lam_packages *packages,
		     const struct lam_tree *tree, uint32_t package, const char *to,
		     struct lam_error *err)
{
	const struct lam_package *p = lam_packages_get(packages, package), *other;

	for (uint32_t i = 0; i < lam_packages_count(packages); i++) {
		other = lam_packages_get(packages, i);
		if (strcmp(p->kind, other->kind) == 0 &&
		    strcmp(p->name, other->name) == 0 &&
		    emit_nodes(plan, packages, tree, i, to, err) < 0)
			return err->code;
	}
	return 0;
}

char *lam_emit_name(const struct lam_parts *parts, const struct lam_part *part)
{
	const struct lam_package *package;

	if (part->node != LAM_NODE_NONE)
		return lam_tree_path_text(parts->tree, part->node);
	if (part->package == LAM_PACKAGE_NONE)
		return lam_xstrdup("");
	package = lam_packages_get(parts->packages, part->package);
	return lam_xprintf("%s:%s", package->kind, package->name);
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
		name = lam_tree_name(tree, n, &len);
		wish = lam_path_escape(name, len);
		if (lam_emit_path(plan, tree, n,
				  lam_emit_layer(plan, plan->layer_count, wish)->name,
				  err) < 0)
			return err->code;
	}
	return 0;
}

/* Packages of one name are met together or not; the second would be a layer's second rule
 * of the same words. */
static bool was_met(const struct lam_plan *plan, const struct lam_package *p)
{
	LAM_CLEANUP(lam_free_ptr) char *text = lam_xprintf("%s:%s", p->kind, p->name);

	for (size_t i = 0; i < plan->rule_count; i++) {
		if (strcmp(plan->rules[i].pattern, text) == 0)
			return true;
	}
	return false;
}

static int cut_packages(struct lam_plan *plan, const struct lam_image *image,
			const atomic_bool *stop, struct lam_error *err)
{
	struct lam_packages *packages;
	int code = lam_packages_read(&packages, image, stop, err);

	for (uint32_t i = 0; code == 0 && i < lam_packages_count(packages); i++) {
		const struct lam_package *p = lam_packages_get(packages, i);
		size_t nodes;

		(void)lam_packages_nodes(packages, i, &nodes);
		if (!nodes || was_met(plan, p))
			continue;
		code = lam_emit_package(
			plan, packages, lam_image_tree(image), i,
			lam_emit_layer(plan, plan->layer_count, p->name)->name, err);
	}
	if (packages)
		lam_packages_free(packages);
	return code;
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
