/* Keys by name to what xterm sends for them, arrows as in application mode. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "ui/key.h"
#include "ui/text.h"
#include "vt.h"

static const struct {
	uint32_t code;
	int number; /* ESC [ number ~, or 0 */
	char letter;
} KEYS[] = {
	{ K_UP, 0, 'A' },      { K_DOWN, 0, 'B' },   { K_RIGHT, 0, 'C' },
	{ K_LEFT, 0, 'D' },    { K_HOME, 0, 'H' },   { K_END, 0, 'F' },
	{ K_INSERT, 2, 0 },    { K_DELETE, 3, 0 },   { K_PAGE_UP, 5, 0 },
	{ K_PAGE_DOWN, 6, 0 }, { K_F1, 0, 'P' },     { K_F1 + 1, 0, 'Q' },
	{ K_F1 + 2, 0, 'R' },  { K_F1 + 3, 0, 'S' }, { K_F1 + 4, 15, 0 },
	{ K_F1 + 5, 17, 0 },   { K_F1 + 6, 18, 0 },  { K_F1 + 7, 19, 0 },
	{ K_F1 + 8, 20, 0 },   { K_F1 + 9, 21, 0 },  { K_F1 + 10, 23, 0 },
	{ K_F1 + 11, 24, 0 },
};

static size_t encode_control(char *out, uint32_t code)
{
	out[0] = (char)(code & 0x1f);
	return 1;
}

static size_t encode_plain(char *out, struct key key)
{
	switch (key.code) {
	case K_ENTER: out[0] = '\r'; return 1;
	case K_ESC: out[0] = '\033'; return 1;
	case K_TAB: return (size_t)sprintf(out, key.mods & MOD_SHIFT ? "\033[Z" : "\t");
	case K_BACKSPACE: out[0] = '\177'; return 1;
	default: break;
	}
	if (key.mods & MOD_CTRL)
		return encode_control(out, key.code);
	return lam_utf8_encode(key.code, out);
}

static size_t encode_special(char *out, struct key key)
{
	int mods = 1 + (key.mods & MOD_SHIFT ? 1 : 0) + (key.mods & MOD_ALT ? 2 : 0) +
		   (key.mods & MOD_CTRL ? 4 : 0);

	for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
		if (KEYS[i].code != key.code)
			continue;
		if (KEYS[i].letter)
			return (size_t)(mods == 1
						? sprintf(out, "\033O%c", KEYS[i].letter)
						: sprintf(out, "\033[1;%d%c", mods,
							  KEYS[i].letter));
		return (size_t)(mods == 1 ? sprintf(out, "\033[%d~", KEYS[i].number)
					  : sprintf(out, "\033[%d;%d~", KEYS[i].number,
						    mods));
	}
	return 0;
}

static void send_key(struct vt *vt, struct key key)
{
	char bytes[32];
	size_t len = encode_special(bytes, key);

	if (len == 0) {
		len = key.mods & MOD_ALT ? 1 : 0;
		bytes[0] = '\033';
		len += encode_plain(bytes + len, key);
	}
	vt_send_bytes(vt, bytes, len);
}

void vt_keys(struct vt *vt, const char *names)
{
	while (*names) {
		size_t len = strcspn(names, " ");
		char name[64];
		struct key_sequence sequence;

		snprintf(name, sizeof name, "%.*s", (int)len, names);
		if (len > 0 && !key_sequence_parse(&sequence, name)) {
			fprintf(stderr, "no key: %s\n", name);
			exit(99);
		}
		for (size_t i = 0; len > 0 && i < sequence.count; i++)
			send_key(vt, sequence.keys[i]);
		names += len + (names[len] == ' ');
	}
}
