/* Pieces of a tar on their way through compression and back: memory that several writers
 * share, within a bound. */
#ifndef LAM_PIECE_H
#define LAM_PIECE_H

#include "base/buf.h"

struct lam_pieces;

struct lam_piece {
	struct lam_buf in, out; /* as it is, and compressed */
	/* for whoever has it: */
	struct lam_piece *next;
	void *owner;
	uint64_t offset; /* of `out` in its file */
	/* the pool's: */
	struct lam_pieces *pool;
	size_t size;
};

/* bytes: of input that may be on the way at once; `least` pieces are given in any case.
 */
int lam_pieces_new(struct lam_pieces **out, size_t bytes, size_t least,
		   struct lam_error *err);
/* All pieces must be back. */
void lam_pieces_free(struct lam_pieces *pieces);

/* An empty piece with room for size bytes of input. wait: until one is given back, else
 * *out is NULL where none is left. Any thread. */
int lam_pieces_take(struct lam_pieces *pieces, size_t size, bool wait,
		    struct lam_piece **out, struct lam_error *err);
void lam_piece_give_back(struct lam_piece *piece); /* NULL is fine; any thread */

#endif
