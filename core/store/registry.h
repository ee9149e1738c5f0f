/* What the two halves of the registry's store share. */
#ifndef LAM_STORE_REGISTRY_H
#define LAM_STORE_REGISTRY_H

#include "registry/registry.h"
#include "store/kind.h"
#include "store/referrers.h"

/* The registry of an opened image; NULL where it is of another kind of store. */
struct lam_registry *lam_registry_of_source(const struct lam_source *source);
/* How an image is called there: its tag, or its digest. */
const char *lam_registry_reference(const struct lam_reference *reference);

/* What the registry knows to speak of an image or an index: its list of referrers, where it
 * has none the tag in its place, and cosign's tags. Two requests, and one for each tag that
 * is there. */
int lam_registry_add_referrers(struct lam_registry *registry, const struct lam_digest *of,
			       enum lam_referrer_fate fate, struct lam_referrers *out,
			       const atomic_bool *stop, struct lam_error *err);

int lam_registry_open_sink(struct lam_sink *sink, struct lam_error *err);
int lam_registry_keep_layer(struct lam_sink *sink, const struct lam_source *source,
			    size_t n, const struct lam_digest *digest,
			    const struct lam_progress *progress, struct lam_error *err);
int lam_registry_publish(struct lam_sink *sink, const struct lam_sink_image *image,
			 struct lam_error *err);
int lam_registry_replaces(struct lam_replaced *out, const struct lam_reference *reference,
			  const struct lam_sink_options *options, struct lam_error *err);
void lam_registry_close_sink(struct lam_sink *sink);

#endif
