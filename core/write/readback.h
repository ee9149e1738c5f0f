/* Reads back a layer while it is being written. Each piece is read from the file as soon
 * as it is in it, compared with what was compressed, inflated, and compared with what was
 * packed; so the file holds exactly the bytes that were hashed on their way. The tar that
 * comes out is compared with the source, content by content, by a thread of its own. */
#ifndef LAM_READBACK_H
#define LAM_READBACK_H

#include "base/workers.h"
#include "codec/inflater.h"
#include "codec/piece.h"
#include "io/meter.h"
#include "write/verify.h"

struct lam_readback;

struct lam_readback_options {
	int fd; /* the file, from its begin on */
	const struct lam_layout *layout;
	const struct lam_layout_target *target; /* what it should hold */
	struct lam_workers *workers;            /* none: one thing at a time */
	struct lam_inflaters *inflaters;
	struct lam_meter *meter; /* counts bytes of the tar */
};

int lam_readback_new(struct lam_readback **out,
		     const struct lam_readback_options *options, struct lam_error *err);
/* Takes a piece that was written behind those before it (lam_encoder_options.written).
 * LAM_ESTOPPED where an earlier one was found wrong. */
int lam_readback_piece(void *readback, struct lam_piece *piece, struct lam_error *err);
/* Whether the writer was told so: its LAM_ESTOPPED comes from here then. */
bool lam_readback_stopped_writer(const struct lam_readback *readback);
/* Waits for the end. LAM_EWRITE: what was written is not there, or not the source's. */
int lam_readback_finish(struct lam_readback *readback, struct lam_error *err);
void lam_readback_free(struct lam_readback *readback); /* NULL is fine */

#endif
