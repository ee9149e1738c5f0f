/* What layers say of some paths of a tree: their nodes there, one after another, without a
 * look at what is elsewhere. */
#ifndef LAM_LAYOUT_ASKED_H
#define LAM_LAYOUT_ASKED_H

#include "tree/tree.h"

struct lam_asked {
	const struct lam_tree *tree;
	const atomic_bool *stop; /* or NULL */
	uint8_t *what;           /* of each node of the tree */
};

/* what[] all nothing. */
int lam_asked_init(struct lam_asked *out, const struct lam_tree *tree,
		   const atomic_bool *stop, struct lam_error *err);
void lam_asked_fini(struct lam_asked *asked);
/* A node, whose parent was asked for already (the root need not be). */
void lam_asked_add(struct lam_asked *asked, uint32_t node);

/* Calls visit() for each node of the layer, n, that is one that is asked for, `at`; what is
 * below one that is no directory there is left out. */
int lam_asked_visit(const struct lam_asked *asked, const struct lam_layer *layer,
		    void (*visit)(void *context, const struct lam_layer_node *n,
				  uint32_t at),
		    void *context, struct lam_error *err);

static inline bool lam_asked_is_dir(const struct lam_layer_node *n)
{
	return n->mark == LAM_MARK_ENTRY && n->kind == LAM_KIND_DIR;
}

#endif
