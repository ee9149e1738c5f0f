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

/* Checks nothing but the blob's form: for layers of the source and for those that were
 * written. spool and stop may be NULL. blob is owned. */
int lam_layer_read_blob(struct lam_layer **out_layer, struct lam_reader *blob,
			uint32_t number, bool ahead, enum lam_algorithm blob_algorithm,
			enum lam_algorithm tar_algorithm, struct lam_spool *spool,
			const atomic_bool *stop, struct lam_layer_reading *out,
			struct lam_error *err);
/* What is odd about its compression, as its points tell. */
void lam_layer_note_stream(struct lam_layer *layer);

#endif
