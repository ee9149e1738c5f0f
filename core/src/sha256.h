/* SHA-256's blocks by the processor's own instructions, where it has them: one state, or
 * two over the same bytes at once. A round waits for the one before, so a second state
 * costs little; layers and the files in them are hashed so. */
#ifndef LAM_SHA256_H
#define LAM_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LAM_SHA256_BLOCK 64u

struct lam_sha256 {
	uint32_t state[8];
	uint64_t len; /* bytes so far */
	uint8_t rest[LAM_SHA256_BLOCK];
};

/* False: nothing below may be called. */
bool lam_sha256_is_fast(void);
void lam_sha256_init(struct lam_sha256 *hash);
void lam_sha256_update(struct lam_sha256 *hash, const void *bytes, size_t len);
/* The same for both. */
void lam_sha256_update_both(struct lam_sha256 *a, struct lam_sha256 *b, const void *bytes,
			    size_t len);
void lam_sha256_final(struct lam_sha256 *hash, uint8_t out[32]);

#endif
