/* What the screen shows of every path, worked out once. */
#include "editor/analysis/facts.h"

#include <stdlib.h>
#include <string.h>

#include <lamina/path.h>

#include "base/buf.h"
#include "base/memory.h"
#include "base/path.h"
#include "base/stop.h"

static const char CAPABILITY[] = "SCHILY.xattr.security.capability";

/* A backslash is printable: systemd's units have it in their names. */
static bool is_escaped(const struct lam_tree *tree, uint32_t n)
{
	size_t len;
	const char *name = lam_tree_name(tree, n, &len);

	return !lam_path_may_show(name, len);
}

static uint16_t power_flags(const struct lam_stat *stat)
{
	uint16_t flags = 0;

	if (stat->kind != LAM_KIND_FILE)
		return flags;
	for (size_t i = 0; i < stat->attribute_count; i++) {
		const struct lam_attribute *a = &stat->attributes[i];

		if (a->key_len == sizeof CAPABILITY - 1 &&
		    memcmp(a->key, CAPABILITY, a->key_len) == 0)
			flags |= FACT_CAPABILITY;
	}
	flags |= stat->mode & 04000 ? FACT_SETUID : 0;
	flags |= stat->mode & 02000 ? FACT_SETGID : 0;
	return flags;
}

static uint16_t link_flag(const struct lam_tree *tree, uint32_t n, uint32_t *out_to)
{
	switch (lam_tree_resolve(tree, n, out_to)) {
	case LAM_DANGLING: *out_to = LAM_NODE_NONE; return FACT_DANGLING;
	case LAM_LOOP: *out_to = LAM_NODE_NONE; return FACT_LOOP;
	case LAM_ABOVE_ROOT: return FACT_ABOVE_ROOT;
	case LAM_RESOLVED: break;
	}
	return 0;
}

/* Whether layers other than the first that is met hold something at a path that is no
 * directory. */
static bool has_versions(const struct lam_tree *tree, const struct lam_node *node)
{
	uint32_t first = UINT32_MAX, v = node->version;

	while (v != LAM_NODE_NONE) {
		const struct lam_version *version = lam_tree_version(tree, v);
		struct lam_stat stat;

		v = version->previous;
		if (version->inode == UINT32_MAX ||
		    (first != UINT32_MAX && version->layer == first))
			continue;
		if (first == UINT32_MAX && v == LAM_NODE_NONE)
			return false; /* the only one: no need to look at it */
		lam_tree_stat_version(tree, version, &stat);
		if (stat.kind == LAM_KIND_DIR)
			continue;
		if (first != UINT32_MAX)
			return true;
		first = version->layer;
	}
	return false;
}

/* *out_to: where a symlink leads. */
static uint16_t flags_of(const struct lam_tree *tree, uint32_t n,
			 const struct lam_node *node, uint32_t *out_to)
{
	uint16_t flags = node->live ? 0 : FACT_DEAD;
	struct lam_stat stat;

	if (is_escaped(tree, n))
		flags |= FACT_ESCAPED;
	if (node->kind == LAM_KIND_DIR)
		return flags;
	if (has_versions(tree, node))
		flags |= FACT_VERSIONS;
	if (node->linked)
		flags |= FACT_LINKED;
	if (node->kind == LAM_KIND_SYMLINK)
		return node->live ? flags | link_flag(tree, n, out_to) : flags;
	lam_tree_stat(tree, n, &stat);
	return flags | power_flags(&stat);
}

int facts_meet_init(const struct lam_tree *tree, struct bits *met, struct lam_error *err)
{
	size_t count = lam_tree_inode_count(tree);

	return count < UINT32_MAX && bits_init(met, (uint32_t)count)
		       ? 0
		       : lam_fail_memory(err);
}

bool facts_meet_dead(const struct lam_tree *tree, struct bits *met,
		     const struct lam_version *version)
{
	size_t inode = lam_tree_inode(tree, version);

	if (inode == SIZE_MAX || lam_tree_inode_names(tree, inode) ||
	    bits_get(met, (uint32_t)inode))
		return false;
	bits_set(met, (uint32_t)inode, true);
	return true;
}

/* Bytes of a path's versions that no live path shows, each file once. */
static uint64_t dead_bytes_of(const struct lam_tree *tree, const struct lam_node *node,
			      struct bits *met)
{
	uint64_t sum = 0;

	for (uint32_t v = node->version; v != LAM_NODE_NONE;) {
		const struct lam_version *version = lam_tree_version(tree, v);
		struct lam_stat stat;

		v = version->previous;
		if (!facts_meet_dead(tree, met, version))
			continue;
		lam_tree_stat_version(tree, version, &stat);
		if (stat.kind == LAM_KIND_FILE)
			sum += stat.size;
	}
	return sum;
}

static int by_target(const void *a, const void *b)
{
	const struct link_to *x = a, *y = b;

	return x->target != y->target
		       ? (x->target > y->target) - (x->target < y->target)
		       : (x->symlink > y->symlink) - (x->symlink < y->symlink);
}

size_t facts_links_to(const struct facts *f, uint32_t node, size_t *out_first)
{
	size_t low = 0, high = f->link_count, end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (f->links[middle].target < node)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < f->link_count && f->links[end].target == node;)
		end++;
	*out_first = low;
	return end - low;
}

static int look_at_nodes(struct facts *f, const atomic_bool *stop, struct lam_error *err)
{
	LAM_CLEANUP(bits_fini) struct bits met = { 0 };
	size_t cap = 0;

	if (facts_meet_init(f->tree, &met, err) < 0)
		return err->code;
	for (uint32_t n = 0; n < f->count; n++) {
		const struct lam_node *node = lam_tree_node(f->tree, n);
		uint32_t to = LAM_NODE_NONE;

		/* symlinks may cost forty times what a file does */
		if (lam_stops(stop, (uint64_t)n << 4))
			return lam_fail_stopped(err);
		f->flags[n] = flags_of(f->tree, n, node, &to);
		if (to != LAM_NODE_NONE) {
			LAM_XGROW(f->links, f->link_count, cap);
			f->links[f->link_count++] = (struct link_to){ to, n };
		}
		f->from[n] = lam_tree_origin(f->tree, n);
		f->dead_bytes[n] = dead_bytes_of(f->tree, node, &met);
		f->flagged_count += node->live && (f->flags[n] & FACTS_PROBLEM);
	}
	return 0;
}

static int sum_up(struct facts *f, const atomic_bool *stop, struct lam_error *err)
{
	for (uint32_t n = f->count; n-- > 1;) {
		uint32_t parent = lam_tree_node(f->tree, n)->parent;

		if (lam_stops(stop, n))
			return lam_fail_stopped(err);
		f->dead_bytes[parent] += f->dead_bytes[n];
		if (f->flags[n] & FACT_DEAD)
			continue;
		f->from[parent] = layersets_union(&f->sets, f->from[parent], f->from[n]);
		f->children[parent]++;
	}
	layersets_rank(&f->sets);
	return 0;
}

int facts_new(struct facts **out, const struct lam_image *image, const atomic_bool *stop,
	      struct lam_error *err)
{
	struct facts *f = lam_xcalloc(1, sizeof *f);
	int code;

	*out = NULL;
	f->image = image;
	f->tree = lam_image_tree(image);
	f->count = lam_tree_count(f->tree);
	layersets_init(&f->sets, lam_image_layer_count(image));
	f->flags = malloc(f->count * sizeof *f->flags);
	f->from = malloc(f->count * sizeof *f->from);
	f->dead_bytes = malloc(f->count * sizeof *f->dead_bytes);
	f->children = calloc(f->count, sizeof *f->children);
	code = f->flags && f->from && f->dead_bytes && f->children
		       ? look_at_nodes(f, stop, err)
		       : lam_fail_memory(err);
	if (code < 0 || sum_up(f, stop, err) < 0) {
		facts_free(f);
		return err->code;
	}
	if (f->links)
		qsort(f->links, f->link_count, sizeof *f->links, by_target);
	*out = f;
	return 0;
}

void facts_free(struct facts *f)
{
	if (!f)
		return;
	layersets_fini(&f->sets);
	free(f->flags);
	free(f->from);
	free(f->dead_bytes);
	free(f->children);
	free(f->links);
	free(f);
}
