/* Where caches are, by the places that programs keep them at. */
#include "editor/analysis/caches.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* A leading '~' stands for /root and for each directory in /home. */
static const struct {
	const char *path;
	bool of_packages;
} PLACES[] = {
	{ "/var/cache/apt", true },
	{ "/var/lib/apt/lists", true },
	{ "/var/cache/apk", true },
	{ "/etc/apk/cache", true },
	{ "/var/cache/dnf", true },
	{ "/var/cache/libdnf5", true },
	{ "/var/cache/yum", true },
	{ "/var/cache/zypp", true },
	{ "/var/cache/pacman/pkg", true },
	{ "/usr/local/share/.cache", true },
	{ "/usr/local/cargo/registry", true },
	{ "/usr/local/bundle/cache", true },
	{ "/opt/conda/pkgs", true },
	{ "/go/pkg/mod/cache", true },
	{ "~/.cache/pip", true },
	{ "~/.cache/yarn", true },
	{ "~/.cache/go-build", true },
	{ "~/.cache/uv", true },
	{ "~/.npm/_cacache", true },
	{ "~/.cargo/registry", true },
	{ "~/.gradle/caches", true },
	{ "~/.composer/cache", true },
	{ "~/.bundle/cache", true },
	{ "~/.conda/pkgs", true },
	{ "~/.cache", false },
	{ "/var/cache/man", false },
	{ "/var/tmp", false },
	{ "/tmp", false },
};

struct finding {
	const struct facts *facts;
	struct cache *items;
	size_t count, cap;
};

static uint32_t go_down(const struct lam_tree *tree, uint32_t from, const char *path)
{
	while (from != LAM_NODE_NONE && *path) {
		size_t len = strcspn(path, "/");

		if (len)
			from = lam_tree_child(tree, from, path, len);
		path += len + (path[len] ? 1 : 0);
	}
	return from;
}

static void add(struct finding *f, uint32_t node, bool of_packages)
{
	const struct lam_node *n;

	if (node == LAM_NODE_NONE)
		return;
	n = lam_tree_node(f->facts->tree, node);
	if (!n->live || n->kind != LAM_KIND_DIR || n->live_bytes == 0)
		return;
	LAM_XGROW(f->items, f->count, f->cap);
	f->items[f->count++] = (struct cache){ node, of_packages };
}

static void add_homes(struct finding *f, const char *path, bool of_packages)
{
	const struct lam_tree *tree = f->facts->tree;
	uint32_t home = go_down(tree, LAM_NODE_ROOT, "/home");
	const struct lam_node *node;

	add(f, go_down(tree, go_down(tree, LAM_NODE_ROOT, "/root"), path), of_packages);
	if (home == LAM_NODE_NONE)
		return;
	node = lam_tree_node(tree, home);
	for (uint32_t i = 0; i < node->child_count; i++)
		add(f, go_down(tree, node->first_child + i, path), of_packages);
}

size_t caches_find(struct cache **out, const struct facts *facts)
{
	struct finding f = { .facts = facts };

	for (size_t i = 0; i < sizeof PLACES / sizeof *PLACES; i++) {
		const char *path = PLACES[i].path;

		if (path[0] == '~')
			add_homes(&f, path + 1, PLACES[i].of_packages);
		else
			add(&f, go_down(facts->tree, LAM_NODE_ROOT, path),
			    PLACES[i].of_packages);
	}
	*out = f.items;
	return f.count;
}
