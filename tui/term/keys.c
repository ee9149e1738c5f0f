/* What a terminal sends, as keys: of bytes that come one by one, pastes and clicks. */
#include "term/keys.h"

#include <string.h>

#include "base/utf8.h"
#include "term/sequence.h"
#include "ui/text.h"

#define ESC_MS          25   /* is it the Esc key, or the start of a sequence? */
#define SEQUENCE_MS     100  /* between the bytes of one sequence */
#define PASTE_MS        5000 /* a paste of which the end does not come */
#define DOUBLE_CLICK_MS 400

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
