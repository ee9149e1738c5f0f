/* lamina export: a subtree as a tar. */
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/print.h"

static int export_to_file(struct call *call, const struct lam_image *image, uint32_t node,
			  const char *file)
{
	struct lam_error *err = &call->err;
	struct content_output out = { .name = file };
	struct lam_new_file new_file;

	if (lam_file_begin(&new_file, file, err) < 0)
		return err->code;
	out.fd = new_file.fd;
	return lam_file_end(
		&new_file,
		lam_image_export(image, node, put_content, &out, &stop_asked, err), err);
}

static void print_as_json(const struct call *call, const struct lam_image *image,
			  uint32_t node)
{
	const struct lam_node *n = lam_tree_node(lam_image_tree(image), node);
	char *path = lam_tree_path_text(lam_image_tree(image), node);

	print_json(json_pack(
		"{s:i, s:o, s:o, s:I, s:I}", "lamina", 1, "path", json_shown(path),
		"file", json_bytes(call->args[2], strlen(call->args[2])), "paths",
		(json_int_t)n->live_count, "file_bytes", (json_int_t)n->live_bytes));
	free(path);
}

static int run_export(struct call *call)
{
	struct content_output out = { STDOUT_FILENO, "standard output" };
	const char *file = call->args[2];
	int code = EXIT_DONE;
	struct lam_image *image;
	uint32_t node;

	if (call_has(call, "json") && strcmp(file, "-") == 0)
		return usage_error("export", "export: --json and an archive on standard "
					     "output cannot both be had");
	/* a subtree's files stand anywhere in their layers: reading all beats looking for
	 * each */
	call->read_all = true;
	image = open_image(call, call->args[0], temporary_folder(), &code);
	if (!image)
		return code;
	node = find_path(call, image, call->args[1], false);
	if (node == LAM_NODE_NONE)
		code = EXIT_IMAGE;
	else if ((strcmp(file, "-") == 0 ? lam_image_export(image, node, put_content,
							    &out, &stop_asked, &call->err)
					 : export_to_file(call, image, node, file)) < 0)
		code = fail(call);
	else if (call_has(call, "json"))
		print_as_json(call, image, node);
	lam_image_close(image);
	return code;
}

const struct command CMD_EXPORT = {
	.name = "export",
	.usage = "IMAGE PATH FILE.tar",
	.summary = "a subtree as a tar",
	.about =
		"Writes PATH and all below it as a tar, to a file or to standard output (-).",
	.options = JSON_OPTION,
	.least = 3,
	.most = 3,
	.run = run_export,
};
