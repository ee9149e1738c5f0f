/* Saving, loading, the editor, the journal, quitting and writing, without a terminal. */
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app_drive.h"
#include "unit.h"

static const struct image_entry base[] = {
	{ "etc/passwd", .body = "root:x:0:0::/:/bin/sh\n" },
	{ "usr/lib/libc.so.6", .size = 20000, .mode = 0755 },
};
static const struct image_entry more[] = {
	{ "opt/app/main.py", .body = "print(1)\n" },
	{ "opt/app/model.bin", .size = 30000 },
};

static struct image_layer layers[] = { IMAGE_LAYER(base), IMAGE_LAYER(more) };
static struct built built;
static struct drive d;

static int set_up(void **state)
{
	(void)state;
	built_open(&built, layers, 2);
	drive_open(&d, &built, 100, 40, NULL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	drive_close(&d);
	built_close(&built);
	return 0;
}

/* As after SIGKILL, and once more. */
static void again(void)
{
	drive_close(&d);
	drive_open(&d, &built, 100, 40, NULL);
}

static void see(const char *text)
{
	if (drive_sees(&d, text))
		return;
	drive_print(&d);
	fail_msg("not seen: %s", text);
}

static void not_see(const char *text)
{
	if (!drive_sees(&d, text))
		return;
	drive_print(&d);
	fail_msg("seen: %s", text);
}

static size_t unsaved(void)
{
	return lam_undo_unsaved(d.app.plan.undo);
}

static void change(void)
{
	drive_command(&d, "go /opt/app");
	drive_keys(&d, "a a");
	assert_int_equal(app_plan(&d.app)->rule_count, 1);
}

static void saves(void **state)
{
	char *text;

	(void)state;
	change();
	assert_int_equal(unsaved(), 1);
	drive_keys(&d, "gs");
	assert_asks(&d, DIALOG_PROMPT, "Save the plan");
	drive_keys(&d, "Esc");
	drive_command(&d, "save a.json");
	see("saved: a.json");
	text = drive_plan(&d);
	assert_string_equal(drive_file(&d, "a.json"), text);
	free(text);
	assert_int_equal(unsaved(), 0);
	/* the name is known from now on */
	drive_keys(&d, "x F2");
	assert_int_equal(d.app.dialog_count, 0);
	assert_int_equal(unsaved(), 0);
	drive_keys(&d, "u");
	assert_int_equal(unsaved(), 1);
	drive_keys(&d, "^S q");
	assert_true(d.over);
	assert_int_equal(d.code, 0);
}

/* By whatever steps: what is in the file is saved. */
static void the_same_plan_is_saved(void **state)
{
	(void)state;
	change();
	drive_command(&d, "save a.json");
	drive_keys(&d, "a b");
	assert_true(unsaved() > 0);
	drive_keys(&d, "a a");
	assert_int_equal(unsaved(), 0);
	assert_int_equal(lam_undo_back_count(d.app.plan.undo), 3);
	drive_keys(&d, "u u u");
	assert_true(unsaved() > 0);
	drive_keys(&d, "U U U");
	assert_int_equal(unsaved(), 0);
	again();
	assert_int_equal(d.app.dialog_count, 0);
}

static void asks_before_saving_over(void **state)
{
	(void)state;
	drive_set_file(&d, "a.json", "somebody's");
	change();
	drive_command(&d, "save a.json");
	assert_asks(&d, DIALOG_CHOICE, "Save the plan");
	see("a.json is there already");
	drive_keys(&d, "Esc");
	assert_string_equal(drive_file(&d, "a.json"), "somebody's");
	assert_int_equal(unsaved(), 1);
	drive_command(&d, "save a.json");
	drive_keys(&d, "a ^U");
	drive_type(&d, "b.json");
	drive_keys(&d, "Enter");
	assert_non_null(drive_file(&d, "b.json"));
	drive_command(&d, "save a.json");
	drive_keys(&d, "o");
	assert_string_equal(drive_file(&d, "a.json"), drive_file(&d, "b.json"));
	/* changed by another program since */
	drive_set_file(&d, "a.json", "somebody's");
	drive_keys(&d, "x gs");
	assert_asks(&d, DIALOG_CHOICE, "Save the plan");
	see("a.json holds something else by now");
	drive_keys(&d, "Esc");
	assert_string_equal(drive_file(&d, "a.json"), "somebody's");
}

static void quits_as_vi_does(void **state)
{
	char *plan;

	(void)state;
	change();
	/* what is in no file is offered again */
	drive_command(&d, "q!");
	assert_true(d.app.quitting);
	d.app.quitting = false;
	drive_command(&d, "x a.json");
	assert_true(d.app.quitting);
	assert_int_equal(unsaved(), 0);
	plan = drive_plan(&d);
	assert_string_equal(drive_file(&d, "a.json"), plan);
	free(plan);
	d.app.quitting = false;
	drive_command(&d, "x");
	assert_true(d.app.quitting);
	/* what would be lost is asked about */
	d.app.quitting = false;
	drive_keys(&d, "x");
	d.app.plan.unkept = true;
	drive_command(&d, "q!");
	assert_asks(&d, DIALOG_CHOICE, "Quit");
	assert_false(d.app.quitting);
	drive_keys(&d, "Esc");
	d.app.plan.unkept = false;
	drive_command(&d, "wq");
	assert_true(d.app.quitting);
	assert_int_equal(unsaved(), 0);
}

static void an_undone_load_keeps_its_file(void **state)
{
	char *loaded;

	(void)state;
	change();
	drive_command(&d, "save a.json");
	loaded = strdup(drive_file(&d, "a.json"));
	drive_keys(&d, "x");
	drive_command(&d, "save b.json");
	drive_command(&d, "load a.json");
	assert_int_equal(unsaved(), 0);
	drive_keys(&d, "u");
	assert_true(unsaved() > 0);
	/* it asks where to: this is not the plan of a.json */
	drive_keys(&d, "gs");
	assert_int_equal(app_dialog(&d.app)->kind, DIALOG_PROMPT);
	drive_keys(&d, "Esc");
	assert_string_equal(drive_file(&d, "a.json"), loaded);
	drive_command(&d, "save a.json");
	assert_asks(&d, DIALOG_CHOICE, "Save the plan");
	drive_keys(&d, "Esc");
	/* undone edits of a loaded plan are still that file's */
	drive_command(&d, "load a.json");
	see("in no file");
	drive_keys(&d, "l x u x gs");
	assert_int_equal(unsaved(), 0);
	assert_string_not_equal(drive_file(&d, "a.json"), loaded);
	free(loaded);
}

static void write_to(const char *name)
{
	char command[300];

	snprintf(command, sizeof command, "write oci:%s/%s:new", built.dir, name);
	drive_command(&d, command);
}

/* In the effect, and before it is written. */
static void tells_what_the_image_starts(void **state)
{
	(void)state;
	drive_set_file(&d, "a.json",
		       "{\"lamina\":1,\"layers\":[{\"name\":\"all\",\"from\":\"rest\"}],"
		       "\"assign\":[{\"path\":\"/opt\",\"to\":null}],"
		       "\"config\":{\"workdir\":\"/opt/app\"}}");
	drive_command(&d, "load a.json");
	see("1 remark, which Effect tells");
	drive_keys(&d, "t t");
	see("/opt/app is left out, and is the image's workdir");
	drive_keys(&d, "q");
	write_to("out");
	see("/opt/app is left out, and is the image's workdir");
	drive_keys(&d, "Esc");
}

/* What the image has is in need of no file. */
static void an_undone_load_leaves_nothing_unsaved(void **state)
{
	(void)state;
	drive_set_file(&d, "a.json",
		       "{\"lamina\":1,\"layers\":[{\"name\":\"all\",\"from\":\"rest\"}],"
		       "\"assign\":[]}");
	drive_command(&d, "load a.json");
	drive_keys(&d, "u");
	not_see("unsaved");
	not_see(" a.json ");
	/* done again it is that file's; not once something else was done */
	drive_keys(&d, "U Esc");
	assert_string_equal(app_plan_file(&d.app), "a.json");
	assert_int_equal(app_unsaved(&d.app), 0);
	drive_keys(&d, "u x");
	see("new plan");
	assert_null(app_plan_file(&d.app));
	drive_keys(&d, "u");
	not_see("unsaved");
	drive_keys(&d, "q");
	assert_true(d.over);
}

static void quits_after_saving_over(void **state)
{
	(void)state;
	change();
	drive_command(&d, "save a.json");
	drive_set_file(&d, "a.json", "somebody's");
	drive_keys(&d, "x q s");
	assert_asks(&d, DIALOG_CHOICE, "Save the plan");
	drive_keys(&d, "Esc");
	/* it was left: what is saved later does not quit */
	drive_keys(&d, "F2 o");
	see("saved: a.json");
	assert_false(d.over);
	drive_set_file(&d, "a.json", "somebody's");
	drive_keys(&d, "x q s a ^U");
	drive_type(&d, "b.json");
	drive_keys(&d, "Esc");
	assert_false(d.app.plan.quit_when_saved);
	drive_keys(&d, "q s o");
	assert_string_not_equal(drive_file(&d, "a.json"), "somebody's");
	assert_true(d.over);
}

static void tells_of_remarks(void **state)
{
	(void)state;
	drive_set_file(&d, "old.json",
		       "{\"lamina\":1,\"layers\":[{\"name\":\"all\",\"from\":\"rest\"}],"
		       "\"assign\":[{\"path\":\"/never\",\"to\":\"all\"}]}");
	drive_command(&d, "load old.json");
	see("load old.json: 1 remark, which Effect tells (t)");
	drive_keys(&d, "t G");
	see("path /never matches nothing");
	/* once */
	drive_keys(&d, "u");
	assert_false(d.app.plan.loaded);
	assert_false(drive_sees(&d, "which Effect tells"));
}

static void loads(void **state)
{
	char *first = drive_plan(&d), *changed, *now;

	(void)state;
	change();
	drive_command(&d, "save a.json");
	changed = drive_plan(&d);
	drive_keys(&d, "u");
	assert_true(unsaved() > 0);
	drive_command(&d, "load no.json");
	drive_keys(&d, "l");
	see("no.json");
	drive_command(&d, "load a.json");
	see("in no file");
	drive_keys(&d, "Esc");
	assert_true(unsaved() > 0);
	drive_command(&d, "load a.json");
	drive_keys(&d, "l");
	now = drive_plan(&d);
	assert_string_equal(now, changed);
	free(now);
	/* what stands is what the file holds */
	assert_int_equal(unsaved(), 0);
	drive_keys(&d, "u");
	now = drive_plan(&d);
	assert_string_equal(now, first);
	free(now);
	drive_set_file(&d, "bad.json", "{ \"lamina\": 1 }\n");
	drive_command(&d, "load bad.json");
	drive_keys(&d, "l");
	see("This plan has errors");
	drive_keys(&d, "Esc");
	drive_set_file(&d, "more.json",
		       "{ \"lamina\": 1, \"layers\": [{ \"name\": \"base\" }, "
		       "{ \"name\": \"top\" }], \"assign\": [{ \"path\": \"/etc\", "
		       "\"to\": \"top\" }] }\n");
	drive_command(&d, "merge-plan more.json");
	assert_int_equal(app_plan(&d.app)->layer_count, 3);
	assert_int_equal(app_plan(&d.app)->rule_count, 1);
	drive_keys(&d, "u");
	now = drive_plan(&d);
	assert_string_equal(now, first);
	free(now);
	free(first);
	free(changed);
}

static void edits_as_text(void **state)
{
	char *first = drive_plan(&d), *now;
	char bad[4000];

	(void)state;
	d.reply = NULL;
	drive_keys(&d, "e");
	see("the editor failed");
	assert_string_equal(d.edited, first);
	d.reply = first;
	drive_keys(&d, "e");
	see("nothing changes");
	snprintf(bad, sizeof bad, "%s",
		 "{\n  \"lamina\": 1,\n  \"layers\": [{ \"name\": \"a\", \"from\": "
		 "\"rest\" }],\n  \"assign\": [\n    { \"path\": \"/opt\", \"to\": "
		 "\"b\" }\n  ]\n}\n");
	d.reply = bad;
	drive_keys(&d, "e");
	assert_asks(&d, DIALOG_CHOICE, "The edited plan has errors");
	see("line 5");
	/* what was typed is what is edited again, at that line */
	drive_keys(&d, "e");
	assert_string_equal(d.edited, bad);
	assert_int_equal(d.edited_line, 5);
	/* the same behind an Esc */
	drive_keys(&d, "Esc");
	assert_int_equal(d.app.dialog_count, 0);
	see("e goes on with what was typed");
	drive_keys(&d, "e");
	assert_string_equal(d.edited, bad);
	assert_int_equal(d.edited_line, 5);
	memcpy(strstr(bad, "\"b\""), "\"a\"", 3);
	drive_keys(&d, "e");
	assert_int_equal(d.app.dialog_count, 0);
	assert_int_equal(app_plan(&d.app)->layer_count, 1);
	assert_int_equal(app_plan(&d.app)->rule_count, 1);
	drive_keys(&d, "u");
	now = drive_plan(&d);
	assert_string_equal(now, first);
	d.reply = "{";
	drive_keys(&d, "e d");
	assert_int_equal(d.app.dialog_count, 0);
	free(now);
	free(first);
}

static void asks_before_quitting(void **state)
{
	(void)state;
	change();
	drive_keys(&d, "q Esc");
	assert_false(d.over);
	drive_keys(&d, "q s");
	assert_asks(&d, DIALOG_PROMPT, "Save the plan");
	drive_keys(&d, "Esc");
	assert_false(d.app.plan.quit_when_saved);
	drive_set_file(&d, "a.json", "somebody's");
	drive_keys(&d, "q s ^U");
	drive_type(&d, "a.json");
	drive_keys(&d, "Enter");
	assert_false(d.over);
	drive_keys(&d, "Esc q s ^U");
	drive_type(&d, "b.json");
	drive_keys(&d, "Enter");
	assert_true(d.over);
	assert_non_null(drive_file(&d, "b.json"));
}

static void recovers(void **state)
{
	char *first = drive_plan(&d), *plan, *now;

	(void)state;
	again();
	assert_int_equal(d.app.dialog_count, 0);
	change();
	plan = drive_plan(&d);
	again();
	assert_asks(&d, DIALOG_CHOICE, "An unsaved plan of this image");
	see("1 change");
	drive_keys(&d, "s");
	assert_int_equal(d.app.dialog_count, 2);
	drive_keys(&d, "Esc Esc");
	assert_int_equal(d.app.dialog_count, 0);
	again();
	drive_keys(&d, "r");
	now = drive_plan(&d);
	assert_string_equal(now, plan);
	free(now);
	drive_keys(&d, "u");
	now = drive_plan(&d);
	assert_string_equal(now, first);
	free(now);
	/* it is in this one's journal now */
	drive_keys(&d, "U");
	again();
	drive_keys(&d, "r");
	now = drive_plan(&d);
	assert_string_equal(now, plan);
	free(now);
	drive_command(&d, "save a.json");
	again();
	assert_int_equal(d.app.dialog_count, 0);
	change();
	drive_keys(&d, "q d");
	again();
	assert_int_equal(d.app.dialog_count, 0);
	change();
	drive_keys(&d, "q k");
	again();
	drive_keys(&d, "d");
	again();
	assert_int_equal(d.app.dialog_count, 0);
	free(plan);
	free(first);
}

static void recovers_a_load(void **state)
{
	(void)state;
	change();
	drive_command(&d, "save a.json");
	drive_command(&d, "save c.json");
	drive_command(&d, "load a.json");
	drive_keys(&d, "x");
	drive_command(&d, "load c.json");
	drive_keys(&d, "l x");
	again();
	see("of the plan file c.json");
	drive_keys(&d, "r");
	assert_string_equal(d.app.plan.file, "c.json");
	drive_command(&d, "save e.json"); /* ends the journal */
	drive_command(&d, "load c.json");
	assert_int_equal(unsaved(), 0);
	again();
	assert_int_equal(d.app.dialog_count, 0);
}

static void configure_nowhere(struct drive *drive)
{
	free(drive->state_dir);
	if (asprintf(&drive->state_dir, "%s/oci-layout/state", built.dir) < 0)
		abort();
	drive->options.state_dir = drive->state_dir;
}

static void configure_none(struct drive *drive)
{
	drive->options.state_dir = NULL;
}

static void tells_that_nothing_is_kept(void **state)
{
	(void)state;
	drive_close(&d);
	drive_open(&d, &built, 160, 40, configure_nowhere);
	drive_go(&d, "/opt/app");
	drive_keys(&d, "x");
	see("not kept until saved: leave out /opt/app: journal");
	see("Not a directory");
	assert_int_equal(d.app.message.role, ROLE_ERROR);
	/* the reason is told once; that it is not kept, each time */
	drive_go(&d, "/etc");
	drive_keys(&d, "x");
	see("not kept until saved: leave out /etc");
	not_see("Not a directory");
	drive_keys(&d, "uu");
	see("undo: leave out /opt/app");
	not_see("not kept");
	drive_keys(&d, "U");
	see("not kept until saved: redo: leave out /opt/app");
	drive_keys(&d, "q");
	see("save and quit");
	not_see("offered again");
	drive_close(&d);
	drive_open(&d, &built, 160, 40, configure_none);
	change();
	see("not kept until saved: /opt/app to base: there is no journal");
	drive_keys(&d, "q");
	not_see("offered again");
}

static void undone_is_nothing_to_recover(void **state)
{
	(void)state;
	change();
	again();
	assert_non_null(d.app.plan.orphan);
	drive_keys(&d, "r");
	drive_keys(&d, "u");
	again();
	assert_null(d.app.plan.orphan);
}

/* As a full disk does. */
static void let_files_grow(bool let)
{
	struct rlimit limit;

	signal(SIGXFSZ, let ? SIG_DFL : SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = let ? limit.rlim_max : 0;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void tells_what_is_not_kept(void **state)
{
	(void)state;
	change();
	see("/opt/app to base");
	not_see("not kept");
	let_files_grow(false);
	drive_keys(&d, "x");
	let_files_grow(true);
	see("not kept until saved: leave out /opt/app: journal");
	drive_keys(&d, "q");
	not_see("offered again");
	drive_keys(&d, "Esc u");
	not_see("not kept");
	drive_keys(&d, "q");
	see("offered again");
}

static void recovers_on_a_full_disk(void **state)
{
	char *plan, *now;

	(void)state;
	change();
	plan = drive_plan(&d);
	for (int i = 0; i < 2; i++) {
		again();
		let_files_grow(false);
		drive_keys(&d, "r");
		let_files_grow(true);
		see("not kept until saved: recovered plan");
		now = drive_plan(&d);
		assert_string_equal(now, plan);
		free(now);
	}
	/* there is room again: the new journal holds it */
	drive_keys(&d, "u U");
	assert_null(d.app.plan.orphan);
	again();
	drive_keys(&d, "r");
	now = drive_plan(&d);
	assert_string_equal(now, plan);
	free(now);
	/* it is in a file, or not wanted */
	for (int i = 0; i < 2; i++) {
		again();
		let_files_grow(false);
		drive_keys(&d, "r");
		let_files_grow(true);
		if (i == 0)
			drive_command(&d, "save a.json");
		else
			drive_keys(&d, "q d");
		again();
		assert_int_equal(d.app.dialog_count, 0);
		change();
	}
	free(plan);
}

#define PLAN_TEXT \
	"{\"lamina\":1,\"layers\":[{\"name\":\"all\",\"from\":\"rest\"}],\"assign\":[]}"

static void configure_plan(struct drive *drive, const char *file)
{
	static char text[] = PLAN_TEXT;
	static char name[20];

	snprintf(name, sizeof name, "%s", file);
	drive->plan_file = name;
	drive->plan_text = text;
}

static void configure_a(struct drive *drive)
{
	configure_plan(drive, "a.json");
}

static void configure_b(struct drive *drive)
{
	configure_plan(drive, "b.json");
}

static void again_with(void (*configure)(struct drive *drive))
{
	drive_close(&d);
	drive_open(&d, &built, 100, 40, configure);
}

static void recovers_to_its_file(void **state)
{
	char *plan;

	(void)state;
	again_with(configure_a);
	change();
	plan = drive_plan(&d);
	again_with(configure_a);
	not_see("plan file");
	again_with(configure_b);
	see("of the plan file a.json");
	drive_keys(&d, "r");
	/* the new journal knows it too */
	again_with(configure_b);
	see("of the plan file a.json");
	drive_keys(&d, "r");
	drive_set_file(&d, "a.json", "somebody's");
	drive_keys(&d, "gs");
	assert_asks(&d, DIALOG_CHOICE, "Save the plan");
	drive_keys(&d, "o");
	see("saved: a.json");
	assert_string_equal(drive_file(&d, "a.json"), plan);
	assert_string_equal(drive_file(&d, "b.json"), PLAN_TEXT);
	free(plan);
}

/* What its file held goes with the unsaved plan. */
static void recovers_what_its_file_held(void **state)
{
	char *saved;

	(void)state;
	again_with(configure_a);
	change();
	for (int i = 0; i < 2; i++) {
		again();
		drive_set_file(&d, "a.json", PLAN_TEXT);
		see("of the plan file a.json");
		drive_keys(&d, "r");
	}
	drive_keys(&d, "F2");
	see("saved: a.json");
	drive_keys(&d, "x");
	saved = strdup(drive_file(&d, "a.json"));
	again();
	drive_set_file(&d, "a.json", saved);
	drive_keys(&d, "r F2");
	see("saved: a.json");
	free(saved);
	/* another wrote it between the two */
	drive_keys(&d, "x");
	again_with(configure_a);
	drive_keys(&d, "r F2");
	assert_asks(&d, DIALOG_CHOICE, "Save the plan");
	see("a.json holds something else by now");
}

/* The changes of before are named again, however often. */
static void recovers_the_names_of_changes(void **state)
{
	(void)state;
	change();
	drive_keys(&d, "x");
	for (int i = 0; i < 3; i++) {
		again();
		see("2 changes:");
		see("/opt/app to base");
		see("leave out /opt/app");
		drive_keys(&d, "r");
	}
	drive_keys(&d, "a a");
	again();
	see("3 changes:");
}

static void recovers_to_no_file(void **state)
{
	(void)state;
	change();
	again_with(configure_b);
	see("in no file yet");
	drive_keys(&d, "r gs");
	assert_asks(&d, DIALOG_PROMPT, "Save the plan");
	assert_string_equal(drive_file(&d, "b.json"), PLAN_TEXT);
}

static void recovers_to_where_it_was_saved(void **state)
{
	(void)state;
	again_with(configure_a);
	change();
	drive_command(&d, "save c.json");
	drive_keys(&d, "x");
	again_with(configure_a);
	see("of the plan file c.json");
}

static void stops_by_signal(void **state)
{
	struct event stop = { .kind = EVENT_STOP, .signal = 15 };

	(void)state;
	change();
	drive_event(&d, &stop);
	assert_true(d.over);
	assert_int_equal(d.code, 143);
	again();
	assert_asks(&d, DIALOG_CHOICE, "An unsaved plan of this image");
}

static void writes(void **state)
{
	char there[300];

	(void)state;
	change();
	write_to("out");
	assert_asks(&d, DIALOG_PROMPT, "Write new image");
	see("tars 54.5K → 57.5K; compressed 54.5K → about");
	drive_type(&d, "y");
	drive_keys(&d, "Enter");
	see("type \"yes\"");
	assert_asks(&d, DIALOG_PROMPT, "Write new image");
	drive_keys(&d, "Esc");
	see("nothing was written");
	write_to("out");
	drive_type(&d, "ye");
	drive_keys(&d, "Enter s");
	drive_keys(&d, "Enter");
	assert_asks(&d, DIALOG_CHOICE, "Written");
	see("Read back and compared: the merged file system is identical");
	assert_true(d.app.written.verified);
	snprintf(there, sizeof there, "%s/out/index.json", built.dir);
	assert_int_equal(access(there, F_OK), 0);
	/* Enter quits, as there is nothing else to do; the plan is in no file, though */
	drive_keys(&d, "b q");
	assert_asks(&d, DIALOG_CHOICE, "Quit");
}

static void tells_what_a_write_replaces(void **state)
{
	static const char told[] = "an image is there already";
	char name[300];

	(void)state;
	change();
	write_to("out");
	assert_false(drive_sees(&d, told));
	drive_type(&d, "yes");
	drive_keys(&d, "Enter b");
	write_to("out");
	see(told);
	drive_keys(&d, "Esc");
	write_to("out/../out");
	see(told);
	drive_keys(&d, "Esc");
	/* what is edited, by another name */
	snprintf(name, sizeof name, "write %s/.:latest", built.dir);
	drive_command(&d, name);
	see("this is the image that is edited");
	drive_keys(&d, "Esc");
	write_to("");
	assert_asks(&d, DIALOG_PROMPT, "Write new image");
	assert_false(drive_sees(&d, told));
}

static void refuses_no_place_to_write_to(void **state)
{
	static const struct {
		const char *output, *why;
	} REFUSED[] = { { "nonsense", "say what it is to be" },
			{ "docker://x/Y", "is no image of a registry" },
			{ "oci:a:b!", "no tag" },
			{ "-", "standard output is this screen" } };

	(void)state;
	change();
	for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++) {
		drive_keys(&d, "W ^U");
		drive_type(&d, REFUSED[i].output);
		drive_keys(&d, "Enter");
		assert_int_equal(d.app.dialog_count, 1);
		assert_asks(&d, DIALOG_PROMPT, "Write the image");
		see(REFUSED[i].why);
		/* to be put right */
		assert_string_equal(lineedit_text(&app_dialog(&d.app)->edit),
				    REFUSED[i].output);
		drive_keys(&d, "Esc");
	}
	assert_null(d.app.plan.output);
}

/* Before anything is asked. */
static void refuses_what_the_place_cannot_hold(void **state)
{
	(void)state;
	drive_command(&d, "set annotation a=b");
	drive_command(&d, "write docker-archive:out.tar");
	assert_asks(&d, DIALOG_PROMPT, "Write the image");
	see("the plan sets annotations, and there are none");
	drive_keys(&d, "Esc u");
	drive_command(&d, "layer-compression zstd:3");
	change();
	drive_command(&d, "write docker-archive:out.tar");
	assert_asks(&d, DIALOG_PROMPT, "Write the image");
	see("is compressed with zstd");
	drive_keys(&d, "Esc");
	drive_command(&d, "write oci-archive:out.tar");
	assert_asks(&d, DIALOG_PROMPT, "Write new image");
	drive_keys(&d, "Esc");
}

static void leaving_out_takes_another_word(void **state)
{
	(void)state;
	drive_command(&d, "go /opt/app");
	drive_keys(&d, "x");
	write_to("out");
	see("REMOVES 2 live files and 1 directory, ");
	see("Type \"yes remove\" to write:");
	drive_type(&d, "yes");
	drive_keys(&d, "Enter");
	see("type \"yes remove\"");
	assert_false(d.app.writing.running);
	drive_type(&d, " remove");
	drive_keys(&d, "Enter");
	assert_asks(&d, DIALOG_CHOICE, "Written");
	see("the merged file system is what the plan says.");
}

static void cancels_a_write(void **state)
{
	struct job_progress progress = { .stage = LAM_STAGE_WRITE };
	char there[300];

	(void)state;
	change();
	d.held[JOB_WRITE] = true;
	write_to("out");
	drive_type(&d, "yes");
	drive_keys(&d, "Enter");
	assert_true(d.app.writing.running);
	assert_false(app_is_settled(&d.app));
	progress.of[LAM_STAGE_WRITE] = (struct job_stage){ 2, { 5000 }, { 20000 } };
	drive_progress(&d, JOB_WRITE, &progress);
	/* what is read back while others are written says nothing of these */
	progress.stage = LAM_STAGE_VERIFY;
	progress.of[LAM_STAGE_VERIFY] = (struct job_stage){ 2, { 4000 }, { 20000 } };
	drive_progress(&d, JOB_WRITE, &progress);
	assert_int_equal(d.app.writing.write_done, 5000);
	assert_int_equal(d.app.writing.verify_done, 4000);
	assert_int_equal(d.app.writing.verify_total, d.app.writing.write_total);
	see("[Esc] cancel and remove what was written");
	/* hidden, it goes on; the editor can be used */
	drive_keys(&d, "b");
	assert_true(app_is_settled(&d.app));
	drive_command(&d, "go /etc");
	drive_keys(&d, "x W");
	assert_int_equal(app_dialog(&d.app)->kind, DIALOG_PICTURE);
	drive_keys(&d, "x j q Esc");
	assert_true(d.app.writing.cancelling);
	assert_int_equal(d.job_count, 1);
	assert_true(atomic_load(&d.jobs[0]->stop));
	d.held[JOB_WRITE] = false;
	drive_settle(&d);
	see("cancelled: nothing was written; W begins again");
	assert_false(d.app.writing.running);
	assert_int_equal(d.app.dialog_count, 0);
	snprintf(there, sizeof there, "%s/out/index.json", built.dir);
	assert_int_equal(access(there, F_OK), -1);
	/* to the same place */
	drive_keys(&d, "W");
	snprintf(there, sizeof there, "oci:%s/out:new", built.dir);
	assert_string_equal(lineedit_text(&app_dialog(&d.app)->edit), there);
}

static void quitting_cancels_a_write(void **state)
{
	(void)state;
	d.held[JOB_WRITE] = true;
	write_to("out");
	drive_type(&d, "yes");
	drive_keys(&d, "Enter b q");
	see("quitting cancels");
	drive_keys(&d, "Esc");
	assert_false(d.over);
	drive_keys(&d, "q q");
	assert_true(d.over);
	assert_true(atomic_load(&d.jobs[0]->stop));
}

static void a_write_fails(void **state)
{
	char folder[400], command[460];

	(void)state;
	snprintf(folder, sizeof folder, "%s/passing", built.dir);
	snprintf(command, sizeof command, "write oci:%s/new:new", folder);
	drive_command(&d, command);
	assert_asks(&d, DIALOG_PROMPT, "Write the image");
	see("there is no such folder: make it first");
	drive_keys(&d, "Esc");
	/* one that goes while the question stands */
	assert_int_equal(mkdir(folder, 0777), 0);
	drive_command(&d, command);
	assert_asks(&d, DIALOG_PROMPT, "Write new image");
	assert_int_equal(rmdir(folder), 0);
	drive_type(&d, "yes");
	drive_keys(&d, "Enter");
	see("not written");
	drive_keys(&d, "Esc");
	assert_int_equal(d.app.dialog_count, 0);
	drive_command(&d, "write no-such-transport:x");
	while (d.app.dialog_count)
		drive_keys(&d, "Esc");
}

static void hold_opening(struct drive *drive)
{
	drive->held[JOB_OPEN] = true;
}

static void keys_while_it_opens(void **state)
{
	(void)state;
	drive_close(&d);
	drive_open(&d, &built, 80, 24, hold_opening);
	assert_int_equal(d.app.phase, PHASE_OPENING);
	drive_keys(&d, "j k Enter : a x Tab /");
	drive_draw(&d);
	assert_false(d.over);
	d.held[JOB_OPEN] = false;
	drive_settle(&d);
	assert_int_equal(d.app.phase, PHASE_READY);
	/* they are kept */
	assert_asks(&d, DIALOG_PALETTE, "Command");
	drive_close(&d);
	drive_open(&d, &built, 80, 24, hold_opening);
	drive_keys(&d, "G x");
	d.held[JOB_OPEN] = false;
	drive_settle(&d);
	assert_int_equal(app_plan(&d.app)->rule_count, 1);
	drive_close(&d);
	/* but not given to a question that nobody has seen */
	drive_open(&d, &built, 80, 24, hold_opening);
	drive_keys(&d, "d");
	d.held[JOB_OPEN] = false;
	drive_settle(&d);
	assert_asks(&d, DIALOG_CHOICE, "An unsaved plan of this image");
	drive_close(&d);
	drive_open(&d, &built, 80, 24, hold_opening);
	drive_keys(&d, "q");
	assert_true(d.over);
	drive_close(&d);
	image_remove(built.dir);
	drive_open(&d, &built, 80, 24, NULL);
	assert_int_equal(d.app.phase, PHASE_FAILED);
	drive_draw(&d);
	drive_keys(&d, "j Enter");
	assert_true(d.over);
	assert_int_equal(d.code, 3);
}

/* A plan of no layers is one, and does not fit an image that has some. */
static void no_layers(void **state)
{
	(void)state;
	drive_set_file(&d, "none.json", "{ \"lamina\": 1, \"layers\": [] }\n");
	drive_command(&d, "load none.json");
	assert_int_equal(app_plan(&d.app)->layer_count, 0);
	drive_keys(&d, "2 d");
	see("the plan has no layers");
	drive_keys(&d, "Space M s r o");
	assert_int_equal(d.app.dialog_count, 0);
	drive_command(&d, "layer-new base");
	assert_int_equal(app_plan(&d.app)->layer_count, 1);
	assert_string_equal(app_plan(&d.app)->layers[0].name, "base");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(saves),
		TEST(the_same_plan_is_saved),
		TEST(asks_before_saving_over),
		TEST(quits_as_vi_does),
		TEST(an_undone_load_keeps_its_file),
		TEST(an_undone_load_leaves_nothing_unsaved),
		TEST(tells_what_the_image_starts),
		TEST(quits_after_saving_over),
		TEST(tells_of_remarks),
		TEST(loads),
		TEST(no_layers),
		TEST(edits_as_text),
		TEST(asks_before_quitting),
		TEST(recovers),
		TEST(recovers_a_load),
		TEST(tells_that_nothing_is_kept),
		TEST(tells_what_is_not_kept),
		TEST(undone_is_nothing_to_recover),
		TEST(recovers_on_a_full_disk),
		TEST(recovers_to_its_file),
		TEST(recovers_what_its_file_held),
		TEST(recovers_the_names_of_changes),
		TEST(recovers_to_no_file),
		TEST(recovers_to_where_it_was_saved),
		TEST(stops_by_signal),
		TEST(writes),
		TEST(tells_what_a_write_replaces),
		TEST(refuses_no_place_to_write_to),
		TEST(refuses_what_the_place_cannot_hold),
		TEST(leaving_out_takes_another_word),
		TEST(cancels_a_write),
		TEST(quitting_cancels_a_write),
		TEST(a_write_fails),
		TEST(keys_while_it_opens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
