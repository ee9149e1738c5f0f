/* The contents of many files at once: each as it is read by itself, in the order of the
 * layers. */
#include <stdlib.h>
#include <string.h>

#include <lamina/image.h>

#include "base/buf.h"
#include "image_build.h"
#include "unit.h"

#define MIB (UINT64_C(1) << 20)

static struct lam_error err;

/* Some have checkpoints between them, and some none. */
static const struct image_entry lower[] = {
	{ "a", .size = 100 },       { "b", .size = 9 * MIB },
	{ "c", .body = "c" },       { "d", .size = 3 * MIB },
	{ "e", .body = "" },        { "f", 'h', .target = "a" },
	{ "g", .size = 20 * MIB },  { "h", .body = "last" },
	{ "dir", .kind = 'd' },     { "link", 'l', .target = "a" },
	{ "gone", .body = "gone" },
};
static const struct image_entry upper[] = {
	{ .path = ".wh.gone" },
	{ "c", .body = "another" },
	{ "i", .body = "i" },
};
static const char *const NAMES[] = { "h", "i",   "d", "link", "a", "c",
				     "f", "dir", "e", "b",    "g", "gone" };
#define COUNT (sizeof NAMES / sizeof *NAMES)

struct taken {
	const struct lam_image *image;
	uint32_t nodes[COUNT];
	char order[64]; /* the names as they come; those that are too large in capitals */
	int end;
};

static int append(void *context, const void *bytes, size_t len, struct lam_error *e)
{
	return lam_buf_append(context, bytes, len, e);
}

static int take(void *context, size_t n, const char *bytes, size_t len,
		struct lam_error *e)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf alone = LAM_BUF(SIZE_MAX / 2);
	struct taken *t = context;
	char name[2] = { NAMES[n][0], '\0' };

	if (!bytes)
		name[0] = (char)(name[0] - 0x20);
	strcat(t->order, name);
	if (t->end)
		return lam_fail(e, LAM_EUSAGE, "enough");
	if (!bytes)
		return 0;
	OK(lam_image_read_file(t->image, t->nodes[n], NULL, append, &alone, NULL, &err));
	assert_int_equal(len, alone.len);
	assert_int_equal(bytes[len], '\0');
	assert_true(len == 0 || memcmp(bytes, alone.data, len) == 0);
	return 0;
}

static int read_all(struct taken *t, size_t most, const atomic_bool *stop)
{
	t->order[0] = '\0';
	for (size_t i = 0; i < COUNT; i++)
		t->nodes[i] = lam_tree_find(lam_image_tree(t->image), NAMES[i],
					    strlen(NAMES[i]));
	return lam_image_read_files(t->image, t->nodes, COUNT, most, take, t, stop, &err);
}

static void files(void **state)
{
	static const struct lam_compression kinds[] = { { LAM_CODEC_NONE, 0 },
							{ LAM_CODEC_GZIP, 1 },
							{ LAM_CODEC_ZSTD, 1 } };
	struct image_layer layers[] = { IMAGE_LAYER(lower), IMAGE_LAYER(upper) };

	(void)state;
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		struct built built;
		struct taken t = { 0 };
		atomic_bool stop = true;

		layers[0].compression = layers[1].compression = kinds[k];
		built_open(&built, layers, 2);
		t.image = built.image;
		OK(read_all(&t, SIZE_MAX / 2, NULL));
		assert_string_equal(t.order, "afbdeghci");
		OK(read_all(&t, 4 * MIB, NULL));
		assert_string_equal(t.order, "afBdeGhci");
		assert_int_equal(read_all(&t, SIZE_MAX / 2, &stop), LAM_ESTOPPED);
		t.end = 1;
		assert_int_equal(read_all(&t, SIZE_MAX / 2, NULL), LAM_EUSAGE);
		assert_string_equal(t.order, "a");
		built_close(&built);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(files) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
