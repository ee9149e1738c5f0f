/* The merge, inside. The tree grows as twigs (tree_twig), hard links to lower layers are
 * looked up in what is there so far (tree_link), and in the end the twigs become nodes in
 * their final order (tree_order, tree_rank). */
#ifndef LAM_TREE_MERGE_H
#define LAM_TREE_MERGE_H

#include <lamina/progress.h>

#include "base/buf.h"
#include "tree/tree.h"

/* A node while the tree grows is called a twig. Until it has its place among its
 * siblings, first_child is the newest child, child_count the number of the next sibling,
 * which came before it (or NONE), and live_count counts live children alone. */

struct lam_twig_slot {
	uint32_t number; /* + 1; 0 is free */
	uint32_t tag;    /* of the hash, whose low bits are the place */
};

struct lam_ref {
	uint32_t layer, inode;
};

struct lam_merge {
	struct lam_tree *tree;       /* its nodes are the twigs */
	const struct lam_tree *like; /* NULL: the twigs grow; else all are there, in their
					final order */
	bool unlike;                 /* a layer has a path that is not there */
	uint32_t next;               /* of twigs that are there: probably the next */
	struct lam_notes *notes;
	const struct lam_progress *progress;
	size_t twig_count, twig_cap, version_cap;
	struct lam_twig_slot *slots; /* (parent, name) -> twig */
	size_t slot_count;
	uint32_t number; /* of the layer that is applied */
	const struct lam_layer *layer;
	uint32_t *map;         /* layer node -> twig; NONE: left out */
	uint32_t *names;       /* layer name -> tree name */
	struct lam_ref *below; /* for LAM_MARK_LINK nodes in order: what they lead to;
				  inode NONE: nothing */
	size_t below_count, below_cap;
	struct lam_buf path;
};

/* Looked at every few thousand steps of anything that is as long as the image. */
#define LAM_STEPS 4096u
int lam_merge_check(const struct lam_merge *m, struct lam_error *err);

/* tree_twig.c */
/* Makes room for more. */
int lam_twig_reserve(struct lam_merge *m, size_t more, struct lam_error *err);
/* Names are the layer's, by number. */
int lam_twig_get(struct lam_merge *m, uint32_t parent, uint32_t name, uint32_t *out,
		 struct lam_error *err);
/* That a twig will be asked for soon. */
void lam_twig_prefetch(const struct lam_merge *m, uint32_t parent, uint32_t name);
/* NONE where there is none, or a dead one. */
uint32_t lam_twig_find(const struct lam_merge *m, uint32_t parent, const char *name,
		       size_t len);
uint32_t lam_twig_live(struct lam_merge *m, uint32_t parent, uint32_t name);
/* NULL for an implied directory. */
const struct lam_inode *lam_twig_inode(const struct lam_merge *m, uint32_t at,
				       const struct lam_layer **out_holder);
int lam_twig_push(struct lam_merge *m, uint32_t at, struct lam_version version,
		  struct lam_error *err);
void lam_twig_set_live(struct lam_merge *m, uint32_t at, bool live);
/* Everything live below `top` goes, and `top` itself if asked. */
int lam_twig_delete(struct lam_merge *m, uint32_t top, bool itself,
		    struct lam_error *err);

/* tree_link.c: what the layer's links to lower layers lead to, before the layer itself
 * changes anything. */
int lam_merge_links(struct lam_merge *m, struct lam_error *err);

/* tree_order.c: from twigs to the finished tree, whose nodes they become. */
int lam_merge_finish(struct lam_merge *m, struct lam_error *err);

/* tree_rank.c: puts twigs in the order of their names as bytes. Memory is for one set of
 * siblings at a time, and kept for the next. */
struct lam_ranking {
	const struct lam_merge *merge;
	struct lam_ranked *items, *spare;
	size_t cap, spare_cap;
	struct lam_run *runs, *next;
	size_t run_count, next_count, run_cap, next_cap;
};
int lam_rank(struct lam_ranking *ranking, uint32_t *twigs, uint32_t count,
	     struct lam_error *err);
void lam_ranking_fini(struct lam_ranking *ranking);

#endif
