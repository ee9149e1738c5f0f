/* The set of interned names, and the hash behind it. */
#include "base/names.h"

#include <stdlib.h>
#include <sys/random.h>

#include "base/arena.h"
#include "base/limits.h"

/* SipHash-1-3 (Aumasson, Bernstein) */

static inline uint64_t rotate(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

static inline __attribute__((always_inline)) void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

uint64_t lam_siphash(const uint64_t key[2], const void *bytes, size_t len)
{
	uint64_t v[4] = { key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du,
			  key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u };
	const unsigned char *p = bytes;
	uint64_t word, last = (uint64_t)len << 56;
	size_t left = len;

	for (; left >= 8; left -= 8, p += 8) {
		memcpy(&word, p, 8);
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
	}
	for (size_t i = 0; i < left; i++)
		last |= (uint64_t)p[i] << (8 * i);
	v[3] ^= last;
	sip_round(v);
	v[0] ^= last;
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void lam_random_key(uint64_t key[2])
{
	/* without randomness (early boot) a fixed key costs speed on chosen names,
	 * nothing else */
	if (getrandom(key, 2 * sizeof *key, GRND_NONBLOCK) !=
	    (ssize_t)(2 * sizeof *key)) {
		key[0] = 0x6c616d696e61u;
		key[1] = 0x6c6179657273u;
	}
}

/* Interned names */

void lam_names_fini(struct lam_names *names)
{
	if (!names->lent) {
		free(names->text);
		free(names->offsets);
	}
	free(names->slots);
	*names = (struct lam_names){ 0 };
}

static bool is_name(const struct lam_names *names, uint32_t number, const char *bytes,
		    size_t len)
{
	size_t have;
	const char *name = lam_names_get(names, number, &have);

	return have == len && (len == 0 || memcmp(name, bytes, len) == 0);
}

/* The name's slot, or the free one where it goes. */
static struct lam_name_slot *name_slot(const struct lam_names *names, uint32_t tag,
				       const char *bytes, size_t len)
{
	uint32_t mask = names->slot_count - 1, at = tag & mask;

	for (; names->slots[at].number; at = (at + 1) & mask) {
		if (names->slots[at].tag == tag &&
		    is_name(names, names->slots[at].number - 1, bytes, len))
			break;
	}
	return &names->slots[at];
}

static int set_slot_count(struct lam_names *names, uint32_t count, struct lam_error *err)
{
	struct lam_name_slot *old = names->slots,
			     *slots = lam_zeroed_large(count, sizeof *slots);
	uint32_t mask = count - 1;

	if (!slots)
		return lam_fail_memory(err);
	if (!old)
		lam_random_key(names->seed);
	for (uint32_t i = 0; old && i < names->slot_count; i++) {
		uint32_t at = old[i].tag & mask;

		if (!old[i].number)
			continue;
		while (slots[at].number)
			at = (at + 1) & mask;
		slots[at] = old[i];
	}
	free(old);
	names->slots = slots;
	names->slot_count = count;
	return 0;
}

int lam_names_reserve(struct lam_names *names, uint32_t more, struct lam_error *err)
{
	uint64_t want = ((uint64_t)names->count + more + 1) * 4 / 3, count = 64;

	while (count < want)
		count *= 2;
	if (count <= names->slot_count || count > UINT32_MAX)
		return 0;
	return set_slot_count(names, (uint32_t)count, err);
}

static int grow_text(struct lam_names *names, size_t len, struct lam_error *err)
{
	size_t cap = names->text_cap ? names->text_cap : 1024;
	size_t entries = names->cap;

	while (cap < names->text_len + len)
		cap *= 2;
	if (cap != names->text_cap) {
		char *text = realloc(names->text, cap);

		if (!text)
			return lam_fail_memory(err);
		names->text = text;
		names->text_cap = cap;
	}
	if (names->count + 1 < names->cap)
		return 0;
	if (lam_grow((void **)&names->offsets, entries, &entries, sizeof *names->offsets,
		     err) < 0)
		return err->code;
	names->cap = (uint32_t)entries;
	return 0;
}

static int make_room(struct lam_names *names, struct lam_error *err)
{
	if (names->count < names->slot_count / 4 * 3)
		return 0;
	return set_slot_count(names, names->slot_count ? names->slot_count * 2 : 64, err);
}

static int add(struct lam_names *names, uint32_t tag, const char *bytes, size_t len,
	       uint32_t *out_number, struct lam_error *err)
{
	struct lam_name_slot *slot = name_slot(names, tag, bytes, len);

	if (slot->number) {
		*out_number = slot->number - 1;
		return 0;
	}
	if (len > LAM_MAX_NAME)
		return lam_fail(err, LAM_EFORMAT, "a name of %zu bytes: more than %u",
				len, LAM_MAX_NAME);
	if (len > LAM_MAX_LAYER_TEXT - names->text_len)
		return lam_fail(err, LAM_EFORMAT, "names of more than %u bytes in all",
				LAM_MAX_LAYER_TEXT);
	if (grow_text(names, len, err) < 0)
		return err->code;
	if (len)
		memcpy(names->text + names->text_len, bytes, len);
	names->offsets[names->count] = (uint32_t)names->text_len;
	names->text_len += len;
	*out_number = names->count++;
	names->offsets[names->count] = (uint32_t)names->text_len;
	*slot = (struct lam_name_slot){ names->count, tag };
	return 0;
}

int lam_names_add(struct lam_names *names, const char *bytes, size_t len,
		  uint32_t *out_number, struct lam_error *err)
{
	if (make_room(names, err) < 0)
		return err->code;
	return add(names, (uint32_t)lam_siphash(names->seed, bytes, len), bytes, len,
		   out_number, err);
}

/* Slots are all over memory: those of a group are asked for before the first is used. */
#define GROUP 16u

static void hash_group(const struct lam_names *names, const struct lam_names *from,
		       uint32_t first, uint32_t count, uint32_t tags[GROUP])
{
	for (uint32_t i = 0; i < count; i++) {
		size_t len;
		const char *bytes = lam_names_get(from, first + i, &len);

		tags[i] = (uint32_t)lam_siphash(names->seed, bytes, len);
		__builtin_prefetch(&names->slots[tags[i] & (names->slot_count - 1)], 1);
	}
}

static int add_group(struct lam_names *names, const struct lam_names *from,
		     uint32_t first, uint32_t count, uint32_t *out_numbers,
		     struct lam_error *err)
{
	uint32_t tags[GROUP];
	const char *bytes;
	size_t len;

	hash_group(names, from, first, count, tags);
	for (uint32_t i = 0; i < count; i++) {
		bytes = lam_names_get(from, first + i, &len);
		if (add(names, tags[i], bytes, len, &out_numbers[i], err) < 0)
			return err->code;
	}
	return 0;
}

int lam_names_add_from(struct lam_names *names, const struct lam_names *from,
		       uint32_t first, uint32_t count, uint32_t *out_numbers,
		       struct lam_error *err)
{
	if (lam_names_reserve(names, count, err) < 0)
		return err->code;
	for (uint32_t i = 0; i < count; i += GROUP) {
		uint32_t now = count - i < GROUP ? count - i : GROUP;

		if (add_group(names, from, first + i, now, &out_numbers[i], err) < 0)
			return err->code;
	}
	return 0;
}

uint32_t lam_names_find(const struct lam_names *names, const char *bytes, size_t len)
{
	if (!names->slots)
		return UINT32_MAX;
	uint32_t tag = (uint32_t)lam_siphash(names->seed, bytes, len);

	return name_slot(names, tag, bytes, len)->number - 1;
}

void lam_names_lend(struct lam_names *out, const struct lam_names *from)
{
	*out = (struct lam_names){ .text = from->text,
				   .text_len = from->text_len,
				   .offsets = from->offsets,
				   .count = from->count,
				   .lent = true };
}

void lam_names_seal(struct lam_names *names)
{
	free(names->slots);
	names->slots = NULL;
	names->slot_count = 0;
	if (names->lent)
		return;
	char *text = realloc(names->text, names->text_len ? names->text_len : 1);
	uint32_t *offsets = names->offsets
				    ? realloc(names->offsets, ((size_t)names->count + 1) *
								      sizeof *offsets)
				    : NULL;

	if (text) {
		names->text = text;
		names->text_cap = names->text_len;
	}
	if (offsets) {
		names->offsets = offsets;
		names->cap = names->count + 1;
	}
}
