/* The merged tree while it grows: nodes found by name, versions put on them, subtrees
 * deleted. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "io/meter.h"
#include "tree/merge.h"

#define NONE LAM_NODE_NONE
#define ROOT LAM_NODE_ROOT

/* Room for as many as there can be: what stays unused is no memory. */
static int reserve(struct lam_merge *m, size_t nodes, struct lam_error *err)
{
	struct lam_tree *tree = m->tree;
	size_t most = 1;

	for (size_t i = 0; i < tree->layer_count; i++)
		most += tree->layers[i]->node_count;
	m->node_cap = nodes ? nodes : most;
	tree->nodes = lam_alloc_large(m->node_cap * sizeof *tree->nodes);
	m->version_cap = 2 * most; /* each path of each layer may be deleted again */
	tree->versions = lam_alloc_large(m->version_cap * sizeof *tree->versions);
	return tree->nodes && tree->versions ? 0 : lam_fail_memory(err);
}

static int start_like(struct lam_merge *m, struct lam_error *err)
{
	struct lam_tree *tree = m->tree;
	uint32_t count = m->like->node_count;

	if (reserve(m, count, err) < 0)
		return err->code;
	m->node_count = tree->node_count = count;
	for (uint32_t n = 0; n < count; n++) {
		const struct lam_node *node = &m->like->nodes[n];

		tree->nodes[n] = (struct lam_node){ .parent = node->parent,
						    .name = node->name,
						    .first_child = node->first_child,
						    .child_count = node->child_count,
						    .version = NONE };
	}
	tree->nodes[ROOT].kind = LAM_KIND_DIR;
	tree->nodes[ROOT].live = true;
	lam_names_lend(&tree->names, &m->like->names);
	return 0;
}

int lam_merge_start(struct lam_merge *m, struct lam_error *err)
{
	uint32_t root;

	if (m->like)
		return start_like(m, err);
	if (lam_names_add(&m->tree->names, "", 0, &root, err) < 0 ||
	    reserve(m, 0, err) < 0)
		return err->code;
	m->tree->nodes[ROOT] = (struct lam_node){ .first_child = NONE,
						  .child_count = NONE,
						  .version = NONE,
						  .name = root,
						  .kind = LAM_KIND_DIR,
						  .live = true };
	m->node_count = 1;
	return 0;
}

/* A layer has each name once; one whose index was damaged and has its checksum all the
 * same may not. */
static bool all_different(const struct lam_merge *m)
{
	LAM_CLEANUP(lam_free_ptr)
	uint8_t *seen = lam_xcalloc(m->tree->names.count / 8 + 1, 1);

	for (uint32_t i = 0; i < m->layer->names.count; i++) {
		uint8_t bit = (uint8_t)(1u << m->names[i] % 8),
			*byte = &seen[m->names[i] / 8];

		if (*byte & bit)
			return false;
		*byte |= bit;
	}
	return true;
}

int lam_merge_take_names(struct lam_merge *m, struct lam_error *err)
{
	const struct lam_names *from = &m->layer->names;

	if (m->like)
		return 0;
	m->names = malloc((from->count + 1) * sizeof *m->names);
	if (!m->names)
		return lam_fail_memory(err);
	for (uint32_t first = 0; first < from->count; first += LAM_STEPS) {
		uint32_t left = from->count - first,
			 now = left < LAM_STEPS ? left : LAM_STEPS;

		if (lam_merge_check(m, err) < 0 ||
		    (first == 0 &&
		     lam_names_reserve(&m->tree->names, from->count, err) < 0) ||
		    lam_names_add_from(&m->tree->names, from, first, now,
				       m->names + first, err) < 0)
			return err->code;
	}
	if (!all_different(m))
		return lam_fail(err, LAM_EFORMAT,
				"its cached index is damaged: remove the cache");
	return 0;
}

/* Among nodes that are all there; layers mostly have siblings in the same order. */
static uint32_t child_there(struct lam_merge *m, uint32_t parent, uint32_t name)
{
	const struct lam_node *next = &m->tree->nodes[m->next];
	size_t len, next_len;
	const char *bytes = lam_names_get(&m->layer->names, name, &len);

	if (m->next < m->node_count && next->parent == parent) {
		const char *next_bytes =
			lam_names_get(&m->tree->names, next->name, &next_len);

		if (next_len == len && memcmp(next_bytes, bytes, len) == 0)
			return m->next++;
	}
	uint32_t at = lam_tree_child(m->tree, parent, bytes, len);

	if (at != NONE)
		m->next = at + 1;
	return at;
}

static int get_there(struct lam_merge *m, uint32_t parent, uint32_t name, uint32_t *out,
		     struct lam_error *err)
{
	*out = child_there(m, parent, name);
	m->unlike = *out == NONE;
	return m->unlike ? lam_fail(err, LAM_EFORMAT, "a path that is not in the tree")
			 : 0;
}

int lam_merge_get(struct lam_merge *m, uint32_t parent, uint32_t name, uint32_t *out,
		  struct lam_error *err)
{
	struct lam_node *nodes;
	bool is_new = true;

	if (m->like)
		return get_there(m, parent, name, out, err);
	if (m->node_count >= LAM_MAX_ENTRIES)
		return lam_fail(err, LAM_EFORMAT, "more than %u paths in the image",
				LAM_MAX_ENTRIES);
	if (lam_dentries_reserve(&m->dentries, 1, err) < 0 ||
	    LAM_GROW(m->tree->nodes, m->node_count, m->node_cap, err) < 0)
		return err->code;
	nodes = m->tree->nodes;
	*out = (uint32_t)m->node_count;
	if (!m->alone)
		*out = lam_dentries_get(&m->dentries, nodes, sizeof *nodes,
					(struct lam_dentry){ parent, m->names[name] },
					*out, &is_new);
	if (!is_new)
		return 0;
	m->node_count++;
	nodes[*out] = (struct lam_node){ .parent = parent,
					 .name = m->names[name],
					 .first_child = NONE,
					 .child_count = nodes[parent].first_child,
					 .version = NONE };
	nodes[parent].first_child = *out;
	return 0;
}

static uint32_t if_live(const struct lam_merge *m, uint32_t at)
{
	return at != NONE && m->tree->nodes[at].live ? at : NONE;
}

static uint32_t find_named(const struct lam_merge *m, uint32_t parent, uint32_t name)
{
	return if_live(m, lam_dentries_find(&m->dentries, m->tree->nodes,
					    sizeof *m->tree->nodes, parent, name));
}

uint32_t lam_merge_live(struct lam_merge *m, uint32_t parent, uint32_t name)
{
	return m->like ? if_live(m, child_there(m, parent, name))
		       : find_named(m, parent, m->names[name]);
}

uint32_t lam_merge_find(const struct lam_merge *m, uint32_t parent, const char *name,
			size_t len)
{
	uint32_t number;

	if (m->like)
		return if_live(m, lam_tree_child(m->tree, parent, name, len));
	number = lam_names_find(&m->tree->names, name, len);
	return number == UINT32_MAX ? NONE : find_named(m, parent, number);
}

const struct lam_inode *lam_merge_inode(const struct lam_merge *m, uint32_t at,
					const struct lam_layer **out_holder)
{
	const struct lam_version *v = &m->tree->versions[m->tree->nodes[at].version];

	return v->inode == NONE ? NULL
				: lam_layer_inode(m->tree->layers[v->inode_layer],
						  v->inode, out_holder);
}

int lam_merge_push(struct lam_merge *m, uint32_t at, struct lam_version version,
		   struct lam_error *err)
{
	struct lam_tree *tree = m->tree;

	if (tree->version_count >= LAM_MAX_ENTRIES)
		return lam_fail(err, LAM_EFORMAT,
				"more than %u changes of paths in the image",
				LAM_MAX_ENTRIES);
	if (LAM_GROW(tree->versions, (size_t)tree->version_count, m->version_cap, err) <
	    0)
		return err->code;
	version.previous = m->tree->nodes[at].version;
	version.layer = (uint16_t)m->number;
	m->tree->nodes[at].version = tree->version_count;
	tree->versions[tree->version_count++] = version;
	return 0;
}

void lam_merge_set_live(struct lam_merge *m, uint32_t at, bool live)
{
	struct lam_node *t = &m->tree->nodes[at];

	if (t->live == live)
		return;
	t->live = live;
	if (live)
		m->tree->nodes[t->parent].live_count++;
	else
		m->tree->nodes[t->parent].live_count--;
}

static int bury(struct lam_merge *m, uint32_t at, struct lam_error *err)
{
	lam_merge_set_live(m, at, false);
	return lam_merge_push(
		m, at,
		(struct lam_version){ .inode = NONE, .change = LAM_CHANGE_DELETED }, err);
}

static uint32_t first_child(const struct lam_merge *m, uint32_t at)
{
	const struct lam_node *t = &m->tree->nodes[at];

	return m->like && t->child_count == 0 ? NONE : t->first_child;
}

static uint32_t next_sibling(const struct lam_merge *m, uint32_t at)
{
	const struct lam_node *t = &m->tree->nodes[at], *p = &m->tree->nodes[t->parent];

	if (!m->like)
		return t->child_count;
	return at + 1 < p->first_child + p->child_count ? at + 1 : NONE;
}

/* Children go before their parents; each gets its own deletion. */
int lam_merge_delete(struct lam_merge *m, uint32_t top, bool itself,
		     struct lam_error *err)
{
	uint32_t at = m->tree->nodes[top].live_count ? first_child(m, top) : NONE;

	while (at != NONE && at != top) {
		const struct lam_node *t = &m->tree->nodes[at];

		if (t->live && t->live_count) {
			at = first_child(m, at);
			continue;
		}
		if (t->live && bury(m, at, err) < 0)
			return err->code;
		/* up, over parents that have nothing live any more */
		while (next_sibling(m, at) == NONE) {
			at = m->tree->nodes[at].parent;
			if (at == top)
				break;
			if (bury(m, at, err) < 0)
				return err->code;
		}
		if (at != top)
			at = next_sibling(m, at);
	}
	return itself ? bury(m, top, err) : 0;
}

int lam_merge_check(const struct lam_merge *m, struct lam_error *err)
{
	return lam_progress_stopped(m->progress) ? lam_fail_stopped(err) : 0;
}
