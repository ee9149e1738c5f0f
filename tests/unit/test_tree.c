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

			OK(lam_tree_merge(&alone, layers, count, NULL, NULL, &err));
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

/* A layer of "d/a" and "d/b", of two inodes that stand in one place. */
static void share(const struct lam_tree *tree, const struct lam_layer *const *others,
		  uint32_t inode, struct lam_layer *out)
{
	static struct lam_layer_node nodes[4];
	static struct lam_inode_ref refs[2];

	refs[0] = refs[1] = (struct lam_inode_ref){ 0, inode };
	for (uint32_t n = 0; n < 4; n++)
		nodes[n] =
			(struct lam_layer_node){ .kind = n < 2 ? LAM_KIND_DIR
							       : LAM_KIND_FILE,
						 .inode = n < 2 ? LAM_INODE_NONE : n - 2,
						 .parent = n > 1 };
	nodes[1].name = lam_tree_node(tree, lam_tree_find(tree, "d", 1))->name;
	nodes[2].name = lam_tree_node(tree, lam_tree_find(tree, "d/a", 3))->name;
	nodes[3].name = lam_tree_node(tree, lam_tree_find(tree, "d/b", 3))->name;
	*out = (struct lam_layer){ .nodes = nodes,
				   .node_count = 4,
				   .refs = refs,
				   .inode_count = 2,
				   .others = others };
	lam_names_lend(&out->names, &tree->names);
}

/* Two copies of one file are not two names of it, though they share what it says. */
static void shared_and_still_apart(void **state)
{
	static const struct image_entry linked[] = {
		{ .path = "d", .kind = 'd' },
		{ .path = "d/a", .body = "alpha" },
		{ .path = "d/b", .kind = 'h', .target = "d/a" }
	};
	const struct image_layer image_layers[] = { IMAGE_LAYER(linked) };
	struct lam_layer layer;
	const struct lam_layer *layers[] = { &layer };
	struct lam_tree *tree;
	struct lam_stat stat;
	struct built built;

	(void)state;
	built_open(&built, image_layers, 1);
	lam_tree_stat(built.image->tree, lam_tree_find(built.image->tree, "d/a", 3),
		      &stat);
	share(built.image->tree, built.image->indexes, stat.inode, &layer);
	OK(lam_tree_merge_like(&tree, built.image->tree, layers, 1, NULL, &err));
	assert_int_equal(differences(built.image->tree, tree), LAM_DIFF_LINKS);
	lam_tree_free(tree);
	built_close(&built);
}

/* Each link goes on to the next: as far as Linux would go. */
static void links_that_are_long(void **state)
{
	static const struct {
		size_t text; /* of each of 39 links */
		enum lam_resolution leads;
	} cases[] = { { 4095, LAM_RESOLVED }, { 5000, LAM_LOOP }, { 60000, LAM_LOOP } };
	struct image_entry entries[40] = { { .path = "end" } };
	char *targets[39], names[39][8];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct image_layer layer = IMAGE_LAYER(entries);
		struct built built;
		uint32_t node;

		for (size_t n = 0; n < 39; n++) {
			targets[n] = malloc(cases[i].text + 1);
			memset(targets[n], '/', cases[i].text);
			snprintf(names[n], sizeof names[n], "l%02zu", n);
			strcpy(targets[n] + cases[i].text - 3, n ? names[n - 1] : "end");
			entries[n + 1] = (struct image_entry){ names[n], 'l',
							       .target = targets[n] };
		}
		built_open(&built, &layer, 1);
		assert_int_equal(lam_tree_resolve_path(lam_image_tree(built.image),
						       "/l38", 4, &node),
				 cases[i].leads);
		built_close(&built);
		for (size_t n = 0; n < 39; n++)
			free(targets[n]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_as_its_layers),
		cmocka_unit_test(another_path),
		cmocka_unit_test(shared_and_still_apart),
		cmocka_unit_test(links_that_are_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
