/* The details pane: its tabs, and which of their lines is seen. */
#include <stdio.h>
#include <string.h>

#include "editor/details/lines.h"

static const char *const TABS[][TAB_COUNT] = {
	{ "Info", "History", "Preview", "Effect", "Waste" },
	{ "Inf", "His", "Pre", "Eff", "Was" },
};

static void make_lines(struct lines *lines)
{
	const struct app *app = lines->view->app;
	uint32_t node = app->details.node;

	if (!app->image || !app->facts)
		return;
	switch (app->details.tab) {
	case TAB_EFFECT: lines_effect(lines); return;
	case TAB_WASTE: lines_waste(lines); return;
	case TAB_INFO:
	case TAB_HISTORY:
	case TAB_PREVIEW:
	case TAB_COUNT: break;
	}
	if (node >= app->facts->count) {
		lines_text(lines, ROLE_DIM, 1, 0, "nothing is chosen");
		return;
	}
	lines->about = node;
	if (app->details.tab == TAB_HISTORY)
		lines_history(lines, node);
	else if (app->details.tab == TAB_PREVIEW)
		lines_preview(lines, node);
	else
		lines_info(lines, node);
}

/* The area that text is wrapped to: a column is left for the scroll mark. */
static struct rect text_area(const struct areas *areas)
{
	struct rect area = areas->pane[PANE_DETAILS];

	area.x += areas->boxed ? 1 : 0;
	area.width -= areas->boxed ? 2 : 1;
	return area;
}

static size_t count_lines(const struct view *view)
{
	struct lines lines = { .view = view,
			       .area = text_area(&view->areas),
			       .asked = SIZE_MAX };

	make_lines(&lines);
	return lines.count;
}

/* A canvas that nothing is drawn into: it only says which characters there are. */
static struct view measure(const struct app *app, struct canvas *canvas)
{
	*canvas = (struct canvas){ .ascii = app->ascii };
	return (struct view){ .app = app,
			      .canvas = canvas,
			      .areas = app_areas(app),
			      .glyphs = view_glyphs(canvas) };
}

size_t details_count(const struct app *app)
{
	struct canvas canvas;
	struct view view = measure(app, &canvas);

	return view.areas.pane[PANE_DETAILS].width > 0 ? count_lines(&view) : 0;
}

uint32_t details_node(const struct app *app, size_t line)
{
	struct canvas canvas;
	struct view view = measure(app, &canvas);
	struct lines lines = { .view = &view,
			       .area = text_area(&view.areas),
			       .about = LAM_NODE_NONE,
			       .asked = line,
			       .answer = LAM_NODE_NONE };

	if (view.areas.pane[PANE_DETAILS].width > 0)
		make_lines(&lines);
	return lines.answer;
}

static void name_tabs(const struct view *view, char *out, size_t size)
{
	bool narrow = view->areas.frame[PANE_DETAILS].width < 44;
	size_t len = (size_t)snprintf(out, size, "3");

	for (unsigned i = 0; i < TAB_COUNT && len < size; i++) {
		bool here = i == (unsigned)view->app->details.tab;

		len += (size_t)snprintf(out + len, size - len, here ? " [%s]" : " %s",
					TABS[narrow && !here][i]);
	}
}

void view_details(const struct view *view)
{
	struct rect in = view->areas.pane[PANE_DETAILS];
	struct list list =
		view_list(&view->app->details.list, count_lines(view), in.height);
	struct lines lines = { .view = view,
			       .canvas = view->canvas,
			       .area = text_area(&view->areas),
			       .top = list.top,
			       .about = LAM_NODE_NONE,
			       .asked = SIZE_MAX };
	char tabs[80];

	name_tabs(view, tabs, sizeof tabs);
	view_frame(view, PANE_DETAILS, tabs, "", "");
	make_lines(&lines);
	if (view->app->focus == PANE_DETAILS && list.count > 0)
		view_cursor(view, PANE_DETAILS, in.y + (int)(list.cursor - list.top));
	view_scroll_mark(view, PANE_DETAILS, &list);
}
