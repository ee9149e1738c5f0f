/* Referrers, found in indexes (lamina/referrer.h). */
#ifndef LAM_REFERRERS_H
#define LAM_REFERRERS_H

#include <lamina/referrer.h>

#include "oci/manifest.h"

/* How a document is read: at most out->max bytes, checked against its descriptor. */
struct lam_blob_reader {
	int (*read)(const void *context, const struct lam_descriptor *d,
		    struct lam_buf *out, struct lam_error *err);
	const void *context;
};

/* Whether the entry is one; what of it stands in its manifest alone is looked for where
 * there is a reader. *out is the caller's then. */
bool lam_referrer_read(struct lam_referrer *out, const struct lam_index_entry *entry,
		       const struct lam_blob_reader *reader);
void lam_referrers_add(struct lam_referrers *referrers, struct lam_referrer referrer);
/* A copy of one that is not there yet. */
void lam_referrers_copy(struct lam_referrers *referrers,
			const struct lam_referrer *referrer, enum lam_referrer_fate fate);
bool lam_referrer_speaks_of(const struct lam_referrer *referrer,
			    const struct lam_digest *digest);
void lam_referrer_fini(struct lam_referrer *referrer);

#endif
