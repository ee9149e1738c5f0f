/* How large a layer's blob will be, before anything is compressed. */
#ifndef LAMINA_ESTIMATE_H
#define LAMINA_ESTIMATE_H

#include <lamina/compression.h>
#include <lamina/image.h>

/* What gzip:6 would make of bytes of an original, of which its own compressor leaves
 * `ratio`. */
double lam_estimate_packed(const struct lam_layer_info *original, double ratio);

/* A blob of a layer whose tar has `tar` bytes and whose contents shrink to `ratio` with
 * gzip:6. */
uint64_t lam_estimate_blob(uint64_t tar, double ratio,
			   struct lam_compression compression);

#endif
