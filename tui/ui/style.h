/* What things mean on the screen, and how that looks with the colours there are. Views
 * name roles alone; the terminal asks style_look(). Colour is never the only channel. */
#ifndef UI_STYLE_H
#define UI_STYLE_H

#include <stdbool.h>
#include <stdint.h>

enum role {
	ROLE_TEXT,
	ROLE_DIM,    /* column heads, what is less important */
	ROLE_HEADER, /* the line at the top */
	ROLE_STATUS, /* the line at the bottom */
	ROLE_BORDER,
	ROLE_BORDER_FOCUS,
	ROLE_TITLE, /* in a border */
	ROLE_TITLE_FOCUS,
	ROLE_DIR,
	ROLE_LINK,
	ROLE_DEVICE,
	ROLE_EXEC,
	ROLE_GHOST,   /* what is not visible any more */
	ROLE_FLAG,    /* what wants attention: dangling links, escaped names */
	ROLE_WARNING, /* a line of text that warns */
	ROLE_ERROR,
	ROLE_GOOD,
	ROLE_MARK,     /* a marked entry */
	ROLE_MATCH,    /* the part of a name that a search found */
	ROLE_KEY,      /* a key's name in hints */
	ROLE_HINT,     /* what stands behind it */
	ROLE_BAR,      /* the filled part of a bar */
	ROLE_BAR_REST, /* the rest of it */
	ROLE_DIALOG,
	ROLE_INPUT, /* where text is typed */
	ROLE_CHIP,  /* ROLE_CHIP + n % CHIP_COUNT: the letter of the n-th target layer */
	ROLE_COUNT = ROLE_CHIP + 8,
};
#define CHIP_COUNT 8

/* A style is a role with attributes put on top. */
typedef uint16_t style_t; /* role | S_... */
enum { S_ROLE = 0xff, S_BOLD = 0x100, S_REVERSE = 0x200, S_UNDERLINE = 0x400 };

enum palette { PALETTE_MONO, PALETTE_8, PALETTE_16, PALETTE_256, PALETTE_COUNT };

struct look {
	int16_t fg, bg;      /* the terminal's colour numbers; -1: its default */
	uint16_t attributes; /* S_BOLD, S_REVERSE, S_UNDERLINE */
};

struct look style_look(enum palette palette, style_t style);
const char *style_role_name(enum role role); /* for dumps: "text", "chip-3" */

#endif
