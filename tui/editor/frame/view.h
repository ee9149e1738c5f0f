/* What all views draw with. They are pure: a const app goes into a canvas, and none looks
 * at more nodes, rows or layers than it draws. */
#ifndef FRAME_VIEW_H
#define FRAME_VIEW_H

#include "editor/state/state.h"
#include "ui/text.h"

struct glyphs {
	const char *arrow, *dots, *cut, *open, *closed, *ascending, *descending;
};

struct view {
	const struct app *app;
	struct canvas *canvas;
	const struct glyphs *glyphs;
};

const struct glyphs *view_glyphs(bool ascii);

/* header.c, status.c */
void view_header(const struct view *view);
void view_opening(const struct view *view);
void view_failure(const struct view *view);
void view_status(const struct view *view);
void view_keybar(const struct view *view);
/* The function key of the key bar at a column: K_F1 and on; K_NONE: there is none. */
uint32_t app_keybar_key(const struct app *app, int x);

/* frame.c */
/* The frame or title line of a pane: its name, what is told of it (cut in the middle),
 * and at the right edge what fits behind that. */
void view_frame(const struct view *view, enum pane pane, const char *name,
		const char *about, const char *right);
/* Its heads, in the line above its rows, where there is one. */
struct view_head {
	int x, width; /* x -1: no room */
	const char *text;
	bool right;
};
void view_heads(const struct view *view, enum pane pane, const struct view_head *heads,
		size_t count);
void view_scroll_mark(const struct view *view, enum pane pane, const struct list *list);
/* Cells in reverse, all of one colour but for chips and what a search found. They must be
 * on the canvas. */
void view_reverse(struct canvas *canvas, struct rect row);
/* The cursor's row: reverse where the pane has the focus; that of the files, which the
 * details are about, is else underlined. */
void view_cursor(const struct view *view, enum pane pane, const struct list *list);

/* text.c */
/* Text in what the canvas can show; takes it over and returns a new string of the caller's,
 * or itself. */
char *view_shown(const struct view *view, char *text);
/* The same of the text form of bytes from an image. */
char *view_escape(const struct view *view, const char *bytes, size_t len);
/* The same of a path. */
char *view_path(const struct view *view, uint32_t node);
/* Bytes [0, len) of a text; returns the columns that were used. */
int view_text(struct canvas *canvas, int x, int y, int width, style_t style,
	      const char *text, size_t len);
/* How many bytes of text stand in a line of so many columns, broken at a blank where
 * there is one; *out_next is where the next line begins. */
size_t view_wrap(const char *text, int columns, size_t *out_next);
const char *view_mode(const struct lam_stat *stat, char out[16]); /* "drwxr-xr-x" */
/* Which target's letter stands for a target of the effect: that of the plan that stands.
 * SIZE_MAX where that has no such layer. */
size_t view_target(const struct app *app, uint32_t target);
/* The letters of a target on its colours, three columns. */
void view_chip(struct canvas *canvas, int x, int y, size_t target, style_t add);
/* The effect's layer for a layer of the plan that stands; SIZE_MAX: none. */
size_t view_effect_layer(const struct app *app, size_t layer);
/* Why a layer is what it becomes, and in how many parts: a new string. */
char *view_reason(const struct lam_target *target);
const char *view_fate_sign(const struct lam_target *target); /* "=" "~" "+" "-" */
unsigned view_percent(uint64_t done, uint64_t total);

#endif
