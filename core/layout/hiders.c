/* Kept originals that hide what is wanted from below them: all of these at once. The tree
 * of a trial has the lowest alone, as nothing is left for the next one to hide. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "layout/asked.h"
#include "layout/trial.h"

#define NONE LAM_NODE_NONE

struct hiders {
	struct lam_trial *trial;
	struct lam_asked asked; /* hidden paths and what is above them */
	/* of these nodes of the source's tree: which hidden path at or below it is shown
	 * last by the lowest layer, and by which */
	uint32_t *paths, *shown;
	uint32_t layer; /* that is looked at */
	uint32_t hides; /* a path, or NONE */
};

/* The last layer that shows a path which is hidden in the end. */
static uint32_t shown_by(const struct lam_trial *t, uint32_t node)
{
	uint32_t at = lam_trial_node(t, node),
		 v = at == NONE ? NONE : lam_tree_deciding(t->tree, at);

	return v == NONE ? NONE : t->tree->versions[v].layer;
}

static void add_hidden(struct hiders *h, uint32_t path)
{
	uint32_t layer = shown_by(h->trial, path);

	for (uint32_t n = path; n != LAM_NODE_ROOT && layer < h->shown[n];
	     n = h->asked.tree->nodes[n].parent) {
		h->shown[n] = layer;
		h->paths[n] = path;
		lam_asked_add(&h->asked, n);
	}
}

/* A hard link to a layer below can lead nowhere, and hides nothing then. */
static void look(void *context, const struct lam_layer_node *n, uint32_t at)
{
	struct hiders *h = context;

	if (n->mark != LAM_MARK_LINK && (!lam_asked_is_dir(n) || n->opaque) &&
	    h->shown[at] < h->layer)
		h->hides = h->paths[at];
}

static int unkeep_hiders(struct hiders *h, struct lam_error *err)
{
	struct lam_layout *l = h->trial->layout;
	char path[LAM_PATH_TEXT];

	for (h->layer = 0; h->layer < l->target_count; h->layer++) {
		h->hides = NONE;
		if (l->stack[h->layer].kept &&
		    lam_asked_visit(&h->asked, h->trial->layers[h->layer], look, h, err) <
			    0)
			return err->code;
		if (h->hides != NONE &&
		    lam_layout_unkeep(l, h->layer, err,
				      "it would hide %s, which is now in layer %s",
				      lam_layout_path(l, h->hides, path),
				      l->stack[l->targets[h->hides]].info.name) < 0)
			return err->code;
	}
	return 0;
}

int lam_trial_unkeep_hiders(struct lam_trial *t, struct lam_error *err)
{
	const struct lam_tree *tree = t->layout->tree;
	size_t count = tree->node_count;
	LAM_CLEANUP(lam_free_ptr) uint32_t *of_nodes = NULL;
	struct hiders h = { .trial = t };
	size_t first = 0;
	int code;

	while (first < t->wrong_count && t->wrong[first].trial != NONE)
		first++;
	if (first == t->wrong_count)
		return 0;
	of_nodes = lam_alloc_large(2 * count * sizeof *of_nodes);
	if (!of_nodes)
		return lam_fail_memory(err);
	h.paths = of_nodes;
	h.shown = of_nodes + count;
	memset(of_nodes, 0xff, 2 * count * sizeof *of_nodes);
	if (lam_asked_init(&h.asked, tree, t->layout->stop, err) < 0)
		return err->code;
	for (size_t i = first; i < t->wrong_count; i++) {
		if (t->wrong[i].trial == NONE)
			add_hidden(&h, t->wrong[i].node);
	}
	code = unkeep_hiders(&h, err);
	lam_asked_fini(&h.asked);
	return code;
}
