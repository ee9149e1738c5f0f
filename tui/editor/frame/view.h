/* Pieces of the screen; app_draw() puts them together. All of them are pure, and none
 * looks at more nodes, rows or layers than it draws. */
#ifndef APP_VIEW_H
#define APP_VIEW_H

#include "editor/app.h"
#include "ui/text.h"

struct glyphs {
	const char *arrow, *dots, *open, *closed, *ascending, *descending;
};

struct view {
	const struct app *app;
	struct canvas *canvas;
	struct areas areas;
	const struct glyphs *glyphs;
};

/* view.c */
const struct glyphs *view_glyphs(const struct canvas *canvas);

void view_header(const struct view *view);
void view_files(const struct view *view);
void view_layers(const struct view *view);
void view_details(const struct view *view);
void view_info(const struct view *view);
void view_status(const struct view *view);
void view_keybar(const struct view *view);
void view_dialogs(const struct view *view);
void view_opening(const struct view *view);
void view_failure(const struct view *view);

/* view_frame.c */
/* The frame or title line of a pane: its name, what is told of it (cut in the middle),
 * and at the right edge what fits behind that. */
void view_frame(const struct view *view, enum pane pane, const char *name,
		const char *about, const char *right);
void view_scroll_mark(const struct view *view, enum pane pane, const struct list *list);
/* Cells in reverse, all of one colour but for chips and what a search found. They must be
 * on the canvas. */
void view_reverse(struct canvas *canvas, struct rect row);
/* The cursor's row: reverse where the pane has the focus; that of the files, which the
 * details are about, is else underlined. */
void view_cursor(const struct view *view, enum pane pane, int y);
/* A copy of a list, fit to what is drawn. */
struct list view_list(const struct list *list, size_t count, int height);

/* view_text.c */
/* Text form of bytes from an image, in what the canvas can show; a new string of the
 * caller's, NULL on no memory. */
char *view_escape(const struct canvas *canvas, const char *bytes, size_t len);
/* The same of a path. */
char *view_path(const struct view *view, uint32_t node);
/* A line of text that is put together piece by piece; what does not fit is left out. */
struct view_line {
	char bytes[700];
	size_t len;
};
void view_put(struct view_line *line, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* text, or "?" where there was no memory for it. */
const char *view_or(const char *text);
/* How many bytes of text stand in a line of so many columns, broken at a blank where
 * there is one; *out_next is where the next line begins. */
size_t view_wrap(const char *text, int columns, size_t *out_next);
const char *view_mode(const struct lam_stat *stat, char out[16]); /* "drwxr-xr-x" */
/* Which target's letter stands for a target of app->effect: that of the plan that stands.
 * SIZE_MAX where that has no such layer. */
size_t view_target(const struct app *app, uint32_t target);
/* The letters of a target on its colours, three columns. */
void view_chip(struct canvas *canvas, int x, int y, size_t target, style_t add);
/* The effect's layer for a layer of the plan that stands; SIZE_MAX: none. */
size_t view_effect_layer(const struct app *app, size_t layer);
const char *view_fate_sign(const struct lam_target *target); /* "=" "~" "+" "-" */

#endif
