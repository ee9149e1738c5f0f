/* Bytes of a terminal to events: what was typed, clicked and pasted, on all the terminals
 * that are about: xterm, VT220, the Linux console, rxvt, tmux and screen. It knows no file
 * descriptor and no clock.
 *
 * Why not by curses (keypad): that knows the sequences of the one terminal that TERM
 * names, and gives all others as letters, which here are commands. These are swallowed
 * whole. Nor does it tell modifiers, answers that nobody asked for, or in other locales
 * than UTF-8 what was typed. */
#ifndef TERM_TERM_KEYS_H
#define TERM_TERM_KEYS_H

#include "base/buf.h"
#include "term/term.h"

#define TERM_KEYS_ROOM 4096
#define TERM_PASTE_MAX (1u << 20)

enum term_keys_mode { MODE_KEYS, MODE_PASTE, MODE_STRING };

struct term_keys {
	unsigned char bytes[TERM_KEYS_ROOM]; /* not yet understood */
	size_t len;
	int64_t fed_ms; /* when the last of them came */
	enum term_keys_mode mode;
	unsigned char erase; /* what the terminal sends for Backspace, beside DEL */
	struct lam_buf paste;
	struct key waiting; /* the second of two keys that came as one */
	int64_t click_ms;   /* the last click: when, and where */
	int click_x, click_y;
};

void term_keys_fini(struct term_keys *keys);
/* Takes as many bytes as there is room for; returns how many. */
size_t term_keys_feed(struct term_keys *keys, const unsigned char *bytes, size_t len,
		      int64_t now_ms);
/* The next event, TERM_KEY; false where more bytes or more time are needed. */
bool term_keys_next(struct term_keys *keys, int64_t now_ms, struct term_event *out);
/* After how many ms term_keys_next() will know more even if nothing comes; -1: never. */
int term_keys_patience(const struct term_keys *keys, int64_t now_ms);

#endif
