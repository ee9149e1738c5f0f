/* dpkg's packages: /var/lib/dpkg/info/NAME[:ARCH].list, a path a line, with versions in
 * status, and diversions that say which of two packages has a name (dpkg-divert(1)); where
 * there is no dpkg, status.d has a stanza and checksums of each package, as Bazel makes it. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "package/package.h"

struct stanza {
	struct lam_str key; /* the name, or of status.d the file's */
	struct lam_str name, version, arch;
};

/* What another package than `by` lists as `from` is at `to`. */
struct diversion {
	struct lam_str from, to, by;
};

struct dpkg;
struct file {
	uint32_t node;
	struct lam_str stem; /* of its name */
	uint32_t package;    /* of a list */
	int (*take)(struct dpkg *d, const struct file *file, const char *text, size_t len,
		    struct lam_error *err);
};
struct files {
	struct file *items;
	size_t count, cap;
};

struct dpkg {
	struct lam_package_reading *r;
	struct lam_arena texts;
	struct stanza *stanzas; /* by key, then arch */
	size_t stanza_count, stanza_cap;
	struct diversion *diversions; /* by from */
	size_t diversion_count, diversion_cap;
	struct files files, lists; /* lists: read when all others are */
	const struct files *taken;
};

static void dpkg_fini(struct dpkg *d)
{
	lam_arena_fini(&d->texts);
	free(d->stanzas);
	free(d->diversions);
	free(d->files.items);
	free(d->lists.items);
}

static struct lam_str copy(struct dpkg *d, struct lam_str text)
{
	return (struct lam_str){ lam_arena_copy(&d->texts, text.bytes, text.len),
				 text.len };
}

static int compare(struct lam_str a, struct lam_str b)
{
	return lam_names_compare(a.bytes, a.len, b.bytes, b.len);
}

static bool next_line(struct dpkg *d, const char *text, size_t len, size_t *at,
		      struct lam_str *out)
{
	out->bytes = lam_package_next_line(d->r, text, len, at, &out->len);
	return out->bytes;
}

/* status, and the files of status.d */

static bool take_field(struct lam_str line, const char *field, struct lam_str *out)
{
	size_t len = strlen(field);

	if (line.len < len || memcmp(line.bytes, field, len) != 0)
		return false;
	*out = (struct lam_str){ line.bytes + len, line.len - len };
	while (out->len && (*out->bytes == ' ' || *out->bytes == '\t')) {
		out->bytes++;
		out->len--;
	}
	return true;
}

static void add_stanza(struct dpkg *d, const struct file *file, const struct stanza *s)
{
	if (!s->name.len || d->stanza_count == LAM_MAX_PACKAGES)
		return;
	LAM_XGROW(d->stanzas, d->stanza_count, d->stanza_cap);
	d->stanzas[d->stanza_count++] = (struct stanza){
		.key = file->stem.len ? file->stem : copy(d, s->name),
		.name = copy(d, s->name),
		.version = copy(d, s->version),
		.arch = copy(d, s->arch),
	};
}

static int take_stanzas(struct dpkg *d, const struct file *file, const char *text,
			size_t len, struct lam_error *err)
{
	static const struct stanza none = { { "", 0 }, { "", 0 }, { "", 0 }, { "", 0 } };
	struct stanza s = none;
	struct lam_str line;

	(void)err;
	for (size_t at = 0; next_line(d, text, len, &at, &line);) {
		if (line.len == 0) {
			add_stanza(d, file, &s);
			s = none;
		} else if (!take_field(line, "Package:", &s.name) &&
			   !take_field(line, "Version:", &s.version)) {
			(void)take_field(line, "Architecture:", &s.arch);
		}
	}
	add_stanza(d, file, &s);
	return 0;
}

static int compare_stanzas(const void *a, const void *b)
{
	const struct stanza *x = a, *y = b;
	int order = compare(x->key, y->key);

	return order ? order : compare(x->arch, y->arch);
}

/* Without an arch the first; NULL: there is none. */
static const struct stanza *find_stanza(const struct dpkg *d, struct lam_str key,
					struct lam_str arch)
{
	size_t low = 0, high = d->stanza_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = compare(d->stanzas[mid].key, key);

		if (order < 0 || (order == 0 && compare(d->stanzas[mid].arch, arch) < 0))
			low = mid + 1;
		else
			high = mid;
	}
	return low < d->stanza_count && compare(d->stanzas[low].key, key) == 0
		       ? &d->stanzas[low]
		       : NULL;
}

/* diversions: three lines each. ":" is the administrator, and no package's name. */

static int take_diversions(struct dpkg *d, const struct file *file, const char *text,
			   size_t len, struct lam_error *err)
{
	struct lam_str from, to, by;

	(void)file;
	for (size_t at = 0; next_line(d, text, len, &at, &from) &&
			    next_line(d, text, len, &at, &to) &&
			    next_line(d, text, len, &at, &by);) {
		if (d->diversion_count == LAM_MAX_PACKAGES)
			return lam_fail(err, LAM_EFORMAT, "has more than %u diversions",
					LAM_MAX_PACKAGES);
		LAM_XGROW(d->diversions, d->diversion_count, d->diversion_cap);
		d->diversions[d->diversion_count++] =
			(struct diversion){ copy(d, from), copy(d, to), copy(d, by) };
	}
	return 0;
}

static int compare_diversions(const void *a, const void *b)
{
	const struct diversion *x = a, *y = b;

	return compare(x->from, y->from);
}

/* Where what a package lists is. */
static struct lam_str divert(const struct dpkg *d, const struct file *list,
			     struct lam_str path)
{
	const struct diversion key = { .from = path },
			       *found = d->diversion_count
						? bsearch(&key, d->diversions,
							  d->diversion_count, sizeof key,
							  compare_diversions)
						: NULL;

	return found && compare(found->by, list->stem) != 0 ? found->to : path;
}

/* Lists */

static int take_list(struct dpkg *d, const struct file *list, const char *text,
		     size_t len, struct lam_error *err)
{
	struct lam_str line;

	for (size_t at = 0; next_line(d, text, len, &at, &line);) {
		line = divert(d, list, line);
		if (lam_package_claim(d->r, list->package, line.bytes, line.len, err) < 0)
			return err->code;
	}
	return 0;
}

/* A checksum, blanks, and a path without its first slash. */
static int take_sums(struct dpkg *d, const struct file *list, const char *text,
		     size_t len, struct lam_error *err)
{
	struct lam_str line;

	for (size_t at = 0; next_line(d, text, len, &at, &line);) {
		const char *blank = memchr(line.bytes, ' ', line.len),
			   *end = line.bytes + line.len;

		while (blank && blank < end && (*blank == ' ' || *blank == '*'))
			blank++;
		if (blank && lam_package_claim(d->r, list->package, blank,
					       (size_t)(end - blank), err) < 0)
			return err->code;
	}
	return 0;
}

/* The package that a list is of: the stem is its name, or name and arch. */
static int add_package(struct dpkg *d, struct file *list, struct lam_error *err)
{
	const char *colon = memchr(list->stem.bytes, ':', list->stem.len);
	struct lam_package_id id = { .name = list->stem, .arch = { "", 0 } };
	const struct stanza *stanza;

	if (colon) {
		id.name.len = (size_t)(colon - list->stem.bytes);
		id.arch = (struct lam_str){ colon + 1, list->stem.len - id.name.len - 1 };
	}
	stanza = find_stanza(d, id.name, id.arch);
	if (stanza)
		id = (struct lam_package_id){ stanza->name, stanza->version,
					      stanza->arch };
	list->stem = id.name;
	return lam_package_add(d->r, &id, &list->package, err);
}

/* The files */

static void add_file(struct files *files, uint32_t node, struct lam_str stem,
		     int (*take)(struct dpkg *, const struct file *, const char *, size_t,
				 struct lam_error *))
{
	if (node == LAM_NODE_NONE)
		return;
	LAM_XGROW(files->items, files->count, files->cap);
	files->items[files->count++] =
		(struct file){ .node = node, .stem = stem, .take = take };
}

/* Lists of a folder; what else is there, if it is asked for, has stanzas. */
static void find_lists(struct dpkg *d, const char *path, bool stanzas)
{
	uint32_t dir = lam_package_find(d->r, path, LAM_KIND_DIR);
	uint32_t n = 0, end;

	if (dir == LAM_NODE_NONE)
		return;
	for (end = lam_package_children(d->r, dir, &n); n < end; n++) {
		const struct lam_node *child = lam_tree_node(d->r->tree, n);
		struct lam_str stem;

		stem.bytes = lam_tree_name(d->r->tree, n, &stem.len);
		if (!child->live || child->kind != LAM_KIND_FILE)
			continue;
		if (lam_package_strip(&stem, ".list"))
			add_file(&d->lists, n, stem, take_list);
		else if (stanzas && lam_package_strip(&stem, ".md5sums"))
			add_file(&d->lists, n, stem, take_sums);
		else if (stanzas)
			add_file(&d->files, n, stem, take_stanzas);
	}
}

static int take_file(void *context, size_t n, const char *text, size_t len,
		     struct lam_error *err)
{
	struct dpkg *d = context;
	const struct file *file = &d->taken->items[n];

	return file->take(d, file, text, len, err);
}

static int take_files(struct dpkg *d, const struct files *files, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr)
	uint32_t *nodes = lam_xcalloc(files->count + 1, sizeof *nodes);

	for (size_t i = 0; i < files->count; i++)
		nodes[i] = files->items[i].node;
	d->taken = files;
	return lam_package_read_files(d->r, nodes, files->count, take_file, d, err);
}

/* /lib -> usr/lib and its like, which packages from before the merge list as directories,
 * perhaps with nothing in them. */
static void mark_merged(struct lam_package_reading *r)
{
	uint32_t usr = lam_package_find(r, "/usr", LAM_KIND_DIR), n,
		 end = lam_package_children(r, LAM_NODE_ROOT, &n);

	for (; usr != LAM_NODE_NONE && n < end; n++) {
		const struct lam_node *node = lam_tree_node(r->tree, n);
		size_t len;
		const char *name = lam_tree_name(r->tree, n, &len);
		uint32_t to;

		if (node->live && node->kind == LAM_KIND_SYMLINK &&
		    lam_tree_resolve(r->tree, n, &to) == LAM_RESOLVED &&
		    to == lam_tree_child(r->tree, usr, name, len))
			r->way[n] = true;
	}
}

static int read_all(struct dpkg *d, struct lam_error *err)
{
	uint32_t first = (uint32_t)d->r->packages->count;
	const struct lam_str none = { "", 0 };

	add_file(&d->files, lam_package_find(d->r, "/var/lib/dpkg/status", LAM_KIND_FILE),
		 none, take_stanzas);
	add_file(&d->files,
		 lam_package_find(d->r, "/var/lib/dpkg/diversions", LAM_KIND_FILE), none,
		 take_diversions);
	find_lists(d, "/var/lib/dpkg/info", false);
	find_lists(d, "/var/lib/dpkg/status.d", true);
	if (!d->lists.count)
		return 0;
	if (take_files(d, &d->files, err) < 0)
		return err->code;
	if (d->stanza_count)
		qsort(d->stanzas, d->stanza_count, sizeof *d->stanzas, compare_stanzas);
	if (d->diversion_count)
		qsort(d->diversions, d->diversion_count, sizeof *d->diversions,
		      compare_diversions);
	for (size_t i = 0; i < d->lists.count; i++) {
		if (add_package(d, &d->lists.items[i], err) < 0)
			return err->code;
	}
	if (take_files(d, &d->lists, err) < 0)
		return err->code;
	mark_merged(d->r);
	lam_package_disown_ways(d->r, first);
	return 0;
}

int lam_package_read_dpkg(struct lam_package_reading *r, struct lam_error *err)
{
	LAM_CLEANUP(dpkg_fini) struct dpkg d = { .r = r };

	return read_all(&d, err);
}
