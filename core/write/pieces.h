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

enum lam_piece_kind {
	LAM_PIECE_GROUP, /* members, each with its header and its content, if that is small */
	LAM_PIECE_HEADER,  /* part of a large header */
	LAM_PIECE_CONTENT, /* part of a large content and its padding */
};

struct lam_piece {
	uint8_t key[LAM_PIECE_KEY];
	uint64_t from;   /* of HEADER and CONTENT: where in it the part begins */
	uint32_t member; /* the first; the only one of HEADER and CONTENT */
	uint32_t end;    /* of GROUP: behind the last member */
	uint32_t len;    /* bytes of the tar */
	uint8_t kind;
	bool bare;     /* GROUP: its first member's header is not in it */
	bool ends;     /* GROUP: the end blocks are in it */
	bool copied;   /* it is taken from another blob; the rest says from where */
	uint32_t blob; /* which of those that the run knows */
	uint32_t packed, crc;
	uint64_t at;
};

struct lam_pieces {
	struct lam_piece *items;
	size_t count, cap;
	uint64_t
		large; /* contents of this size on, padding included, are not in groups */
	uint8_t recipe[LAM_RECIPE];
	uint64_t copied; /* bytes in copied ones */
};

void lam_pieces_fini(struct lam_pieces *pieces);
/* Of a written target. To be freed also after failure. LAM_EFORMAT, LAM_ENOMEM;
 * LAM_ESTOPPED by the layout's stop. */
int lam_pieces_cut(struct lam_pieces *out, const struct lam_layout *layout,
		   const struct lam_layout_target *target, struct lam_error *err);

#endif
