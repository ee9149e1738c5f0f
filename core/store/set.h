/* The images that one name means, and the index that names them: filled while a source is
 * opened with options->set (store.h). */
#ifndef LAM_SET_H
#define LAM_SET_H

#include "store/kind.h"
#include "store/referrers.h"

/* The index: what the name leads to, or one that is made of the entries of index.json that
 * are meant. LAM_EFORMAT where it names other indexes. */
int lam_source_set_index(struct lam_source_set *set, const struct lam_source *source,
			 const struct lam_index *all, const struct lam_buf *bytes,
			 const struct lam_index_entry *const *meant, size_t count,
			 struct lam_error *err);
void lam_source_set_add(struct lam_source_set *set, const struct lam_digest *manifest,
			const struct lam_platform *platform);

#endif
