#include "oci/json.h"
#include "unit.h"

static struct lam_error err;

static void refuses(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "", "t:1:1: ends too early" },
		{ "{", "t:1:2: " },
		{ "{\"a\":1,}", "t:1:8: expected a key" },
		{ "[1,]", "expected a value" },
		{ "[1 2]", "expected ',' or ']'" },
		{ "{\"a\":1}\n x", "t:2:2: something stands behind" },
		{ "\xef\xbb\xbf{}", "byte order mark" },
		{ "{\"a\":1,\"a\":2}", "a key that the object has already" },
		{ "{\"layers\":1,\"Layers\":2}", "a key that the object has already" },
		{ "{\"layers\":1,\"layer\xc5\xbf\":2}",
		  "a key that the object has already" },
		{ "{\"ok\":1,\"o\xe2\x84\xaa\":2}", "a key that the object has already" },
		{ "\"\xff\"", "not UTF-8" },
		{ "\"\xc0\xaf\"", "not UTF-8" },
		{ "\"\xed\xa0\x80\"", "not UTF-8" },
		{ "\"\\ud800\"", "surrogate" },
		{ "\"\\udc00\"", "surrogate" },
		{ "\"a\nb\"", "control character" },
		{ "\"\\q\"", "escapes nothing" },
		{ "\"abc", "closing quote" },
		{ "{\"a\\u0000\":1}", "\\u0000" },
		{ "01", "leading zero" },
		{ "1.", "expected a digit" },
		{ "NaN", "expected a value" },
		{ "// x\n1", "expected a value" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lam_doc *doc;

		assert_int_equal(lam_doc_parse(&doc, cases[i].text, strlen(cases[i].text),
					       "t", &err),
				 LAM_EFORMAT);
		if (!strstr(err.text, cases[i].why))
			fail_msg("%s: %s", cases[i].text, err.text);
	}
}

static void depth(void **state)
{
	char text[100000];
	struct lam_doc *doc;

	(void)state;
	memset(text, '[', sizeof text);
	assert_int_equal(lam_doc_parse(&doc, text, sizeof text, "t", &err), LAM_EFORMAT);
	assert_non_null(strstr(err.text, "nested"));
	memset(text + 100, ']', 100);
	OK(lam_doc_parse(&doc, text, 200, "t", &err));
	lam_doc_free(doc);
}

static void values(void **state)
{
	static const char text[] =
		"{\"s\":\"a\\n\\u00e9\\ud83d\\ude00\",\"n\":-9223372036854775808,\"b\":true,\"z\":null,"
		"\"big\":123456789012345678901234567890,\"f\":1.0,\"l\":[{\"x\":7}]}";
	const struct lam_json *root, *inner;
	struct lam_buf path = LAM_BUF(100);
	struct lam_doc *doc;
	const char *s;
	int64_t n;
	bool b;

	(void)state;
	OK(lam_doc_parse(&doc, text, sizeof text - 1, "t", &err));
	root = lam_doc_root(doc);
	OK(lam_json_get_string(doc, root, "s", true, &s, &err));
	assert_string_equal(s, "a\n\xc3\xa9\xf0\x9f\x98\x80");
	OK(lam_json_int(doc, lam_json_get(root, "n"), &n, &err));
	assert_true(n == INT64_MIN);
	OK(lam_json_bool(doc, lam_json_get(root, "b"), &b, &err));
	assert_true(b);
	assert_null(lam_json_get(root, "z"));
	assert_null(lam_json_get(root, "S"));
	assert_int_equal(lam_json_int(doc, lam_json_get(root, "big"), &n, &err),
			 LAM_EFORMAT);
	assert_int_equal(lam_json_int(doc, lam_json_get(root, "f"), &n, &err),
			 LAM_EFORMAT);
	assert_string_equal(err.text, "t: f: expected a whole number");
	inner = lam_json_get(lam_json_first(lam_json_get(root, "l")), "x");
	OK(lam_json_path(inner, &path, &err));
	assert_string_equal(path.data, "l[0].x");
	lam_buf_fini(&path);
	lam_doc_free(doc);
}

/* What is cut at every place is refused, and nothing is read past the end. */
static void cuts(void **state)
{
	static const char text[] =
		"{\"a\":[1,2.5e-3,\"x\\u0041\",{\"b\":null}],\"c\":false}";

	(void)state;
	for (size_t len = 0; len < sizeof text - 1; len++) {
		char *copy = malloc(len + 1);
		struct lam_doc *doc;

		memcpy(copy, text, len);
		assert_int_equal(lam_doc_parse(&doc, copy, len, "t", &err), LAM_EFORMAT);
		free(copy);
	}
}

static void strings(void **state)
{
	static const char text[] = "a\"b\\c\n\x01\x7f\xe2\x80\xa8\xc3\xa9";
	struct lam_buf out = LAM_BUF(1000);

	(void)state;
	OK(lam_json_append_string(&out, text, sizeof text - 1, &err));
	assert_string_equal(out.data, "\"a\\\"b\\\\c\\n\\u0001\x7f\\u2028\xc3\xa9\"");
	lam_buf_fini(&out);
}

static void splices(void **state)
{
	static const char text[] = "{ \"a\" : 0.10 ,\"b\":[1, 2] }";
	struct lam_splice splice = { .bytes = "[]", .len = 2 };
	struct lam_buf out = LAM_BUF(1000);
	struct lam_doc *doc;

	(void)state;
	OK(lam_doc_parse(&doc, text, sizeof text - 1, "t", &err));
	lam_json_span(lam_json_get(lam_doc_root(doc), "b"), &splice.begin, &splice.end);
	OK(lam_doc_splice(doc, &splice, 1, &out, &err));
	assert_string_equal(out.data, "{ \"a\" : 0.10 ,\"b\":[] }");
	lam_buf_fini(&out);
	lam_doc_free(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses), cmocka_unit_test(depth),
		cmocka_unit_test(values),  cmocka_unit_test(cuts),
		cmocka_unit_test(strings), cmocka_unit_test(splices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
