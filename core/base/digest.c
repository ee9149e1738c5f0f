/* Digests as text, and running hashes. */
#include "base/digest.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/memory.h"
#include "base/path.h"

/* What the second of two hashes finds in the nearest cache. */
#define CACHED ((size_t)16 << 10)

static const struct {
	const char *name;
	enum lam_algorithm algorithm;
	size_t len;
} ALGORITHMS[] = {
	{ "sha256:", LAM_SHA256, 32 },
	{ "sha512:", LAM_SHA512, 64 },
};
#define ALGORITHM_COUNT (sizeof ALGORITHMS / sizeof *ALGORITHMS)

static size_t length_of(enum lam_algorithm algorithm)
{
	return algorithm == LAM_SHA512 ? 64 : algorithm == LAM_SHA256 ? 32 : 0;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_hex(const char *text, size_t len, uint8_t *out)
{
	if (strlen(text) != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* algorithm ::= component (separator component)*; encoded ::= [a-zA-Z0-9=_-]+
 * (image-spec, descriptor.md) */
static bool is_other_algorithm(const char *text)
{
	const char *colon = strchr(text, ':');

	return colon && colon > text && colon[1] &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789+._-") ==
		       (size_t)(colon - text) &&
	       strspn(colon + 1,
		      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789=_-") ==
		       strlen(colon + 1);
}

int lam_digest_parse(struct lam_digest *out, const char *text, struct lam_error *err)
{
	char shown[LAM_PATH_TEXT];

	*out = (struct lam_digest){ 0 };
	lam_path_text(shown, text, strlen(text), false);
	for (size_t i = 0; i < ALGORITHM_COUNT; i++) {
		size_t skip = strlen(ALGORITHMS[i].name);

		if (strncmp(text, ALGORITHMS[i].name, skip) != 0)
			continue;
		if (!parse_hex(text + skip, ALGORITHMS[i].len, out->bytes)) {
			*out = (struct lam_digest){ 0 };
			return lam_fail(
				err, LAM_EFORMAT,
				"\"%s\" is no digest: %s needs %zu digits 0-9 a-f", shown,
				ALGORITHMS[i].name, 2 * ALGORITHMS[i].len);
		}
		out->algorithm = ALGORITHMS[i].algorithm;
		return 0;
	}
	if (is_other_algorithm(text))
		return lam_fail(
			err, LAM_EFORMAT,
			"digest %s cannot be verified: only sha256 and sha512 are known",
			shown);
	return lam_fail(err, LAM_EFORMAT,
			"\"%s\" is no digest: expected sha256: and 64 digits", shown);
}

const char *lam_digest_hex(const struct lam_digest *digest, char out[LAM_DIGEST_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	size_t len = length_of(digest->algorithm);

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[digest->bytes[i] >> 4];
		out[2 * i + 1] = digits[digest->bytes[i] & 15];
	}
	out[2 * len] = '\0';
	return out;
}

const char *lam_digest_format(const struct lam_digest *digest, char out[LAM_DIGEST_TEXT])
{
	char hex[LAM_DIGEST_TEXT];
	const char *name = digest->algorithm == LAM_SHA512   ? "sha512:"
			   : digest->algorithm == LAM_SHA256 ? "sha256:"
							     : "unknown";
	size_t len = strlen(name);

	lam_digest_hex(digest, hex);
	memcpy(out, name, len);
	memcpy(out + len, hex, strlen(hex) + 1);
	return out;
}

bool lam_digest_equal(const struct lam_digest *a, const struct lam_digest *b)
{
	return a->algorithm == b->algorithm &&
	       memcmp(a->bytes, b->bytes, length_of(a->algorithm)) == 0;
}

void lam_hash_init(struct lam_hash *hash, enum lam_algorithm algorithm)
{
	hash->algorithm = algorithm == LAM_SHA512 ? LAM_SHA512 : LAM_SHA256;
	hash->context = EVP_MD_CTX_new();
	if (!hash->context ||
	    !EVP_DigestInit_ex(hash->context,
			       algorithm == LAM_SHA512 ? EVP_sha512() : EVP_sha256(),
			       NULL))
		lam_out_of_memory();
}

void lam_hash_reset(struct lam_hash *hash)
{
	if (!EVP_DigestInit_ex(hash->context, NULL, NULL))
		lam_out_of_memory();
}

void lam_hash_update(struct lam_hash *hash, const void *bytes, size_t len)
{
	EVP_DigestUpdate(hash->context, bytes, len);
}

void lam_hash_update_both(struct lam_hash *a, struct lam_hash *b, const void *bytes,
			  size_t len)
{
	const char *at = bytes;

	while (len > 0) {
		size_t now = len < CACHED ? len : CACHED;

		lam_hash_update(a, at, now);
		lam_hash_update(b, at, now);
		at += now;
		len -= now;
	}
}

void lam_hash_final(struct lam_hash *hash, struct lam_digest *out)
{
	unsigned len = 0;

	*out = (struct lam_digest){ .algorithm = hash->algorithm };
	EVP_DigestFinal_ex(hash->context, out->bytes, &len);
}

void lam_hash_fini(struct lam_hash *hash)
{
	EVP_MD_CTX_free(hash->context);
	hash->context = NULL;
}

struct lam_digest lam_digest_of(enum lam_algorithm algorithm, const void *bytes,
				size_t len)
{
	struct lam_digest digest;
	struct lam_hash hash;

	lam_hash_init(&hash, algorithm);
	lam_hash_update(&hash, bytes, len);
	lam_hash_final(&hash, &digest);
	lam_hash_fini(&hash);
	return digest;
}
