/* Bytes that are shipped and not visible, by cause: contents of files that a later layer
 * deletes, overwrites, or stores again with other metadata; and files that are visible
 * but look like caches (not counted in the sum). */
#ifndef MODEL_WASTE_H
#define MODEL_WASTE_H

#include "editor/analysis/facts.h"

enum waste_how {
	WASTE_DELETED,
	WASTE_OVERWRITTEN,
	WASTE_METADATA, /* the same content again: owner, mode, time or attributes */
	WASTE_SAME,     /* stored again with nothing different */
	WASTE_CACHE,    /* live: looks like a cache */
};

struct waste_item {
	uint32_t node; /* a file; a directory where all of it was deleted by one layer for
			  one cause: then its files are not items of their own */
	uint64_t bytes;
	uint32_t files;
	uint64_t layers; /* that hold the bytes; bits as in facts.h */
	uint32_t by;     /* the layer that made it waste (last) */
	enum waste_how how;
};

struct waste {
	struct waste_item *items; /* by bytes, most first; caches behind all else */
	size_t count;
	uint64_t lost, cache; /* sums */
};

/* At most `most` items are kept, the sums count all. */
int waste_new(struct waste **out, const struct facts *facts, size_t most,
	      const atomic_bool *stop, struct lam_error *err);
void waste_free(struct waste *waste);
/* "added 7, deleted 9", "changed owner only in 6", "overwritten in 3 and 4" */
const char *waste_text(const struct waste_item *item, const struct facts *facts,
		       char out[96]);

#endif
