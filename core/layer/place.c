/* The folder that a tar is played into: its names, and what stands at each. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/path.h"
#include "layer/build.h"

static uint64_t place_hash(const struct lam_layer_builder *b, uint32_t parent,
			   uint32_t name)
{
	uint64_t x = ((uint64_t)parent << 32 | name) ^ b->layer->names.seed[0];

	x *= 0x9e3779b97f4a7c15u;
	x ^= x >> 32;
	x *= b->layer->names.seed[1] | 1;
	return x ^ x >> 29;
}

static uint32_t *place_slot(const struct lam_layer_builder *b, uint32_t parent,
			    uint32_t name)
{
	size_t mask = b->slot_count - 1, at = place_hash(b, parent, name) & mask;

	while (b->slots[at]) {
		const struct lam_place *p = &b->places[b->slots[at] - 1];

		if (p->parent == parent && p->name == name)
			break;
		at = (at + 1) & mask;
	}
	return &b->slots[at];
}

static int slots_grow(struct lam_layer_builder *b, struct lam_error *err)
{
	size_t count = b->slot_count ? b->slot_count * 2 : 64;
	uint32_t *slots = lam_zeroed_large(count, sizeof *slots);

	if (!slots)
		return lam_fail_memory(err);
	free(b->slots);
	b->slots = slots;
	b->slot_count = count;
	for (size_t i = 1; i < b->place_count; i++)
		*place_slot(b, b->places[i].parent, b->places[i].name) = (uint32_t)i + 1;
	return 0;
}

uint32_t lam_place_find(const struct lam_layer_builder *b, uint32_t parent,
			const char *name, size_t len)
{
	uint32_t number = lam_names_find(&b->layer->names, name, len);

	return number == UINT32_MAX ? LAM_PLACE_NONE : *place_slot(b, parent, number) - 1;
}

int lam_place_get(struct lam_layer_builder *b, uint32_t parent, const char *name,
		  size_t len, uint32_t *out, struct lam_error *err)
{
	uint32_t number, *slot;

	if (lam_names_add(&b->layer->names, name, len, &number, err) < 0)
		return err->code;
	if (b->place_count * 4 >= b->slot_count * 3 && slots_grow(b, err) < 0)
		return err->code;
	slot = place_slot(b, parent, number);
	if (*slot) {
		*out = *slot - 1;
		return 0;
	}
	if (b->place_count >= LAM_MAX_ENTRIES)
		return lam_fail(err, LAM_EFORMAT, "more than %u names", LAM_MAX_ENTRIES);
	if (LAM_GROW(b->places, b->place_count, b->place_cap, err) < 0)
		return err->code;
	*out = (uint32_t)b->place_count++;
	*slot = *out + 1;
	b->places[*out] =
		(struct lam_place){ .parent = parent,
				    .name = number,
				    .first_child = LAM_PLACE_NONE,
				    .next_sibling = b->places[parent].first_child,
				    .inode = LAM_PLACE_NONE };
	b->places[parent].first_child = *out;
	return 0;
}

bool lam_place_is_dir(const struct lam_place *p)
{
	return p->state == LAM_PLACE_PRESENT && p->kind == LAM_KIND_DIR;
}

void lam_place_clear_below(struct lam_layer_builder *b, uint32_t top)
{
	uint32_t at = b->places[top].first_child;

	b->last_place = LAM_PLACE_NONE;
	while (at != LAM_PLACE_NONE) {
		struct lam_place *p = &b->places[at];
		bool descend =
			p->state != LAM_PLACE_ABSENT && p->first_child != LAM_PLACE_NONE;

		p->state = LAM_PLACE_ABSENT;
		p->whiteout = p->opaque = p->weak = false;
		p->inode = LAM_PLACE_NONE;
		if (descend) {
			at = p->first_child;
			continue;
		}
		while (at != top && b->places[at].next_sibling == LAM_PLACE_NONE)
			at = b->places[at].parent;
		if (at == top)
			return;
		at = b->places[at].next_sibling;
	}
}
