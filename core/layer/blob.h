/* A layer's blob, read once: inflated, hashed on both sides, and indexed. */
#ifndef LAM_LAYER_BLOB_H
#define LAM_LAYER_BLOB_H

#include <lamina/compression.h>

#include "base/digest.h"
#include "io/spool.h"
#include "io/stream.h"
#include "layer/layer.h"

struct lam_layer_reading {
	struct lam_digest digest, diff_id;
	uint64_t blob_size, tar_size;
	enum lam_codec codec;
};

struct lam_layer_blob {
	struct lam_reader *reader;                   /* is taken over */
	uint32_t number;                             /* of the layer that comes of it */
	bool ahead;                                  /* a thread of its own inflates */
	enum lam_algorithm algorithm, tar_algorithm; /* none: SHA-256 */
	struct lam_spool *spool;                     /* gets the tar; or NULL */
	const atomic_bool *stop;                     /* or NULL */
};

/* Checks nothing but the blob's form: for layers of the source and for those that were
 * written. */
int lam_layer_read_blob(struct lam_layer **out_layer, const struct lam_layer_blob *blob,
			struct lam_layer_reading *out, struct lam_error *err);
/* What is odd about its compression, as its points tell. */
void lam_layer_note_stream(struct lam_layer *layer);

#endif
