/* Compares what was written and read back with the source. The trial of the layout has
 * shown that a target's items, as entries in their order, merge to the source's tree; so
 * here it is enough that the tar holds just these, each with its content. */
#ifndef LAM_VERIFY_H
#define LAM_VERIFY_H

#include "io/stream.h"
#include "layout/layout.h"

/* Reads the tar of a written target to its end. LAM_EWRITE with the path where anything
 * differs from what it should be. */
int lam_verify(const struct lam_layout *layout, const struct lam_layout_target *target,
	       struct lam_reader *tar, struct lam_error *err);

#endif
