/* An escape sequence as a key. */
#include "term/sequence.h"

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

static struct key key_of_letter(unsigned char last)
{
	static const struct {
		unsigned char last;
		struct key key;
	} keys[] = { { 'A', { K_UP, 0 } },
		     { 'B', { K_DOWN, 0 } },
		     { 'C', { K_RIGHT, 0 } },
		     { 'D', { K_LEFT, 0 } },
		     { 'F', { K_END, 0 } },
		     { 'H', { K_HOME, 0 } },
		     { 'P', { K_F1, 0 } },
		     { 'Q', { K_F1 + 1, 0 } },
		     { 'R', { K_F1 + 2, 0 } },
		     { 'S', { K_F1 + 3, 0 } },
		     { 'Z', { K_TAB, MOD_SHIFT } },
		     /* rxvt; behind ESC O they are with Ctrl */
		     { 'a', { K_UP, MOD_SHIFT } },
		     { 'b', { K_DOWN, MOD_SHIFT } },
		     { 'c', { K_RIGHT, MOD_SHIFT } },
		     { 'd', { K_LEFT, MOD_SHIFT } } };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		if (keys[i].last == last)
			return keys[i].key;
	}
	return (struct key){ .code = K_NONE };
}

/* "ESC [ number ~"; F13 to F20 are Shift with F1 to F8. */
static struct key key_of_number(unsigned number)
{
	static const uint32_t low[] = { K_NONE,    K_HOME,      K_INSERT, K_DELETE, K_END,
					K_PAGE_UP, K_PAGE_DOWN, K_HOME,   K_END };
	static const uint8_t functions[] = { 11, 12, 13, 14, 15, 17, 18, 19, 20, 21,
					     23, 24, 25, 26, 28, 29, 31, 32, 33, 34 };

	if (number < sizeof low / sizeof *low)
		return (struct key){ .code = low[number] };
	for (uint32_t i = 0; i < sizeof functions; i++) {
		if (functions[i] == number)
			return i < 12 ? (struct key){ K_F1 + i, 0 }
				      : (struct key){ K_F1 + i - 12, MOD_SHIFT };
	}
	return (struct key){ .code = number == 200 ? K_PASTE : K_NONE };
}

/* xterm's: 1 + a bit each for Shift, Alt, Ctrl and Meta. */
static uint8_t modifiers(unsigned number)
{
	unsigned bits = number > 0 ? number - 1 : 0;

	return (uint8_t)((bits & 1 ? MOD_SHIFT : 0) | (bits & 10 ? MOD_ALT : 0) |
			 (bits & 4 ? MOD_CTRL : 0));
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
