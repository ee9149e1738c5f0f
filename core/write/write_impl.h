/* What the parts of writing an image share. */
#ifndef LAM_WRITE_IMPL_H
#define LAM_WRITE_IMPL_H

#include <stdatomic.h>

#include <lamina/write.h>

#include "base/workers.h"
#include "codec/encoder.h"
#include "layout/layout.h"
#include "store/referrers.h"
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
	const struct lam_reference *reference; /* where it is written to */
	struct lam_write_ahead *ahead;         /* not its own; or NULL */
	struct lam_sink *sink; /* not its own: several images may go into one */
	unsigned threads;
	atomic_bool failed; /* one layer has: the others need not go on */
	atomic_bool wrong;  /* what was read back is not what it should be */
	size_t count; /* of layers that are written or kept; the arrays below are of them
		       */
	struct lam_stack_layer *stack;
	size_t *targets;
	char (*texts)[LAM_TARGET_TEXT + 8]; /* created_by */
	uint64_t *tar_sizes;
	struct lam_reuse_layer *reused;
	struct lam_reuse *reuse;
	struct lam_checkpoints *points; /* in written layers, noted on the way */
	struct lam_digest *digests;     /* of the layers */
	struct lam_sink_image written;
	bool whole; /* no pieces are copied */
};

/* One image into w->sink, all but its publication: w->layout, image, options, reference,
 * sink and threads are set. To be freed, once the sink is closed, also after failure. */
int lam_write_one(struct lam_writing *w, struct lam_write_result *out,
		  struct lam_error *err);
/* Whether that failed, with this code, because of pieces that were copied: it is to be done
 * again with `whole` then. */
bool lam_write_is_to_blame(const struct lam_writing *w, int code);
/* Once it is proven: what was written is known from now on. */
void lam_write_remember(struct lam_writing *w);
void lam_writing_fini(struct lam_writing *w);

/* Writes and reads back what is new, and puts what is kept into the sink: digests and
 * sizes are known then. */
int lam_write_layers(struct lam_writing *w, struct lam_error *err);

#endif
