/* One member of a layer's tar, decoded: what tar_read gives and tar_write takes. Pointers
 * are the giver's. */
#ifndef LAM_ENTRY_H
#define LAM_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lam_type {
	LAM_TYPE_FILE,
	LAM_TYPE_LINK, /* a hard link: `target` names an entry */
	LAM_TYPE_SYMLINK,
	LAM_TYPE_CHAR,
	LAM_TYPE_BLOCK,
	LAM_TYPE_DIR,
	LAM_TYPE_FIFO,
	LAM_TYPE_GLOBAL,  /* a global PAX header: no file; `records` are its */
	LAM_TYPE_UNKNOWN, /* a type flag that no unpacker knows; its body was skipped */
};

struct lam_str {
	const char *bytes;
	size_t len;
};

struct lam_record {
	struct lam_str key, value; /* value may hold any byte */
};

struct lam_extent {
	uint64_t offset, length; /* of data within a sparse file; the rest is zeros */
};

struct lam_entry {
	enum lam_type type;
	char flag;             /* the header's type flag ('\0' stays; '7' is a FILE) */
	struct lam_str path;   /* as the archive has it, '/' at the end included */
	struct lam_str target; /* of LINK and SYMLINK, else empty */
	uint32_t mode;         /* 07777 of it */
	int64_t uid, gid;
	int64_t mtime_s;
	uint32_t mtime_ns; /* 0 to 999,999,999; the time is mtime_s + mtime_ns / 1e9, also
			      before 1970 */
	bool empty_path;   /* a PAX header said an empty path or target, which is none */
	bool repeated;     /* extended headers said something twice; the fields have what
			      Go takes */
	uint64_t size;     /* of a FILE as seen (holes included), else 0 */
	uint64_t stored;   /* bytes of data in the archive: size, but for sparse files */
	int64_t dev_major, dev_minor; /* of CHAR and BLOCK */
	/* PAX records that the fields above do not carry already, sorted by key, each key
	 * once: SCHILY.xattr.* and whatever nobody here knows. Left out: path, linkpath,
	 * size, uid, gid, uname, gname, mtime, atime, ctime, hdrcharset, GNU.sparse.*,
	 * SCHILY.realsize. */
	const struct lam_record *records;
	size_t record_count;
	/* Sparse files: where the stored bytes go, ascending, not overlapping; NULL for
	 * all others. */
	const struct lam_extent *extents;
	size_t extent_count;
};

#endif
