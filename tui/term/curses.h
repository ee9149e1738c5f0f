/* The part of the terminal that is curses: modes, capabilities and drawing. */
#ifndef TERM_TERM_CURSES_H
#define TERM_TERM_CURSES_H

#include <lamina/error.h>

#include "ui/canvas.h"

struct screen;

int screen_open(struct screen **out, bool no_color, bool ascii, struct lam_error *err);
void screen_close(struct screen *screen);
void screen_leave(struct screen *screen);  /* gives the terminal back */
void screen_enter(struct screen *screen);  /* and takes it; the next draw draws all */
void screen_redraw(struct screen *screen); /* the next draw draws all */
void screen_resize(struct screen *screen, int width, int height);
void screen_draw(struct screen *screen, const struct canvas *canvas);
/* Writes bytes of ours behind what curses has written. */
void screen_send(struct screen *screen, const char *bytes, size_t len);

enum palette screen_palette(const struct screen *screen);
/* What curses takes for the size where the system does not know it. */
void screen_default_size(const struct screen *screen, int *out_width, int *out_height);
/* True of descendants of the VT100, which skip control sequences that they do not know.
 */
bool screen_has_csi(const struct screen *screen);
/* What leaves the terminal usable: attributes off, cursor on, alternate screen off, and
 * where there is none, the cursor in the last line. Returns its bytes. */
size_t screen_restore_bytes(const struct screen *screen, char *out, size_t size);

#endif
