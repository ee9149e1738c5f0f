#include <math.h>

#include "ui/style.h"
#include "unit.h"

/* What xterm shows; the first 16 are its own choice, the others are fixed. */
static void rgb_of(int color, double out[3])
{
	static const int first[16] = { 0x000000, 0xcd0000, 0x00cd00, 0xcdcd00,
				       0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5,
				       0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00,
				       0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff };
	static const int steps[6] = { 0, 95, 135, 175, 215, 255 };

	for (int i = 0; i < 3; i++) {
		int cube = (color - 16) / (i == 0 ? 36 : i == 1 ? 6 : 1) % 6;
		int value = color < 16    ? first[color] >> (16 - 8 * i) & 0xff
			    : color < 232 ? steps[cube]
					  : 8 + 10 * (color - 232);

		out[i] = value / 255.0;
	}
}

static double linear(double channel)
{
	return channel <= 0.04045 ? channel / 12.92 : pow((channel + 0.055) / 1.055, 2.4);
}

static double luminance(int color)
{
	double rgb[3];

	rgb_of(color, rgb);
	return 0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) +
	       0.0722 * linear(rgb[2]);
}

/* WCAG's */
static double contrast(int a, int b)
{
	double la = luminance(a), lb = luminance(b);

	return la > lb ? (la + 0.05) / (lb + 0.05) : (lb + 0.05) / (la + 0.05);
}

enum { BLACK = 16, WHITE = 231 };

static bool same_look(struct look a, struct look b)
{
	return a.fg == b.fg && a.bg == b.bg && a.attributes == b.attributes;
}

static void chips(void **state)
{
	(void)state;
	for (int i = 0; i < CHIP_COUNT; i++) {
		struct look look = style_look(PALETTE_256, (style_t)(ROLE_CHIP + i));

		assert_true(contrast(look.fg, look.bg) >= 7);
		for (int k = 0; k < i; k++)
			assert_int_not_equal(
				style_look(PALETTE_256, (style_t)(ROLE_CHIP + k)).bg,
				look.bg);
	}
	for (int palette = PALETTE_8; palette <= PALETTE_16; palette++) {
		for (int i = 0; i < CHIP_COUNT; i++) {
			struct look look = style_look((enum palette)palette,
						      (style_t)(ROLE_CHIP + i));

			assert_in_range(look.fg, 0, 15);
			assert_in_range(look.bg, 0, 7);
			assert_true(contrast(look.fg, look.bg) >= 3);
		}
	}
}

/* Text is readable on whatever the terminal's own background is. */
static void text_on_dark_and_light(void **state)
{
	(void)state;
	for (int palette = PALETTE_8; palette <= PALETTE_256; palette++) {
		for (int role = 0; role < ROLE_CHIP; role++) {
			struct look look =
				style_look((enum palette)palette, (style_t)role);

			if (look.bg >= 0) {
				assert_true(contrast(look.fg, look.bg) >= 4.5);
			} else if (look.fg >= 0) {
				assert_true(contrast(look.fg, BLACK) >= 3);
				assert_true(contrast(look.fg, WHITE) >= 3);
			}
		}
	}
}

static void colors_that_there_are(void **state)
{
	static const int most[PALETTE_COUNT] = { -1, 7, 15, 255 };

	(void)state;
	for (int palette = 0; palette < PALETTE_COUNT; palette++) {
		for (unsigned style = 0; style < 0x800; style++) {
			struct look look =
				style_look((enum palette)palette, (style_t)style);

			assert_true(look.fg >= -1 && look.fg <= most[palette]);
			assert_true(look.bg >= -1 && look.bg <= most[palette]);
			assert_true(look.bg < 0 || look.fg >= 0);
			/* Bold black shows as grey on many terminals. */
			assert_false(look.fg == 0 && look.attributes & S_BOLD);
		}
	}
}

/* Colour is never the only channel: without it these differ still. */
static void mono_tells_apart(void **state)
{
	static const enum role roles[] = { ROLE_TEXT, ROLE_FLAG,  ROLE_ERROR,
					   ROLE_MARK, ROLE_MATCH, ROLE_INPUT };
	static const enum role pairs[][2] = {
		{ ROLE_TEXT, ROLE_WARNING },
		{ ROLE_WARNING, ROLE_ERROR },
		{ ROLE_TEXT, ROLE_HEADER },
		{ ROLE_TEXT, ROLE_STATUS },
		{ ROLE_TITLE, ROLE_TITLE_FOCUS },
		{ ROLE_KEY, ROLE_HINT },
		{ ROLE_BORDER, ROLE_BORDER_FOCUS },
		{ ROLE_TEXT, ROLE_DIR },
		{ ROLE_DIR, ROLE_MARK },
		{ ROLE_TEXT, ROLE_CHIP },
	};
	const size_t count = sizeof roles / sizeof *roles;

	(void)state;
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < i; k++)
			assert_false(same_look(style_look(PALETTE_MONO, roles[i]),
					       style_look(PALETTE_MONO, roles[k])));
	}
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		assert_false(same_look(style_look(PALETTE_MONO, pairs[i][0]),
				       style_look(PALETTE_MONO, pairs[i][1])));
}

/* In the cursor's row: reversed, but chips keep their colours, and what is reversed
 * itself can be seen there too. */
static void cursor_row(void **state)
{
	(void)state;
	for (int palette = 0; palette < PALETTE_COUNT; palette++) {
		enum palette p = (enum palette)palette;
		struct look text = style_look(p, ROLE_TEXT | S_REVERSE);

		assert_int_equal(text.attributes, S_REVERSE);
		for (style_t role = 0; role < ROLE_CHIP; role++)
			assert_false(same_look(style_look(p, role),
					       style_look(p, role | S_REVERSE)));
		assert_false(same_look(text, style_look(p, ROLE_MATCH | S_REVERSE)));
		assert_false(same_look(text, style_look(p, ROLE_CHIP | S_REVERSE)));
		if (p != PALETTE_MONO)
			assert_true(same_look(style_look(p, ROLE_CHIP),
					      style_look(p, ROLE_CHIP | S_REVERSE)));
	}
}

/* A rule of the entry's own shows in its chip. */
static void bold_chips(void **state)
{
	(void)state;
	for (int palette = 0; palette < PALETTE_COUNT; palette++) {
		for (int i = 0; i < CHIP_COUNT; i++) {
			style_t chip = (style_t)(ROLE_CHIP + i);

			assert_false(same_look(
				style_look((enum palette)palette, chip),
				style_look((enum palette)palette, chip | S_BOLD)));
		}
	}
	assert_true(style_look(PALETTE_MONO, ROLE_CHIP | S_BOLD).attributes &
		    S_UNDERLINE);
}

static void names(void **state)
{
	(void)state;
	for (int role = 0; role < ROLE_COUNT; role++) {
		const char *name = style_role_name((enum role)role);

		assert_non_null(name);
		for (int k = 0; k < role; k++)
			assert_string_not_equal(name, style_role_name((enum role)k));
	}
	assert_string_equal(style_role_name((enum role)(ROLE_CHIP + 3)), "chip-3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chips),
		cmocka_unit_test(text_on_dark_and_light),
		cmocka_unit_test(colors_that_there_are),
		cmocka_unit_test(mono_tells_apart),
		cmocka_unit_test(cursor_row),
		cmocka_unit_test(bold_chips),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
