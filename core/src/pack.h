/* Tars made of the image's nodes: a written layer, an exported subtree. */
#ifndef LAM_PACK_H
#define LAM_PACK_H

#include "contents.h"
#include "stream.h"

/* Writes the items of a written target as a tar, end blocks included, not finishing the
 * writer. The `done` of step counts bytes of the tar. Stops with LAM_ESTOPPED. */
int lam_pack(const struct lam_contents *contents, const struct lam_layout_target *target,
	     struct lam_writer *out, const struct lam_progress *progress,
	     const struct lam_step *step, struct lam_error *err);

#endif
