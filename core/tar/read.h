/* Reads a layer's tar as Go's archive/tar does, which is what Docker, containerd, Podman
 * and umoci read it with, and refuses what readers are known to understand differently
 * (read.c). Formats: V7, ustar, STAR, PAX, GNU (long names,
 * base-256, old sparse), PAX sparse 0.0, 0.1 and 1.0. Names are bytes in any locale.
 * Nothing is resynchronised: damage is LAM_EFORMAT with the offset in the tar.
 *
 *	tar = lam_tar_reader_new(reader);
 *	while ((got = lam_tar_next(tar, &entry, err)) > 0)
 *		... lam_tar_data_offset(tar), lam_tar_read(tar, ...) as wanted ...
 */
#ifndef LAM_TAR_READ_H
#define LAM_TAR_READ_H

#include "io/stream.h"
#include "tar/entry.h"

struct lam_tar_reader;

/* The reader is borrowed, and read to its very end (bytes behind the archive's end
 * included) by the last lam_tar_next. */
struct lam_tar_reader *lam_tar_reader_new(struct lam_reader *reader);
void lam_tar_reader_free(struct lam_tar_reader *tar);
/* Before the first entry: all bytes of the tar are hashed as they are used up, the last
 * with the lam_tar_next that gives 0. Stays the caller's. */
void lam_tar_reader_hash(struct lam_tar_reader *tar, struct lam_hash *hash);

/* 1 and an entry that lives until the next call; 0 at the end; or an error. Data not read
 * is skipped. */
int lam_tar_next(struct lam_tar_reader *tar, const struct lam_entry **out,
		 struct lam_error *err);

/* Where the entry's stored bytes begin in the tar (for sparse 1.0: behind the map). */
uint64_t lam_tar_data_offset(const struct lam_tar_reader *tar);

/* Stored bytes of the present entry, at most cap; *out_len == 0 at their end. For sparse
 * files these are the bytes of the extents one after another. */
int lam_tar_read(struct lam_tar_reader *tar, void *buf, size_t cap, size_t *out_len,
		 struct lam_error *err);

/* Hashes what it gives for itself too; both at once cost little more than one. */
int lam_tar_read_hashing(struct lam_tar_reader *tar, void *buf, size_t cap,
			 size_t *out_len, struct lam_hash *content,
			 struct lam_error *err);

/* Bytes other than zero behind the end of the archive were seen (valid once lam_tar_next
 * gave 0). */
bool lam_tar_has_trailer(const struct lam_tar_reader *tar);

#endif
