/* A tree that is merged like another is the tree of its own layers. */
#include "image/image.h"
#include "image_build.h"
#include "unit.h"

static struct lam_error err;

static const struct image_entry BASE[] = {
	{ .path = "d", .kind = 'd' },
	{ .path = "d/a", .body = "alpha" },
	{ .path = "d/b", .kind = 'h', .target = "d/a" },
	{ .path = "d/s", .kind = 'l', .target = "a" },
	{ .path = "e/f/g", .body = "g" },
};
static const struct image_entry MIDDLE[] = {
	{ .path = "d/.wh..wh..opq" },
	{ .path = "d/a", .body = "other" },
	{ .path = "e/.wh.f" },
	{ .path = "h", .kind = 'h', .target = "late" }, /* leads nowhere */
};
static const struct image_entry TOP[] = {
	{ .path = "late", .body = "late" },
	{ .path = "e/f", .body = "a file now" },
};

static void open_image(struct built *built)
{
	const struct image_layer layers[] = { IMAGE_LAYER(BASE), IMAGE_LAYER(MIDDLE),
					      IMAGE_LAYER(TOP) };

	built_open(built, layers, 3);
}

static int count_difference(void *context, uint32_t a, uint32_t b, unsigned what)
{
	(void)a;
	(void)b;
	*(unsigned *)context |= what;
	return 0;
}

static unsigned differences(const struct lam_tree *a, const struct lam_tree *b)
{
	unsigned what = 0;

	OK(lam_tree_diff(a, b, (struct lam_clamp){ 0 }, count_difference, &what, &err));
	return what;
}

static void same_as_its_layers(void **state)
{
	struct built built;

	(void)state;
	open_image(&built);
	for (size_t first = 0; first < 3; first++) {
		for (size_t count = 1; count <= 3 - first; count++) {
			const struct lam_layer **layers = built.image->indexes + first;
			struct lam_tree *alone, *like;

			OK(lam_tree_new(&alone, layers, count, NULL, &err));
			OK(lam_tree_merge_like(&like, built.image->tree, layers, count,
					       NULL, &err));
			assert_non_null(like);
			assert_int_equal(lam_tree_count(like),
					 lam_tree_count(built.image->tree));
			assert_int_equal(differences(alone, like), 0);
			assert_int_equal(lam_tree_node(alone, 0)->live_bytes,
					 lam_tree_node(like, 0)->live_bytes);
			lam_tree_free(like);
			lam_tree_free(alone);
		}
	}
	built_close(&built);
}

static void another_path(void **state)
{
	const struct lam_layer *layers[2];
	struct built built;
	struct lam_tree *like;

	(void)state;
	open_image(&built);
	/* what "h" links to is there when the last layer comes first */
	layers[0] = built.image->indexes[2];
	layers[1] = built.image->indexes[1];
	OK(lam_tree_merge_like(&like, built.image->tree, layers, 2, NULL, &err));
	assert_null(like);
	built_close(&built);
}

/* A layer of files that all share the inode of "d/a" where that says the same. */
static struct lam_layer *share(const struct lam_image *image, const char *const *paths,
			       size_t count, uint32_t mode)
{
	struct lam_layer_builder *builder;
	struct lam_layer *layer;
	struct lam_stat stat;

	lam_tree_stat(image->tree, lam_tree_find(image->tree, "d/a", 3), &stat);
	OK(lam_layer_builder_new(&builder, 0, &err));
	OK(lam_layer_builder_near(builder, &image->tree->names, image->indexes, &err));
	for (size_t i = 0; i < count; i++) {
		const struct lam_entry entry = { .type = LAM_TYPE_FILE,
						 .path = { paths[i], strlen(paths[i]) },
						 .mode = mode,
						 .mtime_s = stat.mtime_s,
						 .size = stat.size,
						 .stored = stat.size };
		uint32_t inode;

		OK(lam_layer_builder_add(builder, &entry, 0, &inode, &err));
		if (!lam_layer_builder_share(
			    builder, inode,
			    (struct lam_inode_ref){ stat.layer, stat.inode }))
			OK(lam_layer_builder_content(builder, inode, stat.content, &err));
	}
	OK(lam_layer_builder_finish(builder, &layer, &err));
	lam_layer_builder_free(builder);
	return layer;
}

/* Two copies of one file are not two names of it, though they share what it says. */
static void shared_and_still_apart(void **state)
{
	static const struct image_entry linked[] = {
		{ .path = "d", .kind = 'd' },
		{ .path = "d/a", .body = "alpha" },
		{ .path = "d/b", .kind = 'h', .target = "d/a" }
	};
	static const char *const paths[] = { "d/a", "d/b" };
	const struct image_layer image_layers[] = { IMAGE_LAYER(linked) };
	struct lam_layer *layer;
	struct lam_tree *tree;
	struct built built;

	(void)state;
	built_open(&built, image_layers, 1);
	for (uint32_t mode = 0600; mode <= 0644; mode += 044) {
		layer = share(built.image, paths, 2, mode);
		assert_int_equal(layer->refs[0].layer, mode == 0644 ? 0 : LAM_LAYER_OWN);
		OK(lam_tree_merge_like(&tree, built.image->tree,
				       (const struct lam_layer *const *)&layer, 1, NULL,
				       &err));
		assert_int_equal(differences(built.image->tree, tree) &
					 (LAM_DIFF_LINKS | LAM_DIFF_MODE |
					  LAM_DIFF_CONTENT | LAM_DIFF_ONLY_A),
				 mode == 0644 ? LAM_DIFF_LINKS
					      : LAM_DIFF_LINKS | LAM_DIFF_MODE);
		lam_tree_free(tree);
		lam_layer_free(layer);
	}
	built_close(&built);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_as_its_layers),
		cmocka_unit_test(another_path),
		cmocka_unit_test(shared_and_still_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
