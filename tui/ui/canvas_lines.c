/* Frames, rules, bars and scroll marks. */
#include "ui/canvas.h"
#include "ui/text.h"

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
