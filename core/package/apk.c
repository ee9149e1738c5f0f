/* apk's packages: one text with all of them, "P:name", then "F:dir" and the "R:file"s in
 * it; a blank line ends a package (apk-db(5)). */
#include <string.h>

#include "base/memory.h"
#include "base/stop.h"
#include "package/package.h"

struct apk {
	struct lam_package_reading *r;
	uint32_t package; /* LAM_PACKAGE_NONE: before its name */
	struct lam_buf path;
	size_t dir_len; /* of the path, 0 before the first directory */
};

static void take_dir(struct apk *a, const char *dir, size_t len)
{
	lam_buf_clear(&a->path);
	lam_text_add(&a->path, dir, len);
	lam_text_putc(&a->path, '/');
	a->dir_len = a->path.len;
	lam_package_claim(a->r, a->package, a->path.data, a->path.len);
}

static void take_file(struct apk *a, const char *name, size_t len)
{
	if (!a->dir_len)
		return;
	a->path.len = a->dir_len;
	lam_text_add(&a->path, name, len);
	lam_package_claim(a->r, a->package, a->path.data, a->path.len);
}

static int take_line(struct apk *a, const char *line, size_t len, struct lam_error *err)
{
	const char *value = line + 2;

	if (len == 0) {
		a->package = LAM_PACKAGE_NONE;
		a->dir_len = 0;
	}
	if (len < 2 || line[1] != ':')
		return 0;
	if (line[0] == 'P' && a->package == LAM_PACKAGE_NONE)
		return lam_package_add(a->r, value, len - 2, &a->package, err);
	if (a->package == LAM_PACKAGE_NONE)
		return 0;
	switch (line[0]) {
	case 'V': lam_package_set_version(a->r, a->package, value, len - 2); break;
	case 'A': lam_package_set_arch(a->r, a->package, value, len - 2); break;
	case 'F': take_dir(a, value, len - 2); break;
	case 'R': take_file(a, value, len - 2); break;
	default: break;
	}
	return 0;
}

static int take_installed(void *context, size_t n, const char *text, size_t len,
			  struct lam_error *err)
{
	struct apk *a = context;
	size_t at = 0, line_len;
	const char *line;

	(void)n;
	a->package = LAM_PACKAGE_NONE;
	a->dir_len = 0;
	for (uint64_t steps = 0;
	     (line = lam_package_next_line(text, len, &at, &line_len)); steps++) {
		if (lam_stops(a->r->stop, steps))
			return lam_fail_stopped(err);
		if (take_line(a, line, line_len, err) < 0)
			return err->code;
	}
	return 0;
}

/* apk 3 has it below /usr, and both may be one folder. */
int lam_package_read_apk(struct lam_package_reading *r, struct lam_error *err)
{
	struct apk a = { .r = r, .path = LAM_TEXT };
	uint32_t nodes[2] = {
		lam_package_find(r, "/usr/lib/apk/db/installed", LAM_KIND_FILE),
		lam_package_find(r, "/lib/apk/db/installed", LAM_KIND_FILE),
	};
	size_t count = 0;
	int code;

	if (nodes[0] != LAM_NODE_NONE)
		count++;
	if (nodes[1] != LAM_NODE_NONE && nodes[1] != nodes[0])
		nodes[count++] = nodes[1];
	code = lam_package_read_files(r, nodes, count, take_installed, &a, err);
	lam_buf_fini(&a.path);
	return code;
}
