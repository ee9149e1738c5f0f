/* A place for bytes that are written once, in order, and read back at any offset: the
 * last of them are in memory, up to a bound, and what no longer fits goes to a file
 * without a name beside the output (O_TMPFILE, or a file that is unlinked at once). */
#ifndef LAM_SPOOL_H
#define LAM_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include <lamina/error.h>

struct lam_spool;

/* dir: where the file goes once it is needed; copied. memory_max: bytes in
 * memory. */
struct lam_spool *lam_spool_new(const char *dir, size_t memory_max);
/* memory_max for each of the spools of so many layers. */
size_t lam_spool_share(size_t count);
void lam_spool_free(struct lam_spool *spool);
/* LAM_EWRITE with the folder's name, where there is no space. One thread. */
int lam_spool_append(struct lam_spool *spool, const void *bytes, size_t len,
		     struct lam_error *err);
uint64_t lam_spool_size(const struct lam_spool *spool);
/* Exactly len bytes; past the end is LAM_EREAD. Any thread, once nothing is appended any
 * more. */
int lam_spool_read(const struct lam_spool *spool, uint64_t offset, void *buf, size_t len,
		   struct lam_error *err);
/* A descriptor of the file, which stays the spool's, moving all to the file first: for
 * copy_file_range and libarchive. */
int lam_spool_file(struct lam_spool *spool, int *out_fd, struct lam_error *err);

#endif
