/* A written layer is tried as the reader finds it: as its entries make it, played one by one. */
#include <stdio.h>

#include "image_build.h"
#include "layer/same.h"
#include "layout/layout.h"
#include "unit.h"

static struct lam_error err;

static const struct image_entry BASE[] = {
	{ .path = "d", .kind = 'd', .mode = 0750, .uid = 3, .gid = 4, .mtime = 5 },
	{ .path = "d/a", .body = "alpha", .mode = 04755, .mtime = 100 },
	{ .path = "d/b", .kind = 'l', .target = "a", .mtime = 7 },
	{ .path = "d/gone", .body = "gone" },
	{ .path = "o/below/deep", .body = "below" },
	{ .path = "o/beside", .body = "beside" },
	{ .path = "r", .kind = 'd' },
	{ .path = "r/x", .body = "x" },
};
static const struct image_entry TOP[] = {
	{ .path = "", .kind = 'd', .mode = 0700 },
	{ .path = "d/.wh.gone" },
	{ .path = "d/z", .kind = 'h', .target = "d/c" }, /* leads nowhere */
	{ .path = "d/c", .body = "many names", .mtime = 9 },
	{ .path = "d/d", .kind = 'h', .target = "d/c" },
	{ .path = "b/first", .kind = 'h', .target = "d/c" },
	{ .path = "d/e", .body = "echo", .attribute = "SCHILY.xattr.user.x=value" },
	{ .path = "d/f", .body = "echo", .attribute = "SCHILY.xattr.user.x=value" },
	{ .path = "implied/twice/file", .body = "f", .mtime = 3000 },
	{ .path = "p/.wh.q/r", .body = "whose directory cannot have an entry" },
	{ .path = "null", .kind = 'c', .mode = 0666 },
	{ .path = "pipe", .kind = 'p' },
	{ .path = "o/below", .kind = 'd' },
	{ .path = "o/below/.wh..wh..opq" },
	{ .path = "o/below/new", .body = "new" },
	{ .path = "r", .body = "a file now" },
};

/* What the reader makes of a target's entries. */
static struct lam_layer *play(const struct lam_layout *layout,
			      const struct lam_layout_target *target, uint32_t number)
{
	struct lam_member_scratch scratch = LAM_MEMBER_SCRATCH;
	struct lam_layer_builder *builder;
	struct lam_layer *layer;

	OK(lam_layer_builder_new(&builder, number, &err));
	for (size_t i = 0; i < target->member_count; i++) {
		struct lam_entry entry;
		struct lam_stat stat;
		uint32_t inode;

		lam_member_entry(layout->tree, layout->plan->times, &target->members[i],
				 &scratch, &entry);
		OK(lam_layer_builder_add(builder, &entry, 0, &inode, &err));
		lam_tree_stat(layout->tree, target->members[i].node, &stat);
		if (entry.type == LAM_TYPE_FILE && inode != LAM_INODE_NONE)
			OK(lam_layer_builder_content(builder, inode, stat.content, &err));
	}
	OK(lam_layer_builder_finish(builder, &layer, &err));
	lam_layer_builder_free(builder);
	lam_member_scratch_fini(&scratch);
	return layer;
}

/* How many whiteouts there are, and how many written layers. */
static void check(const struct lam_image *image, const char *text, uint32_t whiteouts,
		  size_t written)
{
	struct lam_layout *layout;
	struct lam_plan *plan;

	OK(lam_plan_parse(&plan, text, strlen(text), "plan", NULL, &err));
	OK(lam_layout_new(&layout, image, plan, NULL, NULL, &err));
	for (uint32_t t = 0; t < layout->target_count; t++) {
		const struct lam_layout_target *target = &layout->stack[t];
		struct lam_layer *played;

		if (target->kept)
			continue;
		played = play(layout, target, t);
		assert_true(lam_layer_same(target->layer, played));
		whiteouts -= played->whiteout_count;
		written--;
		/* any difference in time is one */
		played->inodes[0].mtime_ns++;
		assert_false(lam_layer_same(target->layer, played));
		lam_layer_free(played);
	}
	assert_int_equal(whiteouts, 0);
	assert_int_equal(written, 0);
	lam_layout_free(layout);
	lam_plan_free(plan);
}

static void as_it_is_played(void **state)
{
	const struct image_layer layers[] = { IMAGE_LAYER(BASE), IMAGE_LAYER(TOP) };
	struct built built;

	(void)state;
	built_open(&built, layers, 2);
	check(built.image,
	      "{\"lamina\":1,\"layers\":[{\"name\":\"a\",\"from\":\"rest\"}],\"assign\":[]}",
	      0, 1);
	check(built.image,
	      "{\"lamina\":1,\"layers\":[{\"name\":\"a\",\"from\":[0],\"keep\":true},"
	      "{\"name\":\"b\",\"from\":[1],\"rewrite\":true},{\"name\":\"c\"}],"
	      "\"assign\":[{\"path\":\"/d/e\",\"to\":\"c\"},{\"path\":\"/b\",\"to\":\"c\"}]}",
	      2, 2);
	check(built.image,
	      "{\"lamina\":1,\"layers\":[{\"name\":\"a\",\"from\":\"rest\"},{\"name\":\"b\"}],"
	      "\"assign\":[{\"path\":\"/d\",\"to\":\"b\"},{\"path\":\"/p\",\"to\":\"b\"}],"
	      "\"times\":{\"clamp\":\"1970-01-01T00:00:08Z\"}}",
	      0, 2);
	built_close(&built);
}

/* Longer than any entry's, as it goes on behind a symlink. */
static void too_long_a_path(void **state)
{
	enum { NAME = 255, DEEP = 160 * (NAME + 1) };
	char deep[DEEP], file[DEEP + 4];
	const struct image_entry entries[] = {
		{ .path = deep, .kind = 'd' },
		{ .path = "s", .kind = 'l', .target = deep },
		{ .path = file, .body = "f" }
	};
	const struct image_layer layers[] = { IMAGE_LAYER(entries) };
	const struct lam_plan_request request = { .flatten = true };
	struct lam_layout *layout;
	struct lam_plan *plan;
	struct built built;

	(void)state;
	memset(deep, 'n', DEEP);
	for (size_t i = NAME; i < DEEP; i += NAME + 1)
		deep[i] = '/';
	deep[DEEP - 1] = '\0';
	snprintf(file, sizeof file, "s/%s", deep);
	built_open(&built, layers, 1);
	OK(lam_plan_make(&plan, built.image, &request, &err));
	plan->layers[0].rewrite = true;
	assert_int_equal(lam_layout_new(&layout, built.image, plan, NULL, NULL, &err),
			 LAM_EFORMAT);
	assert_non_null(strstr(err.text, "has a path of 65791 bytes"));
	lam_plan_free(plan);
	built_close(&built);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(as_it_is_played),
					    cmocka_unit_test(too_long_a_path) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
