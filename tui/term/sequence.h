/* Escape sequences, as terminals send them for keys and clicks: ECMA-48's form, with what xterm, rxvt,
 * the Linux console and screen mean by them. */
#ifndef TERM_SEQUENCE_H
#define TERM_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/key.h"

#define ESC 0x1b

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

/* What the bytes begin with; bytes[0] is ESC. */
enum sequence_state sequence_read(struct sequence *out, const unsigned char *bytes,
				  size_t len);

#endif
