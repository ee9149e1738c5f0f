#include <libdeflate.h>
#include <zstd.h>

#include "buf_writer.h"
#include "codec/codec.h"
#include "codec/gzip.h"
#include "unit.h"

static struct lam_error err;

/* Text-like, with a part that does not compress. */
static char *sample(size_t len)
{
	uint64_t seed = 7;
	char *bytes = malloc(len + 1);

	for (size_t i = 0; i < len; i++) {
		uint64_t r = next_random(&seed);

		bytes[i] = i % 100000 < 20000 ? (char)r : (char)('a' + r % 3);
	}
	return bytes;
}

/* threads and cut sizes vary; the result is the caller's. */
static struct lam_buf encode(const char *bytes, size_t len,
			     struct lam_compression compression, unsigned threads,
			     uint64_t seed)
{
	struct lam_buf out = LAM_BUF(SIZE_MAX / 2);
	struct lam_workers *workers;
	struct lam_chunk_pool *pool = lam_chunk_pool_new(0, threads + 1);
	struct lam_writer *writer;

	workers = lam_workers_new(threads);
	writer = buf_writer(&out);
	writer = lam_encoder_new(
		writer, &(struct lam_encoder_options){ .compression = compression,
						       .workers = workers,
						       .pool = pool });
	for (size_t at = 0; at < len;) {
		size_t most = seed & 1 ? 700 : 300000;
		size_t now = seed ? next_random(&seed) % most + 1 : len;

		if (now > len - at)
			now = len - at;
		OK(lam_write(writer, bytes + at, now, &err));
		at += now;
	}
	OK(lam_finish(writer, &err));
	lam_writer_close(writer);
	lam_workers_free(workers);
	lam_chunk_pool_free(pool);
	return out;
}

static int decode(const void *bytes, size_t len, enum lam_codec codec,
		  struct lam_buf *out)
{
	struct lam_reader *reader;
	struct lam_writer *writer;
	int code;

	reader = lam_reader_memory(bytes, len);
	reader = lam_decoder_new(reader, codec);
	writer = buf_writer(out);
	code = lam_copy(reader, writer, &err);
	lam_writer_close(writer);
	lam_reader_close(reader);
	return code;
}

static const struct lam_compression ALL[] = {
	{ LAM_CODEC_NONE, 0 },  { LAM_CODEC_GZIP, 1 }, { LAM_CODEC_GZIP, 6 },
	{ LAM_CODEC_GZIP, 12 }, { LAM_CODEC_ZSTD, 1 }, { LAM_CODEC_ZSTD, 3 },
	{ LAM_CODEC_ZSTD, 19 }
};

static void round_trips(void **state)
{
	static const size_t sizes[] = { 0, 1, 511, 1 << 20, (1 << 20) + 1, 3000000 };
	char *bytes = sample(3000000);

	(void)state;
	for (size_t c = 0; c < sizeof ALL / sizeof *ALL; c++) {
		for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
			struct lam_buf packed = encode(bytes, sizes[i], ALL[c], 2, 0);
			struct lam_buf back = LAM_BUF(SIZE_MAX / 2);
			const char *foreign;

			if (ALL[c].codec != LAM_CODEC_NONE)
				assert_int_equal(lam_codec_detect(packed.data, packed.len,
								  &foreign),
						 ALL[c].codec);
			OK(decode(packed.data, packed.len, ALL[c].codec, &back));
			assert_int_equal(back.len, sizes[i]);
			if (sizes[i])
				assert_memory_equal(back.data, bytes, sizes[i]);
			lam_buf_fini(&packed);
			lam_buf_fini(&back);
		}
	}
	free(bytes);
}

/* Readers that stop at the end of the first member or frame have everything. */
static void one_stream(void **state)
{
	static const size_t sizes[] = { 0, 1, 300000, 1 << 20, 5000000 };
	static const unsigned char header[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255 };
	struct libdeflate_decompressor *inflate = libdeflate_alloc_decompressor();
	char *bytes = sample(5000000), *back = malloc(5000001);

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		for (int level = 1; level <= 12; level += level == 1 ? 5 : 6) {
			struct lam_compression how = { LAM_CODEC_GZIP, level };
			struct lam_buf packed = encode(bytes, sizes[i], how, 2, 0);
			size_t used, got;

			assert_memory_equal(packed.data, header, sizeof header);
			assert_int_equal(libdeflate_gzip_decompress_ex(
						 inflate, packed.data, packed.len, back,
						 5000001, &used, &got),
					 LIBDEFLATE_SUCCESS);
			assert_int_equal(used, packed.len);
			assert_int_equal(got, sizes[i]);
			assert_memory_equal(back, bytes, sizes[i]);
			lam_buf_fini(&packed);
		}
		struct lam_compression how = { LAM_CODEC_ZSTD, 3 };
		struct lam_buf packed = encode(bytes, sizes[i], how, 2, 0);

		assert_int_equal(ZSTD_findFrameCompressedSize(packed.data, packed.len),
				 packed.len);
		lam_buf_fini(&packed);
	}
	libdeflate_free_decompressor(inflate);
	free(bytes);
	free(back);
}

/* Gives a few bytes at a time. */
struct dribble {
	struct lam_reader base;
	uint64_t seed;
	size_t most;
};

static int dribble_read(struct lam_reader *self, void *buf, size_t cap, size_t *out_len,
			struct lam_error *error)
{
	struct dribble *d = (struct dribble *)self;
	size_t len = next_random(&d->seed) % d->most + 1;

	return lam_read(self->inner, buf, len < cap ? len : cap, out_len, error);
}

static struct lam_reader *dribble(const struct lam_buf *bytes, size_t most)
{
	static const struct lam_reader_ops ops = { .read = dribble_read };
	struct dribble *d = malloc(sizeof *d);

	assert_non_null(d);
	*d = (struct dribble){ { &ops, lam_reader_memory(bytes->data, bytes->len) },
			       most,
			       most };
	return &d->base;
}

/* However few bytes a read gives, once and again. */
static void short_reads(void **state)
{
	const size_t len = 200000;
	char *bytes = sample(len), *back = malloc(len + 1);

	(void)state;
	for (size_t c = 1; c < sizeof ALL / sizeof *ALL; c++) {
		struct lam_buf packed = encode(bytes, len, ALL[c], 0, 0);

		for (size_t most = 1; most <= 40; most += 3) {
			struct lam_reader *reader =
				lam_decoder_new(dribble(&packed, most), ALL[c].codec);
			size_t got;

			OK(lam_read_full(reader, back, len + 1, &got, &err));
			assert_int_equal(got, len);
			assert_memory_equal(back, bytes, len);
			lam_reader_close(reader);
		}
		lam_buf_fini(&packed);
	}
	free(bytes);
	free(back);
}

/* As much as RFC 1952 has room for: an extra field of 65,535 bytes, and a name beside. */
static void large_gzip_header(void **state)
{
	struct lam_buf good = encode("hello", 5, LAM_COMPRESSION_DEFAULT, 0, 0),
		       large = LAM_TEXT, back = LAM_BUF(100);

	(void)state;
	lam_text_add(&large, "\x1f\x8b\x08\x0c\0\0\0\0\0\xff\xff\xff", 12);
	for (size_t i = 0; i < 65535; i++)
		lam_text_putc(&large, 'x');
	lam_text_add(&large, "layer.tar", 10);
	lam_text_add(&large, good.data + 10, good.len - 10);
	OK(decode(large.data, large.len, LAM_CODEC_GZIP, &back));
	assert_int_equal(back.len, 5);
	lam_buf_fini(&good);
	lam_buf_fini(&large);
	lam_buf_fini(&back);
}

/* The same bytes for any number of threads and any cut of the writes. */
static void deterministic(void **state)
{
	const size_t len = 20000000;
	char *bytes = sample(len);

	(void)state;
	for (size_t c = 1; c < sizeof ALL / sizeof *ALL; c += 2) {
		struct lam_buf first = encode(
			bytes, len, (struct lam_compression){ ALL[c].codec, 1 }, 0, 0);

		for (unsigned threads = 1; threads <= 8; threads *= 2) {
			struct lam_buf again = encode(
				bytes, len, (struct lam_compression){ ALL[c].codec, 1 },
				threads, threads);

			assert_int_equal(first.len, again.len);
			assert_memory_equal(first.data, again.data, first.len);
			lam_buf_fini(&again);
		}
		lam_buf_fini(&first);
	}
	free(bytes);
}

/* Every cut, and a flip of every byte, must be told or be without effect (header fields
 * that mean nothing). */
static void damage(void **state)
{
	static const enum lam_codec codecs[] = { LAM_CODEC_GZIP, LAM_CODEC_ZSTD };
	char *bytes = sample(3000);

	(void)state;
	for (size_t c = 0; c < 2; c++) {
		struct lam_buf packed = encode(
			bytes, 3000, (struct lam_compression){ codecs[c], 3 }, 0, 0);

		for (size_t cut = 0; cut < packed.len; cut++) {
			struct lam_buf back = LAM_BUF(SIZE_MAX / 2);

			assert_int_equal(decode(packed.data, cut, codecs[c], &back),
					 LAM_EFORMAT);
			lam_buf_fini(&back);
		}
		for (size_t at = 0; at < packed.len; at++) {
			struct lam_buf back = LAM_BUF(1 << 20);

			packed.data[at] ^= 0x10;
			if (decode(packed.data, packed.len, codecs[c], &back) == 0) {
				assert_int_equal(back.len, 3000);
				assert_memory_equal(back.data, bytes, 3000);
			}
			packed.data[at] ^= 0x10;
			lam_buf_fini(&back);
		}
		lam_buf_fini(&packed);
	}
	free(bytes);
}

/* One member or frame. */
static void compress(struct lam_buf *out, const char *bytes, size_t len,
		     struct lam_compression how)
{
	struct lam_buf packed = encode(bytes, len, how, 0, 0);

	OK(lam_buf_append(out, packed.data, packed.len, &err));
	lam_buf_fini(&packed);
}

static void several(struct lam_buf *out, const char *bytes, size_t len,
		    enum lam_codec codec, int parts)
{
	for (int i = 0; i < parts; i++) {
		size_t from = len * (size_t)i / (size_t)parts,
		       to = len * ((size_t)i + 1) / (size_t)parts;

		compress(out, bytes + from, to - from,
			 (struct lam_compression){ codec, 3 });
	}
}

static void members_and_frames(void **state)
{
	static const unsigned char skippable[] = { 0x53, 0x2a, 0x4d, 0x18, 3,  0,
						   0,    0,    'a',  'b',  'c' };
	char *bytes = sample(100000);

	(void)state;
	for (int parts = 1; parts < 400; parts += 57) {
		struct lam_buf gzip = LAM_BUF(SIZE_MAX / 2), zstd = LAM_BUF(SIZE_MAX / 2),
			       back = LAM_BUF(SIZE_MAX / 2);

		several(&gzip, bytes, 100000, LAM_CODEC_GZIP, parts);
		OK(decode(gzip.data, gzip.len, LAM_CODEC_GZIP, &back));
		assert_int_equal(back.len, 100000);
		assert_memory_equal(back.data, bytes, 100000);
		lam_buf_clear(&back);
		OK(lam_buf_append(&zstd, skippable, sizeof skippable, &err));
		several(&zstd, bytes, 100000, LAM_CODEC_ZSTD, parts);
		OK(lam_buf_append(&zstd, skippable, sizeof skippable, &err));
		OK(decode(zstd.data, zstd.len, LAM_CODEC_ZSTD, &back));
		assert_int_equal(back.len, 100000);
		assert_memory_equal(back.data, bytes, 100000);
		lam_buf_fini(&gzip);
		lam_buf_fini(&zstd);
		lam_buf_fini(&back);
	}
	free(bytes);
}

/* What other tools let pass: zeros and garbage behind the end, reserved flags, methods, a
 * header's wrong checksum. */
static void gzip_refuses(void **state)
{
	struct lam_buf good = LAM_BUF(SIZE_MAX / 2), back = LAM_BUF(SIZE_MAX / 2);
	char bad[256];

	(void)state;
	compress(&good, "hello", 5, LAM_COMPRESSION_DEFAULT);
	memset(bad, 0, sizeof bad);
	memcpy(bad, good.data, good.len);
	assert_int_equal(decode(bad, good.len + 16, LAM_CODEC_GZIP, &back), LAM_EFORMAT);
	memcpy(bad + good.len, "garbage", 7);
	assert_int_equal(decode(bad, good.len + 7, LAM_CODEC_GZIP, &back), LAM_EFORMAT);
	bad[3] = (char)0xe0;
	assert_int_equal(decode(bad, good.len, LAM_CODEC_GZIP, &back), LAM_EFORMAT);
	bad[3] = 2; /* a header checksum, which is then the first bytes of the data */
	assert_int_equal(decode(bad, good.len, LAM_CODEC_GZIP, &back), LAM_EFORMAT);
	bad[3] = 0;
	bad[2] = 9;
	assert_int_equal(decode(bad, good.len, LAM_CODEC_GZIP, &back), LAM_EFORMAT);
	assert_int_equal(decode("", 0, LAM_CODEC_GZIP, &back), LAM_EFORMAT);
	assert_int_equal(decode("", 0, LAM_CODEC_ZSTD, &back), LAM_EFORMAT);
	lam_buf_fini(&good);
	lam_buf_fini(&back);
}

/* What does not compress is stored at every length, what compresses is not, wherever such bytes in it are.
 */
static void incompressible_is_stored(void **state)
{
	const size_t len = 1 << 20;
	struct lam_buf out = LAM_BUF(SIZE_MAX / 2);
	char *bytes = malloc(len);
	uint64_t seed = 11;

	(void)state;
	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)(next_random(&seed) >> 56);
	assert_true(lam_is_incompressible(bytes, len));
	compress(&out, bytes, len, LAM_COMPRESSION_DEFAULT);
	assert_in_range(out.len, len, len + len / 1000);
	/* stored blocks hold the bytes as they are */
	assert_non_null(memmem(out.data, out.len, bytes + 1000, 1000));
	assert_false(lam_is_incompressible(bytes, 1000));
	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)(i * 7 % 256); /* every value as often as any other */
	assert_false(lam_is_incompressible(bytes, len));
	memset(bytes, 'a', len / 2);
	assert_false(lam_is_incompressible(bytes, len));
	lam_buf_fini(&out);
	free(bytes);
}

static void detects(void **state)
{
	const char *foreign;

	(void)state;
	lam_codec_detect("\xfd"
			 "7zXZ\0",
			 6, &foreign);
	assert_string_equal(foreign, "xz");
	lam_codec_detect("BZh9", 4, &foreign);
	assert_string_equal(foreign, "bzip2");
	assert_int_equal(lam_codec_detect("\x1f", 1, &foreign), LAM_CODEC_NONE);
	assert_null(foreign);
}

static void compressions(void **state)
{
	static const char *const good[] = { "gzip", "gzip:1",  "gzip:12",
					    "zstd", "zstd:19", "none" };
	static const char *const bad[] = { "",        "gzip:",   "gzip:0",
					   "gzip:13", "zstd:20", "zstd:03",
					   "none:1",  "xz",      "gzip:6x" };
	struct lam_compression c;
	char text[LAM_COMPRESSION_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		OK(lam_compression_parse(&c, good[i], &err));
		assert_memory_equal(lam_compression_format(c, text), good[i],
				    strlen(good[i]));
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(lam_compression_parse(&c, bad[i], &err), LAM_EPLAN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trips),
		cmocka_unit_test(one_stream),
		cmocka_unit_test(short_reads),
		cmocka_unit_test(large_gzip_header),
		cmocka_unit_test(deterministic),
		cmocka_unit_test(damage),
		cmocka_unit_test(gzip_refuses),
		cmocka_unit_test(members_and_frames),
		cmocka_unit_test(incompressible_is_stored),
		cmocka_unit_test(detects),
		cmocka_unit_test(compressions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
