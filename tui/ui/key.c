/* Keys: their names, told and read. */
#include "ui/key.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "ui/text.h"

static const struct {
	const char *name;
	uint32_t code;
} NAMES[] = {
	/* The first name of a code is the one that is told. */
	{ "Space", ' ' },
	{ "Enter", K_ENTER },
	{ "Esc", K_ESC },
	{ "Tab", K_TAB },
	{ "Backspace", K_BACKSPACE },
	{ "Up", K_UP },
	{ "Down", K_DOWN },
	{ "Left", K_LEFT },
	{ "Right", K_RIGHT },
	{ "Home", K_HOME },
	{ "End", K_END },
	{ "PgUp", K_PAGE_UP },
	{ "PgDn", K_PAGE_DOWN },
	{ "Ins", K_INSERT },
	{ "Del", K_DELETE },
	{ "WheelUp", K_WHEEL_UP },
	{ "WheelDown", K_WHEEL_DOWN },
	{ "Click", K_CLICK },
	{ "DoubleClick", K_DOUBLE_CLICK },
	{ "Paste", K_PASTE },
	{ "PageUp", K_PAGE_UP },
	{ "PageDown", K_PAGE_DOWN },
	{ "Insert", K_INSERT },
	{ "Delete", K_DELETE },
};
#define NAME_COUNT (sizeof NAMES / sizeof *NAMES)

static const struct {
	const char *text;
	uint8_t mod;
} PREFIXES[] = {
	{ "Ctrl-", MOD_CTRL },
	{ "Alt-", MOD_ALT },
	{ "Shift-", MOD_SHIFT },
};
#define PREFIX_COUNT (sizeof PREFIXES / sizeof *PREFIXES)

static bool is_character(uint32_t code)
{
	return code > 0 && code < K_ENTER;
}

struct key key_control(unsigned char byte)
{
	switch (byte) {
	case '\t': return (struct key){ .code = K_TAB };
	case '\n':
	case '\r': return (struct key){ .code = K_ENTER };
	case 0x1b: return (struct key){ .code = K_ESC };
	case 0x7f: return (struct key){ .code = K_BACKSPACE };
	default: break;
	}
	return (struct key){
		.code = byte >= 1 && byte <= 26 ? byte + (uint32_t)'a' - 1 : byte + 0x40u,
		.mods = MOD_CTRL,
	};
}

static void put_code(uint32_t code, char *out, size_t size)
{
	char bytes[4];

	for (size_t i = 0; i < NAME_COUNT; i++) {
		if (NAMES[i].code == code) {
			snprintf(out, size, "%s", NAMES[i].name);
			return;
		}
	}
	if (code >= K_F1 && code <= K_F12)
		snprintf(out, size, "F%u", (unsigned)(code - K_F1 + 1));
	else if (!is_character(code) || !text_is_printable(code))
		snprintf(out, size, "U+%04X", (unsigned)code);
	else
		snprintf(out, size, "%.*s", (int)lam_utf8_encode(code, bytes), bytes);
}

const char *key_name(struct key key, char out[KEY_NAME_MAX])
{
	bool control = key.mods & MOD_CTRL && key.code >= 0x40 && key.code < 0x7f;
	size_t len = 0;

	for (size_t i = control ? 1 : 0; i < PREFIX_COUNT; i++) {
		if (key.mods & PREFIXES[i].mod)
			len += (size_t)snprintf(out + len, KEY_NAME_MAX - len, "%s",
						PREFIXES[i].text);
	}
	if (control)
		snprintf(out + len, KEY_NAME_MAX - len, "^%c",
			 (int)(key.code >= 'a' && key.code <= 'z' ? key.code - 0x20
								  : key.code));
	else
		put_code(key.code, out + len, KEY_NAME_MAX - len);
	return out;
}

/* "^D": of what a terminal can send, so ^M is Enter. */
static struct key parse_control(const char *text, size_t len)
{
	if (len != 2 || text[0] != '^' || text[1] < '?' || text[1] > 'z')
		return (struct key){ .code = K_NONE };
	if (text[1] == '?')
		return key_control(0x7f);
	return key_control((unsigned char)(text[1] & 0x1f));
}

/* All of text as a number; 0 where it is none. */
static uint32_t parse_number(const char *text, size_t len, unsigned base)
{
	static const char digits[] = "0123456789ABCDEF";
	uint32_t number = 0;

	for (size_t i = 0; i < len; i++) {
		const char *digit = memchr(digits, text[i], base);

		if (!digit || number >= K_ENTER)
			return 0;
		number = number * base + (uint32_t)(digit - digits);
	}
	return number;
}

/* A code by its name, "F5", "U+00AD" or as itself; K_NONE where it is none of these. */
static uint32_t parse_code(const char *text, size_t len)
{
	uint32_t code;

	for (size_t i = 0; i < NAME_COUNT; i++) {
		if (strlen(NAMES[i].name) == len && memcmp(NAMES[i].name, text, len) == 0)
			return NAMES[i].code;
	}
	if (len > 0 && text_next(text, len, &code) == len && code >= 0x20)
		return code;
	if (len >= 2 && text[0] == 'F') {
		code = parse_number(text + 1, len - 1, 10);
		return code >= 1 && code <= 12 ? K_F1 + code - 1 : K_NONE;
	}
	if (len >= 6 && memcmp(text, "U+", 2) == 0) {
		code = parse_number(text + 2, len - 2, 16);
		return code < K_ENTER ? code : K_NONE;
	}
	return K_NONE;
}

/* Takes one of the prefixes off; its modifier, or 0. */
static uint8_t parse_prefix(const char **text, size_t *len)
{
	for (size_t i = 0; i < PREFIX_COUNT; i++) {
		size_t prefix = strlen(PREFIXES[i].text);

		if (*len > prefix && memcmp(*text, PREFIXES[i].text, prefix) == 0) {
			*text += prefix;
			*len -= prefix;
			return PREFIXES[i].mod;
		}
	}
	return 0;
}

static bool parse_key(struct key *out, const char *text, size_t len)
{
	uint8_t mods = 0, mod;

	while ((mod = parse_prefix(&text, &len)) != 0)
		mods |= mod;
	*out = parse_control(text, len);
	if (out->code == K_NONE)
		out->code = parse_code(text, len);
	if (is_character(out->code)) {
		if (mods & MOD_SHIFT)
			return false;
		if (mods & MOD_CTRL && out->code >= 'A' && out->code <= 'Z')
			out->code += 'a' - 'A';
	}
	out->mods |= mods;
	return out->code != K_NONE;
}

/* "gg": characters one after another. */
static bool parse_run(struct key_sequence *out, const char *text, size_t len)
{
	while (len > 0) {
		uint32_t code;
		size_t used = text_next(text, len, &code);

		if (code <= ' ' || code == '^' || out->count == KEY_SEQUENCE_MAX)
			return false;
		out->keys[out->count++] = (struct key){ .code = code };
		text += used;
		len -= used;
	}
	return true;
}

bool key_sequence_parse(struct key_sequence *out, const char *name)
{
	*out = (struct key_sequence){ 0 };
	while (*name) {
		size_t len = strcspn(name, " ");
		struct key key;

		if (len == 0 || out->count == KEY_SEQUENCE_MAX)
			return false;
		if (parse_key(&key, name, len))
			out->keys[out->count++] = key;
		else if (!parse_run(out, name, len))
			return false;
		name += len;
		if (*name == ' ' && *++name == '\0')
			return false;
	}
	return out->count > 0;
}

/* Where it reads as what it is without blanks in between. */
static bool can_be_joined(const struct key_sequence *sequence, const char *joined)
{
	struct key_sequence read;

	if (!key_sequence_parse(&read, joined) || read.count != sequence->count)
		return false;
	for (size_t i = 0; i < read.count; i++) {
		if (!key_equal(read.keys[i], sequence->keys[i]))
			return false;
	}
	return true;
}

const char *key_sequence_name(const struct key_sequence *sequence,
			      char out[KEY_NAME_MAX * KEY_SEQUENCE_MAX])
{
	const char *between = "";

	do {
		size_t len = 0;

		out[0] = '\0';
		for (size_t i = 0; i < sequence->count; i++) {
			char name[KEY_NAME_MAX];

			len += (size_t)snprintf(
				out + len, KEY_NAME_MAX * KEY_SEQUENCE_MAX - len, "%s%s",
				i > 0 ? between : "", key_name(sequence->keys[i], name));
		}
		if (*between || can_be_joined(sequence, out))
			break;
		between = " ";
	} while (true);
	return out;
}
