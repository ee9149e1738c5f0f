/* The terminal: the one place that knows curses. It shows canvases and gives events;
 * there is one at a time. */
#ifndef TERM_TERM_H
#define TERM_TERM_H

#include <lamina/error.h>

#include "ui/canvas.h"
#include "ui/key.h"

struct term;

struct term_options {
	bool no_color; /* NO_COLOR or --color=never: PALETTE_MONO */
	bool ascii;    /* asked for; also where the locale is not UTF-8 */
	bool mouse;
};

enum term_event_kind {
	TERM_NOTHING, /* the time is over */
	TERM_KEY,
	TERM_RESIZE,
	TERM_WAKE,    /* wake_fd is readable; it has not been read */
	TERM_RESUMED, /* back from a stop: draw everything */
	TERM_CLOSED,  /* the terminal is gone */
	TERM_STOPPED, /* SIGINT, SIGTERM or SIGHUP was sent to the process */
};

struct term_event {
	enum term_event_kind kind;
	struct key key;
	int x, y;         /* of mouse keys */
	int signal;       /* of TERM_STOPPED */
	const char *text; /* of K_PASTE: UTF-8, '\0'-terminated; until the next event */
};

/* LAM_EUSAGE with one line where there is no terminal, or one that cannot do it (no
 * cursor addressing): say so and point to `lamina ls`. Sets handlers that restore the
 * terminal for SIGQUIT SIGSEGV SIGBUS SIGABRT SIGFPE and raise them again. The
 * locale is the caller's (setlocale). */
int term_open(struct term **out, const struct term_options *options,
	      struct lam_error *err);
void term_close(struct term *term); /* restores the terminal; NULL is fine */

enum palette term_palette(const struct term *term);
bool term_is_ascii(const struct term *term);
void term_size(const struct term *term, int *out_width, int *out_height);
/* The next frame is drawn whole, whatever stands on the terminal. */
void term_redraw(struct term *term);
/* Shows a canvas of the terminal's size. */
void term_draw(struct term *term, const struct canvas *canvas);
/* Waits for the next event, no longer than timeout_ms (-1: without end), without waking
 * up in between. */
void term_wait(struct term *term, int wake_fd, int timeout_ms, struct term_event *out);
/* Gives the terminal back for another program (an editor), or for a stop by SIGTSTP, and
 * takes it again. */
void term_leave(struct term *term);
void term_enter(struct term *term);
void term_suspend(struct term *term); /* ^Z: stops the process group */
/* Asks tmux, where it is in between, or else the terminal by OSC 52 to put text on the
 * clipboard. False where TERM is known not to (linux console, vt100) or text is over 74,000
 * bytes. */
bool term_copy(struct term *term, const char *text);

#endif
