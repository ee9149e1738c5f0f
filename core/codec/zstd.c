/* zstd (RFC 8878): frames one after another, skippable ones too. */
#include <stdlib.h>
#include <zstd.h>

#include "base/limits.h"
#include "codec/codec.h"

#define IN_SIZE (32u << 10)

struct decoder {
	struct lam_reader base;
	struct lam_reader *inner;
	ZSTD_DCtx *context;
	char *in;
	ZSTD_inBuffer input;
	bool in_frame, input_ended, any;
	struct lam_checkpoints *points; /* or NULL */
	uint64_t taken, given;          /* bytes of inner, and of what comes out */
};

static int refill(struct decoder *d, struct lam_error *err)
{
	size_t got;

	if (d->input.pos < d->input.size || d->input_ended)
		return 0;
	if (lam_read(d->inner, d->in, IN_SIZE, &got, err) < 0)
		return err->code;
	d->input = (ZSTD_inBuffer){ d->in, got, 0 };
	d->input_ended = got == 0;
	d->taken += got;
	return 0;
}

/* Before a frame. */
static int record(struct decoder *d, struct lam_error *err)
{
	struct lam_checkpoint point = { .out = d->given,
					.in = d->taken - (d->input.size - d->input.pos) };

	if (!d->points || !lam_checkpoints_due(d->points, d->given))
		return 0;
	return lam_checkpoints_add(d->points, point, NULL, 0, err);
}

static int decoder_read(struct lam_reader *self, void *buf, size_t cap, size_t *out_len,
			struct lam_error *err)
{
	struct decoder *d = (struct decoder *)self;
	ZSTD_outBuffer output = { buf, cap, 0 };

	*out_len = 0;
	while (output.pos == 0) {
		size_t hint, before = output.pos;

		if (refill(d, err) < 0)
			return err->code;
		if (d->input_ended && !d->in_frame)
			return d->any ? 0
				      : lam_fail(err, LAM_EFORMAT,
						 "zstd: no data at all");
		if (!d->in_frame && record(d, err) < 0)
			return err->code;
		hint = ZSTD_decompressStream(d->context, &output, &d->input);
		if (ZSTD_isError(hint))
			return lam_fail(err, LAM_EFORMAT, "zstd: %s",
					ZSTD_getErrorName(hint));
		if (hint != 0 && output.pos == 0 && d->input_ended)
			return lam_fail(err, LAM_EFORMAT,
					"zstd: ends in the middle of a frame");
		d->in_frame = hint != 0;
		d->any = true;
		d->given += output.pos - before;
	}
	*out_len = output.pos;
	return 0;
}

static void decoder_close(struct lam_reader *self)
{
	struct decoder *d = (struct decoder *)self;

	ZSTD_freeDCtx(d->context);
	lam_reader_close(d->inner);
	free(d->in);
	free(d);
}

static const struct lam_reader_ops DECODER = { decoder_read, decoder_close };

int lam_zstd_decoder_new(struct lam_reader **out, struct lam_reader *inner,
			 struct lam_checkpoints *points, struct lam_error *err)
{
	struct decoder *d = calloc(1, sizeof *d);

	*out = NULL;
	if (!d) {
		lam_reader_close(inner);
		return lam_fail_memory(err);
	}
	d->base.ops = &DECODER;
	d->inner = inner;
	d->points = points;
	d->in = malloc(IN_SIZE);
	d->context = ZSTD_createDCtx();
	if (!d->in || !d->context) {
		decoder_close(&d->base);
		return lam_fail_memory(err);
	}
	ZSTD_DCtx_setParameter(d->context, ZSTD_d_windowLogMax, LAM_MAX_ZSTD_WINDOW_LOG);
	*out = &d->base;
	return 0;
}
