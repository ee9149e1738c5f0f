/* Compression of layers: none, gzip (RFC 1952, any number of members) and zstd (RFC 8878,
 * any number of frames, skippable ones too). What is wrong anywhere, up to the last byte,
 * is LAM_EFORMAT: a bad checksum or length, bytes behind the last member that are
 * neither, a cut.
 *
 * A kind of compression is a row of the table in codec.c and a file of its own (plain.c,
 * gzip.c, zstd.c); all others ask the row. */
#ifndef LAM_CODEC_H
#define LAM_CODEC_H

#include <lamina/compression.h>

#include "codec/checkpoint.h"
#include "codec/encoder.h"
#include "io/stream.h"

#define LAM_MEDIA_TYPES(oci, docker)                                                   \
	{                                                                              \
		"application/vnd.oci.image.layer.v1.tar" oci,                          \
			"application/vnd.docker.image.rootfs.diff.tar" docker,         \
			"application/vnd.oci.image.layer.nondistributable.v1.tar" oci, \
			"application/vnd.docker.image.rootfs.foreign.diff.tar" docker  \
	}

struct lam_codec_row {
	const char *name;
	const char *(*maker)(void); /* what compresses, with its version; NULL: nothing */
	/* of layers: OCI's, Docker's, and of both those that are not to be passed on */
	const char *media_types[4];
	bool only_oci; /* Docker's is not to be written */
	bool (*begins)(const unsigned char *bytes, size_t len); /* NULL: none of others */
	int least, usual, most;                                 /* levels, 0: has none */
	const uint16_t *left; /* lam_compression_ratio()'s thousandths, by level */
	bool large;           /* a decoder holds a window of MiB */
	const struct lam_chunks *chunks; /* how its encoder compresses chunks; NULL: it
					    has an encoder of its own */
	/* owns inner; NULL: the tar itself */
	struct lam_reader *(*decoder)(struct lam_reader *inner,
				      struct lam_checkpoints *points);
	int (*resume)(struct lam_reader **out, struct lam_reader *inner,
		      const struct lam_checkpoints *points,
		      const struct lam_checkpoint *point, struct lam_error *err);
	struct lam_writer *(*encoder)(struct lam_writer *inner,
				      const struct lam_encoder_options *options);
};

extern const struct lam_codec_row lam_plain_row, lam_gzip_row, lam_zstd_row;

/* NULL where there is no such number. */
const struct lam_codec_row *lam_codec_row(unsigned codec);

/* By the first bytes (6 are enough): gzip, zstd, else none. *out_foreign names what was
 * recognised but is not read ("xz", "bzip2", "lz4"), or is NULL. */
enum lam_codec lam_codec_detect(const void *bytes, size_t len, const char **out_foreign);
/* Whether nothing is recognised. */
bool lam_codec_is_plain(const void *bytes, size_t len);

/* Decompressed bytes of inner, which is owned. NONE passes through. */
struct lam_reader *lam_decoder_new(struct lam_reader *inner, enum lam_codec codec);

/* The same, noting in `points` (of the caller's; complete at the end of the stream) from
 * where it could be read again. */
struct lam_reader *lam_decoder_recording(struct lam_reader *inner, enum lam_codec codec,
					 struct lam_checkpoints *points);

/* As near before a byte of the tar as reading can begin. */
struct lam_decoder_start {
	const struct lam_checkpoint *point; /* NULL: none is needed or there is none */
	uint64_t in, out; /* bytes of the blob and of the tar before it */
};
struct lam_decoder_start lam_decoder_start(enum lam_codec codec,
					   const struct lam_checkpoints *points,
					   uint64_t offset);
/* inner gives the blob's bytes from start->in on. gzip's checksums that began before it
 * are checked all the same. */
int lam_decoder_resume(struct lam_reader **out, struct lam_reader *inner,
		       enum lam_codec codec, const struct lam_checkpoints *points,
		       const struct lam_decoder_start *start, struct lam_error *err);

/* For rows with chunks. */
struct lam_writer *lam_chunk_encoder_new(struct lam_writer *inner,
					 const struct lam_encoder_options *options);

#endif
