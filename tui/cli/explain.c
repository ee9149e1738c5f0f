/* lamina explain: which rule wins for a path, and what becomes of its layer. */
#include <stdlib.h>

#include <lamina/packages.h>

#include "base/memory.h"
#include "cli/print.h"

/* Hard links go where the first of them does, of those that are not left out. */
static uint32_t decides(const struct lam_layout *layout, uint32_t node)
{
	const struct lam_tree *tree = lam_image_tree(lam_layout_image(layout));
	uint32_t *names, first = node;
	struct lam_error err;
	size_t count;

	if (!lam_tree_node(tree, node)->linked ||
	    lam_layout_target_of(layout, node) == LAM_TARGET_NONE ||
	    lam_tree_links(tree, node, &names, &count, &err) < 0)
		return node;
	for (size_t i = count; i-- > 0;) {
		if (lam_layout_target_of(layout, names[i]) != LAM_TARGET_NONE)
			first = names[i];
	}
	free(names);
	return first;
}

/* "dpkg:gcc-12 12.2.0-14" where a rule about packages decides, a new string; else NULL, as
 * for a directory of several packages of one rule. */
static char *package_text(const struct lam_layout *layout, uint32_t node, uint32_t rule)
{
	const struct lam_packages *packages;
	const struct lam_package *package;
	struct lam_error err;
	uint32_t owner;

	if (rule == LAM_RULE_NONE ||
	    lam_layout_plan(layout)->rules[rule].kind != LAM_RULE_PACKAGE ||
	    lam_packages_of(&packages, lam_layout_image(layout), NULL, &err) < 0)
		return NULL;
	owner = lam_packages_owner(packages, node);
	if (owner == LAM_PACKAGE_NONE)
		return NULL;
	package = lam_packages_get(packages, owner);
	return lam_xprintf("%s:%s%s%s", package->kind, package->name,
			   *package->version ? " " : "", package->version);
}

static void explain(const struct lam_layout *layout, uint32_t node)
{
	const struct lam_plan *plan = lam_layout_plan(layout);
	const struct lam_tree *tree = lam_image_tree(lam_layout_image(layout));
	uint32_t first = decides(layout, node), rule = lam_layout_rule_of(layout, first),
		 to = lam_layout_target_of(layout, node);
	char *path = lam_tree_path_text(tree, node),
	     *first_path = lam_tree_path_text(tree, first),
	     *package = package_text(layout, first, rule);

	print_line(stdout, "%s", path);
	print_line(stdout, "  from   layer %u", lam_tree_origin(tree, node));
	if (first != node)
		print_line(stdout, "  with   %s, the first name of this file",
			   first_path);
	free(path);
	free(first_path);
	if (rule == LAM_RULE_NONE)
		print_own(stdout,
			  lam_tree_node(tree, node)->live
				  ? "  rule   none: it goes where its layer goes\n"
				  : "  rule   none\n");
	else
		print_line(stdout, "  rule   assign[%u]: %s %s", rule,
			   lam_rule_kind_name(plan->rules[rule].kind),
			   plan->rules[rule].pattern);
	if (package)
		print_line(stdout, "  of     %s", package);
	free(package);
	if (to == LAM_TARGET_NONE) {
		print_line(stdout, "%s",
			   lam_tree_node(tree, node)->live
				   ? "  to     nothing: it is LEFT OUT of the image"
				   : "  to     nothing: it was deleted");
		return;
	}
	const struct lam_target *t = lam_layout_target(layout, to);
	char name[LAM_TARGET_TEXT];

	print_line(stdout, "  to     layer \"%s\", %s: %s", lam_target_text(t, name),
		   FATE_NAMES[t->fate], t->reason);
}

static json_t *json_explained(const struct lam_layout *layout, uint32_t node)
{
	const struct lam_plan *plan = lam_layout_plan(layout);
	const struct lam_tree *tree = lam_image_tree(lam_layout_image(layout));
	uint32_t first = decides(layout, node), rule = lam_layout_rule_of(layout, first),
		 to = lam_layout_target_of(layout, node);
	char *path = lam_tree_path_text(tree, node),
	     *first_path = lam_tree_path_text(tree, first),
	     *package = package_text(layout, first, rule);
	json_t *json = json_pack(
		"{s:o, s:I, s:b, s:o, s:n, s:o, s:n}", "path", json_shown(path), "from",
		(json_int_t)lam_tree_origin(tree, node), "deleted",
		!lam_tree_node(tree, node)->live, "first_name", json_shown(first_path),
		"rule", "package", package ? json_shown(package) : json_null(), "to");

	if (rule != LAM_RULE_NONE)
		json_object_set_new(
			json, "rule",
			json_pack("{s:I, s:s, s:o}", "number", (json_int_t)rule, "kind",
				  lam_rule_kind_name(plan->rules[rule].kind), "pattern",
				  json_shown(plan->rules[rule].pattern)));
	if (to != LAM_TARGET_NONE) {
		const struct lam_target *t = lam_layout_target(layout, to);

		json_object_set_new(json, "to",
				    json_pack("{s:I, s:o, s:I, s:I, s:s, s:o}", "number",
					      (json_int_t)to, "name", json_shown(t->name),
					      "part", (json_int_t)t->part, "parts",
					      (json_int_t)t->parts, "fate",
					      FATE_NAMES[t->fate], "reason",
					      json_shown(t->reason)));
	}
	free(path);
	free(first_path);
	free(package);
	return json;
}

static int run_explain(struct call *call)
{
	struct lam_image *image = NULL;
	struct lam_layout *layout = NULL;
	int code = EXIT_DONE;
	json_t *paths = json_array();
	struct lam_plan *plan = read_plan(call, call->args[0], &code);

	if (plan)
		image = open_image(call, call->args[1], NULL, &code);
	if (image)
		layout = make_layout(call, image, plan, &code);
	if (layout && !call_has(call, "json"))
		(void)tell_remarks(call, layout, false);
	for (size_t i = 2; layout && i < call->arg_count; i++) {
		uint32_t node = find_path(call, image, call->args[i], true);

		if (node == LAM_NODE_NONE)
			code = EXIT_IMAGE;
		else if (call_has(call, "json"))
			json_array_append_new(paths, json_explained(layout, node));
		else
			explain(layout, node);
	}
	if (layout && call_has(call, "json"))
		print_json(json_pack("{s:i, s:O}", "lamina", 1, "paths", paths));
	json_decref(paths);
	lam_layout_free(layout);
	lam_image_close(image);
	lam_plan_free(plan);
	return code;
}

const struct command CMD_EXPLAIN = {
	.name = "explain",
	.usage = "PLAN IMAGE PATH...",
	.summary = "where a path goes, and why",
	.about =
		"Tells for each PATH which rule of PLAN wins, which layer it goes to, and why that layer is kept or written.",
	.options = JSON_OPTION,
	.least = 3,
	.most = SIZE_MAX,
	.run = run_explain,
};
