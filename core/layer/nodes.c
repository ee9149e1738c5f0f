/* From the folder that a tar was played into to the layer: nodes in their final order. */
#include <stdlib.h>

#include "base/memory.h"
#include "layer/build.h"

#define NONE LAM_PLACE_NONE
#define ROOT LAM_PLACE_ROOT

static void note_place(struct lam_layer_builder *b, uint32_t at, enum lam_odd odd)
{
	struct lam_error err;

	lam_buf_clear(&b->path);
	b->path.max = SIZE_MAX; /* longer through symlinks than any entry's name */
	(void)lam_dentry_path(b->places, sizeof *b->places, &b->layer->names, at,
			      &b->path, &err);
	lam_layer_note(b, odd);
}

static bool is_in(const struct lam_place *p)
{
	return p->state != LAM_PLACE_ABSENT || p->whiteout;
}

/* What a place is in the end, apart from its number and its children. */
static void settle(struct lam_layer_builder *b, uint32_t at, struct lam_layer_node *out)
{
	const struct lam_place *p = &b->places[at];
	bool dir = lam_place_is_dir(p),
	     only_whiteout =
		     p->whiteout && (p->state == LAM_PLACE_ABSENT || (dir && p->weak));

	*out = (struct lam_layer_node){ .name = p->name, .inode = LAM_INODE_NONE };
	if (only_whiteout) {
		out->mark = LAM_MARK_WHITEOUT;
		if (dir)
			note_place(b, at, LAM_ODD_WH_NESTED);
		return;
	}
	out->mark = p->state == LAM_PLACE_BELOW ? LAM_MARK_LINK : LAM_MARK_ENTRY;
	out->kind = p->kind;
	out->inode = p->inode;
	out->opaque = !dir || !(p->opaque || p->whiteout) ? LAM_OPAQUE_NOT
		      : p->fresh && p->inode == NONE      ? LAM_OPAQUE_NEW
							  : LAM_OPAQUE;
	if (p->whiteout)
		note_place(b, at, LAM_ODD_WH_AND_ENTRY);
}

static bool is_leaf(const struct lam_layer_node *node)
{
	return node->mark != LAM_MARK_ENTRY || node->kind != LAM_KIND_DIR;
}

static uint32_t count_children(const struct lam_layer_builder *b, uint32_t at)
{
	uint32_t count = 0;

	for (uint32_t c = b->places[at].first_child; c != NONE;
	     c = b->places[c].next_sibling)
		count += is_in(&b->places[c]);
	return count;
}

/* order[n] is the place that became node n. */
static uint32_t number_nodes(struct lam_layer_builder *b, struct lam_layer_node *nodes,
			     uint32_t *order)
{
	uint32_t count = 1;

	order[0] = ROOT;
	nodes[0] = (struct lam_layer_node){ .kind = LAM_KIND_DIR,
					    .inode = b->places[ROOT].inode };
	for (uint32_t n = 0; n < count; n++) {
		if (is_leaf(&nodes[n]))
			continue;
		count += count_children(b, order[n]);
		/* lists are newest first */
		uint32_t at = count;

		for (uint32_t c = b->places[order[n]].first_child; c != NONE;
		     c = b->places[c].next_sibling) {
			if (!is_in(&b->places[c]))
				continue;
			order[--at] = c;
			settle(b, c, &nodes[at]);
			nodes[at].parent = n;
		}
	}
	return count;
}

/* Growing arrays have room to spare, which a finished layer does not need. */
static void *fit(void *array, size_t bytes)
{
	void *smaller = realloc(array, bytes ? bytes : 1);

	return smaller ? smaller : array;
}

static void seal(const struct lam_layer_builder *b)
{
	struct lam_layer *layer = b->layer;

	lam_names_seal(&layer->names);
	lam_names_seal(&layer->owners);
	lam_names_seal(&layer->contents);
	layer->nodes = fit(layer->nodes, layer->node_count * sizeof *layer->nodes);
	layer->inodes = fit(layer->inodes, layer->inode_count * sizeof *layer->inodes);
	layer->text = fit(layer->text, layer->text_len);
}

int lam_layer_builder_finish(struct lam_layer_builder *b, struct lam_layer **out,
			     struct lam_error *err)
{
	struct lam_layer *layer = b->layer;
	uint32_t *order;

	lam_dentries_fini(&b->dentries);
	order = malloc(b->place_count * sizeof *order);
	layer->nodes = malloc(b->place_count * sizeof *layer->nodes);
	if (!layer->nodes || !order) {
		free(order);
		return lam_fail_memory(err);
	}
	layer->node_count = number_nodes(b, layer->nodes, order);
	free(order);
	seal(b);
	*out = LAM_STEAL(b->layer);
	return 0;
}
