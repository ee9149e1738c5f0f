/* Tars made of the image's nodes: a written layer, an exported subtree. */
#ifndef LAM_PACK_H
#define LAM_PACK_H

#include "io/meter.h"
#include "io/stream.h"
#include "write/contents.h"
#include "write/pieces.h"

/* Writes the members of a written target as a tar, end blocks included, not finishing the
 * writer. The meter says when to stop. */
int lam_pack(const struct lam_contents *contents, const struct lam_layout_target *target,
	     struct lam_writer *out, const struct lam_meter *meter,
	     struct lam_error *err);
/* The same in the target's pieces, a chunk each, into an encoder; copied ones are the
 * caller's. */
int lam_pack_pieces(const struct lam_contents *contents,
		    const struct lam_layout_target *target,
		    const struct lam_pieces *pieces, struct lam_writer *encoder,
		    int (*copy)(void *context, const struct lam_piece *piece,
				struct lam_error *err),
		    void *context, const struct lam_meter *meter, struct lam_error *err);

#endif
