/* Keys as values: what was pressed, whatever terminal it came from. A key's name is what
 * stands in actions.def, in keys.json and in the help: "j", "^D", "F5", "Down",
 * "Shift-Tab", "Alt-Down", "Space", "Enter", "Esc", "WheelDown". Two or three in a row
 * ("gg", "za") are a sequence; its name is the names without space between letters, with
 * one otherwise ("Esc 1"). */
#ifndef UI_KEY_H
#define UI_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	K_NONE = 0,
	/* below 0x110000: a Unicode character, as typed; control letters are MOD_CTRL and
	 * the lower-case letter */
	K_ENTER = 0x110000,
	K_ESC,
	K_TAB,
	K_BACKSPACE,
	K_UP,
	K_DOWN,
	K_LEFT,
	K_RIGHT,
	K_HOME,
	K_END,
	K_PAGE_UP,
	K_PAGE_DOWN,
	K_INSERT,
	K_DELETE,
	K_F1, /* to F12, one after another */
	K_F12 = K_F1 + 11,
	K_WHEEL_UP, /* mouse.x and mouse.y tell where */
	K_WHEEL_DOWN,
	K_CLICK,
	K_DOUBLE_CLICK,
	K_PASTE, /* of a bracketed paste: text tells what */
};

enum { MOD_CTRL = 1, MOD_ALT = 2, MOD_SHIFT = 4 /* never with characters */ };

struct key {
	uint32_t code;
	uint8_t mods;
};

static inline bool key_is(struct key key, uint32_t code)
{
	return key.code == code && key.mods == 0;
}

static inline bool key_equal(struct key a, struct key b)
{
	return a.code == b.code && a.mods == b.mods;
}

#define KEY_NAME_MAX     32
#define KEY_SEQUENCE_MAX 3

struct key_sequence {
	struct key keys[KEY_SEQUENCE_MAX];
	size_t count;
};

/* The key of a byte that is no printable ASCII character: 0 to 31, and 127. */
struct key key_control(unsigned char byte);

/* out holds the key's name; returns it. */
const char *key_name(struct key key, char out[KEY_NAME_MAX]);
const char *key_sequence_name(const struct key_sequence *sequence,
			      char out[KEY_NAME_MAX * KEY_SEQUENCE_MAX]);
/* Reads one sequence ("gg", "^D", "Alt-Down", "Esc 1"); false where it is none. */
bool key_sequence_parse(struct key_sequence *out, const char *name);

#endif
