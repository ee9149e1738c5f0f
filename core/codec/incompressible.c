/* Tells bytes that do not compress from those that do, for far less than compressing them
 * costs. */
#include <string.h>

#include "codec/gzip.h"

#define SLICES 16u
#define SLICE  2048u /* bytes */
/* Shorter ones are not worth the question. */
#define LEAST (8u * SLICES * SLICE)

/* Bytes without any pattern: every value comes about as often. The sum of squares is
 * n*n/256 + n for them; a text has many times that, and code twice. */
static bool is_even(const uint32_t counts[256], uint64_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < 256; i++)
		sum += (uint64_t)counts[i] * counts[i];
	return sum < n * n / 256 + n * n / 4096 + 2 * n;
}

/* Whether three bytes in a row come again within the sample, as in a picture that is not
 * compressed and has every value. */
static bool repeats(const unsigned char *bytes, uint16_t seen[4096], size_t *hits)
{
	for (size_t i = 0; i + 4 <= SLICE; i++) {
		uint32_t word;
		uint16_t tag;

		memcpy(&word, bytes + i, 4);
		word *= 2654435761u;
		tag = (uint16_t)(word & 0xffff);
		*hits += seen[word >> 20] == tag;
		seen[word >> 20] = tag;
	}
	return *hits > SLICE * SLICES / 64;
}

bool lam_is_incompressible(const void *bytes, size_t len)
{
	const unsigned char *at = bytes;
	uint32_t counts[256] = { 0 };
	uint16_t seen[4096] = { 0 };
	size_t hits = 0;

	if (len < LEAST)
		return false;
	for (size_t i = 0; i < SLICES; i++) {
		for (size_t k = 0; k < SLICE; k++)
			counts[at[len / SLICES * i + k]]++;
	}
	if (!is_even(counts, SLICES * SLICE))
		return false;
	for (size_t i = 0; i < SLICES; i++) {
		if (repeats(at + len / SLICES * i, seen, &hits))
			return false;
	}
	return true;
}
