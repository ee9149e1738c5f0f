/* Where a gzip stream can be begun again: where a member begins, and within long members
 * where a deflate block begins, together with the 32 KiB before it. The inflater does not
 * stop at blocks, but it stops where its input ends, and then tells when that is in a
 * block's header. So, once a point is due, it gets its input in steps shorter than most
 * headers. */
#include <stdlib.h>
#include <string.h>

#include "codec/gzip.h"

/* A header of a block with codes of its own has 17 bytes at least, mostly 50 to 90. */
#define STEP 16u
/* Encoders begin a new block after some 100 KiB at the most; who does not will not soon.
 */
#define LOOK_FOR (1u << 20)
/* The window is kept up from here on before a point is due: more than one call gives. */
#define NEAR (2u << 20)

void lam_gzip_record_output(struct lam_gzip_recording *r, const unsigned char *bytes,
			    size_t len)
{
	const size_t size = sizeof r->window;
	size_t skip = len > size ? len - size : 0;

	if (!lam_checkpoints_due(r->points, r->given + len + NEAR)) {
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

static int add_point(struct lam_gzip_decoder *d, uint64_t bits, bool in_member,
		     struct lam_error *err)
{
	struct lam_gzip_recording *r = d->recording;
	struct lam_checkpoint point = { .out = r->given,
					.in = (bits + 7) / 8,
					.bit_count = (uint8_t)(-bits & 7),
					.in_member = in_member };
	unsigned char window[LAM_CHECKPOINT_WINDOW];
	uint64_t begin = r->from > r->member ? r->from : r->member;
	size_t len = 0;

	r->until = 0;
	if (!in_member)
		return lam_checkpoints_add(r->points, point, NULL, 0, err);
	if (r->given - begin > sizeof window)
		begin = r->given - sizeof window;
	for (uint64_t n = begin; n < r->given; n++)
		window[len++] = r->window[n % sizeof window];
	point.crc = d->crc;
	point.size = d->size;
	return lam_checkpoints_add(r->points, point, window, len, err);
}

int lam_gzip_record_member(struct lam_gzip_decoder *d, struct lam_error *err)
{
	struct lam_gzip_recording *r = d->recording;

	if (!r)
		return 0;
	r->member = r->given;
	r->until = 0;
	if (!lam_checkpoints_due(r->points, r->given))
		return 0;
	return add_point(d, 8 * lam_gzip_used(d), false, err);
}

bool lam_gzip_looks_for_block(const struct lam_gzip_recording *r)
{
	bool has_window = r->from <= r->member || r->given - r->from >= sizeof r->window;

	return has_window && r->given >= r->retry &&
	       lam_checkpoints_due(r->points, r->given);
}

/* Output that is inflated and was not given yet. */
static bool is_behind(const struct inflate_state *s)
{
	return s->tmp_out_valid != s->tmp_out_processed || s->write_overflow_len ||
	       s->copy_overflow_length;
}

static bool is_in_header(const struct inflate_state *s)
{
	return s->block_state == ISAL_BLOCK_HDR || s->block_state == ISAL_BLOCK_NEW_HDR;
}

static size_t next_step(const struct lam_gzip_decoder *d)
{
	const struct inflate_state *s = &d->state;
	size_t have = d->end - d->at, want = STEP;

	if (is_in_header(s) && is_behind(s))
		return 0;
	/* stored blocks have short headers, and say where they end */
	if (s->block_state == ISAL_BLOCK_TYPE0 &&
	    s->type0_block_len > s->read_in_length / 8)
		want = (size_t)(s->type0_block_len - s->read_in_length / 8);
	return want < have ? want : have;
}

/* Where the header began that the inflater is in, in bits of the blob. */
static uint64_t header_begin(const struct lam_gzip_decoder *d)
{
	return 8 * (lam_gzip_used(d) - (uint64_t)d->state.tmp_in_size) -
	       (uint64_t)d->state.read_in_length;
}

static int look(struct lam_gzip_decoder *d, struct lam_error *err)
{
	struct lam_gzip_recording *r = d->recording;

	if (d->part != LAM_GZIP_BODY) {
		r->until = 0;
		return 0;
	}
	if (is_in_header(&d->state) && !is_behind(&d->state))
		return add_point(d, header_begin(d), true, err);
	if (lam_gzip_used(d) >= r->until) {
		r->until = 0;
		r->retry = r->given + LAM_CHECKPOINT_EVERY / 2;
	}
	return 0;
}

int lam_gzip_look_for_block(struct lam_gzip_decoder *d, unsigned char *buf, size_t cap,
			    size_t *out_len, struct lam_error *err)
{
	struct lam_gzip_recording *r = d->recording;

	*out_len = 0;
	if (r->until == 0)
		r->until = lam_gzip_used(d) + LOOK_FOR;
	do {
		size_t got = 0;

		if (lam_gzip_inflate(d, next_step(d), buf + *out_len, cap - *out_len,
				     &got, err) < 0)
			return err->code;
		*out_len += got;
		if (look(d, err) < 0)
			return err->code;
	} while (r->until && *out_len < cap && d->at < d->end);
	return 0;
}
