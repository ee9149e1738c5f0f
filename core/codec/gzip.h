/* What reading and writing of gzip share. */
#ifndef LAM_CODEC_GZIP_H
#define LAM_CODEC_GZIP_H

#include <isa-l/igzip_lib.h>

#include "codec/encoder.h"

extern const struct lam_chunks lam_gzip_chunks;

/* At the begin of a deflate block: with the at most 32 KiB of output before it, and with
 * those bits of the byte before next_in that are not used yet. */
void lam_inflate_begin(struct inflate_state *state, unsigned char *window, size_t len,
		       uint64_t bits, unsigned bit_count);

/* Whether bytes look as if nothing made them smaller: they are compressed already, or
 * encrypted. A sample decides. */
bool lam_is_incompressible(const void *bytes, size_t len);

#endif
