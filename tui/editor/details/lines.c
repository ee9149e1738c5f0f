#include "editor/details/lines.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PATH_LINES 4 /* that a path takes at most */

int lines_next(struct lines *lines)
{
	size_t n = lines->count++;

	if (n == lines->asked)
		lines->answer = lines->about;
	if (!lines->canvas || n < lines->top ||
	    n - lines->top >= (size_t)lines->area.height)
		return -1;
	return lines->area.y + (int)(n - lines->top);
}

bool lines_are_seen(const struct lines *lines, size_t count)
{
	return lines->canvas && lines->count + count > lines->top &&
	       lines->count < lines->top + (size_t)lines->area.height;
}

void lines_pass(struct lines *lines, size_t count)
{
	if (lines->asked >= lines->count && lines->asked - lines->count < count)
		lines->answer = lines->about;
	lines->count += count;
}

void lines_many(struct lines *lines, const struct lines_many *many)
{
	size_t first = lines->count, from = lines->top > first ? lines->top - first : 0;

	for (size_t n = from; lines->canvas && n < many->count; n++) {
		lines->count = first + n;
		if (!lines_are_seen(lines, 1))
			break;
		many->put(lines, many, n,
			  lines->area.y + (int)(lines->count - lines->top));
	}
	lines->count = first;
	if (many->about && lines->asked >= first && lines->asked - first < many->count)
		lines->about = many->about(many, lines->asked - first);
	lines_pass(lines, many->count);
}

void lines_blank(struct lines *lines)
{
	lines_next(lines);
}

static void draw_line(struct lines *lines, style_t style, int indent, const char *text,
		      size_t len)
{
	int y = lines_next(lines);
	char *line = y >= 0 ? strndup(text, len) : NULL;

	if (line)
		canvas_text(lines->canvas, lines->area.x + indent, y,
			    lines->area.width - indent, style, line);
	free(line);
}

static void put_wrapped(struct lines *lines, style_t style, int indent, int hang,
			const char *text)
{
	size_t next;
	int least = lines->area.width / 3;

	do {
		size_t end = view_wrap(text, lines->area.width - indent, &next);

		draw_line(lines, style, indent, text, end);
		text += next;
		indent += hang;
		indent = indent > least ? least : indent;
		hang = 0;
	} while (*text);
}

void lines_text(struct lines *lines, style_t style, int indent, int hang,
		const char *text)
{
	char *ascii = lines->view->canvas->ascii ? text_ascii(text) : NULL;

	put_wrapped(lines, style, indent, hang, ascii ? ascii : text);
	free(ascii);
}

void lines_printf(struct lines *lines, style_t style, int indent, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	lines_text(lines, style, indent, 2, view_or(text));
	free(text);
}

static void lines_labelled(struct lines *lines, style_t style, int indent,
			   const char *label, const char *text)
{
	char *line;

	if (asprintf(&line, "%s%s", label, text) < 0)
		line = NULL;
	lines_text(lines, style, indent, 0, view_or(line));
	free(line);
}

void lines_bytes(struct lines *lines, style_t style, int indent, const char *label,
		 const char *bytes, size_t len)
{
	char *text = view_escape(lines->view->canvas, bytes, len);

	lines_printf(lines, style, indent, "%s%s", label, view_or(text));
	free(text);
}

void lines_path(struct lines *lines, style_t style, int indent, const char *label,
		uint32_t node)
{
	char *path = view_path(lines->view, node), *cut = NULL;
	const char *shown = view_or(path);
	int most = lines->area.width * PATH_LINES;

	if (text_width(shown) > most) {
		int head = (int)text_fit(shown, most / 2, NULL);
		size_t tail = text_fit_end(shown, most / 2 - 4, NULL);

		if (asprintf(&cut, "%.*s%s%s", head, shown, lines->view->glyphs->dots,
			     shown + tail) < 0)
			cut = NULL;
	}
	lines_labelled(lines, style, indent, label, cut ? cut : shown);
	free(cut);
	free(path);
}
