#include "editor/files/row.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define OWNER_WIDTH 12
#define OWNER_FROM  84 /* columns of the pane from which on there is an owner */
#define FROM_FROM   58
#define MODE_FROM   50

struct row_columns row_columns(int width)
{
	struct row_columns columns = { -1, -1, -1, -1, -1, -1, 0 };
	int x = 3; /* the flags and a blank */

	if (width >= MODE_FROM) {
		columns.mode = x;
		x += 11;
	}
	if (width >= OWNER_FROM) {
		columns.owner = x;
		x += OWNER_WIDTH;
	}
	columns.size = x;
	x += 7;
	if (width >= FROM_FROM) {
		columns.from = x;
		x += 6;
	}
	columns.to = x;
	x += 4;
	columns.name = x;
	columns.name_width = width - x;
	return columns;
}

/* Between the range's anchor and the cursor, by their places in the tree. */
static bool in_range(const struct app *app, uint32_t node)
{
	const uint32_t *place = app->order->place;
	uint32_t cursor = app_cursor_node(app), anchor = app->files.anchor, low, high;

	if (anchor >= app->facts->count || cursor >= app->facts->count)
		return false;
	low = place[anchor] < place[cursor] ? place[anchor] : place[cursor];
	high = place[anchor] < place[cursor] ? place[cursor] : place[anchor];
	return place[node] >= low && place[node] <= high;
}

struct row_facts row_facts(const struct view *view, uint32_t node)
{
	const struct app *app = view->app;
	const struct lam_tree *tree = lam_image_tree(app->image);
	struct row_facts facts = {
		.node = node,
		.tree_node = lam_tree_node(tree, node),
		.flags = app->facts->flags[node],
		.marked = bits_get(&app->files.marks, node),
		.in_range = in_range(app, node),
	};

	lam_tree_stat(tree, node, &facts.stat);
	return facts;
}

bool row_is_ruled(const struct app *app, uint32_t node)
{
	const struct bits *ruled = app->effect ? &app->effect->targets.ruled : NULL;

	return ruled && node < ruled->count && bits_get(ruled, node);
}

char row_state(const struct app *app, const struct row_facts *facts)
{
	static const struct {
		unsigned flag;
		char sign;
	} states[] = {
		{ FACT_DANGLING, '!' }, { FACT_LOOP, '@' },  { FACT_ABOVE_ROOT, '/' },
		{ FACT_ESCAPED, '?' },  { FACT_DEAD, 'x' },  { FACT_VERSIONS, '~' },
		{ FACT_LINKED, '=' },   { FACT_POWER, '^' },
	};

	for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
		if (facts->flags & states[i].flag)
			return states[i].sign;
	}
	return row_is_ruled(app, facts->node) ? 'r' : ' ';
}

static size_t version_count(const struct lam_tree *tree, const struct lam_node *node)
{
	size_t count = 0;

	for (uint32_t n = node->version; n != LAM_NODE_NONE;) {
		const struct lam_version *version = lam_tree_version(tree, n);

		count += version->change != LAM_CHANGE_DELETED;
		n = version->previous;
	}
	return count;
}

static size_t link_count(const struct lam_tree *tree, uint32_t node)
{
	struct lam_error err;
	uint32_t *links;
	size_t count;

	if (lam_tree_links(tree, node, &links, &count, &err) < 0)
		return 0;
	free(links);
	return count;
}

struct tags {
	char *out;
	size_t size, len;
};

static void __attribute__((format(printf, 2, 3)))
tag(struct tags *tags, const char *format, ...)
{
	char text[40];
	va_list args;
	int more;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	more = snprintf(tags->out + tags->len, tags->size - tags->len, "%s[%s]",
			tags->len > 0 ? " " : "", text);
	if (more > 0 && tags->len + (size_t)more < tags->size)
		tags->len += (size_t)more;
	tags->out[tags->len] = '\0';
}

static void tag_deleted(struct tags *tags, const struct lam_tree *tree,
			const struct lam_node *node)
{
	const struct lam_version *last;

	if (node->live || node->version == LAM_NODE_NONE)
		return;
	last = lam_tree_version(tree, node->version);
	tag(tags, "deleted in %u", last->layer);
}

const char *row_tags(const struct app *app, const struct row_facts *facts, char *out,
		     size_t size)
{
	const struct lam_tree *tree = lam_image_tree(app->image);
	struct tags tags = { out, size, 0 };

	out[0] = '\0';
	if (facts->flags & FACT_DANGLING)
		tag(&tags, "dangling");
	if (facts->flags & FACT_LOOP)
		tag(&tags, "loop");
	if (facts->flags & FACT_ABOVE_ROOT)
		tag(&tags, "above root");
	if (facts->flags & FACT_ESCAPED)
		tag(&tags, "escaped name");
	tag_deleted(&tags, tree, facts->tree_node);
	if (facts->flags & FACT_VERSIONS)
		tag(&tags, "%zu versions", version_count(tree, facts->tree_node));
	if (facts->flags & FACT_LINKED)
		tag(&tags, "%zu links", link_count(tree, facts->node));
	if (facts->flags & FACT_POWER)
		tag(&tags, "%s",
		    facts->stat.mode & 04000   ? "setuid"
		    : facts->stat.mode & 02000 ? "setgid"
					       : "capability");
	return out;
}

style_t row_flag_style(const struct row_facts *facts)
{
	if (facts->flags & FACTS_PROBLEM)
		return ROLE_FLAG;
	return facts->flags & FACT_POWER ? ROLE_WARNING : ROLE_DIM;
}

style_t row_style(const struct row_facts *facts)
{
	if (!facts->tree_node->live)
		return ROLE_GHOST;
	switch (facts->stat.kind) {
	case LAM_KIND_DIR: return ROLE_DIR;
	case LAM_KIND_SYMLINK: return ROLE_LINK;
	case LAM_KIND_CHAR:
	case LAM_KIND_BLOCK:
	case LAM_KIND_FIFO: return ROLE_DEVICE;
	case LAM_KIND_FILE: break;
	}
	return facts->stat.mode & 0111 ? ROLE_EXEC : ROLE_TEXT;
}

const char *row_size(const struct row_facts *facts, const struct app *app, char out[24])
{
	uint64_t bytes = facts->stat.size;

	switch (facts->stat.kind) {
	case LAM_KIND_SYMLINK:
	case LAM_KIND_FIFO: return "-";
	case LAM_KIND_CHAR:
	case LAM_KIND_BLOCK:
		snprintf(out, 24, "%u,%u", facts->stat.dev_major, facts->stat.dev_minor);
		return out;
	case LAM_KIND_DIR:
		bytes = facts->tree_node->live ? facts->tree_node->live_bytes
					       : app->facts->dead_bytes[facts->node];
		break;
	case LAM_KIND_FILE: break;
	}
	return text_size(bytes, out);
}

void row_target(const struct view *view, int x, int y, const struct row_facts *facts)
{
	const struct app *app = view->app;
	uint32_t to;
	size_t target;

	if (!facts->tree_node->live) {
		canvas_text(view->canvas, x, y, 3, ROLE_GHOST, " - ");
		return;
	}
	if (!app->effect || !app->effect->targets.to)
		return;
	to = app->effect->targets.to[facts->node];
	if (to == TARGET_SEVERAL || to == LAM_TARGET_NONE) {
		canvas_text(view->canvas, x, y, 3,
			    to == LAM_TARGET_NONE ? ROLE_WARNING : ROLE_TEXT,
			    to == LAM_TARGET_NONE ? "out" : " * ");
		return;
	}
	target = view_target(app, to);
	if (target != SIZE_MAX)
		view_chip(view->canvas, x, y, target,
			  row_is_ruled(app, facts->node) ? S_BOLD : 0);
}
