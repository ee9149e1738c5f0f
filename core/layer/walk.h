/* The one way along a path through a tree of names, its symlinks followed as the kernel
 * does inside of a container: absolute targets begin at the root, item 0, and ".." stops
 * there. What the tree is, the ops say. */
#ifndef LAM_WALK_H
#define LAM_WALK_H

#include <stdbool.h>

#include <lamina/stat.h>

#include "tar/entry.h"

#define LAM_WALK_NONE UINT32_MAX

struct lam_walk_ops {
	/* What a directory has under a name; LAM_WALK_NONE: nothing. */
	uint32_t (*child)(const void *tree, uint32_t dir, const char *name, size_t len);
	uint32_t (*parent)(const void *tree, uint32_t item);
	unsigned (*kind)(const void *tree,
			 uint32_t item); /* enum lam_kind, or any other */
	struct lam_str (*target)(const void *tree, uint32_t symlink);
};

enum lam_walk_end { LAM_WALK_FOUND, LAM_WALK_MISSING, LAM_WALK_IN_FILE, LAM_WALK_LOOP };

struct lam_walk {
	const struct lam_walk_ops *ops;
	const void *tree;
	bool follow; /* a symlink at the end, too */
	int links;   /* followed so far, */
	size_t text; /* and bytes of their targets */
	uint32_t at; /* where it begins, and where it led */
	bool above;  /* a ".." left the root */
};

enum lam_walk_end lam_walk(struct lam_walk *walk, const char *path, size_t len);

#endif
