/* Packages, whoever keeps the list of them. */
#include "editor/analysis/packages.h"

#include <stdlib.h>
#include <string.h>

#include <lamina/path.h>

#include "base/buf.h"
#include "base/memory.h"
#include "editor/analysis/preview.h"

/* apk's list of all that is installed; dpkg has a small one for each package. */
#define MOST_LIST_BYTES ((size_t)64 << 20)

static package_read_fn *const DATABASES[] = { packages_read_dpkg, packages_read_apk };

int packages_read_list(struct package_reading *r, uint32_t node, struct lam_error *err)
{
	lam_buf_clear(&r->list);
	return preview_read(&r->list, r->facts->image, node, NULL, r->stop, err);
}

const char *packages_next_line(const struct package_reading *r, size_t *at,
			       size_t *out_len)
{
	const char *line = r->list.data + *at, *newline;

	if (*at >= r->list.len)
		return NULL;
	newline = memchr(line, '\n', r->list.len - *at);
	*out_len = newline ? (size_t)(newline - line) : r->list.len - *at;
	*at += *out_len + 1;
	return line;
}

void packages_add(struct package_reading *r, const char *name, size_t len)
{
	struct packages *p = r->packages;

	LAM_XGROW(p->names, p->count, p->cap);
	p->names[p->count++] = lam_path_escape(name, len);
}

/* The path as the tree has it: where /lib is a link, lists still say /lib. */
static uint32_t find_path(const struct lam_tree *tree, const char *path, size_t len)
{
	uint32_t node = lam_tree_find(tree, path, len), dir;
	const char *slash;

	if (node != LAM_NODE_NONE && lam_tree_node(tree, node)->live)
		return node;
	slash = memrchr(path, '/', len);
	if (!slash || lam_tree_resolve_path(tree, path, (size_t)(slash - path), &dir) !=
			      LAM_RESOLVED)
		return LAM_NODE_NONE;
	return lam_tree_child(tree, dir, slash + 1, len - (size_t)(slash - path) - 1);
}

void packages_claim(struct package_reading *r, const char *path, size_t len)
{
	uint32_t node = len ? find_path(r->facts->tree, path, len) : LAM_NODE_NONE;

	if (node != LAM_NODE_NONE && r->packages->owner[node] == PACKAGE_NONE &&
	    lam_tree_node(r->facts->tree, node)->kind != LAM_KIND_DIR)
		r->packages->owner[node] = (uint32_t)r->packages->count - 1;
}

int packages_init(struct packages *p, const struct facts *facts, const atomic_bool *stop,
		  struct lam_error *err)
{
	struct package_reading r = { .packages = p,
				     .facts = facts,
				     .stop = stop,
				     .list = LAM_BUF(MOST_LIST_BYTES) };
	int code = 0;

	*p = (struct packages){ .owner = malloc(facts->count * sizeof *p->owner) };
	if (!p->owner)
		return lam_fail_memory(err);
	memset(p->owner, 0xff, facts->count * sizeof *p->owner);
	for (size_t i = 0; code == 0 && i < sizeof DATABASES / sizeof *DATABASES; i++)
		code = DATABASES[i](&r, err);
	lam_buf_fini(&r.list);
	return code;
}

void packages_fini(struct packages *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->names[i]);
	free(p->names);
	free(p->owner);
	*p = (struct packages){ 0 };
}
