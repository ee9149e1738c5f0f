/* Compression of layers: none, gzip (RFC 1952, any number of members) and zstd (RFC 8878,
 * any number of frames, skippable ones too). What is wrong anywhere, up to the last byte,
 * is LAM_EFORMAT: a bad checksum or length, bytes behind the last member that are
 * neither, a cut. */
#ifndef LAM_CODEC_H
#define LAM_CODEC_H

#include <lamina/compression.h>

#include "codec/checkpoint.h"
#include "io/stream.h"

/* By the first bytes (6 are enough): gzip, zstd, else none. *out_foreign names what was
 * recognised but is not read
 * ("xz", "bzip2", "lz4"), or is NULL. */
enum lam_codec lam_codec_detect(const void *bytes, size_t len, const char **out_foreign);

/* Decompressed bytes of inner, which is owned also on failure. NONE passes through. */
int lam_decoder_new(struct lam_reader **out, struct lam_reader *inner,
		    enum lam_codec codec, struct lam_error *err);

/* The same, noting in `points` (of the caller's; complete at the end of the stream) from
 * where it could be read again. */
int lam_decoder_recording(struct lam_reader **out, struct lam_reader *inner,
			  enum lam_codec codec, struct lam_checkpoints *points,
			  struct lam_error *err);
/* From one of these points on: inner gives the blob's bytes from lam_decoder_begin() on.
 * Checksums that began before the point are checked all the same. */
uint64_t lam_decoder_begin(const struct lam_checkpoint *point);
int lam_decoder_resume(struct lam_reader **out, struct lam_reader *inner,
		       enum lam_codec codec, const struct lam_checkpoints *points,
		       const struct lam_checkpoint *point, struct lam_error *err);

/* The two formats, behind the above; points may be NULL. zstd begins anew at any of its
 * points. */
int lam_gzip_decoder_new(struct lam_reader **out, struct lam_reader *inner,
			 struct lam_checkpoints *points, struct lam_error *err);
int lam_gzip_decoder_resume(struct lam_reader **out, struct lam_reader *inner,
			    const struct lam_checkpoints *points,
			    const struct lam_checkpoint *point, struct lam_error *err);
int lam_zstd_decoder_new(struct lam_reader **out, struct lam_reader *inner,
			 struct lam_checkpoints *points, struct lam_error *err);

#endif
