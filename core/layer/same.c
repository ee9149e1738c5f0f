/* Two indexes, node by node: both number nodes and inodes by the order of the tar. */
#include "layer/same.h"

static bool same_node(const struct lam_layer *a, const struct lam_layer *b, uint32_t n)
{
	const struct lam_layer_node *x = &a->nodes[n], *y = &b->nodes[n];
	size_t x_len, y_len;
	const char *x_name = lam_names_get(&a->names, x->name, &x_len),
		   *y_name = lam_names_get(&b->names, y->name, &y_len);

	return x->parent == y->parent && x->inode == y->inode && x->mark == y->mark &&
	       x->mark != LAM_MARK_LINK && x->kind == y->kind && x->opaque == y->opaque &&
	       x_len == y_len && memcmp(x_name, y_name, x_len) == 0;
}

static bool same_inode(const struct lam_layer *a, const struct lam_layer *b, uint32_t n)
{
	struct lam_stat x, y;

	lam_layer_stat(a, n, &x);
	lam_layer_stat(b, n, &y);
	return lam_stat_compare(&x, &y) == 0;
}

bool lam_layer_same(const struct lam_layer *a, const struct lam_layer *b)
{
	bool same = a->node_count == b->node_count && a->inode_count == b->inode_count &&
		    a->entry_count == b->entry_count &&
		    a->whiteout_count == b->whiteout_count;

	for (uint32_t n = 0; same && n < a->node_count; n++)
		same = same_node(a, b, n);
	for (uint32_t n = 0; same && n < a->inode_count; n++)
		same = same_inode(a, b, n);
	return same;
}
