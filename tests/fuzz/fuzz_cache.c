/* A stored index behind its checksum, which is made right here: what is believed can be
 * merged, stored again and used. The input says which of three layers it is of, and which
 * bytes of it are others: where (two bytes) and what is turned in it, again and again. */
#include <isa-l/crc64.h>
#include <string.h>

#include "buf_writer.h"
#include "fuzz.h"
#include "tar_build.h"

static const struct lam_layer_key KEY = { { LAM_SHA256, { 1 } },
					  { LAM_SHA256, { 2 } },
					  3 };

static const char PAX[] = "25 SCHILY.xattr.user.a=1\n25 SCHILY.xattr.user.b=2\n";
static const char SPARSE[] =
	"22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n25 GNU.sparse.name=holes\n"
	"28 GNU.sparse.realsize=9000\n";
static const struct tar_member LINKS[] = {
	{ .name = "usr/", .flag = '5' },
	{ .name = "usr/file", .body = "hello", .body_len = 5 },
	{ .name = "usr/link", .flag = '1', .link = "usr/file" },
	{ .name = "usr/symlink", .flag = '2', .link = "../usr/file" },
	{ .name = "usr/below", .flag = '1', .link = "etc/conf" },
	{ .name = "usr/.wh.gone" },
	{ .name = "opt/new/.wh..wh..opq" },
	{ 0 }
};
static const struct tar_member ATTRIBUTES[] = {
	{ .name = "pax", .flag = 'x', .body = PAX, .body_len = sizeof PAX - 1 },
	{ .name = "f", .body = "2", .body_len = 1 },
	{ .name = "f", .body = "3", .body_len = 1 },
	{ .name = "d/\xff\n", .body = "x", .body_len = 1 },
	{ .name = "../up", .body = "x", .body_len = 1 },
	{ 0 }
};
static const struct tar_member HOLES[] = {
	{ .name = "pax", .flag = 'x', .body = SPARSE, .body_len = sizeof SPARSE - 1 },
	{ .name = "holes",
	  .sparse = "2\n10\n3\n8000\n2\n",
	  .body = "abcde",
	  .body_len = 5 },
	{ 0 }
};

static struct lam_layer *layer_of(const struct tar_member *members)
{
	static const struct lam_checkpoint points[] = {
		{ .out = 600, .in = 1 },
		{ .out = 1300, .in = 2, .in_member = 1, .bit_count = 3 },
	};
	struct lam_buf tar = LAM_TEXT;
	struct lam_reader *reader;
	struct lam_layer *layer;
	struct lam_error err;

	for (; members->name; members++)
		tar_append(&tar, members);
	tar_append_end(&tar);
	reader = lam_reader_memory(tar.data, tar.len);
	MUST(lam_layer_read(&layer, reader, 1, NULL, NULL, &err));
	lam_checkpoints_add(&layer->points, points[0], NULL, 0);
	lam_checkpoints_add(&layer->points, points[1], "windowwindow", 12);
	lam_reader_close(reader);
	lam_buf_fini(&tar);
	return layer;
}

/* As it is stored; made once. */
static const struct lam_buf *index_of(unsigned which)
{
	static const struct tar_member *const tars[] = { LINKS, ATTRIBUTES, HOLES };
	static struct lam_buf stored[3];
	const struct lam_layer_reading reading = { KEY.digest, KEY.diff_id, KEY.blob_size,
						   8192, 0 };
	struct lam_layer *layer;
	struct lam_writer *to;
	struct lam_error err;

	if (stored[which].data)
		return &stored[which];
	stored[which] = LAM_TEXT;
	layer = layer_of(tars[which]);
	to = buf_writer(&stored[which]);
	MUST(lam_layer_save(layer, &reading, UINT64_MAX, to, &err));
	lam_writer_close(to);
	lam_layer_free(layer);
	return &stored[which];
}

/* What would only ever be refused is as it should be. */
static void seal(struct lam_store_header *h, size_t size)
{
	memcpy(h->magic, LAM_STORE_MAGIC, sizeof h->magic);
	h->version = LAM_STORE_VERSION;
	h->order = LAM_STORE_ORDER;
	h->size = size;
	h->blob_size = KEY.blob_size;
	h->digest_algorithm = KEY.digest.algorithm;
	h->diff_id_algorithm = KEY.diff_id.algorithm;
	memcpy(h->digest, KEY.digest.bytes, sizeof h->digest);
	memcpy(h->diff_id, KEY.diff_id.bytes, sizeof h->diff_id);
	h->checksum = crc64_ecma_refl(0, (const unsigned char *)h + LAM_STORE_CHECKED,
				      size - LAM_STORE_CHECKED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };
	const struct lam_buf *stored = index_of(fuzz_below(&fuzz, 3));
	struct lam_buf text = LAM_TEXT;
	struct lam_layer_reading reading;
	struct lam_layer *layer;
	uint8_t *block = malloc(stored->len);

	NEED(block);
	memcpy(block, stored->data, stored->len);
	while (fuzz.left) {
		size_t at = fuzz_byte(&fuzz);

		at = at << 8 | fuzz_byte(&fuzz);
		block[at % stored->len] ^= (uint8_t)fuzz_byte(&fuzz);
	}
	seal((struct lam_store_header *)(void *)block, stored->len);
	if (!lam_layer_load(&layer, &reading, block, stored->len, &KEY, 1)) {
		NEED(size > 1);
		return 0;
	}
	if (fuzz_look(layer, &text))
		fuzz_store(layer, &reading, &KEY, &text);
	lam_buf_fini(&text);
	lam_layer_free(layer);
	return 0;
}
