/* A set of nodes, or of places, a bit each. */
#ifndef MODEL_BITS_H
#define MODEL_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct bits {
	uint64_t *words; /* NULL: empty */
	uint32_t count;  /* of bits */
};

static inline bool bits_init(struct bits *bits, uint32_t count)
{
	bits->words = calloc((size_t)count / 64 + 1, sizeof *bits->words);
	bits->count = count;
	return bits->words;
}

static inline void bits_fini(struct bits *bits)
{
	free(bits->words);
	*bits = (struct bits){ 0 };
}

static inline size_t bits_bytes(const struct bits *bits)
{
	return ((size_t)bits->count / 64 + 1) * sizeof *bits->words;
}

static inline void bits_fill(struct bits *bits, bool value)
{
	memset(bits->words, value ? 0xff : 0, bits_bytes(bits));
}

static inline bool bits_get(const struct bits *bits, uint32_t n)
{
	return bits->words && (bits->words[n / 64] >> (n % 64) & 1);
}

static inline void bits_set(struct bits *bits, uint32_t n, bool value)
{
	uint64_t bit = UINT64_C(1) << (n % 64);

	if (value)
		bits->words[n / 64] |= bit;
	else
		bits->words[n / 64] &= ~bit;
}

#endif
