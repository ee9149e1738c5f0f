/* What is asked of JSON beyond jansson: strictness, exact numbers, places. */
#include "base/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/path.h"

/* U+FDD0, which Unicode keeps for uses like this one: it stands in no text. */
#define MARK     "\xef\xb7\x90"
#define MARK_LEN (sizeof MARK - 1)

#define READ_FLAGS (JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL)

/* jansson drops what it has no memory for; with this it is never without. */
__attribute__((constructor)) static void give_memory(void)
{
	json_set_alloc_funcs(lam_xmalloc, free);
}

/* Before jansson reads: numbers are marked, depth is counted */

static bool begins(const char *bytes, size_t len, const char *with)
{
	return len >= strlen(with) && memcmp(bytes, with, strlen(with)) == 0;
}

/* Bytes of the string at `bytes`; 0 where the mark stands in it. */
static size_t string_length(const char *bytes, size_t len)
{
	size_t at = 1;

	for (; at < len && bytes[at] != '"'; at++) {
		if (begins(bytes + at, len - at, MARK) ||
		    (len - at >= 6 && strncasecmp(bytes + at, "\\ufdd0", 6) == 0))
			return 0;
		at += bytes[at] == '\\';
	}
	return at < len ? at + 1 : len;
}

static size_t span(const char *bytes, size_t len, const char *of)
{
	size_t at = 0;

	while (at < len && bytes[at] && strchr(of, bytes[at]))
		at++;
	return at;
}

/* Whether a number is one, and one that jansson would not give back as it is. */
static bool needs_mark(const char *number, size_t used, size_t len)
{
	size_t blank = span(number + used, len - used, " \t\r\n");
	bool exact = used < 19 && span(number, used, "-0123456789") == used &&
		     !(used == 2 && number[0] == '-' && number[1] == '0');
	json_error_t why;
	json_t *value;

	/* in a key's place it is an error, and stays one */
	if (exact || (used + blank < len && number[used + blank] == ':'))
		return false;
	value = json_loadb(number, used, READ_FLAGS, &why);
	if (!value)
		return json_error_code(&why) == json_error_numeric_overflow;
	exact = json_is_integer(value) && used > 2;
	json_decref(value);
	return !exact;
}

/* NULL, or what is wrong at *at. */
static const char *prepare(const char *bytes, size_t len, size_t *at, struct lam_buf *out)
{
	size_t depth = 0;

	if (begins(bytes, len, "\xef\xbb\xbf"))
		return "begins with a byte order mark, which JSON has not";
	for (size_t used; *at < len; *at += used) {
		const char *text = bytes + *at;
		size_t left = len - *at;

		used = span(text, left, "+-.0123456789eE");
		if (used && (text[0] == '-' || (text[0] >= '0' && text[0] <= '9')) &&
		    needs_mark(text, used, left)) {
			lam_text_printf(out, "\"" MARK "%.*s\"", (int)used, text);
			continue;
		}
		/* also between values: what counts marks takes each for one of ours */
		used = used ? used : !begins(text, left, MARK);
		if (text[0] == '"')
			used = string_length(text, left);
		else if ((text[0] == '[' || text[0] == '{') &&
			 depth++ == LAM_MAX_JSON_DEPTH)
			return "nested deeper than 128 levels";
		else if ((text[0] == ']' || text[0] == '}') && depth)
			depth--;
		if (!used)
			return "U+FDD0 in it, which is no character";
		lam_text_add(out, text, used);
	}
	return NULL;
}

/* Reading */

static void fail_at(const char *bytes, size_t at, const char *name, const char *what,
		    size_t *out_line, struct lam_error *err)
{
	size_t line = 1, column = 1;

	for (size_t i = 0; i < at; i++) {
		column = bytes[i] == '\n' ? 1 : column + 1;
		line += bytes[i] == '\n';
	}
	if (out_line)
		*out_line = line;
	lam_fail(err, LAM_EFORMAT, "%s:%zu:%zu: %s", name, line, column, what);
}

static const char *describe(json_error_t *why)
{
	static const struct {
		enum json_error_code code;
		const char *what;
	} known[] = {
		{ json_error_premature_end_of_input, "ends too early" },
		{ json_error_end_of_input_expected,
		  "something stands behind the end of the document" },
		{ json_error_invalid_utf8, "a byte that is not UTF-8" },
		{ json_error_duplicate_key,
		  "a key that the object has already: readers take one or the other" },
		{ json_error_null_byte_in_key, "a key with \\u0000 in it" },
	};
	char *near = strstr(why->text, " near ");

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (json_error_code(why) == known[i].code)
			return known[i].what;
	}
	/* what follows is the document's, and not fit to be shown */
	if (near)
		*near = '\0';
	if (strncmp(why->text, "invalid Unicode", strlen("invalid Unicode")) == 0)
		return "half of a surrogate pair";
	return why->text;
}

/* Where in the document jansson stopped in the text with marks: on the last byte that it
 * took, or at the end. */
static size_t place_of(const json_error_t *why, const struct lam_buf *text)
{
	size_t end = (size_t)why->position, marks = 0;

	for (size_t i = 0; i + MARK_LEN < end; i++)
		marks += memcmp(text->data + i, "\"" MARK, MARK_LEN + 1) == 0;
	if (json_error_code(why) == json_error_premature_end_of_input || !end)
		end++;
	return end - 1 - marks * (MARK_LEN + 2);
}

json_t *lam_json_load(const char *bytes, size_t len, const char *name, size_t *out_line,
		      struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf text = LAM_TEXT;
	size_t at = 0;
	const char *wrong = prepare(bytes, len, &at, &text);
	json_t *root = NULL;
	json_error_t why;

	if (!wrong) {
		root = json_loadb(text.data ? text.data : "", text.len, READ_FLAGS, &why);
		if (root)
			return root;
		at = place_of(&why, &text);
		wrong = describe(&why);
	}
	fail_at(bytes, at, name, wrong, out_line, err);
	return NULL;
}

bool lam_json_is_text(const json_t *value)
{
	return json_is_string(value) &&
	       strncmp(json_string_value(value), MARK, MARK_LEN) != 0;
}

static bool is_at(const struct lam_json_place *place, const size_t *way, size_t depth)
{
	return place->depth == depth && memcmp(place->way, way, depth * sizeof *way) == 0;
}

void lam_json_find_lines(const char *bytes, size_t len, struct lam_json_place *places,
			 size_t count)
{
	size_t way[LAM_MAX_JSON_DEPTH + 1], depth = 0, line = 1, found = 0;
	char in[LAM_MAX_JSON_DEPTH + 1];
	bool value = true; /* is what comes next, not a key */

	for (size_t at = 0, used; at < len && found < count; at += used) {
		char c = bytes[at];

		used = c == '"' ? string_length(bytes + at, len - at) : 1;
		line += c == '\n';
		if (strchr(" \t\r\n", c))
			continue;
		while (value && c != ']' && found < count &&
		       is_at(&places[found], way, depth))
			places[found++].line = line;
		value = c == '[' || c == ':' || (c == ',' && in[depth - 1] == '[');
		if (c == '[' || c == '{') {
			in[depth] = c;
			way[depth++] = 0;
		} else if (c == ']' || c == '}') {
			depth--;
		} else if (c == ',') {
			way[depth - 1]++;
		}
	}
}

/* Writing */

int lam_json_dump(const json_t *value, size_t flags, struct lam_buf *out,
		  struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *text = json_dumps(value, flags | JSON_ENCODE_ANY);
	const char *at = text, *mark;

	while ((mark = strstr(at, "\"" MARK))) {
		const char *number = mark + 1 + MARK_LEN;
		size_t len = strcspn(number, "\"");

		if (lam_buf_append(out, at, (size_t)(mark - at), err) < 0 ||
		    lam_buf_append(out, number, len, err) < 0)
			return err->code;
		at = number + len + 1;
	}
	return lam_buf_append_text(out, at, err);
}

/* Values and their places */

struct lam_json lam_json_root(json_t *root, const char *name)
{
	return (struct lam_json){ .key = name, .value = root };
}

struct lam_json lam_json_member(const struct lam_json *object, const char *key)
{
	json_t *value = json_object_get(object->value, key);

	return (struct lam_json){ .above = object,
				  .key = key,
				  .value = json_is_null(value) ? NULL : value };
}

struct lam_json lam_json_first(const struct lam_json *above)
{
	void *member = json_object_iter(above->value);
	struct lam_json first = { .above = above };

	if (member)
		first.key = json_object_iter_key(member);
	first.value =
		member ? json_object_iter_value(member) : json_array_get(above->value, 0);
	return first;
}

void lam_json_step(struct lam_json *at)
{
	void *member = NULL;

	at->index++;
	if (at->key)
		member = json_object_iter_next(at->above->value,
					       json_object_key_to_iter(at->key));
	if (member)
		at->key = json_object_iter_key(member);
	at->value = member ? json_object_iter_value(member)
			   : json_array_get(at->above->value, at->index);
}

void lam_json_path(const struct lam_json *at, struct lam_buf *text)
{
	char shown[LAM_PATH_TEXT];

	if (!at->above)
		return;
	lam_json_path(at->above, text);
	if (at->key)
		lam_text_printf(text, "%s%s", at->above->above ? "." : "",
				lam_path_text(shown, at->key, strlen(at->key), false));
	else
		lam_text_printf(text, "[%zu]", at->index);
}

struct lam_json_place lam_json_place(const struct lam_json *at)
{
	struct lam_json_place place = { .line = 1 };

	if (!at->above)
		return place;
	place = lam_json_place(at->above);
	if (place.depth < LAM_JSON_WAY)
		place.way[place.depth++] = at->index;
	return place;
}

int lam_json_fail(const struct lam_json *at, struct lam_error *err, enum lam_code code,
		  const char *format, ...)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf path = LAM_TEXT;
	const struct lam_json *root = at;
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	while (root->above)
		root = root->above;
	lam_json_path(at, &path);
	return lam_fail(err, code, "%s: %.500s%s%s", root->key, path.len ? path.data : "",
			path.len ? ": " : "", text);
}

int lam_json_text(const struct lam_json *at, const char **out, struct lam_error *err)
{
	if (!lam_json_is_text(at->value))
		return lam_json_fail(at, err, LAM_EFORMAT, "expected a string");
	*out = json_string_value(at->value);
	if (strlen(*out) != json_string_length(at->value))
		return lam_json_fail(at, err, LAM_EFORMAT, "a string with \\u0000 in it");
	return 0;
}

int lam_json_int(const struct lam_json *at, int64_t *out, struct lam_error *err)
{
	if (!json_is_integer(at->value))
		return lam_json_fail(at, err, LAM_EFORMAT, "expected a whole number");
	*out = json_integer_value(at->value);
	return 0;
}

int lam_json_bool(const struct lam_json *at, bool *out, struct lam_error *err)
{
	if (!json_is_boolean(at->value))
		return lam_json_fail(at, err, LAM_EFORMAT, "expected true or false");
	*out = json_is_true(at->value);
	return 0;
}

int lam_json_get_text(const struct lam_json *object, const char *key, bool required,
		      const char **out, struct lam_error *err)
{
	struct lam_json member = lam_json_member(object, key);

	*out = NULL;
	if (member.value)
		return lam_json_text(&member, out, err);
	return required ? lam_json_fail(object, err, LAM_EFORMAT, "%s is missing", key)
			: 0;
}
