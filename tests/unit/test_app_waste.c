/* Getting rid of waste in the editor: what is live stays, and the plan says why. */
#include <stdio.h>

#include "app_drive.h"
#include "editor/details/details.h"
#include "unit.h"

static const struct image_entry base[] = {
	{ "etc/passwd", .body = "root:x:0:0::/:/bin/sh\n" },
	{ "etc/motd", .size = 500 },
	{ "usr/lib/libc.so.6", .size = 20000 },
};
static const struct image_entry copied[] = {
	{ "opt", .kind = 'd' },           { "opt/app", .kind = 'd' },
	{ "opt/app/a", .size = 40000 },   { "opt/app/b", .size = 20000 },
	{ "opt/app/c/d", .size = 10000 },
};
static const struct image_entry owned[] = {
	{ "opt", .kind = 'd' },
	{ "opt/app", .kind = 'd', .uid = 7 },
	{ "opt/app/a", .size = 40000, .uid = 7 },
	{ "opt/app/b", .size = 20000, .uid = 7 },
	{ "opt/app/c", .kind = 'd', .uid = 7 },
	{ "opt/app/c/d", .size = 10000, .uid = 7 },
	{ "root/secret", .size = 3000 },
};
static const struct image_entry last[] = {
	{ "etc/motd", .size = 501 },
	{ .path = "root/.wh.secret" },
};

static struct drive d;

static void see(const char *text)
{
	if (drive_sees(&d, text))
		return;
	drive_print(&d);
	fail_msg("not seen: %s", text);
}

static int set_up(void **state)
{
	static struct image_layer layers[] = { IMAGE_LAYER(base), IMAGE_LAYER(copied),
					       IMAGE_LAYER(owned), IMAGE_LAYER(last) };

	(void)state;
	layers[1].created_by = "COPY app /opt/app # buildkit";
	layers[2].created_by = "RUN /bin/sh -c chown -R app /opt/app # buildkit";
	drive_build(&d, layers, 4, NULL, 140, 40);
	drive_keys(&d, "w");
	if (drive_sees(&d, "3, then x"))
		fail_msg("w leaves the keys to the files");
	see(" x offers what helps");
	drive_keys(&d, "1");
	see("3, then x offers what helps");
	drive_keys(&d, "3");
	see(" x offers what helps");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	drive_close(&d);
	return 0;
}

static const struct lam_target *target(size_t n)
{
	assert_false(d.app.plan.effect_stale);
	assert_non_null(d.app.plan.effect->layout);
	return lam_layout_target(d.app.plan.effect->layout, n);
}

/* Down to the line whose cause is of that kind, or to an item of it. */
static void to_waste(enum waste_how how, const char *path)
{
	drive_keys(&d, "gg");
	for (int i = 0; i < 40; i++) {
		struct waste_line line = waste_here(&d.app);

		if (line.cause && line.cause->how == how &&
		    (path ? line.item && line.item->node == drive_node(&d, path)
			  : !line.item))
			return;
		drive_keys(&d, "j");
	}
	drive_print(&d);
	fail_msg("no such line of waste");
}

static void one_line_a_cause(void **state)
{
	(void)state;
	assert_int_equal(d.app.details.waste->cause_count, 3);
	see("owner changed in app-2: chown -R app");
	see("68.4K");
	to_waste(WASTE_METADATA, NULL);
	assert_int_equal(d.app.details.path, LAM_NODE_NONE);
	see("68.4K    /opt");
	drive_keys(&d, "Enter");
	assert_false(bits_get(&d.app.details.waste_open, 0));
	drive_keys(&d, "Enter j Enter");
	assert_int_equal(d.app.focus, PANE_FILES);
	char *path = drive_path(&d);
	assert_string_equal(path, "/opt");
	free(path);
}

/* x once left the live path out. */
static void live_paths_stay(void **state)
{
	static const struct {
		enum waste_how how;
		const char *path;
	} lines[] = { { WASTE_METADATA, NULL },    { WASTE_METADATA, "/opt" },
		      { WASTE_OVERWRITTEN, NULL }, { WASTE_OVERWRITTEN, "/etc/motd" },
		      { WASTE_DELETED, NULL },     { WASTE_DELETED, "/root/secret" } };

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		static const char keys[] = "rmxn";

		for (const char *key = keys; *key; key++) {
			to_waste(lines[i].how, lines[i].path);
			drive_keys(&d, "x");
			assert_asks(&d, DIALOG_CHOICE, "Waste");
			drive_key(&d, (struct key){ .code = (uint32_t)*key });
			if (d.app.dialog_count)
				drive_keys(&d, "Esc");
			assert_int_equal(d.app.plan.effect->dropped, 0);
			assert_int_equal(d.app.focus, PANE_DETAILS);
			drive_keys(&d, "u");
			assert_int_equal(lam_undo_back_count(d.app.plan.undo), 0);
		}
	}
}

static void rewrites(void **state)
{
	(void)state;
	assert_int_equal(d.app.plan.effect->waste_gone, 0);
	to_waste(WASTE_OVERWRITTEN, NULL);
	drive_keys(&d, "x");
	see("write base anew");
	drive_keys(&d, "r");
	assert_int_equal(target(0)->fate, LAM_FATE_REWRITTEN);
	assert_string_equal(target(0)->reason, "the plan has it written anew");
	assert_true(app_plan(&d.app)->layers[0].rewrite);
	assert_string_equal(app_plan(&d.app)->layers[0].note,
			    "without 500 that nobody sees: overwritten in motd: layer 3");
	see("goes: overwritten in motd");
	drive_keys(&d, "x");
	see("The plan does without it already");
	drive_keys(&d, "Esc 2 gg K");
	assert_false(app_plan(&d.app)->layers[0].rewrite);
	assert_true(app_plan(&d.app)->layers[0].keep);
}

static void merges(void **state)
{
	(void)state;
	to_waste(WASTE_METADATA, NULL);
	drive_keys(&d, "x");
	see("merge app into app-2, which hides it");
	drive_keys(&d, "m");
	assert_int_equal(app_plan(&d.app)->layer_count, 3);
	assert_string_equal(app_plan(&d.app)->layers[1].name, "app-2");
	assert_string_equal(app_plan(&d.app)->layers[1].note,
			    "without 71.3K that nobody sees: owner changed in app-2: "
			    "chown -R app /opt/app, and more");
	assert_true(d.app.plan.effect->waste_gone >= 70000);
}

/* Each layer that holds some, once. */
static void all_of_it(void **state)
{
	static const char *const notes[] = { "without 500 that nobody sees",
					     "without 68.4K that nobody sees",
					     "without 2.9K that nobody sees" };

	(void)state;
	to_waste(WASTE_METADATA, "/opt");
	drive_keys(&d, "x");
	see("all 71.8K of the waste: write 3 layers anew");
	see("Layers that hide it may follow; what then holds nothing goes.");
	drive_keys(&d, "a");
	see("write 3 layers anew, without 71.8K that nobody sees");
	for (size_t n = 0; n < 3; n++) {
		assert_int_equal(app_plan(&d.app)->layers[n].rewrite, true);
		assert_string_equal(app_plan(&d.app)->layers[n].note, notes[n]);
	}
	assert_false(app_plan(&d.app)->layers[3].rewrite);
	/* one of them is all waste */
	assert_int_equal(d.app.plan.effect->rewritten, 2);
	see("4 layers, 1 empty");
	see("4 layers 176K → 3 layers");
	assert_int_equal(d.app.plan.effect->waste_gone, d.app.details.waste->lost);
	assert_int_equal(d.app.plan.effect->dropped, 0);
	assert_int_equal(lam_undo_back_count(d.app.plan.undo), 1);
	/* above the list it is about all of it */
	drive_keys(&d, "u gg k k x");
	see("all 71.8K of the waste: write 3 layers anew");
	drive_keys(&d, "a x");
	see("The plan does without it already");
	assert_int_equal(d.app.plan.effect->waste_gone, d.app.details.waste->lost);
}

/* "gg" once went to the sum above the list, where x has nothing to act on. */
static void first_line(void **state)
{
	(void)state;
	drive_keys(&d, "G gg");
	assert_ptr_equal(waste_here(&d.app).cause, d.app.details.waste->causes);
	drive_keys(&d, "G Home");
	assert_ptr_equal(waste_here(&d.app).cause, d.app.details.waste->causes);
	see("71.8K lost");
}

/* Moving what hides it leaves nothing that anybody sees of a layer. */
static void all_waste_goes(void **state)
{
	(void)state;
	assert_int_equal(target(1)->fate, LAM_FATE_KEPT);
	drive_keys(&d, "1");
	drive_go(&d, "/opt");
	drive_keys(&d, "a n Enter");
	assert_int_equal(target(1)->fate, LAM_FATE_EMPTY);
	assert_true(d.app.plan.effect->waste_gone >= 70000);
	/* what the plan demands stays */
	drive_keys(&d, "2 gg j K");
	assert_int_equal(target(1)->fate, LAM_FATE_KEPT);
	drive_keys(&d, "u u");
	assert_int_equal(target(1)->fate, LAM_FATE_KEPT);
}

/* A layer whose files nobody sees, and which is needed. */
static void needed_waste_stays(void **state)
{
	static const struct image_entry dir[] = { { "a/below", .size = 100 },
						  { "b", .body = "b" } };
	static const struct image_entry file[] = { { "a", .body = "hides a/" } };
	static const struct image_entry again[] = { { "a/other", .body = "o" } };
	struct image_layer layers[] = { IMAGE_LAYER(dir), IMAGE_LAYER(file),
					IMAGE_LAYER(again) };

	(void)state;
	drive_close(&d);
	drive_build(&d, layers, 3, NULL, 100, 40);
	drive_go(&d, "/a/other");
	drive_keys(&d, "a n Enter");
	assert_int_equal(target(0)->fate, LAM_FATE_KEPT);
	assert_int_equal(target(1)->fate, LAM_FATE_KEPT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(one_line_a_cause), TEST(live_paths_stay), TEST(rewrites),
		TEST(merges),           TEST(all_waste_goes),  TEST(needed_waste_stays),
		TEST(all_of_it),        TEST(first_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
