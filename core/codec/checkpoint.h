/* Places in a compressed layer from which it can be read on without what is before them:
 * a member's or frame's start, the start of a deflate block with the 32 KiB that it may
 * refer to, or of a section in a frame of zstd (zstd.c). A decoder that is asked to
 * records them as it goes. */
#ifndef LAM_CHECKPOINT_H
#define LAM_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lamina/error.h>

#include "base/limits.h"

/* Bytes of tar between two of them: what is inflated to throw away before a file begins,
 * some 10 ms of work. */
#define LAM_CHECKPOINT_EVERY (8u << 20)
/* What a block of deflate may refer to. */
#define LAM_CHECKPOINT_WINDOW (32u << 10)

struct lam_checkpoint {
	uint64_t out;        /* bytes of the tar before it */
	uint64_t in;         /* bytes of the blob that are used up, the last perhaps not
				whole */
	uint64_t window;     /* in the windows */
	uint32_t window_len; /* as it is there, compressed; 0: none */
	uint32_t crc, size;  /* of the gzip member's output so far */
	uint8_t in_member;   /* 0: a member or frame begins here */
	uint8_t bit_count;   /* of byte in - 1, its high ones, that are not used yet */
	uint8_t unused[2];
};

/* All-zero is none. */
struct lam_checkpoints {
	struct lam_checkpoint *items; /* by out */
	size_t count, cap;
	char *windows; /* zstd frames */
	size_t windows_len, windows_cap;
	uint64_t every; /* 0: LAM_CHECKPOINT_EVERY */
	/* what else was seen on the way, for notes */
	uint64_t memory; /* what a decoder holds: the largest window of a zstd frame */
	bool long_name; /* a gzip header's name or comment is more than Go's reader takes */
};

void lam_checkpoints_fini(struct lam_checkpoints *points);
/* Whether one at `out` would be far enough from the last. */
bool lam_checkpoints_due(const struct lam_checkpoints *points, uint64_t out);
/* window: the 32 KiB (or all there was) before the point, NULL for none. */
void lam_checkpoints_add(struct lam_checkpoints *points, struct lam_checkpoint point,
			 const void *window, size_t window_len);
/* The first byte of the blob that reading from there needs. */
static inline uint64_t lam_checkpoint_begin(const struct lam_checkpoint *point)
{
	return point->in - (point->bit_count > 0);
}
/* The last at or before a byte of the tar; NULL: the beginning is the place to start. */
const struct lam_checkpoint *lam_checkpoints_find(const struct lam_checkpoints *points,
						  uint64_t out);
/* A point's window into 32 KiB of the caller's. */
int lam_checkpoints_window(const struct lam_checkpoints *points,
			   const struct lam_checkpoint *point, void *window,
			   size_t *out_len, struct lam_error *err);
/* Whether those that come from a file keep what is said above. */
bool lam_checkpoints_fit(const struct lam_checkpoints *points, uint64_t blob_size,
			 uint64_t tar_size);

#endif
