/* Which layer of a plan each path of an image goes to, and how such layers are named: "A"
 * to "Z", "AA" and so on by their place in the stack, or by their own name. */
#ifndef MODEL_TARGETS_H
#define MODEL_TARGETS_H

#include <lamina/layout.h>

#include "editor/analysis/facts.h"
#include "editor/list/bits.h"

/* NULL pointers where it is not known. */
struct targets {
	const struct lam_plan *plan;
	uint32_t *to;      /* of each node: a target's number, TARGET_SEVERAL for a
			       directory, LAM_TARGET_NONE left out or dead */
	uint32_t *rule;    /* that sends it there; LAM_RULE_NONE: none */
	struct bits ruled; /* nodes that a path rule stands at */
};
#define TARGET_SEVERAL (LAM_TARGET_NONE - 1)

/* Of a layout; with layout NULL by rules and origins alone, and nothing where the plan's
 * stack does not fit the image. The plan must outlive it. */
int targets_make(struct targets *targets, const struct facts *facts,
		 const struct lam_plan *plan, const struct lam_layout *layout,
		 const atomic_bool *stop, struct lam_error *err);
void targets_fini(struct targets *targets);

const char *target_letters(size_t n, char out[8]);
/* The number of the target that letters or a name mean: capitals are letters first, then
 * comes what is a name, then small letters; SIZE_MAX: none. */
size_t target_parse(const struct lam_plan *plan, const char *text);

#endif
