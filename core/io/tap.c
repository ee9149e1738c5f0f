/* What is told of the bytes of a stream: their digest, how many they are. */
#include "base/buf.h"
#include "base/memory.h"
#include "base/stop.h"
#include "io/spool.h"
#include "io/stream.h"

#define PIECE (256u << 10) /* stays in a core's cache while it is hashed */

/* Of those that pass */

struct tap_reader {
	struct lam_reader base;
	struct lam_hash *hash;
	uint64_t *count;
	struct lam_spool *spool;
};

static int tap_read(struct lam_reader *self, void *buf, size_t cap, size_t *out_len,
		    struct lam_error *err)
{
	struct tap_reader *t = (struct tap_reader *)self;

	if (lam_read(self->inner, buf, cap, out_len, err) < 0)
		return err->code;
	if (t->hash)
		lam_hash_update(t->hash, buf, *out_len);
	if (t->count)
		*t->count += *out_len;
	return t->spool ? lam_spool_append(t->spool, buf, *out_len, err) : 0;
}

static const struct lam_reader_ops TAP_READER = { .read = tap_read };

struct lam_reader *lam_reader_tap(struct lam_reader *inner, struct lam_hash *hash,
				  uint64_t *count, struct lam_spool *spool)
{
	struct tap_reader *t = lam_xmalloc(sizeof *t);

	*t = (struct tap_reader){ { &TAP_READER, inner }, hash, count, spool };
	return &t->base;
}

struct tap_writer {
	struct lam_writer base;
	struct lam_hash *hash;
	uint64_t *count;
};

static int tap_write(struct lam_writer *self, const void *bytes, size_t len,
		     struct lam_error *err)
{
	struct tap_writer *t = (struct tap_writer *)self;

	if (t->hash)
		lam_hash_update(t->hash, bytes, len);
	if (t->count)
		*t->count += len;
	return lam_write(self->inner, bytes, len, err);
}

static int tap_finish(struct lam_writer *self, struct lam_error *err)
{
	return lam_finish(self->inner, err);
}

static const struct lam_writer_ops TAP_WRITER = { .write = tap_write,
						  .finish = tap_finish };

struct lam_writer *lam_writer_tap(struct lam_writer *inner, struct lam_hash *hash,
				  uint64_t *count)
{
	struct tap_writer *t = lam_xmalloc(sizeof *t);

	*t = (struct tap_writer){ { &TAP_WRITER, inner }, hash, count };
	return &t->base;
}

/* Of all */

int lam_read_digest(struct lam_reader *reader, enum lam_algorithm algorithm,
		    const struct lam_passing *passing, struct lam_digest *out,
		    struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *piece = lam_xmalloc(PIECE);
	LAM_CLEANUP(lam_hash_fini) struct lam_hash hash = { 0 };
	size_t got = 1;

	lam_hash_init(&hash, algorithm);
	while (got > 0) {
		if (lam_stops(passing->stop, 0))
			return lam_fail_stopped(err);
		if (lam_read(reader, piece, PIECE, &got, err) < 0)
			return err->code;
		lam_hash_update(&hash, piece, got);
		if (passing->put && passing->put(passing->context, piece, got, err) < 0)
			return err->code;
	}
	lam_hash_final(&hash, out);
	return 0;
}
