/* apk's packages: all in /lib/apk/db/installed, "P:name", then "F:dir" and the "R:file"s
 * in it. */
#include "base/buf.h"
#include "base/stop.h"
#include "editor/analysis/packages.h"

static const char INSTALLED[] = "/lib/apk/db/installed";

/* *dir_len: of the path, 0 before the first directory. */
static void take_line(struct package_reading *r, const char *line, size_t len,
		      struct lam_buf *path, size_t *dir_len)
{
	if (len < 2 || line[1] != ':')
		return;
	switch (line[0]) {
	case 'P':
		*dir_len = 0;
		packages_add(r, line + 2, len - 2);
		break;
	case 'F':
		lam_buf_clear(path);
		lam_text_putc(path, '/');
		lam_text_add(path, line + 2, len - 2);
		lam_text_putc(path, '/');
		*dir_len = path->len;
		break;
	case 'R':
		if (*dir_len == 0 || r->packages->count == 0)
			return;
		path->len = *dir_len;
		lam_text_add(path, line + 2, len - 2);
		packages_claim(r, path->data, path->len);
		break;
	default: break;
	}
}

int packages_read_apk(struct package_reading *r, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf path = LAM_TEXT;
	const struct lam_tree *tree = r->facts->tree;
	size_t at = 0, dir_len = 0, len;
	const char *line;
	uint32_t node;

	if (lam_tree_resolve_path(tree, INSTALLED, sizeof INSTALLED - 1, &node) !=
		    LAM_RESOLVED ||
	    lam_tree_node(tree, node)->kind != LAM_KIND_FILE)
		return 0;
	if (packages_read_list(r, node, err) < 0)
		return err->code;
	while ((line = packages_next_line(r, &at, &len))) {
		if (lam_stops(r->stop, 0))
			return lam_fail_stopped(err);
		take_line(r, line, len, &path, &dir_len);
	}
	return 0;
}
