#include "sha256.h"

#include <assert.h>
#include <string.h>

/* FIPS 180-4, section 5.3.3: what the hash begins with. */
static const uint32_t BEGIN[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
				   0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

#if defined __x86_64__ && defined __GNUC__
#include <cpuid.h>
#include <immintrin.h>

#define FAST __attribute__((target("sha,sse4.1,ssse3")))

/* FIPS 180-4, section 4.2.2 */
static const uint32_t K[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

bool lam_sha256_is_fast(void)
{
	const unsigned ssse3 = 1u << 9, sse41 = 1u << 19, sha = 1u << 29;
	unsigned a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & ssse3) || !(c & sse41))
		return false;
	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & sha);
}

/* As the instructions want it: a, b, e, f and c, d, g, h, the first in the highest lane.
 */
struct lanes {
	__m128i abef, cdgh;
};

static inline FAST struct lanes load(const uint32_t s[8])
{
	return (struct lanes){
		_mm_set_epi32((int)s[0], (int)s[1], (int)s[4], (int)s[5]),
		_mm_set_epi32((int)s[2], (int)s[3], (int)s[6], (int)s[7]),
	};
}

static inline FAST void store(uint32_t s[8], struct lanes l)
{
	s[0] = (uint32_t)_mm_extract_epi32(l.abef, 3);
	s[1] = (uint32_t)_mm_extract_epi32(l.abef, 2);
	s[4] = (uint32_t)_mm_extract_epi32(l.abef, 1);
	s[5] = (uint32_t)_mm_extract_epi32(l.abef, 0);
	s[2] = (uint32_t)_mm_extract_epi32(l.cdgh, 3);
	s[3] = (uint32_t)_mm_extract_epi32(l.cdgh, 2);
	s[6] = (uint32_t)_mm_extract_epi32(l.cdgh, 1);
	s[7] = (uint32_t)_mm_extract_epi32(l.cdgh, 0);
}

/* Four rounds; wk is four words of the schedule with their constants. */
static inline FAST void rounds(struct lanes *l, __m128i wk)
{
	l->cdgh = _mm_sha256rnds2_epu32(l->cdgh, l->abef, wk);
	l->abef = _mm_sha256rnds2_epu32(l->abef, l->cdgh, _mm_shuffle_epi32(wk, 0x0e));
}

static inline FAST struct lanes sum(struct lanes x, struct lanes y)
{
	return (struct lanes){ _mm_add_epi32(x.abef, y.abef),
			       _mm_add_epi32(x.cdgh, y.cdgh) };
}

/* Words 4i to 4i+3 of the schedule, in the place of those of 16 words before. */
static inline FAST __m128i schedule(__m128i w[4], unsigned i)
{
	__m128i sum;

	if (i < 4)
		return w[i];
	sum = _mm_add_epi32(_mm_sha256msg1_epu32(w[i % 4], w[(i + 1) % 4]),
			    _mm_alignr_epi8(w[(i + 3) % 4], w[(i + 2) % 4], 4));
	w[i % 4] = _mm_sha256msg2_epu32(sum, w[(i + 3) % 4]);
	return w[i % 4];
}

static inline FAST void load_block(__m128i w[4], const uint8_t *block)
{
	const __m128i swap =
		_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);

	for (unsigned i = 0; i < 4; i++)
		w[i] = _mm_shuffle_epi8(
			_mm_loadu_si128((const __m128i *)(const void *)(block + 16 * i)),
			swap);
}

static FAST void blocks(uint32_t state[8], const uint8_t *at, size_t count)
{
	struct lanes s = load(state);

	for (; count > 0; count--, at += LAM_SHA256_BLOCK) {
		struct lanes before = s;
		__m128i w[4];

		load_block(w, at);
#pragma GCC unroll 16
		for (unsigned i = 0; i < 16; i++) {
			__m128i k =
				_mm_loadu_si128((const __m128i *)(const void *)&K[4 * i]);

			rounds(&s, _mm_add_epi32(schedule(w, i), k));
		}
		s = sum(s, before);
	}
	store(state, s);
}

static FAST void blocks_both(uint32_t a[8], uint32_t b[8], const uint8_t *at,
			     size_t count)
{
	struct lanes s = load(a), t = load(b);

	for (; count > 0; count--, at += LAM_SHA256_BLOCK) {
		struct lanes s_before = s, t_before = t;
		__m128i w[4];

		load_block(w, at);
#pragma GCC unroll 16
		for (unsigned i = 0; i < 16; i++) {
			__m128i k =
				_mm_loadu_si128((const __m128i *)(const void *)&K[4 * i]);
			__m128i wk = _mm_add_epi32(schedule(w, i), k);

			rounds(&s, wk);
			rounds(&t, wk);
		}
		s = sum(s, s_before);
		t = sum(t, t_before);
	}
	store(a, s);
	store(b, t);
}
#else
bool lam_sha256_is_fast(void)
{
	return false;
}

static void blocks(uint32_t state[8], const uint8_t *at, size_t count)
{
	(void)state;
	(void)at;
	(void)count;
	assert(!"lam_sha256_is_fast() says no");
}

static void blocks_both(uint32_t a[8], uint32_t b[8], const uint8_t *at, size_t count)
{
	(void)b;
	blocks(a, at, count);
}
#endif

void lam_sha256_init(struct lam_sha256 *hash)
{
	memcpy(hash->state, BEGIN, sizeof hash->state);
	hash->len = 0;
}

void lam_sha256_update(struct lam_sha256 *hash, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	size_t have = hash->len % LAM_SHA256_BLOCK;

	if (len == 0)
		return;
	hash->len += len;
	if (have > 0) {
		size_t now =
			len < LAM_SHA256_BLOCK - have ? len : LAM_SHA256_BLOCK - have;

		memcpy(hash->rest + have, at, now);
		at += now;
		len -= now;
		if (have + now < LAM_SHA256_BLOCK)
			return;
		blocks(hash->state, hash->rest, 1);
	}
	blocks(hash->state, at, len / LAM_SHA256_BLOCK);
	at += len - len % LAM_SHA256_BLOCK;
	if (len % LAM_SHA256_BLOCK)
		memcpy(hash->rest, at, len % LAM_SHA256_BLOCK);
}

void lam_sha256_update_both(struct lam_sha256 *a, struct lam_sha256 *b, const void *bytes,
			    size_t len)
{
	const uint8_t *at = bytes;
	size_t have = a->len % LAM_SHA256_BLOCK, head = -have % LAM_SHA256_BLOCK;

	/* blocks are the same where both are as far in them */
	if (have != b->len % LAM_SHA256_BLOCK || len <= head) {
		lam_sha256_update(a, bytes, len);
		lam_sha256_update(b, bytes, len);
		return;
	}
	lam_sha256_update(a, at, head);
	lam_sha256_update(b, at, head);
	at += head;
	len -= head;
	blocks_both(a->state, b->state, at, len / LAM_SHA256_BLOCK);
	a->len += len - len % LAM_SHA256_BLOCK;
	b->len += len - len % LAM_SHA256_BLOCK;
	at += len - len % LAM_SHA256_BLOCK;
	lam_sha256_update(a, at, len % LAM_SHA256_BLOCK);
	lam_sha256_update(b, at, len % LAM_SHA256_BLOCK);
}

void lam_sha256_final(struct lam_sha256 *hash, uint8_t out[32])
{
	static const uint8_t padding[LAM_SHA256_BLOCK] = { 0x80 };
	uint64_t bits = hash->len * 8;
	uint8_t end[8];

	/* a one, zeros, and the length, to a whole block */
	lam_sha256_update(hash, padding, 1 + (55 - hash->len) % LAM_SHA256_BLOCK);
	for (unsigned i = 0; i < 8; i++)
		end[i] = (uint8_t)(bits >> (56 - 8 * i));
	lam_sha256_update(hash, end, sizeof end);
	for (unsigned i = 0; i < 32; i++)
		out[i] = (uint8_t)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
}
