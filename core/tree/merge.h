/* The merge, inside: layers are applied (merge.c) to a tree that grows (growing.c), whose
 * nodes in the end get their final order and sums (order.c). */
#ifndef LAM_TREE_MERGE_H
#define LAM_TREE_MERGE_H

#include <lamina/progress.h>

#include "base/buf.h"
#include "layer/dentry.h"
#include "tree/tree.h"

/* While the tree grows, a node's first_child is its newest child, child_count the number
 * of its next sibling, which came before it (or NONE), and live_count counts live children
 * alone. */

struct lam_ref {
	uint32_t layer, inode;
};

struct lam_merge {
	struct lam_tree *tree;
	const struct lam_tree
		*like; /* NULL: the tree grows; else all its nodes are there,
					in their final order */
	bool unlike;   /* a layer has a path that is not there */
	uint32_t next; /* of nodes that are there: probably the next */
	struct lam_notes *notes;
	const struct lam_progress *progress;
	size_t node_count, node_cap, version_cap;
	struct lam_dentries dentries;
	bool alone;      /* one layer, which has no path twice: nothing is looked for */
	uint32_t number; /* of the layer that is applied */
	const struct lam_layer *layer;
	uint32_t *map;         /* layer node -> node; NONE: left out */
	uint32_t *names;       /* layer name -> tree name */
	struct lam_ref *below; /* for LAM_MARK_LINK nodes in order: what they lead to;
				  inode NONE: nothing */
	size_t below_count, below_cap;
};

/* Looked at every few thousand steps of anything that is as long as the image. */
#define LAM_STEPS 4096u
int lam_merge_check(const struct lam_merge *m, struct lam_error *err);

/* growing.c. Names are the layer's, by number. */
int lam_merge_start(struct lam_merge *m, struct lam_error *err);
/* Before a layer is applied: its names. */
int lam_merge_take_names(struct lam_merge *m, struct lam_error *err);
int lam_merge_get(struct lam_merge *m, uint32_t parent, uint32_t name, uint32_t *out,
		  struct lam_error *err);
/* NONE where there is none, or a dead one. */
uint32_t lam_merge_live(struct lam_merge *m, uint32_t parent, uint32_t name);
uint32_t lam_merge_find(const struct lam_merge *m, uint32_t parent, const char *name,
			size_t len);
/* NULL for an implied directory. */
const struct lam_inode *lam_merge_inode(const struct lam_merge *m, uint32_t at,
					const struct lam_layer **out_holder);
int lam_merge_push(struct lam_merge *m, uint32_t at, struct lam_version version,
		   struct lam_error *err);
void lam_merge_set_live(struct lam_merge *m, uint32_t at, bool live);
/* Everything live below `top` goes, and `top` itself if asked. */
int lam_merge_delete(struct lam_merge *m, uint32_t top, bool itself,
		     struct lam_error *err);

/* order.c: from a tree that grew to the finished one. */
int lam_merge_finish(struct lam_merge *m, struct lam_error *err);

#endif
