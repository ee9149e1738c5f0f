/* Questions to a merged tree. */
#include "tree/tree.h"

#include <stdlib.h>
#include <string.h>

#include <lamina/path.h>

#include "base/buf.h"
#include "base/memory.h"
#include "layer/dentry.h"
#include "layer/walk.h"

#define NONE LAM_NODE_NONE
#define ROOT LAM_NODE_ROOT

uint32_t lam_tree_count(const struct lam_tree *tree)
{
	return tree->node_count;
}

const struct lam_node *lam_tree_node(const struct lam_tree *tree, uint32_t node)
{
	return &tree->nodes[node];
}

const char *lam_tree_name(const struct lam_tree *tree, uint32_t node, size_t *out_len)
{
	return lam_names_get(&tree->names, tree->nodes[node].name, out_len);
}

const struct lam_version *lam_tree_version(const struct lam_tree *tree, uint32_t version)
{
	return &tree->versions[version];
}

uint32_t lam_tree_deciding(const struct lam_tree *tree, uint32_t node)
{
	uint32_t v = tree->nodes[node].version;

	while (v != NONE && tree->versions[v].change == LAM_CHANGE_DELETED)
		v = tree->versions[v].previous;
	return v;
}

void lam_tree_stat_version(const struct lam_tree *tree, const struct lam_version *version,
			   struct lam_stat *out)
{
	if (version->inode != NONE) {
		lam_layer_stat(tree->layers[version->inode_layer], version->inode, out);
		return;
	}
	*out = (struct lam_stat){ .kind = LAM_KIND_DIR,
				  .mode = 0755,
				  .layer = version->layer,
				  .inode = NONE,
				  .target = "" };
}

void lam_tree_stat(const struct lam_tree *tree, uint32_t node, struct lam_stat *out)
{
	static const struct lam_version nothing = { .inode = NONE, .implied = true };
	uint32_t v = lam_tree_deciding(tree, node);

	lam_tree_stat_version(tree, v == NONE ? &nothing : &tree->versions[v], out);
}

uint32_t lam_tree_origin(const struct lam_tree *tree, uint32_t node)
{
	uint32_t v = lam_tree_deciding(tree, node);

	return v == NONE ? 0 : tree->versions[v].layer;
}

/* Paths */

void lam_tree_append_path(const struct lam_tree *tree, uint32_t node, struct lam_buf *out)
{
	struct lam_error err;

	if (lam_dentry_path(tree->nodes, sizeof *tree->nodes, &tree->names, node, out,
			    &err) < 0)
		lam_out_of_memory();
}

char *lam_tree_path(const struct lam_tree *tree, uint32_t node, size_t *out_len)
{
	struct lam_buf path = LAM_TEXT;

	lam_text_putc(&path, '/');
	lam_tree_append_path(tree, node, &path);
	if (out_len)
		*out_len = path.len;
	return lam_text_steal(&path);
}

char *lam_tree_path_text(const struct lam_tree *tree, uint32_t node)
{
	size_t len;
	char *path = lam_tree_path(tree, node, &len), *text = lam_path_escape(path, len);

	free(path);
	return text;
}

static int compare_name(const struct lam_tree *tree, uint32_t node, const char *name,
			size_t len)
{
	size_t have;
	const char *its = lam_tree_name(tree, node, &have);

	return lam_names_compare(its, have, name, len);
}

uint32_t lam_tree_child(const struct lam_tree *tree, uint32_t parent, const char *name,
			size_t len)
{
	const struct lam_node *p = &tree->nodes[parent];
	uint32_t low = p->first_child, high = low + p->child_count;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		int order = compare_name(tree, mid, name, len);

		if (order == 0)
			return mid;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NONE;
}

uint32_t lam_tree_find(const struct lam_tree *tree, const char *path, size_t len)
{
	uint32_t here = ROOT;

	for (size_t at = 0; at < len && here != NONE;) {
		const char *name = path + at, *slash = memchr(name, '/', len - at);
		size_t name_len = slash ? (size_t)(slash - name) : len - at;

		at += name_len + (slash ? 1 : 0);
		if (name_len == 0 || (name_len == 1 && name[0] == '.'))
			continue;
		if (name_len == 2 && name[0] == '.' && name[1] == '.')
			here = tree->nodes[here].parent;
		else
			here = lam_tree_child(tree, here, name, name_len);
	}
	return here;
}

static uint32_t depth_of(const struct lam_tree *tree, uint32_t node)
{
	uint32_t depth = 0;

	for (; node != ROOT; node = tree->nodes[node].parent)
		depth++;
	return depth;
}

int lam_tree_compare(const struct lam_tree *tree, uint32_t a, uint32_t b)
{
	uint32_t a_depth = depth_of(tree, a), b_depth = depth_of(tree, b), a_up = a,
		 b_up = b;

	for (uint32_t d = a_depth; d > b_depth; d--)
		a_up = tree->nodes[a_up].parent;
	for (uint32_t d = b_depth; d > a_depth; d--)
		b_up = tree->nodes[b_up].parent;
	if (a_up == b_up)
		return (a_depth > b_depth) - (a_depth < b_depth);
	while (tree->nodes[a_up].parent != tree->nodes[b_up].parent) {
		a_up = tree->nodes[a_up].parent;
		b_up = tree->nodes[b_up].parent;
	}
	/* children of one node are in order */
	return a_up < b_up ? -1 : 1;
}

uint32_t lam_tree_next(const struct lam_tree *tree, uint32_t node, uint32_t top)
{
	const struct lam_node *n = &tree->nodes[node];

	for (uint32_t c = n->first_child; c < n->first_child + n->child_count; c++) {
		if (tree->nodes[c].live)
			return c;
	}
	for (; node != top; node = tree->nodes[node].parent) {
		const struct lam_node *parent = &tree->nodes[tree->nodes[node].parent];

		for (uint32_t c = node + 1; c < parent->first_child + parent->child_count;
		     c++) {
			if (tree->nodes[c].live)
				return c;
		}
	}
	return NONE;
}

/* Hard links */

static int order_link(const struct lam_tree_link *link, uint32_t layer, uint32_t inode)
{
	if (link->layer != layer)
		return link->layer < layer ? -1 : 1;
	return link->inode == inode ? 0 : link->inode < inode ? -1 : 1;
}

/* The first of a group in tree->links. */
static size_t find_group(const struct lam_tree *tree, uint32_t node)
{
	const struct lam_version *v = &tree->versions[tree->nodes[node].version];
	size_t low = 0, high = tree->link_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (order_link(&tree->links[mid], v->inode_layer, v->inode) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

uint32_t lam_tree_first_link(const struct lam_tree *tree, uint32_t node)
{
	return tree->nodes[node].linked ? tree->links[find_group(tree, node)].node : node;
}

/* Behind the last of a group. */
static size_t group_end(const struct lam_tree *tree, size_t begin)
{
	size_t end = begin + 1;

	while (end < tree->link_count &&
	       order_link(&tree->links[end], tree->links[begin].layer,
			  tree->links[begin].inode) == 0)
		end++;
	return end;
}

/* The same by halves: groups may be as long as the tree. */
static size_t find_group_end(const struct lam_tree *tree, size_t begin)
{
	size_t low = begin + 1, high = tree->link_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (order_link(&tree->links[mid], tree->links[begin].layer,
			       tree->links[begin].inode) == 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

size_t lam_tree_link_count(const struct lam_tree *tree, uint32_t node)
{
	size_t begin;

	if (!tree->nodes[node].linked)
		return 1;
	begin = find_group(tree, node);
	return find_group_end(tree, begin) - begin;
}

int lam_tree_links(const struct lam_tree *tree, uint32_t node, uint32_t **out,
		   size_t *out_count, struct lam_error *err)
{
	size_t begin = tree->nodes[node].linked ? find_group(tree, node) : 0;

	*out_count = lam_tree_link_count(tree, node);
	*out = malloc((*out_count + 1) * sizeof **out);
	if (!*out)
		return lam_fail_memory(err);
	for (size_t i = 0; i < *out_count; i++)
		(*out)[i] = tree->nodes[node].linked ? tree->links[begin + i].node : node;
	return 0;
}

struct lam_left_group {
	uint32_t first, count;
};

void lam_left_set(struct lam_left *left, const struct lam_tree *tree, const bool *gone)
{
	left->tree = tree;
	free(left->groups);
	left->groups = lam_xcalloc(tree->link_count, sizeof *left->groups);
	for (size_t begin = 0, end; begin < tree->link_count; begin = end) {
		struct lam_left_group *group = &left->groups[begin];

		end = group_end(tree, begin);
		for (size_t i = begin; i < end; i++) {
			uint32_t node = tree->links[i].node;

			if (!(gone && gone[node]) && group->count++ == 0)
				group->first = node;
		}
	}
}

uint32_t lam_left_first(const struct lam_left *left, uint32_t node, size_t *out_count)
{
	const struct lam_left_group *group;

	*out_count = 1;
	if (!left->tree->nodes[node].linked)
		return node;
	group = &left->groups[find_group(left->tree, node)];
	*out_count = group->count;
	return group->count ? group->first : node;
}

void lam_left_fini(struct lam_left *left)
{
	free(left->groups);
	*left = (struct lam_left){ 0 };
}

/* Inodes */

size_t lam_tree_inode_count(const struct lam_tree *tree)
{
	return tree->inode_begin[tree->layer_count];
}

size_t lam_tree_inode(const struct lam_tree *tree, const struct lam_version *version)
{
	return version->inode == NONE
		       ? SIZE_MAX
		       : tree->inode_begin[version->inode_layer] + version->inode;
}

unsigned lam_tree_inode_names(const struct lam_tree *tree, size_t inode)
{
	return tree->inode_names[inode];
}

/* Symlinks */

static uint32_t walk_child(const void *in, uint32_t dir, const char *name, size_t len)
{
	const struct lam_tree *tree = in;
	uint32_t at = lam_tree_child(tree, dir, name, len);

	return at != NONE && tree->nodes[at].live ? at : NONE;
}

static uint32_t walk_parent(const void *in, uint32_t node)
{
	return lam_tree_node(in, node)->parent;
}

static unsigned walk_kind(const void *in, uint32_t node)
{
	return lam_tree_node(in, node)->kind;
}

static struct lam_str walk_target(const void *in, uint32_t symlink)
{
	struct lam_stat stat;

	lam_tree_stat(in, symlink, &stat);
	return (struct lam_str){ stat.target, stat.target_len };
}

static enum lam_resolution resolve(const struct lam_tree *tree, struct lam_walk walk,
				   const char *path, size_t len, uint32_t *out_node)
{
	static const struct lam_walk_ops ops = { walk_child, walk_parent, walk_kind,
						 walk_target };
	static const enum lam_resolution said[] = {
		[LAM_WALK_FOUND] = LAM_RESOLVED,
		[LAM_WALK_MISSING] = LAM_DANGLING,
		[LAM_WALK_IN_FILE] = LAM_DANGLING,
		[LAM_WALK_LOOP] = LAM_LOOP,
	};
	enum lam_walk_end end;

	walk.ops = &ops;
	walk.tree = tree;
	walk.follow = true;
	end = lam_walk(&walk, path, len);
	*out_node = end == LAM_WALK_FOUND ? walk.at : NONE;
	return walk.above ? LAM_ABOVE_ROOT : said[end];
}

enum lam_resolution lam_tree_resolve(const struct lam_tree *tree, uint32_t symlink,
				     uint32_t *out_node)
{
	struct lam_stat stat;
	struct lam_walk walk = { .links = 1 };

	*out_node = NONE;
	lam_tree_stat(tree, symlink, &stat);
	walk.text = stat.target_len;
	if (stat.target_len == 0)
		return LAM_DANGLING;
	if (stat.target[0] != '/')
		walk.at = tree->nodes[symlink].parent;
	return resolve(tree, walk, stat.target, stat.target_len, out_node);
}

enum lam_resolution lam_tree_resolve_path(const struct lam_tree *tree, const char *path,
					  size_t len, uint32_t *out_node)
{
	return resolve(tree, (struct lam_walk){ .at = ROOT }, path, len, out_node);
}
