/* Compression of layers: none, gzip (RFC 1952, any number of members) and zstd (RFC 8878,
 * any number of frames, skippable ones too). What is wrong anywhere, up to the last byte,
 * is LAM_EFORMAT: a bad checksum or length, bytes behind the last member that are
 * neither, a cut. */
#ifndef LAM_CODEC_H
#define LAM_CODEC_H

#include <lamina/compression.h>

#include "stream.h"
#include "workers.h"

/* By the first bytes (6 are enough): gzip, zstd, else none. *out_foreign names what was
 * recognised but is not read
 * ("xz", "bzip2", "lz4"), or is NULL. */
enum lam_codec lam_codec_detect(const void *bytes, size_t len, const char **out_foreign);

/* Decompressed bytes of inner, which is owned also on failure. NONE passes through. */
int lam_decoder_new(struct lam_reader **out, struct lam_reader *inner,
		    enum lam_codec codec, struct lam_error *err);

/* Compresses what is written into inner, which is owned also on failure. The bytes that
 * come out depend on the bytes that go in and on the compression alone, never on the
 * number of workers or on how writes are cut. gzip: pieces of 1 MiB, each a member of its
 * own (mtime 0, OS 255, no name), by libdeflate; nothing at all is one empty member.
 * zstd: frames of one fixed size of input (8 MiB), each with its content size and
 * checksum; nothing is one empty frame. */
int lam_encoder_new(struct lam_writer **out, struct lam_writer *inner,
		    struct lam_compression compression, struct lam_workers *workers,
		    struct lam_error *err);

/* The two formats, behind the above. */
int lam_gzip_decoder_new(struct lam_reader **out, struct lam_reader *inner,
			 struct lam_error *err);
int lam_zstd_decoder_new(struct lam_reader **out, struct lam_reader *inner,
			 struct lam_error *err);

/* One piece, whole: compresses in[0..in_len) as one gzip member or zstd frame into out
 * (fresh buffer of the caller's). */
int lam_gzip_encode_piece(struct lam_buf *out, const void *in, size_t in_len, int level,
			  struct lam_error *err);
int lam_zstd_encode_piece(struct lam_buf *out, const void *in, size_t in_len, int level,
			  struct lam_error *err);

#endif
