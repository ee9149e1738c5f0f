/* Paths inside an image: cleaned, and as text. */
#include "base/path.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"

/* Names of archives */

static bool is_canonical(const char *name, size_t len)
{
	size_t begin = 0;

	if (len == 0 || name[0] == '/' || name[len - 1] == '/')
		return len == 0;
	for (size_t i = 0; i <= len; i++) {
		if (i < len && name[i] != '/')
			continue;
		size_t part = i - begin;

		if (part == 0 || (part == 1 && name[begin] == '.') ||
		    (part == 2 && name[begin] == '.' && name[begin + 1] == '.'))
			return false;
		begin = i + 1;
	}
	return true;
}

static int append_part(struct lam_buf *out, size_t begin, const char *part, size_t len,
		       struct lam_error *err)
{
	if (out->len > begin && lam_buf_append_char(out, '/', err) < 0)
		return err->code;
	return lam_buf_append(out, part, len, err);
}

static void drop_part(struct lam_buf *out, size_t begin, bool *out_clamped)
{
	if (out->len == begin) {
		*out_clamped = true;
		return;
	}
	while (out->len > begin && out->data[--out->len] != '/')
		;
	out->data[out->len] = '\0';
}

int lam_path_clean(const char *name, size_t len, struct lam_buf *out, bool *out_clamped,
		   struct lam_error *err)
{
	size_t begin = out->len;

	*out_clamped = false;
	if (len > LAM_MAX_TAR_HEADER)
		return lam_fail(err, LAM_EFORMAT, "a name of %zu bytes: more than %u",
				len, LAM_MAX_PATH);
	if (len && memchr(name, '\0', len))
		return lam_fail(err, LAM_EFORMAT, "a name with a zero byte in it");
	/* leading "./" is what most archives have */
	while (len > 2 && name[0] == '.' && name[1] == '/') {
		name += 2;
		len -= 2;
	}
	if (len > 1 && name[len - 1] == '/' && name[len - 2] != '/')
		len--;
	if (is_canonical(name, len))
		return lam_buf_append(out, name, len, err);
	for (size_t at = 0; at < len;) {
		const char *part = name + at, *slash = memchr(part, '/', len - at);
		size_t part_len = slash ? (size_t)(slash - part) : len - at;

		at += part_len + (slash ? 1 : 0);
		if (part_len == 0 || (part_len == 1 && part[0] == '.'))
			continue;
		if (part_len == 2 && part[0] == '.' && part[1] == '.')
			drop_part(out, begin, out_clamped);
		else if (append_part(out, begin, part, part_len, err) < 0)
			return err->code;
	}
	return 0;
}

enum lam_wh lam_wh_classify(const char *base, size_t len, const char **out_name,
			    size_t *out_len)
{
	static const char wh[] = ".wh.", opaque[] = ".wh..wh..opq",
			  reserved[] = ".wh..wh.";
	const size_t wh_len = sizeof wh - 1;

	*out_name = NULL;
	*out_len = 0;
	if (len < wh_len || memcmp(base, wh, wh_len) != 0)
		return LAM_WH_NONE;
	if (len == sizeof opaque - 1 && memcmp(base, opaque, len) == 0)
		return LAM_WH_OPAQUE;
	if (len >= sizeof reserved - 1 &&
	    memcmp(base, reserved, sizeof reserved - 1) == 0)
		return LAM_WH_RESERVED;
	*out_name = base + wh_len;
	*out_len = len - wh_len;
	if (*out_len == 0 || (*out_len <= 2 && memcmp(*out_name, "..", *out_len) == 0))
		return LAM_WH_INVALID;
	return LAM_WH_DELETE;
}

/* The text form */

static const struct {
	uint32_t first, last;
} INVISIBLE[] = {
	{ 0x00ad, 0x00ad }, { 0x034f, 0x034f }, { 0x061c, 0x061c }, { 0x115f, 0x1160 },
	{ 0x17b4, 0x17b5 }, { 0x180b, 0x180f }, { 0x200b, 0x200f }, { 0x2028, 0x202e },
	{ 0x2060, 0x206f }, { 0x3164, 0x3164 }, { 0xfdd0, 0xfdef }, { 0xfe00, 0xfe0f },
	{ 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb }, { 0xe0000, 0xe0fff },
};

static bool is_invisible(uint32_t c)
{
	if (c < INVISIBLE[0].first)
		return false;
	for (size_t i = 0; i < sizeof INVISIBLE / sizeof *INVISIBLE; i++) {
		if (c >= INVISIBLE[i].first && c <= INVISIBLE[i].last)
			return true;
	}
	return false;
}

/* The text of what stands at bytes; *out_used of them. "" where they stand for
 * themselves. */
static const char *escape_one(const unsigned char *bytes, size_t len, size_t *out_used,
			      char text[16])
{
	uint32_t c;
	size_t used = lam_utf8_decode((const char *)bytes, len, &c);

	*out_used = used ? used : 1;
	text[0] = '\0';
	if (used == 1 && c == '\\')
		return "\\\\";
	if (used == 1 && c == '\n')
		return "\\n";
	if (used == 1 && c == '\t')
		return "\\t";
	if (used == 1 && c == '\r')
		return "\\r";
	if (used == 0 || c < 0x20 || c == 0x7f) {
		snprintf(text, 16, "\\x%02x", bytes[0]);
	} else if (c >= 0x80 && c < 0xa0) {
		snprintf(text, 16, "\\x%02x\\x%02x", bytes[0], bytes[1]);
	} else if (is_invisible(c)) {
		snprintf(text, 16, "\\u{%x}", (unsigned)c);
	}
	return text;
}

static size_t plain_run(const unsigned char *bytes, size_t len)
{
	size_t n = 0;

	while (n < len && bytes[n] >= 0x20 && bytes[n] < 0x7f && bytes[n] != '\\')
		n++;
	return n;
}

void lam_path_append_escaped(struct lam_buf *text, const char *bytes, size_t len)
{
	const unsigned char *p = (const unsigned char *)bytes;

	for (size_t at = 0, used; at < len; at += used) {
		const char *shown = "";
		char escape[16];

		used = plain_run(p + at, len - at);
		if (!used)
			shown = escape_one(p + at, len - at, &used, escape);
		if (shown[0])
			lam_text_puts(text, shown);
		else
			lam_text_add(text, bytes + at, used);
	}
}

/* Where the first thing is that the text form writes out; len: nowhere. */
static size_t first_escaped(const char *bytes, size_t len)
{
	const unsigned char *p = (const unsigned char *)bytes;

	for (size_t at = 0, used; at < len; at += used) {
		char escape[16];

		used = plain_run(p + at, len - at);
		if (!used && escape_one(p + at, len - at, &used, escape)[0])
			return at;
	}
	return len;
}

bool lam_path_is_escaped(const char *bytes, size_t len)
{
	return first_escaped(bytes, len) < len;
}

size_t lam_path_shown_run(const char *text, size_t len)
{
	size_t at = first_escaped(text, len);

	while (at < len && text[at] == '\\') {
		at++;
		at += first_escaped(text + at, len - at);
	}
	return at;
}

bool lam_path_may_show(const char *text, size_t len)
{
	return lam_path_shown_run(text, len) == len;
}

char *lam_path_escape(const char *bytes, size_t len)
{
	struct lam_buf text = LAM_TEXT;

	lam_path_append_escaped(&text, bytes, len);
	return lam_text_steal(&text);
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* "{H...}" behind a \u; *at is moved behind it. */
static int unescape_number(struct lam_buf *out, const char *text, size_t len, size_t *at,
			   struct lam_error *err)
{
	size_t n = *at;
	uint32_t c = 0;
	char bytes[4];

	if (n >= len || text[n] != '{')
		return lam_fail(err, LAM_EPLAN, "\\u needs hexadecimal digits in braces");
	for (n++; n < len && hex_value(text[n]) >= 0 && c <= 0x10ffff; n++)
		c = c << 4 | (uint32_t)hex_value(text[n]);
	if (n >= len || text[n] != '}' || n == *at + 1 || c > 0x10ffff ||
	    (c >= 0xd800 && c <= 0xdfff))
		return lam_fail(err, LAM_EPLAN,
				"\\u needs hexadecimal digits of a character in braces");
	*at = n + 1;
	return lam_buf_append(out, bytes, lam_utf8_encode(c, bytes), err);
}

static int unescape_one(struct lam_buf *out, const char *text, size_t len, size_t *at,
			struct lam_error *err)
{
	static const char from[] = "\\ntr", to[] = "\\\n\t\r";
	char c = *at < len ? text[(*at)++] : '\0';
	const char *known = c ? strchr(from, c) : NULL;

	if (known)
		return lam_buf_append_char(out, to[known - from], err);
	if (c == 'u')
		return unescape_number(out, text, len, at, err);
	if (c == 'x' && len - *at >= 2 && hex_value(text[*at]) >= 0 &&
	    hex_value(text[*at + 1]) >= 0) {
		c = (char)(hex_value(text[*at]) << 4 | hex_value(text[*at + 1]));
		*at += 2;
		return lam_buf_append_char(out, c, err);
	}
	return lam_fail(
		err, LAM_EPLAN,
		"a backslash stands for itself as \\\\; else \\n, \\t, \\r, \\xHH and \\u{H} "
		"are known");
}

int lam_path_append_unescaped(struct lam_buf *out, const char *text, size_t len,
			      struct lam_error *err)
{
	for (size_t at = 0; at < len;) {
		const char *slash = memchr(text + at, '\\', len - at);
		size_t run = slash ? (size_t)(slash - text) - at : len - at;

		if (lam_buf_append(out, text + at, run, err) < 0)
			return err->code;
		at += run;
		if (!slash)
			break;
		at++;
		if (unescape_one(out, text, len, &at, err) < 0)
			return err->code;
	}
	return 0;
}

int lam_path_unescape(char **out_bytes, size_t *out_len, const char *text,
		      struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf out = LAM_TEXT;

	*out_bytes = NULL;
	if (lam_path_append_unescaped(&out, text, strlen(text), err) < 0)
		return err->code;
	*out_len = out.len;
	*out_bytes = lam_text_steal(&out);
	return 0;
}

/* The first that begins here, in text that is valid. */
static const char *whole_character(const char *text)
{
	while (((unsigned char)*text & 0xc0) == 0x80)
		text++;
	return text;
}

const char *lam_path_text(char out[LAM_PATH_TEXT], const char *bytes, size_t len,
			  bool absolute)
{
	const size_t half = LAM_PATH_TEXT / 2 - 4;
	char *text = lam_path_escape(bytes, len);
	const char *slash = absolute ? "/" : "";
	size_t text_len = strlen(text);

	if (text_len + 2 < LAM_PATH_TEXT)
		snprintf(out, LAM_PATH_TEXT, "%s%s", slash, text);
	else
		snprintf(out, LAM_PATH_TEXT, "%s%.*s...%s", slash,
			 (int)lam_utf8_cut(text, half), text,
			 whole_character(text + text_len - half));
	free(text);
	return out;
}
