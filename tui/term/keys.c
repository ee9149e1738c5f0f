/* What a terminal sends, as keys: escape sequences, pastes, clicks. */
#include "term/keys.h"

#include <string.h>

#include "base/utf8.h"
#include "ui/text.h"

#define ESC             0x1b
#define ESC_MS          25   /* is it the Esc key, or the start of a sequence? */
#define SEQUENCE_MS     100  /* between the bytes of one sequence */
#define PASTE_MS        5000 /* a paste of which the end does not come */
#define DOUBLE_CLICK_MS 400

#define PARAMETERS_MAX 8
#define SEQUENCE_MAX   64 /* longer ones are nobody's */

/* --- escape sequences --- */

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

/* bytes[0] is ESC. */
static enum sequence_state sequence_read(struct sequence *out, const unsigned char *bytes,
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

static const unsigned char PASTE_END[] = { ESC, '[', '2', '0', '1', '~' };

void term_keys_fini(struct term_keys *keys)
{
	lam_buf_fini(&keys->paste);
	*keys = (struct term_keys){ 0 };
}

size_t term_keys_feed(struct term_keys *keys, const unsigned char *bytes, size_t len,
		      int64_t now_ms)
{
	size_t room = TERM_KEYS_ROOM - keys->len;

	len = len < room ? len : room;
	memcpy(keys->bytes + keys->len, bytes, len);
	keys->len += len;
	keys->fed_ms = now_ms;
	return len;
}

static void drop(struct term_keys *keys, size_t len)
{
	keys->len -= len;
	memmove(keys->bytes, keys->bytes + len, keys->len);
}

static int patience_of(const struct term_keys *keys)
{
	if (keys->mode == MODE_PASTE)
		return PASTE_MS;
	if (keys->mode == MODE_STRING)
		return SEQUENCE_MS;
	if (keys->len == 0)
		return -1;
	return keys->len == 1 && keys->bytes[0] == ESC ? ESC_MS : SEQUENCE_MS;
}

int term_keys_patience(const struct term_keys *keys, int64_t now_ms)
{
	int patience = patience_of(keys);
	int64_t left = keys->fed_ms + patience - now_ms;

	if (patience < 0)
		return -1;
	return left < 0 ? 0 : left > patience ? patience : (int)left;
}

static bool is_over(const struct term_keys *keys, int64_t now_ms)
{
	return term_keys_patience(keys, now_ms) == 0;
}

static bool give(struct term_event *out, struct key key)
{
	*out = (struct term_event){ .kind = TERM_KEY, .key = key };
	return true;
}

/* --- pastes --- */

static void add_to_paste(struct term_keys *keys, size_t len)
{
	size_t room = TERM_PASTE_MAX - keys->paste.len;

	lam_text_add(&keys->paste, keys->bytes, len < room ? len : room);
	drop(keys, len);
}

/* Leaves newlines, tabs and valid UTF-8; no other control characters. */
static void clean_paste(struct lam_buf *paste)
{
	size_t at = 0, put = 0;
	char *text = paste->data;

	while (at < paste->len) {
		uint32_t code;
		size_t used = text_next(text + at, paste->len - at, &code);
		bool bad = used == 1 && (unsigned char)text[at] >= 0x80;

		if (code == '\r') {
			bad = at + 1 < paste->len && text[at + 1] == '\n';
			code = '\n';
		}
		bad |= code < 0x20 && code != '\n' && code != '\t';
		bad |= code >= 0x7f && code <= 0x9f;
		at += used;
		if (!bad)
			put += lam_utf8_encode(code, text + put);
	}
	text[put] = '\0';
}

static bool give_paste(struct term_keys *keys, struct term_event *out)
{
	lam_text_puts(&keys->paste, ""); /* text, even where it is empty */
	clean_paste(&keys->paste);
	keys->mode = MODE_KEYS;
	give(out, (struct key){ .code = K_PASTE });
	out->text = keys->paste.data;
	return true;
}

static bool next_of_paste(struct term_keys *keys, int64_t now_ms, struct term_event *out)
{
	bool over = is_over(keys, now_ms);

	while (keys->len > 0) {
		const unsigned char *esc = memchr(keys->bytes, ESC, keys->len);
		size_t plain = esc ? (size_t)(esc - keys->bytes) : keys->len;
		size_t rest;

		add_to_paste(keys, plain);
		rest = keys->len < sizeof PASTE_END ? keys->len : sizeof PASTE_END;
		if (rest > 0 && memcmp(keys->bytes, PASTE_END, rest) != 0) {
			drop(keys, 1);
		} else if (rest == sizeof PASTE_END) {
			drop(keys, rest);
			return give_paste(keys, out);
		} else {
			break;
		}
	}
	return over && give_paste(keys, out);
}

/* --- strings: answers of terminals that nobody asked for --- */

static void skip_string(struct term_keys *keys, int64_t now_ms)
{
	if (is_over(keys, now_ms)) {
		keys->mode = MODE_KEYS;
		keys->len = 0;
	}
	for (size_t i = 0; i < keys->len; i++) {
		bool bell = keys->bytes[i] == '\a';
		bool st = keys->bytes[i] == ESC && i + 1 < keys->len &&
			  keys->bytes[i + 1] == '\\';

		if (bell || st) {
			drop(keys, i + (st ? 2 : 1));
			keys->mode = MODE_KEYS;
			return;
		}
	}
	/* An ESC at the end may be half of what ends it. */
	if (keys->len > 0)
		drop(keys, keys->len - (keys->bytes[keys->len - 1] == ESC ? 1 : 0));
}

/* --- keys --- */

static bool give_click(struct term_keys *keys, const struct sequence *sequence,
		       int64_t now_ms, struct term_event *out)
{
	bool again = sequence->key.code == K_CLICK && keys->click_x == sequence->x &&
		     keys->click_y == sequence->y && keys->click_ms > 0 &&
		     now_ms - keys->click_ms <= DOUBLE_CLICK_MS;

	give(out, sequence->key);
	out->x = sequence->x;
	out->y = sequence->y;
	if (again)
		out->key.code = K_DOUBLE_CLICK;
	keys->click_ms = again || sequence->key.code != K_CLICK ? 0 : now_ms;
	keys->click_x = sequence->x;
	keys->click_y = sequence->y;
	return true;
}

/* One key that stands for itself, from `at` on. Returns its bytes; 0: more are needed. */
static size_t plain_key(const struct term_keys *keys, size_t at, bool over,
			struct key *out)
{
	unsigned char byte = keys->bytes[at];
	size_t need = byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
	size_t used;

	*out = (struct key){ .code = K_NONE };
	if (byte == keys->erase && byte != 0 && byte < 0x20)
		*out = (struct key){ .code = K_BACKSPACE };
	else if (byte < 0x20 || byte == 0x7f)
		*out = key_control(byte);
	if (out->code != K_NONE)
		return 1;
	used = text_next((const char *)keys->bytes + at, keys->len - at, &out->code);
	if (used == 1 && byte >= 0x80) {
		out->code = K_NONE;
		return need > keys->len - at && !over ? 0 : 1;
	}
	if (out->code >= 0x80 && out->code <= 0x9f)
		out->code = K_NONE;
	return used;
}

/* Esc and something that starts no sequence: Alt, but with a digit two keys. */
static bool escaped_key(struct term_keys *keys, bool over, struct key *out)
{
	size_t used = plain_key(keys, 1, over, out);

	if (used == 0)
		return false;
	if (out->code >= '0' && out->code <= '9') {
		keys->waiting = *out;
		*out = (struct key){ .code = K_ESC };
	} else if (out->code == K_TAB) {
		out->mods |= MOD_SHIFT; /* the Linux console's: terminfo's kcbt */
	} else if (out->code != K_NONE) {
		out->mods |= MOD_ALT;
	}
	drop(keys, 1 + used);
	return true;
}

/* What starts with Esc. False where more is needed. */
static bool next_of_escape(struct term_keys *keys, int64_t now_ms, struct term_event *out)
{
	struct sequence sequence;
	bool over = is_over(keys, now_ms);
	struct key key = { .code = K_ESC };

	switch (sequence_read(&sequence, keys->bytes, keys->len)) {
	case SEQUENCE_DONE:
		drop(keys, sequence.len);
		if (sequence.key.code == K_CLICK || sequence.key.code == K_WHEEL_UP ||
		    sequence.key.code == K_WHEEL_DOWN)
			return give_click(keys, &sequence, now_ms, out);
		if (sequence.key.code != K_PASTE && !sequence.is_string)
			return give(out, sequence.key);
		keys->mode = sequence.is_string ? MODE_STRING : MODE_PASTE;
		keys->paste.max = SIZE_MAX;
		lam_buf_clear(&keys->paste);
		return give(out, (struct key){ .code = K_NONE });
	case SEQUENCE_MORE:
		if (!over)
			return false;
		/* Nothing came: it was Esc, Alt-[, Alt-O or the like. */
		if (keys->len > 2 && keys->bytes[1] != ESC) {
			drop(keys, keys->len);
			return give(out, (struct key){ .code = K_NONE });
		}
		break;
	case SEQUENCE_NONE: break;
	}
	if (keys->len > 1 && keys->bytes[1] != ESC) {
		if (!escaped_key(keys, over, &key))
			return false;
	} else {
		drop(keys, 1);
	}
	return give(out, key);
}

static bool next_of_keys(struct term_keys *keys, int64_t now_ms, struct term_event *out)
{
	struct key key;
	size_t used;

	if (keys->bytes[0] == ESC)
		return next_of_escape(keys, now_ms, out);
	used = plain_key(keys, 0, is_over(keys, now_ms), &key);
	drop(keys, used);
	return used > 0 && give(out, key);
}

/* One step; true where it was one, *out may be K_NONE. */
static bool step(struct term_keys *keys, int64_t now_ms, struct term_event *out)
{
	if (keys->waiting.code != K_NONE) {
		give(out, keys->waiting);
		keys->waiting = (struct key){ .code = K_NONE };
		return true;
	}
	if (keys->mode == MODE_STRING)
		skip_string(keys, now_ms);
	if (keys->mode == MODE_PASTE)
		return next_of_paste(keys, now_ms, out);
	return keys->mode == MODE_KEYS && keys->len > 0 &&
	       next_of_keys(keys, now_ms, out);
}

bool term_keys_next(struct term_keys *keys, int64_t now_ms, struct term_event *out)
{
	while (step(keys, now_ms, out)) {
		if (out->key.code != K_NONE)
			return true;
	}
	return false;
}
