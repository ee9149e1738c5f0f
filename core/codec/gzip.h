/* The gzip decoder, inside. */
#ifndef LAM_CODEC_GZIP_H
#define LAM_CODEC_GZIP_H

#include <isa-l/igzip_lib.h>

#include "codec/codec.h"

enum lam_gzip_part { LAM_GZIP_HEADER, LAM_GZIP_BODY, LAM_GZIP_END };

/* What is needed to note where one could begin again. */
struct lam_gzip_recording {
	struct lam_checkpoints *points;
	uint64_t given;  /* bytes of output, of all members */
	uint64_t member; /* where the present one began */
	uint64_t from;   /* the window has all bytes from here on, or as many as fit */
	uint64_t retry;  /* output before which no block's begin is looked for */
	uint64_t until; /* input at which looking for one is given up; 0: it is not looked
			   for */
	unsigned char window[LAM_CHECKPOINT_WINDOW]; /* byte n of the output is at n
							modulo its size */
};

struct lam_gzip_decoder {
	struct lam_reader base;
	struct lam_reader *inner;
	struct inflate_state state;
	unsigned char *in;
	size_t at, end; /* of what is in `in` */
	bool input_ended, any;
	enum lam_gzip_part part;
	uint32_t crc, size;                   /* of this member's output so far */
	uint64_t taken;                       /* bytes of inner */
	struct lam_gzip_recording *recording; /* or NULL */
};

/* Bytes of the blob that the inflater has. */
static inline uint64_t lam_gzip_used(const struct lam_gzip_decoder *d)
{
	return d->taken - (d->end - d->at);
}

int lam_gzip_next_byte(struct lam_gzip_decoder *d, unsigned char *out,
		       struct lam_error *err);
/* Inflates at most `len` bytes of the input that is there; the part changes at the
 * member's end. */
int lam_gzip_inflate(struct lam_gzip_decoder *d, size_t len, unsigned char *buf,
		     size_t cap, size_t *out_len, struct lam_error *err);

/* codec_gzip_points.c */
void lam_gzip_record_output(struct lam_gzip_recording *r, const unsigned char *bytes,
			    size_t len);
/* Before a member's header. */
int lam_gzip_record_member(struct lam_gzip_decoder *d, struct lam_error *err);
/* Whether a point in the member is due. */
bool lam_gzip_looks_for_block(const struct lam_gzip_recording *r);
/* Inflates in small steps, until a block begins. */
int lam_gzip_look_for_block(struct lam_gzip_decoder *d, unsigned char *buf, size_t cap,
			    size_t *out_len, struct lam_error *err);

#endif
