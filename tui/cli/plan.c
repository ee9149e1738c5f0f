/* lamina plan, lamina explain */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/cmd.h"

static int print_plan(struct call *call, const struct lam_plan *plan)
{
	const char *file = call_value(call, "output");
	char *text;
	int code = EXIT_DONE;

	if (lam_plan_format(plan, &text, &call->err) < 0)
		return fail(call);
	if (!file || strcmp(file, "-") == 0)
		fputs(text, stdout);
	else if (lam_file_replace(file, text, strlen(text), &call->err) < 0)
		code = fail(call);
	free(text);
	return code;
}

static int set_request(struct call *call, struct lam_plan_request *request,
		       const char **splits, const char **drops)
{
	const char *keep = call_value(call, "keep");
	char *end;

	*request = (struct lam_plan_request){ .flatten = call_has(call, "flatten"),
					      .splits = splits,
					      .drops = drops };
	request->split_count = call_values(call, "split", splits);
	request->drop_count = call_values(call, "drop", drops);
	if (!keep)
		return 0;
	request->keep = strtoul(keep, &end, 10);
	if (*end || strspn(keep, "0123456789") != strlen(keep) || !*keep ||
	    strlen(keep) > 6)
		return usage_error("plan", "--keep is a number of layers");
	return 0;
}

int run_plan(struct call *call)
{
	const char **splits = calloc(call->given_count + 1, sizeof *splits);
	const char **drops = calloc(call->given_count + 1, sizeof *drops);
	struct lam_plan_request request;
	struct lam_image *image = NULL;
	struct lam_plan *plan = NULL;
	int code = splits && drops ? set_request(call, &request, splits, drops)
				   : fail_memory(call);

	if (code == 0)
		image = open_image(call, call->args[0], NULL, &code);
	if (image && lam_plan_make(&plan, image, &request, &call->err) < 0)
		code = fail(call);
	if (plan)
		code = print_plan(call, plan);
	lam_plan_free(plan);
	lam_image_close(image);
	free(splits);
	free(drops);
	return code;
}

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

static void explain(const struct lam_layout *layout, uint32_t node)
{
	const struct lam_plan *plan = lam_layout_plan(layout);
	const struct lam_tree *tree = lam_image_tree(lam_layout_image(layout));
	uint32_t first = decides(layout, node), rule = lam_layout_rule_of(layout, first),
		 to = lam_layout_target_of(layout, node);
	char *path = lam_tree_path_text(tree, node),
	     *first_path = lam_tree_path_text(tree, first);

	printf("%s\n", text_or_lack(path));
	printf("  from   layer %u\n", lam_tree_origin(tree, node));
	if (first != node)
		printf("  with   %s, the first name of this file\n",
		       text_or_lack(first_path));
	free(path);
	free(first_path);
	if (rule == LAM_RULE_NONE)
		puts("  rule   none: it goes where its layer goes");
	else
		printf("  rule   assign[%u]: %s %s\n", rule,
		       lam_rule_kind_name(plan->rules[rule].kind),
		       plan->rules[rule].pattern);
	if (to == LAM_TARGET_NONE) {
		puts(lam_tree_node(tree, node)->live
			     ? "  to     nothing: it is LEFT OUT of the image"
			     : "  to     nothing: it was deleted");
		return;
	}
	const struct lam_target *t = lam_layout_target(layout, to);

	printf("  to     layer \"%s\", %s: %s\n", t->name, FATE_NAMES[t->fate],
	       t->reason);
}

int run_explain(struct call *call)
{
	struct lam_image *image = NULL;
	struct lam_layout *layout = NULL;
	int code = EXIT_DONE;
	struct lam_plan *plan = read_plan(call, call->args[0], &code);

	if (plan)
		image = open_image(call, call->args[1], NULL, &code);
	if (image)
		layout = make_layout(call, image, plan, &code);
	for (size_t i = 2; layout && i < call->arg_count; i++) {
		uint32_t node = find_path(call, image, call->args[i], true);

		if (node == LAM_NODE_NONE)
			code = EXIT_IMAGE;
		else
			explain(layout, node);
	}
	lam_layout_free(layout);
	lam_image_close(image);
	lam_plan_free(plan);
	return code;
}
