/* Text and the columns that it takes. */
#include "ui/text.h"

#include <locale.h>
#include <string.h>
#include <wchar.h>

#include <lamina/path.h>

#include "base/buf.h"
#include "base/utf8.h"

#define REPLACEMENT 0xfffdu
#define CACHED      0x3000u /* Latin to boxes, blocks and arrows: what most text is of */

size_t text_next(const char *text, size_t len, uint32_t *out_code)
{
	size_t used = lam_utf8_decode(text, len, out_code);

	if (used > 0)
		return used;
	*out_code = REPLACEMENT;
	return 1;
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

	if (lam_path_is_escaped(bytes, lam_utf8_encode(code, bytes)))
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
	struct lam_buf out = LAM_TEXT;

	for (size_t len = strlen(text), used; len > 0; text += used, len -= used) {
		uint32_t code;

		used = text_next(text, len, &code);
		if ((unsigned char)*text < 0x80)
			lam_text_putc(&out, *text);
		else if (used == 1)
			lam_text_printf(&out, "\\x%02x", (unsigned char)*text);
		else
			lam_text_printf(&out, "\\u{%x}", (unsigned)code);
	}
	return lam_text_steal(&out);
}
