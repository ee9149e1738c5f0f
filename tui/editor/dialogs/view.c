/* Dialogs of all kinds. */
#include "editor/dialogs/view.h"

#include <ctype.h>
#include <string.h>

/* Hints: "[Enter] assign  [Esc] cancel", apart by two blanks */

static size_t hint_length(const char *hints)
{
	const char *gap = strstr(hints, "  ");

	return gap ? (size_t)(gap - hints) : strlen(hints);
}

static void draw_hint(struct canvas *canvas, int x, int y, int width, const char *text)
{
	const char *close = *text == '[' ? strchr(text, ']') : NULL;
	size_t key = close ? (size_t)(close - text) + 1 : 0;
	char *part = strndup(text, key);
	int used = part ? canvas_text(canvas, x, y, width, ROLE_KEY, part) : 0;

	free(part);
	canvas_text(canvas, x + used, y, width - used, ROLE_HINT, text + key);
}

static void draw_hint_part(struct canvas *canvas, struct rect area, int x, int y,
			   const char *text, size_t len)
{
	char *hint = canvas && y < area.height ? strndup(text, len) : NULL;

	if (hint)
		draw_hint(canvas, area.x + x, area.y + y, area.width - x, hint);
	free(hint);
}

int view_hints(struct canvas *canvas, struct rect area, const char *hints)
{
	int x = 0, y = 0;

	while (*hints) {
		size_t len = hint_length(hints);
		char *hint = strndup(hints, len);
		int width = hint ? text_width(hint) : 0;

		free(hint);
		if (x > 0 && x + width > area.width) {
			x = 0;
			y++;
		}
		draw_hint_part(canvas, area, x, y, hints, len);
		x += width + 2;
		hints += len;
		while (*hints == ' ')
			hints++;
	}
	return y + 1;
}

/* Lines of text */

/* Where the words that are searched for stand. */
static void light(const struct view *view, const struct dialog *dialog, int x, int y,
		  const char *text)
{
	const char *wanted = lineedit_text(&dialog->edit), *found;
	char *before;

	if (dialog->kind != DIALOG_TEXT || !*wanted)
		return;
	found = strcasestr(text, wanted);
	before = found ? strndup(text, (size_t)(found - text)) : NULL;
	if (before)
		canvas_restyle(
			view->canvas,
			(struct rect){ x + text_width(before), y, text_width(wanted), 1 },
			ROLE_MATCH, 0);
	free(before);
}

/* Draws as many rows of a line as fit into the area from y on; returns the next y. */
static int draw_line(const struct view *view, const struct dialog *dialog,
		     struct rect area, int y, const struct dialog_line *line)
{
	const char *text = line->text;

	do {
		size_t next, len = view_wrap(text, area.width, &next);
		char *row = y < area.y + area.height ? strndup(text, len) : NULL;

		if (row) {
			canvas_text(view->canvas, area.x, y, area.width, line->role, row);
			light(view, dialog, area.x, y, row);
		}
		free(row);
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
 * before others. */
static void draw_text(const struct view *view, const struct dialog *dialog,
		      struct rect area)
{
	int room = area.height, all = 0, y = area.y;

	for (size_t i = 0; i < dialog->line_count; i++) {
		int rows = dialog_wrapped(dialog->lines[i].text, area.width);

		all += rows;
		room -= i > 0 && is_loud(&dialog->lines[i]) ? rows : 0;
	}
	for (size_t i = 0; i < dialog->line_count; i++) {
		const struct dialog_line *line = &dialog->lines[i];
		int rows = dialog_wrapped(line->text, area.width);

		if (i > 0 && is_passed_over(line, rows, room, all > area.height))
			continue;
		y = draw_line(view, dialog, area, y, line);
		room -= i > 0 && is_loud(line) ? 0 : rows;
	}
}

/* Items */

static bool has_tags(const struct dialog *dialog)
{
	for (size_t i = 0; i < dialog->item_count && i < 200; i++) {
		if (dialog->items[i].letter || dialog->items[i].chip)
			return true;
	}
	return false;
}

static void draw_tag(const struct view *view, int x, int y,
		     const struct dialog_item *item)
{
	if (item->chip)
		view_chip(view->canvas, x, y, item->chip - 1u, 0);
	else if (item->letter)
		canvas_textf(view->canvas, x, y, 3, ROLE_KEY, " %c ", item->letter);
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
	canvas_text_cut(view->canvas, x, row.y, end - x, item->role, item->text, CUT_END);
}

static void draw_items(const struct view *view, const struct dialog *dialog,
		       struct rect area)
{
	struct list list = view_list(&dialog->list, dialog->item_count, area.height);
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
		rows += dialog_wrapped(dialog->lines[i].text, width);
	while (rows > (int)list->height && top < list->cursor)
		rows -= dialog_wrapped(dialog->lines[top++].text, width);
	return top;
}

static void draw_reading(const struct view *view, const struct dialog *dialog,
			 struct rect area)
{
	struct rect text = { area.x, area.y, area.width - 1, area.height };
	struct list list = view_list(&dialog->list, dialog->line_count, area.height);
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

static void draw_dialog(const struct view *view, const struct dialog *dialog)
{
	struct parts parts = dialog_parts(view->app, dialog);

	canvas_fill(view->canvas, parts.box, ROLE_DIALOG);
	canvas_box(view->canvas, parts.box, LINE_DOUBLE, ROLE_BORDER_FOCUS,
		   view_or(dialog->title), ROLE_TITLE_FOCUS);
	if (dialog->kind == DIALOG_PROGRESS) {
		view_progress(view, &parts);
	} else if (dialog->kind == DIALOG_TEXT) {
		draw_reading(view, dialog, parts.list);
	} else {
		draw_text(view, dialog, parts.text);
		draw_items(view, dialog, parts.list);
	}
	if (parts.prompt.height > 0)
		draw_prompt(view, dialog, parts.prompt);
	if (parts.hints.height > 0)
		view_hints(view->canvas, parts.hints, dialog->hints);
}

void view_dialogs(const struct view *view)
{
	const struct app *app = view->app;

	for (size_t i = 0; i < app->dialog_count; i++) {
		view->canvas->cursor_x = view->canvas->cursor_y = -1;
		draw_dialog(view, &app->dialogs[i]);
	}
}
