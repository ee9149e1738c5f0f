/* Numbers of tar headers, and of PAX records. */
#include "tar/number.h"

#include <string.h>

static bool base_256(const unsigned char *field, size_t len, int64_t *out)
{
	unsigned char invert = field[0] & 0x40 ? 0xff : 0;
	uint64_t x = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = field[i] ^ invert;

		if (i == 0)
			c &= 0x7f;
		if (x >> 56)
			return false;
		x = x << 8 | c;
	}
	if (x >> 63)
		return false;
	*out = invert ? (int64_t)~x : (int64_t)x;
	return true;
}

bool lam_tar_number(const unsigned char *field, size_t len, int64_t *out)
{
	uint64_t x = 0;

	if (len && field[0] & 0x80)
		return base_256(field, len, out);
	while (len && (field[0] == ' ' || field[0] == '\0')) {
		field++;
		len--;
	}
	while (len && (field[len - 1] == ' ' || field[len - 1] == '\0'))
		len--;
	for (size_t i = 0; i < len && field[i]; i++) {
		if (field[i] < '0' || field[i] > '7')
			return false;
		x = x << 3 | (uint64_t)(field[i] - '0');
	}
	*out = (int64_t)x;
	return true;
}

bool lam_tar_decimal(const char *text, size_t len, int64_t *out)
{
	bool negative = len && text[0] == '-';
	uint64_t x = 0, most = (uint64_t)INT64_MAX + negative;
	size_t i = negative;

	if (i == len)
		return false;
	for (; i < len; i++) {
		unsigned digit = (unsigned)(text[i] - '0');

		if (digit > 9 || x > (most - digit) / 10)
			return false;
		x = x * 10 + digit;
	}
	*out = negative ? (int64_t)(0 - x) : (int64_t)x;
	return true;
}

bool lam_tar_time(const char *text, size_t len, int64_t *out_s, uint32_t *out_ns)
{
	const char *dot = memchr(text, '.', len);
	size_t whole = dot ? (size_t)(dot - text) : len, n = 0;
	bool negative = len && text[0] == '-';
	uint32_t ns = 0;

	if (!lam_tar_decimal(text, whole, out_s))
		return false;
	for (size_t i = whole + 1; i < len; i++) {
		unsigned digit = (unsigned)(text[i] - '0');

		if (digit > 9)
			return false;
		if (n++ < 9)
			ns = ns * 10 + digit;
	}
	for (; n < 9; n++)
		ns *= 10;
	if (negative && ns) {
		if (*out_s == INT64_MIN)
			return false;
		*out_s -= 1;
		ns = 1000000000 - ns;
	}
	*out_ns = ns;
	return true;
}
