/* What stands around a pane. */
#include "editor/frame/view.h"

static style_t title_style(bool focus)
{
	return focus ? ROLE_TITLE_FOCUS : ROLE_TITLE;
}

static void draw_line(const struct view *view, struct rect frame, bool focus)
{
	enum line line = focus ? LINE_DOUBLE : LINE_SINGLE;
	style_t style = focus ? ROLE_BORDER_FOCUS : ROLE_BORDER;

	if (view->app->areas.boxed)
		canvas_box(view->canvas, frame, line, style, NULL, style);
	else
		canvas_rule(view->canvas, frame.x, frame.y, frame.width, line, style);
}

/* " right " at the right edge; returns the columns that it took. */
static int draw_right(const struct view *view, struct rect frame, int room,
		      const char *right)
{
	int width = text_width(right) + 2, x;

	width = width > room ? room : width;
	if (!*right || width < 8)
		return 0;
	x = frame.x + frame.width - 2 - width;
	canvas_fill(view->canvas, (struct rect){ x, frame.y, width, 1 }, ROLE_TITLE);
	canvas_text_cut(view->canvas, x + 1, frame.y, width - 2, ROLE_TITLE, right,
			CUT_END);
	return width;
}

void view_frame(const struct view *view, enum pane pane, const char *name,
		const char *about, const char *right)
{
	struct rect frame = view->app->areas.frame[pane];
	bool focus = view->app->focus == pane && view->app->dialog_count == 0;
	int x = frame.x + 1 + view->app->areas.boxed, left = x;
	int room = frame.width - 4 - view->app->areas.boxed, wanted = text_width(about);

	draw_line(view, frame, focus);
	x += canvas_textf(view->canvas, x, frame.y, room, title_style(focus), " %s ",
			  name);
	room -= x - left;
	/* What stands at the right gives way to about half of the rest. */
	wanted = wanted > room / 2 ? room / 2 : wanted;
	room -= draw_right(view, frame, room - wanted - 2, right);
	if (!*about || room < 4)
		return;
	x += canvas_text_cut(view->canvas, x, frame.y, room - 1, title_style(focus),
			     about, CUT_MIDDLE);
	canvas_text(view->canvas, x, frame.y, 1, title_style(focus), " ");
}

void view_heads(const struct view *view, enum pane pane, const struct view_head *heads,
		size_t count)
{
	struct rect in = view->app->areas.pane[pane];

	if (in.y - view->app->areas.frame[pane].y < 2)
		return;
	for (size_t i = 0; i < count; i++) {
		if (heads[i].x >= 0)
			(heads[i].right ? canvas_text_right : canvas_text)(
				view->canvas, in.x + heads[i].x, in.y - 1, heads[i].width,
				ROLE_DIM, heads[i].text);
	}
}

void view_scroll_mark(const struct view *view, enum pane pane, const struct list *list)
{
	struct rect in = view->app->areas.pane[pane];
	int x = view->app->areas.boxed ? in.x + in.width : in.x + in.width - 1;
	bool focus = view->app->focus == pane;

	canvas_scroll_mark(view->canvas, x, in.y, in.height, list->top, list->count,
			   focus ? ROLE_BORDER_FOCUS : ROLE_BORDER);
}

void view_reverse(struct canvas *canvas, struct rect row)
{
	for (int i = 0; i < row.width * row.height; i++) {
		int x = row.x + i % row.width, y = row.y + i / row.width;
		style_t *style = &canvas->cells[y * canvas->width + x].style;

		if ((*style & S_ROLE) < ROLE_CHIP && (*style & S_ROLE) != ROLE_MATCH)
			*style = ROLE_TEXT | (*style & S_BOLD);
		*style |= S_REVERSE;
	}
}

void view_cursor(const struct view *view, enum pane pane, const struct list *list)
{
	struct rect row = view->app->areas.pane[pane];

	if (!list->count)
		return;
	row.y += (int)(list->cursor - list->top);
	row.height = 1;
	if (view->app->focus == pane)
		view_reverse(view->canvas, row);
	else if (pane == PANE_FILES)
		canvas_restyle(view->canvas, row, ROLE_COUNT, S_UNDERLINE);
}
