/* Live paths that look like caches: nothing but time is lost without them. */
#ifndef MODEL_CACHES_H
#define MODEL_CACHES_H

#include "editor/analysis/facts.h"

struct cache {
	uint32_t node;
	bool of_packages; /* a package manager's, which fetches it again */
};

/* Those that are there and hold bytes; those of package managers are never in each other,
 * but may be in others. Returns how many; *out is the caller's (free()). */
size_t caches_find(struct cache **out, const struct facts *facts);

#endif
