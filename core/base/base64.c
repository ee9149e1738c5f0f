/* Base64, both ways. */
#include "base/base64.h"

#include <string.h>

static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			     "0123456789+/";

void lam_base64_encode(struct lam_buf *text, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < len; i += 3) {
		uint32_t bits = (uint32_t)p[i] << 16;

		bits |= i + 1 < len ? (uint32_t)p[i + 1] << 8 : 0;
		bits |= i + 2 < len ? p[i + 2] : 0;
		lam_text_add(text,
			     (char[]){ DIGITS[bits >> 18], DIGITS[bits >> 12 & 63],
				       i + 1 < len ? DIGITS[bits >> 6 & 63] : '=',
				       i + 2 < len ? DIGITS[bits & 63] : '=' },
			     4);
	}
}

/* A group of four digits, of which *out_count bytes come; false: it is none. */
static bool decode_group(const char *text, char out[3], size_t *out_count)
{
	size_t digits = text[3] != '=' ? 4 : text[2] != '=' ? 3 : 2;
	uint32_t bits = 0;

	for (size_t i = 0; i < digits; i++) {
		const char *digit = text[i] ? strchr(DIGITS, text[i]) : NULL;

		if (!digit)
			return false;
		bits |= (uint32_t)(digit - DIGITS) << (18 - 6 * i);
	}
	out[0] = (char)(bits >> 16);
	out[1] = (char)(bits >> 8);
	out[2] = (char)bits;
	*out_count = digits - 1;
	return true;
}

bool lam_base64_decode(struct lam_buf *out, const char *text, size_t len)
{
	size_t before = out->len, count = 3;
	char bytes[3];

	for (size_t i = 0; i < len; i += 4) {
		if (count < 3 || len - i < 4 || !decode_group(text + i, bytes, &count)) {
			out->len = before;
			return false;
		}
		lam_text_add(out, bytes, count);
	}
	return true;
}
