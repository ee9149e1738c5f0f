#include <isa-l/igzip_lib.h>
#include <libdeflate.h>
#include <zstd.h>

#include "buf_writer.h"
#include "codec/codec.h"
#include "unit.h"

static struct lam_error err;

/* Parts that compress well, badly, and not at all; far references too. */
static char *sample(size_t len)
{
	uint64_t seed = 11;
	char *bytes = malloc(len + 1);

	for (size_t i = 0; i < len; i++) {
		uint64_t r = next_random(&seed);

		if (i % 300000 < 60000)
			bytes[i] = (char)r;
		else if (i % 300000 < 200000 || i < 40000)
			bytes[i] = (char)('a' + r % 5 * (i / 50000 % 3));
		else
			bytes[i] = bytes[i - 30000 - r % 2];
	}
	return bytes;
}

struct stream {
	unsigned char *bytes;
	size_t len, cap;
};

static struct stream stream_for(size_t len)
{
	size_t cap = len + len / 8 + (1 << 20);

	return (struct stream){ malloc(cap), 0, cap };
}

static void add_libdeflate(struct stream *s, const char *bytes, size_t len, int level)
{
	struct libdeflate_compressor *c = libdeflate_alloc_compressor(level);
	size_t got = libdeflate_gzip_compress(c, bytes, len, s->bytes + s->len,
					      s->cap - s->len);

	assert_true(got > 0);
	s->len += got;
	libdeflate_free_compressor(c);
}

/* Another compressor's blocks; flushed now and then, with empty stored ones. */
static void add_isal(struct stream *s, const char *bytes, size_t len, int level)
{
	struct isal_zstream z;
	unsigned char *buffer = malloc(ISAL_DEF_LVL3_DEFAULT);
	char *copy = malloc(len);

	memcpy(copy, bytes, len);
	isal_deflate_init(&z);
	z.level = (uint32_t)level;
	z.level_buf = buffer;
	z.level_buf_size = ISAL_DEF_LVL3_DEFAULT;
	z.gzip_flag = IGZIP_GZIP;
	z.next_in = (uint8_t *)copy;
	z.next_out = s->bytes + s->len;
	z.avail_out = (uint32_t)(s->cap - s->len);
	for (size_t at = 0; at < len;) {
		size_t now = len - at < 200000 ? len - at : 200000;

		at += now;
		z.avail_in = (uint32_t)now;
		z.end_of_stream = at == len;
		z.flush = at % 3 ? NO_FLUSH : SYNC_FLUSH;
		assert_int_equal(isal_deflate(&z), COMP_OK);
	}
	s->len = (size_t)(z.next_out - s->bytes);
	free(buffer);
	free(copy);
}

static void add_frame(struct stream *s, const char *bytes, size_t len)
{
	size_t got = ZSTD_compress(s->bytes + s->len, s->cap - s->len, bytes, len, 1);

	assert_false(ZSTD_isError(got));
	s->len += got;
}

static struct lam_checkpoints read_whole(const struct stream *s, enum lam_codec codec,
					 const char *want, size_t len, size_t every,
					 size_t piece)
{
	struct lam_checkpoints points = { .every = every };
	struct lam_reader *reader;
	char *back = malloc(len + piece);
	size_t at = 0, got = 1;

	reader = lam_reader_memory(s->bytes, s->len);
	reader = lam_decoder_recording(reader, codec, &points);
	while (got) {
		assert_true(at <= len);
		OK(lam_read(reader, back + at, piece, &got, &err));
		at += got;
	}
	assert_int_equal(at, len);
	assert_memory_equal(back, want, len);
	lam_reader_close(reader);
	free(back);
	return points;
}

/* From each point to the end. */
static void read_from_points(const struct stream *s, enum lam_codec codec,
			     const struct lam_checkpoints *points, const char *want,
			     size_t len)
{
	char *back = malloc(len + 1);

	assert_true(lam_checkpoints_fit(points, s->len, len));
	for (size_t i = 0; i < points->count; i++) {
		const struct lam_checkpoint *p = &points->items[i];
		uint64_t begin = lam_checkpoint_begin(p);
		struct lam_decoder_start start = { p, begin, p->out };
		struct lam_reader *reader;
		size_t got;

		assert_true(p->out > 0 && p->out <= len);
		reader = lam_reader_memory(s->bytes + begin, s->len - begin);
		OK(lam_decoder_resume(&reader, reader, codec, points, &start, &err));
		OK(lam_read_full(reader, back, len + 1 - p->out, &got, &err));
		assert_int_equal(got, len - p->out);
		assert_memory_equal(back, want + p->out, got);
		lam_reader_close(reader);
	}
	free(back);
}

#define LEN   6000000u
#define EVERY 100000u

/* least: how many points there must be; what one call gives has one at the most. */
static void check(const struct stream *s, enum lam_codec codec, const char *want,
		  size_t len, size_t every, size_t least)
{
	static const size_t pieces[] = { 1 << 20, 4096, 77777 };

	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		struct lam_checkpoints points =
			read_whole(s, codec, want, len, every, pieces[i]);

		if (points.count < least)
			fail_msg("%zu points, not %zu", points.count, least);
		read_from_points(s, codec, &points, want, len);
		lam_checkpoints_fini(&points);
	}
}

static void one_member(void **state)
{
	char *want = sample(LEN);

	(void)state;
	for (int level = 1; level <= 12; level += 5) {
		struct stream s = stream_for(LEN);

		add_libdeflate(&s, want, LEN, level);
		check(&s, LAM_CODEC_GZIP, want, LEN, EVERY, 5);
		free(s.bytes);
	}
	for (int level = 1; level <= 3; level++) {
		struct stream s = stream_for(LEN);

		add_isal(&s, want, LEN, level);
		check(&s, LAM_CODEC_GZIP, want, LEN, EVERY, 5);
		free(s.bytes);
	}
	free(want);
}

static void stored_blocks(void **state)
{
	char *want = sample(LEN);
	struct stream s = stream_for(LEN);

	(void)state;
	add_libdeflate(&s, want, LEN, 0);
	check(&s, LAM_CODEC_GZIP, want, LEN, EVERY, 20);
	free(s.bytes);
	free(want);
}

/* With codes that the standard fixes, blocks have headers of three bits. */
static void fixed_blocks(void **state)
{
	char *want = malloc(LEN);
	struct stream s = stream_for(LEN);

	(void)state;
	memset(want, 'x', LEN);
	add_isal(&s, want, LEN, 0);
	check(&s, LAM_CODEC_GZIP, want, LEN, EVERY, 0);
	free(s.bytes);
	free(want);
}

static void many_members(void **state)
{
	char *want = sample(LEN);
	struct stream s = stream_for(LEN);

	(void)state;
	for (size_t at = 0; at < LEN;) {
		size_t now = at % 3 ? 150000 : 30001;

		if (now > LEN - at)
			now = LEN - at;
		add_libdeflate(&s, want + at, now, (int)(at % 10));
		at += now;
	}
	check(&s, LAM_CODEC_GZIP, want, LEN, EVERY, 25);
	free(s.bytes);
	free(want);
}

static void zstd_frames(void **state)
{
	char *want = sample(LEN);
	struct stream s = stream_for(LEN);

	(void)state;
	for (size_t at = 0; at < LEN; at += 50000)
		add_frame(&s, want + at, 50000);
	check(&s, LAM_CODEC_ZSTD, want, LEN, EVERY, 55);
	s.len = 0;
	add_frame(&s, want, LEN);
	check(&s, LAM_CODEC_ZSTD, want, LEN, EVERY, 0);
	free(s.bytes);
	free(want);
}

/* What is written here, for which each stream is one member or frame. */
static void own_streams(void **state)
{
	char *want = sample(LEN);

	(void)state;
	for (enum lam_codec codec = LAM_CODEC_GZIP; codec <= LAM_CODEC_ZSTD; codec++) {
		struct lam_buf packed = LAM_TEXT;
		struct lam_encoder_options options = {
			.compression = lam_compression_usual(codec),
			.size = LEN,
			.workers = lam_workers_new(2),
			.pool = lam_chunk_pool_new(0, 3),
		};
		struct lam_writer *writer =
			lam_encoder_new(buf_writer(&packed), &options);

		OK(lam_write(writer, want, LEN, &err));
		OK(lam_finish(writer, &err));
		lam_writer_close(writer);
		check(&(struct stream){ (unsigned char *)packed.data, packed.len, 0 },
		      codec, want, LEN, EVERY, codec == LAM_CODEC_GZIP ? 15 : 2);
		lam_workers_free(options.workers);
		lam_chunk_pool_free(options.pool);
		lam_buf_fini(&packed);
	}
	free(want);
}

/* However long a stream is. */
static void bounded(void **state)
{
	struct lam_checkpoints points = { .every = 10 };
	char window[LAM_CHECKPOINT_WINDOW];
	uint64_t seed = 3;

	(void)state;
	for (size_t i = 0; i < sizeof window; i++)
		window[i] = (char)next_random(&seed);
	for (uint64_t out = 10; out < 20000; out += 7) {
		memcpy(window, &out, sizeof out);
		if (lam_checkpoints_due(&points, out))
			lam_checkpoints_add(&points,
					    (struct lam_checkpoint){ .out = out,
								     .in = out,
								     .in_member = 1 },
					    window, sizeof window);
		assert_true(points.count <= LAM_CHECKPOINT_MAX);
	}
	assert_true(points.count > LAM_CHECKPOINT_MAX / 4);
	for (size_t i = 0; i < points.count; i++) {
		char back[LAM_CHECKPOINT_WINDOW];
		size_t len;

		OK(lam_checkpoints_window(&points, &points.items[i], back, &len, &err));
		assert_int_equal(len, sizeof back);
		assert_memory_equal(back, &points.items[i].out, sizeof(uint64_t));
		assert_true(i == 0 ||
			    points.items[i].out - points.items[i - 1].out >= 10);
		assert_ptr_equal(lam_checkpoints_find(&points, points.items[i].out + 1),
				 &points.items[i]);
	}
	assert_null(lam_checkpoints_find(&points, points.items[0].out - 1));
	assert_true(points.windows_len <=
		    LAM_CHECKPOINT_MAX * ZSTD_COMPRESSBOUND(LAM_CHECKPOINT_WINDOW));
	lam_checkpoints_fini(&points);
}

/* A point that lies is an error or other bytes, and nothing worse. */
static void wrong_points(void **state)
{
	char *want = sample(LEN), *back = malloc(LEN + 1);
	struct stream s = stream_for(LEN);
	struct lam_checkpoints points;
	uint64_t seed = 5;

	(void)state;
	add_libdeflate(&s, want, LEN, 6);
	points = read_whole(&s, LAM_CODEC_GZIP, want, LEN, EVERY, 1 << 20);
	for (size_t i = 0; i < 300; i++) {
		struct lam_checkpoint p = points.items[i % points.count];
		struct lam_reader *reader;
		size_t got;
		int code;

		p.in = next_random(&seed) % s.len + 1;
		p.bit_count = (uint8_t)(next_random(&seed) % 8);
		uint64_t begin = lam_checkpoint_begin(&p);
		struct lam_decoder_start start = { &p, begin, p.out };

		reader = lam_reader_memory(s.bytes + begin, s.len - begin);
		OK(lam_decoder_resume(&reader, reader, LAM_CODEC_GZIP, &points, &start,
				      &err));
		code = lam_read_full(reader, back, LEN + 1, &got, &err);
		assert_true(code == 0 || code == LAM_EFORMAT);
		lam_reader_close(reader);
	}
	lam_checkpoints_fini(&points);
	free(s.bytes);
	free(back);
	free(want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_member),   cmocka_unit_test(stored_blocks),
		cmocka_unit_test(fixed_blocks), cmocka_unit_test(many_members),
		cmocka_unit_test(own_streams),  cmocka_unit_test(zstd_frames),
		cmocka_unit_test(bounded),      cmocka_unit_test(wrong_points),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
