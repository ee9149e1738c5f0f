/* Interned names: a set of byte strings, each stored once. */
#ifndef LAM_NAMES_H
#define LAM_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <lamina/error.h>

struct lam_name_slot {
	uint32_t number; /* + 1; 0 is free */
	uint32_t tag;    /* of the hash, whose low bits are the place */
};

/* A set of byte strings, each stored once and numbered from 0 in order of arrival. The
 * hash is seeded from the system's randomness, so that names from an image cannot be
 * chosen to collide; numbers and order do not depend on the seed. Offsets are 32 bits: at
 * most LAM_MAX_LAYER_TEXT bytes in all, LAM_MAX_NAME each. */
struct lam_names {
	char *text; /* all names, one after another */
	size_t text_len, text_cap;
	uint32_t *offsets; /* count + 1 of them */
	uint32_t count, cap;
	struct lam_name_slot *slots; /* open addressing */
	uint32_t slot_count;
	uint64_t seed[2];
	bool lent; /* text and offsets are another set's, and nothing can be added */
};

void lam_names_fini(struct lam_names *names);
/* The names of a sealed set under their numbers, not to be found either; `from` must outlive
 * them. */
void lam_names_lend(struct lam_names *out, const struct lam_names *from);
/* All-zero is an empty set. */
int lam_names_add(struct lam_names *names, const char *bytes, size_t len,
		  uint32_t *out_number, struct lam_error *err);
/* Makes room for more names at once: growing on the way costs twice as much. */
int lam_names_reserve(struct lam_names *names, uint32_t more, struct lam_error *err);
/* Names [first, first + count) of another set, faster than one by one; out_numbers has
 * room for all. */
int lam_names_add_from(struct lam_names *names, const struct lam_names *from,
		       uint32_t first, uint32_t count, uint32_t *out_numbers,
		       struct lam_error *err);
/* UINT32_MAX where the name is not in the set. */
uint32_t lam_names_find(const struct lam_names *names, const char *bytes, size_t len);
/* Valid until the next lam_names_add. Not '\0'-terminated. */
static inline const char *lam_names_get(const struct lam_names *names, uint32_t number,
					size_t *out_len)
{
	*out_len = names->offsets[number + 1] - names->offsets[number];
	return names->text + names->offsets[number];
}
/* As bytes; a name before what begins with it. */
static inline int lam_names_compare(const char *a, size_t a_len, const char *b,
				    size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return order ? order : (a_len > b_len) - (a_len < b_len);
}
/* Frees the hash slots and spare capacity of a set that will not grow any more (find
 * works no longer). */
void lam_names_seal(struct lam_names *names);

/* SipHash-1-3 of bytes with a 128-bit key, for every hash table over names from an image.
 */
uint64_t lam_siphash(const uint64_t key[2], const void *bytes, size_t len);
/* Fills a key from getrandom(). */
void lam_random_key(uint64_t key[2]);

#endif
