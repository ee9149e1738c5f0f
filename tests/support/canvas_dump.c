/* A canvas as text. */
#include "canvas_dump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cell *row_of(const struct canvas *canvas, int y)
{
	return &canvas->cells[(size_t)y * (size_t)canvas->width];
}

static void dump_row(FILE *out, const struct canvas *canvas, int y)
{
	const struct cell *row = row_of(canvas, y);
	int end = canvas->width;

	while (end > 0 && strcmp(row[end - 1].text, " ") == 0)
		end--;
	for (int x = 0; x < end; x++)
		fputs(row[x].text, out);
	fputc('\n', out);
}

static void dump_look(FILE *out, struct look look)
{
	static const struct {
		uint16_t attribute;
		const char *name;
	} attributes[] = {
		{ S_BOLD, "bold" },
		{ S_REVERSE, "reverse" },
		{ S_UNDERLINE, "underline" },
	};

	if (look.fg >= 0)
		fprintf(out, " %d", look.fg);
	if (look.bg >= 0)
		fprintf(out, "/%d", look.bg);
	for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
		if (look.attributes & attributes[i].attribute)
			fprintf(out, "+%s", attributes[i].name);
	}
}

static void dump_row_styles(FILE *out, const struct canvas *canvas, int y,
			    enum palette palette)
{
	const struct cell *row = row_of(canvas, y);
	const char *before = "";

	for (int x = 0, end; x < canvas->width; x = end) {
		for (end = x + 1; end < canvas->width && row[end].style == row[x].style;)
			end++;
		if (row[x].style == ROLE_TEXT)
			continue;
		if (!*before)
			fprintf(out, "%d:", y);
		fprintf(out, "%s %d-%d %s", before, x, end - 1,
			style_role_name(row[x].style & S_ROLE));
		dump_look(out, style_look(palette, row[x].style));
		before = ",";
	}
	if (*before)
		fputc('\n', out);
}

char *canvas_dump(const struct canvas *canvas, bool styles, enum palette palette)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (int y = 0; y < canvas->height; y++)
		dump_row(out, canvas, y);
	if (styles) {
		fputs("--\n", out);
		for (int y = 0; y < canvas->height; y++)
			dump_row_styles(out, canvas, y, palette);
	}
	if (canvas->cursor_x >= 0)
		fprintf(out, "cursor %d,%d\n", canvas->cursor_x, canvas->cursor_y);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}
