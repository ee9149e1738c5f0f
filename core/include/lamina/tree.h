/* The merged tree: what a container sees once all layers are applied in order
 * (core/DESIGN.md, section 3), and for every path that any layer ever named, what each
 * layer did to it. Read-only and thread-safe once made.
 *
 * A path is a node, numbered from 0, the root. The children of a node stand one after
 * another, sorted as bytes by name: [first_child, first_child + child_count). Children
 * that are dead (not visible any more) are among them. A parent has a smaller number than
 * its children. Numbers hold for one image object only.
 *
 *	uint32_t end = node->first_child + node->child_count;
 *
 *	for (uint32_t n = node->first_child; n < end; n++)
 *		if (lam_tree_node(tree, n)->live)
 *			... */
#ifndef LAMINA_TREE_H
#define LAMINA_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lamina/error.h>
#include <lamina/stat.h>

#define LAM_NODE_NONE UINT32_MAX
#define LAM_NODE_ROOT 0u

struct lam_tree;

struct lam_node {
	uint32_t parent; /* of the root: itself */
	uint32_t name;   /* for lam_tree_name */
	uint32_t first_child, child_count;
	uint32_t version;    /* the last one, for lam_tree_version */
	uint32_t live_count; /* live nodes at and below this one */
	/* file sizes at and below; a hard-linked file counts at its first name alone */
	uint64_t live_bytes __attribute__((packed, aligned(4))); /* no padding: there are
								    millions of nodes */
	uint8_t kind; /* enum lam_kind, of the last version that was no deletion */
	bool live;    /* visible */
	bool implied; /* a directory that no entry describes: 0755 0:0, mtime 0 */
	bool linked;  /* one of several live names of an inode */
};

/* What one layer did to a path. */
enum lam_change {
	LAM_CHANGE_ADDED,    /* nothing was visible there */
	LAM_CHANGE_REPLACED, /* content or kind is another */
	LAM_CHANGE_METADATA, /* the same content; owner, mode, time or attributes differ
			      */
	LAM_CHANGE_SAME,     /* stored again, with nothing different */
	LAM_CHANGE_DELETED,  /* by a whiteout, an opaque directory, or something else put
				over a directory above */
};

struct lam_version {
	uint32_t previous; /* LAM_NODE_NONE: the first */
	uint32_t inode; /* inside: of inode_layer; UINT32_MAX for DELETED and for implied
			   directories */
	uint16_t layer; /* that did it */
	uint16_t
		inode_layer; /* another only for a hard link to a file of a lower layer */
	uint8_t change;      /* enum lam_change */
	bool implied;        /* a directory that no entry of the layer describes */
};

uint32_t lam_tree_count(const struct lam_tree *tree); /* nodes, dead ones too */
const struct lam_node *lam_tree_node(const struct lam_tree *tree, uint32_t node);
/* Not '\0'-terminated; the root's is "". */
const char *lam_tree_name(const struct lam_tree *tree, uint32_t node, size_t *out_len);
const struct lam_version *lam_tree_version(const struct lam_tree *tree, uint32_t version);

/* What is visible at a node, or was before it was deleted. An implied directory is 0755
 * 0:0 with time 0. */
void lam_tree_stat(const struct lam_tree *tree, uint32_t node, struct lam_stat *out);
/* As one version had it (not for DELETED). */
void lam_tree_stat_version(const struct lam_tree *tree, const struct lam_version *version,
			   struct lam_stat *out);
/* The layer whose entry decides the path; for a directory whose entry decides its
 * metadata, for an implied one the first that implied it. For a dead node the one that
 * decided it last. */
uint32_t lam_tree_origin(const struct lam_tree *tree, uint32_t node);

/* Absolute bytes ("/usr/lib"), a new string of the caller's; NULL on no memory. out_len
 * may be NULL. */
char *lam_tree_path(const struct lam_tree *tree, uint32_t node, size_t *out_len);
/* The same in the text form of path.h. */
char *lam_tree_path_text(const struct lam_tree *tree, uint32_t node);
/* Without following symlinks; `.`, `..` and slashes are cleaned. LAM_NODE_NONE where
 * nothing ever was; may be dead. */
uint32_t lam_tree_find(const struct lam_tree *tree, const char *path, size_t len);
uint32_t lam_tree_child(const struct lam_tree *tree, uint32_t parent, const char *name,
			size_t len);

/* How many names a live node's file has. */
size_t lam_tree_link_count(const struct lam_tree *tree, uint32_t node);
/* Names of one file: the live nodes that share the node's inode, in order of path; *out
 * is the caller's (free()). */
int lam_tree_links(const struct lam_tree *tree, uint32_t node, uint32_t **out,
		   size_t *out_count, struct lam_error *err);

/* The inodes of all layers as one set of numbers, from 0: bytes that several names or
 * versions share count once that way. */
size_t lam_tree_inode_count(const struct lam_tree *tree);
/* Of what a version holds; SIZE_MAX where that is nothing. */
size_t lam_tree_inode(const struct lam_tree *tree, const struct lam_version *version);
/* How many live names show an inode: none, 1, or 2 for any more. */
unsigned lam_tree_inode_names(const struct lam_tree *tree, size_t inode);

/* Where a path leads inside the image, all symlinks followed (the last one too). */
enum lam_resolution {
	LAM_RESOLVED,   /* *out_node is live */
	LAM_DANGLING,   /* something on the way does not exist, or is no directory */
	LAM_LOOP,       /* more than 40 links, or than Linux follows of their text */
	LAM_ABOVE_ROOT, /* a relative link's ".." left the root; *out_node is where the
			   clamped path leads, or LAM_NODE_NONE */
};
enum lam_resolution lam_tree_resolve(const struct lam_tree *tree, uint32_t symlink,
				     uint32_t *out_node);
/* The same for a path from the root. */
enum lam_resolution lam_tree_resolve_path(const struct lam_tree *tree, const char *path,
					  size_t len, uint32_t *out_node);

/* How two merged trees differ: calls found() for each path that differs, in order of
 * path; a non-zero return of it ends the walk and is returned. what: bits of enum
 * lam_difference. a or b is LAM_NODE_NONE where the path is in one alone. clamp: of the
 * times of both. */
int lam_tree_diff(const struct lam_tree *a, const struct lam_tree *b,
		  struct lam_clamp clamp,
		  int (*found)(void *context, uint32_t a, uint32_t b, unsigned what),
		  void *context, struct lam_error *err);

#endif
