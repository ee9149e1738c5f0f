/* libarchive, loaded with the first outer archive: it brings a dozen other libraries. */
#ifndef LAM_LIBARCHIVE_H
#define LAM_LIBARCHIVE_H

#include <archive.h>
#include <archive_entry.h>

#include <lamina/error.h>

#define LAM_ARCHIVE_FUNCTIONS(X)     \
	X(entry_filetype)            \
	X(entry_free)                \
	X(entry_hardlink)            \
	X(entry_new)                 \
	X(entry_pathname)            \
	X(entry_set_filetype)        \
	X(entry_set_mtime)           \
	X(entry_set_pathname)        \
	X(entry_set_perm)            \
	X(entry_set_size)            \
	X(entry_size)                \
	X(entry_sparse_reset)        \
	X(entry_symlink)             \
	X(errno)                     \
	X(error_string)              \
	X(filter_bytes)              \
	X(read_data)                 \
	X(read_free)                 \
	X(read_new)                  \
	X(read_next_header)          \
	X(read_open)                 \
	X(read_open_fd)              \
	X(read_support_filter_bzip2) \
	X(read_support_filter_xz)    \
	X(read_support_format_empty) \
	X(read_support_format_raw)   \
	X(read_support_format_tar)   \
	X(write_add_filter_none)     \
	X(write_close)               \
	X(write_data)                \
	X(write_free)                \
	X(write_header)              \
	X(write_new)                 \
	X(write_open_fd)             \
	X(write_set_bytes_per_block) \
	X(write_set_format_pax_restricted)

#define LAM_ARCHIVE_MEMBER(name) __typeof__(archive_##name)(*archive_##name);
struct lam_libarchive {
	LAM_ARCHIVE_FUNCTIONS(LAM_ARCHIVE_MEMBER)
};

extern struct lam_libarchive lam_lib; /* its functions, once they are loaded */

int lam_libarchive_load(struct lam_error *err); /* LAM_EREAD; see base/library.h */
/* What it says of an archive that is read: LAM_EREAD or LAM_EFORMAT. */
int lam_libarchive_fail(struct archive *ar, struct lam_error *err);

#endif
