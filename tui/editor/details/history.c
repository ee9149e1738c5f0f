/* History: what each layer did to a path, the lowest first. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/size.h"
#include "editor/details/details.h"

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

const struct lam_version *version_at(const struct lam_tree *tree, uint32_t node,
				     size_t back)
{
	uint32_t n = lam_tree_node(tree, node)->version;

	while (back-- > 0)
		n = lam_tree_version(tree, n)->previous;
	return lam_tree_version(tree, n);
}

/* The mode, owner and size that a version has. */
static void put_state(struct lines *lines, const struct lam_version *version)
{
	struct lam_stat stat;
	char owner[80], size[LAM_SIZE_TEXT], time[40], mode[16];

	if (version->change == LAM_CHANGE_DELETED)
		return;
	lam_tree_stat_version(lines->view->app->facts->tree, version, &stat);
	lines_printf(lines, ROLE_TEXT, 6, "%s %s %s, %s", view_mode(&stat, mode),
		     owners_text(lines->view->app->owners, stat.uid, stat.gid, owner),
		     stat.kind == LAM_KIND_FILE ? lam_size_text(stat.size, size)
						: version_kind(stat.kind),
		     version_time(stat.mtime_s, time));
	if (stat.kind == LAM_KIND_SYMLINK)
		lines_bytes(lines, ROLE_LINK, 6, "-> ", stat.target, stat.target_len);
}

void history_lines(struct lines *lines)
{
	uint32_t node = lines->view->app->details.node;
	const struct lam_tree *tree = lines->view->app->facts->tree;
	size_t count = version_count(tree, node);

	lines_path(lines, ROLE_TEXT, 0, "", node);
	for (size_t i = count; i > 0; i--) {
		const struct lam_version *version = version_at(tree, node, i - 1);
		const char *by = lam_image_layer(lines->view->app->image, version->layer)
					 ->created_by;

		lines_blank(lines);
		lines_printf(
			lines,
			version->change == LAM_CHANGE_DELETED ? ROLE_WARNING : ROLE_TITLE,
			0, "%4u  %s%s", version->layer, VERSION_CHANGES[version->change],
			version->implied ? ", implied by what is in it" : "");
		put_state(lines, version);
		lines_bytes(lines, ROLE_DIM, 6, "", by, strlen(by));
	}
	if (count == 0)
		lines_text(lines, ROLE_DIM, 0, 2, "no layer has an entry for it");
}
