/* The merge's end: nodes in their final order, links and sums. */
#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "tree_merge.h"

#define NONE LAM_NODE_NONE
#define ROOT LAM_NODE_ROOT

static struct lam_node node_of(const struct lam_merge *m, uint32_t twig, uint32_t parent)
{
	const struct lam_twig *t = &m->twigs[twig];
	struct lam_node node = { .parent = parent,
				 .name = t->name,
				 .version = t->version,
				 .kind = t->kind,
				 .live = t->live };
	uint32_t version = t->version;

	while (version != NONE && m->tree->versions[version].change == LAM_CHANGE_DELETED)
		version = m->tree->versions[version].previous;
	node.implied = version == NONE || m->tree->versions[version].implied;
	return node;
}

/* by_rank: twigs in the order of their names. */
static int sort_twigs(const struct lam_merge *m, uint32_t *by_rank, struct lam_error *err)
{
	const struct lam_names *names = &m->tree->names;
	uint32_t *rank = lam_names_rank(names, m->progress, err), sum = 0;
	uint32_t *begin;

	if (!rank)
		return err->code;
	begin = calloc((size_t)names->count + 1, sizeof *begin);
	if (!begin) {
		free(rank);
		return lam_fail_memory(err);
	}
	for (size_t i = 0; i < m->twig_count; i++)
		begin[rank[m->twigs[i].name]]++;
	for (uint32_t r = 0; r < names->count; r++) {
		uint32_t count = begin[r];

		begin[r] = sum;
		sum += count;
	}
	for (size_t i = 0; i < m->twig_count; i++)
		by_rank[begin[rank[m->twigs[i].name]]++] = (uint32_t)i;
	free(begin);
	free(rank);
	return 0;
}

/* Lists of children are made anew, in order of name; what no layer changed is left out.
 */
static void sort_children(struct lam_merge *m, const uint32_t *by_rank)
{
	for (size_t i = 0; i < m->twig_count; i++)
		m->twigs[i].first_child = NONE;
	for (size_t i = m->twig_count; i-- > 0;) {
		struct lam_twig *t = &m->twigs[by_rank[i]];

		if (by_rank[i] == ROOT || t->version == NONE)
			continue;
		t->next_sibling = m->twigs[t->parent].first_child;
		m->twigs[t->parent].first_child = by_rank[i];
	}
}

/* order[n] is the twig that becomes node n; it may be where by_rank was. */
static void number_nodes(struct lam_merge *m, uint32_t *order)
{
	struct lam_tree *tree = m->tree;
	uint32_t next = 1;

	order[0] = ROOT;
	tree->nodes[0] = node_of(m, ROOT, ROOT);
	for (uint32_t n = 0; n < next; n++) {
		tree->nodes[n].first_child = next;
		for (uint32_t c = m->twigs[order[n]].first_child; c != NONE;
		     c = m->twigs[c].next_sibling) {
			order[next] = c;
			tree->nodes[next++] = node_of(m, c, n);
		}
		tree->nodes[n].child_count = next - tree->nodes[n].first_child;
	}
	tree->node_count = next;
}

static int order_nodes(struct lam_merge *m, struct lam_error *err)
{
	uint32_t *order = malloc(m->twig_count * sizeof *order);
	int code = order ? sort_twigs(m, order, err) : lam_fail_memory(err);

	if (code == 0) {
		m->tree->nodes = malloc(m->twig_count * sizeof *m->tree->nodes);
		code = m->tree->nodes ? lam_merge_check(m, err) : lam_fail_memory(err);
	}
	if (code == 0) {
		sort_children(m, order);
		number_nodes(m, order);
	}
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

		node->live_count += node->live;
		if (v && node->kind == LAM_KIND_FILE &&
		    (!node->linked || lam_tree_first_link(tree, n) == n))
			node->live_bytes +=
				tree->layers[v->inode_layer]->inodes[v->inode].size;
		if (n == ROOT)
			break;
		tree->nodes[node->parent].live_count += node->live_count;
		tree->nodes[node->parent].live_bytes += node->live_bytes;
	}
}

int lam_merge_finish(struct lam_merge *m, struct lam_error *err)
{
	struct lam_tree *tree = m->tree;

	/* memory is at its highest here */
	free(m->slots);
	m->slots = NULL;
	m->slot_count = 0;
	lam_names_seal(&tree->names);
	if (lam_merge_check(m, err) < 0 || order_nodes(m, err) < 0)
		return err->code;
	free(m->twigs);
	m->twigs = NULL;
	if (lam_merge_check(m, err) < 0 || collect_links(tree, err) < 0)
		return err->code;
	sum_up(tree);
	return 0;
}
