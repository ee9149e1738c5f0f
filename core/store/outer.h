/* An outer archive's tar: unpacked by the codecs of layers, which check all that gzip and
 * zstd say of it, and where it is of another kind by libarchive. */
#ifndef LAM_OUTER_H
#define LAM_OUTER_H

#include "io/spool.h"
#include "store/store.h"

/* path: NULL is standard input. *out_fd is a plain tar: the file itself, the caller's to
 * close, or that of *out_spool, into which it was unpacked; NULL: it was not. What is made
 * is the caller's also after a failure. */
int lam_outer_open(int *out_fd, struct lam_spool **out_spool, const char *path,
		   const struct lam_source_options *options, struct lam_error *err);

#endif
