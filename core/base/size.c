/* Sizes and counts as text. */
#include "base/size.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *lam_size_number(double *out, const char *text)
{
	static const char digits[] = "0123456789";
	size_t len = strspn(text, digits), more;

	if (len == 0)
		return NULL;
	if (text[len] == '.') {
		more = strspn(text + len + 1, digits);
		if (more == 0)
			return NULL;
		len += 1 + more;
	}
	/* of "0x10" and "1e3" it takes more: callers find the "x" and the "e" at the end */
	*out = strtod(text, NULL);
	return text + len;
}

int lam_size_parse(uint64_t *out, const char *text, struct lam_error *err)
{
	static const char units[] = "kmgt";
	double number = 0;
	const char *end = lam_size_number(&number, text);
	const char *unit = end && *end ? strchr(units, *end | 0x20) : NULL;

	if (!end || (*end && !unit) || (unit && end[1]))
		return lam_fail(err, LAM_EUSAGE,
				"a size is a number, with k, M, G or T behind it");
	for (size_t i = unit ? (size_t)(unit - units) + 1 : 0; i > 0; i--)
		number *= 1024;
	if (!(number < 1.8e19))
		return lam_fail(err, LAM_EUSAGE, "a size that no file has");
	*out = (uint64_t)number;
	return 0;
}

const char *lam_size_text(uint64_t bytes, char out[LAM_SIZE_TEXT])
{
	static const char units[] = " KMGTPE";
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1023.5 && units[unit + 1]) {
		value /= 1024;
		unit++;
	}
	if (unit == 0)
		snprintf(out, LAM_SIZE_TEXT, "%u", (unsigned)bytes);
	else
		snprintf(out, LAM_SIZE_TEXT, value < 99.95 ? "%.1f%c" : "%.0f%c", value,
			 units[unit]);
	return out;
}

const char *lam_size_exact(uint64_t bytes, char out[LAM_COUNT_TEXT])
{
	static const char units[] = "kMGT";
	size_t unit = 0;

	for (; bytes && bytes % 1024 == 0 && units[unit]; unit++)
		bytes /= 1024;
	snprintf(out, LAM_COUNT_TEXT, "%llu%.*s", (unsigned long long)bytes, unit > 0,
		 unit ? units + unit - 1 : "");
	return out;
}

const char *lam_count_text(uint64_t count, char out[LAM_COUNT_TEXT])
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
