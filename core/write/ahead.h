/* Blobs that earlier runs wrote and that are where a run may take them from, hashed while the
 * image is still being opened and laid out. Nothing depends on it but time: who takes
 * a blob asks whether that very file was found right, and hashes it where it was not. */
#ifndef LAM_AHEAD_H
#define LAM_AHEAD_H

#include <lamina/write.h>

#include "base/digest.h"

/* Whether the file has this digest: also waits where that is being found out. False: not
 * known; and from the first question on, no other file is begun. ahead may be NULL; any
 * thread. */
bool lam_write_ahead_knows(struct lam_write_ahead *ahead, const struct lam_digest *digest,
			   int fd);

#endif
