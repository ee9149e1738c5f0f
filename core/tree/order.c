/* The merge's end: nodes in their final order, links and sums. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
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

/* The children of the twig that is node n come next in the order, by name; what no layer
 * changed is left out. */
static int order_children(struct lam_merge *m, struct lam_ranking *ranking,
			  uint32_t *order, uint32_t n, uint32_t *next,
			  struct lam_error *err)
{
	struct lam_node *node = &m->tree->nodes[order[n]];
	uint32_t begin = *next;

	for (uint32_t c = node->first_child; c != NONE;
	     c = m->tree->nodes[c].child_count) {
		if (m->tree->nodes[c].version == NONE)
			continue;
		m->tree->nodes[c].parent = n;
		order[(*next)++] = c;
	}
	node->first_child = begin;
	node->child_count = *next - begin;
	node->live_count = 0;
	node->implied = is_implied(m, node);
	return lam_rank(ranking, order + begin, *next - begin, err);
}

/* order[n] is the twig that becomes node n; those that are left out come last. */
static int order_twigs(struct lam_merge *m, uint32_t *order, struct lam_error *err)
{
	struct lam_ranking ranking = { .merge = m };
	uint32_t next = 1;
	int code = 0;

	order[0] = ROOT;
	for (uint32_t n = 0; n < next && code == 0; n++) {
		if (n % LAM_STEPS == 0)
			code = lam_merge_check(m, err);
		if (code == 0)
			code = order_children(m, &ranking, order, n, &next, err);
	}
	lam_ranking_fini(&ranking);
	m->tree->node_count = next;
	for (uint32_t i = 1; next < m->twig_count && code == 0; i++) {
		if (m->tree->nodes[i].version == NONE)
			order[next++] = i;
	}
	return code;
}

/* Every twig goes to its place, where the one that was there has just left. */
static void move_twigs(struct lam_node *twigs, uint32_t *order, size_t count)
{
	for (uint32_t begin = 0; begin < count; begin++) {
		struct lam_node first = twigs[begin];
		uint32_t at = begin;

		while (order[at] != begin) {
			uint32_t from = order[at];

			twigs[at] = twigs[from];
			order[at] = at;
			at = from;
		}
		twigs[at] = first;
		order[at] = at;
	}
}

static int order_nodes(struct lam_merge *m, struct lam_error *err)
{
	uint32_t *order = lam_alloc_large(m->twig_count * sizeof *order);
	int code = order ? order_twigs(m, order, err) : lam_fail_memory(err);

	if (code == 0)
		move_twigs(m->tree->nodes, order, m->twig_count);
	free(order);
	return code;
}

struct sorting {
	const uint32_t *place; /* of nodes, depth first */
};

static int compare_links(const void *a, const void *b, void *context)
{
	const struct lam_tree_link *x = a, *y = b;
	const struct sorting *s = context;

	if (x->layer != y->layer)
		return x->layer < y->layer ? -1 : 1;
	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	return s->place[x->node] < s->place[y->node] ? -1 : 1;
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
	struct sorting sorting = { place };

	if (tree->link_count == 0)
		return 0;
	if (!place)
		return lam_fail_memory(err);
	qsort_r(tree->links, tree->link_count, sizeof *tree->links, compare_links,
		&sorting);
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

/* used[layer][inode]: live names, 2 for more. */
static uint8_t **count_names(struct lam_tree *tree)
{
	uint8_t **used = calloc(tree->layer_count + 1, sizeof *used);

	for (size_t i = 0; used && i < tree->layer_count; i++) {
		used[i] = calloc((size_t)tree->layers[i]->inode_count + 1, 1);
		if (!used[i]) {
			while (i > 0)
				free(used[--i]);
			free(used);
			return NULL;
		}
	}
	for (uint32_t n = 0; used && n < tree->node_count; n++) {
		const struct lam_version *v = live_inode(tree, n);

		if (v && used[v->inode_layer][v->inode] < 2)
			used[v->inode_layer][v->inode]++;
	}
	return used;
}

static int collect_links(struct lam_tree *tree, struct lam_error *err)
{
	uint8_t **used = count_names(tree);
	size_t cap = 0;
	int code = used ? 0 : lam_fail_memory(err);

	for (uint32_t n = 0; n < tree->node_count && code == 0; n++) {
		const struct lam_version *v = live_inode(tree, n);

		if (!v || used[v->inode_layer][v->inode] < 2)
			continue;
		code = LAM_GROW(tree->links, tree->link_count, cap, err);
		if (code == 0) {
			tree->nodes[n].linked = true;
			tree->links[tree->link_count++] =
				(struct lam_tree_link){ v->inode_layer, v->inode, n };
		}
	}
	for (size_t i = 0; used && i < tree->layer_count; i++)
		free(used[i]);
	free(used);
	return code == 0 ? sort_links(tree, err) : code;
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

/* Twigs that were there have their order. */
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
	free(m->slots);
	m->slots = NULL;
	m->slot_count = 0;
	lam_names_seal(&tree->names);
	if ((m->like ? keep_order(m) : order_nodes(m, err)) < 0 ||
	    lam_merge_check(m, err) < 0 || collect_links(tree, err) < 0)
		return err->code;
	sum_up(tree);
	return 0;
}
