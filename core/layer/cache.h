/* What was found out before: layer indexes, by the digests of blob and tar, and what
 * written layers became (written.h). Files of their own in one folder, which several runs
 * may share and anybody may empty at any time. Nothing here fails: what cannot be read is
 * not there, what cannot be written is not kept. */
#ifndef LAM_CACHE_H
#define LAM_CACHE_H

#include "layer/store.h"

struct lam_cache {
	char *folder; /* NULL: there is none */
	uint64_t max; /* bytes of all its files */
};

/* folder may be NULL, and is made once something is put; copied. */
void lam_cache_init(struct lam_cache *cache, const char *folder);
void lam_cache_fini(struct lam_cache *cache);

/* Any thread, several at once. */
bool lam_cache_get(const struct lam_cache *cache, const struct lam_layer_key *key,
		   uint32_t number, struct lam_layer **out,
		   struct lam_layer_reading *out_reading);
void lam_cache_put(const struct lam_cache *cache, const struct lam_layer *layer,
		   const struct lam_layer_reading *reading);
/* Files of any kind; name: in the folder, PREFIX-….index. What is in one is not trusted.
 * The whole of it, the caller's (free()); NULL: it is not there. */
char *lam_cache_read(const struct lam_cache *cache, const char *name, size_t *out_size);
/* It was of use now: that is what keeps it. */
void lam_cache_use(const struct lam_cache *cache, const char *name);
void lam_cache_remove(const struct lam_cache *cache, const char *name);
/* save() writes it; where that fails, nothing is kept. */
void lam_cache_write(const struct lam_cache *cache, const char *name,
		     int (*save)(const void *context, struct lam_writer *to,
				 struct lam_error *err),
		     const void *context);
/* Names of the files that begin with a prefix, the latest used first, `most` at most; array
 * and names are the caller's. */
size_t lam_cache_latest(const struct lam_cache *cache, const char *prefix, size_t most,
			char ***out);
/* Removes what was not used for longest, until the rest is within the bound, and what a
 * killed run has left. */
void lam_cache_trim(const struct lam_cache *cache);

#endif
