/* Writes canonical tar headers (design, section 5, rules 4 and 5): the bytes depend on
 * the entry alone. ustar where it fits, else one PAX 'x' header with sorted records
 * before it. In both: magic "ustar\0" "00", no user and group names, mode as 7 octal
 * digits, device numbers zero but for devices, unused fields zero.
 *
 * PAX records are needed where: a name or target is longer than its field (names are
 * split at a '/' into prefix and name when that fits) or is not ASCII (Go's rule; raw
 * bytes, no hdrcharset); uid or gid over 2097151; size over 8 GiB - 1; mtime negative,
 * over 2^33 - 1 or with nanoseconds (as short as it goes: "1.5", "-0.25"); device numbers
 * over 2097151 (refused: LAM_EFORMAT, PAX has no record for them that engines read); any
 * record of the entry. The ustar fields then hold what fits: the name cut to its last 100
 * bytes' worth, numbers 0. The 'x' header itself is named "PaxHeaders.0/" and the base
 * name, cut to 100 bytes in all, mode 0644, all else 0. */
#ifndef LAM_TAR_WRITE_H
#define LAM_TAR_WRITE_H

#include "base/buf.h"
#include "tar/entry.h"

/* Appends the header blocks of an entry. entry->path is canonical (no leading slash, no
 * trailing one: the '/' of a directory is put here; the root is "./"). entry->target of a
 * LINK is canonical too. Types FILE to FIFO only. The caller then writes entry->size
 * bytes of data for a FILE (sparse is written out) and lam_tar_padding() zeros. */
int lam_tar_append_header(struct lam_buf *out, const struct lam_entry *entry,
			  struct lam_error *err);

/* Whether the header is surely one block, and can be written. */
bool lam_tar_is_plain(const struct lam_entry *entry);
#define LAM_TAR_BLOCK 512

static inline size_t lam_tar_padding(uint64_t size)
{
	return (size_t)(-size & 511);
}

/* The archive ends with two zero blocks, no more. */
#define LAM_TAR_END 1024

#endif
