/* Sets of an image's layers, each kept once and known by a number: equal sets have equal
 * numbers, and the set of one layer has that layer's. */
#ifndef MODEL_LAYERSETS_H
#define MODEL_LAYERSETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LAYERS_NONE UINT32_MAX /* the empty set */

struct layersets {
	size_t layer_count, words; /* 64 layers a word */
	uint64_t *bits;            /* `words` of each set */
	size_t count, cap;
	uint32_t *slots; /* a hash table of numbers */
	size_t slot_count;
	uint32_t *
		rank; /* of each, once layersets_rank was called: by its highest layers */
};

void layersets_init(struct layersets *sets, size_t layer_count);
void layersets_fini(struct layersets *sets);
uint32_t layersets_union(struct layersets *sets, uint32_t a, uint32_t b);
/* A set of other sets of the same image. */
uint32_t layersets_take(struct layersets *sets, const struct layersets *from,
			uint32_t set);
void layersets_rank(struct layersets *sets);

bool layersets_has(const struct layersets *sets, uint32_t set, uint32_t layer);
size_t layersets_size(const struct layersets *sets, uint32_t set);
/* "4", "1,3", "1-9", "0,2-5"; what does not fit into `columns` (at least 3) becomes
 * "0-9" (first to last), or "10+"; "-" for none. */
const char *layersets_text(const struct layersets *sets, uint32_t set, int columns,
			   char out[64]);

#endif
