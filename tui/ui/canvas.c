/* A grid of cells, and what is drawn into it: text, frames, bars. */
#include "ui/canvas.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "ui/text.h"

static const struct cell BLANK = { .text = " ", .width = 1, .style = ROLE_TEXT };

static struct cell *cell_at(const struct canvas *canvas, int x, int y)
{
	return &canvas->cells[(size_t)y * (size_t)canvas->width + (size_t)x];
}

/* What of the rectangle lies on the canvas. */
static struct rect clip(const struct canvas *canvas, struct rect rect)
{
	int right =
		rect.width < canvas->width - rect.x ? rect.x + rect.width : canvas->width;
	int bottom = rect.height < canvas->height - rect.y ? rect.y + rect.height
							   : canvas->height;

	rect.x = rect.x < 0 ? 0 : rect.x;
	rect.y = rect.y < 0 ? 0 : rect.y;
	rect.width = right > rect.x ? right - rect.x : 0;
	rect.height = bottom > rect.y ? bottom - rect.y : 0;
	return rect;
}

void canvas_clear(struct canvas *canvas)
{
	size_t row = (size_t)canvas->width * sizeof BLANK;

	for (int x = 0; x < canvas->width && canvas->height > 0; x++)
		canvas->cells[x] = BLANK;
	for (int y = 1; y < canvas->height; y++)
		memcpy(cell_at(canvas, 0, y), canvas->cells, row);
	canvas->cursor_x = canvas->cursor_y = -1;
}

bool canvas_resize(struct canvas *canvas, int width, int height)
{
	size_t count = (size_t)width * (size_t)height;
	struct cell *cells = realloc(canvas->cells, (count + 1) * sizeof *cells);

	if (!cells)
		return false;
	canvas->cells = cells;
	canvas->width = width;
	canvas->height = height;
	canvas_clear(canvas);
	return true;
}

void canvas_fini(struct canvas *canvas)
{
	free(canvas->cells);
	*canvas = (struct canvas){ .cursor_x = -1, .cursor_y = -1 };
}

/* A wide character of which one half is drawn over leaves a blank on the other. */
static void cut_wide(struct canvas *canvas, int x, int y)
{
	struct cell *cell = cell_at(canvas, x, y);
	style_t style;

	if (cell->width == 0 && x > 0) {
		style = cell[-1].style;
		cell[-1] = BLANK;
		cell[-1].style = style;
	} else if (cell->width == 2 && x + 1 < canvas->width) {
		style = cell[1].style;
		cell[1] = BLANK;
		cell[1].style = style;
	}
}

static void put_blank(struct canvas *canvas, int x, int y, style_t style)
{
	if (x < 0 || x >= canvas->width)
		return;
	cut_wide(canvas, x, y);
	*cell_at(canvas, x, y) = BLANK;
	cell_at(canvas, x, y)->style = style;
}

/* A character of one or two columns; blanks where half of it is off the canvas. */
static void put_character(struct canvas *canvas, int x, int y, style_t style,
			  uint32_t code, int width)
{
	struct cell *cell;

	if (x < 0 || x + width > canvas->width) {
		put_blank(canvas, x, y, style);
		if (width == 2)
			put_blank(canvas, x + 1, y, style);
		return;
	}
	cell = cell_at(canvas, x, y);
	for (int i = 0; i < width; i++) {
		cut_wide(canvas, x + i, y);
		cell[i] = (struct cell){ .style = style };
	}
	cell->width = (uint8_t)width;
	lam_utf8_encode(text_is_printable(code) ? code : '?', cell->text);
}

/* Puts what combines with the character in front of column x behind it. */
static void combine(struct canvas *canvas, int x, int y, uint32_t code)
{
	struct cell *cell;
	size_t len;
	char bytes[4];
	size_t more = lam_utf8_encode(code, bytes);

	if (x < 1 || x > canvas->width)
		return;
	cell = cell_at(canvas, x - 1, y);
	if (cell->width == 0 && x > 1)
		cell--;
	len = strlen(cell->text);
	if (len + more < CELL_BYTES)
		memcpy(cell->text + len, bytes, more);
}

static int put_text(struct canvas *canvas, int x, int y, int width, style_t style,
		    const char *text)
{
	size_t len = strlen(text);
	bool seen = y >= 0 && y < canvas->height;
	int used = 0;

	while (len > 0) {
		uint32_t code;
		size_t bytes = text_next(text, len, &code);
		int columns = text_code_width(code);

		if (columns > width - used) {
			if (used < width && seen)
				put_blank(canvas, x + used, y, style);
			return width > 0 ? width : 0;
		}
		if (seen && columns > 0)
			put_character(canvas, x + used, y, style, code, columns);
		else if (seen && used > 0)
			combine(canvas, x + used, y, code);
		used += columns;
		text += bytes;
		len -= bytes;
	}
	return used;
}

static bool is_ascii(const char *text)
{
	while (*text && (unsigned char)*text < 0x80)
		text++;
	return !*text;
}

/* What can be shown of text: itself, or a new string in *out_owned. */
static const char *showable(const struct canvas *canvas, const char *text,
			    char **out_owned)
{
	*out_owned = canvas->ascii && !is_ascii(text) ? text_ascii(text) : NULL;
	return *out_owned ? *out_owned : text;
}

int canvas_text(struct canvas *canvas, int x, int y, int width, style_t style,
		const char *text)
{
	LAM_CLEANUP(lam_free_ptr) char *owned = NULL;

	return put_text(canvas, x, y, width, style, showable(canvas, text, &owned));
}

/* As many columns of the start (or of the end) of text as fit. */
static int put_start(struct canvas *canvas, int x, int y, int width, style_t style,
		     const char *text)
{
	int columns;

	text_fit(text, width, &columns);
	return put_text(canvas, x, y, columns, style, text);
}

static int put_end(struct canvas *canvas, int x, int y, int width, style_t style,
		   const char *text)
{
	return put_text(canvas, x, y, width, style,
			text + text_fit_end(text, width, NULL));
}

static int put_cut(struct canvas *canvas, int x, int y, int width, style_t style,
		   const char *text, enum cut cut)
{
	int left = cut == CUT_END ? width - 1 : cut == CUT_START ? 0 : width / 2;
	int used;

	if (width <= 0)
		return 0;
	used = put_start(canvas, x, y, left, style, text);
	used += put_text(canvas, x + used, y, 1, style, canvas->ascii ? "~" : "…");
	if (cut != CUT_END)
		used += put_end(canvas, x + used, y, width - left - 1, style, text);
	return used;
}

int canvas_text_cut(struct canvas *canvas, int x, int y, int width, style_t style,
		    const char *text, enum cut cut)
{
	LAM_CLEANUP(lam_free_ptr) char *owned = NULL;
	const char *shown = showable(canvas, text, &owned);

	return text_width(shown) <= width
		       ? put_text(canvas, x, y, width, style, shown)
		       : put_cut(canvas, x, y, width, style, shown, cut);
}

int canvas_text_right(struct canvas *canvas, int x, int y, int width, style_t style,
		      const char *text)
{
	LAM_CLEANUP(lam_free_ptr) char *owned = NULL;
	const char *shown = showable(canvas, text, &owned);
	int columns = text_width(shown);

	return columns > width
		       ? put_cut(canvas, x, y, width, style, shown, CUT_END)
		       : put_text(canvas, x + width - columns, y, columns, style, shown);
}

int canvas_textf(struct canvas *canvas, int x, int y, int width, style_t style,
		 const char *format, ...)
{
	LAM_CLEANUP(lam_free_ptr) char *text = NULL;
	va_list args;

	va_start(args, format);
	text = lam_xvprintf(format, args);
	va_end(args);
	return canvas_text(canvas, x, y, width, style, text);
}

void canvas_fill(struct canvas *canvas, struct rect rect, style_t style)
{
	rect = clip(canvas, rect);
	for (int y = rect.y; y < rect.y + rect.height; y++) {
		for (int x = rect.x; x < rect.x + rect.width; x++)
			put_blank(canvas, x, y, style);
	}
}

void canvas_restyle(struct canvas *canvas, struct rect rect, int role, style_t add)
{
	rect = clip(canvas, rect);
	for (int y = rect.y; y < rect.y + rect.height; y++) {
		for (int x = rect.x; x < rect.x + rect.width; x++) {
			style_t *style = &cell_at(canvas, x, y)->style;

			if (role < ROLE_COUNT)
				*style = (style_t)((*style & ~S_ROLE) | role);
			*style |= add;
		}
	}
}

/* Frames, rules, bars and scroll marks */

struct strokes {
	const char *across, *down;
	const char *corners[4]; /* top left, top right, bottom left, bottom right */
};

static const struct strokes *strokes_of(const struct canvas *canvas, enum line line)
{
	static const struct strokes unicode[] = {
		[LINE_SINGLE] = { "─", "│", { "┌", "┐", "└", "┘" } },
		[LINE_DOUBLE] = { "═", "║", { "╔", "╗", "╚", "╝" } },
	};
	static const struct strokes ascii[] = {
		[LINE_SINGLE] = { "-", "|", { "+", "+", "+", "+" } },
		[LINE_DOUBLE] = { "=", "|", { "+", "+", "+", "+" } },
	};

	return canvas->ascii ? &ascii[line] : &unicode[line];
}

void canvas_rule(struct canvas *canvas, int x, int y, int width, enum line line,
		 style_t style)
{
	const struct strokes *strokes = strokes_of(canvas, line);

	for (int i = 0; i < width; i++)
		canvas_text(canvas, x + i, y, 1, style, strokes->across);
}

static void put_title(struct canvas *canvas, struct rect rect, const char *title,
		      style_t style)
{
	int room = rect.width - 6; /* corners, a bit of line and blanks */
	int used;

	if (!title || room < 1)
		return;
	used = canvas_text_cut(canvas, rect.x + 3, rect.y, room, style, title, CUT_END);
	canvas_text(canvas, rect.x + 2, rect.y, 1, style, " ");
	canvas_text(canvas, rect.x + 3 + used, rect.y, 1, style, " ");
}

void canvas_box(struct canvas *canvas, struct rect rect, enum line line, style_t style,
		const char *title, style_t title_style)
{
	const struct strokes *strokes = strokes_of(canvas, line);
	int right = rect.x + rect.width - 1, bottom = rect.y + rect.height - 1;

	if (rect.width < 2 || rect.height < 2)
		return;
	canvas_rule(canvas, rect.x, rect.y, rect.width, line, style);
	canvas_rule(canvas, rect.x, bottom, rect.width, line, style);
	for (int y = rect.y + 1; y < bottom; y++) {
		canvas_text(canvas, rect.x, y, 1, style, strokes->down);
		canvas_text(canvas, right, y, 1, style, strokes->down);
	}
	for (int i = 0; i < 4; i++)
		canvas_text(canvas, i % 2 ? right : rect.x, i / 2 ? bottom : rect.y, 1,
			    style, strokes->corners[i]);
	put_title(canvas, rect, title, title_style);
}

/* Eighths of a cell that are filled; what is more than nothing shows. */
static int filled(int width, uint64_t done, uint64_t total)
{
	int all = width * 8, eighths;

	if (done == 0 || total == 0)
		return 0;
	if (done >= total)
		return all;
	eighths = (int)((double)done / (double)total * all);
	return eighths > 0 ? eighths : 1;
}

void canvas_bar(struct canvas *canvas, int x, int y, int width, uint64_t done,
		uint64_t total)
{
	static const char *const parts[] = {
		" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"
	};
	int eighths = width > 0 ? filled(width, done, total) : 0;

	for (int i = 0; i < width; i++) {
		int part = eighths - 8 * i > 8 ? 8 : eighths - 8 * i;
		style_t style = part > 0 ? ROLE_BAR : ROLE_BAR_REST;

		part = part < 0 ? 0 : part;
		/* Of ASCII, the first cell for anything at all, others from the half on.
		 */
		canvas_text(canvas, x + i, y, 1, style,
			    !canvas->ascii                      ? parts[part]
			    : part >= 4 || (i == 0 && part > 0) ? "#"
								: "-");
	}
}

void canvas_scroll_mark(struct canvas *canvas, int x, int y, int height, size_t top,
			size_t count, style_t style)
{
	size_t shown = height > 0 ? (size_t)height : 0;
	size_t size, most, at;

	if (shown == 0 || count <= shown)
		return;
	size = (size_t)((double)shown / (double)count * (double)shown);
	size = size > 0 ? size : 1;
	most = shown - size;
	top = top > count - shown ? count - shown : top;
	at = (size_t)((double)top / (double)(count - shown) * (double)most);
	/* At an end only where the list is. */
	if (at == 0 && top > 0 && most > 1)
		at = 1;
	if (at == most && top < count - shown && most > 1)
		at = most - 1;
	for (size_t i = 0; i < size; i++)
		canvas_text(canvas, x, y + (int)(at + i), 1, style,
			    canvas->ascii ? "#" : "█");
}
