/* Escape sequences of keyboards and mice, of all the terminals that are about: xterm,
 * VT220, the Linux console, rxvt, tmux and screen. */
#ifndef TERM_TERM_SEQUENCE_H
#define TERM_TERM_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/key.h"

struct sequence {
	struct key key; /* K_NONE: none that is known; K_PASTE: a paste begins */
	int x, y;       /* of mouse keys, from 0 */
	bool is_string; /* OSC, DCS or APC: goes on up to its own end */
	size_t len;
};

enum sequence_state {
	SEQUENCE_NONE, /* this is no sequence */
	SEQUENCE_MORE, /* it may become one */
	SEQUENCE_DONE,
};

/* bytes[0] is ESC. */
enum sequence_state sequence_read(struct sequence *out, const unsigned char *bytes,
				  size_t len);

#endif
