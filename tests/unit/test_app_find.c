/* Searching in what is no list of files: the details, the layers, the help. */
#include <stdio.h>

#include "app_drive.h"
#include "editor/details/details.h"
#include "unit.h"

#define TEN  "0123456789 "
#define LONG TEN TEN TEN TEN TEN TEN "01234567 across and across"

#define DUMP 6400
static char dump[DUMP + 1]; /* "needle" in its rows 3, 300 and 399 */

static const struct image_entry base[] = {
	{ "etc/long", .body = LONG "\n" },
	{ "etc/text",
	  .body = "one\ntwo needle\nthree\nNeedle needle\n\nsix \\ [x]\nlast needle\n" },
	{ "usr/bin/odd", .body = "\x7f"
				 "ELF\1\2\3\4\5\6\7\1\2\3\4\5needle" },
	{ "usr/bin/dump", .body = dump },
};
static const struct image_entry more[] = { { "opt/app/model.bin", .size = 30000 } };

static struct drive d;

static int set_up(void **state)
{
	static struct image_layer layers[] = { IMAGE_LAYER(base), IMAGE_LAYER(more) };

	(void)state;
	memset(dump, 1, DUMP);
	memcpy(dump + 16 * 3, "needle", 6);
	memcpy(dump + 16 * 300 + 10, "needle", 6);
	memcpy(dump + 16 * 399 + 5, "needle", 6);
	layers[0].created_by = "ADD rootfs.tar / # buildkit";
	layers[1].created_by = "COPY app /opt/app # buildkit";
	drive_build(&d, layers, 2, NULL, 80, 24);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	drive_close(&d);
	return 0;
}

static void search(const char *text)
{
	drive_keys(&d, "/");
	assert_asks(&d, DIALOG_PROMPT, "Search");
	drive_type(&d, text);
	drive_keys(&d, "Enter");
}

static void see(const char *text)
{
	if (drive_sees(&d, text))
		return;
	drive_print(&d);
	fail_msg("not seen: %s", text);
}

/* How many cells are lit up. */
static size_t lit(void)
{
	size_t count = 0;

	drive_draw(&d);
	for (int i = 0; i < d.canvas.width * d.canvas.height; i++)
		count += (d.canvas.cells[i].style & S_ROLE) == ROLE_MATCH;
	return count;
}

static void in_a_file(void **state)
{
	(void)state;
	drive_go(&d, "/etc/text");
	drive_keys(&d, "p 3");
	assert_int_equal(d.app.details.list.cursor, 0);
	search("needle");
	assert_int_equal(d.app.details.list.cursor, 1);
	see("/needle: 1 of 3");
	assert_int_equal(lit(), 3 * 6);
	drive_keys(&d, "n");
	assert_int_equal(d.app.details.list.cursor, 3);
	drive_keys(&d, "n n");
	assert_int_equal(d.app.details.list.cursor, 1);
	drive_keys(&d, "N");
	assert_int_equal(d.app.details.list.cursor, 6);
	see("/needle: 3 of 3");
	search("Needle");
	assert_int_equal(d.app.details.list.cursor, 3);
	search("\\v^(one|six)");
	assert_int_equal(d.app.details.list.cursor, 5);
	search("\\ [x]");
	assert_int_equal(d.app.details.list.cursor, 5);
	search("nowhere");
	see("nothing here holds nowhere");
	assert_int_equal(d.app.details.list.cursor, 5);
	assert_int_equal(d.app.focus, PANE_DETAILS);
	drive_keys(&d, "Esc");
	assert_null(d.app.details.search);
	assert_int_equal(lit(), 0);
	drive_keys(&d, "n");
	see("nothing was searched for");
}

/* Also where it stands in two rows. */
static void in_a_long_line(void **state)
{
	(void)state;
	drive_go(&d, "/etc/long");
	drive_keys(&d, "p 3");
	assert_int_equal(d.app.details.list.count, 2);
	search("cross and");
	assert_int_equal(d.app.details.list.cursor, 0);
	see("/cross and: 1 of 1");
	search("across");
	see("of 2");
	drive_go(&d, "/usr/bin/odd");
	drive_keys(&d, "3");
	search("|needle");
	assert_int_equal(d.app.details.list.cursor, 1);
}

static void in_other_tabs(void **state)
{
	(void)state;
	drive_keys(&d, "c 3");
	search("copy app");
	see("1 of 1");
	assert_true(lit() >= 8);
	assert_int_equal(d.app.details.item, SIZE_MAX);
	drive_keys(&d, "t G gg");
	assert_int_equal(d.app.details.list.cursor, 1); /* the first layer, and no head */
	drive_command(&d, "search app");
	assert_int_equal(d.app.focus, PANE_DETAILS);
	assert_true(lit() > 0);
	/* the files have a search of their own */
	drive_keys(&d, "1 /");
	drive_type(&d, "model");
	drive_keys(&d, "Enter");
	char *path = drive_path(&d);
	assert_string_equal(path, "/opt/app/model.bin");
	free(path);
}

static void in_the_layers(void **state)
{
	(void)state;
	drive_keys(&d, "2 gg");
	search("app");
	assert_int_equal(d.app.layers.list.cursor, 1);
	search("rootfs");
	assert_int_equal(d.app.layers.list.cursor, 0);
	search("other");
	see("no layer holds other");
}

static void in_the_help(void **state)
{
	size_t at;

	(void)state;
	drive_keys(&d, "? /");
	drive_type(&d, ":merge-plan");
	drive_keys(&d, "Enter");
	see(":merge-plan");
	drive_keys(&d, "g /");
	drive_type(&d, "layer");
	drive_keys(&d, "Enter");
	at = app_dialog(&d.app)->list.cursor;
	drive_keys(&d, "n");
	assert_true(app_dialog(&d.app)->list.cursor > at);
	drive_keys(&d, "N");
	assert_int_equal(app_dialog(&d.app)->list.cursor, at);
}

/* Also where it is far below, and something stands above the dump. */
static void in_a_dump(void **state)
{
	static const size_t rows[] = { 3, 300, 399, 3 };
	char text[40];

	(void)state;
	drive_go(&d, "/usr/bin/dump");
	drive_keys(&d, "p 3");
	for (size_t above = 0; above < 2; above++) {
		search("needle");
		for (size_t i = 0; i < 4; i++) {
			assert_int_equal(d.app.details.list.cursor, rows[i] + above);
			snprintf(text, sizeof text, "/needle: %zu of 3", i % 3 + 1);
			see(text);
			assert_true(lit() >= 6);
			drive_keys(&d, "n");
		}
		search("00001900");
		see("nothing here holds 00001900");
		drive_keys(&d, "gg p");
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(in_a_file),     TEST(in_a_long_line), TEST(in_other_tabs),
		TEST(in_the_layers), TEST(in_the_help),    TEST(in_a_dump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
