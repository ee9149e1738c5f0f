/* How the tar of a written layer is cut, and what it is called by before a byte of it is
 * there. A file of a quarter of a chunk or more has pieces of its own, without its header;
 * headers and smaller files are gathered up to a chunk, with borders that the paths choose:
 * what changes in one file moves no border of another's, and no key.
 *
 * A piece's key is the SHA-256 of all that its bytes come from: headers, contents' hashes,
 * and how it is compressed. All keys together are the layer's recipe. */
#ifndef LAM_PIECES_H
#define LAM_PIECES_H

#include "layer/written.h"
#include "layout/layout.h"

struct lam_piece {
	uint8_t key[32];
	uint64_t skip; /* bytes of its first item that pieces before it have */
	uint32_t item; /* the first that it has bytes of; behind the last: the end */
	uint32_t len;  /* bytes of the tar */
};

struct lam_pieces {
	struct lam_piece *items;
	size_t count, cap;
	uint8_t recipe[LAM_RECIPE];
};

void lam_pieces_fini(struct lam_pieces *pieces);
/* Of a written target. To be freed also after failure. LAM_EFORMAT, LAM_ENOMEM;
 * LAM_ESTOPPED by the layout's stop. */
int lam_pieces_cut(struct lam_pieces *out, const struct lam_layout *layout,
		   const struct lam_layout_target *target, struct lam_error *err);

#endif
