/* What is found by its parent and its name, and paths made of that. */
#include "layer/dentry.h"

#include <stdlib.h>
#include <string.h>

static struct lam_dentry item_at(const void *items, size_t stride, uint32_t item)
{
	struct lam_dentry dentry;

	memcpy(&dentry, (const char *)items + stride * item, sizeof dentry);
	return dentry;
}

static uint32_t tag_of(const struct lam_dentries *d, uint32_t parent, uint32_t name)
{
	uint64_t x = ((uint64_t)parent << 32 | name) ^ d->seed[0];

	x *= 0x9e3779b97f4a7c15u;
	x ^= x >> 32;
	x *= d->seed[1] | 1;
	return (uint32_t)(x ^ x >> 29);
}

void lam_dentries_fini(struct lam_dentries *d)
{
	free(d->slots);
	*d = (struct lam_dentries){ 0 };
}

static int set_slot_count(struct lam_dentries *d, size_t count, struct lam_error *err)
{
	struct lam_name_slot *slots = lam_zeroed_large(count, sizeof *slots);
	size_t mask = count - 1;

	if (!slots)
		return lam_fail_memory(err);
	if (!d->slots)
		lam_random_key(d->seed);
	for (size_t i = 0; i < d->slot_count; i++) {
		size_t at = d->slots[i].tag & mask;

		if (!d->slots[i].number)
			continue;
		while (slots[at].number)
			at = (at + 1) & mask;
		slots[at] = d->slots[i];
	}
	free(d->slots);
	d->slots = slots;
	d->slot_count = count;
	return 0;
}

int lam_dentries_reserve(struct lam_dentries *d, size_t more, struct lam_error *err)
{
	size_t want = (d->count + more + 1) * 4 / 3, count = 64;

	if (want <= d->slot_count)
		return 0;
	while (count < want)
		count *= 2;
	return set_slot_count(d, count, err);
}

static struct lam_name_slot *slot_of(const struct lam_dentries *d, const void *items,
				     size_t stride, struct lam_dentry dentry)
{
	uint32_t tag = tag_of(d, dentry.parent, dentry.name);
	size_t mask = d->slot_count - 1, at = tag & mask;

	for (; d->slots[at].number; at = (at + 1) & mask) {
		if (d->slots[at].tag != tag)
			continue;
		struct lam_dentry is = item_at(items, stride, d->slots[at].number - 1);

		if (is.parent == dentry.parent && is.name == dentry.name)
			break;
	}
	return &d->slots[at];
}

uint32_t lam_dentries_find(const struct lam_dentries *d, const void *items, size_t stride,
			   uint32_t parent, uint32_t name)
{
	if (!d->slots)
		return UINT32_MAX;
	return slot_of(d, items, stride, (struct lam_dentry){ parent, name })->number - 1;
}

uint32_t lam_dentries_get(struct lam_dentries *d, const void *items, size_t stride,
			  struct lam_dentry dentry, uint32_t next, bool *out_new)
{
	struct lam_name_slot *slot = slot_of(d, items, stride, dentry);

	*out_new = !slot->number;
	if (!*out_new)
		return slot->number - 1;
	*slot = (struct lam_name_slot){ next + 1, tag_of(d, dentry.parent, dentry.name) };
	d->count++;
	return next;
}

/* In a file of its own: where it is called, compilers take it for nothing. */
void lam_dentries_prefetch(const struct lam_dentries *d, uint32_t parent, uint32_t name)
{
	__builtin_prefetch(&d->slots[tag_of(d, parent, name) & (d->slot_count - 1)], 1);
}

int lam_dentry_path(const void *items, size_t stride, const struct lam_names *names,
		    uint32_t item, struct lam_buf *out, struct lam_error *err)
{
	size_t total = 0, len;

	for (uint32_t at = item; at; at = item_at(items, stride, at).parent) {
		lam_names_get(names, item_at(items, stride, at).name, &len);
		total += len + 1;
	}
	if (total == 0)
		return 0;
	if (lam_buf_reserve(out, --total, err) < 0)
		return err->code;
	char *end = out->data + out->len + total;

	*end = '\0';
	out->len += total;
	for (uint32_t at = item; at; at = item_at(items, stride, at).parent) {
		const char *name =
			lam_names_get(names, item_at(items, stride, at).name, &len);

		end = (char *)memcpy(end - len, name, len);
		if (item_at(items, stride, at).parent)
			*--end = '/';
	}
	return 0;
}
