#include "base/limits.h"
#include "base/path.h"
#include "unit.h"

static struct lam_error err;

static void clean(void **state)
{
	static const struct {
		const char *from, *to;
		bool clamped;
	} cases[] = {
		{ "", "", false },
		{ "/", "", false },
		{ ".", "", false },
		{ "./", "", false },
		{ "..", "", true },
		{ "a", "a", false },
		{ "a/", "a", false },
		{ "./a", "a", false },
		{ "/a/b", "a/b", false },
		{ "a//b", "a/b", false },
		{ "a/./b", "a/b", false },
		{ "a/../b", "b", false },
		{ "../x", "x", true },
		{ "a/../../b", "b", true },
		{ "a/b/..", "a", false },
		{ "././a/./", "a", false },
		{ "...", "...", false },
		{ "a/...", "a/...", false },
		{ "/../../etc", "etc", true },
		{ "a/b/../../..", "", true },
		{ ".wh.a", ".wh.a", false },
		{ "a\n/\x1b", "a\n/\x1b", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lam_buf out = LAM_BUF(LAM_MAX_PATH);
		bool clamped;

		OK(lam_path_clean(cases[i].from, strlen(cases[i].from), &out, &clamped,
				  &err));
		assert_string_equal(out.data ? out.data : "", cases[i].to);
		assert_int_equal(clamped, cases[i].clamped);
		lam_buf_fini(&out);
	}
}

static void clean_refuses(void **state)
{
	struct lam_buf out = LAM_BUF(LAM_MAX_PATH);
	char *name = malloc(LAM_MAX_PATH + 1);
	bool clamped;

	(void)state;
	assert_int_equal(lam_path_clean("a\0b", 3, &out, &clamped, &err), LAM_EFORMAT);
	memset(name, 'x', LAM_MAX_PATH + 1);
	assert_int_equal(lam_path_clean(name, LAM_MAX_PATH + 1, &out, &clamped, &err),
			 LAM_EFORMAT);
	OK(lam_path_clean(name, LAM_MAX_PATH, &out, &clamped, &err));
	free(name);
	lam_buf_fini(&out);
}

static void whiteouts(void **state)
{
	static const struct {
		const char *base;
		enum lam_wh is;
		const char *name;
	} cases[] = {
		{ "a", LAM_WH_NONE, "" },
		{ ".wh", LAM_WH_NONE, "" },
		{ ".wh.a", LAM_WH_DELETE, "a" },
		{ ".wh..a", LAM_WH_DELETE, ".a" },
		{ ".wh.", LAM_WH_INVALID, "" },
		{ ".wh..", LAM_WH_INVALID, "." },
		{ ".wh...", LAM_WH_INVALID, ".." },
		{ ".wh....", LAM_WH_DELETE, "..." },
		{ ".wh..wh..opq", LAM_WH_OPAQUE, "" },
		{ ".wh..wh.plnk", LAM_WH_RESERVED, "" },
		{ ".wh..wh..opqx", LAM_WH_RESERVED, "" },
		{ ".wh.wh.a", LAM_WH_DELETE, "wh.a" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *name;
		size_t len;

		assert_int_equal(lam_wh_classify(cases[i].base, strlen(cases[i].base),
						 &name, &len),
				 cases[i].is);
		assert_int_equal(len, strlen(cases[i].name));
		if (len)
			assert_memory_equal(name, cases[i].name, len);
	}
}

static void escapes(void **state)
{
	static const struct {
		const char *bytes, *text;
	} cases[] = {
		{ "plain name", "plain name" },
		{ "a\\b", "a\\\\b" },
		{ "a\nb\tc\rd", "a\\nb\\tc\\rd" },
		{ "\x1b[2J", "\\x1b[2J" },
		{ "\x7f", "\\x7f" },
		{ "caf\xc3\xa9", "caf\xc3\xa9" },
		{ "caf\xe9", "caf\\xe9" },
		{ "\xc2\x9b", "\\xc2\\x9b" },
		{ "\xe2\x80\xae"
		  "evil",
		  "\\u{202e}evil" },
		{ "\xef\xbb\xbf", "\\u{feff}" },
		{ "\xef\xb7\x90", "\\u{fdd0}" }, /* no character: JSON's own mark */
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },
		{ "\xc0\xaf", "\\xc0\\xaf" },
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
		{ "\xf0\x9f\x90\x8d", "\xf0\x9f\x90\x8d" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *text = lam_path_escape(cases[i].bytes, strlen(cases[i].bytes));

		assert_string_equal(text, cases[i].text);
		assert_int_equal(
			lam_path_is_escaped(cases[i].bytes, strlen(cases[i].bytes)),
			strcmp(cases[i].bytes, cases[i].text) != 0);
		free(text);
	}
}

static void round_trip(void **state)
{
	uint64_t seed = 20240229;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char bytes[24], *text, *back;
		size_t len = next_random(&seed) % sizeof bytes, back_len;

		for (size_t k = 0; k < len; k++)
			bytes[k] = (char)(next_random(&seed) % 3
						  ? next_random(&seed)
						  : 0xe2 - next_random(&seed) % 99);
		text = lam_path_escape(bytes, len);
		for (const unsigned char *c = (const unsigned char *)text; *c; c++)
			assert_true(*c >= 0x20 && *c != 0x7f);
		OK(lam_path_unescape(&back, &back_len, text, &err));
		assert_int_equal(back_len, len);
		assert_memory_equal(back, bytes, len);
		free(text);
		free(back);
	}
}

static void bad_escapes(void **state)
{
	static const char *const cases[] = { "\\",          "\\q",       "\\x1",
					     "\\xg0",       "\\u",       "\\u{}",
					     "\\u{110000}", "\\u{d800}", "\\u{41",
					     "\\u41" };
	char *bytes;
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(lam_path_unescape(&bytes, &len, cases[i], &err),
				 LAM_EPLAN);
}

/* What is too long to be shown is cut between characters, wherever these begin. */
static void long_paths_are_shown(void **state)
{
	char path[1024], shown[LAM_PATH_TEXT];

	(void)state;
	for (size_t before = 0; before < 4; before++) {
		memset(path, 'a', before);
		for (size_t at = before; at + 2 < sizeof path; at += 2)
			memcpy(path + at, "\xd1\x88", 3);
		(void)lam_path_text(shown, path, strlen(path), before % 2);
		assert_true(strlen(shown) > LAM_PATH_TEXT / 2);
		assert_non_null(strstr(shown, "..."));
		assert_true(lam_path_may_show(shown, strlen(shown)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clean),
		cmocka_unit_test(clean_refuses),
		cmocka_unit_test(whiteouts),
		cmocka_unit_test(escapes),
		cmocka_unit_test(round_trip),
		cmocka_unit_test(bad_escapes),
		cmocka_unit_test(long_paths_are_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
