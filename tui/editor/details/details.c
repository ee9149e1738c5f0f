/* The details' pane: which tab is seen, and which of its lines. */
#include "editor/details/details.h"

#include <stdio.h>
#include <stdlib.h>

#define HEAD_LINES 16 /* above the first line that leads somewhere, at the most */

static const struct tab_kind {
	const char *name, *short_name;
	bool of_node;
	void (*lines)(struct lines *lines);
	void (*want)(struct app *app);
} TABS[TAB_COUNT] = {
#define TAB(id, name, short_name, of_node, lines, want) \
	[TAB_##id] = { name, short_name, of_node, lines, want },
#include "editor/details/tabs.def"
#undef TAB
};

void details_init(struct details *details)
{
	details->node = details->path = details->previewing = LAM_NODE_NONE;
}

void details_fini(struct details *details)
{
	preview_free(details->preview);
	waste_free(details->waste);
	bits_fini(&details->waste_open);
	search_free(details->search);
	free(details->search_text);
}

void details_want_nothing(struct app *app)
{
	(void)app;
}

/* The first press shows a tab; the second, where it stands already, gives it the whole
 * screen, and the focus; the first does where there is no room beside others. What is not
 * about the entry under the files' cursor has the focus at once: `w x` is about waste. */
void details_show(struct app *app, int tab)
{
	struct details *d = &app->details;
	bool again = (int)d->tab == tab && d->asked;

	app_show_pane(app, PANE_DETAILS);
	d->home = d->home || (int)d->tab != tab;
	d->tab = (enum tab)tab;
	d->asked = true;
	again = again || !app_areas(app).pane[PANE_DETAILS].width;
	if (!again) {
		if (!TABS[tab].of_node)
			app->focus = PANE_DETAILS;
		return;
	}
	app->focus = d->full ? PANE_FILES : PANE_DETAILS;
	d->full = !d->full;
}

void details_step(struct app *app, int by)
{
	struct details *d = &app->details;

	d->tab = (enum tab)(((int)d->tab + by + TAB_COUNT) % TAB_COUNT);
	d->home = true;
	app_show_pane(app, PANE_DETAILS);
	if (!app_areas(app).pane[PANE_DETAILS].width)
		app->focus = PANE_DETAILS, d->full = true;
}

void details_lines(struct lines *lines)
{
	const struct app *app = lines->view->app;
	const struct tab_kind *tab = &TABS[app->details.tab];

	if (tab->of_node && app->details.node >= app->facts->count) {
		lines_text(lines, ROLE_DIM, 1, 0, "nothing is chosen");
		return;
	}
	if (tab->of_node)
		lines->about = app->details.node;
	tab->lines(lines);
}

struct rect details_text_area(const struct areas *areas)
{
	struct rect area = areas->pane[PANE_DETAILS];

	area.x += areas->boxed ? 1 : 0;
	area.width -= areas->boxed ? 2 : 1;
	return area;
}

/* How many lines there are, and what the cursor's is about. */
static struct lines measure(const struct app *app)
{
	struct canvas canvas = { .ascii = app->ascii };
	const struct view view = { app, &canvas, view_glyphs(app->ascii) };
	struct lines lines = { .view = &view,
			       .area = details_text_area(&app->areas),
			       .about = LAM_NODE_NONE,
			       .asked = app->details.list.cursor,
			       .answer = LAM_NODE_NONE,
			       .item = SIZE_MAX,
			       .first = SIZE_MAX };

	details_lines(&lines);
	lines.view = NULL;
	return lines;
}

void details_fit(struct app *app)
{
	struct details *d = &app->details;
	struct rect area = app->areas.pane[PANE_DETAILS];
	uint32_t node = app_cursor_node(app);
	struct lines lines;
	size_t asked;

	if (node != d->node && TABS[d->tab].of_node)
		d->list = (struct list){ 0 };
	d->node = node;
	if (!area.width) {
		if (d->home)
			d->list = (struct list){ 0 };
		d->home = false;
		d->path = LAM_NODE_NONE;
		d->item = SIZE_MAX;
		return;
	}
	TABS[d->tab].want(app);
	asked = d->list.cursor;
	lines = measure(app);
	if (d->home)
		d->list = (struct list){ .cursor = lines.first < HEAD_LINES ? lines.first
									    : 0 };
	d->home = false;
	list_fit(&d->list, lines.count, (size_t)area.height);
	if (d->list.cursor != asked)
		lines = measure(app);
	d->path = lines.answer;
	d->item = lines.item;
}

/* The names of the first `count` tabs; returns their columns. */
static int name_tabs(const struct app *app, unsigned count, char *out, size_t size)
{
	bool narrow = app->areas.frame[PANE_DETAILS].width < 50;
	size_t len = (size_t)snprintf(out, size, "3");

	for (unsigned i = 0; i < count && len < size; i++) {
		bool here = i == (unsigned)app->details.tab;

		len += (size_t)snprintf(out + len, size - len, here ? " [%s]" : " %s",
					narrow && !here ? TABS[i].short_name
							: TABS[i].name);
	}
	return (int)len;
}

enum tab details_tab_at(const struct app *app, int x)
{
	int from = app->areas.frame[PANE_DETAILS].x + 2 + app->areas.boxed;
	char tabs[80];

	for (unsigned i = 0; i < TAB_COUNT; i++) {
		if (x >= from + name_tabs(app, i, tabs, sizeof tabs) &&
		    x < from + name_tabs(app, i + 1, tabs, sizeof tabs))
			return (enum tab)i;
	}
	return TAB_COUNT;
}

void details_draw(const struct view *view)
{
	const struct app *app = view->app;
	const struct list *list = &app->details.list;
	struct lines lines = { .view = view,
			       .canvas = view->canvas,
			       .area = details_text_area(&app->areas),
			       .top = list->top,
			       .about = LAM_NODE_NONE,
			       .asked = SIZE_MAX,
			       .item = SIZE_MAX };
	char tabs[80];

	name_tabs(app, TAB_COUNT, tabs, sizeof tabs);
	view_frame(view, PANE_DETAILS, tabs, "", "");
	details_lines(&lines);
	details_light(view, lines.area);
	if (app->focus == PANE_DETAILS)
		view_cursor(view, PANE_DETAILS, list);
	view_scroll_mark(view, PANE_DETAILS, list);
}
