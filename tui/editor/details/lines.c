/* Lines of text for the details: wrapped, counted, and drawn where they are seen. */
#include <stdarg.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/memory.h"
#include "editor/details/details.h"

#define PATH_LINES 4 /* that a path takes at most */

int lines_next(struct lines *lines)
{
	size_t n = lines->count;

	lines_pass(lines, 1);
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
	if (lines->first == SIZE_MAX && lines->about != LAM_NODE_NONE)
		lines->first = lines->count;
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
	if (lines->asked >= first && lines->asked - first < many->count)
		lines->item = lines->asked - first;
	if (many->about && many->count && lines->first == SIZE_MAX)
		lines->first = first;
	if (many->about && many->count)
		lines->about =
			many->about(many, lines->item == SIZE_MAX ? 0 : lines->item);
	lines_pass(lines, many->count);
}

void lines_blank(struct lines *lines)
{
	lines_next(lines);
}

static void put_wrapped(struct lines *lines, style_t style, int indent, int hang,
			const char *text)
{
	int least = lines->area.width / 3;

	do {
		size_t next, len = view_wrap(text, lines->area.width - indent, &next);
		int y = lines_next(lines);

		if (y >= 0)
			view_text(lines->canvas, lines->area.x + indent, y,
				  lines->area.width - indent, style, text, len);
		text += next;
		indent += hang;
		indent = indent > least ? least : indent;
		hang = 0;
	} while (*text);
}

void lines_text(struct lines *lines, style_t style, int indent, int hang,
		const char *text)
{
	LAM_CLEANUP(lam_free_ptr)
	char *ascii = lines->view->canvas->ascii ? text_ascii(text) : NULL;

	put_wrapped(lines, style, indent, hang, ascii ? ascii : text);
}

void lines_printf(struct lines *lines, style_t style, int indent, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = lam_xvprintf(format, args);
	va_end(args);
	lines_text(lines, style, indent, 2, text);
	free(text);
}

void lines_bytes(struct lines *lines, style_t style, int indent, const char *label,
		 const char *bytes, size_t len)
{
	LAM_CLEANUP(lam_free_ptr) char *text = view_escape(lines->view, bytes, len);

	lines_printf(lines, style, indent, "%s%s", label, text);
}

void lines_path(struct lines *lines, style_t style, int indent, const char *label,
		uint32_t node)
{
	char *path = view_path(lines->view, node), *line;
	int most = lines->area.width * PATH_LINES;

	if (text_width(path) > most)
		line = lam_xprintf("%s%.*s%s%s", label,
				   (int)text_fit(path, most / 2, NULL), path,
				   lines->view->glyphs->dots,
				   path + text_fit_end(path, most / 2 - 4, NULL));
	else
		line = lam_xprintf("%s%s", label, path);
	lines_text(lines, style, indent, 0, line);
	free(line);
	free(path);
}
