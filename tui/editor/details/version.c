#include "editor/details/version.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

const char *const VERSION_CHANGES[] = { "added", "changed", "metadata", "same",
					"deleted" };

const char *version_kind(enum lam_kind kind)
{
	static const char *const names[] = { "file",         "symlink",   "char device",
					     "block device", "directory", "fifo" };

	return names[kind];
}

const char *version_time(int64_t seconds, char out[40])
{
	time_t time = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&time, &tm) || strftime(out, 40, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		snprintf(out, 40, "%" PRId64 " s", seconds);
	return out;
}

size_t version_count(const struct lam_tree *tree, uint32_t node)
{
	size_t count = 0;

	for (uint32_t n = lam_tree_node(tree, node)->version; n != LAM_NODE_NONE;
	     n = lam_tree_version(tree, n)->previous)
		count++;
	return count;
}

/* The version that `back` others follow. */
const struct lam_version *version_at(const struct lam_tree *tree, uint32_t node,
				     size_t back)
{
	uint32_t n = lam_tree_node(tree, node)->version;

	while (back-- > 0)
		n = lam_tree_version(tree, n)->previous;
	return lam_tree_version(tree, n);
}
