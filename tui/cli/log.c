/* lamina log: what each layer did to a path. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/size.h"
#include "cli/print.h"

static json_t *json_version(const struct lam_image *image, uint32_t version)
{
	const struct lam_tree *tree = lam_image_tree(image);
	const struct lam_version *v = lam_tree_version(tree, version);
	const char *by = lam_image_layer(image, v->layer)->created_by;
	struct lam_stat stat = { 0 };
	json_t *json = json_pack("{s:i, s:s, s:o}", "layer", (int)v->layer, "change",
				 CHANGE_NAMES[v->change], "created_by",
				 json_bytes(by, strlen(by)));

	if (v->implied)
		json_object_set_new(json, "implied", json_true());
	if (v->change == LAM_CHANGE_DELETED)
		return json;
	lam_tree_stat_version(tree, v, &stat);
	json_object_update_new(
		json, json_pack("{s:s, s:I, s:o, s:I, s:I}", "kind",
				KIND_NAMES[stat.kind], "size", (json_int_t)stat.size,
				"mode", json_sprintf("%04o", stat.mode), "uid",
				(json_int_t)stat.uid, "gid", (json_int_t)stat.gid));
	return json;
}

static void print_versions(const struct lam_image *image, uint32_t version)
{
	const struct lam_tree *tree = lam_image_tree(image);
	const struct lam_version *v = lam_tree_version(tree, version);
	const struct lam_layer_info *layer = lam_image_layer(image, v->layer);
	struct lam_stat stat = { 0 };
	char size[LAM_SIZE_TEXT], *by;

	if (v->change != LAM_CHANGE_DELETED)
		lam_tree_stat_version(tree, v, &stat);
	by = lam_path_escape(layer->created_by, strlen(layer->created_by));
	print_line(stdout, "layer %-4u %-9s %-8s %8s  %04o %lld:%lld  %.120s", v->layer,
		   v->implied ? "implied" : CHANGE_NAMES[v->change],
		   v->change == LAM_CHANGE_DELETED ? "" : KIND_NAMES[stat.kind],
		   v->change == LAM_CHANGE_DELETED || stat.kind != LAM_KIND_FILE
			   ? "-"
			   : lam_size_text(stat.size, size),
		   stat.mode, (long long)stat.uid, (long long)stat.gid, by);
	free(by);
}

static void print_as_json(const struct lam_image *image, uint32_t node,
			  const uint32_t *order, size_t count)
{
	char *path = lam_tree_path_text(lam_image_tree(image), node);
	json_t *versions = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(versions, json_version(image, order[i]));
	print_json(json_pack("{s:i, s:o, s:o}", "lamina", 1, "path", json_shown(path),
			     "versions", versions));
	free(path);
}

/* From the lowest layer up. */
static void print_log(const struct lam_image *image, uint32_t node, bool json)
{
	const struct lam_tree *tree = lam_image_tree(image);
	uint32_t last = lam_tree_node(tree, node)->version, *order;
	size_t count = 0, left;

	for (uint32_t v = last; v != LAM_NODE_NONE;
	     v = lam_tree_version(tree, v)->previous)
		count++;
	if (count == 0 && !json) {
		print_own(stdout, "no layer describes it\n");
		return;
	}
	order = lam_xcalloc(count + 1, sizeof *order);
	left = count;
	for (uint32_t v = last; v != LAM_NODE_NONE;
	     v = lam_tree_version(tree, v)->previous)
		order[--left] = v;
	if (json)
		print_as_json(image, node, order, count);
	for (size_t i = 0; i < count && !json; i++)
		print_versions(image, order[i]);
	free(order);
}

static int run_log(struct call *call)
{
	int code = EXIT_DONE;
	struct lam_image *image = open_image(call, call->args[0], NULL, &code);
	uint32_t node;

	if (!image)
		return code;
	node = find_path(call, image, call->args[1], true);
	if (node == LAM_NODE_NONE)
		code = EXIT_IMAGE;
	else
		print_log(image, node, call_has(call, "json"));
	lam_image_close(image);
	return code;
}

const struct command CMD_LOG = {
	.name = "log",
	.usage = "IMAGE PATH",
	.summary = "which layers changed a path",
	.about = "Lists what each layer did to PATH, the lowest first.",
	.options = JSON_OPTION,
	.least = 2,
	.most = 2,
	.run = run_log,
};
