/* The files' pane on the screen: what a row says, and where its columns stand. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/size.h"
#include "editor/files/files.h"

/* Between the range's anchor and the cursor, by their places in the tree. */
static bool in_range(const struct app *app, uint32_t node)
{
	const uint32_t *place = app->files.order->place;
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
	const struct lam_tree *tree = app->facts->tree;
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

static bool is_ruled(const struct app *app, uint32_t node)
{
	const struct bits *ruled =
		app->plan.effect ? &app->plan.effect->targets.ruled : NULL;

	return ruled && node < ruled->count && bits_get(ruled, node);
}

static char state_of(const struct app *app, const struct row_facts *facts)
{
	static const struct {
		unsigned flag;
		char sign;
	} states[] = {
		{ FACT_DANGLING, '!' }, { FACT_LOOP, '@' },   { FACT_ABOVE_ROOT, '/' },
		{ FACT_ESCAPED, '?' },  { FACT_DEAD, 'x' },   { FACT_VERSIONS, '~' },
		{ FACT_LINKED, '=' },   { FACTS_POWER, '^' },
	};

	for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
		if (facts->flags & states[i].flag)
			return states[i].sign;
	}
	return is_ruled(app, facts->node) ? 'r' : ' ';
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

static const char *tags_of(const struct app *app, const struct row_facts *facts,
			   char *out, size_t size)
{
	const struct lam_tree *tree = app->facts->tree;
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
		tag(&tags, "%zu links", lam_tree_link_count(tree, facts->node));
	if (facts->flags & FACT_SETUID)
		tag(&tags, "setuid");
	if (facts->flags & FACT_SETGID)
		tag(&tags, "setgid");
	if (facts->flags & FACT_CAPABILITY)
		tag(&tags, "capability");
	return out;
}

static style_t flag_style(const struct row_facts *facts)
{
	if (facts->flags & FACTS_PROBLEM)
		return ROLE_FLAG;
	return facts->flags & FACTS_POWER ? ROLE_WARNING : ROLE_DIM;
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
	return lam_size_text(bytes, out);
}

static void draw_target(const struct view *view, int x, int y,
			const struct row_facts *facts)
{
	const struct app *app = view->app;
	uint32_t to;
	size_t target;

	if (!facts->tree_node->live) {
		canvas_text(view->canvas, x, y, 3, ROLE_GHOST, " - ");
		return;
	}
	if (!app->plan.effect || !app->plan.effect->targets.to)
		return;
	to = app->plan.effect->targets.to[facts->node];
	if (to == TARGET_SEVERAL || to == LAM_TARGET_NONE) {
		canvas_text(view->canvas, x, y, 3,
			    to == LAM_TARGET_NONE ? ROLE_WARNING : ROLE_TEXT,
			    to == LAM_TARGET_NONE ? "out" : " * ");
		return;
	}
	target = view_target(app, to);
	if (target != SIZE_MAX)
		view_chip(view->canvas, x, y, target,
			  is_ruled(app, facts->node) ? S_BOLD : 0);
}

/* The last column: the tree, names, where symlinks lead, tags */

/* A text of which a part is lit. */
struct lit {
	const char *text;
	size_t from, len; /* len 0: nothing is */
	style_t style;
};

static size_t between(size_t low, size_t at, size_t high)
{
	return at < low ? low : at > high ? high : at;
}

/* Bytes [from, to) of the text. */
static int draw_lit(const struct view *view, int x, int y, int width,
		    const struct lit *lit, size_t from, size_t to)
{
	size_t light = between(from, lit->from, to);
	size_t dark = between(from, lit->from + lit->len, to);
	int used;

	used = view_text(view->canvas, x, y, width, lit->style, lit->text + from,
			 light - from);
	used += view_text(view->canvas, x + used, y, width - used, ROLE_MATCH,
			  lit->text + light, dark - light);
	return used + view_text(view->canvas, x + used, y, width - used, lit->style,
				lit->text + dark, to - dark);
}

/* Cut in the middle, so that the beginning and the extension are seen. */
static int draw_name(const struct view *view, int x, int y, int width,
		     const struct lit *lit)
{
	size_t len = strlen(lit->text), head, tail;
	int used;

	if (width <= 0)
		return 0;
	if (text_width(lit->text) <= width)
		return draw_lit(view, x, y, width, lit, 0, len);
	head = text_fit(lit->text, width / 2, NULL);
	tail = text_fit_end(lit->text, width - width / 2 - 1, NULL);
	used = draw_lit(view, x, y, width / 2, lit, 0, head);
	used += canvas_text(view->canvas, x + used, y, 1, ROLE_DIM, view->glyphs->cut);
	return used + draw_lit(view, x + used, y, width - used, lit, tail, len);
}

/* Columns that the depth takes: at most a third; what is deeper says how deep. */
static int draw_indent(const struct view *view, int x, int y, int width, unsigned depth)
{
	int most = width / 3;
	char mark[24];

	if ((int)depth * 2 <= most)
		return (int)depth * 2;
	snprintf(mark, sizeof mark, "%s%u ", view->glyphs->cut, depth);
	canvas_text_right(view->canvas, x, y, most, ROLE_DIM, mark);
	return most;
}

static const char *fold_mark(const struct view *view, const struct row_facts *facts)
{
	if (facts->stat.kind != LAM_KIND_DIR ||
	    !files_has_rows_below(view->app, facts->node))
		return "";
	return bits_get(&view->app->files.open, facts->node) ? view->glyphs->open
							     : view->glyphs->closed;
}

/* " -> TARGET"; "" of what is no symlink. */
static char *link_text(const struct view *view, const struct row_facts *facts)
{
	char *target, *text;

	if (facts->stat.kind != LAM_KIND_SYMLINK)
		return lam_xstrdup("");
	target = view_escape(view, facts->stat.target, facts->stat.target_len);
	text = lam_xprintf(" -> %s", target);
	free(target);
	return text;
}

static char *name_text(const struct view *view, const struct row_facts *facts)
{
	size_t len;
	const char *name = lam_tree_name(view->app->facts->tree, facts->node, &len);
	char *escaped = view_escape(view, name, len), *text;

	if (facts->stat.kind != LAM_KIND_DIR)
		return escaped;
	text = lam_xprintf("%s/", escaped);
	free(escaped);
	return text;
}

static struct lit lit_name(const struct view *view, const struct row_facts *facts,
			   const char *text)
{
	const struct search *search = view->app->files.search;
	struct lit lit = { .text = text, .style = row_style(facts) };

	if (facts->marked || facts->in_range)
		lit.style = ROLE_MARK;
	if (search && !search_in(search, text, &lit.from, &lit.len))
		lit.from = lit.len = 0;
	return lit;
}

/* Tags are told whole where the name has half of the room; the link's target gives way to
 * both. */
static void draw_texts(const struct view *view, int x, int y, int width,
		       const struct lit *name, const char *target, const char *tags,
		       style_t tags_style)
{
	int tags_width = *tags ? text_width(tags) + 2 : 0;
	int name_width = text_width(name->text), half = width - width / 2, used;

	half = name_width < half ? name_width : half;
	if (tags_width > width - half)
		tags_width = width - half;
	used = draw_name(
		view, x, y,
		name_width < width - tags_width ? name_width : width - tags_width, name);
	used += canvas_text_cut(view->canvas, x + used, y, width - tags_width - used,
				ROLE_TEXT, target, CUT_END);
	if (tags_width > 3)
		canvas_text_cut(view->canvas, x + used + 2, y, width - used - 2,
				tags_style, tags, CUT_END);
}

static void draw_tree(const struct view *view, int x, int y, int width, unsigned depth,
		      const struct row_facts *facts)
{
	int used = draw_indent(view, x, y, width, depth);
	char *name = name_text(view, facts), *target = link_text(view, facts);
	struct lit lit = lit_name(view, facts, name);
	char tags[160];

	canvas_text(view->canvas, x + used, y, 1, row_style(facts),
		    fold_mark(view, facts));
	used += 2;
	draw_texts(view, x + used, y, width - used, &lit, target,
		   tags_of(view->app, facts, tags, sizeof tags), flag_style(facts));
	free(name);
	free(target);
}

/* Rows */

static void draw_heads(const struct view *view, const struct row_columns *columns)
{
	struct view_head chosen[COLUMN_KINDS];
	const struct view_head heads[] = {
		{ columns->mode, 10, "Mode", false },
		{ columns->owner, 11, "Owner", false },
		{ columns->size, 6, "Size", true },
		{ columns->from, 5, "From", false },
		{ columns->to, 3, "To ", true },
		{ columns->name, columns->name_width, "Name", false },
	};

	view_heads(view, PANE_FILES, heads, sizeof heads / sizeof *heads);
	columns_heads(columns, chosen);
	view_heads(view, PANE_FILES, chosen, COLUMN_KINDS);
}

static void draw_flags(const struct view *view, int x, int y,
		       const struct row_facts *facts)
{
	char state[2] = { state_of(view->app, facts), '\0' };
	const struct files *f = &view->app->files;
	bool within =
		bits_get(&f->above, facts->node) && !bits_get(&f->open, facts->node);
	const char *mark = facts->marked     ? "*"
			   : facts->in_range ? "v"
			   : within          ? "+"
					     : "";

	canvas_text(view->canvas, x, y, 1, ROLE_MARK, mark);
	if (*state != ' ')
		canvas_text(view->canvas, x + 1, y, 1,
			    *state == 'r' ? ROLE_KEY : flag_style(facts), state);
}

static void draw_owner(const struct view *view, int x, int y,
		       const struct row_facts *facts)
{
	char text[80];

	canvas_text_cut(
		view->canvas, x, y, 11, ROLE_TEXT,
		owners_text(view->app->owners, facts->stat.uid, facts->stat.gid, text),
		CUT_END);
}

static void draw_from(const struct view *view, int x, int y,
		      const struct row_facts *facts)
{
	const struct app *app = view->app;
	char text[64];

	canvas_text(view->canvas, x, y, 5, ROLE_TEXT,
		    layersets_text(&app->facts->sets, app->facts->from[facts->node], 5,
				   text));
}

static void draw_row(const struct view *view, const struct row_columns *columns,
		     const struct row *row, int y)
{
	struct canvas *canvas = view->canvas;
	int x = view->app->areas.pane[PANE_FILES].x;
	struct row_facts facts = row_facts(view, row->node);
	style_t style = facts.tree_node->live ? ROLE_TEXT : ROLE_GHOST;
	char text[24];

	draw_flags(view, x, y, &facts);
	if (columns->mode >= 0)
		canvas_text(canvas, x + columns->mode, y, 10, style,
			    view_mode(&facts.stat, text));
	if (columns->owner >= 0)
		draw_owner(view, x + columns->owner, y, &facts);
	canvas_text_right(canvas, x + columns->size, y, 6, style,
			  row_size(&facts, view->app, text));
	columns_draw(view, columns, y, &facts);
	if (columns->from >= 0)
		draw_from(view, x + columns->from, y, &facts);
	draw_target(view, x + columns->to, y, &facts);
	draw_tree(view, x + columns->name, y, columns->name_width, row->depth, &facts);
}

/* "entries" of the directory, itself among them, of the filter, where the search stands. */
static void describe_count(const struct view *view, char *out, size_t size)
{
	const struct app *app = view->app;
	const struct files *files = &app->files;
	uint32_t all = lam_tree_node(app->facts->tree, files->root)->live_count;
	char count[32], matches[32];

	lam_count_text(all, count);
	if (files->filter && files->filtered)
		snprintf(out, size, "%s of %s", lam_count_text(files->matches, matches),
			 count);
	else if (files->hits && files->hit > 0)
		snprintf(out, size, "match %zu of %s", files->hit,
			 lam_count_text(files->hits->count, matches));
	else
		snprintf(out, size, "%s entr%s", count, all == 1 ? "y" : "ies");
}

/* A cut copy of what was typed, for the title. */
static void describe_filter(const struct view *view, int columns, char *out, size_t size)
{
	const char *text = view->app->files.filter_text;
	int used;
	size_t fit;

	*out = '\0';
	if (!text || columns < 4)
		return;
	fit = text_fit(text, columns, &used);
	if (text[fit] && fit > 3)
		fit = text_fit(text, columns - 1, &used);
	snprintf(out, size, "filter %.*s%s, ", (int)fit, text,
		 text[fit] ? view->glyphs->cut : "");
}

static void describe(const struct view *view, char *out, size_t size)
{
	const struct app *app = view->app;
	const struct order *order = app->files.order;
	int width = view->app->areas.frame[PANE_FILES].width;
	bool descending = (order->sort != SORT_NAME) != order->reverse;
	char filter[160], count[80];

	describe_filter(view, width / 4, filter, sizeof filter);
	describe_count(view, count, sizeof count);
	if (width < 60) {
		snprintf(out, size, "%s%s", filter, count);
		return;
	}
	snprintf(out, size, "%s%s, sort %s %s%s", filter, count, SORT_NAMES[order->sort],
		 descending ? view->glyphs->descending : view->glyphs->ascending,
		 app->files.ghosts ? ", ghosts" : "");
}

static void draw_empty(const struct view *view)
{
	struct rect in = view->app->areas.pane[PANE_FILES];
	const struct files *files = &view->app->files;

	canvas_text_cut(view->canvas, in.x + 3, in.y, in.width - 4, ROLE_DIM,
			files->filter ? "nothing matches the filter; F shows all again"
				      : "an empty directory",
			CUT_END);
}

void files_draw(const struct view *view)
{
	const struct app *app = view->app;
	struct rect in = app->areas.pane[PANE_FILES];
	const struct list *list = &app->files.list;
	struct row_columns columns = files_columns(app);
	char right[320], *path = view_path(view, app->files.root);

	describe(view, right, sizeof right);
	view_frame(view, PANE_FILES, "1 Files", path, right);
	free(path);
	draw_heads(view, &columns);
	for (size_t i = list->top; i < list->count && i - list->top < list->height; i++)
		draw_row(view, &columns, &app->files.rows.items[i],
			 in.y + (int)(i - list->top));
	if (list->count == 0)
		draw_empty(view);
	view_cursor(view, PANE_FILES, list);
	view_scroll_mark(view, PANE_FILES, list);
}
