/* When a config says that it or a part of it was made: a time of RFC 3339, as Go decodes
 * it. With anything else no runtime reads the config. */
#include <stdlib.h>
#include <string.h>

#include "oci/manifest.h"

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

static bool is_zone(const char *at)
{
	int hour, minute;

	if (strcmp(at, "Z") == 0)
		return true;
	if (*at != '+' && *at != '-')
		return false;
	at++;
	return part(&at, 2, 0, 23, ":", &hour) && part(&at, 2, 0, 59, "", &minute) &&
	       !*at;
}

/* A time of RFC 3339, as runtimes read them. */
static bool is_created(const char *text)
{
	const char *at = text;
	int year, month, day, unused;

	if (!part(&at, 4, 0, 9999, "-", &year) || !part(&at, 2, 1, 12, "-", &month) ||
	    !part(&at, 2, 1, days_in(year, month), "T", &day) ||
	    !part(&at, 2, 0, 23, ":", &unused) || !part(&at, 2, 0, 59, ":", &unused) ||
	    !part(&at, 2, 0, 59, "", &unused))
		return false;
	if (*at == '.' || *at == ',') {
		size_t len = strspn(at + 1, "0123456789");

		if (len == 0)
			return false;
		at += 1 + len;
	}
	return is_zone(at);
}

static bool is_odd(const json_t *object)
{
	const json_t *created = json_object_get(object, "created");

	return json_is_string(created) && !is_created(json_string_value(created));
}

bool lam_config_has_odd_times(const struct lam_config *config)
{
	const json_t *history = json_object_get(config->doc.root, "history");
	bool odd = is_odd(config->doc.root);

	for (size_t i = 0; i < json_array_size(history) && !odd; i++)
		odd = is_odd(json_array_get(history, i));
	return odd;
}

void lam_created_repair(json_t *config)
{
	json_t *history = json_object_get(config, "history");

	if (is_odd(config))
		json_object_del(config, "created");
	for (size_t i = 0; i < json_array_size(history); i++) {
		const json_t *entry = json_array_get(history, i);
		json_t *repaired;

		if (!is_odd(entry))
			continue;
		repaired = json_copy((json_t *)(uintptr_t)entry);
		json_object_del(repaired, "created");
		json_array_set_new(history, i, repaired);
	}
}
