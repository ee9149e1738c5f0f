/* dpkg's packages: /var/lib/dpkg/info/NAME.list or NAME:ARCH.list, a path a line. */
#include <string.h>

#include "base/stop.h"
#include "editor/analysis/packages.h"

static const char INFO[] = "/var/lib/dpkg/info", SUFFIX[] = ".list";

static int read_list(struct package_reading *r, uint32_t node, const char *name,
		     size_t len, struct lam_error *err)
{
	const char *colon = memchr(name, ':', len), *line;
	size_t at = 0, line_len;

	packages_add(r, name, colon ? (size_t)(colon - name) : len);
	if (packages_read_list(r, node, err) < 0)
		return err->code;
	while ((line = packages_next_line(r, &at, &line_len)))
		packages_claim(r, line, line_len);
	return 0;
}

int packages_read_dpkg(struct package_reading *r, struct lam_error *err)
{
	const size_t suffix_len = sizeof SUFFIX - 1;
	const struct lam_tree *tree = r->facts->tree;
	uint32_t dir = lam_tree_find(tree, INFO, sizeof INFO - 1);
	const struct lam_node *node;

	if (dir == LAM_NODE_NONE)
		return 0;
	node = lam_tree_node(tree, dir);
	for (uint32_t n = node->first_child; n < node->first_child + node->child_count;
	     n++) {
		const struct lam_node *child = lam_tree_node(tree, n);
		size_t len;
		const char *name = lam_tree_name(tree, n, &len);

		if (lam_stops(r->stop, 0))
			return lam_fail_stopped(err);
		if (!child->live || child->kind != LAM_KIND_FILE || len <= suffix_len ||
		    memcmp(name + len - suffix_len, SUFFIX, suffix_len) != 0)
			continue;
		if (read_list(r, n, name, len - suffix_len, err) < 0)
			return err->code;
	}
	return 0;
}
