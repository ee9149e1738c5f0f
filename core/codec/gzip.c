/* gzip (RFC 1952), read: members one after another. ISA-L inflates; headers and trailers
 * are ours, as it does not check all of them. */
#include "codec/gzip.h"

#include <isa-l/crc.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "codec/codec.h"

/* Small enough that it is soon seen when somebody asks to stop, whatever it inflates to.
 */
#define IN_SIZE (32u << 10)
/* What the inflater holds unused may have come with the input before; as much of that
 * stays in front of the new. */
#define IN_KEPT 16u
/* The window is kept up from here on before a point is due: more than one call gives. */
#define WINDOW_FROM (2u << 20)
/* What Go's reader takes of a name or comment, its end included. */
#define GO_HEADER_TEXT 512

enum part { HEADER, BODY, TRAILER };

/* What is needed to note where one could begin again: at a member, or at a deflate block
 * with the 32 KiB before it. */
struct recording {
	struct lam_checkpoints *points;
	uint64_t given;  /* bytes of output, of all members */
	uint64_t member; /* where the present one began */
	uint64_t from;   /* the window has all bytes from here on, or as many as fit */
	bool looking;    /* the inflater was told that the present block is the last */
	bool last;       /* which it is */
	unsigned char window[LAM_CHECKPOINT_WINDOW]; /* byte n of the output is at n
							modulo its size */
};

struct decoder {
	struct lam_reader base;
	struct inflate_state state;
	size_t at, end; /* of what is in `in` */
	bool input_ended, any;
	enum part part;
	uint32_t crc, size;          /* of this member's output so far */
	uint64_t taken;              /* bytes of inner */
	struct recording *recording; /* or NULL */
	unsigned char in[IN_KEPT + IN_SIZE];
};

void lam_inflate_begin(struct inflate_state *state, unsigned char *window, size_t len,
		       uint64_t bits, unsigned bit_count)
{
	isal_inflate_init(state);
	if (len)
		isal_inflate_set_dict(state, window, (uint32_t)len);
	state->read_in = bits;
	state->read_in_length = (int32_t)bit_count;
}

/* Input */

static int refill(struct decoder *d, struct lam_error *err)
{
	size_t got;

	if (d->at < d->end || d->input_ended)
		return 0;
	if (d->end)
		memmove(d->in, d->in + d->end - IN_KEPT, IN_KEPT);
	if (lam_read(d->base.inner, d->in + IN_KEPT, IN_SIZE, &got, err) < 0)
		return err->code;
	d->at = IN_KEPT;
	d->end = IN_KEPT + got;
	d->input_ended = got == 0;
	d->taken += got;
	return 0;
}

static int next_byte(struct decoder *d, unsigned char *out, struct lam_error *err)
{
	if (refill(d, err) < 0)
		return err->code;
	if (d->at == d->end)
		return lam_fail(err, LAM_EFORMAT, "gzip: ends in the middle");
	*out = d->in[d->at++];
	return 0;
}

static int next_bytes(struct decoder *d, unsigned char *out, size_t count,
		      struct lam_error *err)
{
	for (size_t i = 0; i < count; i++) {
		if (next_byte(d, &out[i], err) < 0)
			return err->code;
	}
	return 0;
}

/* Bytes of the blob that the inflater has. */
static uint64_t used(const struct decoder *d)
{
	return d->taken - (d->end - d->at);
}

/* Whole bytes that the inflater has taken in but not used go back; what is left of the
 * one it is in stays. */
static void give_back(struct decoder *d)
{
	struct inflate_state *s = &d->state;

	if (s->read_in_length < 0)
		return;
	d->at -= (size_t)s->read_in_length / 8;
	s->read_in_length %= 8;
	s->read_in &= (1u << s->read_in_length) - 1;
}

/* Points */

static void record_output(struct recording *r, const unsigned char *bytes, size_t len)
{
	const size_t size = sizeof r->window;
	size_t skip = len > size ? len - size : 0;

	if (!lam_checkpoints_due(r->points, r->given + len + WINDOW_FROM)) {
		r->given += len;
		r->from = r->given;
		return;
	}
	r->given += skip;
	if (skip)
		r->from = r->given;
	for (len -= skip, bytes += skip; len > 0;) {
		size_t at = (size_t)(r->given % size);
		size_t now = len < size - at ? len : size - at;

		memcpy(r->window + at, bytes, now);
		r->given += now;
		bytes += now;
		len -= now;
	}
}

static void record_member(struct decoder *d)
{
	struct recording *r = d->recording;
	struct lam_checkpoint point = { .out = r->given, .in = used(d) };

	r->member = r->given;
	if (lam_checkpoints_due(r->points, r->given))
		lam_checkpoints_add(r->points, point, NULL, 0);
}

/* The inflater does not stop at blocks, but at the end of the last one; so once a point
 * is due, it takes the block that it is in for that. */
static void look_for_block(struct decoder *d)
{
	struct recording *r = d->recording;
	bool in_block = d->state.block_state == ISAL_BLOCK_CODED ||
			d->state.block_state == ISAL_BLOCK_TYPE0;

	if (r->looking || !in_block || !lam_checkpoints_due(r->points, r->given) ||
	    (r->from > r->member && r->given - r->from < sizeof r->window))
		return;
	r->looking = true;
	r->last = d->state.bfinal;
	d->state.bfinal = 1;
}

/* Between two blocks. */
static void record_block(struct decoder *d)
{
	struct recording *r = d->recording;
	struct lam_checkpoint point = { .out = r->given,
					.in = used(d),
					.bit_count = (uint8_t)d->state.read_in_length,
					.in_member = 1,
					.crc = d->crc,
					.size = d->size };
	unsigned char window[LAM_CHECKPOINT_WINDOW];
	uint64_t begin = r->from > r->member ? r->from : r->member;
	size_t len = 0;

	if (r->given - begin > sizeof window)
		begin = r->given - sizeof window;
	for (uint64_t n = begin; n < r->given; n++)
		window[len++] = r->window[n % sizeof window];
	lam_inflate_begin(&d->state, window, len, d->state.read_in, point.bit_count);
	lam_checkpoints_add(r->points, point, window, len);
}

/* Members */

/* A header byte, which the header's checksum counts. */
static int header_byte(struct decoder *d, uint32_t *crc, unsigned char *out,
		       struct lam_error *err)
{
	if (next_byte(d, out, err) < 0)
		return err->code;
	*crc = crc32_gzip_refl(*crc, out, 1);
	return 0;
}

static int skip_extra(struct decoder *d, uint32_t *crc, struct lam_error *err)
{
	unsigned char low, high, byte;

	if (header_byte(d, crc, &low, err) < 0 || header_byte(d, crc, &high, err) < 0)
		return err->code;
	for (unsigned n = low | (unsigned)high << 8; n > 0; n--) {
		if (header_byte(d, crc, &byte, err) < 0)
			return err->code;
	}
	return 0;
}

static int skip_text(struct decoder *d, uint32_t *crc, struct lam_error *err)
{
	size_t left = LAM_MAX_GZIP_HEADER;
	unsigned char byte;

	do {
		if (left-- == 0)
			return lam_fail(err, LAM_EFORMAT,
					"gzip: a header of more than %u bytes",
					LAM_MAX_GZIP_HEADER);
		if (header_byte(d, crc, &byte, err) < 0)
			return err->code;
	} while (byte);
	if (d->recording && LAM_MAX_GZIP_HEADER - left > GO_HEADER_TEXT)
		d->recording->points->long_name = true;
	return 0;
}

static int check_header_crc(struct decoder *d, uint32_t crc, struct lam_error *err)
{
	unsigned char is[2];

	if (next_bytes(d, is, 2, err) < 0)
		return err->code;
	if ((crc & 0xffff) != (is[0] | (uint32_t)is[1] << 8))
		return lam_fail(err, LAM_EFORMAT, "gzip: a header's checksum is wrong");
	return 0;
}

static int read_header(struct decoder *d, struct lam_error *err)
{
	enum { FHCRC = 2, FEXTRA = 4, FNAME = 8, FCOMMENT = 16, RESERVED = 0xe0 };
	unsigned char h[10];
	uint32_t crc = 0;

	for (size_t i = 0; i < sizeof h; i++) {
		if (header_byte(d, &crc, &h[i], err) < 0)
			return err->code;
		if (i < 2 && h[i] != (i ? 0x8b : 0x1f))
			return lam_fail(
				err, LAM_EFORMAT,
				d->any ? "gzip: something else stands behind its end, which engines refuse"
				       : "gzip: is not gzip");
	}
	if (h[2] != 8)
		return lam_fail(err, LAM_EFORMAT,
				"gzip: compression method %u is not known", h[2]);
	if (h[3] & RESERVED)
		return lam_fail(err, LAM_EFORMAT,
				"gzip: reserved flags are set in a header");
	if (((h[3] & FEXTRA) && skip_extra(d, &crc, err) < 0) ||
	    ((h[3] & FNAME) && skip_text(d, &crc, err) < 0) ||
	    ((h[3] & FCOMMENT) && skip_text(d, &crc, err) < 0) ||
	    ((h[3] & FHCRC) && check_header_crc(d, crc, err) < 0))
		return err->code;
	lam_inflate_begin(&d->state, NULL, 0, 0, 0);
	d->crc = d->size = 0;
	d->any = true;
	d->part = BODY;
	return 0;
}

static uint32_t get_32(const unsigned char *b)
{
	return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static int read_trailer(struct decoder *d, struct lam_error *err)
{
	unsigned char t[8];

	if (next_bytes(d, t, sizeof t, err) < 0)
		return err->code;
	if (get_32(t) != d->crc)
		return lam_fail(err, LAM_EFORMAT,
				"gzip: the checksum is wrong: the data is damaged");
	if (get_32(t + 4) != d->size)
		return lam_fail(err, LAM_EFORMAT,
				"gzip: the length is wrong: the data is damaged");
	d->part = HEADER;
	return 0;
}

/* The inflater is at the end of what it took for the last block. */
static void end_block(struct decoder *d)
{
	struct recording *r = d->recording;
	bool looked = r && r->looking;

	give_back(d);
	if (looked)
		r->looking = false;
	if (looked && !r->last)
		record_block(d);
	else
		d->part = TRAILER;
}

static int inflate_some(struct decoder *d, unsigned char *buf, size_t cap,
			size_t *out_len, struct lam_error *err)
{
	size_t before = d->at;
	int result;

	if (d->recording)
		look_for_block(d);
	if (cap > 1u << 30)
		cap = 1u << 30;
	d->state.next_in = d->in + d->at;
	d->state.avail_in = (uint32_t)(d->end - d->at);
	d->state.next_out = buf;
	d->state.avail_out = (uint32_t)cap;
	result = isal_inflate(&d->state);
	if (result != ISAL_DECOMP_OK)
		return lam_fail(err, LAM_EFORMAT,
				"gzip: the compressed data is damaged (%d)", result);
	d->at = d->end - d->state.avail_in;
	*out_len = cap - d->state.avail_out;
	d->crc = crc32_gzip_refl(d->crc, buf, *out_len);
	d->size += (uint32_t)*out_len;
	if (d->recording)
		record_output(d->recording, buf, *out_len);
	if (d->state.block_state == ISAL_BLOCK_FINISH)
		end_block(d);
	else if (*out_len == 0 && d->input_ended && d->at == before)
		return lam_fail(err, LAM_EFORMAT, "gzip: ends in the middle");
	return 0;
}

/* One step; output may be empty. */
static int step(struct decoder *d, void *buf, size_t cap, size_t *out_len, bool *out_done,
		struct lam_error *err)
{
	if (refill(d, err) < 0)
		return err->code;
	if (d->part == BODY)
		return inflate_some(d, buf, cap, out_len, err);
	if (d->part == TRAILER)
		return read_trailer(d, err);
	if (d->input_ended && !d->any)
		return lam_fail(err, LAM_EFORMAT, "gzip: no data at all");
	*out_done = d->input_ended;
	if (*out_done)
		return 0;
	if (d->recording)
		record_member(d);
	return read_header(d, err);
}

static int decoder_read(struct lam_reader *self, void *buf, size_t cap, size_t *out_len,
			struct lam_error *err)
{
	struct decoder *d = (struct decoder *)self;
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
	struct decoder *d = (struct decoder *)self;

	free(d->recording);
}

static const struct lam_reader_ops DECODER = { .read = decoder_read,
					       .close = decoder_close };

static struct decoder *decoder_new(struct lam_reader *inner)
{
	struct decoder *d = lam_xcalloc(1, sizeof *d);

	d->base = (struct lam_reader){ &DECODER, inner };
	return d;
}

static struct lam_reader *open_decoder(struct lam_reader *inner,
				       struct lam_checkpoints *points)
{
	struct decoder *d = decoder_new(inner);

	if (points) {
		d->recording = lam_xcalloc(1, sizeof *d->recording);
		d->recording->points = points;
	}
	return &d->base;
}

/* As if all before the point had been inflated. */
static int take_up(struct decoder *d, const struct lam_checkpoints *points,
		   const struct lam_checkpoint *point, struct lam_error *err)
{
	unsigned char window[LAM_CHECKPOINT_WINDOW], byte = 0;
	size_t len;

	if (lam_checkpoints_window(points, point, window, &len, err) < 0 ||
	    (point->bit_count && next_byte(d, &byte, err) < 0))
		return err->code;
	lam_inflate_begin(&d->state, window, len,
			  (uint64_t)byte >> (8 - point->bit_count), point->bit_count);
	d->any = true;
	d->crc = point->crc;
	d->size = point->size;
	d->part = BODY;
	return 0;
}

static int resume(struct lam_reader **out, struct lam_reader *inner,
		  const struct lam_checkpoints *points,
		  const struct lam_checkpoint *point, struct lam_error *err)
{
	struct decoder *d = decoder_new(inner);

	*out = &d->base;
	return take_up(d, points, point, err);
}

static const char *maker(void)
{
	return "libdeflate " LIBDEFLATE_VERSION_STRING;
}

static bool begins(const unsigned char *bytes, size_t len)
{
	return len >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

static const uint16_t LEFT[] = { 383, 415, 400, 396, 393, 386, 383,
				 381, 380, 380, 371, 371, 371 };

const struct lam_codec_row lam_gzip_row = {
	.name = "gzip",
	.maker = maker,
	.media_types = LAM_MEDIA_TYPES("+gzip", ".gzip"),
	.begins = begins,
	.least = 1,
	.usual = 6,
	.most = 12,
	.left = LEFT,
	.chunks = &lam_gzip_chunks,
	.decoder = open_decoder,
	.resume = resume,
	.encoder = lam_chunk_encoder_new,
};
