/* What was written before and is there still, in the output itself or in another image:
 * whole layers whose recipe is known are taken as they are; of others, pieces.
 *
 * The cache only says where to look. A blob is taken once its bytes have its digest, and
 * its index, cached by that digest or made of it now, has just the entries that the layer
 * should have, each with its content. A piece is copied from a blob, inflated, and read
 * back with the rest of the layer that it is in; meanwhile that blob's bytes are hashed.
 * Whatever is not so is written anew, and nothing is said: what comes out is the same. */
#ifndef LAM_REUSE_H
#define LAM_REUSE_H

#include "codec/encoder.h"
#include "layer/written.h"
#include "store/store.h"
#include "write/pieces.h"

struct lam_reuse; /* what a run knows of earlier ones */

struct lam_reuse_layer {
	const struct lam_layout_target *target; /* a written one; NULL: not looked at */
	struct lam_pieces pieces;
	bool known, there, taken; /* there is a record; and its blob; and that is right */
	struct lam_written written;
	size_t place, number; /* where the blob is: which source, which layer of it */
	struct lam_reuse *reuse;
};

struct lam_reuse_options {
	const struct lam_layout *layout;
	const char *cache; /* NULL: nothing is known */
	const struct lam_reference
		*reference;            /* the output, which may not be there yet */
	struct lam_write_ahead *ahead; /* what is hashed meanwhile; or NULL */
	const char *other;             /* another image to take blobs from; or NULL */
	const char *temporary; /* folder for archives that must be inflated to be read */
	struct lam_workers *workers;
	const struct lam_progress *progress;
	bool whole; /* no pieces, but whole layers alone */
};

/* Looks which of the layers are there. They are the caller's, and stay where they are
 * while this is open. Errors are about `other`, which cannot be read, or
 * as lam_pieces_cut's. To be freed also after failure. */
int lam_reuse_new(struct lam_reuse **out, const struct lam_reuse_options *options,
		  struct lam_reuse_layer *layers, size_t count, struct lam_error *err);
/* Takes what is right into the sink, which must be closed before this is freed.
 * LAM_ESTOPPED, LAM_ENOMEM; all else means that a layer is not taken. */
int lam_reuse_take(struct lam_reuse *reuse, struct lam_sink *sink, struct lam_error *err);
/* Says of the pieces of all other layers which are copied, and begins to hash the blobs
 * that these are in. */
void lam_reuse_find_pieces(struct lam_reuse *reuse);
/* Once all are copied: LAM_EFORMAT where such a blob does not have its digest. LAM_ESTOPPED,
 * LAM_ENOMEM. */
int lam_reuse_check(struct lam_reuse *reuse, struct lam_error *err);
/* From where a piece is copied; any thread reads there. */
void lam_reuse_set_reader(const struct lam_reuse *reuse, const struct lam_piece *piece,
			  struct lam_copied *copied);
/* Whether any is copied; and that something was wrong with those that were. */
bool lam_reuse_copies(const struct lam_reuse *reuse);
void lam_reuse_forget(const struct lam_reuse *reuse);
/* For the next run: what a proven layer has become. */
void lam_reuse_remember(const struct lam_reuse *reuse,
			const struct lam_reuse_layer *layer,
			const struct lam_layer_reading *reading);
void lam_reuse_remember_index(const struct lam_reuse *reuse,
			      const struct lam_layer *index,
			      const struct lam_layer_reading *reading);
void lam_reuse_free(struct lam_reuse *reuse);

#endif
