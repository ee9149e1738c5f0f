/* Names that overlayfs lists and that are not there.
 *
 * In a layer on disk a whiteout is a character device 0:0 in its directory (containerd,
 * Docker and Podman make it so for every ".wh.NAME", whatever is below), and an opaque mark
 * an attribute of the directory. Where overlayfs merges a directory from two layers or
 * more, reading it hides whiteouts. Where one layer alone gives it, it hands the system's
 * own listing through, whiteouts and all, and looking such a name up says that it is not
 * there: `ls`, `find`, `cp -a` and tar fail on it. Seen with real mounts (Linux
 * 6.18; tests/e2e/overlay.py):
 *
 *	/d of layer            | whiteout in layer | listed
 *	0 and 1                | 0 or 1            | no
 *	1 alone                | 1                 | yes
 *	0, and 1 opaque        | 1                 | yes: what is below an opaque one counts no more
 *	0, and 1 below opaque  | 1                 | yes: the same for all directories below it
 *	0, and 1 over a file   | 1                 | yes: a file or whiteout cuts off what is below
 *	0, 1 opaque, 2         | 1                 | no: 1 and 2 are merged
 *	0, and 1 opaque        | 0                 | no: layer 0 is not looked at
 *
 * The root is never listed so: the container's own layer is merged with it. */
#ifndef LAM_LAYOUT_GHOSTS_H
#define LAM_LAYOUT_GHOSTS_H

#include "tree/tree.h"

struct lam_ghost {
	uint32_t dir; /* of the tree */
	uint32_t layer;
	struct lam_str name; /* the layer's */
};

struct lam_ghosts {
	struct lam_ghost *items; /* by directory and name */
	size_t count, cap;
};

/* All that the tree's layers would list; they must outlive it. stop may be NULL. */
int lam_ghosts_find(struct lam_ghosts *out, const struct lam_tree *tree,
		    const atomic_bool *stop, struct lam_error *err);
bool lam_ghosts_have(const struct lam_ghosts *ghosts, uint32_t dir, struct lam_str name);
void lam_ghosts_fini(struct lam_ghosts *ghosts);

#endif
