/* What written layers became: a layer's recipe, which says all that its bytes come from,
 * leads to the blob that was made of it, and to where its pieces are in that. Files of the
 * cache. They are hints: who uses a blob because of one shows from the blob that it is
 * right. */
#ifndef LAM_WRITTEN_H
#define LAM_WRITTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "layer/cache.h"

#define LAM_RECIPE          32u /* bytes of a SHA-256 */
#define LAM_WRITTEN_PREFIX  "written-"
#define LAM_WRITTEN_VERSION 1u

struct lam_written {
	struct lam_layer_reading reading; /* the blob, and its tar; both SHA-256 */
};

/* Any thread. False: nothing is known, or it is damaged. */
bool lam_written_get(const struct lam_cache *cache, const uint8_t recipe[LAM_RECIPE],
		     struct lam_written *out);
void lam_written_put(const struct lam_cache *cache, const uint8_t recipe[LAM_RECIPE],
		     const struct lam_written *written);

#endif
