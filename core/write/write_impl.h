/* What the parts of writing an image share. */
#ifndef LAM_WRITE_IMPL_H
#define LAM_WRITE_IMPL_H

#include <stdatomic.h>

#include <lamina/write.h>

#include "base/workers.h"
#include "codec/encoder.h"
#include "layout/layout.h"
#include "store/store.h"
#include "write/contents.h"
#include "write/reuse.h"

/* Layers that are packed at once: while one waits for its last chunks, or for the disk,
 * another gives the cores something to do. */
#define LAM_PACKERS 2

struct lam_writing {
	const struct lam_layout *layout;
	const struct lam_image *image;
	const struct lam_write_options *options;
	struct lam_workers *workers;
	struct lam_contents *contents;
	struct lam_chunk_pool *chunks;
	struct lam_reference reference; /* which outlives the sink */
	struct lam_sink *sink;
	unsigned threads;
	atomic_bool failed; /* one layer has: the others need not go on */
	atomic_bool wrong;  /* what was read back is not what it should be */
	size_t count; /* of layers that are written or kept; the arrays below are of them
		       */
	struct lam_stack_layer *stack;
	size_t *targets;
	char (*texts)[300]; /* created_by */
	uint64_t *tar_sizes;
	struct lam_reuse_layer *reused;
	struct lam_reuse *reuse;
};

/* Writes and reads back what is new, and puts what is kept into the sink: digests and
 * sizes are known then. */
int lam_write_layers(struct lam_writing *w, struct lam_error *err);

#endif
