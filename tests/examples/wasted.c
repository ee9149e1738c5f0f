/* Prints the ten largest files that an image ships and that nothing in it shows:
 *
 *	cc wasted.c $(pkg-config --cflags --libs lamina) && ./a.out oci:app */
#include <stdio.h>
#include <stdlib.h>

#include <lamina/image.h>

int main(int argc, char **argv)
{
	const struct lam_open_options options = { 0 };
	struct wasted {
		struct lam_stat stat;
		uint32_t node;
	} top[11] = { 0 };
	struct lam_image *image;
	struct lam_error err;

	if (argc != 2 || lam_image_open(&image, argv[1], &options, &err) < 0) {
		fprintf(stderr, "%s\n", argc == 2 ? err.text : "usage: wasted IMAGE");
		return 1;
	}
	const struct lam_tree *tree = lam_image_tree(image);
	const struct lam_version *v;
	bool *seen = calloc(lam_tree_inode_count(tree) + 1, 1);

	for (uint32_t n = 0; seen && n < lam_tree_count(tree); n++) {
		/* what each layer made of the path, the last one first */
		for (uint32_t i = lam_tree_node(tree, n)->version; i != LAM_NODE_NONE;
		     i = v->previous) {
			v = lam_tree_version(tree, i);
			struct wasted w = { .node = n };
			size_t inode = lam_tree_inode(tree, v), at = 10;

			if (inode == SIZE_MAX || seen[inode] ||
			    lam_tree_inode_names(tree, inode))
				continue; /* it was told, or is shown under some name */
			seen[inode] = true;
			lam_tree_stat_version(tree, v, &w.stat);
			for (; at > 0 && top[at - 1].stat.size < w.stat.size; at--)
				top[at] = top[at - 1];
			top[at] = w;
		}
	}
	for (size_t i = 0; i < 10 && top[i].stat.size > 0; i++) {
		char *path = lam_tree_path_text(tree, top[i].node);

		printf("%12ju  layer %u  %s\n", (uintmax_t)top[i].stat.size,
		       top[i].stat.layer, path);
		free(path);
	}
	free(seen);
	lam_image_close(image);
	return 0;
}
