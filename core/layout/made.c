/* A written layer's index, as the reader makes it of the tar that its members become: these
 * are in canonical order, so that no name has to be looked for. */
#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/stop.h"
#include "layout/trial.h"

#define NONE LAM_NODE_NONE

/* What a node of the source's tree is in the layer. */
enum { IS_IN = 1, IS_OPAQUE = 2, IS_HIDDEN = 4 };

struct making {
	const struct lam_layout *layout;
	const struct lam_tree *tree;
	struct lam_layer *layer;
	uint8_t *what;    /* of each of the tree's nodes */
	uint32_t *inodes; /* of those that are in: the layer's, or LAM_INODE_NONE */
	uint32_t *order;  /* the layer's node -> the tree's */
	const struct lam_attribute *last; /* that were counted */
};

/* Directories that no entry describes get one in which this stands. */
static int add_plain(struct lam_layer *layer, struct lam_error *err)
{
	const struct lam_owner root = { 0 };

	layer->inodes = lam_xcalloc(1, sizeof *layer->inodes);
	layer->inodes[0] = (struct lam_inode){ .kind = LAM_KIND_DIR, .mode = 0755 };
	return lam_names_add(&layer->owners, (const char *)&root, sizeof root,
			     &layer->inodes[0].owner, err);
}

/* What a reader holds of an inode; neighbours share their attributes. */
static uint64_t held_by(struct making *m, uint32_t inode)
{
	const struct lam_layer *holder;
	const struct lam_inode *is = lam_layer_inode(m->layer, inode, &holder);
	const struct lam_extra *extra = lam_layer_extra(holder, is);
	const struct lam_attribute *records =
		extra && extra->record_count ? holder->records + extra->records : NULL;
	uint64_t sum = is->kind == LAM_KIND_SYMLINK ? is->size : 0;

	for (uint32_t i = 0; records != m->last && extra && i < extra->record_count; i++)
		sum += sizeof *records + records[i].key_len + records[i].value_len;
	m->last = records;
	return sum;
}

static uint32_t add_inode(struct making *m, uint32_t node)
{
	struct lam_layer *layer = m->layer;
	uint32_t number = layer->inode_count++, v = lam_tree_deciding(m->tree, node);
	const struct lam_version *version = v == NONE ? NULL : &m->tree->versions[v];

	layer->refs[number] =
		version && version->inode != NONE
			? (struct lam_inode_ref){ version->inode_layer, version->inode }
			: (struct lam_inode_ref){ LAM_LAYER_OWN, 0 };
	layer->record_bytes += held_by(m, number);
	return number;
}

static void put_in(struct making *m, uint32_t node)
{
	for (; !(m->what[node] & IS_IN); node = m->tree->nodes[node].parent) {
		m->what[node] |= IS_IN;
		m->inodes[node] = LAM_INODE_NONE;
		m->layer->node_count++;
	}
}

static void take_member(struct making *m, const struct lam_member *member)
{
	uint32_t node = member->node;

	if (member->kind == LAM_MEMBER_WHITEOUT) {
		m->what[node] |= IS_HIDDEN;
		m->layer->node_count++;
		m->layer->whiteout_count++;
		put_in(m, m->tree->nodes[node].parent);
		return;
	}
	put_in(m, node);
	if (member->kind == LAM_MEMBER_OPAQUE) {
		m->what[node] |= IS_OPAQUE;
		m->layer->whiteout_count++;
	} else if (member->kind == LAM_MEMBER_LINK) {
		m->inodes[node] = m->inodes[member->first];
		assert(m->inodes[node] != LAM_INODE_NONE);
	} else {
		m->inodes[node] = add_inode(m, node);
	}
}

static int take_members(struct making *m, const struct lam_made *made,
			struct lam_error *err)
{
	struct lam_layer *layer = m->layer;

	layer->entry_count = (uint32_t)made->member_count;
	layer->node_count = 1;
	m->what[LAM_NODE_ROOT] = IS_IN;
	m->inodes[LAM_NODE_ROOT] = LAM_INODE_NONE;
	for (size_t i = 0; i < made->member_count; i++) {
		if (lam_stops(m->layout->stop, i))
			return lam_fail_stopped(err);
		take_member(m, &made->members[i]);
	}
	return lam_layer_check_held(layer, err);
}

static struct lam_layer_node node_of(const struct making *m, uint32_t node,
				     uint32_t parent, bool hidden)
{
	struct lam_layer_node out = { .parent = parent,
				      .name = m->tree->nodes[node].name,
				      .inode = LAM_INODE_NONE,
				      .mark = LAM_MARK_WHITEOUT };

	if (hidden)
		return out;
	out.mark = LAM_MARK_ENTRY;
	out.kind = m->tree->nodes[node].kind;
	out.inode = m->inodes[node];
	out.opaque = m->what[node] & IS_OPAQUE ? LAM_OPAQUE : LAM_OPAQUE_NOT;
	return out;
}

/* The children of the layer's node n; marks stand right behind their directory. */
static void add_children(struct making *m, uint32_t n, uint32_t *count)
{
	const struct lam_node *dir = &m->tree->nodes[m->order[n]];
	uint32_t end = dir->first_child + dir->child_count;

	for (unsigned which = IS_HIDDEN; which; which = which == IS_HIDDEN ? IS_IN : 0) {
		for (uint32_t c = dir->first_child; c < end; c++) {
			if (!(m->what[c] & which))
				continue;
			m->layer->nodes[*count] = node_of(m, c, n, which == IS_HIDDEN);
			m->order[(*count)++] = c;
		}
	}
}

static int number_nodes(struct making *m, struct lam_error *err)
{
	struct lam_layer *layer = m->layer;
	uint32_t count = 1;

	m->order = lam_alloc_large(layer->node_count * sizeof *m->order);
	layer->nodes = lam_alloc_large(layer->node_count * sizeof *layer->nodes);
	if (!m->order || !layer->nodes)
		return lam_fail_memory(err);
	m->order[0] = LAM_NODE_ROOT;
	layer->nodes[0] = node_of(m, LAM_NODE_ROOT, 0, false);
	for (uint32_t n = 0; n < count; n++) {
		if (lam_stops(m->layout->stop, n))
			return lam_fail_stopped(err);
		if (layer->nodes[n].mark == LAM_MARK_ENTRY &&
		    layer->nodes[n].kind == LAM_KIND_DIR)
			add_children(m, n, &count);
	}
	assert(count == layer->node_count);
	return 0;
}

static int make(struct making *m, const struct lam_made *made, struct lam_error *err)
{
	struct lam_layer *layer = m->layer;
	uint32_t count = m->tree->node_count;

	layer->others = m->layout->image->indexes;
	layer->times = m->layout->plan->times;
	layer->refs = lam_alloc_large((made->member_count + 1) * sizeof *layer->refs);
	m->what = lam_zeroed_large(count, sizeof *m->what);
	m->inodes = lam_alloc_large(count * sizeof *m->inodes);
	if (!layer->refs || !m->what || !m->inodes)
		return lam_fail_memory(err);
	lam_names_lend(&layer->names, &m->tree->names);
	if (add_plain(layer, err) < 0 || take_members(m, made, err) < 0)
		return err->code;
	return number_nodes(m, err);
}

int lam_made_index(const struct lam_layout *l, uint32_t target, struct lam_made *made,
		   struct lam_error *err)
{
	struct making m = { .layout = l,
			    .tree = l->tree,
			    .layer = lam_xcalloc(1, sizeof *m.layer) };
	int code;

	made->layer = m.layer;
	m.layer->number = target;
	code = make(&m, made, err);
	free(m.what);
	free(m.inodes);
	free(m.order);
	return code;
}
