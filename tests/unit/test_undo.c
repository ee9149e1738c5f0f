/* Steps back and forth, and any edits in any order: a plan stays one that can be saved
 * and read again, and undo and redo lead to the same bytes. */
#include <stdio.h>

#include <lamina/edit.h>

#include "unit.h"

static struct lam_error err;

#define PLAN                                                                       \
	"{\"lamina\": 1, \"layers\": [{\"name\": \"a\", \"from\": [0], \"keep\": " \
	"true}, {\"name\": \"b\", \"from\": [1]}, {\"name\": \"c\", \"from\": "    \
	"\"rest\"}], \"assign\": []}"

static struct lam_plan *first_plan(void)
{
	struct lam_plan *plan;

	OK(lam_plan_parse(&plan, PLAN, sizeof PLAN - 1, "plan", NULL, &err));
	return plan;
}

static void push(struct lam_undo *history, const char *name, size_t number)
{
	struct lam_plan *next;
	char layer[32];

	snprintf(layer, sizeof layer, "layer%zu", number);
	next = lam_plan_copy(lam_undo_plan(history));
	OK(lam_edit_layer_rename(next, 1, layer, &err));
	lam_undo_push(history, name, next);
}

static void back_and_forth(void **state)
{
	struct lam_undo *u;
	struct lam_plan *same;

	(void)state;
	u = lam_undo_new(first_plan());
	assert_null(lam_undo_back(u));
	assert_null(lam_undo_again(u));
	assert_true(lam_undo_is_first(u));
	assert_int_equal(lam_undo_unsaved(u), 0);
	push(u, "one", 1);
	push(u, "two", 2);
	same = lam_plan_copy(lam_undo_plan(u));
	lam_undo_push(u, "nothing", same);
	assert_int_equal(lam_undo_back_count(u), 2);
	assert_int_equal(lam_undo_unsaved(u), 2);
	assert_false(lam_undo_is_first(u));
	lam_undo_set_saved(u);
	assert_string_equal(lam_undo_back(u), "two");
	assert_string_equal(lam_undo_plan(u)->layers[1].name, "layer1");
	assert_int_equal(lam_undo_unsaved(u), 1);
	assert_int_equal(lam_undo_again_count(u), 1);
	assert_string_equal(lam_undo_again(u), "two");
	assert_int_equal(lam_undo_unsaved(u), 0);
	assert_string_equal(lam_undo_back(u), "two");
	push(u, "other", 3);
	assert_null(lam_undo_again(u));
	assert_int_equal(lam_undo_unsaved(u), SIZE_MAX);
	lam_undo_free(u);
}

static void forgets_the_oldest(void **state)
{
	struct lam_undo *u;
	size_t steps = 0;

	(void)state;
	u = lam_undo_new(first_plan());
	for (size_t i = 0; i < 1100; i++) {
		push(u, "step", i);
		if (i == 600)
			lam_undo_set_saved(u);
	}
	assert_int_equal(lam_undo_back_count(u), 1000);
	assert_int_equal(lam_undo_unsaved(u), 499);
	while (lam_undo_back(u))
		steps++;
	assert_int_equal(steps, 1000);
	assert_string_equal(lam_undo_plan(u)->layers[1].name, "layer99");
	assert_int_equal(lam_undo_unsaved(u), 501);
	lam_undo_free(u);
}

static void bounds_its_memory(void **state)
{
	const size_t count = 20000;
	struct lam_edit_rule *rules = calloc(count, sizeof *rules);
	char *text = malloc(count * 512);
	struct lam_undo *u;

	(void)state;
	for (size_t i = 0; i < count; i++) {
		memset(text + 512 * i, 'x', 511);
		text[512 * i + 511] = '\0';
		sprintf(text + 512 * i, "/%zu", i);
		text[512 * i + strlen(text + 512 * i)] = 'y';
		rules[i].pattern = text + 512 * i;
	}
	u = lam_undo_new(first_plan());
	for (size_t i = 0; i < 40; i++) {
		struct lam_plan *next;

		next = lam_plan_copy(lam_undo_plan(u));
		OK(lam_edit_assign(next, rules, count, i % 2 ? "a" : "b", &err));
		lam_undo_push(u, "many", next);
	}
	assert_in_range(lam_undo_back_count(u), 1, 30);
	lam_undo_free(u);
	free(rules);
	free(text);
}

/* Any edits */

static const char *const PATHS[] = { "/a", "/a/b", "/a/b/c", "/d", "/", "/x\\n", "/a/*" };
static const char *const GLOBS[] = { "/a/*", "/**/x", "/{a,d}/**", "/a/b/?" };
static const char *const NAMES[] = { "a", "b", "c", "d", "e", "f" };
#define PICK(table) (table)[next_random(random) % (sizeof(table) / sizeof *(table))]

static int edit_rules(struct lam_plan *plan, uint64_t *random)
{
	const char *patterns[] = { PICK(PATHS), PICK(GLOBS) };
	struct lam_edit_rule rules[] = { { PICK(PATHS), LAM_RULE_PATH },
					 { PICK(GLOBS), LAM_RULE_GLOB } };
	size_t count;

	switch (next_random(random) % 4) {
	case 0: return lam_edit_assign(plan, rules, 2, PICK(NAMES), &err);
	case 1: return lam_edit_assign(plan, rules, 1, NULL, &err);
	case 2:
		return lam_edit_clear(plan, patterns, 2, next_random(random) % 2, &count,
				      &err);
	default: return lam_edit_rule_remove(plan, next_random(random) % 9, &err);
	}
}

static int edit_any(struct lam_plan *plan, uint64_t *random)
{
	const struct lam_compression zstd = { LAM_CODEC_ZSTD,
					      1 + (int)(next_random(random) % 19) };
	size_t at = next_random(random) % 6, to = next_random(random) % 6;
	uint64_t most = 1 + next_random(random) % 9;
	struct lam_plan *other;
	int code;

	switch (next_random(random) % 13) {
	case 0:
	case 1: return lam_edit_layer_add(plan, at, PICK(NAMES), &err);
	case 2: return lam_edit_layer_rename(plan, at, PICK(NAMES), &err);
	case 3: return lam_edit_layer_move(plan, at, to, &err);
	case 4: return lam_edit_layer_merge(plan, at, to, &err);
	case 5: return lam_edit_layer_delete(plan, at, &err);
	case 6: return lam_edit_layer_keep(plan, at, to % 2, &err);
	case 7: return lam_edit_layer_compression(plan, at, to % 2 ? &zstd : NULL, &err);
	case 8: return lam_edit_layer_max_size(plan, at, to % 2 ? &most : NULL, &err);
	case 9:
		other = first_plan();
		code = lam_edit_append(plan, other, &err);
		lam_plan_free(other);
		return code;
	default: return edit_rules(plan, random);
	}
}

static void check_plan(const struct lam_plan *plan)
{
	struct lam_plan_errors errors = { 0 };
	struct lam_plan *again;
	char *text, *second;

	OK(lam_plan_format(plan, &text, &err));
	if (lam_plan_parse(&again, text, strlen(text), "plan", &errors, &err) < 0)
		fail_msg("%s\n%s", err.text, text);
	OK(lam_plan_format(again, &second, &err));
	assert_string_equal(text, second);
	assert_true(lam_plan_equal(plan, again));
	lam_plan_free(again);
	free(text);
	free(second);
}

static void go_to_the_ends(struct lam_undo *u, size_t steps)
{
	char *first, *last, *text;

	OK(lam_plan_format(lam_undo_plan(u), &last, &err));
	for (size_t i = 0; i < steps; i++)
		assert_non_null(lam_undo_back(u));
	assert_null(lam_undo_back(u));
	struct lam_plan *plan = first_plan();

	OK(lam_plan_format(plan, &first, &err));
	OK(lam_plan_format(lam_undo_plan(u), &text, &err));
	assert_string_equal(first, text);
	free(text);
	for (size_t i = 0; i < steps; i++)
		assert_non_null(lam_undo_again(u));
	OK(lam_plan_format(lam_undo_plan(u), &text, &err));
	assert_string_equal(last, text);
	free(first);
	free(last);
	free(text);
	lam_plan_free(plan);
}

static void any_edits(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++) {
		uint64_t random = seed * 0x9e3779b97f4a7c15u;
		struct lam_undo *u;

		u = lam_undo_new(first_plan());
		for (int i = 0; i < 60; i++) {
			struct lam_plan *next;

			next = lam_plan_copy(lam_undo_plan(u));
			if (edit_any(next, &random) < 0) {
				/* a failed edit changes nothing */
				assert_int_equal(err.code, LAM_EPLAN);
				assert_true(lam_plan_equal(next, lam_undo_plan(u)));
			}
			check_plan(next);
			lam_undo_push(u, "edit", next);
		}
		go_to_the_ends(u, lam_undo_back_count(u));
		lam_undo_free(u);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(back_and_forth),
		cmocka_unit_test(forgets_the_oldest),
		cmocka_unit_test(bounds_its_memory),
		cmocka_unit_test(any_edits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
