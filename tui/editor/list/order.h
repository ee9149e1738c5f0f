/* In which order the children of each directory stand, as a walk of the whole tree from
 * top to bottom: the first child of the node at a place is at the next one, and each other
 * a span behind the one before it. */
#ifndef MODEL_ORDER_H
#define MODEL_ORDER_H

#include "editor/analysis/facts.h"

enum sort { SORT_NAME, SORT_SIZE, SORT_FROM, SORT_COUNT, SORT_MTIME, SORT_KINDS };

#define ORDER_DEAD UINT32_C(0x80000000)

struct order {
	enum sort sort;
	bool reverse; /* of the usual way: names ascend, all else descends; ties by name
		       */
	uint32_t *place; /* of each node in the walk */
	uint32_t *walk;  /* the inverse: node at each place */
	uint32_t *span;  /* nodes at and below: those of n are walk[place[n]] on */
	uint32_t *skip;  /* by place, for walks that read nothing else: the span of the
			    node  there, with ORDER_DEAD where it is a ghost */
};

int order_new(struct order **out, const struct facts *facts, enum sort sort, bool reverse,
	      const atomic_bool *stop, struct lam_error *err);
void order_free(struct order *order);

extern const char *const SORT_NAMES[SORT_KINDS]; /* "name", "size", ... */

#endif
