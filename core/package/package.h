/* Packages, inside: what the readers of the kinds of database share. A kind is a row of the
 * table in package.c, and a file that reads it: it adds packages, and claims paths for
 * them. Databases come from the image, and are not to be trusted. */
#ifndef LAM_PACKAGE_H
#define LAM_PACKAGE_H

#include <lamina/packages.h>

#include "base/arena.h"
#include "base/buf.h"
#include "tree/tree.h"

struct lam_packages {
	struct lam_package *items;
	size_t count, cap;
	struct lam_arena arena; /* their texts, and the notes */
	uint32_t *owner;        /* of each node */
	uint32_t *nodes;        /* by package, each package's in order */
	uint32_t *begins;       /* of each package, and the end */
	const char **notes;
	size_t note_count, note_cap;
};

/* Where a listed path leads: the way to the directory of the last one is kept, since the
 * next is mostly near. */
struct lam_claim_level {
	size_t end; /* of the text */
	uint32_t node;
};

struct lam_package_reading {
	struct lam_packages *packages;
	const struct lam_image *image;
	const struct lam_tree *tree;
	const atomic_bool *stop;
	const char *kind; /* that is being read */
	uint64_t left;    /* bytes of databases that may still be read */
	bool *way;        /* of each node: a link that a list of this kind goes through */
	uint32_t
		*leads; /* of each link: the directory that it leads to, if it is known */
	struct lam_buf dir;
	struct lam_claim_level *levels; /* of dir */
	size_t level_count, level_cap;
};

/* Rows of the table. 0 where there is no such database. */
typedef int lam_package_read_fn(struct lam_package_reading *reading,
				struct lam_error *err);
lam_package_read_fn lam_package_read_dpkg, lam_package_read_apk;

/* A new package, without version and arch; its number. Bytes as the database has them. */
int lam_package_add(struct lam_package_reading *reading, const char *name, size_t len,
		    uint32_t *out, struct lam_error *err);
void lam_package_set_version(struct lam_package_reading *reading, uint32_t package,
			     const char *text, size_t len);
void lam_package_set_arch(struct lam_package_reading *reading, uint32_t package,
			  const char *text, size_t len);
void lam_package_note(struct lam_package_reading *reading, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* claim.c: the package has the file, link or directory at a path, if none that comes
 * before it has. Of directories the names do not matter: what is listed in /lib is in
 * /usr/lib where that is a link to it; and a link that has a name which is a directory to
 * any list of the kind is no package's. A slash at the end says that it is one. */
void lam_package_claim(struct lam_package_reading *reading, uint32_t package,
		       const char *path, size_t len);
void lam_package_claim_node(struct lam_package_reading *reading, uint32_t package,
			    uint32_t node);
int lam_package_claims_init(struct lam_package_reading *reading, struct lam_error *err);
/* At the end of a kind whose first package is `first`. */
void lam_package_claims_close(struct lam_package_reading *reading, uint32_t first);
void lam_package_claims_fini(struct lam_package_reading *reading);
/* Directories are of whom all in them is. */
int lam_package_own_directories(struct lam_package_reading *reading,
				struct lam_error *err);

/* Files of databases, whole and as they lie in the layers; those that are too large get a
 * note. */
int lam_package_read_files(struct lam_package_reading *reading, const uint32_t *nodes,
			   size_t count,
			   int (*take)(void *context, size_t n, const char *bytes,
				       size_t len, struct lam_error *err),
			   void *context, struct lam_error *err);
/* What is live at a path, links followed, and of a kind; LAM_NODE_NONE: nothing. */
uint32_t lam_package_find(const struct lam_package_reading *reading, const char *path,
			  enum lam_kind kind);
/* The same for a name in a directory. */
uint32_t lam_package_child(const struct lam_package_reading *reading, uint32_t dir,
			   const char *name, enum lam_kind kind);

/* The next line of a text from *at on, and its length; NULL: there is none. */
const char *lam_package_next_line(const char *text, size_t text_len, size_t *at,
				  size_t *out_len);

#endif
