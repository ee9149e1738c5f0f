/* The last column of the files: the tree, names, where symlinks lead, tags. */
#include <stdio.h>
#include <string.h>

#include "editor/files/row.h"

/* A text of which a part is lit. */
struct lit {
	const char *text;
	size_t from, len; /* len 0: nothing is */
	style_t style;
};

static int draw_part(const struct view *view, int x, int y, int width, style_t style,
		     const char *text, size_t len)
{
	char *part = len > 0 ? strndup(text, len) : NULL;
	int used = part ? canvas_text(view->canvas, x, y, width, style, part) : 0;

	free(part);
	return used;
}

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

	used = draw_part(view, x, y, width, lit->style, lit->text + from, light - from);
	used += draw_part(view, x + used, y, width - used, ROLE_MATCH, lit->text + light,
			  dark - light);
	return used + draw_part(view, x + used, y, width - used, lit->style,
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
	used += canvas_text(view->canvas, x + used, y, 1, ROLE_DIM,
			    view->canvas->ascii ? "~" : "…");
	return used + draw_lit(view, x + used, y, width - used, lit, tail, len);
}

/* Columns that the depth takes: at most a third; what is deeper says how deep. */
static int draw_indent(const struct view *view, int x, int y, int width, unsigned depth)
{
	int most = width / 3;
	char mark[24];

	if ((int)depth * 2 <= most)
		return (int)depth * 2;
	snprintf(mark, sizeof mark, "%s%u ", view->canvas->ascii ? "~" : "…", depth);
	canvas_text_right(view->canvas, x, y, most, ROLE_DIM, mark);
	return most;
}

static const char *fold_mark(const struct view *view, const struct row_facts *facts)
{
	const struct lam_node *node = facts->tree_node;
	bool inside = view->app->files.ghosts
			      ? node->child_count > 0
			      : view->app->facts->children[facts->node] > 0;

	if (facts->stat.kind != LAM_KIND_DIR || !inside)
		return "";
	return bits_get(&view->app->files.open, facts->node) ? view->glyphs->open
							     : view->glyphs->closed;
}

static char *link_target(const struct view *view, const struct row_facts *facts)
{
	char *target, *text = NULL;

	if (facts->stat.kind != LAM_KIND_SYMLINK)
		return NULL;
	target = view_escape(view->canvas, facts->stat.target, facts->stat.target_len);
	if (target && asprintf(&text, " -> %s", target) < 0)
		text = NULL;
	free(target);
	return text;
}

static char *name_text(const struct view *view, const struct row_facts *facts)
{
	size_t len;
	const char *name =
		lam_tree_name(lam_image_tree(view->app->image), facts->node, &len);
	char *escaped = view_escape(view->canvas, name, len), *text = NULL;

	if (facts->stat.kind != LAM_KIND_DIR)
		return escaped;
	if (escaped && asprintf(&text, "%s/", escaped) < 0)
		text = NULL;
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
	if (target)
		used += canvas_text_cut(view->canvas, x + used, y,
					width - tags_width - used, ROLE_TEXT, target,
					CUT_END);
	if (tags_width > 3)
		canvas_text_cut(view->canvas, x + used + 2, y, width - used - 2,
				tags_style, tags, CUT_END);
}

void row_name(const struct view *view, int x, int y, int width, unsigned depth,
	      const struct row_facts *facts)
{
	int used = draw_indent(view, x, y, width, depth);
	char *name = name_text(view, facts), *target = link_target(view, facts);
	struct lit lit = lit_name(view, facts, view_or(name));
	char tags[160];

	canvas_text(view->canvas, x + used, y, 1, row_style(facts),
		    fold_mark(view, facts));
	used += 2;
	draw_texts(view, x + used, y, width - used, &lit, target,
		   row_tags(view->app, facts, tags, sizeof tags), row_flag_style(facts));
	free(name);
	free(target);
}
