#include "term/sequence.h"

#define ESC            0x1b
#define PARAMETERS_MAX 8
#define SEQUENCE_MAX   64 /* longer ones are nobody's */

/* Parts of "ESC [ < 1 ; 2 $ y". */
struct parts {
	unsigned char lead; /* '<', '=', '>', '?', or 0 */
	unsigned numbers[PARAMETERS_MAX];
	size_t count;
	unsigned char last;
	size_t len;
};

static const struct {
	uint32_t code;
	unsigned char last;
	uint8_t mods;
} BY_LETTER[] = {
	{ K_UP, 'A', 0 },
	{ K_DOWN, 'B', 0 },
	{ K_RIGHT, 'C', 0 },
	{ K_LEFT, 'D', 0 },
	{ K_END, 'F', 0 },
	{ K_HOME, 'H', 0 },
	{ K_F1, 'P', 0 },
	{ K_F1 + 1, 'Q', 0 },
	{ K_F1 + 2, 'R', 0 },
	{ K_F1 + 3, 'S', 0 },
	{ K_TAB, 'Z', MOD_SHIFT },
	{ K_UP, 'a', MOD_SHIFT }, /* rxvt; behind ESC O they are with Ctrl */
	{ K_DOWN, 'b', MOD_SHIFT },
	{ K_RIGHT, 'c', MOD_SHIFT },
	{ K_LEFT, 'd', MOD_SHIFT },
};

/* "ESC [ number ~"; 25 to 34 are F13 to F20, which is Shift with F1 to F8. */
static const struct {
	uint32_t code;
	uint8_t number;
	uint8_t mods;
} BY_NUMBER[] = {
	{ K_HOME, 1, 0 },
	{ K_INSERT, 2, 0 },
	{ K_DELETE, 3, 0 },
	{ K_END, 4, 0 },
	{ K_PAGE_UP, 5, 0 },
	{ K_PAGE_DOWN, 6, 0 },
	{ K_HOME, 7, 0 },
	{ K_END, 8, 0 },
	{ K_F1, 11, 0 },
	{ K_F1 + 1, 12, 0 },
	{ K_F1 + 2, 13, 0 },
	{ K_F1 + 3, 14, 0 },
	{ K_F1 + 4, 15, 0 },
	{ K_F1 + 5, 17, 0 },
	{ K_F1 + 6, 18, 0 },
	{ K_F1 + 7, 19, 0 },
	{ K_F1 + 8, 20, 0 },
	{ K_F1 + 9, 21, 0 },
	{ K_F1 + 10, 23, 0 },
	{ K_F1 + 11, 24, 0 },
	{ K_F1, 25, MOD_SHIFT },
	{ K_F1 + 1, 26, MOD_SHIFT },
	{ K_F1 + 2, 28, MOD_SHIFT },
	{ K_F1 + 3, 29, MOD_SHIFT },
	{ K_F1 + 4, 31, MOD_SHIFT },
	{ K_F1 + 5, 32, MOD_SHIFT },
	{ K_F1 + 6, 33, MOD_SHIFT },
	{ K_F1 + 7, 34, MOD_SHIFT },
	{ K_PASTE, 200, 0 },
};

/* xterm's: 1 + a bit each for Shift, Alt, Ctrl and Meta. */
static uint8_t modifiers(unsigned number)
{
	unsigned bits = number > 0 ? number - 1 : 0;

	return (uint8_t)((bits & 1 ? MOD_SHIFT : 0) | (bits & 10 ? MOD_ALT : 0) |
			 (bits & 4 ? MOD_CTRL : 0));
}

static struct key key_of_letter(unsigned char last)
{
	for (size_t i = 0; i < sizeof BY_LETTER / sizeof *BY_LETTER; i++) {
		if (BY_LETTER[i].last == last)
			return (struct key){ BY_LETTER[i].code, BY_LETTER[i].mods };
	}
	return (struct key){ .code = K_NONE };
}

static struct key key_of_number(unsigned number)
{
	for (size_t i = 0; i < sizeof BY_NUMBER / sizeof *BY_NUMBER; i++) {
		if (BY_NUMBER[i].number == number)
			return (struct key){ BY_NUMBER[i].code, BY_NUMBER[i].mods };
	}
	return (struct key){ .code = K_NONE };
}

/* A character that is told by its number, as xterm's modifyOtherKeys does. */
static struct key key_of_code(unsigned code, unsigned mods_number)
{
	uint8_t mods = modifiers(mods_number);
	struct key key = { .code = code };

	if (code == 0 || code >= K_ENTER || (code >= 0x80 && code <= 0x9f))
		return (struct key){ .code = K_NONE };
	if (code < 0x20 || code == 0x7f)
		key = key_control((unsigned char)code);
	else if (mods & MOD_CTRL && code >= 'A' && code <= 'Z')
		key.code += 'a' - 'A';
	if (key.code < K_ENTER)
		mods &= (uint8_t)~MOD_SHIFT;
	key.mods |= mods;
	return key;
}

static void read_mouse(struct sequence *out, unsigned button, unsigned x, unsigned y)
{
	enum { BUTTON = 3, MOTION = 32, WHEEL = 64, MORE_BUTTONS = 128 };

	out->x = x > 0 ? (int)x - 1 : 0;
	out->y = y > 0 ? (int)y - 1 : 0;
	if (button & (MOTION | MORE_BUTTONS) || x > 0xffff || y > 0xffff)
		return;
	if (button & WHEEL && (button & BUTTON) < 2)
		out->key.code = button & BUTTON ? K_WHEEL_DOWN : K_WHEEL_UP;
	else if (!(button & WHEEL) && (button & BUTTON) == 0)
		out->key.code = K_CLICK;
}

/* What is behind "ESC [" or "ESC O". */
static enum sequence_state read_parts(struct parts *out, const unsigned char *bytes,
				      size_t len)
{
	size_t at = 2;

	*out = (struct parts){ .count = 1 };
	if (at < len && bytes[at] >= '<' && bytes[at] <= '?')
		out->lead = bytes[at++];
	for (; at < len && at < SEQUENCE_MAX; at++) {
		unsigned char byte = bytes[at];
		unsigned *number = &out->numbers[out->count - 1];
		bool rxvt_shift = byte == '$' && !out->lead && *number > 0;

		if (byte >= '0' && byte <= '9') {
			*number =
				*number < 0x200000 ? *number * 10 + byte - '0' : *number;
		} else if (byte == ';' && out->count < PARAMETERS_MAX) {
			out->count++;
		} else if (byte < 0x20 || byte >= 0x7f) {
			out->len = at; /* broken off: what comes is something else */
			return SEQUENCE_DONE;
		} else if (byte >= 0x40 || rxvt_shift) {
			out->last = byte;
			out->len = at + 1;
			return SEQUENCE_DONE;
		}
	}
	out->len = at;
	return at < SEQUENCE_MAX ? SEQUENCE_MORE : SEQUENCE_DONE;
}

/* "ESC [ number" with what ends it; rxvt tells modifiers by the end. */
static struct key key_of_parts(const struct parts *parts)
{
	struct key key;

	switch (parts->last) {
	case '~':
		if (parts->numbers[0] == 27 && parts->count == 3)
			return key_of_code(parts->numbers[2], parts->numbers[1]);
		key = key_of_number(parts->numbers[0]);
		break;
	case '$':
	case '^':
	case '@':
		key = key_of_number(parts->numbers[0]);
		key.mods |= parts->last == '^' ? 0 : MOD_SHIFT;
		key.mods |= parts->last == '$' ? 0 : MOD_CTRL;
		break;
	case 'u': return key_of_code(parts->numbers[0], parts->numbers[1]);
	default: key = key_of_letter(parts->last); break;
	}
	if (parts->count > 1)
		key.mods |= modifiers(parts->numbers[1]);
	return key;
}

static enum sequence_state read_csi(struct sequence *out, const unsigned char *bytes,
				    size_t len)
{
	struct parts parts;

	if (len > 2 && bytes[2] == '[') { /* the Linux console's F1 to F5 */
		out->len = 4;
		if (len > 3 && bytes[3] >= 'A' && bytes[3] <= 'E')
			out->key.code = K_F1 + bytes[3] - 'A';
		return len > 3 ? SEQUENCE_DONE : SEQUENCE_MORE;
	}
	if (len > 2 && bytes[2] == 'M') { /* a mouse that does not know SGR */
		out->len = 6;
		if (len >= 6)
			read_mouse(out, bytes[3] - 32u, bytes[4] - 32u, bytes[5] - 32u);
		return len >= 6 ? SEQUENCE_DONE : SEQUENCE_MORE;
	}
	if (read_parts(&parts, bytes, len) == SEQUENCE_MORE)
		return SEQUENCE_MORE;
	out->len = parts.len;
	if (parts.lead == '<' && parts.last == 'M')
		read_mouse(out, parts.numbers[0], parts.numbers[1], parts.numbers[2]);
	else if (!parts.lead)
		out->key = key_of_parts(&parts);
	return SEQUENCE_DONE;
}

static enum sequence_state read_ss3(struct sequence *out, const unsigned char *bytes,
				    size_t len)
{
	static const char keypad[] = "*+,-./0123456789"; /* j to y */
	struct parts parts;

	if (read_parts(&parts, bytes, len) == SEQUENCE_MORE)
		return SEQUENCE_MORE;
	out->len = parts.len;
	out->key = key_of_letter(parts.last);
	if (parts.last >= 'a' && parts.last <= 'd')
		out->key.mods = MOD_CTRL;
	else if (parts.last == 'M')
		out->key.code = K_ENTER;
	else if (parts.last == 'X')
		out->key.code = '=';
	else if (parts.last >= 'j' && parts.last <= 'y')
		out->key.code = (unsigned char)keypad[parts.last - 'j'];
	out->key.mods |= modifiers(parts.numbers[parts.count - 1]);
	return SEQUENCE_DONE;
}

static enum sequence_state read_one(struct sequence *out, const unsigned char *bytes,
				    size_t len)
{
	switch (bytes[1]) {
	case '[': return len > 2 ? read_csi(out, bytes, len) : SEQUENCE_MORE;
	case 'O': return len > 2 ? read_ss3(out, bytes, len) : SEQUENCE_MORE;
	case ']':
	case 'P':
	case '_':
		/* Alone, these are Alt and a letter. */
		out->is_string = true;
		out->len = 2;
		return len > 2 ? SEQUENCE_DONE : SEQUENCE_MORE;
	default: return SEQUENCE_NONE;
	}
}

enum sequence_state sequence_read(struct sequence *out, const unsigned char *bytes,
				  size_t len)
{
	enum sequence_state state;

	*out = (struct sequence){ 0 };
	if (len < 2)
		return SEQUENCE_MORE;
	if (bytes[1] != ESC)
		return read_one(out, bytes, len);
	/* Twice ESC and a sequence is it with Alt, on some terminals. */
	if (len < 3)
		return SEQUENCE_MORE;
	if (bytes[2] != '[' && bytes[2] != 'O')
		return SEQUENCE_NONE;
	state = read_one(out, bytes + 1, len - 1);
	out->len++;
	if (out->key.code != K_NONE && out->key.code != K_PASTE)
		out->key.mods |= MOD_ALT;
	return state;
}
