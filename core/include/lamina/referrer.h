/* What speaks of an image, or of an index, by its digest, and is none itself: attestations
 * as BuildKit writes them, signatures and SBOMs of cosign's, and whatever names it as its
 * subject. */
#ifndef LAMINA_REFERRER_H
#define LAMINA_REFERRER_H

#include <stdbool.h>
#include <stddef.h>

enum lam_referrer_fate {
	LAM_REFERRER_THERE, /* nothing was written */
	LAM_REFERRER_MOVED, /* written beside its image, which is unchanged */
	LAM_REFERRER_LEFT,  /* stays where it is, and speaks of what is no longer there */
	LAM_REFERRER_DROPPED /* it was in what was replaced */
};

#define LAM_REFERRER_DIGEST 144

struct lam_referrer {
	const char *kind; /* "attestation", "signature", "sbom", "referrer" */
	char digest[LAM_REFERRER_DIGEST];
	char of[LAM_REFERRER_DIGEST]; /* ""; it does not say */
	char *name;                   /* its tag, or NULL */
	char *type;                   /* its artifact type or predicates, or NULL */
	bool inside;                  /* it stands in the image's own index */
	enum lam_referrer_fate fate;
};

struct lam_referrers {
	struct lam_referrer *items;
	size_t count, cap;
};
void lam_referrers_fini(struct lam_referrers *referrers);

#endif
