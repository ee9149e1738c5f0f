/* Blobs that were fetched, kept in a folder by their digests, which several runs may share
 * and anybody may empty at any time. Nothing here fails: what is not right is not there,
 * what cannot be written is not kept. */
#ifndef LAM_KEPT_H
#define LAM_KEPT_H

#include "base/digest.h"
#include "io/stream.h"

/* A descriptor of the blob's file, whose content has just been checked; or -1. What is
 * wrong is removed. stop may be NULL; once it is set the blob is not there. */
int lam_kept_open(const char *folder, const struct lam_digest *digest, uint64_t size,
		  const atomic_bool *stop);
/* Keeps what is read once all of it, `size` bytes, was. `inner` is owned. */
struct lam_reader *lam_kept_reader(struct lam_reader *inner, const char *folder,
				   const struct lam_digest *digest, uint64_t size);

#endif
