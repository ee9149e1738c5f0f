/* Compressed streams: cut in any way they inflate to the same, from each checkpoint to
 * the same as from the beginning; and what is compressed comes back. */
#include <string.h>

#include "base/workers.h"
#include "buf_writer.h"
#include "codec/codec.h"
#include "fuzz.h"

#define MOST (4u << 20) /* that is inflated: bombs are flat in memory, and take time */

/* Up to MOST bytes; *code is what ended it. */
static struct lam_buf inflate(struct lam_reader *from, int *code, struct lam_error *err)
{
	struct lam_buf out = LAM_TEXT;
	static char piece[65536];
	size_t got;

	do {
		*code = lam_read(from, piece, sizeof piece, &got, err);
		if (*code == 0)
			lam_text_add(&out, piece, got);
	} while (*code == 0 && got && out.len < MOST);
	if (*code < 0)
		need_error(*code, err);
	return out;
}

/* Both are the same as far as both go, and one that ended well is all. */
static void compare(const struct lam_buf *a, int a_code, const char *b, size_t b_len,
		    int b_code)
{
	size_t both = a->len < b_len ? a->len : b_len;

	NEED(both == 0 || memcmp(a->data, b, both) == 0);
	if (a->len < MOST && b_len < MOST && a_code == 0 && b_code == 0)
		NEED(a->len == b_len);
	NEED(a_code == b_code || a->len >= MOST || b_len >= MOST);
}

static void resume(const struct fuzz *blob, enum lam_codec codec,
		   const struct lam_checkpoints *points, uint64_t offset,
		   const struct lam_buf *whole, int whole_code)
{
	struct lam_decoder_start start = lam_decoder_start(codec, points, offset);
	struct lam_reader *from, *inner;
	struct lam_error err;
	struct lam_buf rest;
	int code;

	NEED(start.out <= offset && start.out <= whole->len && start.in <= blob->left);
	inner = lam_reader_memory(blob->at + start.in, blob->left - start.in);
	MUST(lam_decoder_resume(&from, inner, codec, points, &start, &err));
	rest = inflate(from, &code, &err);
	compare(&rest, code, whole->data + start.out, whole->len - start.out, whole_code);
	lam_buf_fini(&rest);
	lam_reader_close(from);
}

static void decode(const struct fuzz *blob, enum lam_codec codec, unsigned how)
{
	struct lam_checkpoints points = { .every = 1 + how % 97 };
	struct lam_error err;
	struct lam_reader *from = lam_decoder_recording(
		lam_reader_memory(blob->at, blob->left), codec, &points);
	int code, other_code;
	struct lam_buf whole = inflate(from, &code, &err), other;

	lam_reader_close(from);
	from = lam_decoder_new(
		fuzz_pieces(lam_reader_memory(blob->at, blob->left), 1 + how), codec);
	other = inflate(from, &other_code, &err);
	lam_reader_close(from);
	compare(&whole, code, other.data, other.len, other_code);
	for (size_t i = 0; i < points.count && i < 8 && whole.data; i++) {
		uint64_t offset = points.items[i * points.count / 8].out;

		if (offset <= whole.len)
			resume(blob, codec, &points, offset, &whole, code);
	}
	lam_checkpoints_fini(&points);
	lam_buf_fini(&whole);
	lam_buf_fini(&other);
}

static void encode(const struct fuzz *tar, enum lam_codec codec, unsigned how)
{
	struct lam_encoder_options options = {
		.compression = { codec, codec == LAM_CODEC_NONE ? 0 : 1 + (int)how % 9 },
		.size = how & 16 ? tar->left : 0,
		.workers = lam_workers_new(0),
		.pool = lam_chunk_pool_new(0, 2)
	};
	struct lam_buf blob = LAM_TEXT, again;
	struct lam_writer *to = lam_encoder_new(buf_writer(&blob), &options);
	struct lam_reader *from;
	struct lam_error err;
	size_t half = tar->left / 2;
	int code;

	MUST(lam_write(to, tar->at, half, &err));
	MUST(lam_write(to, tar->at + half, tar->left - half, &err));
	MUST(lam_finish(to, &err));
	lam_writer_close(to);
	from = lam_decoder_new(lam_reader_memory(blob.data, blob.len), codec);
	again = inflate(from, &code, &err);
	NEED(code == 0 && again.len == tar->left);
	NEED(again.len == 0 || memcmp(again.data, tar->at, again.len) == 0);
	lam_reader_close(from);
	lam_buf_fini(&again);
	lam_buf_fini(&blob);
	lam_workers_free(options.workers);
	lam_chunk_pool_free(options.pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };
	unsigned how = fuzz_byte(&fuzz);
	enum lam_codec codec = (enum lam_codec)(how % 3);
	const char *foreign;

	if (size == 0)
		return 0;
	(void)lam_codec_detect(fuzz.at, fuzz.left, &foreign);
	if (how & 128)
		encode(&fuzz, codec, how / 3);
	else
		decode(&fuzz, codec, how / 3);
	return 0;
}
