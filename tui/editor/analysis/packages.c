#include "editor/analysis/packages.h"

#include <stdlib.h>
#include <string.h>

#include <lamina/path.h>

#include "editor/find/names.h"
#include "editor/list/stop.h"

/* apk's list of all that is installed; dpkg has a small one for each package. */
#define MOST_LIST_BYTES ((size_t)64 << 20)

struct reading {
	struct packages *packages;
	const struct facts *facts;
	const atomic_bool *stop;
	struct names_text list, path;
};

static int take_piece(void *context, const void *bytes, size_t len, struct lam_error *err)
{
	struct names_text *list = context;

	if (list->len + len > MOST_LIST_BYTES)
		len = MOST_LIST_BYTES - list->len;
	return names_append(list, bytes, len) ? 0 : lam_fail_memory(err);
}

static int add_package(struct packages *p, const char *name, size_t len,
		       struct lam_error *err)
{
	if (p->count == p->cap) {
		size_t cap = p->cap ? 2 * p->cap : 256;
		char **names = realloc(p->names, cap * sizeof *names);

		if (!names)
			return lam_fail_memory(err);
		p->names = names;
		p->cap = cap;
	}
	p->names[p->count] = lam_path_escape(name, len);
	if (!p->names[p->count])
		return lam_fail_memory(err);
	p->count++;
	return 0;
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

/* The first package that says so has a file. */
static void claim(struct reading *r, const char *path, size_t len)
{
	uint32_t node = len ? find_path(r->facts->tree, path, len) : LAM_NODE_NONE;

	if (node != LAM_NODE_NONE && r->packages->owner[node] == PACKAGE_NONE &&
	    lam_tree_node(r->facts->tree, node)->kind != LAM_KIND_DIR)
		r->packages->owner[node] = (uint32_t)r->packages->count - 1;
}

/* One line of the list, and what is behind it. */
static const char *next_line(const char *at, const char *end, size_t *out_len)
{
	const char *newline = memchr(at, '\n', (size_t)(end - at));

	*out_len = newline ? (size_t)(newline - at) : (size_t)(end - at);
	return newline ? newline + 1 : end;
}

/* dpkg: NAME.list or NAME:ARCH.list, a path a line. */

static int read_dpkg_list(struct reading *r, uint32_t node, const char *name, size_t len,
			  struct lam_error *err)
{
	const char *colon = memchr(name, ':', len), *line, *next, *end;

	r->list.len = 0;
	if (add_package(r->packages, name, colon ? (size_t)(colon - name) : len, err) <
		    0 ||
	    lam_image_read_file(r->facts->image, node, NULL, take_piece, &r->list, err) <
		    0)
		return err->code;
	end = r->list.data + r->list.len;
	for (line = r->list.data; line && line < end; line = next) {
		size_t line_len;

		next = next_line(line, end, &line_len);
		claim(r, line, line_len);
	}
	return 0;
}

static int read_dpkg(struct reading *r, struct lam_error *err)
{
	static const char info[] = "/var/lib/dpkg/info", suffix[] = ".list";
	const size_t suffix_len = sizeof suffix - 1;
	const struct lam_tree *tree = r->facts->tree;
	uint32_t dir = lam_tree_find(tree, info, sizeof info - 1);
	const struct lam_node *node;

	if (dir == LAM_NODE_NONE)
		return 0;
	node = lam_tree_node(tree, dir);
	for (uint32_t i = 0; i < node->child_count; i++) {
		uint32_t n = node->first_child + i;
		const struct lam_node *child = lam_tree_node(tree, n);
		size_t len;
		const char *name = lam_tree_name(tree, n, &len);

		if (stop_is_set(r->stop))
			return stop_fail(err);
		if (!child->live || child->kind != LAM_KIND_FILE || len <= suffix_len ||
		    memcmp(name + len - suffix_len, suffix, suffix_len) != 0)
			continue;
		if (read_dpkg_list(r, n, name, len - suffix_len, err) < 0)
			return err->code;
	}
	return 0;
}

/* apk: "P:name", then "F:dir" and the "R:file"s in it. */

static int read_apk_line(struct reading *r, const char *line, size_t len, size_t *dir_len,
			 struct lam_error *err)
{
	if (len < 2 || line[1] != ':')
		return 0;
	switch (line[0]) {
	case 'P': *dir_len = 0; return add_package(r->packages, line + 2, len - 2, err);
	case 'F':
		r->path.len = 0;
		if (!names_append(&r->path, "/", 1) ||
		    !names_append(&r->path, line + 2, len - 2) ||
		    !names_append(&r->path, "/", 1))
			return lam_fail_memory(err);
		*dir_len = r->path.len;
		return 0;
	case 'R':
		if (*dir_len == 0 || r->packages->count == 0)
			return 0;
		r->path.len = *dir_len;
		if (!names_append(&r->path, line + 2, len - 2))
			return lam_fail_memory(err);
		claim(r, r->path.data, r->path.len);
		return 0;
	default: return 0;
	}
}

static int read_apk(struct reading *r, struct lam_error *err)
{
	static const char installed[] = "/lib/apk/db/installed";
	const struct lam_tree *tree = r->facts->tree;
	const char *line, *next, *end;
	size_t dir_len = 0;
	uint32_t node;

	if (lam_tree_resolve_path(tree, installed, sizeof installed - 1, &node) !=
		    LAM_RESOLVED ||
	    lam_tree_node(tree, node)->kind != LAM_KIND_FILE)
		return 0;
	r->list.len = 0;
	if (lam_image_read_file(r->facts->image, node, NULL, take_piece, &r->list, err) <
	    0)
		return err->code;
	end = r->list.data + r->list.len;
	for (line = r->list.data; line && line < end; line = next) {
		size_t len;

		if (stop_is_set(r->stop))
			return stop_fail(err);
		next = next_line(line, end, &len);
		if (read_apk_line(r, line, len, &dir_len, err) < 0)
			return err->code;
	}
	return 0;
}

int packages_init(struct packages *p, const struct facts *facts, const atomic_bool *stop,
		  struct lam_error *err)
{
	struct reading r = { .packages = p, .facts = facts, .stop = stop };
	int code;

	*p = (struct packages){ .owner = malloc(facts->count * sizeof *p->owner) };
	if (!p->owner)
		return lam_fail_memory(err);
	memset(p->owner, 0xff, facts->count * sizeof *p->owner);
	code = read_dpkg(&r, err);
	if (code == 0)
		code = read_apk(&r, err);
	names_text_fini(&r.list);
	names_text_fini(&r.path);
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
