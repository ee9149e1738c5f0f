/* zstd (RFC 8878): frames one after another, skippable ones too. A layer is written as one
 * frame, by libzstd's own threads. These compress sections of 2 MiB, of which none refers
 * to one before, so the bytes are the same for any number of threads, and reading can
 * begin at any section. The frame says so by its window of 2.25 MiB, which other encoders,
 * that have powers of two, do not ask for; it needs 2 MiB alone. */
#define ZSTD_STATIC_LINKING_ONLY /* for ZSTD_getFrameHeader, ZSTD_d_forceIgnoreChecksum */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/workers.h"
#include "codec/codec.h"

#define IN_SIZE  (32u << 10)
#define OUT_SIZE (128u << 10)
/* libzstd takes 256; each has some MiB. */
#define THREADS_MAX    32u
#define SECTION_LOG    21
#define SECTION        (1u << SECTION_LOG)
#define SECTION_WINDOW (SECTION + SECTION / 8)

/* Reading */

/* What comes next in a frame of sections. Blocks begin with 3 bytes that say how many
 * follow: so it is known where one begins. */
enum walk { FRAME_HEADER, BLOCK_HEADER, BLOCK, REST };

struct decoder {
	struct lam_reader base;
	ZSTD_DCtx *context;
	ZSTD_inBuffer input;
	bool in_frame, input_ended, any;
	bool flushed;                   /* nothing that came out is held back */
	struct lam_checkpoints *points; /* or NULL */
	uint64_t taken, given;          /* bytes of inner, and of what comes out */
	uint64_t frame;                 /* where the present one began in that */
	enum walk walk;
	unsigned char head[ZSTD_FRAMEHEADERSIZE_MAX];
	size_t head_len, left; /* bytes of that; of the block */
	bool last;             /* the block is the frame's last */
	char in[IN_SIZE];
};

static int refill(struct decoder *d, struct lam_error *err)
{
	size_t got;

	if (d->input.pos < d->input.size || d->input_ended)
		return 0;
	if (lam_read(d->base.inner, d->in, IN_SIZE, &got, err) < 0)
		return err->code;
	d->input = (ZSTD_inBuffer){ d->in, got, 0 };
	d->input_ended = got == 0;
	d->taken += got;
	return 0;
}

/* Notes that the next byte of the input begins a frame or a section. */
static void record(struct decoder *d, bool in_member)
{
	struct lam_checkpoint point = { .out = d->given,
					.in = d->taken - (d->input.size - d->input.pos),
					.in_member = in_member };

	if (d->points && lam_checkpoints_due(d->points, d->given))
		lam_checkpoints_add(d->points, point, NULL, 0);
}

static bool at_block(const struct decoder *d)
{
	return d->walk == BLOCK_HEADER && d->head_len == 0;
}

/* How many bytes of the input may be given before there is something to look at. */
static size_t next_step(const struct decoder *d)
{
	size_t have = d->input.size - d->input.pos;

	if (!d->points || d->walk == REST)
		return have;
	if (d->walk == BLOCK)
		return d->left < have ? d->left : have;
	return have > 0 && (d->flushed || !at_block(d));
}

static void look_at_block(struct decoder *d)
{
	uint32_t header =
		d->head[0] | (uint32_t)d->head[1] << 8 | (uint32_t)d->head[2] << 16;
	bool repeats_a_byte = (header >> 1 & 3) == 1;

	if (d->head_len < 3)
		return;
	d->last = header & 1;
	d->left = repeats_a_byte ? 1 : header >> 3;
	d->walk = BLOCK;
	d->head_len = 0;
}

static void look_at_frame(struct decoder *d)
{
	ZSTD_frameHeader frame;
	bool whole = ZSTD_getFrameHeader(&frame, d->head, d->head_len) == 0;

	if (!whole && d->head_len < sizeof d->head)
		return;
	if (whole && frame.frameType == ZSTD_frame &&
	    frame.windowSize > d->points->memory)
		d->points->memory = frame.windowSize;
	d->walk = whole && frame.frameType == ZSTD_frame &&
				  frame.windowSize == SECTION_WINDOW
			  ? BLOCK_HEADER
			  : REST;
	d->head_len = 0;
}

/* After len bytes of the input were taken in. */
static void walk(struct decoder *d, const unsigned char *bytes, size_t len)
{
	if (!d->points || d->walk == REST || len == 0)
		return;
	if (d->walk == BLOCK) {
		d->left -= len;
	} else {
		d->head[d->head_len++] = *bytes;
		if (d->walk == FRAME_HEADER)
			look_at_frame(d);
		else
			look_at_block(d);
	}
	if (d->walk == BLOCK && d->left == 0)
		d->walk = d->last ? REST : BLOCK_HEADER;
}

static int decode(struct decoder *d, ZSTD_outBuffer *output, struct lam_error *err)
{
	ZSTD_inBuffer input = { (const char *)d->input.src + d->input.pos, next_step(d),
				0 };
	size_t before = output->pos,
	       hint = ZSTD_decompressStream(d->context, output, &input);

	if (ZSTD_getErrorCode(hint) == ZSTD_error_frameParameter_windowTooLarge)
		return lam_fail(err, LAM_EFORMAT,
				"zstd: needs a window of more than %u MiB, which "
				"containerd refuses too (zstd --ultra --long)",
				1u << (LAM_MAX_ZSTD_WINDOW_LOG - 20));
	if (ZSTD_getErrorCode(hint) == ZSTD_error_prefix_unknown && d->any)
		return lam_fail(
			err, LAM_EFORMAT,
			"zstd: something else stands behind its end, which engines refuse");
	if (ZSTD_isError(hint))
		return lam_fail(err, LAM_EFORMAT, "zstd: %s", ZSTD_getErrorName(hint));
	if (hint != 0 && output->pos == before && d->input_ended)
		return lam_fail(err, LAM_EFORMAT, "zstd: ends in the middle of a frame");
	walk(d, input.src, input.pos);
	d->input.pos += input.pos;
	d->flushed = output->pos < output->size;
	d->in_frame = hint != 0;
	d->any = true;
	d->given += output->pos - before;
	return 0;
}

static void begin_frame(struct decoder *d)
{
	d->frame = d->given;
	d->walk = FRAME_HEADER;
	d->head_len = 0;
	record(d, false);
}

static int decoder_read(struct lam_reader *self, void *buf, size_t cap, size_t *out_len,
			struct lam_error *err)
{
	struct decoder *d = (struct decoder *)self;
	ZSTD_outBuffer output = { buf, cap, 0 };

	*out_len = 0;
	while (output.pos == 0) {
		if (refill(d, err) < 0)
			return err->code;
		if (d->input_ended && !d->in_frame)
			return d->any ? 0
				      : lam_fail(err, LAM_EFORMAT,
						 "zstd: no data at all");
		if (!d->in_frame)
			begin_frame(d);
		if (at_block(d) && d->flushed && (d->given - d->frame) % SECTION == 0)
			record(d, true);
		if (decode(d, &output, err) < 0)
			return err->code;
	}
	*out_len = output.pos;
	return 0;
}

static void decoder_close(struct lam_reader *self)
{
	struct decoder *d = (struct decoder *)self;

	ZSTD_freeDCtx(d->context);
}

static const struct lam_reader_ops DECODER = { .read = decoder_read,
					       .close = decoder_close };

static struct lam_reader *open_decoder(struct lam_reader *inner,
				       struct lam_checkpoints *points)
{
	struct decoder *d = lam_xcalloc(1, sizeof *d);

	d->base = (struct lam_reader){ &DECODER, inner };
	d->points = points;
	d->context = ZSTD_createDCtx();
	if (!d->context)
		lam_out_of_memory();
	ZSTD_DCtx_setParameter(d->context, ZSTD_d_windowLogMax, LAM_MAX_ZSTD_WINDOW_LOG);
	return &d->base;
}

/* Sections read on behind a header of ours. The checksum is of all. */
static int resume(struct lam_reader **out, struct lam_reader *inner,
		  const struct lam_checkpoints *points,
		  const struct lam_checkpoint *point, struct lam_error *err)
{
	static const unsigned char header[] = {
		0x28, 0xb5, 0x2f, 0xfd, 1 << 2, (SECTION_LOG - 10) << 3 | 1
	};
	ZSTD_inBuffer input = { header, sizeof header, 0 };
	ZSTD_outBuffer output = { 0 };
	struct decoder *d;

	(void)points;
	(void)point;
	*out = open_decoder(inner, NULL);
	d = (struct decoder *)*out;
	ZSTD_DCtx_setParameter(d->context, ZSTD_d_forceIgnoreChecksum,
			       ZSTD_d_ignoreChecksum);
	if (ZSTD_isError(ZSTD_decompressStream(d->context, &output, &input)))
		return lam_fail(err, LAM_EREAD, "the index of the layer is damaged");
	d->in_frame = d->any = true;
	return 0;
}

/* Writing */

struct encoder {
	struct lam_writer base;
	struct lam_encoder_options options;
	ZSTD_CCtx *context;
	size_t problem; /* what libzstd said of its options; told with the first write */
	uint64_t written; /* bytes to inner */
	bool started, finished;
	char out[OUT_SIZE];
};

static int fail_zstd(size_t result, struct lam_error *err)
{
	if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation)
		return lam_fail_memory(err);
	return lam_fail(err, LAM_EWRITE, "zstd: %s", ZSTD_getErrorName(result));
}

static void set_up(struct encoder *e)
{
	unsigned workers = lam_workers_count(e->options.workers),
		 threads = workers < THREADS_MAX ? workers : THREADS_MAX;
	const struct {
		ZSTD_cParameter name;
		int value;
	} parameters[] = {
		{ ZSTD_c_compressionLevel, e->options.compression.level },
		{ ZSTD_c_windowLog, SECTION_LOG },
		{ ZSTD_c_checksumFlag, 1 },
		/* without threads it would give other bytes */
		{ ZSTD_c_nbWorkers, threads ? (int)threads : 1 },
		{ ZSTD_c_jobSize, SECTION },
		{ ZSTD_c_overlapLog, 1 },
	};

	for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
		if (!ZSTD_isError(e->problem))
			e->problem = ZSTD_CCtx_setParameter(
				e->context, parameters[i].name, parameters[i].value);
	}
	if (!ZSTD_isError(e->problem) && e->options.size)
		e->problem = ZSTD_CCtx_setPledgedSrcSize(e->context, e->options.size);
}

/* The window in the frame's header, where it has one. */
static void mark(char *bytes)
{
	const int single_segment = 0x20;

	if (!(bytes[4] & single_segment))
		bytes[5] |= 1;
}

static int put(struct encoder *e, size_t len, struct lam_error *err)
{
	if (len == 0)
		return 0;
	if (e->written == 0)
		mark(e->out);
	e->written += len;
	if (lam_write(e->base.inner, e->out, len, err) < 0)
		return err->code;
	return e->options.written
		       ? e->options.written(e->options.context, NULL, e->written, err)
		       : 0;
}

/* Its threads begin with the first call. */
static size_t compress(struct encoder *e, ZSTD_outBuffer *output, ZSTD_inBuffer *input,
		       ZSTD_EndDirective how)
{
	sigset_t signals;
	size_t left;

	if (e->started)
		return ZSTD_compressStream2(e->context, output, input, how);
	lam_signals_block(&signals);
	left = ZSTD_compressStream2(e->context, output, input, how);
	lam_signals_restore(&signals);
	e->started = true;
	return left;
}

static int run(struct encoder *e, ZSTD_inBuffer *input, ZSTD_EndDirective how,
	       struct lam_error *err)
{
	struct lam_meter *meter = e->options.meter;
	size_t left = 0;

	if (ZSTD_isError(e->problem))
		return fail_zstd(e->problem, err);
	do {
		ZSTD_outBuffer output = { e->out, sizeof e->out, 0 };
		size_t before = input->pos;

		left = compress(e, &output, input, how);
		if (ZSTD_isError(left))
			return fail_zstd(left, err);
		if (put(e, output.pos, err) < 0 ||
		    (meter && lam_meter_add(meter, input->pos - before, err) < 0))
			return err->code;
	} while (input->pos < input->size || (how == ZSTD_e_end && left > 0));
	return 0;
}

static int encoder_write(struct lam_writer *self, const void *bytes, size_t len,
			 struct lam_error *err)
{
	return run((struct encoder *)self, &(ZSTD_inBuffer){ bytes, len, 0 },
		   ZSTD_e_continue, err);
}

static int encoder_finish(struct lam_writer *self, struct lam_error *err)
{
	struct encoder *e = (struct encoder *)self;

	if (run(e, &(ZSTD_inBuffer){ 0 }, ZSTD_e_end, err) < 0)
		return err->code;
	e->finished = true;
	return lam_finish(self->inner, err);
}

static void *free_context(void *context)
{
	ZSTD_freeCCtx(context);
	return NULL;
}

/* What is given up is freed by a thread of its own: that waits for sections that are being
 * compressed, which nothing stops, and which take seconds at high levels. */
static void encoder_close(struct lam_writer *self)
{
	struct encoder *e = (struct encoder *)self;
	pthread_t thread;

	if (!e->finished && lam_thread_start(&thread, free_context, e->context) == 0)
		pthread_detach(thread);
	else
		ZSTD_freeCCtx(e->context);
}

static const struct lam_writer_ops ENCODER = { encoder_write, encoder_finish,
					       encoder_close };

static struct lam_writer *encoder_new(struct lam_writer *inner,
				      const struct lam_encoder_options *options)
{
	struct encoder *e = lam_xcalloc(1, sizeof *e);

	e->base = (struct lam_writer){ &ENCODER, inner };
	e->options = *options;
	e->context = ZSTD_createCCtx();
	if (!e->context)
		lam_out_of_memory();
	set_up(e);
	return lam_writer_gather(&e->base, IN_SIZE);
}

static bool begins(const unsigned char *bytes, size_t len)
{
	/* a skippable frame may be first: zstd:chunked puts some there */
	return len >= 4 &&
	       (memcmp(bytes, "\x28\xb5\x2f\xfd", 4) == 0 ||
		((bytes[0] & 0xf0) == 0x50 && memcmp(bytes + 1, "\x2a\x4d\x18", 3) == 0));
}

static const uint16_t LEFT[] = { 366, 417, 387, 366, 361, 351, 342, 337, 335, 326,
				 323, 322, 322, 321, 318, 317, 309, 302, 300, 299 };

const struct lam_codec_row lam_zstd_row = {
	.name = "zstd",
	.maker = ZSTD_versionString,
	.media_types = LAM_MEDIA_TYPES("+zstd", ".zstd"),
	.only_oci = true,
	.begins = begins,
	.least = 1,
	.usual = 3,
	.most = 19,
	.left = LEFT,
	.large = true,
	.decoder = open_decoder,
	.resume = resume,
	.encoder = encoder_new,
};
