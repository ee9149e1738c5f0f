#include <stdio.h>
#include <time.h>

#include "canvas_dump.h"
#include "golden.h"
#include "ui/canvas.h"
#include "unit.h"

static struct canvas canvas;

static void start(int width, int height)
{
	canvas.ascii = false;
	assert_true(canvas_resize(&canvas, width, height));
}

static void row_is(int y, const char *wanted)
{
	char *dump = canvas_dump(&canvas, false, PALETTE_MONO);
	char *row = dump;

	for (int i = 0; i < y; i++)
		row = strchr(row, '\n') + 1;
	row[strcspn(row, "\n")] = '\0';
	assert_string_equal(row, wanted);
	free(dump);
}

/* Each cell is what its width says, whatever was drawn. */
static void check_cells(void)
{
	for (int y = 0; y < canvas.height; y++) {
		const struct cell *row = &canvas.cells[y * canvas.width];

		for (int x = 0; x < canvas.width; x++) {
			assert_int_equal(row[x].width == 0, row[x].text[0] == '\0');
			if (row[x].width == 2)
				assert_true(x + 1 < canvas.width &&
					    row[x + 1].width == 0);
			if (row[x].width == 0)
				assert_true(x > 0 && row[x - 1].width == 2);
		}
	}
}

static void texts(void **state)
{
	static const struct {
		int x, width;
		const char *text;
		int used;
		const char *row;
	} cases[] = {
		{ 0, 8, "abc", 3, "abc" },
		{ 2, 3, "abcdef", 3, "  abc" },
		{ 5, 8, "abcdef", 6, "     abc" },
		{ -2, 8, "abcdef", 6, "cdef" },
		{ 0, 0, "abc", 0, "" },
		{ 0, -1, "abc", 0, "" },
		{ 9, 5, "abc", 3, "" },
		{ 0, 8, "日本", 4, "日本" },
		{ 0, 3, "日本", 3, "日" },
		{ 7, 8, "日本", 4, "" },
		{ 6, 8, "日本", 4, "      日" },
		{ -1, 8, "日本", 4, " 本" },
		{ 0, 8, "e\xcc\x81x", 2, "e\xcc\x81x" },
		{ 0, 8, "\xcc\x81x", 1, "x" },
		{ 0, 8, "日\xcc\x81x", 3, "日\xcc\x81x" },
		{ 0, 8, "a\x1b[2J\n", 6, "a?[2J?" },
		{ 0, 8, "\xe2\x80\xae!", 2, "?!" },
		{ 0, 8, "\xffz", 2, "\xef\xbf\xbdz" },
	};

	(void)state;
	start(8, 1);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		canvas_clear(&canvas);
		assert_int_equal(canvas_text(&canvas, cases[i].x, 0, cases[i].width,
					     ROLE_DIR, cases[i].text),
				 cases[i].used);
		row_is(0, cases[i].row);
		check_cells();
	}
	assert_int_equal(canvas_text(&canvas, 0, 5, 8, 0, "abc"), 3);
	assert_int_equal(canvas_text(&canvas, 0, -1, 8, 0, "abc"), 3);
}

/* Half of a wide character never stays. */
static void over_wide_ones(void **state)
{
	(void)state;
	start(6, 1);
	for (int x = 0; x < 6; x++) {
		canvas_text(&canvas, 0, 0, 6, ROLE_DIR, "日本語");
		canvas_text(&canvas, x, 0, 1, ROLE_TEXT, "x");
		check_cells();
	}
	row_is(0, "日本 x");
	for (int x = -1; x < 6; x++) {
		canvas_text(&canvas, 0, 0, 6, ROLE_DIR, "日本語");
		canvas_text(&canvas, x, 0, 2, ROLE_TEXT, "字");
		check_cells();
	}
	canvas_text(&canvas, 0, 0, 6, ROLE_DIR, "日本語");
	canvas_text(&canvas, 1, 0, 2, ROLE_TEXT, "字");
	row_is(0, " 字 語");
}

static void cuts(void **state)
{
	static const struct {
		enum cut cut;
		int width;
		const char *text, *row, *ascii;
	} cases[] = {
		{ CUT_END, 8, "abcdefgh", "abcdefgh", "abcdefgh" },
		{ CUT_END, 5, "abcdefgh", "abcd…", "abcd~" },
		{ CUT_START, 5, "abcdefgh", "…efgh", "~efgh" },
		{ CUT_MIDDLE, 5, "abcdefgh", "ab…gh", "ab~gh" },
		{ CUT_MIDDLE, 6, "abcdefgh", "abc…gh", "abc~gh" },
		{ CUT_END, 1, "abc", "…", "~" },
		{ CUT_START, 1, "abc", "…", "~" },
		{ CUT_MIDDLE, 1, "abc", "…", "~" },
		{ CUT_END, 0, "abc", "", "" },
		{ CUT_END, 4, "日本語", "日…", "\\u{~" },
		{ CUT_START, 4, "日本語", "…語", "~9e}" },
		{ CUT_MIDDLE, 5, "日本語", "日…語", "\\u~e}" },
	};

	(void)state;
	start(20, 1);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (int ascii = 0; ascii < 2; ascii++) {
			canvas.ascii = ascii;
			canvas_clear(&canvas);
			assert_in_range(canvas_text_cut(&canvas, 0, 0, cases[i].width, 0,
							cases[i].text, cases[i].cut),
					0, cases[i].width);
			row_is(0, ascii ? cases[i].ascii : cases[i].row);
			check_cells();
		}
	}
}

static void right_and_formatted(void **state)
{
	char big[2000];

	(void)state;
	start(10, 1);
	assert_int_equal(canvas_text_right(&canvas, 1, 0, 6, 0, "12.3M"), 5);
	row_is(0, "  12.3M");
	canvas_clear(&canvas);
	canvas_text_right(&canvas, 0, 0, 4, 0, "123456");
	row_is(0, "123…");
	canvas_clear(&canvas);
	assert_int_equal(canvas_textf(&canvas, 0, 0, 10, 0, "%d of %s", 3, "9"), 6);
	row_is(0, "3 of 9");
	memset(big, 'x', sizeof big);
	big[sizeof big - 1] = '\0';
	assert_int_equal(canvas_textf(&canvas, 0, 0, 10, 0, "%s", big), 10);
	row_is(0, "xxxxxxxxxx");
}

static void bars(void **state)
{
	static const struct {
		uint64_t done, total;
		const char *row, *ascii;
	} cases[] = {
		{ 0, 100, "", "----" },
		{ 0, 0, "", "----" },
		{ 1, 1000000, "▏", "#---" },
		{ 50, 100, "██", "##--" },
		{ 55, 100, "██▏", "##--" },
		{ 66, 100, "██▋", "###-" },
		{ 99, 100, "███▉", "####" },
		{ 100, 100, "████", "####" },
		{ 500, 100, "████", "####" },
		{ UINT64_MAX - 1, UINT64_MAX, "████", "####" },
	};

	(void)state;
	start(10, 1);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (int ascii = 0; ascii < 2; ascii++) {
			canvas.ascii = ascii;
			canvas_clear(&canvas);
			canvas_bar(&canvas, 0, 0, 4, cases[i].done, cases[i].total);
			row_is(0, ascii ? cases[i].ascii : cases[i].row);
		}
	}
}

/* The mark touches an end only where the list does. */
static void scroll_marks(void **state)
{
	(void)state;
	start(1, 10);
	for (size_t count = 0; count < 300; count += 7) {
		for (size_t top = 0; top + 10 <= count || top == 0; top++) {
			bool first, last;

			canvas_clear(&canvas);
			canvas_scroll_mark(&canvas, 0, 0, 10, top, count, ROLE_BORDER);
			first = strcmp(canvas.cells[0].text, "█") == 0;
			last = strcmp(canvas.cells[9].text, "█") == 0;
			assert_int_equal(first, count > 10 && top == 0);
			assert_int_equal(last, count > 10 && top + 10 == count);
		}
	}
}

static void draw_scene(void)
{
	int width = canvas.width, height = canvas.height;

	canvas_fill(&canvas, (struct rect){ 0, 0, width, 1 }, ROLE_HEADER);
	canvas_text(&canvas, 1, 0, width, ROLE_HEADER, "oci:build/app:1.4  9 layers");
	canvas_box(&canvas, (struct rect){ 0, 1, 30, 8 }, LINE_DOUBLE, ROLE_BORDER_FOCUS,
		   "1 Files", ROLE_TITLE_FOCUS);
	canvas_box(&canvas, (struct rect){ 30, 1, width - 30, 8 }, LINE_SINGLE,
		   ROLE_BORDER, "2 Layers that have a long title", ROLE_TITLE);
	canvas_text(&canvas, 2, 2, 26, ROLE_DIR, "usr/");
	canvas_text(&canvas, 2, 3, 26, ROLE_MARK, "日本語.txt");
	canvas_text(&canvas, 1, 4, 1, ROLE_FLAG, "!");
	canvas_text_cut(&canvas, 2, 4, 26, ROLE_LINK, "libfoo.so.1 -> libfoo.so.1.0.2",
			CUT_END);
	canvas_restyle(&canvas, (struct rect){ 1, 3, 28, 1 }, ROLE_COUNT, S_REVERSE);
	canvas_restyle(&canvas, (struct rect){ 2, 2, 2, 1 }, ROLE_MATCH, 0);
	for (int i = 0; i < CHIP_COUNT; i++)
		canvas_textf(&canvas, 31 + i, 2, 1,
			     (style_t)((ROLE_CHIP + i) | (i & 1 ? S_BOLD : 0)), "%c",
			     'A' + i);
	canvas_bar(&canvas, 31, 3, 6, 37, 100);
	canvas_text(&canvas, 31, 4, 8, ROLE_ERROR, "failed");
	canvas_scroll_mark(&canvas, 29, 2, 6, 10, 40, ROLE_BORDER_FOCUS);
	canvas_rule(&canvas, -3, 9, width + 9, LINE_SINGLE, ROLE_BORDER);
	canvas_text_right(&canvas, 0, height - 1, width, ROLE_STATUS, "undo 12");
	canvas.cursor_x = 2;
	canvas.cursor_y = 3;
}

static void scenes(void **state)
{
	static const struct {
		const char *name;
		enum palette palette;
		bool ascii;
	} cases[] = {
		{ "canvas-256.txt", PALETTE_256, false },
		{ "canvas-16.txt", PALETTE_16, false },
		{ "canvas-8.txt", PALETTE_8, false },
		{ "canvas-mono-ascii.txt", PALETTE_MONO, true },
	};

	(void)state;
	start(46, 11);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *dump;

		canvas.ascii = cases[i].ascii;
		canvas_clear(&canvas);
		draw_scene();
		check_cells();
		dump = canvas_dump(&canvas, true, cases[i].palette);
		assert_true(golden_equal(cases[i].name, dump));
		free(dump);
	}
}

/* Whatever is drawn, and wherever, stays inside and whole. */
static void at_random(void **state)
{
	static const char *const texts[] = { "日本語",  "abc", "e\xcc\x81", "\xff",
					     "a日b本c", "",    "\xcc\x81" };
	uint64_t seed = 7;

	(void)state;
	start(9, 5);
	for (int i = 0; i < 5000; i++) {
		int x = (int)(next_random(&seed) % 20) - 6;
		int y = (int)(next_random(&seed) % 11) - 3;
		int width = (int)(next_random(&seed) % 14) - 2;
		int height = (int)(next_random(&seed) % 9) - 1;
		struct rect rect = { x, y, width, height };
		const char *text = texts[next_random(&seed) % 7];

		canvas.ascii = next_random(&seed) % 8 == 0;
		switch (next_random(&seed) % 8) {
		case 0: canvas_text(&canvas, x, y, width, ROLE_DIR, text); break;
		case 1: canvas_text_cut(&canvas, x, y, width, 0, text, CUT_MIDDLE); break;
		case 2: canvas_text_right(&canvas, x, y, width, 0, text); break;
		case 3: canvas_fill(&canvas, rect, ROLE_DIM); break;
		case 4: canvas_box(&canvas, rect, LINE_DOUBLE, 0, text, 0); break;
		case 5: canvas_restyle(&canvas, rect, ROLE_COUNT, S_BOLD); break;
		case 6: canvas_bar(&canvas, x, y, width, 3, 7); break;
		default: canvas_scroll_mark(&canvas, x, y, height, 3, 99, 0); break;
		}
		check_cells();
	}
	canvas_fill(&canvas, (struct rect){ -5, -5, 2147483647, 2147483647 }, ROLE_DIM);
	canvas_restyle(&canvas, (struct rect){ 3, 3, 2147483647, 2147483647 }, 0, 0);
}

static void draws_fast(void **state)
{
	struct timespec before, after;
	double best = 1e9;

	(void)state;
	start(200, 60);
	for (int round = 0; round < 50; round++) {
		double ms;

		clock_gettime(CLOCK_MONOTONIC, &before);
		canvas_clear(&canvas);
		for (int y = 0; y < 60; y++) {
			for (int x = 0; x < 200; x += 20)
				canvas_text(&canvas, x, y, 20, ROLE_DIR,
					    "drwxr-xr-x ▸ 日本語│");
		}
		clock_gettime(CLOCK_MONOTONIC, &after);
		ms = (double)(after.tv_sec - before.tv_sec) * 1e3 +
		     (double)(after.tv_nsec - before.tv_nsec) / 1e6;
		best = ms < best ? ms : best;
	}
	print_message("200x60 drawn in %.3f ms\n", best);
	assert_true(best < 10); /* sanitizers and busy machines; it is 0.3 otherwise */
}

static int fini(void **state)
{
	(void)state;
	canvas_fini(&canvas);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),      cmocka_unit_test(over_wide_ones),
		cmocka_unit_test(cuts),       cmocka_unit_test(right_and_formatted),
		cmocka_unit_test(bars),       cmocka_unit_test(scroll_marks),
		cmocka_unit_test(scenes),     cmocka_unit_test(at_random),
		cmocka_unit_test(draws_fast),
	};

	return cmocka_run_group_tests(tests, NULL, fini);
}
