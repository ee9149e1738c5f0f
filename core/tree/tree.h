/* The merged tree, made by applying layers in order. See lamina/tree.h for what it holds.
 */
#ifndef LAM_TREE_H
#define LAM_TREE_H

#include <stdatomic.h>

#include <lamina/tree.h>

#include "base/stop.h"
#include "layer/layer.h"

struct lam_tree_link { /* a live name of an inode that has several */
	uint32_t layer, inode, node;
};

struct lam_tree {
	const struct lam_layer *const *layers; /* borrowed, as long as the tree */
	size_t layer_count;
	struct lam_names names; /* sealed */
	struct lam_node *nodes;
	uint32_t node_count;
	struct lam_version *versions;
	uint32_t version_count;
	struct lam_tree_link *links; /* by layer, inode, path */
	size_t link_count;
	size_t *inode_begin;  /* of each layer, and the end: its first number among all
				 inodes */
	uint8_t *inode_names; /* of each of all inodes: live names, 2 for any more */
	uint32_t *lost_links; /* of each layer: its hard links that lead to nothing */
};

/* Layers in order, base first; their numbers are their places in the array. notes (may be
 * NULL) gets what shows only when layers meet; progress (may be NULL) says when to stop. */
struct lam_progress;
int lam_tree_merge(struct lam_tree **out, const struct lam_layer *const *layers,
		   size_t layer_count, struct lam_notes *notes,
		   const struct lam_progress *progress, struct lam_error *err);
/* The same for layers that have no other paths than another tree: it gives its names, and
 * its nodes under their numbers, of which those are dead that no layer has. It must
 * outlive what is made. *out is NULL where a layer has another path. */
int lam_tree_merge_like(struct lam_tree **out, const struct lam_tree *like,
			const struct lam_layer *const *layers, size_t layer_count,
			const struct lam_progress *progress, struct lam_error *err);
void lam_tree_free(struct lam_tree *tree);

/* The version that decides: the last that is no deletion; LAM_NODE_NONE for a root
 * without entry. */
uint32_t lam_tree_deciding(const struct lam_tree *tree, uint32_t node);

/* Paths a and b as DFS meets them: components compared as bytes, parents first. */
int lam_tree_compare(const struct lam_tree *tree, uint32_t a, uint32_t b);

/* The first live name of a linked node's file; the node itself where it is the only one.
 */
uint32_t lam_tree_first_link(const struct lam_tree *tree, uint32_t node);

/* Of each group the first of the names that are left, and how many these are, looked at
 * once for all. All-zero is of no tree. */
struct lam_left {
	const struct lam_tree *tree;
	struct lam_left_group *groups; /* by where a group begins in tree->links */
};
/* gone: of each node; NULL: all names are left. May be set again. */
void lam_left_set(struct lam_left *left, const struct lam_tree *tree, const bool *gone);
uint32_t lam_left_first(const struct lam_left *left, uint32_t node, size_t *out_count);
void lam_left_fini(struct lam_left *left);

/* lam_tree_diff of a tree that is not as it was meant. */
struct lam_diff_options {
	const bool *gone; /* nodes of a that count as not there, and all below them; NULL:
			     none */
	struct lam_clamp clamp_a, clamp_b;
	const atomic_bool *stop; /* or NULL */
};
int lam_tree_diff_as(const struct lam_tree *a, const struct lam_tree *b,
		     const struct lam_diff_options *options,
		     int (*found)(void *context, uint32_t a, uint32_t b, unsigned what),
		     void *context, struct lam_error *err);

/* The next live node in depth-first order below `top`, parents first; LAM_NODE_NONE after
 * the last. */
uint32_t lam_tree_next(const struct lam_tree *tree, uint32_t node, uint32_t top);

/* Appends the path without leading slash. */
struct lam_buf;
void lam_tree_append_path(const struct lam_tree *tree, uint32_t node,
			  struct lam_buf *out);

#endif
