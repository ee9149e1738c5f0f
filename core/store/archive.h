/* The members of an outer archive: where each one's bytes are. libarchive reads it, and
 * undoes an outer compression; what it says is only used to look members up by name, and
 * every blob's digest is checked by who reads it. */
#ifndef LAM_ARCHIVE_INDEX_H
#define LAM_ARCHIVE_INDEX_H

#include <stdbool.h>

#include <lamina/progress.h>

#include "base/arena.h"
#include "io/spool.h"

struct lam_member {
	const char *name;   /* canonical */
	const char *target; /* canonical, of a link; else NULL */
	uint64_t offset, size;
	bool twice; /* the archive has another of this name */
};

struct lam_archive {
	int fd; /* plain tar; the spool's, or the archive's own */
	bool own_fd;
	struct lam_spool *spool; /* of standard input, and of a compressed archive */
	struct lam_arena arena;
	struct lam_member *members;
	size_t count, cap;
};

/* path NULL: standard input. temporary: the folder for a spool. Errors, here and below,
 * do not name the archive. */
int lam_archive_open(struct lam_archive *out, const char *path, const char *temporary,
		     const struct lam_progress *progress, struct lam_error *err);
void lam_archive_close(struct lam_archive *archive);
/* Follows links in the archive; *out is NULL where there is no such member. LAM_EFORMAT
 * for a name that stands twice, or links in a circle. */
int lam_archive_find(const struct lam_archive *archive, const char *name,
		     const struct lam_member **out, struct lam_error *err);
/* The bytes of a member, of at most max. */
struct lam_buf;
int lam_archive_read(const struct lam_archive *archive, const struct lam_member *member,
		     size_t max, struct lam_buf *out, struct lam_error *err);

#endif
