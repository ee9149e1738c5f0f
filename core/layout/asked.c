/* Visits what a layer says of some paths of a tree. */
#include "layout/asked.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/memory.h"
#include "base/stop.h"

#define NONE LAM_NODE_NONE

enum { ASKED = 1, WITH_ASKED = 2 /* one of the children is */ };

int lam_asked_init(struct lam_asked *out, const struct lam_tree *tree,
		   const atomic_bool *stop, struct lam_error *err)
{
	*out = (struct lam_asked){
		tree, stop, lam_zeroed_large(tree->node_count, sizeof *out->what)
	};
	return out->what ? 0 : lam_fail_memory(err);
}

void lam_asked_fini(struct lam_asked *asked)
{
	free(asked->what);
}

void lam_asked_add(struct lam_asked *asked, uint32_t node)
{
	asked->what[node] |= ASKED;
	asked->what[asked->tree->nodes[node].parent] |= WITH_ASKED;
}

int lam_asked_visit(const struct lam_asked *asked, const struct lam_layer *layer,
		    void (*visit)(void *context, const struct lam_layer_node *n,
				  uint32_t at),
		    void *context, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr)
	uint32_t *map = lam_alloc_large(layer->node_count * sizeof *map);

	if (!map)
		return lam_fail_memory(err);
	map[0] = LAM_NODE_ROOT;
	for (uint32_t n = 1; n < layer->node_count; n++) {
		const struct lam_layer_node *node = &layer->nodes[n];
		uint32_t dir = map[node->parent], at;
		const char *name;
		size_t len;

		if (lam_stops(asked->stop, n))
			return lam_fail_stopped(err);
		map[n] = NONE;
		if (dir == NONE || !(asked->what[dir] & WITH_ASKED))
			continue;
		name = lam_names_get(&layer->names, node->name, &len);
		at = lam_tree_child(asked->tree, dir, name, len);
		if (at == NONE || !(asked->what[at] & ASKED))
			continue;
		visit(context, node, at);
		if (lam_asked_is_dir(node))
			map[n] = at;
	}
	return 0;
}
