/* What was read back is what it should be, or is found out. */
#include <stdio.h>

#include "image_build.h"
#include "unit.h"
#include "write/readback.h"

#define BLOCK 512u

static struct lam_error err;

static const struct image_entry BASE[] = {
	{ .path = "d", .kind = 'd', .mode = 0750, .uid = 3, .gid = 4, .mtime = 5 },
	{ .path = "d/a", .body = "alpha", .mode = 04755, .mtime = 100 },
	{ .path = "d/b", .kind = 'l', .target = "a" },
	{ .path = "d/c", .kind = 'h', .target = "d/a" },
	{ .path = "d/gone", .body = "gone" },
};
static const struct image_entry TOP[] = {
	{ .path = "d/.wh.gone" },
	{ .path = "d/e", .body = "echo", .attribute = "SCHILY.xattr.user.x=value" },
};

struct written { /* a flattened image, and the tar of it */
	struct built built;
	struct lam_plan *plan;
	struct lam_layout *layout;
	struct lam_buf tar;
};

static int append(void *context, const void *bytes, size_t len, struct lam_error *error)
{
	return lam_buf_append(context, bytes, len, error);
}

static void open_written(struct written *w)
{
	const struct image_layer layers[] = { IMAGE_LAYER(BASE), IMAGE_LAYER(TOP) };
	const struct lam_plan_request request = { .flatten = true };

	*w = (struct written){ .tar = LAM_BUF(SIZE_MAX / 2) };
	built_open(&w->built, layers, 2);
	OK(lam_plan_make(&w->plan, w->built.image, &request, &err));
	OK(lam_layout_new(&w->layout, w->built.image, w->plan, NULL, NULL, &err));
	OK(lam_image_export(w->built.image,
			    lam_tree_find(lam_image_tree(w->built.image), "d", 1), append,
			    &w->tar, NULL, &err));
}

static void close_written(struct written *w)
{
	lam_layout_free(w->layout);
	lam_plan_free(w->plan);
	built_close(&w->built);
	lam_buf_fini(&w->tar);
}

static int verify(const struct written *w, const char *tar, size_t len)
{
	struct lam_reader *reader;
	int code;

	reader = lam_reader_memory(tar, len);
	code = lam_verify(w->layout, &w->layout->stack[0], reader, &err);
	lam_reader_close(reader);
	return code;
}

static unsigned sum_of(const char *header)
{
	unsigned sum = 0;

	for (size_t i = 0; i < BLOCK; i++)
		sum += i >= 148 && i < 156 ? ' ' : (unsigned char)header[i];
	return sum;
}

static bool is_header(const char *block)
{
	return block[0] && strtoul(block + 148, NULL, 8) == sum_of(block);
}

static void as_it_should_be(void **state)
{
	struct written w;

	(void)state;
	open_written(&w);
	OK(verify(&w, w.tar.data, w.tar.len));
	close_written(&w);
}

/* Each field that says something, of each entry. */
static void any_field(void **state)
{
	static const size_t fields[] = { 0, 106, 114, 122, 134, 146, 156, 157 };
	struct written w;
	size_t headers = 0;

	(void)state;
	open_written(&w);
	for (size_t at = 0; at < w.tar.len; at += BLOCK) {
		char *header = w.tar.data + at, kept[BLOCK];

		if (!is_header(header))
			continue;
		headers++;
		memcpy(kept, header, BLOCK);
		for (size_t f = 0; f < sizeof fields / sizeof *fields; f++) {
			bool size = fields[f] == 134;

			/* of a header for PAX records its size counts alone, which only
			 * files have */
			if (!header[fields[f]] || (header[156] == 'x' && !size) ||
			    (size && header[156] != 'x' && header[156] != '0'))
				continue;
			header[fields[f]] ^= 1;
			snprintf(header + 148, 8, "%06o", sum_of(header));
			assert_true(verify(&w, w.tar.data, w.tar.len) < 0);
			memcpy(header, kept, BLOCK);
		}
	}
	assert_int_equal(headers, 6);
	close_written(&w);
}

static void any_content(void **state)
{
	static const char *const contents[] = { "alpha", "echo", "=value" };
	struct written w;

	(void)state;
	open_written(&w);
	for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
		char *at =
			memmem(w.tar.data, w.tar.len, contents[i], strlen(contents[i]));

		assert_non_null(at);
		at[2] ^= 1;
		assert_int_equal(verify(&w, w.tar.data, w.tar.len), LAM_EWRITE);
		at[2] ^= 1;
	}
	close_written(&w);
}

static void too_few_and_too_many(void **state)
{
	struct lam_buf more = LAM_BUF(SIZE_MAX / 2);
	struct written w;
	size_t last = 0;

	(void)state;
	open_written(&w);
	for (size_t at = 0; at < w.tar.len; at += BLOCK) {
		if (is_header(w.tar.data + at))
			last = at;
	}
	/* between two entries a tar may end */
	assert_int_equal(verify(&w, w.tar.data, 0), LAM_EWRITE);
	assert_int_equal(verify(&w, w.tar.data, BLOCK), LAM_EWRITE);
	OK(lam_buf_append(&more, w.tar.data, last + 2 * BLOCK, &err));
	OK(lam_buf_append(&more, w.tar.data, BLOCK, &err));
	OK(lam_buf_append(&more, w.tar.data + last + 2 * BLOCK,
			  w.tar.len - last - 2 * BLOCK, &err));
	assert_int_equal(verify(&w, more.data, more.len), LAM_EWRITE);
	lam_buf_fini(&more);
	close_written(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_it_should_be),
		cmocka_unit_test(any_field),
		cmocka_unit_test(any_content),
		cmocka_unit_test(too_few_and_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
