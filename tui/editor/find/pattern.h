/* What a rule with a glob is about: all that it matches, and all below that. */
#ifndef MODEL_PATTERN_H
#define MODEL_PATTERN_H

#include "editor/analysis/facts.h"

struct pattern_sum {
	uint64_t entries, bytes; /* live ones; of files */
};

/* glob: in a plan's canonical form. */
int pattern_count(struct pattern_sum *out, const char *glob, const struct facts *facts,
		  const atomic_bool *stop, struct lam_error *err);

#endif
