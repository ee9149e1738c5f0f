/* Reads back a layer while it is being written, by a thread of its own. What is in the file
 * is inflated by the reader's own decoder; or, where each chunk was proven when it was
 * compressed, the file is compared with that. The tar that comes out is compared with the
 * source, content by content. */
#ifndef LAM_READBACK_H
#define LAM_READBACK_H

#include "codec/encoder.h"
#include "layout/layout.h"

struct lam_readback;

struct lam_readback_options {
	int fd; /* the file, from its begin on */
	const struct lam_layout *layout;
	const struct lam_layout_target *target; /* what it should hold */
	bool one_at_a_time;                     /* the writer waits while this reads */
	const struct lam_progress *progress;
	struct lam_step step;           /* counts bytes of the tar */
	struct lam_checkpoints *points; /* where the file is inflated: from where it could
					   be read again */
};

/* To be freed also after failure. */
int lam_readback_new(struct lam_readback **out,
		     const struct lam_readback_options *options, struct lam_error *err);
/* lam_encoder_options.written. LAM_ESTOPPED where something was found wrong. */
int lam_readback_written(void *readback, struct lam_chunk *chunk, uint64_t end,
			 struct lam_error *err);
/* Whether the writer was told so: its LAM_ESTOPPED comes from here then. */
bool lam_readback_stopped_writer(const struct lam_readback *readback);
/* Waits for the end. LAM_EWRITE: what was written is not there, or not the source's. */
int lam_readback_finish(struct lam_readback *readback, struct lam_error *err);
void lam_readback_free(struct lam_readback *readback); /* NULL is fine */

/* Reads the tar of a written target to its end. LAM_EWRITE with the path where anything
 * differs from what it should be. The trial of the layout has shown that a target's members,
 * as entries in their order, merge to the source's tree; so here it is enough that the tar
 * holds just these, each with its content. */
int lam_verify(const struct lam_layout *layout, const struct lam_layout_target *target,
	       struct lam_reader *tar, struct lam_error *err);

#endif
