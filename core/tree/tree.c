/* Questions to a merged tree. */
#include "tree/tree.h"

#include <stdlib.h>
#include <string.h>

#include <lamina/path.h>

#include "base/buf.h"
#include "base/limits.h"

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

int lam_tree_append_path(const struct lam_tree *tree, uint32_t node, struct lam_buf *out,
			 struct lam_error *err)
{
	size_t total = 0, begin = out->len;

	for (uint32_t n = node; n != ROOT; n = tree->nodes[n].parent) {
		size_t len;

		lam_tree_name(tree, n, &len);
		total += len + 1;
	}
	if (total == 0)
		return 0;
	total--;
	if (lam_buf_reserve(out, total, err) < 0)
		return err->code;
	for (size_t end = total; node != ROOT; node = tree->nodes[node].parent) {
		size_t len;
		const char *name = lam_tree_name(tree, node, &len);

		memcpy(out->data + begin + end - len, name, len);
		end -= len;
		if (end)
			out->data[begin + --end] = '/';
	}
	out->len = begin + total;
	out->data[out->len] = '\0';
	return 0;
}

char *lam_tree_path(const struct lam_tree *tree, uint32_t node, size_t *out_len)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf path = LAM_BUF(SIZE_MAX / 2);
	struct lam_error err;

	if (lam_buf_append_char(&path, '/', &err) < 0 ||
	    lam_tree_append_path(tree, node, &path, &err) < 0)
		return NULL;
	if (out_len)
		*out_len = path.len;
	return lam_buf_steal(&path, &err);
}

char *lam_tree_path_text(const struct lam_tree *tree, uint32_t node)
{
	size_t len;
	char *path = lam_tree_path(tree, node, &len),
	     *text = path ? lam_path_escape(path, len) : NULL;

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

const struct lam_tree_link *lam_tree_group(const struct lam_tree *tree, uint32_t node)
{
	return &tree->links[find_group(tree, node)];
}

uint32_t lam_tree_first_link(const struct lam_tree *tree, uint32_t node)
{
	return tree->nodes[node].linked ? tree->links[find_group(tree, node)].node : node;
}

int lam_tree_links(const struct lam_tree *tree, uint32_t node, uint32_t **out,
		   size_t *out_count, struct lam_error *err)
{
	size_t begin = 0, end = 1;

	if (tree->nodes[node].linked) {
		begin = end = find_group(tree, node);
		while (end < tree->link_count &&
		       order_link(&tree->links[end], tree->links[begin].layer,
				  tree->links[begin].inode) == 0)
			end++;
	}
	*out_count = end - begin;
	*out = malloc((*out_count + 1) * sizeof **out);
	if (!*out)
		return lam_fail_memory(err);
	for (size_t i = 0; i < *out_count; i++)
		(*out)[i] = tree->nodes[node].linked ? tree->links[begin + i].node : node;
	return 0;
}

/* Symlinks */

struct walk {
	const struct lam_tree *tree;
	struct lam_buf rest;
	size_t at;
	uint32_t here;
	int links;
	bool above;
};

static int walk_follow(struct walk *w, uint32_t link, struct lam_error *err)
{
	struct lam_buf joined = LAM_BUF(w->rest.max);
	struct lam_stat stat;

	lam_tree_stat(w->tree, link, &stat);
	if (stat.target_len && stat.target[0] == '/')
		w->here = ROOT;
	if (lam_buf_append(&joined, stat.target, stat.target_len, err) < 0 ||
	    lam_buf_append_char(&joined, '/', err) < 0 ||
	    lam_buf_append(&joined, w->rest.data + w->at, w->rest.len - w->at, err) < 0) {
		lam_buf_fini(&joined);
		return err->code;
	}
	lam_buf_fini(&w->rest);
	w->rest = joined;
	w->at = 0;
	return 0;
}

/* One component further; false at what ends the walk. */
static bool walk_step(struct walk *w, const char *name, size_t len,
		      enum lam_resolution *out)
{
	const struct lam_tree *tree = w->tree;
	struct lam_error err;
	uint32_t next;

	if (len == 2 && name[0] == '.' && name[1] == '.') {
		w->above |= w->here == ROOT;
		w->here = tree->nodes[w->here].parent;
		return true;
	}
	next = lam_tree_child(tree, w->here, name, len);
	*out = LAM_DANGLING;
	if (next == NONE || !tree->nodes[next].live)
		return false;
	if (tree->nodes[next].kind != LAM_KIND_SYMLINK) {
		w->here = next;
		return true;
	}
	*out = LAM_LOOP;
	return ++w->links <= LAM_MAX_LINKS && walk_follow(w, next, &err) == 0;
}

static enum lam_resolution walk(struct walk *w, uint32_t *out_node)
{
	enum lam_resolution end = LAM_RESOLVED;

	*out_node = NONE;
	while (w->at < w->rest.len) {
		const char *name = w->rest.data + w->at,
			   *slash = memchr(name, '/', w->rest.len - w->at);
		size_t len = slash ? (size_t)(slash - name) : w->rest.len - w->at;

		w->at += len + (slash ? 1 : 0);
		if (w->tree->nodes[w->here].kind != LAM_KIND_DIR)
			return w->above ? LAM_ABOVE_ROOT : LAM_DANGLING;
		if (len == 0 || (len == 1 && name[0] == '.'))
			continue;
		if (!walk_step(w, name, len, &end))
			return w->above ? LAM_ABOVE_ROOT : end;
	}
	*out_node = w->here;
	return w->above ? LAM_ABOVE_ROOT : LAM_RESOLVED;
}

static enum lam_resolution resolve_from(const struct lam_tree *tree, uint32_t here,
					const char *path, size_t len, int links,
					uint32_t *out_node)
{
	struct walk w = { .tree = tree,
			  .here = here,
			  .links = links,
			  .rest = LAM_BUF((size_t)LAM_MAX_TAR_HEADER *
					  (LAM_MAX_LINKS + 2)) };
	enum lam_resolution result = LAM_DANGLING;
	struct lam_error err;

	*out_node = NONE;
	if (len && path[0] == '/')
		w.here = ROOT;
	if (lam_buf_append(&w.rest, path, len, &err) == 0)
		result = walk(&w, out_node);
	lam_buf_fini(&w.rest);
	return result;
}

enum lam_resolution lam_tree_resolve(const struct lam_tree *tree, uint32_t symlink,
				     uint32_t *out_node)
{
	struct lam_stat stat;

	*out_node = NONE;
	lam_tree_stat(tree, symlink, &stat);
	if (stat.target_len == 0)
		return LAM_DANGLING;
	return resolve_from(tree, tree->nodes[symlink].parent, stat.target,
			    stat.target_len, 1, out_node);
}

enum lam_resolution lam_tree_resolve_path(const struct lam_tree *tree, const char *path,
					  size_t len, uint32_t *out_node)
{
	return resolve_from(tree, ROOT, path, len, 0, out_node);
}
