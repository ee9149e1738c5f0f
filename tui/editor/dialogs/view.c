/* Dialogs on the screen: where their parts stand, and drawing them. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/memory.h"
#include "editor/dialogs/dialog.h"

#define MOST_WIDTH   76
#define LEAST_WIDTH  44
#define PROMPT_WIDTH 44
#define PALETTE_ROWS 12  /* so that the box stays as it is while one types */
#define MEASURED     500 /* lines and items that are looked at for the width */

static int least(int a, int b)
{
	return a < b ? a : b;
}

static int most(int a, int b)
{
	return a > b ? a : b;
}

/* Hints: "[Enter] assign  [Esc] cancel", apart by two blanks */

static void draw_hint(struct canvas *canvas, int x, int y, int width, const char *text,
		      size_t len)
{
	const char *close = *text == '[' ? memchr(text, ']', len) : NULL;
	size_t key = close ? (size_t)(close - text) + 1 : 0;
	int used = view_text(canvas, x, y, width, ROLE_KEY, text, key);

	view_text(canvas, x + used, y, width - used, ROLE_HINT, text + key, len - key);
}

static int width_of(const char *text, size_t len)
{
	LAM_CLEANUP(lam_free_ptr) char *part = lam_xmemdup(text, len);
	int width = text_width(part);

	return width;
}

/* Rows for the hints, broken between two of them; drawn where canvas is not NULL. */
static int hint_rows(struct canvas *canvas, struct rect area, const char *hints)
{
	int x = 0, y = 0;

	while (*hints) {
		const char *gap = strstr(hints, "  ");
		size_t len = gap ? (size_t)(gap - hints) : strlen(hints);
		int width = width_of(hints, len);

		if (x > 0 && x + width > area.width) {
			x = 0;
			y++;
		}
		if (canvas && y < area.height)
			draw_hint(canvas, area.x + x, area.y + y, area.width - x, hints,
				  len);
		x += width + 2;
		hints += len;
		while (*hints == ' ')
			hints++;
	}
	return y + 1;
}

bool dialog_has_prompt(const struct dialog *dialog)
{
	return dialog->kind == DIALOG_PROMPT || dialog->kind == DIALOG_PALETTE ||
	       (dialog->kind == DIALOG_TEXT && dialog->searching);
}

static int rows_of(const char *text, int width)
{
	int rows = 0;

	do {
		size_t next;

		view_wrap(text, width, &next);
		text += next;
		rows++;
	} while (*text && rows < 1000);
	return rows;
}

static int item_width(const struct dialog_item *item)
{
	return 8 + text_width(item->text) + (item->key ? text_width(item->key) + 2 : 0);
}

static int hints_width(const struct dialog *dialog)
{
	return dialog->hints ? text_width(dialog->hints) : 0;
}

/* What is asked about is seen whole, and the box does not grow with each letter. */
static int prompt_width(const struct dialog *dialog)
{
	int label = dialog->label ? text_width(dialog->label) : 0;
	int text = text_width(lineedit_text(&dialog->edit));

	return label + 4 + most(PROMPT_WIDTH, text);
}

static int wanted_width(const struct dialog *dialog)
{
	int width = most(hints_width(dialog),
			 dialog->title ? text_width(dialog->title) + 4 : 0);

	if (dialog->kind == DIALOG_PALETTE || dialog->kind == DIALOG_PICTURE)
		return MOST_WIDTH;
	for (size_t i = 0; i < dialog->line_count && i < MEASURED; i++)
		width = most(width, text_width(dialog->lines[i].text));
	for (size_t i = 0; i < dialog->item_count && i < MEASURED; i++)
		width = most(width, item_width(&dialog->items[i]));
	if (dialog_has_prompt(dialog))
		width = most(width, prompt_width(dialog));
	return most(width + 5, LEAST_WIDTH); /* frame, blanks, a scroll mark */
}

static int line_rows(const struct dialog *dialog, int width)
{
	int rows = 0;

	for (size_t i = 0; i < dialog->line_count && rows < 1000; i++)
		rows += rows_of(dialog->lines[i].text, width);
	return rows;
}

static int list_rows(const struct dialog *dialog, int width)
{
	size_t count =
		dialog->kind == DIALOG_PICTURE ? dialog->row_count : dialog->item_count;

	if (dialog->kind == DIALOG_PALETTE)
		return PALETTE_ROWS;
	if (dialog->kind == DIALOG_TEXT)
		return line_rows(dialog, width);
	return count < 1000 ? (int)count : 1000;
}

/* Heights of the parts from top to bottom, and of the gaps between them. */
struct heights {
	int text, list, prompt, hints, gaps;
};

static int sum(const struct heights *h)
{
	return h->text + h->list + h->prompt + h->hints + h->gaps;
}

static int wanted_gaps(const struct heights *h)
{
	return (h->text > 0) + (h->list > 0) + (h->prompt > 0) + (h->hints > 0) - 1;
}

/* What is wanted is made to fit: gaps go first, then the list shrinks to three rows, the
 * text, the hints; the prompt stays. */
static void shrink(struct heights *h, int room)
{
	int over = sum(h) - room, cut;

	if (over > 0 && room < 14) {
		over -= h->gaps;
		h->gaps = over < 0 ? -over : 0;
	}
	cut = least(most(over, 0), most(h->list - 3, 0));
	h->list -= cut;
	over -= cut;
	if (over > 0 && h->hints > 1) {
		cut = least(over, h->hints - 1);
		h->hints -= cut;
		over -= cut;
	}
	cut = least(most(over, 0), h->text);
	h->text -= cut;
	over -= cut;
	if (over > 0)
		h->hints = 0;
}

static struct rect take_rows(struct rect *rest, int rows)
{
	struct rect rect = { rest->x, rest->y, rest->width, least(rows, rest->height) };

	rest->y += rect.height;
	rest->height -= rect.height;
	return rect;
}

static void gap(struct rect *rest, struct heights *h, int before)
{
	if (before > 0 && h->gaps > 0) {
		take_rows(rest, 1);
		h->gaps--;
	}
}

static void place(struct parts *parts, const struct dialog *dialog, struct heights *h)
{
	struct rect rest = parts->inside;
	bool on_top = dialog->kind == DIALOG_PALETTE; /* the prompt, above the list */

	parts->text = take_rows(&rest, h->text);
	gap(&rest, h, h->text);
	if (on_top) {
		parts->prompt = take_rows(&rest, h->prompt);
		gap(&rest, h, h->prompt);
	}
	parts->list = take_rows(&rest, h->list);
	if (!on_top) {
		gap(&rest, h, h->prompt > 0 ? h->list : 0);
		parts->prompt = take_rows(&rest, h->prompt);
	}
	gap(&rest, h, h->hints);
	parts->hints = take_rows(&rest, h->hints);
}

static struct parts parts_of(const struct app *app, const struct dialog *dialog)
{
	struct parts parts = { 0 };
	int width = least(least(wanted_width(dialog), MOST_WIDTH), app->width);
	int room = app->height > 16 ? app->height - 4 : app->height - 2;
	struct heights h = { 0 };
	struct rect inside = { 0, 0, width - 4, 1 };

	h.text = dialog->kind == DIALOG_TEXT      ? 0
		 : dialog->kind == DIALOG_PICTURE ? 1
						  : line_rows(dialog, width - 4);
	h.list = list_rows(dialog, width - 5);
	h.prompt = dialog_has_prompt(dialog);
	h.hints = dialog->hints && !dialog->searching
			  ? hint_rows(NULL, inside, dialog->hints)
			  : 0;
	h.gaps = most(wanted_gaps(&h), 0);
	shrink(&h, room);
	parts.box = (struct rect){ (app->width - width) / 2, 0, width, sum(&h) + 2 };
	parts.box.y = most((app->height - parts.box.height) / 2, 0);
	parts.inside =
		(struct rect){ parts.box.x + 2, parts.box.y + 1, width - 4, sum(&h) };
	place(&parts, dialog, &h);
	return parts;
}

void dialogs_fit(struct app *app)
{
	for (size_t i = 0; i < app->dialog_count; i++) {
		struct dialog *d = app->dialogs[i];

		d->parts = parts_of(app, d);
		list_fit(&d->list, d->kind == DIALOG_TEXT ? d->line_count : d->item_count,
			 (size_t)most(d->parts.list.height, 0));
	}
}

size_t dialog_item_at(const struct dialog *dialog, int x, int y)
{
	struct rect in = dialog->parts.list;
	size_t row = dialog->list.top + (size_t)(y - in.y);

	if (dialog->kind == DIALOG_TEXT || x < in.x || x >= in.x + in.width || y < in.y ||
	    y >= in.y + in.height || row >= dialog->item_count)
		return SIZE_MAX;
	return row;
}

/* Lines of text */

/* Where the words that are searched for stand. */
static void light(const struct view *view, const struct dialog *dialog, int x, int y,
		  const char *text)
{
	const char *wanted = lineedit_text(&dialog->edit);
	const char *found = strcasestr(text, wanted);

	if (dialog->kind == DIALOG_TEXT && *wanted && found)
		canvas_restyle(view->canvas,
			       (struct rect){ x + width_of(text, (size_t)(found - text)),
					      y, text_width(wanted), 1 },
			       ROLE_MATCH, 0);
}

/* Draws as many rows of a line as fit into the area from y on; returns the next y. */
static int draw_line(const struct view *view, const struct dialog *dialog,
		     struct rect area, int y, const struct dialog_line *line)
{
	const char *text = line->text;

	do {
		size_t next, len = view_wrap(text, area.width, &next);

		if (y < area.y + area.height) {
			LAM_CLEANUP(lam_free_ptr) char *row = lam_xmemdup(text, len);

			canvas_text(view->canvas, area.x, y, area.width, line->role, row);
			light(view, dialog, area.x, y, row);
		}
		text += next;
		y++;
	} while (*text);
	return y;
}

static bool is_loud(const struct dialog_line *line)
{
	return line->role == ROLE_WARNING || line->role == ROLE_ERROR;
}

static bool is_passed_over(const struct dialog_line *line, int rows, int room, bool tight)
{
	return !is_loud(line) && (rows > room || (tight && !*line->text));
}

/* Where there is no room for all lines, blank ones go, and those that warn are shown
 * before others. Returns how many were not shown whole. */
static size_t draw_text(const struct view *view, const struct dialog *dialog,
			struct rect area)
{
	int room = area.height, all = 0, y = area.y;
	size_t hidden = 0;

	for (size_t i = 0; i < dialog->line_count; i++) {
		int rows = rows_of(dialog->lines[i].text, area.width);

		all += rows;
		room -= i > 0 && is_loud(&dialog->lines[i]) ? rows : 0;
	}
	for (size_t i = 0; i < dialog->line_count; i++) {
		const struct dialog_line *line = &dialog->lines[i];
		int rows = rows_of(line->text, area.width);

		if (i > 0 && is_passed_over(line, rows, room, all > area.height)) {
			hidden += *line->text != '\0';
			continue;
		}
		y = draw_line(view, dialog, area, y, line);
		hidden += y > area.y + area.height;
		room -= i > 0 && is_loud(line) ? 0 : rows;
	}
	return hidden;
}

/* On the frame, as there is no room in it. */
static void tell_hidden(const struct view *view, struct rect box, size_t hidden)
{
	char text[60];

	if (!hidden)
		return;
	snprintf(text, sizeof text, " %zu line%s more on a larger screen ", hidden,
		 hidden == 1 ? "" : "s");
	canvas_text_right(view->canvas, box.x + 2, box.y + box.height - 1, box.width - 4,
			  ROLE_WARNING, text);
}

/* Items */

static bool has_tags(const struct dialog *dialog)
{
	for (size_t i = 0; i < dialog->item_count && i < 200; i++) {
		if (dialog->items[i].tag[0] || dialog->items[i].chip)
			return true;
	}
	return false;
}

static void draw_tag(const struct view *view, int x, int y,
		     const struct dialog_item *item)
{
	if (item->chip)
		view_chip(view->canvas, x, y, item->chip - 1u, 0);
	else if (item->tag[0])
		canvas_textf(view->canvas, x, y, 3, ROLE_KEY, " %s ", item->tag);
}

static void draw_item(const struct view *view, const struct dialog *dialog,
		      struct rect row, const struct dialog_item *item, bool tags)
{
	int x = row.x, end = row.x + row.width;
	int key = item->key ? text_width(item->key) : 0;

	if (dialog->many) {
		canvas_text(view->canvas, x, row.y, 3, ROLE_MARK,
			    item->chosen ? "[x]" : "[ ]");
		x += 4;
	}
	if (tags) {
		draw_tag(view, x, row.y, item);
		x += 4;
	}
	if (key > 0 && key + 2 < row.width / 2) {
		canvas_text(view->canvas, end - key, row.y, key, ROLE_KEY, item->key);
		end -= key + 2;
	}
	canvas_text_cut(view->canvas, x, row.y, end - x,
			dialog->typed[0] && !dialog_may_mean(dialog, item) ? ROLE_DIM
									   : item->role,
			item->text, CUT_END);
}

static void draw_items(const struct view *view, const struct dialog *dialog,
		       struct rect area)
{
	const struct list list = dialog->list;
	struct rect row = { area.x, area.y, area.width - 1, 1 };
	bool tags = has_tags(dialog);

	for (size_t i = list.top; i < list.count && i - list.top < list.height; i++) {
		row.y = area.y + (int)(i - list.top);
		draw_item(view, dialog, row, &dialog->items[i], tags);
		if (i == list.cursor)
			view_reverse(view->canvas, row);
	}
	canvas_scroll_mark(view->canvas, area.x + area.width, area.y, area.height,
			   list.top, list.count, ROLE_BORDER_FOCUS);
}

/* Lines that are scrolled: the cursor's is always seen, also where lines take several
 * rows. */
static size_t top_line(const struct dialog *dialog, const struct list *list, int width)
{
	size_t top = list->top;
	int rows = 0;

	for (size_t i = top; i <= list->cursor && i < list->count; i++)
		rows += rows_of(dialog->lines[i].text, width);
	while (rows > (int)list->height && top < list->cursor)
		rows -= rows_of(dialog->lines[top++].text, width);
	return top;
}

static void draw_reading(const struct view *view, const struct dialog *dialog,
			 struct rect area)
{
	struct rect text = { area.x, area.y, area.width - 1, area.height };
	const struct list list = dialog->list;
	int y = area.y, end = area.y + area.height;

	for (size_t i = top_line(dialog, &list, text.width); i < list.count && y < end;
	     i++) {
		int from = y;

		y = draw_line(view, dialog, text, y, &dialog->lines[i]);
		if (i == list.cursor)
			view_reverse(view->canvas,
				     (struct rect){ text.x, from, text.width,
						    (y < end ? y : end) - from });
	}
	canvas_scroll_mark(view->canvas, area.x + area.width, area.y, area.height,
			   list.top, list.count, ROLE_BORDER_FOCUS);
}

static void draw_prompt(const struct view *view, const struct dialog *dialog,
			struct rect area)
{
	const char *label = dialog->label                    ? dialog->label
			    : dialog->kind == DIALOG_PALETTE ? ":"
			    : dialog->kind == DIALOG_TEXT    ? "/"
							     : "";
	int used = canvas_text_cut(view->canvas, area.x, area.y, area.width * 2 / 3,
				   ROLE_TEXT, label, CUT_END);

	if (used > 0 && isalnum((unsigned char)label[strlen(label) - 1]))
		used += canvas_text(view->canvas, area.x + used, area.y, 1, ROLE_TEXT,
				    ":");
	used += used > 0;
	lineedit_draw(&dialog->edit, view->canvas, area.x + used, area.y,
		      area.width - used, ROLE_INPUT);
}

/* What may be typed next: the tags that begin so, and which of them Enter takes. */
static void draw_choices(const struct view *view, const struct dialog *dialog,
			 struct rect area)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf text = LAM_TEXT;

	for (size_t i = 0; i < dialog->item_count; i++) {
		if (dialog_may_mean(dialog, &dialog->items[i]))
			lam_text_printf(&text, "%s ", dialog->items[i].tag);
	}
	if (dialog->list.cursor < dialog->item_count)
		lam_text_printf(&text, " [Enter] %s",
				dialog->items[dialog->list.cursor].tag);
	canvas_text_cut(view->canvas, area.x, area.y, area.width, ROLE_KEY, text.data,
			CUT_MIDDLE);
}

/* The last line: what was just said, which the box may cover in the status line; what may
 * be typed next; or the hints. */
static void draw_foot(const struct view *view, const struct dialog *dialog)
{
	const struct message *said = &view->app->message;
	struct rect area = dialog->parts.hints;

	if (said->text[0] && dialog == app_dialog(view->app))
		canvas_text_cut(view->canvas, area.x, area.y, area.width, said->role,
				said->text, CUT_END);
	else if (dialog->typed[0])
		draw_choices(view, dialog, area);
	else
		hint_rows(view->canvas, area, dialog->hints);
}

static void draw_dialog(const struct view *view, const struct dialog *dialog)
{
	const struct parts *parts = &dialog->parts;
	char title[120];

	canvas_fill(view->canvas, parts->box, ROLE_DIALOG);
	if (dialog->typed[0])
		snprintf(title, sizeof title, "%s: %s_", dialog->title, dialog->typed);
	canvas_box(view->canvas, parts->box, LINE_DOUBLE, ROLE_BORDER_FOCUS,
		   dialog->typed[0] ? title : dialog->title, ROLE_TITLE_FOCUS);
	if (dialog->draw) {
		dialog->draw(view, parts);
	} else if (dialog->kind == DIALOG_TEXT) {
		draw_reading(view, dialog, parts->list);
	} else {
		tell_hidden(view, parts->box, draw_text(view, dialog, parts->text));
		draw_items(view, dialog, parts->list);
	}
	if (parts->prompt.height > 0)
		draw_prompt(view, dialog, parts->prompt);
	if (parts->hints.height > 0)
		draw_foot(view, dialog);
}

void view_dialogs(const struct view *view)
{
	for (size_t i = 0; i < view->app->dialog_count; i++) {
		view->canvas->cursor_x = view->canvas->cursor_y = -1;
		draw_dialog(view, view->app->dialogs[i]);
	}
}
