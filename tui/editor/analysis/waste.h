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
	uint32_t node; /* a file; a directory where all of it was made waste by one cause:
			  then its files are not items of their own */
	uint64_t bytes;
	uint32_t files;
	uint32_t layers; /* that hold the bytes: one of the waste's sets */
	uint32_t cause;
};

/* What one layer did, in one way. */
struct waste_cause {
	enum waste_how how;
	uint32_t by; /* the layer that made it waste (last); of caches it says nothing */
	unsigned what;         /* of METADATA: bits of enum lam_difference */
	uint32_t layers;       /* that hold the bytes */
	uint64_t bytes, files; /* of all of its items, those not kept too */
	size_t first, count;   /* of its items */
};

struct waste {
	struct layersets sets;
	struct waste_cause *causes; /* by bytes, most first; caches behind all else */
	size_t cause_count;
	struct waste_item *items; /* by cause, then by bytes, most first */
	size_t count;
	uint64_t lost, cache; /* sums */
};

/* At most `most` items of a cause are kept, the sums count all. */
int waste_new(struct waste **out, const struct facts *facts, size_t most,
	      const atomic_bool *stop, struct lam_error *err);
void waste_free(struct waste *waste);
/* "owner changed", "deleted": what cause->by did. It stands in out, or is static. */
const char *waste_text(const struct waste_cause *cause, char out[64]);

#endif
