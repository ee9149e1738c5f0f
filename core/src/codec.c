#include "codec.h"

#include <stdlib.h>
#include <string.h>

enum lam_codec lam_codec_detect(const void *bytes, size_t len, const char **out_foreign)
{
	static const struct {
		const char *magic;
		size_t len;
		const char *name; /* NULL: one of ours */
		enum lam_codec codec;
	} known[] = {
		{ "\x1f\x8b", 2, NULL, LAM_CODEC_GZIP },
		{ "\x28\xb5\x2f\xfd", 4, NULL, LAM_CODEC_ZSTD },
		{ "\xfd"
		  "7zXZ\0",
		  6, "xz", LAM_CODEC_NONE },
		{ "BZh", 3, "bzip2", LAM_CODEC_NONE },
		{ "\x04\x22\x4d\x18", 4, "lz4", LAM_CODEC_NONE },
	};
	const unsigned char *b = bytes;

	*out_foreign = NULL;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (len < known[i].len ||
		    memcmp(bytes, known[i].magic, known[i].len) != 0)
			continue;
		*out_foreign = known[i].name;
		return known[i].codec;
	}
	/* a skippable frame first: zstd:chunked puts some there */
	if (len >= 4 && (b[0] & 0xf0) == 0x50 && memcmp(b + 1, "\x2a\x4d\x18", 3) == 0)
		return LAM_CODEC_ZSTD;
	return LAM_CODEC_NONE;
}

int lam_decoder_new(struct lam_reader **out, struct lam_reader *inner,
		    enum lam_codec codec, struct lam_error *err)
{
	if (codec == LAM_CODEC_GZIP)
		return lam_gzip_decoder_new(out, inner, err);
	if (codec == LAM_CODEC_ZSTD)
		return lam_zstd_decoder_new(out, inner, err);
	*out = inner;
	return 0;
}

/* Encoding: pieces of the input, each for itself, on all cores, written in order. */

#define GZIP_PIECE (1u << 20)
#define ZSTD_PIECE (8u << 20)

struct piece {
	struct piece *next_free;
	struct lam_compression compression;
	struct lam_buf in, out;
};

struct encoder {
	struct lam_writer base;
	struct lam_writer *inner;
	struct lam_compression compression;
	struct lam_lane *lane;
	struct piece *free, *current;
	size_t piece_size;
	bool any; /* a piece was written */
};

static int run_piece(void *job, struct lam_error *err)
{
	struct piece *p = job;

	lam_buf_clear(&p->out);
	if (p->compression.codec == LAM_CODEC_GZIP)
		return lam_gzip_encode_piece(&p->out, p->in.data ? p->in.data : "",
					     p->in.len, p->compression.level, err);
	return lam_zstd_encode_piece(&p->out, p->in.data ? p->in.data : "", p->in.len,
				     p->compression.level, err);
}

static void give_back(struct encoder *e, struct piece *p)
{
	p->next_free = e->free;
	e->free = p;
}

static int take_piece(struct encoder *e, struct lam_error *err)
{
	void *job;
	int code = lam_lane_take(e->lane, &job, err);
	struct piece *p = job;

	if (code == 0)
		code = lam_write(e->inner, p->out.data, p->out.len, err);
	give_back(e, p);
	return code;
}

static int give_piece(struct encoder *e, struct lam_error *err)
{
	if (lam_lane_is_full(e->lane) && take_piece(e, err) < 0)
		return err->code;
	lam_lane_give(e->lane, run_piece, e->current);
	e->current = NULL;
	e->any = true;
	return 0;
}

static int new_piece(struct encoder *e, struct lam_error *err)
{
	struct piece *p = e->free;

	if (p) {
		e->free = p->next_free;
	} else {
		p = calloc(1, sizeof *p);
		if (!p)
			return lam_fail_memory(err);
		p->compression = e->compression;
		p->in = LAM_BUF(e->piece_size);
		p->out = LAM_BUF(SIZE_MAX / 2);
	}
	lam_buf_clear(&p->in);
	e->current = p;
	return lam_buf_reserve(&p->in, e->piece_size, err);
}

static int encoder_write(struct lam_writer *self, const void *bytes, size_t len,
			 struct lam_error *err)
{
	struct encoder *e = (struct encoder *)self;
	const char *at = bytes;

	while (len > 0) {
		size_t room;

		if (!e->current && new_piece(e, err) < 0)
			return err->code;
		room = e->piece_size - e->current->in.len;
		if (room > len)
			room = len;
		if (lam_buf_append(&e->current->in, at, room, err) < 0)
			return err->code;
		at += room;
		len -= room;
		if (e->current->in.len == e->piece_size && give_piece(e, err) < 0)
			return err->code;
	}
	return 0;
}

static int encoder_finish(struct lam_writer *self, struct lam_error *err)
{
	struct encoder *e = (struct encoder *)self;

	if (!e->current && !e->any && new_piece(e, err) < 0)
		return err->code;
	if (e->current && give_piece(e, err) < 0)
		return err->code;
	while (!lam_lane_is_empty(e->lane)) {
		if (take_piece(e, err) < 0)
			return err->code;
	}
	return lam_finish(e->inner, err);
}

static void free_piece(struct piece *p)
{
	if (!p)
		return;
	lam_buf_fini(&p->in);
	lam_buf_fini(&p->out);
	free(p);
}

static void encoder_close(struct lam_writer *self)
{
	struct encoder *e = (struct encoder *)self;
	struct lam_error ignored;
	void *job;

	while (e->lane && !lam_lane_is_empty(e->lane)) {
		(void)lam_lane_take(e->lane, &job, &ignored);
		give_back(e, job);
	}
	lam_lane_free(e->lane);
	free_piece(e->current);
	while (e->free) {
		struct piece *p = e->free;

		e->free = p->next_free;
		free_piece(p);
	}
	lam_writer_close(e->inner);
	free(e);
}

static const struct lam_writer_ops ENCODER = { encoder_write, encoder_finish,
					       encoder_close };

int lam_encoder_new(struct lam_writer **out, struct lam_writer *inner,
		    struct lam_compression compression, struct lam_workers *workers,
		    struct lam_error *err)
{
	struct encoder *e;

	*out = NULL;
	if (compression.codec == LAM_CODEC_NONE) {
		*out = inner;
		return 0;
	}
	e = calloc(1, sizeof *e);
	if (!e) {
		lam_writer_close(inner);
		return lam_fail_memory(err);
	}
	e->base.ops = &ENCODER;
	e->inner = inner;
	e->compression = compression;
	e->piece_size = compression.codec == LAM_CODEC_GZIP ? GZIP_PIECE : ZSTD_PIECE;
	if (lam_lane_new(&e->lane, workers, lam_workers_count(workers) * 2 + 1, err) <
	    0) {
		encoder_close(&e->base);
		return err->code;
	}
	*out = &e->base;
	return 0;
}
