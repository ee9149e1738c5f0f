#include <stdio.h>

#include <lamina/plan.h>

#include "image_build.h"
#include "unit.h"

static const struct image_entry base[] = {
	{ "etc/passwd", .body = "root:x:0:0::/:/bin/sh\n" },
	{ "bin/su", .body = "ELF", .mode = 04755 },
	{ "lib", 'l', .target = "usr/lib" },
	{ "var/log", 'd', .uid = 4, .gid = 5, .mtime = 7 },
	{ "big", .size = 100000 },
	{ "bin/power", .body = "x", .attribute = "SCHILY.xattr.security.capability=\1" },
};
static const struct image_entry top[] = { { .path = ".wh.big" },
					  { "a", .body = "one" },
					  { "b", 'h', .target = "a" } };

static uint32_t find(const struct lam_image *image, const char *path)
{
	return lam_tree_find(lam_image_tree(image), path, strlen(path));
}

static void from_a_table(void **state)
{
	struct image_layer layers[] = { { base, 6, .compression = { LAM_CODEC_GZIP, 6 } },
					{ top, 3,
					  .compression = { LAM_CODEC_ZSTD, 3 } } };
	struct built built;
	struct lam_stat stat;

	(void)state;
	built_open(&built, layers, 2);
	assert_int_equal(lam_image_layer_count(built.image), 2);
	assert_string_equal(lam_image_layer(built.image, 1)->created_by, "layer 1");
	lam_tree_stat(lam_image_tree(built.image), find(built.image, "/bin/su"), &stat);
	assert_int_equal(stat.mode, 04755);
	lam_tree_stat(lam_image_tree(built.image), find(built.image, "/var/log"), &stat);
	assert_int_equal(stat.uid, 4);
	lam_tree_stat(lam_image_tree(built.image), find(built.image, "/bin/power"),
		      &stat);
	assert_int_equal(stat.attribute_count, 1);
	assert_false(lam_tree_node(lam_image_tree(built.image), find(built.image, "/big"))
			     ->live);
	assert_true(lam_tree_node(lam_image_tree(built.image), find(built.image, "/b"))
			    ->linked);
	built_close(&built);
}

static void make(void *context, size_t n, struct image_entry *out)
{
	snprintf(context, 32, "dir/%zu", n);
	*out = (struct image_entry){ context, .size = n };
}

static void from_a_function(void **state)
{
	char name[32];
	struct image_layer layer = { .count = 300, .make = make, .context = name };
	struct built built;

	(void)state;
	built_open(&built, &layer, 1);
	assert_int_equal(lam_tree_count(lam_image_tree(built.image)), 302);
	assert_int_equal(lam_tree_node(lam_image_tree(built.image), 0)->live_bytes,
			 299 * 300 / 2);
	built_close(&built);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_a_table),
		cmocka_unit_test(from_a_function),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
