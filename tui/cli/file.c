/* lamina cat, lamina export, lamina log */
#include "base/file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cmd.h"

struct output {
	int fd;
	const char *name;
};

static int write_out(void *context, const void *bytes, size_t len, struct lam_error *err)
{
	const struct output *o = context;
	int problem;

	if (atomic_load(&stop_asked))
		return lam_fail(err, LAM_ESTOPPED, "stopped");
	problem = lam_write_all(o->fd, bytes, len);
	return problem ? lam_fail_errno(err, LAM_EWRITE, problem, "%s", o->name) : 0;
}

static int cat(struct call *call, const struct lam_image *image, uint32_t node)
{
	const struct lam_tree *tree = lam_image_tree(image);
	struct output out = { STDOUT_FILENO, "standard output" };
	char *path;

	if (lam_tree_node(tree, node)->kind == LAM_KIND_SYMLINK) {
		path = lam_tree_path_text(tree, node);
		lam_fail(&call->err, LAM_ENOTFOUND,
			 "%s: is a symlink that leads to no file (%s)",
			 text_or_lack(path), resolution_name(tree, node));
		free(path);
		return fail(call);
	}
	if (lam_image_read_file(image, node, NULL, write_out, &out, &call->err) < 0)
		return fail(call);
	return EXIT_DONE;
}

int run_cat(struct call *call)
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

static int export_to_file(struct call *call, const struct lam_image *image, uint32_t node,
			  const char *file)
{
	struct lam_error *err = &call->err;
	struct output out = { .name = file };
	struct lam_new_file new_file;

	if (lam_file_begin(&new_file, file, err) < 0)
		return err->code;
	out.fd = new_file.fd;
	return lam_file_end(&new_file,
			    lam_image_export(image, node, write_out, &out, err), err);
}

int run_export(struct call *call)
{
	struct output out = { STDOUT_FILENO, "standard output" };
	const char *file = call->args[2], *temporary = getenv("TMPDIR");
	int code = EXIT_DONE;
	struct lam_image *image;
	uint32_t node;

	/* a subtree's files stand anywhere in their layers: reading all beats looking for
	 * each */
	call->read_all = true;
	image = open_image(call, call->args[0],
			   temporary && *temporary ? temporary : "/tmp", &code);
	if (!image)
		return code;
	node = find_path(call, image, call->args[1], false);
	if (node == LAM_NODE_NONE)
		code = EXIT_IMAGE;
	else if ((strcmp(file, "-") == 0
			  ? lam_image_export(image, node, write_out, &out, &call->err)
			  : export_to_file(call, image, node, file)) < 0)
		code = fail(call);
	lam_image_close(image);
	return code;
}

static void print_versions(const struct lam_image *image, uint32_t version)
{
	const struct lam_tree *tree = lam_image_tree(image);
	const struct lam_version *v = lam_tree_version(tree, version);
	const struct lam_layer_info *layer = lam_image_layer(image, v->layer);
	struct lam_stat stat = { 0 };
	char size[16], *by;

	if (v->change != LAM_CHANGE_DELETED)
		lam_tree_stat_version(tree, v, &stat);
	by = lam_path_escape(layer->created_by, strlen(layer->created_by));
	printf("layer %-4u %-9s %-8s %8s  %04o %lld:%lld  %.120s\n", v->layer,
	       v->implied ? "implied" : CHANGE_NAMES[v->change],
	       v->change == LAM_CHANGE_DELETED ? "" : KIND_NAMES[stat.kind],
	       v->change == LAM_CHANGE_DELETED || stat.kind != LAM_KIND_FILE
		       ? "-"
		       : size_text(stat.size, size),
	       stat.mode, (long long)stat.uid, (long long)stat.gid, text_or_lack(by));
	free(by);
}

/* From the lowest layer up. */
static int print_log(struct call *call, const struct lam_image *image, uint32_t node)
{
	const struct lam_tree *tree = lam_image_tree(image);
	uint32_t last = lam_tree_node(tree, node)->version, *order;
	size_t count = 0, left;

	for (uint32_t v = last; v != LAM_NODE_NONE;
	     v = lam_tree_version(tree, v)->previous)
		count++;
	if (count == 0) {
		puts("no layer describes it");
		return EXIT_DONE;
	}
	order = calloc(count, sizeof *order);
	if (!order)
		return fail_memory(call);
	left = count;
	for (uint32_t v = last; v != LAM_NODE_NONE;
	     v = lam_tree_version(tree, v)->previous)
		order[--left] = v;
	for (size_t i = 0; i < count; i++)
		print_versions(image, order[i]);
	free(order);
	return EXIT_DONE;
}

int run_log(struct call *call)
{
	int code = EXIT_DONE;
	struct lam_image *image = open_image(call, call->args[0], NULL, &code);
	uint32_t node;

	if (!image)
		return code;
	node = find_path(call, image, call->args[1], true);
	code = node == LAM_NODE_NONE ? EXIT_IMAGE : print_log(call, image, node);
	lam_image_close(image);
	return code;
}
