/* Tars made of the image's nodes: a written layer, an exported subtree. */
#ifndef LAM_PACK_H
#define LAM_PACK_H

#include "image.h"
#include "item.h"
#include "stream.h"

/* Writes items as a tar, end blocks included, not finishing the writer. step (with
 * progress) may be NULL: its `done` counts bytes of the tar. Stops with LAM_ESTOPPED. */
int lam_pack(const struct lam_image *image, const struct lam_item *items, size_t count,
	     struct lam_writer *out, const struct lam_progress *progress,
	     const struct lam_step *step, struct lam_error *err);

#endif
