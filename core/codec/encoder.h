/* Compresses a layer's tar on all cores. What comes out depends on the bytes that go in
 * and on the compression alone, never on the number of threads or on how writes are cut.
 *
 * gzip is one member, as many readers stop at the first: an empty header (mtime 0, OS
 * 255, no name); then for each chunk its deflate blocks, none of which refers to a chunk
 * before, and an empty stored block up to the next byte; an empty last block; checksum and
 * length of all. A chunk has 1 MiB (256 KiB from level 10 on), or ends before at a cut. zstd is one frame with
 * checksum, and content size where that is known; see zstd.c. */
#ifndef LAM_ENCODER_H
#define LAM_ENCODER_H

#include <lamina/compression.h>

#include "base/buf.h"
#include "base/workers.h"
#include "io/meter.h"
#include "io/stream.h"

/* A chunk that is taken as an encoder of the same compression made it. */
struct lam_copied {
	/* Bytes [at, at + len) of what that wrote; any thread. */
	int (*read)(void *context, uint64_t at, void *buf, size_t len,
		    struct lam_error *err);
	void *context;
	uint64_t at;
	uint32_t packed, len; /* bytes of it, and of the input */
	uint32_t crc;         /* of the input */
};

/* A part of a tar on its way. */
struct lam_chunk {
	struct lam_buf in, out; /* as it is, and as it is written */
	bool first;
	uint32_t crc;             /* of `in`, where the codec has one */
	size_t out_len;           /* of `out` without what is before the first chunk */
	struct lam_copied copied; /* len 0: it is not */
	/* for whoever has it: */
	struct lam_chunk *next;
	void *owner;
	/* the pool's: */
	struct lam_chunk_pool *pool;
	size_t size;
};

/* Memory for chunks, which several encoders share, within a bound. */
struct lam_chunk_pool;

/* bytes: of input that may be on the way at once; `least` chunks are given in any case. */
struct lam_chunk_pool *lam_chunk_pool_new(size_t bytes, size_t least);
/* All chunks must be back. */
void lam_chunk_pool_free(struct lam_chunk_pool *pool); /* NULL is fine */
void lam_chunk_give_back(struct lam_chunk *chunk);     /* NULL is fine; any thread */

/* How chunks are compressed, each for itself. */
struct lam_chunks {
	size_t (*size)(int level); /* bytes of input: large enough to compress well, small
				      enough that a stop is never far away */
	/* For one thread at a time; the rest is NULL where chunks are written as they
	 * are. */
	void *(*packer_new)(int level);
	void (*packer_free)(void *packer);
	/* in to out, proven to be the same when inflated. */
	int (*pack)(void *packer, struct lam_chunk *chunk, struct lam_error *err);
	/* out to in, which has the length and the checksum that are said of it: one of
	 * these chunks, and nothing before it is needed. NULL: none are copied. */
	int (*unpack)(void *packer, struct lam_chunk *chunk, struct lam_error *err);
	uint32_t (*sum)(uint32_t crc, const void *bytes, size_t len);
	void (*end)(struct lam_buf *out, uint32_t crc,
		    uint32_t len); /* what comes last */
};

struct lam_encoder_options {
	struct lam_compression compression;
	uint64_t size; /* bytes that will be written; 0: not known */
	struct lam_workers *workers;
	struct lam_chunk_pool *pool;
	struct lam_meter *meter; /* counts input that was compressed; or NULL */
	struct lam_hash *hash;   /* of the input, and its length; or NULL. For codecs with
				    chunks */
	uint64_t *count;
	/* Told when `end` bytes have gone into the inner writer, in all. chunk: the last
	 * of these, which is the callee's from then on; `out` is empty where they are `in`
	 * itself. NULL where the codec has no chunks. Called by the thread that writes. */
	int (*written)(void *context, struct lam_chunk *chunk, uint64_t end,
		       struct lam_error *err);
	void *context;
	/* From where it can be read again, noted on the way; or NULL. For codecs with
	 * chunks that are compressed. */
	struct lam_checkpoints *points;
};

/* Compresses what is written into inner, which is owned. */
struct lam_writer *lam_encoder_new(struct lam_writer *inner,
				   const struct lam_encoder_options *options);
/* Of a codec with chunks: what is written from here on is in another chunk. */
int lam_encoder_cut(struct lam_writer *encoder, struct lam_error *err);
/* The same, and the next chunk is this one. LAM_EFORMAT in a later call where it is not
 * what is said of it. */
int lam_encoder_copy(struct lam_writer *encoder, const struct lam_copied *copied,
		     struct lam_error *err);

#endif
