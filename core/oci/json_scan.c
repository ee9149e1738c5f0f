#include "oci/json_scan.h"

#include <string.h>

#include "base/limits.h"

struct scan {
	struct lam_doc *doc;
	size_t at;
};

static int fail(const struct scan *s, struct lam_error *err, const char *what)
{
	size_t line = 1, column = 1;

	for (size_t i = 0; i < s->at && i < s->doc->len; i++) {
		column++;
		if (s->doc->bytes[i] == '\n') {
			line++;
			column = 1;
		}
	}
	return lam_fail(err, LAM_EFORMAT, "%s:%zu:%zu: %s", s->doc->name, line, column,
			what);
}

static int peek(const struct scan *s)
{
	return s->at < s->doc->len ? (unsigned char)s->doc->bytes[s->at] : -1;
}

static void skip_space(struct scan *s)
{
	int c = peek(s);

	while (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
		s->at++;
		c = peek(s);
	}
}

/* Strings */

static size_t utf8_length(const unsigned char *p, size_t left)
{
	static const unsigned char second_min[] = { [0xe0 - 0xe0] = 0xa0,
						    [0xf0 - 0xe0] = 0x90 };
	size_t len = p[0] < 0x80                   ? 1
		     : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
		     : (p[0] & 0xf0) == 0xe0       ? 3
		     : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
						   : 0;

	if (len == 0 || len > left)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	if ((p[0] == 0xe0 || p[0] == 0xf0) && p[1] < second_min[p[0] - 0xe0])
		return 0;
	if ((p[0] == 0xed && p[1] >= 0xa0) || (p[0] == 0xf4 && p[1] >= 0x90))
		return 0;
	return len;
}

static int hex_4(struct scan *s, uint32_t *out, struct lam_error *err)
{
	*out = 0;
	for (int i = 0; i < 4; i++, s->at++) {
		int c = peek(s), digit = c >= '0' && c <= '9'   ? c - '0'
					 : c >= 'a' && c <= 'f' ? c - 'a' + 10
					 : c >= 'A' && c <= 'F' ? c - 'A' + 10
								: -1;

		if (digit < 0)
			return fail(s, err, "\\u needs four hexadecimal digits");
		*out = *out << 4 | (uint32_t)digit;
	}
	return 0;
}

static size_t encode(uint32_t c, char *out)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static int unescape_u(struct scan *s, char *out, size_t *len, struct lam_error *err)
{
	uint32_t c, low;

	if (hex_4(s, &c, err) < 0)
		return err->code;
	if (c >= 0xdc00 && c <= 0xdfff)
		return fail(s, err, "half of a surrogate pair");
	if (c >= 0xd800 && c <= 0xdbff) {
		if (s->doc->len - s->at < 6 ||
		    memcmp(s->doc->bytes + s->at, "\\u", 2) != 0)
			return fail(s, err, "half of a surrogate pair");
		s->at += 2;
		if (hex_4(s, &low, err) < 0)
			return err->code;
		if (low < 0xdc00 || low > 0xdfff)
			return fail(s, err, "half of a surrogate pair");
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	*len += encode(c, out + *len);
	return 0;
}

static int unescape(struct scan *s, char *out, size_t *len, struct lam_error *err)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	int c = peek(s);
	const char *known = c > 0 ? strchr(from, c) : NULL;

	if (c == 'u') {
		s->at++;
		return unescape_u(s, out, len, err);
	}
	if (!known)
		return fail(s, err, "a backslash that escapes nothing that JSON knows");
	s->at++;
	out[(*len)++] = to[known - from];
	return 0;
}

/* The string at s->at, which is its quote. */
static int scan_string(struct scan *s, const char **out, size_t *out_len,
		       struct lam_error *err)
{
	const char *bytes = s->doc->bytes;
	const char *close = bytes + s->at + 1, *end = bytes + s->doc->len;
	size_t len = 0;
	char *text;

	while (close < end && *close != '"')
		close += *close == '\\' ? 2 : 1;
	if (close >= end)
		return fail(s, err, "a string without its closing quote");
	text = lam_arena_alloc(&s->doc->arena, (size_t)(close - bytes) - s->at + 1);
	if (!text)
		return lam_fail_memory(err);
	s->at++;
	while (bytes[s->at] != '"') {
		size_t one = utf8_length((const unsigned char *)bytes + s->at,
					 s->doc->len - s->at);

		if (one == 0)
			return fail(s, err, "a byte that is not UTF-8");
		if ((unsigned char)bytes[s->at] < 0x20)
			return fail(s, err, "a control character in a string");
		if (bytes[s->at] == '\\') {
			s->at++;
			if (unescape(s, text, &len, err) < 0)
				return err->code;
			continue;
		}
		memcpy(text + len, bytes + s->at, one);
		len += one;
		s->at += one;
	}
	s->at++;
	text[len] = '\0';
	*out = text;
	*out_len = len;
	return 0;
}

/* Numbers and words */

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static int scan_digits(struct scan *s, struct lam_error *err)
{
	if (!is_digit(peek(s)))
		return fail(s, err, "expected a digit");
	while (is_digit(peek(s)))
		s->at++;
	return 0;
}

static int scan_number(struct scan *s, struct lam_error *err)
{
	if (peek(s) == '-')
		s->at++;
	if (peek(s) == '0')
		s->at++;
	else if (scan_digits(s, err) < 0)
		return err->code;
	if (is_digit(peek(s)))
		return fail(s, err, "a number with a leading zero");
	if (peek(s) == '.') {
		s->at++;
		if (scan_digits(s, err) < 0)
			return err->code;
	}
	if (peek(s) == 'e' || peek(s) == 'E') {
		s->at++;
		if (peek(s) == '+' || peek(s) == '-')
			s->at++;
		return scan_digits(s, err);
	}
	return 0;
}

static int scan_word(struct scan *s, struct lam_json *v, struct lam_error *err)
{
	static const struct {
		const char *word;
		enum lam_json_type type;
	} words[] = { { "true", LAM_JSON_BOOL },
		      { "false", LAM_JSON_BOOL },
		      { "null", LAM_JSON_NULL } };

	for (size_t i = 0; i < 3; i++) {
		size_t len = strlen(words[i].word);

		if (s->doc->len - s->at >= len &&
		    memcmp(s->doc->bytes + s->at, words[i].word, len) == 0) {
			v->type = words[i].type;
			s->at += len;
			return 0;
		}
	}
	return fail(s, err, s->at == s->doc->len ? "ends too early" : "expected a value");
}

/* Arrays and objects */

/* The key as Go compares it: without case. */
static int fold_key(const char *key, size_t len, struct lam_buf *out,
		    struct lam_error *err)
{
	lam_buf_clear(out);
	for (size_t i = 0; i < len; i++) {
		char c = key[i];

		if (c >= 'A' && c <= 'Z') {
			c = (char)(c + 'a' - 'A');
		} else if (len - i >= 2 && memcmp(key + i, "\xc5\xbf", 2) == 0) {
			c = 's';
			i += 1;
		} else if (len - i >= 3 && memcmp(key + i, "\xe2\x84\xaa", 3) == 0) {
			c = 'k';
			i += 2;
		}
		if (lam_buf_append_char(out, c, err) < 0)
			return err->code;
	}
	return 0;
}

static int check_key(struct scan *s, struct lam_names *keys, const char *key, size_t len,
		     struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf folded = LAM_BUF(SIZE_MAX / 2);
	uint32_t number, before = keys->count;

	if (memchr(key, '\0', len))
		return fail(s, err, "a key with \\u0000 in it");
	if (fold_key(key, len, &folded, err) < 0 ||
	    lam_names_add(keys, folded.data ? folded.data : "", folded.len, &number,
			  err) < 0)
		return err->code == LAM_ENOMEM ? err->code
					       : fail(s, err, "a key that is too long");
	if (keys->count == before)
		return fail(
			s, err,
			"a key that the object has already, perhaps in another case: readers take one or "
			"the other");
	return 0;
}

static int scan_value(struct scan *s, struct lam_json *v, unsigned depth,
		      struct lam_error *err);

static int scan_member(struct scan *s, struct lam_json *child, struct lam_names *keys,
		       struct lam_error *err)
{
	size_t len;

	child->member_begin = s->at;
	if (peek(s) != '"')
		return fail(s, err, "expected a key in quotes");
	if (scan_string(s, &child->key, &len, err) < 0 ||
	    check_key(s, keys, child->key, len, err) < 0)
		return err->code;
	skip_space(s);
	if (peek(s) != ':')
		return fail(s, err, "expected ':'");
	s->at++;
	skip_space(s);
	return 0;
}

static int scan_children(struct scan *s, struct lam_json *v, struct lam_names *keys,
			 unsigned depth, struct lam_error *err)
{
	bool object = v->type == LAM_JSON_OBJECT;
	int close = object ? '}' : ']';
	struct lam_json **link = &v->first;

	s->at++;
	skip_space(s);
	if (peek(s) == close) {
		s->at++;
		return 0;
	}
	for (;;) {
		struct lam_json *child = lam_arena_alloc(&s->doc->arena, sizeof *child);

		if (!child)
			return lam_fail_memory(err);
		*child = (struct lam_json){ .parent = v, .index = v->count++ };
		*link = child;
		link = &child->next;
		skip_space(s);
		if (object && scan_member(s, child, keys, err) < 0)
			return err->code;
		if (scan_value(s, child, depth + 1, err) < 0)
			return err->code;
		skip_space(s);
		if (peek(s) == close)
			break;
		if (peek(s) != ',')
			return fail(s, err,
				    object ? "expected ',' or '}'"
					   : "expected ',' or ']'");
		s->at++;
	}
	s->at++;
	return 0;
}

static int scan_value(struct scan *s, struct lam_json *v, unsigned depth,
		      struct lam_error *err)
{
	struct lam_names keys = { 0 };
	int c = peek(s), code;

	v->begin = s->at;
	if (depth > LAM_MAX_JSON_DEPTH)
		return fail(s, err, "nested deeper than 128 levels");
	if (c == '{' || c == '[') {
		v->type = c == '{' ? LAM_JSON_OBJECT : LAM_JSON_ARRAY;
		code = scan_children(s, v, &keys, depth, err);
		lam_names_fini(&keys);
	} else if (c == '"') {
		v->type = LAM_JSON_STRING;
		code = scan_string(s, &v->text, &v->text_len, err);
	} else if (c == '-' || is_digit(c)) {
		v->type = LAM_JSON_NUMBER;
		code = scan_number(s, err);
	} else {
		code = scan_word(s, v, err);
	}
	v->end = s->at;
	return code;
}

int lam_json_scan(struct lam_doc *doc, struct lam_error *err)
{
	struct scan s = { doc, 0 };

	doc->root = lam_arena_alloc(&doc->arena, sizeof *doc->root);
	if (!doc->root)
		return lam_fail_memory(err);
	*doc->root = (struct lam_json){ 0 };
	if (doc->len >= 3 && memcmp(doc->bytes, "\xef\xbb\xbf", 3) == 0)
		return fail(&s, err, "begins with a byte order mark, which JSON has not");
	skip_space(&s);
	if (scan_value(&s, doc->root, 0, err) < 0)
		return err->code;
	skip_space(&s);
	return s.at == doc->len
		       ? 0
		       : fail(&s, err, "something stands behind the end of the document");
}
