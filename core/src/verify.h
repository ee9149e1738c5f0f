/* Reads back what was written, and compares the whole stack with the source: digests,
 * diff_ids, and the merged tree, content by content. */
#ifndef LAM_VERIFY_H
#define LAM_VERIFY_H

#include "layout.h"

struct lam_verify_layer {
	bool kept;
	uint32_t original; /* of a kept one */
	int fd;            /* of a written one: its blob, from offset 0 */
	uint64_t size;
	struct lam_digest digest, diff_id;
	const char *name; /* for messages */
};

/* LAM_EWRITE with the layer and the path where anything differs from what it should be.
 */
int lam_verify(const struct lam_layout *layout, const struct lam_verify_layer *layers,
	       size_t count, unsigned threads, const struct lam_progress *progress,
	       struct lam_error *err);

#endif
