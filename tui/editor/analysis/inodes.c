/* The inodes of all layers as one set of numbers. */
#include "editor/analysis/inodes.h"

#include "base/memory.h"
#include "base/stop.h"

/* How many numbers each layer needs: one more than the largest that a version names. */
static int count_inodes(struct inodes *inodes, const struct lam_tree *tree,
			uint64_t *out_total, const atomic_bool *stop,
			struct lam_error *err)
{
	uint32_t count = lam_tree_count(tree), *most = inodes->begin;

	for (uint32_t n = 0; n < count; n++) {
		uint32_t v = lam_tree_node(tree, n)->version;

		if (lam_stops(stop, n))
			return lam_fail_stopped(err);
		while (v != LAM_NODE_NONE) {
			const struct lam_version *version = lam_tree_version(tree, v);

			if (version->inode != UINT32_MAX &&
			    version->inode >= most[version->inode_layer])
				most[version->inode_layer] = version->inode + 1;
			v = version->previous;
		}
	}
	*out_total = 0;
	for (size_t i = 0; i < inodes->layer_count; i++) {
		uint32_t own = most[i];

		most[i] = (uint32_t)*out_total;
		*out_total += own;
	}
	return 0;
}

static int mark_live(struct inodes *inodes, const struct lam_tree *tree,
		     const atomic_bool *stop, struct lam_error *err)
{
	uint32_t count = lam_tree_count(tree);

	for (uint32_t n = 0; n < count; n++) {
		const struct lam_node *node = lam_tree_node(tree, n);
		const struct lam_version *version;

		if (lam_stops(stop, n))
			return lam_fail_stopped(err);
		if (!node->live || node->version == LAM_NODE_NONE)
			continue;
		version = lam_tree_version(tree, node->version);
		if (version->inode != UINT32_MAX)
			bits_set(&inodes->live, inodes_number(inodes, version), true);
	}
	return 0;
}

int inodes_init(struct inodes *inodes, const struct lam_image *image,
		const atomic_bool *stop, struct lam_error *err)
{
	const struct lam_tree *tree = lam_image_tree(image);
	uint64_t total = 0;

	*inodes = (struct inodes){ .layer_count = lam_image_layer_count(image) };
	inodes->begin = lam_xcalloc(inodes->layer_count + 1, sizeof *inodes->begin);
	if (count_inodes(inodes, tree, &total, stop, err) < 0)
		return err->code;
	if (total > UINT32_MAX - 64 || !bits_init(&inodes->live, (uint32_t)total) ||
	    !bits_init(&inodes->met, (uint32_t)total))
		return lam_fail_memory(err);
	return mark_live(inodes, tree, stop, err);
}

void inodes_fini(struct inodes *inodes)
{
	free(inodes->begin);
	bits_fini(&inodes->live);
	bits_fini(&inodes->met);
	*inodes = (struct inodes){ 0 };
}

bool inodes_meet_dead(struct inodes *inodes, const struct lam_version *version)
{
	uint32_t number;

	if (version->inode == UINT32_MAX)
		return false;
	number = inodes_number(inodes, version);
	if (bits_get(&inodes->live, number) || bits_get(&inodes->met, number))
		return false;
	bits_set(&inodes->met, number, true);
	return true;
}
