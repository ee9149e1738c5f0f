/* Characters, base64, sizes and counts. */
#include <stdio.h>

#include "base/base64.h"
#include "base/size.h"
#include "base/utf8.h"
#include "unit.h"

static struct lam_error err;

/* Every code point encodes to what decodes to it, and surrogates to nothing. */
static void every_character(void **state)
{
	(void)state;
	for (uint32_t c = 0; c <= 0x110000; c++) {
		char bytes[4];
		size_t len = lam_utf8_encode(c, bytes);
		uint32_t got = UINT32_MAX;
		bool is = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);

		assert_int_equal(lam_utf8_decode(bytes, len, &got), is ? len : 0);
		assert_true(!is || got == c);
		assert_int_equal(lam_utf8_decode(bytes, len - 1, &got), 0);
	}
}

static bool is_valid(const char *bytes, size_t len)
{
	uint32_t c;
	size_t at = 0, used = 1;

	for (; at < len && used; at += used)
		used = lam_utf8_decode(bytes + at, len - at, &c);
	return at == len && used;
}

static void what_is_valid(void **state)
{
	static const struct {
		const char *bytes;
		bool valid;
	} cases[] = {
		{ "", true },
		{ "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z", true },
		{ "\xc0\xaf", false },
		{ "\xc1\xbf", false },
		{ "\xe0\x9f\xbf", false },
		{ "\xf0\x8f\xbf\xbf", false },
		{ "\xed\xa0\x80", false },
		{ "\xf4\x90\x80\x80", false },
		{ "\xf8\x88\x80\x80\x80", false },
		{ "\x80", false },
		{ "\xc3", false },
		{ "\xc3(", false },
		{ "a\xff", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(is_valid(cases[i].bytes, strlen(cases[i].bytes)),
				 cases[i].valid);
	assert_true(is_valid("\0x", 2));
}

/* The vectors of RFC 4648, section 10. */
static void base64_vectors(void **state)
{
	static const char *const vectors[][2] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		LAM_CLEANUP(lam_buf_fini) struct lam_buf text = LAM_TEXT, back = LAM_TEXT;

		lam_base64_encode(&text, vectors[i][0], strlen(vectors[i][0]));
		assert_string_equal(text.len ? text.data : "", vectors[i][1]);
		assert_true(lam_base64_decode(&back, text.data, text.len));
		assert_int_equal(back.len, strlen(vectors[i][0]));
		assert_true(back.len == 0 ||
			    memcmp(back.data, vectors[i][0], back.len) == 0);
	}
}

static void base64_of_much(void **state)
{
	uint64_t random = 7;

	(void)state;
	for (size_t len = 3000; len < 10000; len += 577) {
		LAM_CLEANUP(lam_buf_fini) struct lam_buf text = LAM_TEXT, back = LAM_TEXT;
		char *bytes = malloc(len);

		for (size_t i = 0; i < len; i++)
			bytes[i] = (char)next_random(&random);
		lam_base64_encode(&text, bytes, len);
		assert_int_equal(text.len, (len + 2) / 3 * 4);
		assert_true(lam_base64_decode(&back, text.data, text.len));
		assert_int_equal(back.len, len);
		assert_memory_equal(back.data, bytes, len);
		free(bytes);
	}
}

static void no_base64(void **state)
{
	static const char *const wrong[] = { "Z",        "Zg",       "Zg=",  "Zm9v\n",
					     "Zm9v====", "====",     "Z===", "Zm9!",
					     "=m9v",     "Zg==Zg==", " m9v", "Zm9v ",
					     "-m9v",     "Z=9v" };

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		LAM_CLEANUP(lam_buf_fini) struct lam_buf back = LAM_TEXT;

		if (lam_base64_decode(&back, wrong[i], strlen(wrong[i])) || back.len)
			fail_msg("%s", wrong[i]);
	}
}

static void sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t size;
	} good[] = {
		{ "0", 0 },           { "12", 12 },        { "4K", 4096 },
		{ "4k", 4096 },       { "1.5M", 1572864 }, { "2g", 2147483648u },
		{ "3T", 3ull << 40 },
	};
	static const char *const bad[] = { "",  "M",   "-1",   "1Q",  "1MB", " 1",
					   "x", "inf", "0x10", "1e3", "5.",  ".5" };
	uint64_t size;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		OK(lam_size_parse(&size, good[i].text, &err));
		assert_int_equal(size, good[i].size);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(lam_size_parse(&size, bad[i], &err), LAM_EUSAGE);
		assert_string_equal(err.text,
				    "a size is a number, with k, M, G or T behind it");
	}
	assert_int_equal(lam_size_parse(&size, "99999999T", &err), LAM_EUSAGE);
	assert_string_equal(err.text, "a size that no file has");
}

static void shown(void **state)
{
	static const struct {
		uint64_t number;
		const char *size, *count;
	} cases[] = {
		{ 0, "0", "0" },
		{ 1023, "1023", "1,023" },
		{ 1024, "1.0K", "1,024" },
		{ 102348, "99.9K", "102,348" },
		{ 102400, "100K", "102,400" },
		{ 1048063, "1023K", "1,048,063" },
		{ 1048064, "1.0M", "1,048,064" },
		{ UINT64_MAX, "16.0E", "18,446,744,073,709,551,615" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char size[LAM_SIZE_TEXT], count[LAM_COUNT_TEXT];

		assert_string_equal(lam_size_text(cases[i].number, size), cases[i].size);
		assert_string_equal(lam_count_text(cases[i].number, count),
				    cases[i].count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_character), cmocka_unit_test(what_is_valid),
		cmocka_unit_test(base64_vectors),  cmocka_unit_test(base64_of_much),
		cmocka_unit_test(no_base64),       cmocka_unit_test(sizes),
		cmocka_unit_test(shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
