/* The packages of an image as a whole: all kinds of database read, and asked. */
#include "package/package.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/path.h"
#include "base/stop.h"
#include "image/image.h"

static const struct {
	const char *name;
	lam_package_read_fn *read;
	bool of_source; /* one source makes several, with its version */
} KINDS[] = {
	{ "dpkg", lam_package_read_dpkg, true },
	{ "apk", lam_package_read_apk, true },
	{ "rpm", lam_package_read_rpm, true },
	{ "alpm", lam_package_read_alpm, true },
	{ "conda", lam_package_read_conda, false },
	{ "pip", lam_package_read_pip, false },
	{ "npm", lam_package_read_npm, false },
};
#define KIND_COUNT (sizeof KINDS / sizeof *KINDS)

const char *lam_package_kind(size_t n)
{
	return n < KIND_COUNT ? KINDS[n].name : NULL;
}

bool lam_package_is_of_source(const char *kind)
{
	size_t k = 0;

	while (k < KIND_COUNT && strcmp(KINDS[k].name, kind) != 0)
		k++;
	return k < KIND_COUNT && KINDS[k].of_source;
}

bool lam_package_is_named(const char *text)
{
	for (size_t i = 0; i < KIND_COUNT; i++) {
		size_t len = strlen(KINDS[i].name);

		if (strncmp(text, KINDS[i].name, len) == 0 && text[len] == ':')
			return true;
	}
	return false;
}

/* For readers */

bool lam_package_strip(struct lam_str *name, const char *suffix)
{
	size_t len = strlen(suffix);

	if (name->len <= len || memcmp(name->bytes + name->len - len, suffix, len) != 0)
		return false;
	name->len -= len;
	return true;
}

bool lam_package_split(struct lam_package_id *id)
{
	const char *text = id->name.bytes, *end = text + id->name.len,
		   *dash = memrchr(text, '-', id->name.len);

	if (dash)
		dash = memrchr(text, '-', (size_t)(dash - text));
	if (!dash || dash == text)
		return false;
	id->name.len = (size_t)(dash - text);
	id->version = (struct lam_str){ dash + 1, (size_t)(end - dash) - 1 };
	id->arch.len = 0;
	return true;
}

static const char *copy_text(struct lam_package_reading *r, const char *text, size_t len)
{
	LAM_CLEANUP(lam_free_ptr) char *shown = NULL;

	if (len == 0)
		return "";
	shown = lam_path_escape(text, len);
	return lam_arena_copy(&r->packages->arena, shown, strlen(shown));
}

int lam_package_add(struct lam_package_reading *r, const struct lam_package_id *id,
		    uint32_t *out, struct lam_error *err)
{
	struct lam_packages *p = r->packages;

	if (p->count == LAM_MAX_PACKAGES)
		return lam_fail(err, LAM_EFORMAT, "more than %u packages",
				LAM_MAX_PACKAGES);
	LAM_XGROW(p->items, p->count, p->cap);
	*out = (uint32_t)p->count;
	p->items[p->count++] = (struct lam_package){
		.kind = r->kind,
		.name = copy_text(r, id->name.bytes, id->name.len),
		.version = copy_text(r, id->version.bytes, id->version.len),
		.arch = copy_text(r, id->arch.bytes, id->arch.len),
	};
	return 0;
}

void lam_package_set_version(struct lam_package_reading *r, uint32_t package,
			     const char *text, size_t len)
{
	r->packages->items[package].version = copy_text(r, text, len);
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

/* The tree, as they look at it */

uint32_t lam_package_find(const struct lam_package_reading *r, const char *path,
			  enum lam_kind kind)
{
	uint32_t node;

	if (lam_tree_resolve_path(r->tree, path, strlen(path), &node) != LAM_RESOLVED ||
	    lam_tree_node(r->tree, node)->kind != kind)
		return LAM_NODE_NONE;
	return node;
}

uint32_t lam_package_file(const struct lam_package_reading *r, uint32_t dir,
			  const char *name)
{
	uint32_t n = dir == LAM_NODE_NONE
			     ? dir
			     : lam_tree_child(r->tree, dir, name, strlen(name));

	if (n == LAM_NODE_NONE || !lam_tree_node(r->tree, n)->live)
		return LAM_NODE_NONE;
	if (lam_tree_node(r->tree, n)->kind == LAM_KIND_SYMLINK &&
	    lam_tree_resolve(r->tree, n, &n) != LAM_RESOLVED)
		return LAM_NODE_NONE;
	return lam_tree_node(r->tree, n)->kind == LAM_KIND_FILE ? n : LAM_NODE_NONE;
}

bool lam_package_is_dir(const struct lam_package_reading *r, uint32_t node,
			const char *name)
{
	const struct lam_node *n = lam_tree_node(r->tree, node);
	const char *own;
	size_t len;

	if (!n->live || n->kind != LAM_KIND_DIR || !name)
		return n->live && n->kind == LAM_KIND_DIR;
	own = lam_tree_name(r->tree, node, &len);
	return len == strlen(name) && memcmp(own, name, len) == 0;
}

uint32_t lam_package_children(const struct lam_package_reading *r, uint32_t dir,
			      uint32_t *out_first)
{
	const struct lam_node *node = lam_tree_node(r->tree, dir);

	*out_first = node->first_child;
	return node->first_child + node->child_count;
}

struct lam_buf *lam_package_path(struct lam_package_reading *r, uint32_t dir)
{
	lam_buf_clear(&r->path);
	lam_tree_append_path(r->tree, dir, &r->path);
	lam_text_putc(&r->path, '/');
	return &r->path;
}

/* Contents */

const char *lam_package_next_line(struct lam_package_reading *r, const char *text,
				  size_t text_len, size_t *at, size_t *out_len)
{
	const char *line = text + *at, *newline;

	if (*at >= text_len || lam_stops(r->stop, 0))
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
	int code;

	if (bytes && len <= r->left) {
		r->left -= len;
		code = t->take(t->context, n, bytes, len, err);
	} else {
		code = lam_fail(err, LAM_EFORMAT, "is larger than a database can be");
	}
	if (lam_stops(r->stop, 0))
		return lam_fail_stopped(err);
	if (code == 0 || err->code != LAM_EFORMAT)
		return code;
	path = lam_tree_path_text(r->tree, t->nodes[n]);
	lam_package_note(r, "%s: %s", path, err->text);
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

	if (count == 0) /* mostly: one image has not all kinds */
		return 0;
	return lam_image_read_files(r->image, nodes, count, most, take_file, &taking,
				    r->stop, err);
}

struct record_taking {
	struct lam_package_reading *r;
	const struct lam_package_record *records;
	int (*take)(struct lam_package_reading *r,
		    const struct lam_package_record *record, const char *text, size_t len,
		    struct lam_error *err);
};

static int take_record(void *context, size_t n, const char *text, size_t len,
		       struct lam_error *err)
{
	struct record_taking *t = context;

	return t->take(t->r, &t->records[n], text, len, err);
}

void lam_package_records_fini(struct lam_package_records *records)
{
	free(records->items);
}

bool lam_package_record(struct lam_package_reading *r,
			struct lam_package_records *records, uint32_t node,
			const struct lam_package_id *id)
{
	struct lam_error why;
	uint32_t package;

	if (lam_package_add(r, id, &package, &why) < 0) {
		if (r->full != r->kind)
			lam_package_note(r, "%s", why.text);
		r->full = r->kind;
		return false;
	}
	LAM_XGROW(records->items, records->count, records->cap);
	records->items[records->count++] = (struct lam_package_record){ node, package };
	return true;
}

int lam_package_read_records(struct lam_package_reading *r,
			     const struct lam_package_records *records,
			     int (*take)(struct lam_package_reading *reading,
					 const struct lam_package_record *record,
					 const char *text, size_t len,
					 struct lam_error *err),
			     struct lam_error *err)
{
	struct record_taking taking = { r, records->items, take };
	LAM_CLEANUP(lam_free_ptr)
	uint32_t *nodes = lam_xcalloc(records->count + 1, sizeof *nodes);

	for (size_t i = 0; i < records->count; i++)
		nodes[i] = records->items[i].node;
	return lam_package_read_files(r, nodes, records->count, take_record, &taking,
				      err);
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
		r->kind = KINDS[k].name;
		if (KINDS[k].read(r, err) < 0)
			return err->code == LAM_ESTOPPED ? err->code
							 : lam_wrap(err, "%s", r->kind);
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
					 .left = LAM_MAX_PACKAGE_FILES,
					 .paths = LAM_MAX_PACKAGE_PATHS };
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

static void free_kept(void *value)
{
	lam_packages_free(value);
}

int lam_packages_of(const struct lam_packages **out, const struct lam_image *image,
		    const atomic_bool *stop, struct lam_error *err)
{
	struct lam_image_kept *kept = image->packages;
	struct lam_packages *made = NULL;
	int code = 0;

	(void)pthread_mutex_lock(&kept->lock);
	if (!kept->value) {
		code = lam_packages_read(&made, image, stop, err);
		kept->value = made;
		kept->free = free_kept;
	}
	*out = kept->value;
	(void)pthread_mutex_unlock(&kept->lock);
	return code;
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

char *lam_package_pattern(const struct lam_package *package)
{
	struct lam_buf text = LAM_TEXT;

	lam_text_printf(&text, "%s:", package->kind);
	for (const char *c = package->name; *c; c++) {
		if (strchr("*?[]{}", *c))
			lam_text_putc(&text, '\\');
		lam_text_putc(&text, *c);
	}
	return lam_text_steal(&text);
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
