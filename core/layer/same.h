/* Whether two indexes are of the same entries. */
#ifndef LAM_LAYER_SAME_H
#define LAM_LAYER_SAME_H

#include <stdbool.h>

#include "layer/layer.h"

/* In the same order, each with the same name, metadata and content, the same names of one
 * file, and no more. False as well where links lead below the layer, as none of a written
 * one does. */
bool lam_layer_same(const struct lam_layer *a, const struct lam_layer *b);

#endif
