#include <stdio.h>

#include <lamina/edit.h>

#include "unit.h"

static struct lam_error err;

#define PLAN                                                                                    \
	"{\"lamina\": 1, \"source\": {\"reference\": \"x\", \"paths\": [\"a\"]}, \"layers\": [" \
	"{\"name\": \"base\", \"from\": [0], \"keep\": true, \"note\": \"n\"}, "                \
	"{\"name\": \"mid\", \"from\": [1, 3]}, "                                               \
	"{\"name\": \"rest\", \"from\": \"rest\"}, "                                            \
	"{\"name\": \"top\", \"compression\": \"zstd:3\"}], "                                   \
	"\"assign\": [{\"path\": \"/a\", \"to\": \"top\", \"note\": \"why\"}, "                 \
	"{\"glob\": \"/b/*.so\", \"to\": \"mid\"}, {\"path\": \"/c\", \"to\": null}]}"

static struct lam_plan *parse(const char *text)
{
	struct lam_plan_errors errors = { 0 };
	struct lam_plan *plan;

	if (lam_plan_parse(&plan, text, strlen(text), "plan", &errors, &err) < 0)
		fail_msg("%s\n%s", err.text, text);
	return plan;
}

/* Everything that is wrong is told, in order, with its line. */
static void faults(void **state)
{
	static const char text[] = "{\n"
				   "  \"assign\": [\n"
				   "    { \"path\": \"/x,]}\", \"to\": \"a\" },\n"
				   "    { \"path\": \"y\\\"\",\n"
				   "      \"to\": \"c\", \"pth\": 1 }\n"
				   "  ],\n"
				   "  \"layers\": [\n"
				   "    { \"name\": \"a\", \"from\": [0, 1.5, 7] },\n"
				   "    {\n"
				   "      \"name\": \"a\",\n"
				   "      \"from\": [7,\n"
				   "\"3-2\"]\n"
				   "    }\n"
				   "  ], \"note\": null }";
	static const struct {
		size_t line;
		const char *text;
	} want[] = {
		{ 1, "p: \"lamina\" is missing: a plan has \"lamina\": 1" },
		{ 4, "p: assign[1].path: a path begins with \"/\"" },
		{ 5, "p: assign[1].to: no layer \"c\"" },
		{ 5, "p: assign[1].pth: unknown field; did you mean \"path\"?" },
		{ 8, "p: layers[0].from[1]: expected the number of a layer, 0 to 16383" },
		{ 10, "p: layers[1].name: a layer before it has the name \"a\" too" },
		{ 11, "p: layers[1].from[0]: layer 7 of the image is in two layers, "
		      "\"a\" and \"a\"" },
		{ 12, "p: layers[1].from[1]: the range runs backwards; write \"2-3\"" },
		{ 14, "p: note: expected a string" },
	};
	struct lam_plan_errors errors = { 0 };
	struct lam_plan *plan;

	(void)state;
	assert_int_equal(lam_plan_parse(&plan, text, strlen(text), "p", &errors, &err),
			 LAM_EPLAN);
	assert_null(plan);
	assert_int_equal(errors.count, sizeof want / sizeof *want);
	for (size_t i = 0; i < errors.count; i++) {
		assert_string_equal(errors.lines[i], want[i].text);
		assert_int_equal(errors.at[i], want[i].line);
	}
	assert_string_equal(err.text, want[0].text);
	lam_plan_errors_fini(&errors);
	assert_int_equal(lam_plan_parse(&plan, "{\n\n,", 4, "p", &errors, &err),
			 LAM_EPLAN);
	assert_int_equal(errors.at[0], 3);
	lam_plan_errors_fini(&errors);
}

static char *format(const struct lam_plan *plan)
{
	char *text;

	OK(lam_plan_format(plan, &text, &err));
	return text;
}

static void has_rules(const struct lam_plan *plan, const char *want)
{
	char got[1024];
	size_t len = 0;

	got[0] = '\0';
	for (size_t i = 0; i < plan->rule_count; i++)
		len += (size_t)snprintf(got + len, sizeof got - len, "%s%s>%s",
					i ? " " : "", plan->rules[i].pattern,
					plan->rules[i].to ? plan->rules[i].to : "-");
	assert_string_equal(got, want);
}

static void copies(void **state)
{
	struct lam_plan *plan = parse(PLAN), *copy;
	char *a, *b;

	(void)state;
	copy = lam_plan_copy(plan);
	assert_true(lam_plan_equal(plan, copy));
	a = format(plan);
	b = format(copy);
	assert_string_equal(a, b);
	free(a);
	free(b);
	free(copy->rules[0].note);
	copy->rules[0].note = NULL;
	assert_false(lam_plan_equal(plan, copy));
	lam_plan_free(copy);
	copy = lam_plan_copy(plan);
	copy->layers[3].compression.level = 4;
	assert_false(lam_plan_equal(plan, copy));
	lam_plan_free(copy);
	lam_plan_free(plan);
}

/* However a size is said, it is saved in one way, and read again it is the same. */
static void sizes(void **state)
{
#define SIZED(size) \
	"{\"lamina\": 1, \"layers\": [{\"name\": \"a\", \"max_size\": " size "}]}"
	static const struct {
		const char *plan, *saved; /* NULL: refused */
	} ROWS[] = {
		{ SIZED("\"500M\""), "\"max_size\": \"500M\"" },
		{ SIZED("\"1024k\""), "\"max_size\": \"1M\"" },
		{ SIZED("\"1.5k\""), "\"max_size\": \"1536\"" },
		{ SIZED("\"1536.5\""), "\"max_size\": \"1536\"" },
		{ SIZED("\"0\""), NULL },
		{ SIZED("\"5x\""), NULL },
		{ SIZED("500"), NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		struct lam_plan *plan, *again, *none;
		char *text;

		if (!ROWS[i].saved) {
			assert_int_equal(lam_plan_parse(&plan, ROWS[i].plan,
							strlen(ROWS[i].plan), "p", NULL,
							&err),
					 LAM_EPLAN);
			assert_memory_equal(err.text, "p: layers[0].max_size: ", 23);
			continue;
		}
		plan = parse(ROWS[i].plan);
		text = format(plan);
		assert_non_null(strstr(text, ROWS[i].saved));
		again = parse(text);
		assert_true(lam_plan_equal(plan, again));
		none = lam_plan_copy(plan);
		none->layers[0].max_size = 0;
		assert_false(lam_plan_equal(plan, none));
		free(text);
		lam_plan_free(plan);
		lam_plan_free(again);
		lam_plan_free(none);
	}
}

/* In whatever zone a time is said, it is saved in one, and it counts. */
static void times(void **state)
{
#define TIMED(times) "{\"lamina\": 1, \"layers\": [{\"name\": \"a\"}]" times "}"
	struct lam_plan *
		kept = parse(TIMED(", \"times\": \"keep\"")),
	       *one = parse(TIMED(
		       ", \"times\": {\"note\": \"n\", \"clamp\": \"2026-01-01T01:00:00+01:00\"}")),
	       *other =
		       parse(TIMED(", \"times\": {\"clamp\": \"2026-01-01T00:00:00Z\"}")),
	       *copy = lam_plan_copy(one), *again;
	char *text, a[80], b[80];

	(void)state;
	assert_false(kept->times.set);
	assert_true(one->times.set);
	assert_int_equal(one->times.at, 1767225600);
	assert_true(lam_plan_equal(one, copy));
	assert_false(lam_plan_equal(one, other));
	OK(lam_plan_digest(one, a, &err));
	OK(lam_plan_digest(other, b, &err));
	assert_string_equal(a, b);
	OK(lam_plan_digest(kept, b, &err));
	assert_string_not_equal(a, b);
	OK(lam_plan_format(one, &text, &err));
	assert_non_null(strstr(
		text,
		"\"times\": { \"clamp\": \"2026-01-01T00:00:00Z\", \"note\": \"n\" }"));
	again = parse(text);
	assert_true(lam_plan_equal(one, again));
	free(text);
	OK(lam_plan_format(kept, &text, &err));
	assert_null(strstr(text, "times"));
	free(text);
	lam_plan_free(kept);
	lam_plan_free(one);
	lam_plan_free(other);
	lam_plan_free(copy);
	lam_plan_free(again);
}

static void assigns(void **state)
{
	const struct lam_edit_rule inner[] = { { "/a//x/./", LAM_RULE_PATH },
					       { "/b/*", LAM_RULE_GLOB } };
	const struct lam_edit_rule outer[] = { { "/b", LAM_RULE_PATH },
					       { "/a", LAM_RULE_PATH } };
	const struct lam_edit_rule bad[] = { { "/ok", LAM_RULE_PATH },
					     { "/[", LAM_RULE_GLOB } };
	const struct lam_edit_rule relative[] = { { "x\33[2J", LAM_RULE_PATH } };
	struct lam_plan *plan = parse(PLAN), *before;

	(void)state;
	OK(lam_edit_assign(plan, inner, 2, "mid", &err));
	has_rules(plan, "/a>top /b/*.so>mid /c>- /a/x>mid /b/*>mid");
	OK(lam_edit_assign(plan, outer, 2, NULL, &err));
	has_rules(plan, "/c>- /b>- /a>-");
	before = lam_plan_copy(plan);
	assert_int_equal(lam_edit_assign(plan, bad, 2, "mid", &err), LAM_EPLAN);
	assert_int_equal(lam_edit_assign(plan, relative, 1, "mid", &err), LAM_EPLAN);
	assert_string_equal(err.text, "x\\x1b[2J: a path begins with \"/\"");
	assert_int_equal(lam_edit_assign(plan, inner, 2, "nobody", &err), LAM_EPLAN);
	assert_string_equal(err.text, "no layer \"nobody\"");
	assert_true(lam_plan_equal(plan, before));
	lam_plan_free(before);
	lam_plan_free(plan);
}

static void assigns_very_many(void **state)
{
	const size_t count = LAM_EDIT_MAX_RULES;
	struct lam_edit_rule *rules = calloc(count, sizeof *rules);
	const struct lam_edit_rule one = { "/other", LAM_RULE_PATH },
				   all = { "/m", LAM_RULE_PATH };
	struct lam_plan *plan = parse(PLAN);
	char *text = malloc(count * 16);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		sprintf(text + 16 * i, "/m/%zu", i);
		rules[i].pattern = text + 16 * i;
	}
	assert_int_equal(lam_edit_assign(plan, rules, count, "top", &err), LAM_EPLAN);
	OK(lam_edit_assign(plan, rules, count - 3, "top", &err));
	assert_int_equal(plan->rule_count, count);
	assert_int_equal(lam_edit_assign(plan, &one, 1, "top", &err), LAM_EPLAN);
	OK(lam_edit_assign(plan, &all, 1, "top", &err));
	assert_int_equal(plan->rule_count, 4);
	free(rules);
	free(text);
	lam_plan_free(plan);
}

static void clears(void **state)
{
	static const char *const a[] = { "/a/" }, *const b[] = { "/b/*.so", "/c/d" },
				 *const root[] = { "/" }, *const bad[] = { "c" };
	struct lam_plan *plan = parse(PLAN);
	size_t count;

	(void)state;
	OK(lam_edit_clear(plan, b, 2, false, &count, &err));
	assert_int_equal(count, 1);
	has_rules(plan, "/a>top /c>-");
	OK(lam_edit_clear(plan, a, 1, false, &count, &err));
	assert_int_equal(count, 1);
	assert_int_equal(lam_edit_clear(plan, bad, 1, false, &count, &err), LAM_EPLAN);
	OK(lam_edit_clear(plan, root, 1, false, &count, &err));
	assert_int_equal(count, 0);
	OK(lam_edit_clear(plan, root, 1, true, &count, &err));
	assert_int_equal(count, 1);
	assert_int_equal(plan->rule_count, 0);
	assert_int_equal(lam_edit_rule_remove(plan, 0, &err), LAM_EPLAN);
	lam_plan_free(plan);
	plan = parse(PLAN);
	OK(lam_edit_rule_remove(plan, 1, &err));
	has_rules(plan, "/a>top /c>-");
	lam_plan_free(plan);
}

static void names_and_places(void **state)
{
	struct lam_plan *plan = parse(PLAN);

	(void)state;
	OK(lam_edit_layer_add(plan, 0, "first", &err));
	OK(lam_edit_layer_add(plan, 5, "last", &err));
	assert_int_equal(lam_edit_layer_add(plan, 9, "x", &err), LAM_EPLAN);
	assert_int_equal(lam_edit_layer_add(plan, 0, "mid", &err), LAM_EPLAN);
	assert_int_equal(lam_edit_layer_add(plan, 0, "", &err), LAM_EPLAN);
	assert_int_equal(lam_edit_layer_add(plan, 0, "a\nb", &err), LAM_EPLAN);
	assert_string_equal(plan->layers[0].name, "first");
	assert_string_equal(plan->layers[5].name, "last");
	OK(lam_edit_layer_rename(plan, 4, "up", &err));
	OK(lam_edit_layer_rename(plan, 4, "up", &err));
	assert_int_equal(lam_edit_layer_rename(plan, 4, "mid", &err), LAM_EPLAN);
	has_rules(plan, "/a>up /b/*.so>mid /c>-");
	OK(lam_edit_layer_move(plan, 5, 1, &err));
	OK(lam_edit_layer_move(plan, 0, 3, &err));
	assert_string_equal(plan->layers[0].name, "last");
	assert_string_equal(plan->layers[3].name, "first");
	assert_int_equal(lam_edit_layer_move(plan, 0, 6, &err), LAM_EPLAN);
	lam_plan_free(plan);
}

static void merges(void **state)
{
	struct lam_plan *plan = parse(PLAN);

	(void)state;
	OK(lam_edit_layer_merge(plan, 1, 0, &err));
	assert_int_equal(plan->layers[0].from_count, 2);
	assert_int_equal(plan->layers[0].from[0].last, 1);
	assert_int_equal(plan->layers[0].from[1].first, 3);
	assert_false(plan->layers[0].keep);
	has_rules(plan, "/a>top /b/*.so>base /c>-");
	OK(lam_edit_layer_merge(plan, 1, 0, &err));
	assert_true(plan->layers[0].rest);
	assert_int_equal(plan->layers[0].from_count, 0);
	assert_int_equal(lam_edit_layer_merge(plan, 0, 0, &err), LAM_EPLAN);
	OK(lam_edit_layer_merge(plan, 0, 1, &err));
	assert_true(plan->layers[0].rest);
	has_rules(plan, "/a>top /b/*.so>top /c>-");
	lam_plan_free(plan);
	plan = parse(PLAN);
	OK(lam_edit_layer_add(plan, 0, "nothing", &err));
	OK(lam_edit_layer_merge(plan, 0, 1, &err));
	assert_true(plan->layers[0].keep);
	OK(lam_edit_layer_merge(plan, 3, 0, &err));
	assert_false(plan->layers[0].keep);
	lam_plan_free(plan);
	plan = parse("{\"lamina\": 1, \"layers\": [{\"name\": \"a\", \"from\": [0]}, "
		     "{\"name\": \"b\", \"from\": [\"1-2\"]}, {\"name\": \"c\"}, "
		     "{\"name\": \"d\", \"from\": [3]}], \"assign\": []}");
	OK(lam_edit_layer_merge(plan, 1, 0, &err));
	assert_false(plan->layers[0].rest);
	OK(lam_edit_layer_merge(plan, 2, 0, &err));
	assert_true(plan->layers[0].rest);
	assert_int_equal(plan->layers[0].from_count, 0);
	assert_int_equal(plan->layer_count, 2);
	lam_plan_free(plan);
}

/* What stays is what is kept, and what rules alone fill. */
static void flattens(void **state)
{
	struct lam_plan *plan = parse(PLAN);
	size_t at = 0;

	(void)state;
	assert_int_equal(lam_edit_flatten(plan, &at, &err), LAM_EPLAN);
	at = 4;
	assert_int_equal(lam_edit_flatten(plan, &at, &err), LAM_EPLAN);
	at = 2;
	OK(lam_edit_flatten(plan, &at, &err));
	assert_int_equal(at, 1);
	assert_int_equal(plan->layer_count, 3);
	assert_true(plan->layers[0].keep);
	assert_string_equal(plan->layers[1].name, "rest");
	assert_true(plan->layers[1].rest);
	assert_string_equal(plan->layers[2].name, "top");
	has_rules(plan, "/a>top /b/*.so>rest /c>-");
	lam_plan_free(plan);
	plan = parse(
		"{\"lamina\": 1, \"layers\": [{\"name\": \"a\", \"from\": [\"0-1\"]}, "
		"{\"name\": \"b\"}], \"assign\": []}");
	at = 1;
	OK(lam_edit_flatten(plan, &at, &err));
	assert_int_equal(plan->layer_count, 1);
	assert_true(plan->layers[0].rest && plan->layers[0].from_count == 0);
	lam_plan_free(plan);
}

static void deletes(void **state)
{
	struct lam_plan *plan = parse(PLAN);

	(void)state;
	OK(lam_edit_layer_delete(plan, 3, &err));
	has_rules(plan, "/b/*.so>mid /c>-");
	OK(lam_edit_layer_delete(plan, 0, &err));
	assert_string_equal(plan->layers[0].name, "mid");
	assert_int_equal(plan->layers[0].from[0].first, 0);
	assert_int_equal(plan->layers[0].from[0].last, 1);
	OK(lam_edit_layer_delete(plan, 1, &err));
	assert_true(plan->layers[0].rest);
	assert_int_equal(lam_edit_layer_delete(plan, 0, &err), LAM_EPLAN);
	lam_plan_free(plan);
}

static void keeps_compresses_and_splits(void **state)
{
	const struct lam_compression zstd = { LAM_CODEC_ZSTD, 19 };
	const uint64_t most = 5 << 20, none = 0;
	struct lam_plan *plan = parse(PLAN);

	(void)state;
	OK(lam_edit_layer_keep(plan, 0, false, &err));
	OK(lam_edit_layer_keep(plan, 0, true, &err));
	assert_true(plan->layers[0].keep);
	for (size_t i = 1; i < 4; i++) {
		assert_int_equal(lam_edit_layer_keep(plan, i, true, &err), LAM_EPLAN);
		OK(lam_edit_layer_keep(plan, i, false, &err));
	}
	OK(lam_edit_layer_compression(plan, 1, &zstd, &err));
	assert_int_equal(plan->layers[1].compression.level, 19);
	OK(lam_edit_layer_compression(plan, 1, NULL, &err));
	assert_false(plan->layers[1].has_compression);
	assert_int_equal(lam_edit_layer_compression(plan, 4, NULL, &err), LAM_EPLAN);
	OK(lam_edit_layer_max_size(plan, 1, &most, &err));
	assert_int_equal(plan->layers[1].max_size, 5 << 20);
	assert_int_equal(lam_edit_layer_max_size(plan, 1, &none, &err), LAM_EPLAN);
	assert_int_equal(plan->layers[1].max_size, 5 << 20);
	OK(lam_edit_layer_max_size(plan, 1, NULL, &err));
	assert_int_equal(plan->layers[1].max_size, 0);
	assert_int_equal(lam_edit_layer_max_size(plan, 4, NULL, &err), LAM_EPLAN);
	lam_plan_free(plan);
}

static void appends(void **state)
{
	struct lam_plan *plan = parse(PLAN),
			*other = parse(
				"{\"lamina\": 1, \"layers\": [{\"name\": \"mid\", "
				"\"from\": [0]}, {\"name\": \"new\", \"from\": "
				"\"rest\", \"note\": \"x\"}], \"assign\": ["
				"{\"path\": \"/a\", \"to\": \"new\", \"note\": \"y\"}]}");

	(void)state;
	OK(lam_edit_append(plan, other, &err));
	assert_int_equal(plan->layer_count, 5);
	assert_string_equal(plan->layers[4].name, "new");
	assert_string_equal(plan->layers[4].note, "x");
	assert_false(plan->layers[4].rest);
	has_rules(plan, "/b/*.so>mid /c>- /a>new");
	assert_string_equal(plan->rules[2].note, "y");
	lam_plan_free(other);
	lam_plan_free(plan);
}

static void free_names(void **state)
{
	static const struct {
		const char *wish, *name;
	} cases[] = {
		{ "new", "new" },
		{ "top", "top-2" },
		{ "", "layer" },
		{ "a\nb", "a\\nb" },
		{ "\xff", "\\xff" },
		{ "with\\slash", "with\\slash" },
		{ "caf\xc3\xa9", "caf\xc3\xa9" },
	};
	struct lam_plan *plan = parse(PLAN);
	static const char *const numbered[] = { "top-1",  "top-2", "top-04", "top-3",
						"top-5x", "top-",  "topp-4", "top-99" };
	char *name, longest[600];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		name = lam_plan_free_name(plan, cases[i].wish);
		assert_string_equal(name, cases[i].name);
		free(name);
	}
	for (size_t i = 0; i + 2 < sizeof longest; i += 2)
		memcpy(longest + i, "\xc3\xa9", 3);
	for (int i = 0; i < 3; i++) {
		name = lam_plan_free_name(plan, longest);
		OK(lam_edit_layer_add(plan, 0, name, &err));
		free(name);
	}
	/* the lowest number that no layer has, as it is written */
	for (size_t i = 0; i < sizeof numbered / sizeof *numbered; i++)
		OK(lam_edit_layer_add(plan, 0, numbered[i], &err));
	name = lam_plan_free_name(plan, "top");
	assert_string_equal(name, "top-4");
	free(name);
	lam_plan_free(plan);
}

static void settings(void **state)
{
	static const struct {
		const char *value, *said;
	} cases[] = {
		{ "/srv", NULL },
		{ "", NULL },
		{ "C:\\app", NULL },
		{ NULL, NULL },
		{ "srv", "workdir: expected an absolute path" },
		{ "./srv", "workdir: expected an absolute path" },
	};
	struct lam_plan *plan = parse(PLAN);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int code = lam_edit_setting(plan, LAM_SETTING_WORKDIR, NULL,
					    cases[i].value, &err);

		assert_int_equal(code, cases[i].said ? LAM_EPLAN : 0);
		if (code)
			assert_non_null(strstr(err.text, cases[i].said));
	}
	lam_plan_free(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(faults),
		cmocka_unit_test(copies),
		cmocka_unit_test(settings),
		cmocka_unit_test(sizes),
		cmocka_unit_test(times),
		cmocka_unit_test(assigns),
		cmocka_unit_test(assigns_very_many),
		cmocka_unit_test(clears),
		cmocka_unit_test(names_and_places),
		cmocka_unit_test(merges),
		cmocka_unit_test(flattens),
		cmocka_unit_test(deletes),
		cmocka_unit_test(keeps_compresses_and_splits),
		cmocka_unit_test(appends),
		cmocka_unit_test(free_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
