/* Digests of the OCI image-spec (descriptor.md): "sha256:" + 64 or "sha512:" + 128
 * lower-case hex digits. Other algorithms that obey the grammar are refused with a text
 * that says they cannot be verified. */
#ifndef LAM_DIGEST_H
#define LAM_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lamina/error.h>

enum lam_algorithm { LAM_ALGORITHM_NONE, LAM_SHA256, LAM_SHA512 };

struct lam_digest {
	enum lam_algorithm algorithm; /* NONE: not known */
	uint8_t bytes[64];            /* 32 or 64 of them, the rest zero */
};

#define LAM_DIGEST_TEXT 144 /* "sha512:", 128 digits, '\0' */

int lam_digest_parse(struct lam_digest *out, const char *text, struct lam_error *err);
const char *lam_digest_format(const struct lam_digest *digest, char out[LAM_DIGEST_TEXT]);
const char *lam_digest_hex(const struct lam_digest *digest,
			   char out[LAM_DIGEST_TEXT]); /* without "sha256:" */
bool lam_digest_equal(const struct lam_digest *a, const struct lam_digest *b);

/* A running hash. init/fini for the caller's storage; OpenSSL's EVP behind it. */
struct lam_hash {
	void *context;
	enum lam_algorithm algorithm;
};

void lam_hash_init(struct lam_hash *hash, enum lam_algorithm algorithm);
/* Begins anew with the same algorithm, at less cost than init; also after final. */
void lam_hash_reset(struct lam_hash *hash);
void lam_hash_update(struct lam_hash *hash, const void *bytes, size_t len);
/* The same bytes to both, in turn while they are in the nearest cache: a layer, and a
 * file in it. */
void lam_hash_update_both(struct lam_hash *a, struct lam_hash *b, const void *bytes,
			  size_t len);
/* Ends the hash; call fini (or init anew) after it. */
void lam_hash_final(struct lam_hash *hash, struct lam_digest *out);
void lam_hash_fini(struct lam_hash *hash);
struct lam_digest lam_digest_of(enum lam_algorithm algorithm, const void *bytes,
				size_t len);

#endif
