/* Names in folders: a table of what is found by its parent and its name, of which tars
 * and merged trees are made, and the paths of its items. Items are the owner's array; each
 * begins with a struct lam_dentry, and the root, item 0, is its own parent. */
#ifndef LAM_DENTRY_H
#define LAM_DENTRY_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/names.h"

struct lam_dentry {
	uint32_t parent, name; /* in the owner's set of names */
};

struct lam_dentries {
	struct lam_name_slot *slots; /* open addressing */
	size_t slot_count, count;    /* items in it, the root is none */
	uint64_t seed[2];
};

/* All-zero is an empty table. */
void lam_dentries_fini(struct lam_dentries *d);
/* Room for more at once: before anything is looked for or added. */
int lam_dentries_reserve(struct lam_dentries *d, size_t more, struct lam_error *err);
/* Item `number` of the array, whose `stride` is its items' size; UINT32_MAX: none. */
uint32_t lam_dentries_find(const struct lam_dentries *d, const void *items, size_t stride,
			   uint32_t parent, uint32_t name);
/* The same, or `next`, which *out_new says is to be made now under that number. */
uint32_t lam_dentries_get(struct lam_dentries *d, const void *items, size_t stride,
			  struct lam_dentry dentry, uint32_t next, bool *out_new);
/* That a name will be asked for soon. */
void lam_dentries_prefetch(const struct lam_dentries *d, uint32_t parent, uint32_t name);

/* Appends an item's path, without a slash in front. */
int lam_dentry_path(const void *items, size_t stride, const struct lam_names *names,
		    uint32_t item, struct lam_buf *out, struct lam_error *err);

#endif
