/* The merge's end: nodes in their final order, links, what of the inodes is used, sums. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "io/stream.h"
#include "tree/merge.h"

#define NONE LAM_NODE_NONE
#define ROOT LAM_NODE_ROOT

static bool is_implied(const struct lam_merge *m, const struct lam_node *node)
{
	uint32_t version = node->version;

	while (version != NONE && m->tree->versions[version].change == LAM_CHANGE_DELETED)
		version = m->tree->versions[version].previous;
	return version == NONE || m->tree->versions[version].implied;
}

/* Siblings by name */

struct sorting {
	const struct lam_merge *merge;
	size_t steps;
	bool stopped;
};

static int compare_names(const struct lam_merge *m, uint32_t a, uint32_t b)
{
	size_t a_len, b_len;
	const char *x = lam_names_get(&m->tree->names, m->tree->nodes[a].name, &a_len),
		   *y = lam_names_get(&m->tree->names, m->tree->nodes[b].name, &b_len);

	return lam_names_compare(x, a_len, y, b_len);
}

/* Once stopped, all are equal: that ends soon. */
static int by_name(const void *a, const void *b, void *context)
{
	struct sorting *s = context;

	if (++s->steps % LAM_STEPS == 0 && lam_progress_stopped(s->merge->progress))
		s->stopped = true;
	return s->stopped ? 0
			  : compare_names(s->merge, *(const uint32_t *)a,
					  *(const uint32_t *)b);
}

/* Most tars have siblings in order, and the last one found comes first here. */
static bool turn_round(const struct lam_merge *m, uint32_t *nodes, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++) {
		if (compare_names(m, nodes[i], nodes[i - 1]) > 0)
			return false;
	}
	for (uint32_t i = 0; i < count / 2; i++) {
		uint32_t swap = nodes[i];

		nodes[i] = nodes[count - 1 - i];
		nodes[count - 1 - i] = swap;
	}
	return true;
}

static void sort_siblings(const struct lam_merge *m, uint32_t *nodes, uint32_t count)
{
	struct sorting sorting = { .merge = m };

	if (!turn_round(m, nodes, count))
		qsort_r(nodes, count, sizeof *nodes, by_name, &sorting);
}

/* The children of what becomes node n come next in the order; what no layer changed is
 * left out. */
static void order_children(const struct lam_merge *m, uint32_t *order, uint32_t n,
			   uint32_t *next)
{
	struct lam_node *nodes = m->tree->nodes, *node = &nodes[order[n]];
	uint32_t begin = *next;

	for (uint32_t c = node->first_child; c != NONE; c = nodes[c].child_count) {
		if (nodes[c].version == NONE)
			continue;
		nodes[c].parent = n;
		order[(*next)++] = c;
	}
	node->first_child = begin;
	node->child_count = *next - begin;
	node->live_count = 0;
	node->implied = is_implied(m, node);
	sort_siblings(m, order + begin, *next - begin);
}

/* order[n] is what becomes node n; those that are left out come last. */
static int make_order(struct lam_merge *m, uint32_t *order, struct lam_error *err)
{
	uint32_t next = 1;

	order[0] = ROOT;
	for (uint32_t n = 0; n < next; n++) {
		if (n % LAM_STEPS == 0 && lam_merge_check(m, err) < 0)
			return err->code;
		order_children(m, order, n, &next);
	}
	m->tree->node_count = next;
	for (uint32_t i = 1; next < m->node_count; i++) {
		if (m->tree->nodes[i].version == NONE)
			order[next++] = i;
	}
	return lam_merge_check(m, err);
}

/* Every node goes to its place, where the one that was there has just left. */
static void move_nodes(struct lam_node *nodes, uint32_t *order, size_t count)
{
	for (uint32_t begin = 0; begin < count; begin++) {
		struct lam_node first = nodes[begin];
		uint32_t at = begin;

		while (order[at] != begin) {
			uint32_t from = order[at];

			nodes[at] = nodes[from];
			order[at] = at;
			at = from;
		}
		nodes[at] = first;
		order[at] = at;
	}
}

static int order_nodes(struct lam_merge *m, struct lam_error *err)
{
	uint32_t *order = lam_alloc_large(m->node_count * sizeof *order);
	int code = order ? make_order(m, order, err) : lam_fail_memory(err);

	if (code == 0)
		move_nodes(m->tree->nodes, order, m->node_count);
	free(order);
	return code;
}

/* Hard links */

static int compare_links(const void *a, const void *b, void *context)
{
	const struct lam_tree_link *x = a, *y = b;
	const uint32_t *place = context;

	if (x->layer != y->layer)
		return x->layer < y->layer ? -1 : 1;
	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	return place[x->node] < place[y->node] ? -1 : 1;
}

/* Where each node stands when directories come before what is in them. */
static uint32_t *places(const struct lam_tree *tree)
{
	uint32_t *size = malloc(((size_t)tree->node_count + 1) * sizeof *size);
	uint32_t *place = malloc(((size_t)tree->node_count + 1) * sizeof *place);

	if (!size || !place) {
		free(size);
		free(place);
		return NULL;
	}
	for (uint32_t n = 0; n < tree->node_count; n++)
		size[n] = 1;
	for (uint32_t n = tree->node_count; n-- > 1;)
		size[tree->nodes[n].parent] += size[n];
	place[ROOT] = 0;
	for (uint32_t n = 0; n < tree->node_count; n++) {
		const struct lam_node *node = &tree->nodes[n];
		uint32_t at = place[n] + 1;

		for (uint32_t c = node->first_child;
		     c < node->first_child + node->child_count; c++) {
			place[c] = at;
			at += size[c];
		}
	}
	free(size);
	return place;
}

static int sort_links(struct lam_tree *tree, struct lam_error *err)
{
	uint32_t *place = tree->link_count ? places(tree) : NULL;

	if (tree->link_count == 0)
		return 0;
	if (!place)
		return lam_fail_memory(err);
	qsort_r(tree->links, tree->link_count, sizeof *tree->links, compare_links, place);
	free(place);
	return 0;
}

static const struct lam_version *live_inode(const struct lam_tree *tree, uint32_t n)
{
	const struct lam_node *node = &tree->nodes[n];

	if (!node->live || node->kind == LAM_KIND_DIR)
		return NULL;
	return &tree->versions[node->version];
}

static int count_names(struct lam_tree *tree, struct lam_error *err)
{
	tree->inode_begin = lam_xcalloc(tree->layer_count + 1, sizeof *tree->inode_begin);
	for (size_t i = 0; i < tree->layer_count; i++)
		tree->inode_begin[i + 1] =
			tree->inode_begin[i] + tree->layers[i]->inode_count;
	tree->inode_names = calloc(lam_tree_inode_count(tree) + 1, 1);
	if (!tree->inode_names)
		return lam_fail_memory(err);
	for (uint32_t n = 0; n < tree->node_count; n++) {
		const struct lam_node *node = &tree->nodes[n];
		size_t inode =
			node->live && node->version != NONE
				? lam_tree_inode(tree, &tree->versions[node->version])
				: SIZE_MAX;

		if (inode != SIZE_MAX && tree->inode_names[inode] < 2)
			tree->inode_names[inode]++;
	}
	return 0;
}

static int collect_links(struct lam_tree *tree, struct lam_error *err)
{
	size_t cap = 0;

	for (uint32_t n = 0; n < tree->node_count; n++) {
		const struct lam_version *v = live_inode(tree, n);

		if (!v || tree->inode_names[lam_tree_inode(tree, v)] < 2)
			continue;
		if (LAM_GROW(tree->links, tree->link_count, cap, err) < 0)
			return err->code;
		tree->nodes[n].linked = true;
		tree->links[tree->link_count++] =
			(struct lam_tree_link){ v->inode_layer, v->inode, n };
	}
	return sort_links(tree, err);
}

static void sum_up(struct lam_tree *tree)
{
	for (uint32_t n = tree->node_count; n-- > 0;) {
		struct lam_node *node = &tree->nodes[n];
		const struct lam_version *v = live_inode(tree, n);
		const struct lam_layer *holder;

		node->live_count += node->live;
		if (v && node->kind == LAM_KIND_FILE &&
		    (!node->linked || lam_tree_first_link(tree, n) == n))
			node->live_bytes += lam_layer_inode(tree->layers[v->inode_layer],
							    v->inode, &holder)
						    ->size;
		if (n == ROOT)
			break;
		tree->nodes[node->parent].live_count += node->live_count;
		tree->nodes[node->parent].live_bytes += node->live_bytes;
	}
}

/* Nodes that were there have their order. */
static int keep_order(struct lam_merge *m)
{
	for (uint32_t n = 0; n < m->tree->node_count; n++) {
		m->tree->nodes[n].live_count = 0;
		m->tree->nodes[n].implied = is_implied(m, &m->tree->nodes[n]);
	}
	return 0;
}

int lam_merge_finish(struct lam_merge *m, struct lam_error *err)
{
	struct lam_tree *tree = m->tree;

	/* memory is at its highest here */
	lam_dentries_fini(&m->dentries);
	lam_names_seal(&tree->names);
	if ((m->like ? keep_order(m) : order_nodes(m, err)) < 0 ||
	    lam_merge_check(m, err) < 0 || count_names(tree, err) < 0 ||
	    collect_links(tree, err) < 0)
		return err->code;
	sum_up(tree);
	return 0;
}
