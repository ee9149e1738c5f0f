/* The packages of an image as a whole: all kinds of database read, and asked. */
#include "package/package.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/path.h"

static const struct {
	const char *name;
	lam_package_read_fn *read;
} KINDS[] = {
	{ "dpkg", lam_package_read_dpkg },
	{ "apk", lam_package_read_apk },
};
#define KIND_COUNT (sizeof KINDS / sizeof *KINDS)

const char *lam_package_kind(size_t n)
{
	return n < KIND_COUNT ? KINDS[n].name : NULL;
}

/* For readers */

static const char *copy_text(struct lam_package_reading *r, const char *text, size_t len)
{
	LAM_CLEANUP(lam_free_ptr) char *shown = lam_path_escape(text, len);

	return lam_arena_copy(&r->packages->arena, shown, strlen(shown));
}

int lam_package_add(struct lam_package_reading *r, const char *name, size_t len,
		    uint32_t *out, struct lam_error *err)
{
	struct lam_packages *p = r->packages;

	if (p->count == LAM_MAX_PACKAGES)
		return lam_fail(err, LAM_EFORMAT, "%s: more than %u packages", r->kind,
				LAM_MAX_PACKAGES);
	LAM_XGROW(p->items, p->count, p->cap);
	*out = (uint32_t)p->count;
	p->items[p->count++] = (struct lam_package){ .kind = r->kind,
						     .name = copy_text(r, name, len),
						     .version = "",
						     .arch = "" };
	return 0;
}

void lam_package_set_version(struct lam_package_reading *r, uint32_t package,
			     const char *text, size_t len)
{
	r->packages->items[package].version = copy_text(r, text, len);
}

void lam_package_set_arch(struct lam_package_reading *r, uint32_t package,
			  const char *text, size_t len)
{
	r->packages->items[package].arch = copy_text(r, text, len);
}

void lam_package_note(struct lam_package_reading *r, const char *format, ...)
{
	struct lam_packages *p = r->packages;
	LAM_CLEANUP(lam_free_ptr) char *text = NULL;
	LAM_CLEANUP(lam_free_ptr) char *line = NULL;
	va_list args;

	if (p->note_count == LAM_MAX_NOTES)
		return;
	va_start(args, format);
	text = lam_xvprintf(format, args);
	va_end(args);
	line = lam_xprintf("%s: %s", r->kind, text);
	LAM_XGROW(p->notes, p->note_count, p->note_cap);
	p->notes[p->note_count++] = lam_arena_copy(&p->arena, line, strlen(line));
}

uint32_t lam_package_find(const struct lam_package_reading *r, const char *path,
			  enum lam_kind kind)
{
	uint32_t node;

	if (lam_tree_resolve_path(r->tree, path, strlen(path), &node) != LAM_RESOLVED ||
	    lam_tree_node(r->tree, node)->kind != kind)
		return LAM_NODE_NONE;
	return node;
}

uint32_t lam_package_child(const struct lam_package_reading *r, uint32_t dir,
			   const char *name, enum lam_kind kind)
{
	uint32_t n = lam_tree_child(r->tree, dir, name, strlen(name));

	if (n == LAM_NODE_NONE || !lam_tree_node(r->tree, n)->live)
		return LAM_NODE_NONE;
	if (lam_tree_node(r->tree, n)->kind == LAM_KIND_SYMLINK &&
	    lam_tree_resolve(r->tree, n, &n) != LAM_RESOLVED)
		return LAM_NODE_NONE;
	return lam_tree_node(r->tree, n)->kind == kind ? n : LAM_NODE_NONE;
}

const char *lam_package_next_line(const char *text, size_t text_len, size_t *at,
				  size_t *out_len)
{
	const char *line = text + *at, *newline;

	if (*at >= text_len)
		return NULL;
	newline = memchr(line, '\n', text_len - *at);
	*out_len = newline ? (size_t)(newline - line) : text_len - *at;
	*at += *out_len + 1;
	return line;
}

struct taking {
	struct lam_package_reading *r;
	const uint32_t *nodes;
	int (*take)(void *context, size_t n, const char *bytes, size_t len,
		    struct lam_error *err);
	void *context;
};

static int take_file(void *context, size_t n, const char *bytes, size_t len,
		     struct lam_error *err)
{
	struct taking *t = context;
	struct lam_package_reading *r = t->r;
	LAM_CLEANUP(lam_free_ptr) char *path = NULL;

	if (bytes && len <= r->left) {
		r->left -= len;
		return t->take(t->context, n, bytes, len, err);
	}
	path = lam_tree_path_text(r->tree, t->nodes[n]);
	lam_package_note(r, "%s is not read: it is larger than a database can be", path);
	return 0;
}

int lam_package_read_files(struct lam_package_reading *r, const uint32_t *nodes,
			   size_t count,
			   int (*take)(void *context, size_t n, const char *bytes,
				       size_t len, struct lam_error *err),
			   void *context, struct lam_error *err)
{
	struct taking taking = { r, nodes, take, context };
	size_t most =
		r->left < LAM_MAX_PACKAGE_FILE ? (size_t)r->left : LAM_MAX_PACKAGE_FILE;

	return lam_image_read_files(r->image, nodes, count, most, take_file, &taking,
				    r->stop, err);
}

/* Reading */

/* Each package's nodes, from the nodes' packages. */
static int gather_nodes(struct lam_packages *p, uint32_t node_count,
			struct lam_error *err)
{
	size_t total = 0;

	p->begins = calloc(p->count + 2, sizeof *p->begins);
	if (!p->begins)
		return lam_fail_memory(err);
	for (uint32_t n = 0; n < node_count; n++) {
		if (p->owner[n] != LAM_PACKAGE_NONE) {
			p->begins[p->owner[n] + 2]++;
			total++;
		}
	}
	p->nodes = malloc((total + 1) * sizeof *p->nodes);
	if (!p->nodes)
		return lam_fail_memory(err);
	for (size_t i = 2; i < p->count + 2; i++)
		p->begins[i] += p->begins[i - 1];
	for (uint32_t n = 0; n < node_count; n++) {
		if (p->owner[n] != LAM_PACKAGE_NONE)
			p->nodes[p->begins[p->owner[n] + 1]++] = n;
	}
	return 0;
}

static int read_kinds(struct lam_package_reading *r, struct lam_error *err)
{
	for (size_t k = 0; k < KIND_COUNT; k++) {
		uint32_t first = (uint32_t)r->packages->count;

		r->kind = KINDS[k].name;
		if (KINDS[k].read(r, err) < 0)
			return err->code == LAM_ESTOPPED ? err->code
							 : lam_wrap(err, "%s", r->kind);
		lam_package_claims_close(r, first);
	}
	return lam_package_own_directories(r, err);
}

int lam_packages_read(struct lam_packages **out, const struct lam_image *image,
		      const atomic_bool *stop, struct lam_error *err)
{
	struct lam_packages *p = lam_xcalloc(1, sizeof *p);
	struct lam_package_reading r = { .packages = p,
					 .image = image,
					 .tree = lam_image_tree(image),
					 .stop = stop,
					 .left = LAM_MAX_PACKAGE_FILES };
	int code = lam_package_claims_init(&r, err);

	*out = NULL;
	if (code == 0)
		code = read_kinds(&r, err);
	if (code == 0)
		code = gather_nodes(p, lam_tree_count(r.tree), err);
	lam_package_claims_fini(&r);
	if (code < 0) {
		lam_packages_free(p);
		return code;
	}
	*out = p;
	return 0;
}

void lam_packages_free(struct lam_packages *p)
{
	if (!p)
		return;
	free(p->items);
	free(p->owner);
	free(p->nodes);
	free(p->begins);
	free(p->notes);
	lam_arena_fini(&p->arena);
	free(p);
}

/* Asking */

size_t lam_packages_count(const struct lam_packages *p)
{
	return p->count;
}

const struct lam_package *lam_packages_get(const struct lam_packages *p, size_t n)
{
	return &p->items[n];
}

uint32_t lam_packages_owner(const struct lam_packages *p, uint32_t node)
{
	return p->owner[node];
}

const uint32_t *lam_packages_nodes(const struct lam_packages *p, size_t n,
				   size_t *out_count)
{
	*out_count = p->begins[n + 1] - p->begins[n];
	return p->nodes + p->begins[n];
}

size_t lam_packages_note_count(const struct lam_packages *p)
{
	return p->note_count;
}

const char *lam_packages_note(const struct lam_packages *p, size_t n)
{
	return p->notes[n];
}
