/* Times of RFC 3339, and times that are set back. */
#include <lamina/stat.h>

#include "base/time.h"
#include "unit.h"

static const struct {
	const char *text;
	int64_t s;
	uint32_t ns;
} GOOD[] = {
	{ "1970-01-01T00:00:00Z", 0, 0 },
	{ "1969-12-31T23:59:59.999999999Z", -1, 999999999 },
	{ "2026-01-01T00:00:00Z", 1767225600, 0 },
	{ "2026-01-01T02:00:00+02:00", 1767225600, 0 },
	{ "2025-12-31T18:30:00-05:30", 1767225600, 0 },
	{ "2024-02-29T12:00:00.5Z", 1709208000, 500000000 },
	{ "2000-02-29T00:00:00,123456789123Z", 951782400, 123456789 },
	{ "0000-01-01T00:00:00Z", -62167219200, 0 },
	{ "9999-12-31T23:59:59Z", 253402300799, 0 },
};

static const char *const BAD[] = {
	"",
	"2026-01-01",
	"2026-01-01T00:00:00",
	"2026-01-01 00:00:00Z",
	"2026-01-01T00:00:00z",
	"2026-01-01T00:00:00.Z",
	"2026-01-01T00:00:00+2:00",
	"2026-01-01T00:00:00+24:00",
	"2026-01-01T00:00:00+02:00x",
	"2026-01-01T24:00:00Z",
	"2026-01-01T00:00:60Z",
	"2026-13-01T00:00:00Z",
	"2026-02-29T00:00:00Z",
	"1900-02-29T00:00:00Z",
	"2026-1-01T00:00:00Z",
	"+2026-01-01T00:00:00Z",
};

static void parses(void **state)
{
	int64_t s;
	uint32_t ns;

	(void)state;
	for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++) {
		assert_true(lam_time_parse(GOOD[i].text, &s, &ns));
		assert_int_equal(s, GOOD[i].s);
		assert_int_equal(ns, GOOD[i].ns);
	}
	for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
		assert_false(lam_time_parse(BAD[i], &s, &ns));
}

/* Each day of 400 years begins 86,400 seconds behind the last, and comes back as it was. */
static void days_follow(void **state)
{
	char text[LAM_TIME_TEXT], want[LAM_TIME_TEXT];
	int64_t s;
	uint32_t ns;

	(void)state;
	for (int64_t day = -146097 / 2; day < 146097 / 2; day++) {
		lam_time_format(day * 86400 + day % 997 + 1000, want);
		assert_true(lam_time_parse(want, &s, &ns));
		assert_int_equal(s, day * 86400 + day % 997 + 1000);
		assert_string_equal(lam_time_format(s, text), want);
	}
}

static void clamps(void **state)
{
	const struct lam_clamp none = { 0 }, at = { true, 10 };
	int64_t s = 10;
	uint32_t ns = 1;

	(void)state;
	assert_false(lam_clamp_is_later(none, INT64_MAX, 999999999));
	assert_false(lam_clamp_is_later(at, 9, 999999999));
	assert_false(lam_clamp_is_later(at, 10, 0));
	assert_true(lam_clamp_is_later(at, 10, 1));
	lam_clamp_time(none, &s, &ns);
	assert_int_equal(ns, 1);
	lam_clamp_time(at, &s, &ns);
	assert_int_equal(s, 10);
	assert_int_equal(ns, 0);
	s = -5, ns = 7;
	lam_clamp_time(at, &s, &ns);
	assert_int_equal(s, -5);
	assert_int_equal(ns, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses),
		cmocka_unit_test(days_follow),
		cmocka_unit_test(clamps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
