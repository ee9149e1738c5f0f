/* apk's packages: one text with all of them, "P:name", "V:version" and "A:arch", then
 * "F:dir" and the "R:file"s in it; a blank line ends a package. */
#include <string.h>

#include "base/memory.h"
#include "package/package.h"

struct apk {
	struct lam_package_reading *r;
	struct lam_package_id id;
	uint32_t package; /* LAM_PACKAGE_NONE: before its first directory */
	size_t dir_len;   /* of the reading's path: the directory, with a slash */
};

static int take_dir(struct apk *a, struct lam_str dir, struct lam_error *err)
{
	struct lam_buf *path = &a->r->path;

	if (a->package == LAM_PACKAGE_NONE &&
	    lam_package_add(a->r, &a->id, &a->package, err) < 0)
		return err->code;
	lam_buf_clear(path);
	lam_text_add(path, dir.bytes, dir.len);
	lam_text_putc(path, '/');
	a->dir_len = path->len;
	return lam_package_claim(a->r, a->package, path->data, path->len, err);
}

static int take_file(struct apk *a, struct lam_str name, struct lam_error *err)
{
	struct lam_buf *path = &a->r->path;

	if (a->package == LAM_PACKAGE_NONE)
		return 0;
	path->len = a->dir_len;
	lam_text_add(path, name.bytes, name.len);
	return lam_package_claim(a->r, a->package, path->data, path->len, err);
}

/* One that has no directories, and so no files, is a package all the same. */
static int end_package(struct apk *a, struct lam_error *err)
{
	if (a->package == LAM_PACKAGE_NONE && a->id.name.len &&
	    lam_package_add(a->r, &a->id, &a->package, err) < 0)
		return err->code;
	a->package = LAM_PACKAGE_NONE;
	a->id = (struct lam_package_id){ 0 };
	return 0;
}

static int take_line(struct apk *a, const char *line, size_t len, struct lam_error *err)
{
	struct lam_str value = { line + 2, len - 2 };

	if (len == 0)
		return end_package(a, err);
	if (len < 2 || line[1] != ':')
		return 0;
	switch (line[0]) {
	case 'P': a->id.name = value; break;
	case 'V': a->id.version = value; break;
	case 'A': a->id.arch = value; break;
	case 'F': return a->id.name.len ? take_dir(a, value, err) : 0;
	case 'R': return take_file(a, value, err);
	default: break;
	}
	return 0;
}

static int take_installed(void *context, size_t n, const char *text, size_t len,
			  struct lam_error *err)
{
	struct apk a = { .r = context, .package = LAM_PACKAGE_NONE };
	size_t at = 0, line_len;
	const char *line;

	(void)n;
	while ((line = lam_package_next_line(a.r, text, len, &at, &line_len))) {
		if (take_line(&a, line, line_len, err) < 0)
			return err->code;
	}
	return end_package(&a, err);
}

/* apk 3 has it below /usr, and both may be one folder. */
int lam_package_read_apk(struct lam_package_reading *r, struct lam_error *err)
{
	uint32_t nodes[2],
		count = 0,
		node = lam_package_find(r, "/usr/lib/apk/db/installed", LAM_KIND_FILE);

	if (node != LAM_NODE_NONE)
		nodes[count++] = node;
	node = lam_package_find(r, "/lib/apk/db/installed", LAM_KIND_FILE);
	if (node != LAM_NODE_NONE && (count == 0 || node != nodes[0]))
		nodes[count++] = node;
	return lam_package_read_files(r, nodes, count, take_installed, r, err);
}
