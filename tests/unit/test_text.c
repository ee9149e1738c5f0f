#include <locale.h>

#include "base/size.h"
#include "base/utf8.h"
#include "ui/text.h"
#include "unit.h"

static void code_points(void **state)
{
	static const struct {
		const char *bytes;
		uint32_t code;
		size_t used;
	} cases[] = {
		{ "a", 'a', 1 },
		{ "\xc3\xa4", 0xe4, 2 },
		{ "\xe6\x97\xa5x", 0x65e5, 3 },
		{ "\xf0\x9f\x98\x80", 0x1f600, 4 },
		{ "\xf4\x8f\xbf\xbf", 0x10ffff, 4 },
		{ "\xf4\x90\x80\x80", 0xfffd, 1 }, /* above Unicode */
		{ "\xc0\xaf", 0xfffd, 1 },         /* not the shortest form */
		{ "\xe0\x80\xaf", 0xfffd, 1 },
		{ "\xed\xa0\x80", 0xfffd, 1 }, /* a surrogate */
		{ "\x80", 0xfffd, 1 },
		{ "\xc3", 0xfffd, 1 },
		{ "\xe6\x97", 0xfffd, 1 },
		{ "\xe6\x97x", 0xfffd, 1 },
		{ "\xff", 0xfffd, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint32_t code;

		assert_int_equal(text_next(cases[i].bytes, strlen(cases[i].bytes), &code),
				 cases[i].used);
		assert_int_equal(code, cases[i].code);
	}
}

static void codes_come_back(void **state)
{
	(void)state;
	for (uint32_t code = 1; code < 0x110000; code += code < 0x3000 ? 1 : 97) {
		char bytes[4];
		size_t len = lam_utf8_encode(code, bytes);
		uint32_t back;

		if (code >= 0xd800 && code <= 0xdfff)
			continue;
		assert_int_equal(text_next(bytes, len, &back), len);
		assert_int_equal(back, code);
	}
}

static void widths(void **state)
{
	static const struct {
		const char *text;
		int width;
	} cases[] = {
		{ "", 0 },
		{ "abc", 3 },
		{ "日本語.txt", 10 },
		{ "e\xcc\x81", 1 },        /* combining acute */
		{ "\xf0\x9f\x98\x80", 2 }, /* an emoji */
		{ "\xef\xbd\xb1", 1 },     /* half-width katakana */
		{ "┌─┐│█▌…▸", 8 },
		{ "\xff\x80", 2 },
		{ "\xe2\x80\xae", 1 }, /* U+202E, shown as '?' */
		{ "\x1b[2J", 4 },
		{ "\xc2\x9b", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(text_width(cases[i].text), cases[i].width);
}

/* The same whatever the locale is, and that is left alone. */
static void locale_does_not_matter(void **state)
{
	static const char *const locales[] = { "C", "C.UTF-8", "POSIX" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_non_null(setlocale(LC_ALL, locales[i]));
		assert_int_equal(text_code_width(0x65e5), 2);
		assert_int_equal(text_code_width(0xff21), 2); /* not among the cached */
		assert_int_equal(text_code_width(0x301), 0);
		assert_int_equal(text_code_width(0x1f600), 2);
		assert_true(text_is_printable(0xe4));
		assert_false(text_is_printable(0x85));
		assert_false(text_is_printable(0x200b));
		assert_false(text_is_printable(0x7f));
	}
	setlocale(LC_ALL, "C");
}

static void fits(void **state)
{
	static const struct {
		const char *text;
		int columns;
		size_t bytes;
		int used;
		size_t end_offset;
		int end_used;
	} cases[] = {
		{ "abcdef", 3, 3, 3, 3, 3 },     { "abc", 5, 3, 3, 0, 3 },
		{ "abc", 0, 0, 0, 3, 0 },        { "日本語", 3, 3, 2, 6, 2 },
		{ "日本語", 4, 6, 4, 3, 4 },     { "日本語", 1, 0, 0, 9, 0 },
		{ "ae\xcc\x81", 2, 4, 2, 0, 2 }, { "ae\xcc\x81z", 2, 4, 2, 1, 2 },
		{ "e\xcc\x81z", 1, 3, 1, 3, 1 }, { "", 3, 0, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int used;

		assert_int_equal(text_fit(cases[i].text, cases[i].columns, &used),
				 cases[i].bytes);
		assert_int_equal(used, cases[i].used);
		assert_int_equal(text_fit_end(cases[i].text, cases[i].columns, &used),
				 cases[i].end_offset);
		assert_int_equal(used, cases[i].end_used);
	}
}

static void ascii(void **state)
{
	static const struct {
		const char *text, *ascii;
	} cases[] = {
		{ "plain", "plain" },
		{ "", "" },
		{ "a\xc3\xa4z", "a\\u{e4}z" },
		{ "日", "\\u{65e5}" },
		{ "\xf0\x9f\x98\x80", "\\u{1f600}" },
		{ "\xff", "\\xff" },
		{ "\xef\xbf\xbd", "\\u{fffd}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *text = text_ascii(cases[i].text);

		assert_string_equal(text, cases[i].ascii);
		free(text);
	}
}

static void numbers(void **state)
{
	static const struct {
		uint64_t value;
		const char *size, *count;
	} cases[] = {
		{ 0, "0", "0" },
		{ 999, "999", "999" },
		{ 1000, "1000", "1,000" },
		{ 1023, "1023", "1,023" },
		{ 1024, "1.0K", "1,024" },
		{ 41203, "40.2K", "41,203" },
		{ 102400, "100K", "102,400" },
		{ 1048063, "1023K", "1,048,063" },
		{ 1048575, "1.0M", "1,048,575" },
		{ 1234567890, "1.1G", "1,234,567,890" },
		{ UINT64_MAX, "16.0E", "18,446,744,073,709,551,615" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char size[LAM_SIZE_TEXT], count[32];

		assert_string_equal(lam_size_text(cases[i].value, size), cases[i].size);
		assert_string_equal(lam_count_text(cases[i].value, count),
				    cases[i].count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(code_points), cmocka_unit_test(codes_come_back),
		cmocka_unit_test(widths),      cmocka_unit_test(locale_does_not_matter),
		cmocka_unit_test(fits),        cmocka_unit_test(ascii),
		cmocka_unit_test(numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
