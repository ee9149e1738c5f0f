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
	const char *full; /* the kind that has last got the note of too many packages */
	uint64_t left;    /* bytes of databases that may still be read, */
	uint64_t paths;   /* and of paths that they list */
	bool *way;        /* of each node: a link that a list goes through */
	uint32_t
		*leads; /* of each link: the directory that it leads to, if it is known */
	struct lam_buf dir;
	struct lam_claim_level *levels; /* of dir */
	size_t level_count, level_cap;
	struct lam_buf path; /* for readers */
};

/* Rows of the table. 0 where there is no such database. */
typedef int lam_package_read_fn(struct lam_package_reading *reading,
				struct lam_error *err);
lam_package_read_fn lam_package_read_dpkg, lam_package_read_apk, lam_package_read_rpm,
	lam_package_read_alpm, lam_package_read_conda, lam_package_read_pip,
	lam_package_read_npm;

/* Whether several packages of this kind are built from one source, with its version. */
bool lam_package_is_of_source(const char *kind);

/* Bytes as the database has them. */
struct lam_package_id {
	struct lam_str name, version, arch; /* len 0: not known */
};
/* "NAME-VERSION-RELEASE", whose dashes are those from the end: false where there are not
 * two. The name is the text before, and the id's after. */
bool lam_package_split(struct lam_package_id *id);
bool lam_package_strip(struct lam_str *name, const char *suffix);

/* A new package, and its number. LAM_EFORMAT: there are too many. */
int lam_package_add(struct lam_package_reading *reading, const struct lam_package_id *id,
		    uint32_t *out, struct lam_error *err);
void lam_package_set_version(struct lam_package_reading *reading, uint32_t package,
			     const char *text, size_t len);
void lam_package_note(struct lam_package_reading *reading, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* claim.c: the package has the file, link or directory at a path, if none that comes
 * before it has. Of directories the names do not matter: what is listed in /lib is in
 * /usr/lib where that is a link to it. A slash at the end says that the directory is meant,
 * and not a link that has its name. LAM_ESTOPPED; LAM_EFORMAT: they list too much. */
int lam_package_claim(struct lam_package_reading *reading, uint32_t package,
		      const char *path, size_t len, struct lam_error *err);
void lam_package_claim_node(struct lam_package_reading *reading, uint32_t package,
			    uint32_t node);
/* Of a kind whose lists do not say what a directory is, at its end: links that any of its
 * lists goes through are directories to it, and no package's. first: the kind's. */
void lam_package_disown_ways(struct lam_package_reading *reading, uint32_t first);
int lam_package_claims_init(struct lam_package_reading *reading, struct lam_error *err);
void lam_package_claims_fini(struct lam_package_reading *reading);
/* Directories are of whom all in them is. */
int lam_package_own_directories(struct lam_package_reading *reading,
				struct lam_error *err);

/* Files of databases, whole and as they lie in the layers; those that are too large, or for
 * which take() fails by LAM_EFORMAT, get a note. */
int lam_package_read_files(struct lam_package_reading *reading, const uint32_t *nodes,
			   size_t count,
			   int (*take)(void *context, size_t n, const char *bytes,
				       size_t len, struct lam_error *err),
			   void *context, struct lam_error *err);
/* Packages with a file each that says what is theirs. */
struct lam_package_record {
	uint32_t node, package;
};
struct lam_package_records {
	struct lam_package_record *items;
	size_t count, cap;
};
void lam_package_records_fini(struct lam_package_records *records);
/* A new package, and the record of it; false, with a note, where there are too many. */
bool lam_package_record(struct lam_package_reading *reading,
			struct lam_package_records *records, uint32_t node,
			const struct lam_package_id *id);
int lam_package_read_records(struct lam_package_reading *reading,
			     const struct lam_package_records *records,
			     int (*take)(struct lam_package_reading *reading,
					 const struct lam_package_record *record,
					 const char *text, size_t len,
					 struct lam_error *err),
			     struct lam_error *err);

/* What is live at a path, links followed, and of a kind; LAM_NODE_NONE: nothing. */
uint32_t lam_package_find(const struct lam_package_reading *reading, const char *path,
			  enum lam_kind kind);
/* The same for a file of a name in a directory; and where `dir` is none, nothing. */
uint32_t lam_package_file(const struct lam_package_reading *reading, uint32_t dir,
			  const char *name);
/* Whether a node is a live directory, of this name (NULL: of any). */
bool lam_package_is_dir(const struct lam_package_reading *reading, uint32_t node,
			const char *name);
/* The children of a directory: *out_first up to what is returned. */
uint32_t lam_package_children(const struct lam_package_reading *reading, uint32_t dir,
			      uint32_t *out_first);
/* The reading's path, set to that of a directory with a slash behind it. */
struct lam_buf *lam_package_path(struct lam_package_reading *reading, uint32_t dir);

/* The next line of a text from *at on, and its length; NULL: there is none, or the reading
 * is to stop, which lam_package_read_files() tells. */
const char *lam_package_next_line(struct lam_package_reading *reading, const char *text,
				  size_t text_len, size_t *at, size_t *out_len);

#endif
