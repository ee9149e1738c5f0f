/* Platforms, as containerd normalises them. */
#ifndef LAM_PLATFORM_H
#define LAM_PLATFORM_H

#include "oci/manifest.h"

/* That of a config, or of an index's descriptor; its texts are the document's. */
int lam_platform_read(struct lam_platform *out, const struct lam_json *json,
		      struct lam_error *err);
void lam_platform_normalise(struct lam_platform *platform);
/* want is normalised; exactly: the variant too. */
bool lam_platform_fits(struct lam_platform have, const struct lam_platform *want,
		       bool exactly);
/* Variants and, where both say it, versions of the system count; what says no platform is
 * the same as none. */
bool lam_platform_is_same(const struct lam_platform *a, const struct lam_platform *b);
void lam_platform_text(struct lam_buf *text, const struct lam_platform *platform);

#endif
