/* Compresses pieces, each for itself: one gzip member or one zstd frame. What comes out
 * depends on the piece and the compression alone. */
#ifndef LAM_COMPRESSOR_H
#define LAM_COMPRESSOR_H

#include <lamina/compression.h>

#include "base/buf.h"
#include "io/meter.h"

/* Bytes of input that make a piece. Large enough to compress well, small enough that a
 * stop is never far away and that one file is found without reading much else. */
size_t lam_piece_size(struct lam_compression compression);

/* For one thread at a time. */
struct lam_compressor;
int lam_compressor_new(struct lam_compressor **out, struct lam_compression compression,
		       struct lam_error *err);
void lam_compressor_free(struct lam_compressor *compressor); /* NULL is fine */

/* Appends to out. The meter counts bytes of input on the way, and may stop it; it may be
 * NULL. Not for LAM_CODEC_NONE. */
int lam_compressor_run(struct lam_compressor *compressor, struct lam_buf *out,
		       const void *in, size_t in_len, struct lam_meter *meter,
		       struct lam_error *err);

/* Whether bytes look as if nothing made them smaller: they are compressed already, or
 * encrypted. A sample decides. */
bool lam_is_noise(const void *bytes, size_t len);

#endif
