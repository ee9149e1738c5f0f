/* From the folder to the index: nodes in their final order. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/path.h"
#include "layer/build.h"

static int note_place(struct lam_layer_builder *b, uint32_t at, enum lam_layer_rule rule,
		      struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf reversed = LAM_BUF(SIZE_MAX / 2);

	lam_buf_clear(&b->path);
	for (; at != LAM_PLACE_ROOT; at = b->places[at].parent) {
		size_t len;
		const char *name =
			lam_names_get(&b->layer->names, b->places[at].name, &len);

		lam_buf_clear(&reversed);
		if (lam_buf_append(&reversed, name, len, err) < 0 ||
		    (b->path.len &&
		     (lam_buf_append_char(&reversed, '/', err) < 0 ||
		      lam_buf_append(&reversed, b->path.data, b->path.len, err) < 0)))
			return err->code;
		struct lam_buf swap = b->path;

		b->path = reversed;
		reversed = swap;
	}
	return lam_layer_note(b, rule, err);
}

static bool is_in(const struct lam_place *p)
{
	return p->state != LAM_PLACE_ABSENT || p->whiteout;
}

/* What a place is in the end, apart from its number and its children. */
static int settle(struct lam_layer_builder *b, uint32_t at, struct lam_layer_node *out,
		  struct lam_error *err)
{
	const struct lam_place *p = &b->places[at];
	bool dir = lam_place_is_dir(p),
	     only_whiteout =
		     p->whiteout && (p->state == LAM_PLACE_ABSENT || (dir && p->weak));

	*out = (struct lam_layer_node){ .name = p->name, .inode = LAM_INODE_NONE };
	if (only_whiteout) {
		out->mark = LAM_MARK_WHITEOUT;
		return dir ? note_place(b, at, LAM_RULE_WH_NESTED, err) : 0;
	}
	out->mark = p->state == LAM_PLACE_BELOW ? LAM_MARK_LINK : LAM_MARK_ENTRY;
	out->kind = p->kind;
	out->inode = p->inode;
	out->opaque = dir && (p->opaque || p->whiteout);
	return p->whiteout ? note_place(b, at, LAM_RULE_WH_AND_ENTRY, err) : 0;
}

static bool is_leaf(const struct lam_layer_node *node)
{
	return node->mark != LAM_MARK_ENTRY || node->kind != LAM_KIND_DIR;
}

static uint32_t count_children(const struct lam_layer_builder *b, uint32_t at)
{
	uint32_t count = 0;

	for (uint32_t c = b->places[at].first_child; c != LAM_PLACE_NONE;
	     c = b->places[c].next_sibling)
		count += is_in(&b->places[c]);
	return count;
}

/* order[n] is the place that became node n. */
static int number_nodes(struct lam_layer_builder *b, struct lam_layer_node *nodes,
			uint32_t *order, uint32_t *out_count, struct lam_error *err)
{
	uint32_t count = 1;

	order[0] = LAM_PLACE_ROOT;
	nodes[0] = (struct lam_layer_node){ .kind = LAM_KIND_DIR,
					    .inode = b->places[LAM_PLACE_ROOT].inode };
	for (uint32_t n = 0; n < count; n++) {
		if (is_leaf(&nodes[n]))
			continue;
		count += count_children(b, order[n]);
		/* lists are newest first */
		uint32_t at = count;

		for (uint32_t c = b->places[order[n]].first_child; c != LAM_PLACE_NONE;
		     c = b->places[c].next_sibling) {
			if (!is_in(&b->places[c]))
				continue;
			order[--at] = c;
			if (settle(b, c, &nodes[at], err) < 0)
				return err->code;
			nodes[at].parent = n;
		}
	}
	*out_count = count;
	return 0;
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
	layer->nodes = fit(layer->nodes, layer->node_count * sizeof *layer->nodes);
	layer->inodes = fit(layer->inodes, b->own_count * sizeof *layer->inodes);
	if (layer->refs)
		layer->refs = fit(layer->refs, layer->inode_count * sizeof *layer->refs);
	layer->text = fit(layer->text, layer->text_len);
}

int lam_layer_builder_finish(struct lam_layer_builder *b, struct lam_layer **out,
			     struct lam_error *err)
{
	struct lam_layer *layer = b->layer;
	uint32_t *order = malloc(b->place_count * sizeof *order);
	int code = 0;

	free(b->slots);
	b->slots = NULL;
	layer->nodes = malloc(b->place_count * sizeof *layer->nodes);
	if (!layer->nodes || !order)
		code = lam_fail_memory(err);
	if (code == 0)
		code = number_nodes(b, layer->nodes, order, &layer->node_count, err);
	free(order);
	if (code < 0)
		return code;
	seal(b);
	*out = LAM_STEAL(b->layer);
	return 0;
}
