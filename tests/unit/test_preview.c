#include "editor/analysis/preview.h"
#include "image_build.h"
#include "unit.h"

static struct lam_error err;

static const struct image_entry BASE[] = {
	{ .path = "text", .body = "one\n\ttwo\\n\r\nthree" },
	{ .path = "binary", .body = NULL, .size = 100 },
	{ .path = "empty", .body = "" },
	{ .path = "big", .size = PREVIEW_MAX + 1000 },
	{ .path = "control",
	  .body = "\x1b[2Jcleared\nand more text than control characters\n" },
	{ .path = "latin", .body = "caf\xe9 is what most of the text is\n" },
	{ .path = "dir/file", .body = "in\n" },
	{ .path = "link", .kind = 'l', .target = "dir/file" },
	{ .path = "nowhere", .kind = 'l', .target = "not-there" },
	{ .path = "null", .kind = 'c' },
	{ .path = "gone", .body = "it was here\n" },
};
static const struct image_entry TOP[] = { { .path = ".wh.gone" } };
static const struct image_layer LAYERS[] = {
	{ .entries = BASE, .count = sizeof BASE / sizeof *BASE },
	{ .entries = TOP, .count = 1 },
};

static struct built built;

static struct preview *look(const char *path)
{
	const struct lam_tree *tree = lam_image_tree(built.image);
	uint32_t node = lam_tree_find(tree, path, strlen(path));
	struct preview *preview;

	assert_true(node != LAM_NODE_NONE);
	OK(preview_new(&preview, built.image, node, NULL, &err));
	assert_int_equal(preview->node, node);
	return preview;
}

static void lines_are(const char *path, const char *const *lines, size_t count)
{
	struct preview *preview = look(path);

	assert_int_equal(preview->err.code, LAM_OK);
	assert_int_equal(preview->line_count, count);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(preview->lines[i], lines[i]);
	preview_free(preview);
}

#define LINES(path, ...)                                      \
	lines_are(path, (const char *const[]){ __VA_ARGS__ }, \
		  sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static void text(void **state)
{
	(void)state;
	LINES("text", "one", "        two\\n", "three");
	LINES("control", "\\x1b[2Jcleared", "and more text than control characters");
	LINES("latin", "caf\\xe9 is what most of the text is");
}

static void others(void **state)
{
	(void)state;
	LINES("link", "in");
	LINES("nowhere", "a symlink that leads to nothing");
	LINES("dir", "a directory");
	LINES("null", "a character device");
	LINES("gone", "it was here");
}

static void empty(void **state)
{
	struct preview *preview = look("empty");

	(void)state;
	assert_int_equal(preview->line_count, 0);
	assert_int_equal(preview->len, 0);
	assert_false(preview->cut);
	preview_free(preview);
}

static void hex(void **state)
{
	struct preview *preview = look("binary");
	char out[PREVIEW_HEX_MAX];

	(void)state;
	assert_true(preview->binary);
	assert_int_equal(preview->line_count, 7);
	assert_int_equal(strlen(preview->lines[0]), 8 + 2 + 49 + 1 + 18);
	preview_free(preview);
	assert_string_equal(preview_hex("\x7f"
					"ELF\x02",
					5, 0, 8, out),
			    "00000000  7f 45 4c 46 02           |.ELF.|");
	assert_string_equal(preview_hex("0123456789abcdefgh", 18, 16, 16, out),
			    "00000010  67 68                    "
			    "                         |gh|");
}

static void cut(void **state)
{
	struct preview *preview = look("big");

	(void)state;
	assert_true(preview->cut);
	assert_int_equal(preview->len, PREVIEW_MAX);
	assert_int_equal(preview->size, PREVIEW_MAX + 1000);
	assert_int_equal(preview->err.code, LAM_OK);
	preview_free(preview);
}

static void stopped(void **state)
{
	atomic_bool stop = true;
	struct preview *preview;
	uint32_t node = lam_tree_find(lam_image_tree(built.image), "big", 3);

	(void)state;
	assert_int_equal(preview_new(&preview, built.image, node, &stop, &err),
			 LAM_ESTOPPED);
	assert_null(preview);
}

static int open_image(void **state)
{
	(void)state;
	built_open(&built, LAYERS, 2);
	return 0;
}

static int close_image(void **state)
{
	(void)state;
	built_close(&built);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text),  cmocka_unit_test(others),
		cmocka_unit_test(empty), cmocka_unit_test(hex),
		cmocka_unit_test(cut),   cmocka_unit_test(stopped),
	};

	return cmocka_run_group_tests(tests, open_image, close_image);
}
