/* A grid of cells that views draw into. It knows no terminal: the shell shows it, tests
 * dump it. All drawing is clipped to the canvas; nothing here fails but making it larger.
 */
#ifndef UI_CANVAS_H
#define UI_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/style.h"

#define CELL_BYTES 20 /* a character and what combines with it; more of these are cut */

struct cell {
	char text[CELL_BYTES]; /* UTF-8, '\0'-terminated; "" for the right half of a wide
				  one */
	uint8_t width;         /* 1 or 2; 0 for that right half */
	style_t style;
};

struct rect {
	int x, y, width, height;
};

struct canvas {
	int width, height;
	struct cell *cells;     /* width * height, row by row */
	int cursor_x, cursor_y; /* where the terminal's cursor stands; -1: hidden */
	bool ascii; /* no character outside of ASCII is used: boxes are + - |, marks > v,
		       bars #, names in \u{...} */
};

/* All-zero to begin with; false on no memory, the canvas is then what it was. Keeps
 * `ascii`, clears all else. */
bool canvas_resize(struct canvas *canvas, int width, int height);
void canvas_fini(struct canvas *canvas);
void canvas_clear(struct canvas *canvas); /* to blanks of ROLE_TEXT; hides the cursor */

/* Text from (x, y) to at most `width` columns; returns the columns that were used. A wide
 * character that would be halved at the edge becomes a blank. */
int canvas_text(struct canvas *canvas, int x, int y, int width, style_t style,
		const char *text);
/* The same; what does not fit is cut with an ellipsis ("…", or "~" in ascii) at the end,
 * at the start or in the middle. */
enum cut { CUT_END, CUT_START, CUT_MIDDLE };
int canvas_text_cut(struct canvas *canvas, int x, int y, int width, style_t style,
		    const char *text, enum cut cut);
/* Right-aligned in `width`. */
int canvas_text_right(struct canvas *canvas, int x, int y, int width, style_t style,
		      const char *text);
int canvas_textf(struct canvas *canvas, int x, int y, int width, style_t style,
		 const char *format, ...) __attribute__((format(printf, 6, 7)));

/* Blanks. */
void canvas_fill(struct canvas *canvas, struct rect rect, style_t style);
/* Gives cells another role and/or more attributes: role ROLE_COUNT leaves the role. */
void canvas_restyle(struct canvas *canvas, struct rect rect, int role, style_t add);

enum line { LINE_SINGLE, LINE_DOUBLE };
/* A frame; title (may be NULL) stands in its top line, cut to fit. */
void canvas_box(struct canvas *canvas, struct rect rect, enum line line, style_t style,
		const char *title, style_t title_style);
void canvas_rule(struct canvas *canvas, int x, int y, int width, enum line line,
		 style_t style); /* a horizontal line */
/* A bar of `width` cells, done / total of it filled with eighths ("█▌", or "#-"). */
void canvas_bar(struct canvas *canvas, int x, int y, int width, uint64_t done,
		uint64_t total);
/* A scroll mark in the column x from y on: which part [top, top + height) of count rows
 * is shown; nothing where all are. */
void canvas_scroll_mark(struct canvas *canvas, int x, int y, int height, size_t top,
			size_t count, style_t style);

#endif
