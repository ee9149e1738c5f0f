/* gzip (RFC 1952): members one after another. ISA-L inflates; headers and
 * trailers are ours, as it does not check all of them. */
#include "codec/gzip.h"

#include <isa-l/crc.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

/* Small enough that it is soon seen when somebody asks to stop, whatever it inflates to.
 */
#define IN_SIZE (32u << 10)
/* What the inflater holds unused may have come with the input before; as much of that
 * stays in front of the new. */
#define IN_KEPT 16u

static int refill(struct lam_gzip_decoder *d, struct lam_error *err)
{
	size_t got;

	if (d->at < d->end || d->input_ended)
		return 0;
	if (d->end >= 2 * IN_KEPT)
		memmove(d->in, d->in + d->end - IN_KEPT, IN_KEPT);
	if (lam_read(d->inner, d->in + IN_KEPT, IN_SIZE, &got, err) < 0)
		return err->code;
	d->at = IN_KEPT;
	d->end = IN_KEPT + got;
	d->input_ended = got == 0;
	d->taken += got;
	return 0;
}

int lam_gzip_next_byte(struct lam_gzip_decoder *d, unsigned char *out,
		       struct lam_error *err)
{
	if (refill(d, err) < 0)
		return err->code;
	if (d->at == d->end)
		return lam_fail(err, LAM_EFORMAT, "gzip: ends in the middle");
	*out = d->in[d->at++];
	return 0;
}

/* A header byte, which the header's checksum counts. */
static int header_byte(struct lam_gzip_decoder *d, uint32_t *crc, unsigned char *out,
		       size_t *left, struct lam_error *err)
{
	if (*left == 0)
		return lam_fail(err, LAM_EFORMAT, "gzip: a header of more than %u bytes",
				LAM_MAX_GZIP_HEADER);
	--*left;
	if (lam_gzip_next_byte(d, out, err) < 0)
		return err->code;
	*crc = crc32_gzip_refl(*crc, out, 1);
	return 0;
}

static int skip_extra(struct lam_gzip_decoder *d, uint32_t *crc, size_t *left,
		      struct lam_error *err)
{
	unsigned char low, high, byte;

	if (header_byte(d, crc, &low, left, err) < 0 ||
	    header_byte(d, crc, &high, left, err) < 0)
		return err->code;
	for (unsigned n = low | (unsigned)high << 8; n > 0; n--) {
		if (header_byte(d, crc, &byte, left, err) < 0)
			return err->code;
	}
	return 0;
}

static int skip_text(struct lam_gzip_decoder *d, uint32_t *crc, size_t *left,
		     struct lam_error *err)
{
	unsigned char byte;

	do {
		if (header_byte(d, crc, &byte, left, err) < 0)
			return err->code;
	} while (byte);
	return 0;
}

static int check_header_crc(struct lam_gzip_decoder *d, uint32_t crc,
			    struct lam_error *err)
{
	unsigned char low, high;

	if (lam_gzip_next_byte(d, &low, err) < 0 || lam_gzip_next_byte(d, &high, err) < 0)
		return err->code;
	if ((crc & 0xffff) != (low | (uint32_t)high << 8))
		return lam_fail(err, LAM_EFORMAT, "gzip: a header's checksum is wrong");
	return 0;
}

static int read_header(struct lam_gzip_decoder *d, struct lam_error *err)
{
	enum { FHCRC = 2, FEXTRA = 4, FNAME = 8, FCOMMENT = 16, RESERVED = 0xe0 };
	size_t left = LAM_MAX_GZIP_HEADER;
	unsigned char h[10];
	uint32_t crc = 0;

	for (size_t i = 0; i < sizeof h; i++) {
		if (header_byte(d, &crc, &h[i], &left, err) < 0)
			return err->code;
		if (i == 1 && (h[0] != 0x1f || h[1] != 0x8b))
			return lam_fail(
				err, LAM_EFORMAT,
				d->any ? "gzip: something else stands behind its end"
				       : "gzip: is not gzip");
	}
	if (h[2] != 8)
		return lam_fail(err, LAM_EFORMAT,
				"gzip: compression method %u is not known", h[2]);
	if (h[3] & RESERVED)
		return lam_fail(err, LAM_EFORMAT,
				"gzip: reserved flags are set in a header");
	if (((h[3] & FEXTRA) && skip_extra(d, &crc, &left, err) < 0) ||
	    ((h[3] & FNAME) && skip_text(d, &crc, &left, err) < 0) ||
	    ((h[3] & FCOMMENT) && skip_text(d, &crc, &left, err) < 0) ||
	    ((h[3] & FHCRC) && check_header_crc(d, crc, err) < 0))
		return err->code;
	isal_inflate_init(&d->state);
	d->state.crc_flag = ISAL_DEFLATE;
	d->crc = d->size = 0;
	d->any = true;
	d->part = LAM_GZIP_BODY;
	return 0;
}

/* Whole bytes that the inflater has taken in but not used go back. */
static void give_back(struct lam_gzip_decoder *d)
{
	int bytes = d->state.read_in_length / 8;

	d->at = (size_t)(d->state.next_in - d->in) - (size_t)(bytes > 0 ? bytes : 0);
}

static int read_trailer(struct lam_gzip_decoder *d, struct lam_error *err)
{
	unsigned char t[8];
	uint32_t crc, size;

	for (size_t i = 0; i < sizeof t; i++) {
		if (lam_gzip_next_byte(d, &t[i], err) < 0)
			return err->code;
	}
	crc = t[0] | (uint32_t)t[1] << 8 | (uint32_t)t[2] << 16 | (uint32_t)t[3] << 24;
	size = t[4] | (uint32_t)t[5] << 8 | (uint32_t)t[6] << 16 | (uint32_t)t[7] << 24;
	if (crc != d->crc)
		return lam_fail(err, LAM_EFORMAT,
				"gzip: the checksum is wrong: the data is damaged");
	if (size != d->size)
		return lam_fail(err, LAM_EFORMAT,
				"gzip: the length is wrong: the data is damaged");
	d->part = LAM_GZIP_HEADER;
	return 0;
}

int lam_gzip_inflate(struct lam_gzip_decoder *d, size_t len, unsigned char *buf,
		     size_t cap, size_t *out_len, struct lam_error *err)
{
	int result;

	if (cap > 1u << 30)
		cap = 1u << 30;
	d->state.next_in = d->in + d->at;
	d->state.avail_in = (uint32_t)len;
	d->state.next_out = buf;
	d->state.avail_out = (uint32_t)cap;
	result = isal_inflate(&d->state);
	if (result != ISAL_DECOMP_OK)
		return lam_fail(err, LAM_EFORMAT,
				"gzip: the compressed data is damaged (%d)", result);
	*out_len = cap - d->state.avail_out;
	d->crc = crc32_gzip_refl(d->crc, buf, *out_len);
	d->size += (uint32_t)*out_len;
	if (d->recording)
		lam_gzip_record_output(d->recording, buf, *out_len);
	if (d->state.block_state == ISAL_BLOCK_FINISH) {
		give_back(d);
		d->part = LAM_GZIP_END;
	} else {
		d->at += len - d->state.avail_in;
	}
	return 0;
}

static int inflate_some(struct lam_gzip_decoder *d, unsigned char *buf, size_t cap,
			size_t *out_len, struct lam_error *err)
{
	if (d->recording && lam_gzip_looks_for_block(d->recording))
		return lam_gzip_look_for_block(d, buf, cap, out_len, err);
	return lam_gzip_inflate(d, d->end - d->at, buf, cap, out_len, err);
}

/* One step; output may be empty. */
static int step(struct lam_gzip_decoder *d, void *buf, size_t cap, size_t *out_len,
		bool *out_done, struct lam_error *err)
{
	size_t before;

	if (refill(d, err) < 0)
		return err->code;
	if (d->part == LAM_GZIP_HEADER) {
		*out_done = d->input_ended && d->any;
		if (d->input_ended && !d->any)
			return lam_fail(err, LAM_EFORMAT, "gzip: no data at all");
		if (*out_done || lam_gzip_record_member(d, err) < 0)
			return *out_done ? 0 : err->code;
		return read_header(d, err);
	}
	if (d->part == LAM_GZIP_END)
		return read_trailer(d, err);
	before = d->at;
	if (inflate_some(d, buf, cap, out_len, err) < 0)
		return err->code;
	if (*out_len == 0 && d->input_ended && d->part == LAM_GZIP_BODY &&
	    d->at == before)
		return lam_fail(err, LAM_EFORMAT, "gzip: ends in the middle");
	return 0;
}

static int decoder_read(struct lam_reader *self, void *buf, size_t cap, size_t *out_len,
			struct lam_error *err)
{
	struct lam_gzip_decoder *d = (struct lam_gzip_decoder *)self;
	bool done = false;

	*out_len = 0;
	while (*out_len == 0 && !done) {
		if (step(d, buf, cap, out_len, &done, err) < 0)
			return err->code;
	}
	return 0;
}

static void decoder_close(struct lam_reader *self)
{
	struct lam_gzip_decoder *d = (struct lam_gzip_decoder *)self;

	lam_reader_close(d->inner);
	free(d->recording);
	free(d->in);
	free(d);
}

static const struct lam_reader_ops DECODER = { decoder_read, decoder_close };

static int decoder_new(struct lam_gzip_decoder **out, struct lam_reader *inner,
		       struct lam_error *err)
{
	struct lam_gzip_decoder *d = calloc(1, sizeof *d);

	*out = NULL;
	if (!d) {
		lam_reader_close(inner);
		return lam_fail_memory(err);
	}
	d->base.ops = &DECODER;
	d->inner = inner;
	d->in = calloc(1, IN_KEPT + IN_SIZE);
	if (!d->in) {
		decoder_close(&d->base);
		return lam_fail_memory(err);
	}
	*out = d;
	return 0;
}

int lam_gzip_decoder_new(struct lam_reader **out, struct lam_reader *inner,
			 struct lam_checkpoints *points, struct lam_error *err)
{
	struct lam_gzip_decoder *d;

	*out = NULL;
	if (decoder_new(&d, inner, err) < 0)
		return err->code;
	if (points) {
		d->recording = calloc(1, sizeof *d->recording);
		if (!d->recording) {
			decoder_close(&d->base);
			return lam_fail_memory(err);
		}
		d->recording->points = points;
	}
	*out = &d->base;
	return 0;
}

/* As if all before the point had been inflated. */
static int take_up(struct lam_gzip_decoder *d, const struct lam_checkpoints *points,
		   const struct lam_checkpoint *point, struct lam_error *err)
{
	unsigned char window[LAM_CHECKPOINT_WINDOW], byte;
	size_t len;

	d->any = true;
	if (!point->in_member)
		return 0;
	if (lam_checkpoints_window(points, point, window, &len, err) < 0)
		return err->code;
	isal_inflate_init(&d->state);
	d->state.crc_flag = ISAL_DEFLATE;
	if (len && isal_inflate_set_dict(&d->state, window, (uint32_t)len) != 0)
		return lam_fail(err, LAM_EREAD, "the index of the layer is damaged");
	if (point->bit_count) {
		if (lam_gzip_next_byte(d, &byte, err) < 0)
			return err->code;
		d->state.read_in = (uint64_t)byte >> (8 - point->bit_count);
		d->state.read_in_length = point->bit_count;
	}
	d->crc = point->crc;
	d->size = point->size;
	d->part = LAM_GZIP_BODY;
	return 0;
}

int lam_gzip_decoder_resume(struct lam_reader **out, struct lam_reader *inner,
			    const struct lam_checkpoints *points,
			    const struct lam_checkpoint *point, struct lam_error *err)
{
	struct lam_gzip_decoder *d;

	*out = NULL;
	if (decoder_new(&d, inner, err) < 0)
		return err->code;
	if (take_up(d, points, point, err) < 0) {
		decoder_close(&d->base);
		return err->code;
	}
	*out = &d->base;
	return 0;
}
