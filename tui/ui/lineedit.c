/* A line of text, edited by keys. */
#include "ui/lineedit.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "ui/text.h"

void lineedit_fini(struct lineedit *edit)
{
	free(edit->text);
	*edit = (struct lineedit){ 0 };
}

const char *lineedit_text(const struct lineedit *edit)
{
	return edit->text ? edit->text : "";
}

/* Copies what may stand in a line: blanks for tabs and newlines, nothing for other
 * control characters and for what is no UTF-8. Returns its bytes. */
static size_t put_clean(char *out, size_t room, const char *text, size_t len)
{
	size_t put = 0;

	while (len > 0) {
		uint32_t code;
		size_t used = text_next(text, len, &code);
		bool bad = used == 1 && (unsigned char)*text >= 0x80;

		if (code == '\t' || code == '\n' || code == '\r')
			code = ' ';
		if (!bad && code >= 0x20 && (code < 0x7f || code > 0x9f)) {
			if (used > room - put)
				break;
			put += lam_utf8_encode(code, out + put);
		}
		text += used;
		len -= used;
	}
	return put;
}

static void reserve(struct lineedit *edit, size_t size)
{
	if (size <= edit->cap)
		return;
	edit->cap = size < 128 ? 128 : size * 2;
	edit->text = lam_xrealloc(edit->text, edit->cap);
}

static void insert(struct lineedit *edit, const char *text, size_t len)
{
	size_t room = LINEEDIT_MAX - edit->len;
	size_t most = len < room ? len : room;
	size_t tail = edit->len - edit->cursor;
	size_t put;

	/* What comes behind the cursor waits at the end of the room. */
	reserve(edit, edit->len + most + 1);
	memmove(edit->text + edit->cursor + most, edit->text + edit->cursor, tail);
	put = put_clean(edit->text + edit->cursor, most, text, len);
	memmove(edit->text + edit->cursor + put, edit->text + edit->cursor + most, tail);
	edit->cursor += put;
	edit->len += put;
	edit->text[edit->len] = '\0';
}

void lineedit_set(struct lineedit *edit, const char *text)
{
	edit->len = edit->cursor = 0;
	edit->offered = false;
	insert(edit, text, strlen(text));
}

void lineedit_offer(struct lineedit *edit, const char *text)
{
	lineedit_set(edit, text);
	edit->offered = edit->len > 0;
}

static void type(struct lineedit *edit, const char *text, size_t len)
{
	if (edit->offered)
		lineedit_set(edit, "");
	insert(edit, text, len);
}

static uint32_t code_at(const struct lineedit *edit, size_t at, size_t *out_bytes)
{
	uint32_t code;

	*out_bytes = text_next(edit->text + at, edit->len - at, &code);
	return code;
}

/* The start of the character in front of `at`, with all that combines with it. */
static size_t before(const struct lineedit *edit, size_t at)
{
	size_t bytes;

	while (at > 0) {
		do
			at--;
		while (at > 0 && ((unsigned char)edit->text[at] & 0xc0) == 0x80);
		if (text_code_width(code_at(edit, at, &bytes)) > 0)
			break;
	}
	return at;
}

static size_t after(const struct lineedit *edit, size_t at)
{
	size_t bytes;

	if (at >= edit->len)
		return edit->len;
	code_at(edit, at, &bytes);
	at += bytes;
	while (at < edit->len && text_code_width(code_at(edit, at, &bytes)) == 0)
		at += bytes;
	return at;
}

/* Words end at blanks and at slashes: what is typed are paths and names. */
static bool is_gap(const struct lineedit *edit, size_t at)
{
	return edit->text[at] == ' ' || edit->text[at] == '/';
}

static size_t word_before(const struct lineedit *edit, size_t at)
{
	while (at > 0 && is_gap(edit, before(edit, at)))
		at = before(edit, at);
	while (at > 0 && !is_gap(edit, before(edit, at)))
		at = before(edit, at);
	return at;
}

static size_t word_after(const struct lineedit *edit, size_t at)
{
	while (at < edit->len && is_gap(edit, at))
		at = after(edit, at);
	while (at < edit->len && !is_gap(edit, at))
		at = after(edit, at);
	return at;
}

static size_t line_start(const struct lineedit *edit, size_t at)
{
	(void)edit;
	(void)at;
	return 0;
}

static size_t line_end(const struct lineedit *edit, size_t at)
{
	(void)at;
	return edit->len;
}

static void erase(struct lineedit *edit, size_t from, size_t to)
{
	if (from == to)
		return;
	memmove(edit->text + from, edit->text + to, edit->len - to + 1);
	edit->len -= to - from;
	edit->cursor = from;
}

/* Each key goes to another place in the line, or deletes what is in between. */
static const struct binding {
	struct key key;
	size_t (*target)(const struct lineedit *edit, size_t at);
	bool erases;
} BINDINGS[] = {
	{ { K_LEFT, 0 }, before, false },
	{ { 'b', MOD_CTRL }, before, false },
	{ { K_RIGHT, 0 }, after, false },
	{ { 'f', MOD_CTRL }, after, false },
	{ { K_HOME, 0 }, line_start, false },
	{ { 'a', MOD_CTRL }, line_start, false },
	{ { K_END, 0 }, line_end, false },
	{ { 'e', MOD_CTRL }, line_end, false },
	{ { 'b', MOD_ALT }, word_before, false },
	{ { K_LEFT, MOD_CTRL }, word_before, false },
	{ { 'f', MOD_ALT }, word_after, false },
	{ { K_RIGHT, MOD_CTRL }, word_after, false },
	{ { K_BACKSPACE, 0 }, before, true },
	{ { 'h', MOD_CTRL }, before, true },
	{ { K_DELETE, 0 }, after, true },
	{ { 'd', MOD_CTRL }, after, true },
	{ { 'w', MOD_CTRL }, word_before, true },
	{ { K_BACKSPACE, MOD_ALT }, word_before, true },
	{ { 'd', MOD_ALT }, word_after, true },
	{ { 'u', MOD_CTRL }, line_start, true },
	{ { 'k', MOD_CTRL }, line_end, true },
};

static const struct binding *binding_of(struct key key)
{
	for (size_t i = 0; i < sizeof BINDINGS / sizeof *BINDINGS; i++) {
		if (key_equal(BINDINGS[i].key, key))
			return &BINDINGS[i];
	}
	return NULL;
}

static void apply(struct lineedit *edit, const struct binding *binding)
{
	size_t at = edit->cursor;
	size_t target = binding->target(edit, at);

	if (binding->erases)
		erase(edit, target < at ? target : at, target < at ? at : target);
	else
		edit->cursor = target;
}

bool lineedit_key(struct lineedit *edit, struct key key, const char *paste)
{
	const struct binding *binding = binding_of(key);
	char bytes[4];

	if (binding) {
		edit->offered = false;
		apply(edit, binding);
		return true;
	}
	if (key.code == K_PASTE) {
		type(edit, paste ? paste : "", paste ? strlen(paste) : 0);
		return true;
	}
	if (key.mods != 0 || key.code < 0x20 || key.code >= K_ENTER)
		return false;
	type(edit, bytes, lam_utf8_encode(key.code, bytes));
	return true;
}

/* Where to begin so that the cursor, which takes a column itself, is in view. */
static size_t first_shown(const struct lineedit *edit, int width)
{
	char *text = edit->text;
	char behind;
	size_t first;

	if (!text || text_width(text) < width)
		return 0;
	behind = text[edit->cursor];
	text[edit->cursor] = '\0';
	first = text_fit_end(text, width - 1, NULL);
	text[edit->cursor] = behind;
	return first;
}

void lineedit_draw(const struct lineedit *edit, struct canvas *canvas, int x, int y,
		   int width, style_t style)
{
	const char *text = lineedit_text(edit);
	size_t first = first_shown(edit, width);
	LAM_CLEANUP(lam_free_ptr)
	char *to_cursor = lam_xmemdup(text + first, edit->cursor - first);

	canvas_fill(canvas, (struct rect){ x, y, width, 1 }, style);
	canvas_text(canvas, x, y, width, edit->offered ? style | S_REVERSE : style,
		    text + first);
	if (width > 0) {
		canvas->cursor_x = x + text_width(to_cursor);
		canvas->cursor_y = y;
	}
}
