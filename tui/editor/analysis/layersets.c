/* Sets of layers, interned. */
#include "editor/analysis/layersets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static uint64_t *bits_of(const struct layersets *sets, size_t set)
{
	return sets->bits + set * sets->words;
}

static uint64_t hash_of(const uint64_t *bits, size_t words)
{
	uint64_t hash = 0;

	for (size_t i = 0; i < words; i++)
		hash = (hash ^ bits[i]) * UINT64_C(0x9e3779b97f4a7c15) ^ hash >> 29;
	return hash ^ hash >> 32;
}

/* Where a set stands in the table, or is to stand. */
static uint32_t *slot_of(const struct layersets *sets, const uint64_t *bits)
{
	size_t at = hash_of(bits, sets->words) & (sets->slot_count - 1);

	while (sets->slots[at] != LAYERS_NONE &&
	       memcmp(bits_of(sets, sets->slots[at]), bits, sets->words * sizeof *bits) !=
		       0)
		at = (at + 1) & (sets->slot_count - 1);
	return &sets->slots[at];
}

static void grow_table(struct layersets *sets)
{
	sets->slot_count = sets->slot_count ? 2 * sets->slot_count : 64;
	sets->slots = lam_xrealloc(sets->slots, sets->slot_count * sizeof *sets->slots);
	memset(sets->slots, 0xff, sets->slot_count * sizeof *sets->slots);
	for (size_t i = 0; i < sets->count; i++)
		*slot_of(sets, bits_of(sets, i)) = (uint32_t)i;
}

/* The set that stands behind the last one. */
static uint64_t *next_set(struct layersets *sets)
{
	if (sets->count == sets->cap) {
		sets->cap = sets->cap ? 2 * sets->cap : 64;
		sets->bits = lam_xrealloc(sets->bits,
					  sets->cap * sets->words * sizeof *sets->bits);
	}
	return bits_of(sets, sets->count);
}

/* Takes the set that stands behind the last one in, if it is a new one. */
static uint32_t intern(struct layersets *sets)
{
	uint32_t *slot;

	if (2 * (sets->count + 1) > sets->slot_count)
		grow_table(sets);
	slot = slot_of(sets, bits_of(sets, sets->count));
	if (*slot == LAYERS_NONE)
		*slot = (uint32_t)sets->count++;
	return *slot;
}

void layersets_init(struct layersets *sets, size_t layer_count)
{
	layer_count += layer_count == 0; /* the root is of layer 0 all the same */
	*sets = (struct layersets){ .layer_count = layer_count,
				    .words = layer_count / 64 + 1 };
	for (size_t i = 0; i < layer_count; i++) {
		uint64_t *bits = next_set(sets);

		memset(bits, 0, sets->words * sizeof *bits);
		bits[i / 64] = UINT64_C(1) << (i % 64);
		intern(sets);
	}
}

void layersets_fini(struct layersets *sets)
{
	free(sets->bits);
	free(sets->slots);
	free(sets->rank);
	*sets = (struct layersets){ 0 };
}

bool layersets_has(const struct layersets *sets, uint32_t set, uint32_t layer)
{
	return set != LAYERS_NONE && layer < sets->layer_count &&
	       (bits_of(sets, set)[layer / 64] >> (layer % 64) & 1);
}

static bool holds(const struct layersets *sets, uint32_t set, uint32_t other)
{
	if (other < sets->layer_count)
		return layersets_has(sets, set, other);
	for (size_t i = 0; i < sets->words; i++) {
		if (bits_of(sets, other)[i] & ~bits_of(sets, set)[i])
			return false;
	}
	return true;
}

uint32_t layersets_union(struct layersets *sets, uint32_t a, uint32_t b)
{
	uint64_t *bits;

	if (a == b || b == LAYERS_NONE || (a != LAYERS_NONE && holds(sets, a, b)))
		return a;
	if (a == LAYERS_NONE || holds(sets, b, a))
		return b;
	bits = next_set(sets);
	for (size_t i = 0; i < sets->words; i++)
		bits[i] = bits_of(sets, a)[i] | bits_of(sets, b)[i];
	return intern(sets);
}

uint32_t layersets_take(struct layersets *sets, const struct layersets *from,
			uint32_t set)
{
	if (set == LAYERS_NONE || set < sets->layer_count)
		return set;
	memcpy(next_set(sets), bits_of(from, set), sets->words * sizeof *sets->bits);
	return intern(sets);
}

static int by_bits(const void *left, const void *right, void *context)
{
	const struct layersets *sets = context;
	const uint64_t *a = bits_of(sets, *(const uint32_t *)left),
		       *b = bits_of(sets, *(const uint32_t *)right);

	for (size_t i = sets->words; i-- > 0;) {
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	}
	return 0;
}

void layersets_rank(struct layersets *sets)
{
	uint32_t *order = lam_xcalloc(sets->count + 1, sizeof *order);

	for (size_t i = 0; i < sets->count; i++)
		order[i] = (uint32_t)i;
	qsort_r(order, sets->count, sizeof *order, by_bits, sets);
	free(sets->rank);
	sets->rank = lam_xcalloc(sets->count + 1, sizeof *sets->rank);
	for (size_t i = 0; i < sets->count; i++)
		sets->rank[order[i]] = (uint32_t)i;
	free(order);
}

size_t layersets_size(const struct layersets *sets, uint32_t set)
{
	size_t count = 0;

	for (size_t i = 0; set != LAYERS_NONE && i < sets->words; i++)
		count += (size_t)__builtin_popcountll(bits_of(sets, set)[i]);
	return count;
}

/* Text */

/* One run of layers, "4", "4,5" or "4-6", with a comma before it where something stands
 * there. */
static size_t put_run(char *out, size_t cap, bool comma, uint32_t first, uint32_t last)
{
	int len;

	if (first == last)
		len = snprintf(out, cap, "%s%u", comma ? "," : "", first);
	else
		len = snprintf(out, cap, last - first > 1 ? "%s%u-%u" : "%s%u,%u",
			       comma ? "," : "", first, last);
	return (size_t)len;
}

/* All runs; false where they need more than `room`. */
static bool put_runs(const struct layersets *sets, uint32_t set, char *out, size_t room,
		     uint32_t *out_first, uint32_t *out_last)
{
	size_t len = 0;

	*out_first = LAYERS_NONE;
	*out_last = 0;
	for (uint32_t i = 0, end; i < sets->layer_count; i = end + 1) {
		end = i;
		if (!layersets_has(sets, set, i))
			continue;
		while (layersets_has(sets, set, end + 1))
			end++;
		if (*out_first == LAYERS_NONE)
			*out_first = i;
		*out_last = end;
		if (len <= room)
			len += put_run(out + len, 64 - len, len > 0, i, end);
	}
	return len <= room;
}

const char *layersets_text(const struct layersets *sets, uint32_t set, int columns,
			   char out[64])
{
	size_t room = columns < 40 ? (size_t)columns : 40;
	uint32_t first, last;

	snprintf(out, 64, "-");
	if (set == LAYERS_NONE || put_runs(sets, set, out, room, &first, &last))
		return out;
	if (put_run(out, 64, false, first, last) > room)
		snprintf(out, 64, "%u+", first);
	return out;
}
