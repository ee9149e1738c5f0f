#include "ui/text.h"

#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <lamina/path.h>

#define REPLACEMENT 0xfffdu
#define CACHED      0x3000u /* Latin to boxes, blocks and arrows: what most text is of */

/* What a code point takes, and in which range its continuation bytes start. */
static size_t sequence_length(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if (lead >= 0xe0 && lead <= 0xef)
		return 3;
	return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

size_t text_next(const char *text, size_t len, uint32_t *out_code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char lead = (unsigned char)text[0];
	size_t need = sequence_length(lead);
	uint32_t code = need > 1 ? lead & (0x7fu >> need) : lead;

	*out_code = REPLACEMENT;
	if (need == 0 || need > len)
		return 1;
	for (size_t i = 1; i < need; i++) {
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			return 1;
		code = code << 6 | ((unsigned char)text[i] & 0x3f);
	}
	if (code < least[need] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 1;
	*out_code = code;
	return need;
}

size_t text_encode(uint32_t code, char out[4])
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3f));
	out[2] = (char)(0x80 | (code >> 6 & 0x3f));
	out[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

/* wcwidth() of a UTF-8 locale; -1 for what is not printable. */
static int unicode_width(uint32_t code)
{
	static locale_t utf8;
	locale_t before;
	int width;

	if (!utf8)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	before = uselocale(utf8);
	width = wcwidth((wchar_t)code);
	uselocale(before);
	return width;
}

static int width_or_none(uint32_t code)
{
	char bytes[4];

	if (lam_path_is_escaped(bytes, text_encode(code, bytes)))
		return -1;
	return unicode_width(code);
}

/* The same for non-ASCII; what is asked for often is asked once. */
static int known_width(uint32_t code)
{
	enum { UNKNOWN, NONE, WIDTH }; /* WIDTH + 0, 1 or 2 */
	static uint8_t known[CACHED];
	int width;

	if (code >= CACHED)
		return width_or_none(code);
	if (known[code] == UNKNOWN) {
		width = width_or_none(code);
		known[code] = (uint8_t)(width < 0 ? NONE : WIDTH + width);
	}
	return known[code] == NONE ? -1 : known[code] - WIDTH;
}

bool text_is_printable(uint32_t code)
{
	if (code < 0x80)
		return code >= 0x20 && code < 0x7f;
	return known_width(code) >= 0;
}

int text_code_width(uint32_t code)
{
	int width = code < 0x80 ? 1 : known_width(code);

	return width < 0 ? 1 : width;
}

int text_width(const char *text)
{
	size_t len = strlen(text);
	int width = 0;

	while (len > 0) {
		uint32_t code;
		size_t used = text_next(text, len, &code);

		width += text_code_width(code);
		text += used;
		len -= used;
	}
	return width;
}

size_t text_fit(const char *text, int columns, int *out_columns)
{
	size_t len = strlen(text), at = 0;
	int width = 0;

	while (at < len) {
		uint32_t code;
		size_t used = text_next(text + at, len - at, &code);
		int more = text_code_width(code);

		if (more > columns - width)
			break;
		width += more;
		at += used;
	}
	if (out_columns)
		*out_columns = width;
	return at;
}

size_t text_fit_end(const char *text, int columns, int *out_columns)
{
	size_t len = strlen(text), at = 0;
	int width = text_width(text);

	while (at < len) {
		uint32_t code;
		size_t used = text_next(text + at, len - at, &code);
		int less = text_code_width(code);

		/* Nor does the rest begin with what combines with a character before it.
		 */
		if (width <= columns && (less > 0 || at == 0))
			break;
		width -= less;
		at += used;
	}
	if (out_columns)
		*out_columns = width;
	return at;
}

char *text_ascii(const char *text)
{
	size_t len = strlen(text), at = 0, put = 0;
	char *out = len < SIZE_MAX / 8 ? malloc(len * 8 + 1) : NULL;

	while (out && at < len) {
		uint32_t code;
		size_t used = text_next(text + at, len - at, &code);

		if (used == 1 && (unsigned char)text[at] < 0x80)
			out[put++] = text[at];
		else if (used == 1)
			put += (size_t)sprintf(out + put, "\\x%02x",
					       (unsigned char)text[at]);
		else
			put += (size_t)sprintf(out + put, "\\u{%x}", (unsigned)code);
		at += used;
	}
	if (out)
		out[put] = '\0';
	return out;
}

const char *text_size(uint64_t bytes, char out[SIZE_TEXT_MAX])
{
	static const char units[] = " KMGTPE";
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1023.5 && units[unit + 1]) {
		value /= 1024;
		unit++;
	}
	if (unit == 0)
		snprintf(out, SIZE_TEXT_MAX, "%u", (unsigned)bytes);
	else
		snprintf(out, SIZE_TEXT_MAX, value < 99.95 ? "%.1f%c" : "%.0f%c", value,
			 units[unit]);
	return out;
}

const char *text_count(uint64_t count, char out[32])
{
	char digits[24];
	size_t len = (size_t)snprintf(digits, sizeof digits, "%llu",
				      (unsigned long long)count);
	size_t put = 0;

	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			out[put++] = ',';
		out[put++] = digits[i];
	}
	out[put] = '\0';
	return out;
}

char *text_format(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	return text;
}
