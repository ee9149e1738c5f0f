/* What written layers became: a layer's recipe, which says all that its bytes come from,
 * leads to the blob that was made of it, and to where its pieces are in that. Files of the
 * cache. They are hints: who uses a blob because of one shows from the blob that it is
 * right. */
#ifndef LAM_WRITTEN_H
#define LAM_WRITTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "layer/cache.h"

#define LAM_PIECE_KEY       32u /* bytes of a SHA-256 */
#define LAM_RECIPE          32u /* bytes of a SHA-256 */
#define LAM_WRITTEN_PREFIX  "written-"
#define LAM_WRITTEN_VERSION 2u

/* Stored as it is. */
struct lam_written_piece {
	uint8_t key[LAM_PIECE_KEY];
	uint64_t at;     /* in the blob */
	uint32_t packed; /* bytes there */
	uint32_t len;    /* of the tar */
	uint32_t crc;    /* CRC-32 of those */
	uint32_t unused;
};

struct lam_written {
	struct lam_layer_reading reading; /* the blob, and its tar; both SHA-256 */
	const struct lam_written_piece *pieces;
	size_t piece_count;
	void *block; /* that the pieces are in, if they were read */
	uint8_t recipe[LAM_RECIPE];
};

void lam_written_fini(struct lam_written *written);
/* Any thread. False: nothing is known, or it is damaged. Without pieces. */
bool lam_written_get(const struct lam_cache *cache, const uint8_t recipe[LAM_RECIPE],
		     struct lam_written *out);
void lam_written_put(const struct lam_cache *cache, const uint8_t recipe[LAM_RECIPE],
		     const struct lam_written *written);
/* It was found wrong. */
void lam_written_forget(const struct lam_cache *cache, const struct lam_written *written);
/* Those that were used last, `most` of them, the latest first, each with its pieces. The
 * array is the caller's: lam_written_fini() each, and free(). */
size_t lam_written_latest(const struct lam_cache *cache, size_t most,
			  struct lam_written **out);

#endif
