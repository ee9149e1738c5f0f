/* RFC 3339, section 5.6, to and from seconds. */
#include "base/time.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* `count` digits, as a number; -1: others. */
static int digits(const char **at, int count)
{
	int value = 0;

	for (; count > 0; count--, (*at)++) {
		if (**at < '0' || **at > '9')
			return -1;
		value = value * 10 + (**at - '0');
	}
	return value;
}

/* The number, and one of the characters behind it. */
static bool part(const char **at, int count, int least, int most, const char *behind,
		 int *out)
{
	*out = digits(at, count);
	if (*out < least || *out > most)
		return false;
	if (!*behind)
		return true;
	return **at && strchr(behind, *(*at)++);
}

static int days_in(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/* Days before a date, from the first of March of the year 0 on: leap days come last in
 * such years. */
static int64_t days_before(int year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9,
		era = (y < 0 ? y - 399 : y) / 400, of_era = y - era * 400;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
	       (153 * m + 2) / 5 + day - 1;
}

static bool read_fraction(const char **at, uint32_t *out_ns)
{
	uint32_t unit = 100000000;
	size_t len;

	*out_ns = 0;
	if (**at != '.' && **at != ',')
		return true;
	len = strspn(++*at, "0123456789");
	for (size_t i = 0; i < len; i++, unit /= 10)
		*out_ns += (uint32_t)((*at)[i] - '0') * unit;
	*at += len;
	return len > 0;
}

/* Seconds that a zone is ahead. */
static bool read_zone(const char *at, int64_t *out)
{
	int hour, minute, sign = *at == '-' ? -1 : 1;

	*out = 0;
	if (strcmp(at, "Z") == 0)
		return true;
	if (*at != '+' && *at != '-')
		return false;
	at++;
	if (!part(&at, 2, 0, 23, ":", &hour) || !part(&at, 2, 0, 59, "", &minute) || *at)
		return false;
	*out = sign * (hour * INT64_C(3600) + minute * 60);
	return true;
}

bool lam_time_parse(const char *text, int64_t *out_s, uint32_t *out_ns)
{
	int year, month, day, hour, minute, second;
	const char *at = text;
	int64_t ahead;

	if (!part(&at, 4, 0, 9999, "-", &year) || !part(&at, 2, 1, 12, "-", &month) ||
	    !part(&at, 2, 1, days_in(year, month), "T", &day) ||
	    !part(&at, 2, 0, 23, ":", &hour) || !part(&at, 2, 0, 59, ":", &minute) ||
	    !part(&at, 2, 0, 59, "", &second) || !read_fraction(&at, out_ns) ||
	    !read_zone(at, &ahead))
		return false;
	*out_s = (days_before(year, month, day) - days_before(1970, 1, 1)) * 86400 +
		 hour * 3600 + minute * 60 + second - ahead;
	return true;
}

const char *lam_time_format(int64_t s, char out[LAM_TIME_TEXT])
{
	time_t when = (time_t)s;
	struct tm tm;

	if (!gmtime_r(&when, &tm) ||
	    !strftime(out, LAM_TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm))
		snprintf(out, LAM_TIME_TEXT, "%" PRId64, s);
	return out;
}

int64_t lam_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
