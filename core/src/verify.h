/* Compares what was written and read back with the source, as one merged tree. */
#ifndef LAM_VERIFY_H
#define LAM_VERIFY_H

#include "layout.h"

/* The stack, base first: of kept layers the source's index, of written ones what was read
 * back. LAM_EWRITE with the path where anything differs from what it should be. */
int lam_verify(const struct lam_layout *layout, const struct lam_layer *const *stack,
	       size_t count, struct lam_error *err);

#endif
