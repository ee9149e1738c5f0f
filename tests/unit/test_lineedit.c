#include <stdio.h>

#include "canvas_dump.h"
#include "ui/lineedit.h"
#include "unit.h"

#define KEY(code) ((struct key){ (code), 0 })

static void type(struct lineedit *edit, const char *text)
{
	for (; *text; text++)
		assert_true(lineedit_key(edit, KEY((uint32_t)*text), NULL));
}

/* The text with the cursor as '|'. */
static void check(const struct lineedit *edit, const char *wanted)
{
	char shown[256];

	snprintf(shown, sizeof shown, "%.*s|%s", (int)edit->cursor, lineedit_text(edit),
		 lineedit_text(edit) + edit->cursor);
	assert_string_equal(shown, wanted);
	assert_int_equal(edit->len, strlen(lineedit_text(edit)));
}

static void edits(void **state)
{
	static const struct {
		struct key key;
		const char *after;
	} steps[] = {
		{ { K_LEFT, 0 }, "/usr/lib pyth|n" },
		{ { 'o', 0 }, "/usr/lib pytho|n" },
		{ { 'a', MOD_CTRL }, "|/usr/lib python" },
		{ { 'b', MOD_CTRL }, "|/usr/lib python" },
		{ { K_BACKSPACE, 0 }, "|/usr/lib python" },
		{ { 'f', MOD_ALT }, "/usr|/lib python" },
		{ { 'f', MOD_ALT }, "/usr/lib| python" },
		{ { 'f', MOD_CTRL }, "/usr/lib |python" },
		{ { 'd', MOD_CTRL }, "/usr/lib |ython" },
		{ { K_DELETE, 0 }, "/usr/lib |thon" },
		{ { 'h', MOD_CTRL }, "/usr/lib|thon" },
		{ { 'b', MOD_ALT }, "/usr/|libthon" },
		{ { 'w', MOD_CTRL }, "/|libthon" },
		{ { K_END, 0 }, "/libthon|" },
		{ { K_DELETE, 0 }, "/libthon|" },
		{ { K_RIGHT, 0 }, "/libthon|" },
		{ { K_LEFT, MOD_CTRL }, "/|libthon" },
		{ { 'k', MOD_CTRL }, "/|" },
		{ { 'e', MOD_CTRL }, "/|" },
		{ { 'x', 0 }, "/x|" },
		{ { K_HOME, 0 }, "|/x" },
		{ { 'd', MOD_ALT }, "|" },
		{ { 'u', MOD_CTRL }, "|" },
	};
	struct lineedit edit = { 0 };

	(void)state;
	type(&edit, "/usr/lib pythn");
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		assert_true(lineedit_key(&edit, steps[i].key, NULL));
		check(&edit, steps[i].after);
	}
	lineedit_fini(&edit);
}

static void empty(void **state)
{
	static const struct key keys[] = {
		{ K_LEFT, 0 },     { K_RIGHT, 0 },     { K_HOME, 0 },
		{ K_END, 0 },      { K_BACKSPACE, 0 }, { K_DELETE, 0 },
		{ 'w', MOD_CTRL }, { 'u', MOD_CTRL },  { 'k', MOD_CTRL },
		{ 'b', MOD_ALT },  { 'f', MOD_ALT },   { 'd', MOD_ALT },
	};
	struct lineedit edit = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		assert_true(lineedit_key(&edit, keys[i], NULL));
		check(&edit, "|");
	}
	assert_null(edit.text);
	lineedit_fini(&edit);
}

static void not_taken(void **state)
{
	static const struct key keys[] = {
		{ K_ENTER, 0 },       { K_ESC, 0 },        { K_TAB, 0 },
		{ K_UP, 0 },          { K_DOWN, 0 },       { K_F1, 0 },
		{ 'x', MOD_ALT },     { 'c', MOD_CTRL },   { K_CLICK, 0 },
		{ K_TAB, MOD_SHIFT }, { K_UP, MOD_SHIFT },
	};
	struct lineedit edit = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		assert_false(lineedit_key(&edit, keys[i], NULL));
	check(&edit, "|");
}

static void whole_characters(void **state)
{
	struct lineedit edit = { 0 };

	(void)state;
	lineedit_set(&edit, "日e\xcc\x81x");
	lineedit_key(&edit, KEY(K_LEFT), NULL);
	lineedit_key(&edit, KEY(K_LEFT), NULL);
	check(&edit, "日|e\xcc\x81x");
	lineedit_key(&edit, KEY(K_DELETE), NULL);
	check(&edit, "日|x");
	lineedit_key(&edit, KEY(K_BACKSPACE), NULL);
	check(&edit, "|x");
	lineedit_key(&edit, KEY(0xe4), NULL);
	check(&edit, "ä|x");
	lineedit_fini(&edit);
}

static void pastes(void **state)
{
	struct lineedit edit = { 0 };

	(void)state;
	type(&edit, "ab");
	lineedit_key(&edit, KEY(K_LEFT), NULL);
	assert_true(
		lineedit_key(&edit, KEY(K_PASTE), "1\n2\t3\x1b\x01\xff\xc2\x9b日\r4"));
	check(&edit, "a1 2 3日 4|b");
	assert_true(lineedit_key(&edit, KEY(K_PASTE), NULL));
	check(&edit, "a1 2 3日 4|b");
	lineedit_set(&edit, "");
	check(&edit, "|");
	lineedit_fini(&edit);
}

static void has_an_end(void **state)
{
	struct lineedit edit = { 0 };
	char *text = malloc(3 * LINEEDIT_MAX + 1);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < LINEEDIT_MAX; i++)
		strcpy(text + 3 * i, "日");
	lineedit_set(&edit, text);
	assert_int_equal(edit.len, LINEEDIT_MAX / 3 * 3);
	assert_true(lineedit_key(&edit, KEY(0x65e5), NULL));
	assert_int_equal(edit.len, LINEEDIT_MAX / 3 * 3);
	type(&edit, "xyz");
	assert_int_equal(edit.len, LINEEDIT_MAX);
	free(text);
	lineedit_fini(&edit);
}

static void draws(void **state)
{
	static const struct {
		const char *text;
		int back; /* steps to the left */
		const char *shown;
		int cursor;
	} cases[] = {
		{ "", 0, "", 2 },
		{ "abc", 0, "  abc", 5 },
		{ "abcdefg", 0, "  abcdefg", 9 },
		{ "abcdefgh", 0, "  bcdefgh", 9 },
		{ "abcdefgh", 3, "  abcdefgh", 7 },
		{ "日本語日本", 0, "  語日本", 8 },
		{ "日本語日本", 5, "  日本語日", 2 },
	};
	struct canvas canvas = { 0 };

	(void)state;
	assert_true(canvas_resize(&canvas, 12, 1));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lineedit edit = { 0 };
		char *dump, wanted[64];

		canvas_clear(&canvas);
		lineedit_set(&edit, cases[i].text);
		for (int k = 0; k < cases[i].back; k++)
			lineedit_key(&edit, KEY(K_LEFT), NULL);
		lineedit_draw(&edit, &canvas, 2, 0, 8, ROLE_INPUT);
		dump = canvas_dump(&canvas, false, PALETTE_MONO);
		snprintf(wanted, sizeof wanted, "%s\ncursor %d,0\n", cases[i].shown,
			 cases[i].cursor);
		assert_string_equal(dump, wanted);
		free(dump);
		lineedit_fini(&edit);
	}
	canvas_fini(&canvas);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edits),     cmocka_unit_test(empty),
		cmocka_unit_test(not_taken), cmocka_unit_test(whole_characters),
		cmocka_unit_test(pastes),    cmocka_unit_test(has_an_end),
		cmocka_unit_test(draws),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
