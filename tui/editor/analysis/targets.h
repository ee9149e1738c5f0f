/* The targets of an effect, and how they are made. */
#ifndef MODEL_TARGETS_H
#define MODEL_TARGETS_H

#include "editor/analysis/effect.h"
#include "editor/list/stop.h"

/* What stands behind a struct targets. */
struct targets_store {
	uint32_t *to, *rule;
	const char **names;
	struct bits ruled;
};

/* Of a layout; with layout NULL by rules and origins alone, and nothing where the plan's
 * stack does not fit the image. */
int targets_make(struct targets_store *store, const struct facts *facts,
		 const struct lam_plan *plan, const struct lam_layout *layout,
		 const atomic_bool *stop, struct lam_error *err);
void targets_fini(struct targets_store *store);

/* The number of the target that letters or a name mean: capitals are letters first, then
 * comes what is a name, then small letters; SIZE_MAX: none. */
size_t targets_find(const char *const *names, size_t count, const char *text);

#endif
