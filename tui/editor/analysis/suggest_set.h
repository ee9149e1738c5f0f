/* What suggestions are made of: the paths of one target, and sums over them. */
#ifndef MODEL_SUGGEST_SET_H
#define MODEL_SUGGEST_SET_H

#include "editor/analysis/suggest.h"
#include "editor/list/stop.h"

/* So many rules nobody reads, and each edit would carry them. */
#define SUGGEST_MOST_PATHS 10000

struct suggest_set {
	const struct effect *effect;
	const struct facts *facts;
	const atomic_bool *stop;
	uint32_t target;
	uint64_t *bytes;   /* of files at and below each node that are in the target */
	uint32_t *inside;  /* how many paths that are no directories these are */
	uint32_t *outside; /* and how many are not: a rule here would take them along */
	struct suggestions *out;
	size_t path_count;
};

int suggest_set_init(struct suggest_set *set, const struct effect *effect,
		     const struct facts *facts, uint32_t target, const atomic_bool *stop,
		     struct lam_error *err);
void suggest_set_fini(struct suggest_set *set);

static inline bool suggest_is_pure(const struct suggest_set *set, uint32_t node)
{
	return set->inside[node] && set->outside[node] == 0;
}

/* A new suggestion at the end: a layer with a name near to the wish, or with wish NULL
 * what is left out. */
int suggest_begin(struct suggest_set *set, const char *wish, struct lam_error *err);
/* A path of the last one. */
int suggest_add(struct suggest_set *set, uint32_t node, struct lam_error *err);

int suggest_packages(struct suggest_set *set, struct lam_error *err);

#endif
