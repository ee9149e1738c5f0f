/* What is asked of JSON beyond jansson. */
#include "base/json.h"
#include "oci/doc.h"
#include "unit.h"

static struct lam_error err;

static void refuses(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "", "t:1:1: ends too early" },
		{ "{", "t:1:2: " },
		{ "{\"a\":1,}", "t:1:8: string or '}' expected" },
		{ "[1,]", "t:1:4: unexpected token" },
		{ "[1 2]", "t:1:4: ']' expected" },
		{ "[1.50, 1e2 x]", "t:1:12: ']' expected" },
		{ "{\"a\":1}\n x", "t:2:2: something stands behind" },
		{ "\xef\xbb\xbf{}", "byte order mark" },
		{ "{\"a\":1,\"a\":2}", "a key that the object has already" },
		{ "{\"layers\":1,\"Layers\":2}",
		  "t: Layers: a key that the object has already" },
		{ "{\"a\":[{\"layers\":1,\"layer\xc5\xbf\":2}]}",
		  "t: a[0].layer\xc5\xbf: a key that the object has already" },
		{ "{\"ok\":1,\"o\xe2\x84\xaa\":2}", "a key that the object has already" },
		{ "\"\xff\"", "not UTF-8" },
		{ "\"\xc0\xaf\"", "not UTF-8" },
		{ "\"\xed\xa0\x80\"", "not UTF-8" },
		{ "\"\\ud800\"", "surrogate" },
		{ "\"\\udc00\"", "surrogate" },
		{ "\"a\nb\"", "t:1:2: unexpected newline" },
		{ "\"\\q\"", "invalid escape" },
		{ "\"abc", "t:1:5: ends too early" },
		{ "{\"a\\u0000\":1}", "\\u0000" },
		{ "01", "invalid token" },
		{ "1.", "t:1:2: invalid token" },
		{ "1.e400", "invalid token" },
		{ "{1e400:1}", "real number overflow" },
		{ "{1.5 :1}", "t:1:4: string or '}' expected" },
		{ "NaN", "invalid token" },
		{ "// x\n1", "invalid token" },
		{ "\"\xef\xb7\x90\"", "U+FDD0" },
		{ "\"\"\xef\xb7\x90", "U+FDD0" },
		{ "\xef\xb7\x90", "U+FDD0" },
		{ "[\"\\\\\\ufDD0\"]", "U+FDD0" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lam_doc doc;

		assert_int_equal(lam_doc_parse(&doc, cases[i].text, strlen(cases[i].text),
					       1000, "t", &err),
				 LAM_EFORMAT);
		if (!strstr(err.text, cases[i].why))
			fail_msg("%s: %s", cases[i].text, err.text);
	}
}

static void depth(void **state)
{
	char text[100000];
	struct lam_doc doc;

	(void)state;
	memset(text, '[', sizeof text);
	assert_int_equal(lam_doc_parse(&doc, text, sizeof text, sizeof text, "t", &err),
			 LAM_EFORMAT);
	assert_non_null(strstr(err.text, "nested"));
	assert_int_equal(lam_doc_parse(&doc, text, sizeof text, 1000, "t", &err),
			 LAM_EFORMAT);
	assert_string_equal(err.text, "t: is larger than 1000 bytes");
	memset(text + 100, ']', 100);
	OK(lam_doc_parse(&doc, text, 200, 200, "t", &err));
	lam_doc_fini(&doc);
}

static void values(void **state)
{
	static const char text[] =
		"{\"s\":\"a\\n\\u00e9\\ud83d\\ude00\",\"n\":-9223372036854775808,\"b\":true,\"z\":null,"
		"\"big\":123456789012345678901234567890,\"f\":1.0,\"l\":[{\"x\":7}]}";
	json_auto_t *value = lam_json_load(text, sizeof text - 1, "t", NULL, &err);
	struct lam_json root = lam_json_root(value, "t"), s = lam_json_member(&root, "s"),
			number = lam_json_member(&root, "n"),
			b = lam_json_member(&root, "b"), l = lam_json_member(&root, "l"),
			first = lam_json_first(&l), inner = lam_json_member(&first, "x");
	struct lam_buf path = LAM_TEXT;
	const char *string;
	int64_t n;
	bool is;

	(void)state;
	OK(lam_json_text(&s, &string, &err));
	assert_string_equal(string, "a\n\xc3\xa9\xf0\x9f\x98\x80");
	OK(lam_json_int(&number, &n, &err));
	assert_true(n == INT64_MIN);
	OK(lam_json_bool(&b, &is, &err));
	assert_true(is);
	assert_null(lam_json_member(&root, "z").value);
	assert_null(lam_json_member(&root, "S").value);
	number = lam_json_member(&root, "big");
	assert_int_equal(lam_json_int(&number, &n, &err), LAM_EFORMAT);
	assert_int_equal(lam_json_text(&number, &string, &err), LAM_EFORMAT);
	number = lam_json_member(&root, "f");
	assert_int_equal(lam_json_int(&number, &n, &err), LAM_EFORMAT);
	assert_string_equal(err.text, "t: f: expected a whole number");
	lam_json_path(&inner, &path);
	assert_string_equal(path.data, "l[0].x");
	lam_buf_fini(&path);
}

/* Maps are told apart by case, and all else is not. */
static void maps(void **state)
{
	static const char text[] =
		"{\"config\":{\"Labels\":{\"a\":1,\"A\":2},\"Volumes\":{\"/a\":{},\"/A\":{}}},"
		"\"annotations\":{\"x\":1,\"X\":1}}";
	struct lam_doc doc;

	(void)state;
	OK(lam_doc_parse(&doc, text, sizeof text - 1, 1000, "t", &err));
	assert_memory_equal(doc.bytes, text, sizeof text);
	lam_doc_fini(&doc);
}

/* What is cut at every place is refused, and nothing is read past the end. */
static void cuts(void **state)
{
	static const char text[] =
		"{\"a\":[1,2.5e-3,\"x\\u0041\",{\"b\":null}],\"c\":false}";

	(void)state;
	for (size_t len = 0; len < sizeof text - 1; len++) {
		char *copy = malloc(len + 1);
		struct lam_doc doc;

		memcpy(copy, text, len);
		assert_int_equal(lam_doc_parse(&doc, copy, len, 1000, "t", &err),
				 LAM_EFORMAT);
		free(copy);
	}
}

/* What is read is written with every number as it was spelled, in the same order. */
static void writes(void **state)
{
	static const char *const texts[] = {
		"{\"b\":-0,\"a\":[0.10,1E+2,-0.0,1e400,18446744073709551616,9223372036854775807]}",
		"{\"x\":123456789012345678901234567890,\"y\":\"0.10\",\"A\":[1.0,2,[3e1]]}",
		"\"\\u0000 \\\\ufdd0 /\"",
		"-1.5",
		"[]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		json_auto_t *value =
			lam_json_load(texts[i], strlen(texts[i]), "t", NULL, &err);
		struct lam_buf out = LAM_BUF(1000);

		assert_non_null(value);
		OK(lam_json_dump(value, JSON_COMPACT, &out, &err));
		assert_string_equal(out.data, texts[i]);
		lam_buf_fini(&out);
	}
}

static void lines(void **state)
{
	static const char text[] = "\n{ \"a\" :\n [ 1,\n \"x,]\", { \"k\":\n\n2.5 } ],\n"
				   "\"b\": {}, \"c\":\ntrue }";
	struct lam_json_place places[] = {
		{ { 0 }, 0, 0 },    { { 0 }, 1, 0 },    { { 0, 0 }, 2, 0 },
		{ { 0, 1 }, 2, 0 }, { { 0, 1 }, 2, 0 }, { { 0, 2, 0 }, 3, 0 },
		{ { 1 }, 1, 0 },    { { 2 }, 1, 0 },
	};
	static const size_t want[] = { 2, 3, 3, 4, 4, 6, 7, 8 };

	(void)state;
	lam_json_find_lines(text, sizeof text - 1, places, 8);
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(places[i].line, want[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses), cmocka_unit_test(depth),
		cmocka_unit_test(values),  cmocka_unit_test(maps),
		cmocka_unit_test(cuts),    cmocka_unit_test(writes),
		cmocka_unit_test(lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
