/* Layers that are made of many entries: what they may take, in memory and in time. */
#include <stdio.h>
#include <time.h>

#include "base/limits.h"
#include "layer/layer.h"
#include "tree/tree.h"
#include "unit.h"

static struct lam_error err;

static double seconds(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

static struct lam_entry entry_of(enum lam_type type, const char *path)
{
	return (struct lam_entry){ .type = type,
				   .flag = '0',
				   .path = { path, strlen(path) },
				   .mode = type == LAM_TYPE_DIR ? 0755 : 0644 };
}

static int add(struct lam_layer_builder *builder, const struct lam_entry *entry)
{
	uint32_t inode;

	return lam_layer_builder_add(builder, entry, 0, &inode, &err);
}

static struct lam_layer_builder *new_builder(void)
{
	struct lam_layer_builder *builder;

	OK(lam_layer_builder_new(&builder, 0, &err));
	return builder;
}

static struct lam_layer *finish(struct lam_layer_builder *builder)
{
	struct lam_layer *layer;

	OK(lam_layer_builder_finish(builder, &layer, &err));
	lam_layer_builder_free(builder);
	return layer;
}

/* A pipe has no user.* attributes, whoever stands before it: a file with the same, and
 * another pipe. */
static void attributes_by_kind(void **state)
{
	static const struct {
		enum lam_type type;
		const char *path;
		bool has;
	} rows[] = { { LAM_TYPE_FILE, "a", true },
		     { LAM_TYPE_FIFO, "b", false },
		     { LAM_TYPE_FIFO, "c", false },
		     { LAM_TYPE_FILE, "d", true } };
	struct lam_layer_builder *builder = new_builder();
	struct lam_record record = { { "SCHILY.xattr.user.k", 19 }, { "1", 1 } };
	struct lam_layer *layer;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct lam_entry entry = entry_of(rows[i].type, rows[i].path);

		entry.records = &record;
		entry.record_count = 1;
		OK(add(builder, &entry));
	}
	layer = finish(builder);
	for (uint32_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct lam_extra *extra = lam_layer_extra(layer, &layer->inodes[i]);

		assert_int_equal(extra && extra->record_count > 0, rows[i].has);
	}
	lam_layer_free(layer);
}

static void records_are_bounded(void **state)
{
	enum { SIZE = 1000000 };
	struct lam_layer_builder *builder = new_builder();
	char *value = calloc(SIZE, 1);
	struct lam_record record = { { "SCHILY.xattr.user.k", 19 }, { value, SIZE } };
	struct lam_entry entry = entry_of(LAM_TYPE_FILE, "f");
	size_t added = 0;

	(void)state;
	entry.records = &record;
	entry.record_count = 1;
	do {
		/* what is like the last is shared, and costs nothing */
		value[0] = (char)added++;
	} while (add(builder, &entry) == 0 && added < 1000);
	assert_int_equal(err.code, LAM_EFORMAT);
	assert_int_equal(added, LAM_MAX_HELD / SIZE + 2);
	lam_layer_builder_free(builder);
	free(value);
}

static void holes_are_bounded(void **state)
{
	struct lam_layer_builder *builder = new_builder();
	struct lam_entry entry = entry_of(LAM_TYPE_FILE, "f");
	const struct lam_extent end = { 40ull << 30, 0 };

	(void)state;
	entry.size = end.offset;
	entry.extents = &end;
	entry.extent_count = 1;
	OK(add(builder, &entry));
	assert_int_equal(add(builder, &entry), LAM_EFORMAT);
	lam_layer_builder_free(builder);
}

/* Each time a folder becomes a file, what was in it goes; it was not gone through again. */
static void file_and_folder_in_turn(void **state)
{
	struct lam_layer_builder *builder = new_builder();
	struct lam_layer *layer;
	double begin = seconds();
	char name[32];

	(void)state;
	for (int i = 0; i < 100000; i++) {
		struct lam_entry dir = entry_of(LAM_TYPE_DIR, "d"),
				 file = entry_of(LAM_TYPE_FILE, "d"), in;

		snprintf(name, sizeof name, "d/f%d", i);
		in = entry_of(LAM_TYPE_FILE, name);
		OK(add(builder, &dir));
		OK(add(builder, &in));
		OK(add(builder, &file));
	}
	layer = finish(builder);
	assert_int_equal(layer->node_count, 2);
	assert_true(seconds() - begin < 4);
	lam_layer_free(layer);
}

static int no_difference(void *context, uint32_t a, uint32_t b, unsigned what)
{
	(void)context;
	fail_msg("%u and %u differ: %u", a, b, what);
	return 0;
}

static void many_names_of_one_file(void **state)
{
	enum { COUNT = 100000 };
	struct lam_layer_builder *builder = new_builder();
	struct lam_entry file = entry_of(LAM_TYPE_FILE, "a");
	const struct lam_layer *layers[1];
	struct lam_left left = { 0 };
	struct lam_tree *tree;
	double begin;
	size_t names;

	(void)state;
	OK(add(builder, &file));
	for (int i = 1; i < COUNT; i++) {
		char name[32], target[32];
		struct lam_entry link;

		/* each to the one before it */
		snprintf(name, sizeof name, "l%d", i);
		snprintf(target, sizeof target, "l%d", i - 1);
		link = entry_of(LAM_TYPE_LINK, name);
		link.target =
			i > 1 ? (struct lam_str){ target, strlen(target) } : file.path;
		OK(add(builder, &link));
	}
	layers[0] = finish(builder);
	begin = seconds();
	OK(lam_tree_merge(&tree, layers, 1, NULL, NULL, &err));
	for (uint32_t n = 1; n < lam_tree_count(tree); n++)
		assert_int_equal(lam_tree_link_count(tree, n), COUNT);
	lam_left_set(&left, tree, NULL);
	for (uint32_t n = 1; n < lam_tree_count(tree); n++)
		assert_int_equal(lam_left_first(&left, n, &names), 1);
	assert_int_equal(names, COUNT);
	OK(lam_tree_diff(tree, tree, (struct lam_clamp){ 0 }, no_difference, NULL, &err));
	assert_true(seconds() - begin < 4);
	lam_left_fini(&left);
	lam_tree_free(tree);
	lam_layer_free((struct lam_layer *)(uintptr_t)layers[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attributes_by_kind),
		cmocka_unit_test(records_are_bounded),
		cmocka_unit_test(holes_are_bounded),
		cmocka_unit_test(file_and_folder_in_turn),
		cmocka_unit_test(many_names_of_one_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
