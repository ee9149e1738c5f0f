#include "ui/key.h"
#include "unit.h"

static void names(void **state)
{
	static const struct {
		struct key key;
		const char *name;
	} cases[] = {
		{ { 'j', 0 }, "j" },
		{ { 'G', 0 }, "G" },
		{ { ' ', 0 }, "Space" },
		{ { '^', 0 }, "^" },
		{ { 0xe4, 0 }, "ä" },
		{ { 0x65e5, 0 }, "日" },
		{ { 0x202e, 0 }, "U+202E" },
		{ { 'd', MOD_CTRL }, "^D" },
		{ { ']', MOD_CTRL }, "^]" },
		{ { '@', MOD_CTRL }, "^@" },
		{ { '_', MOD_CTRL }, "^_" },
		{ { 'x', MOD_ALT }, "Alt-x" },
		{ { 'X', MOD_ALT }, "Alt-X" },
		{ { 'x', MOD_ALT | MOD_CTRL }, "Alt-^X" },
		{ { '-', MOD_ALT }, "Alt--" },
		{ { K_DOWN, 0 }, "Down" },
		{ { K_DOWN, MOD_ALT }, "Alt-Down" },
		{ { K_TAB, MOD_SHIFT }, "Shift-Tab" },
		{ { K_PAGE_UP, MOD_CTRL }, "Ctrl-PgUp" },
		{ { K_F1, 0 }, "F1" },
		{ { K_F12, MOD_SHIFT }, "Shift-F12" },
		{ { K_ESC, 0 }, "Esc" },
		{ { K_ENTER, 0 }, "Enter" },
		{ { K_BACKSPACE, MOD_ALT }, "Alt-Backspace" },
		{ { K_BACKSPACE, MOD_CTRL | MOD_ALT | MOD_SHIFT },
		  "Ctrl-Alt-Shift-Backspace" },
		{ { K_WHEEL_DOWN, 0 }, "WheelDown" },
		{ { K_DOUBLE_CLICK, 0 }, "DoubleClick" },
		{ { K_PASTE, 0 }, "Paste" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char name[KEY_NAME_MAX];
		struct key_sequence back;

		assert_string_equal(key_name(cases[i].key, name), cases[i].name);
		assert_true(key_sequence_parse(&back, name));
		assert_int_equal(back.count, 1);
		assert_true(key_equal(back.keys[0], cases[i].key));
	}
}

static void sequences(void **state)
{
	static const struct {
		struct key_sequence sequence;
		const char *name;
	} cases[] = {
		{ { { { 'g', 0 }, { 'g', 0 } }, 2 }, "gg" },
		{ { { { 'z', 0 }, { '1', 0 } }, 2 }, "z1" },
		{ { { { 'a', 0 }, { '-', 0 } }, 2 }, "a-" },
		{ { { { '\'', 0 }, { '\'', 0 } }, 2 }, "''" },
		{ { { { K_ESC, 0 }, { '1', 0 } }, 2 }, "Esc 1" },
		{ { { { 'x', MOD_CTRL }, { 's', MOD_CTRL } }, 2 }, "^X ^S" },
		{ { { { 'g', 0 }, { K_DOWN, 0 } }, 2 }, "g Down" },
		{ { { { 'E', 0 }, { 'n', 0 }, { 'd', 0 } }, 3 }, "E n d" },
		{ { { { 'F', 0 }, { '1', 0 } }, 2 }, "F 1" },
		{ { { { '^', 0 }, { 'D', 0 } }, 2 }, "^ D" },
		{ { { { 'g', 0 }, { ' ', 0 } }, 2 }, "g Space" },
		{ { { { 0xe4, 0 }, { 0xf6, 0 }, { 0xfc, 0 } }, 3 }, "äöü" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char name[KEY_NAME_MAX * KEY_SEQUENCE_MAX];
		struct key_sequence back;

		assert_string_equal(key_sequence_name(&cases[i].sequence, name),
				    cases[i].name);
		assert_true(key_sequence_parse(&back, name));
		assert_int_equal(back.count, cases[i].sequence.count);
		for (size_t k = 0; k < back.count; k++)
			assert_true(key_equal(back.keys[k], cases[i].sequence.keys[k]));
	}
}

/* Other ways to write what has a name already. */
static void other_names(void **state)
{
	static const struct {
		const char *name, *usual;
	} cases[] = {
		{ "^d", "^D" },         { "Ctrl-d", "^D" },    { "Ctrl-D", "^D" },
		{ "^M", "Enter" },      { "^J", "Enter" },     { "^I", "Tab" },
		{ "^[", "Esc" },        { "^?", "Backspace" }, { "PageUp", "PgUp" },
		{ "PageDown", "PgDn" }, { "Insert", "Ins" },   { "Delete", "Del" },
		{ "U+0041", "A" },      { "Ctrl-]", "^]" },    { "Alt-Ctrl-x", "Alt-^X" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char name[KEY_NAME_MAX * KEY_SEQUENCE_MAX];
		struct key_sequence sequence;

		if (!key_sequence_parse(&sequence, cases[i].name))
			fail_msg("no key: %s", cases[i].name);
		assert_string_equal(key_sequence_name(&sequence, name), cases[i].usual);
	}
}

static void no_keys(void **state)
{
	static const char *const cases[] = { "",        "Downx",    "gggg",    " g",
					     "g ",      "g  g",     "F 13x",   "^Xs",
					     "Shift-x", "U+110000", "a b c d", "Hyper-x",
					     "\x01",    "Alt-" };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct key_sequence sequence;

		if (key_sequence_parse(&sequence, cases[i]))
			fail_msg("a key: %s", cases[i]);
	}
}

static void every_key_comes_back(void **state)
{
	(void)state;
	for (uint32_t code = 1; code <= K_PASTE;
	     code = code == 0x2fff ? K_ENTER : code + 1) {
		for (uint8_t mods = 0; mods < 8; mods++) {
			struct key key = { code, mods };
			struct key_sequence back;
			char name[KEY_NAME_MAX];
			bool character = code < K_ENTER;

			if (code < 0x20 || code == 0x7f ||
			    (character && mods & MOD_SHIFT) ||
			    (mods & MOD_CTRL && character &&
			     (code < '@' || code > 'z' || (code >= 'A' && code <= 'Z') ||
			      strchr("hijm[`", (int)code))))
				continue;
			key_name(key, name);
			if (!key_sequence_parse(&back, name) || back.count != 1 ||
			    !key_equal(back.keys[0], key))
				fail_msg("%s (%x, %u)", name, (unsigned)code, mods);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(sequences),
		cmocka_unit_test(other_names),
		cmocka_unit_test(no_keys),
		cmocka_unit_test(every_key_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
