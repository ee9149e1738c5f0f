/* Compresses a stream in pieces, on all cores, in order. */
#ifndef LAM_ENCODER_H
#define LAM_ENCODER_H

#include <lamina/compression.h>

#include "base/workers.h"
#include "codec/compressor.h"
#include "codec/piece.h"
#include "io/stream.h"

struct lam_encoder_options {
	struct lam_compression compression;
	struct lam_workers *workers;
	struct lam_pieces *pieces; /* may be shared with other encoders */
	struct lam_meter *meter;   /* counts input that was compressed; or NULL */
	/* Gets each piece, in order, whose bytes have gone into the inner writer, and
	 * owns it from then on: it has `in`, and `out` (empty with LAM_CODEC_NONE).
	 * Called by the thread that writes. NULL: nobody wants them. */
	int (*written)(void *context, struct lam_piece *piece, struct lam_error *err);
	void *context;
};

/* Compresses what is written into inner, which is owned also on failure. The bytes that
 * come out depend on the bytes that go in and on the compression alone, never on the
 * number of workers or on how writes are cut. gzip: each piece is a member of its own
 * (mtime 0, OS 255, no name), by libdeflate. zstd: each is a frame with its content size
 * and checksum. Pieces of noise are stored. Nothing at all is one empty member or frame.
 */
int lam_encoder_new(struct lam_writer **out, struct lam_writer *inner,
		    const struct lam_encoder_options *options, struct lam_error *err);

#endif
