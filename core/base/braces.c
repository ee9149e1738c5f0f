/* Alternatives in braces, written out. */
#include "base/braces.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"

void lam_texts_fini(struct lam_texts *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->items[i]);
	free(t->items);
}

static int texts_add(struct lam_texts *t, char *text, struct lam_error *err)
{
	if (!text)
		return lam_fail_memory(err);
	if (t->count >= LAM_MAX_ALTERNATIVES) {
		free(text);
		return lam_fail(err, LAM_EPLAN, "more than %d alternatives",
				LAM_MAX_ALTERNATIVES);
	}
	t->bytes += strlen(text);
	if (t->bytes > LAM_MAX_GLOB) {
		free(text);
		return lam_fail(
			err, LAM_EPLAN,
			"is too long: with its braces written out %u bytes are taken",
			LAM_MAX_GLOB);
	}
	LAM_XGROW(t->items, t->count, t->cap);
	t->items[t->count++] = text;
	return 0;
}

/* The length of an escape at text[0] == '\\': "\u{...}" has braces of its own. */
static size_t escape_length(const char *text)
{
	const char *brace = text[1] == 'u' && text[2] == '{' ? strchr(text, '}') : NULL;

	return brace ? (size_t)(brace - text) + 1 : text[1] ? 2 : 1;
}

size_t lam_class_end(const char *text, size_t at)
{
	at++;
	if (text[at] == '!' || text[at] == '^')
		at++;
	if (text[at] == ']')
		at++;
	while (text[at] && text[at] != ']')
		at += text[at] == '\\' ? escape_length(text + at) : 1;
	return text[at] ? at + 1 : 0;
}

/* The next of `stops` at depth 0, escapes and classes passed over; the end of the text
 * otherwise. */
static size_t find_stop(const char *text, size_t at, const char *stops)
{
	size_t depth = 0;

	while (text[at]) {
		if (depth == 0 && strchr(stops, text[at]))
			return at;
		if (text[at] == '\\') {
			at += escape_length(text + at);
			continue;
		}
		if (text[at] == '[' && lam_class_end(text, at)) {
			at = lam_class_end(text, at);
			continue;
		}
		depth += text[at] == '{';
		depth -= text[at] == '}' && depth > 0;
		at++;
	}
	return at;
}

static char *join(const char *a, size_t a_len, const char *b, size_t b_len, const char *c)
{
	size_t c_len = strlen(c);
	char *text = malloc(a_len + b_len + c_len + 1);

	if (!text)
		return NULL;
	memcpy(text, a, a_len);
	memcpy(text + a_len, b, b_len);
	memcpy(text + a_len + b_len, c, c_len + 1);
	return text;
}

/* Writes the first braces of todo's items out, until there are none. */
static int expand(struct lam_texts *todo, struct lam_texts *done, struct lam_error *err)
{
	while (todo->count) {
		char *text = todo->items[--todo->count];
		size_t open = find_stop(text, 0, "{"), at = open + 1, close;
		int code = 0;

		todo->bytes -= strlen(text);
		if (!text[open]) {
			if (texts_add(done, text, err) < 0)
				return err->code;
			continue;
		}
		close = find_stop(text, at, "}");
		if (!text[close])
			code = lam_fail(err, LAM_EPLAN, "a '{' without its '}'");
		while (code == 0 && at <= close) {
			size_t end = find_stop(text, at, ",}");

			code = texts_add(
				todo,
				join(text, open, text + at, end - at, text + close + 1),
				err);
			at = end + 1;
		}
		free(text);
		if (code < 0)
			return code;
	}
	return 0;
}

int lam_braces_expand(struct lam_texts *out, const char *text, struct lam_error *err)
{
	struct lam_texts todo = { 0 };
	int code = texts_add(&todo, strdup(text), err);

	if (code == 0)
		code = expand(&todo, out, err);
	lam_texts_fini(&todo);
	return code;
}
