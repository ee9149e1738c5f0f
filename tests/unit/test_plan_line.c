/* Where in a plan's text an error is. */
#include "editor/plan/line.h"
#include "unit.h"

static const char PLAN[] = "{\n"                                           /* 1 */
			   "  \"lamina\": 1,\n"                            /* 2 */
			   "  \"layers\": [\n"                             /* 3 */
			   "    { \"name\": \"a\", \"from\": [0, 1] },\n"  /* 4 */
			   "    {\n"                                       /* 5 */
			   "      \"name\": \"b\",\n"                      /* 6 */
			   "      \"from\": \"rest\"\n"                    /* 7 */
			   "    }\n"                                       /* 8 */
			   "  ],\n"                                        /* 9 */
			   "  \"assign\": [\n"                             /* 10 */
			   "    { \"path\": \"/x,]}\", \"to\": \"a\" },\n" /* 11 */
			   "    { \"path\": \"/\\\"y\",\n"                 /* 12 */
			   "      \"to\": \"c\" }\n"                       /* 13 */
			   "  ]\n"                                         /* 14 */
			   "}\n";

static void test_places(void **state)
{
	static const struct {
		const char *message;
		size_t line;
	} cases[] = {
		{ "app.json:12:7: a comma is missing", 12 },
		{ "app.json: assign[1].to: no layer \"c\"", 13 },
		{ "app.json: assign[0].path: bad", 11 },
		{ "app.json: assign[1]: bad", 12 },
		{ "app.json: layers[1].from: bad", 7 },
		{ "app.json: layers[1].name: twice", 6 },
		{ "app.json: layers[0].from[1]: bad", 4 },
		{ "app.json: lamina: 2 is not known", 2 },
		{ "app.json: assign: must be a list", 10 },
		/* what is not there: where it would stand */
		{ "app.json: assign[7].to: bad", 10 },
		{ "app.json: nothing: bad", 1 },
		{ "no place at all", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t line = plan_error_line(PLAN, cases[i].message);

		if (line != cases[i].line)
			print_error("%s: line %zu, wanted %zu\n", cases[i].message, line,
				    cases[i].line);
		assert_int_equal(line, cases[i].line);
	}
}

/* Cut at every byte: never past the end, and always a line that is there. */
static void test_cut(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof PLAN; len++) {
		char *text = strndup(PLAN, len);
		size_t lines = 1;

		for (const char *c = text; *c; c++)
			lines += *c == '\n';
		assert_in_range(plan_error_line(text, "x: assign[1].to: bad"), 1, lines);
		assert_in_range(plan_error_line(text, "x: layers[1].from: bad"), 1,
				lines);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests_name("plan_line", tests, NULL, NULL);
}
