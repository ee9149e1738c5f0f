#include <openssl/sha.h>
#include <stdio.h>

#include "base/digest.h"
#include "unit.h"

static unsigned char *noise(size_t len)
{
	unsigned char *bytes = malloc(len + 1);
	uint64_t seed = 17;

	for (size_t i = 0; i < len; i++)
		bytes[i] = (unsigned char)next_random(&seed);
	return bytes;
}

static void assert_is(struct lam_hash *hash, const unsigned char *bytes, size_t len)
{
	struct lam_digest digest;
	unsigned char want[32];

	SHA256(bytes, len, want);
	lam_hash_final(hash, &digest);
	assert_int_equal(digest.algorithm, LAM_SHA256);
	assert_memory_equal(digest.bytes, want, 32);
}

static void known_answers(void **state)
{
	static const struct {
		enum lam_algorithm algorithm;
		const char *text, *digest;
	} cases[] = {
		{ LAM_SHA256, "",
		  "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ LAM_SHA256, "abc",
		  "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ LAM_SHA512, "abc",
		  "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
		  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lam_digest digest;
		char text[LAM_DIGEST_TEXT];

		digest = lam_digest_of(cases[i].algorithm, cases[i].text,
				       strlen(cases[i].text));
		assert_string_equal(lam_digest_format(&digest, text), cases[i].digest);
	}
}

/* Every length around blocks, at once and in two pieces. */
static void any_length(void **state)
{
	unsigned char *bytes = noise(400);
	struct lam_hash hash;

	(void)state;
	lam_hash_init(&hash, LAM_SHA256);
	for (size_t len = 0; len <= 400; len++) {
		for (size_t cut = 0; cut <= len; cut += 7) {
			lam_hash_reset(&hash);
			lam_hash_update(&hash, bytes, cut);
			lam_hash_update(&hash, bytes + cut, len - cut);
			assert_is(&hash, bytes, len);
		}
	}
	lam_hash_fini(&hash);
	free(bytes);
}

/* Two hashes over the same bytes, of which one has seen some before. */
static void two_at_once(void **state)
{
	const size_t len = 5000;
	unsigned char *bytes = noise(len);
	struct lam_hash whole, part;
	uint64_t seed = 23;

	(void)state;
	lam_hash_init(&whole, LAM_SHA256);
	lam_hash_init(&part, LAM_SHA256);
	for (size_t before = 0; before < 300; before++) {
		lam_hash_reset(&whole);
		lam_hash_reset(&part);
		lam_hash_update(&whole, bytes, before);
		for (size_t at = before, now; at < len; at += now) {
			now = next_random(&seed) % (at % 3 ? 400 : 70);
			if (now > len - at)
				now = len - at;
			lam_hash_update_both(&whole, &part, bytes + at, now);
		}
		assert_is(&whole, bytes, len);
		assert_is(&part, bytes + before, len - before);
	}
	lam_hash_fini(&part);
	lam_hash_init(&part, LAM_SHA512);
	lam_hash_reset(&whole);
	lam_hash_update_both(&whole, &part, bytes, len);
	assert_is(&whole, bytes, len);
	struct lam_digest one, other;

	lam_hash_final(&part, &one);
	other = lam_digest_of(LAM_SHA512, bytes, len);
	assert_true(lam_digest_equal(&one, &other));
	lam_hash_fini(&whole);
	lam_hash_fini(&part);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers),
		cmocka_unit_test(any_length),
		cmocka_unit_test(two_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
