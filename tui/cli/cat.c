/* lamina cat: a file of the merged filesystem. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/print.h"

static int cat(struct call *call, const struct lam_image *image, uint32_t node)
{
	const struct lam_tree *tree = lam_image_tree(image);
	struct content_output out = { STDOUT_FILENO, "standard output" };
	char *path;

	if (lam_tree_node(tree, node)->kind == LAM_KIND_SYMLINK) {
		path = lam_tree_path_text(tree, node);
		lam_fail(&call->err, LAM_ENOTFOUND,
			 "%s: is a symlink that leads to no file (%s)", path,
			 resolution_name(tree, node));
		free(path);
		return fail(call);
	}
	if (lam_image_read_file(image, node, NULL, put_content, &out, &call->err) < 0)
		return fail(call);
	return EXIT_DONE;
}

static int run_cat(struct call *call)
{
	const struct lam_tree *tree;
	uint32_t node, real;
	int code = EXIT_DONE;
	struct lam_image *image = open_image(call, call->args[0], NULL, &code);
	char *bytes;
	size_t len;

	if (!image)
		return code;
	tree = lam_image_tree(image);
	code = EXIT_IMAGE;
	if (lam_path_unescape(&bytes, &len, call->args[1], &call->err) == 0) {
		/* through symlinks, as cat does; what does not lead anywhere is told by
		 * find_path */
		bool there = lam_tree_resolve_path(tree, bytes, len, &real) != LAM_LOOP &&
			     real != LAM_NODE_NONE;

		node = there ? real : find_path(call, image, call->args[1], false);
		if (node != LAM_NODE_NONE)
			code = cat(call, image, node);
		free(bytes);
	} else {
		code = fail_as(call, EXIT_IMAGE);
	}
	lam_image_close(image);
	return code;
}

const struct command CMD_CAT = {
	.name = "cat",
	.usage = "IMAGE PATH",
	.summary = "a file's content",
	.about =
		"Prints a file of the merged filesystem. Symlinks are followed inside the image.",
	.options = NO_OPTIONS,
	.least = 2,
	.most = 2,
	.run = run_cat,
};
