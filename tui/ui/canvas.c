#include "ui/canvas.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	text_encode(text_is_printable(code) ? code : '?', cell->text);
}

/* Puts what combines with the character in front of column x behind it. */
static void combine(struct canvas *canvas, int x, int y, uint32_t code)
{
	struct cell *cell;
	size_t len;
	char bytes[4];
	size_t more = text_encode(code, bytes);

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
	*out_owned = NULL;
	if (!canvas->ascii || is_ascii(text))
		return text;
	*out_owned = text_ascii(text);
	return *out_owned ? *out_owned : "?";
}

int canvas_text(struct canvas *canvas, int x, int y, int width, style_t style,
		const char *text)
{
	char *owned;
	int used = put_text(canvas, x, y, width, style, showable(canvas, text, &owned));

	free(owned);
	return used;
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
	char *owned;
	const char *shown = showable(canvas, text, &owned);
	int used = text_width(shown) <= width
			   ? put_text(canvas, x, y, width, style, shown)
			   : put_cut(canvas, x, y, width, style, shown, cut);

	free(owned);
	return used;
}

int canvas_text_right(struct canvas *canvas, int x, int y, int width, style_t style,
		      const char *text)
{
	char *owned;
	int columns = text_width(showable(canvas, text, &owned));

	free(owned);
	if (columns > width)
		return canvas_text_cut(canvas, x, y, width, style, text, CUT_END);
	return canvas_text(canvas, x + width - columns, y, columns, style, text);
}

int canvas_textf(struct canvas *canvas, int x, int y, int width, style_t style,
		 const char *format, ...)
{
	char text[512], *longer = NULL;
	va_list args, again;
	int len, used;

	va_start(args, format);
	va_copy(again, args);
	len = vsnprintf(text, sizeof text, format, args);
	if (len >= (int)sizeof text && vasprintf(&longer, format, again) < 0)
		longer = NULL;
	va_end(again);
	va_end(args);
	used = canvas_text(canvas, x, y, width, style, longer ? longer : text);
	free(longer);
	return used;
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
