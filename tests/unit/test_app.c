/* What keys make of the editor's state: browsing, choosing, assigning, layers, looking.
 */
#include <stdio.h>

#include "app_drive.h"
#include "editor/files/files.h"
#include "editor/layers/layers.h"
#include "unit.h"

static const struct image_entry base[] = {
	{ "etc/passwd", .body = "root:x:0:0::/:/bin/sh\n" },
	{ "bin", 'l', .target = "usr/bin" },
	{ "usr/bin/perl", .size = 3000, .mode = 0755 },
	{ "usr/bin/perl5", 'h', .target = "usr/bin/perl" },
	{ "usr/bin/su", .size = 1000, .mode = 04755 },
	{ "usr/lib/libc.so", 'l', .target = "libc.so.6" },
	{ "usr/lib/libc.so.6", .size = 20000, .mode = 0755 },
	{ "usr/share/doc/gone", 'l', .target = "../missing" },
	{ "usr/share/doc/loop", 'l', .target = "loop" },
	{ "var/cache/apt/a.deb", .size = 50000 },
	{ "var/cache/apt/b.deb", .size = 60000 },
};
static const struct image_entry packages[] = {
	{ "usr/lib/python/os.py", .body = "import sys\n" },
	{ "usr/lib/python/re.py", .body = "import enum\n" },
	{ "opt/app/main.py", .body = "print(1)\n" },
	{ "opt/app/model.bin", .size = 30000 },
	{ "opt/app/static/app.js", .body = "let a;\n" },
	{ "opt/evil\x1b[2J\nname", .body = "x" },
};
static const struct image_entry changes[] = {
	{ .path = "var/cache/apt/.wh.a.deb" },
	{ "opt/app/main.py", .body = "print(2)\n" },
};

static struct built built;
static struct drive d;

static int build(void **state)
{
	struct image_layer layers[] = { IMAGE_LAYER(base), IMAGE_LAYER(packages),
					IMAGE_LAYER(changes) };

	(void)state;
	built_open(&built, layers, 3);
	return 0;
}

static int unbuild(void **state)
{
	(void)state;
	built_close(&built);
	return 0;
}

/* Journals are another test's. */
static void configure(struct drive *drive)
{
	drive->options.state_dir = NULL;
}

static int set_up(void **state)
{
	(void)state;
	drive_open(&d, &built, 100, 40, configure);
	drive_command(&d, "sort name");
	drive_keys(&d, "gg");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	drive_close(&d);
	return 0;
}

#define CHECK_PATH(want)                          \
	do {                                      \
		char *path_ = drive_path(&d);     \
		assert_string_equal(path_, want); \
		free(path_);                      \
	} while (0)

#define CHECK_SEES(text)                                \
	do {                                            \
		if (!drive_sees(&d, text)) {            \
			drive_print(&d);                \
			fail_msg("not seen: %s", text); \
		}                                       \
	} while (0)

static size_t rules(void)
{
	return app_plan(&d.app)->rule_count;
}

static const struct lam_plan_rule *rule(size_t n)
{
	assert_true(n < rules());
	return &app_plan(&d.app)->rules[n];
}

static size_t layers(void)
{
	return app_plan(&d.app)->layer_count;
}

static const char *layer(size_t n)
{
	assert_true(n < layers());
	return app_plan(&d.app)->layers[n].name;
}

static uint32_t node_of(const char *path)
{
	uint32_t node = lam_tree_find(d.app.facts->tree, path, strlen(path));

	assert_int_not_equal(node, LAM_NODE_NONE);
	return node;
}

/* Which layer a path goes to, by the effect that stands. */
static uint32_t target_of(const char *path)
{
	assert_false(d.app.plan.effect_stale);
	return d.app.plan.effect->targets.to[node_of(path)];
}

static void go(const char *path)
{
	char command[200];

	snprintf(command, sizeof command, "go %s", path);
	drive_command(&d, command);
	CHECK_PATH(path);
}

static void opens(void **state)
{
	(void)state;
	assert_int_equal(d.app.phase, PHASE_READY);
	assert_int_equal(layers(), 3);
	assert_int_equal(rules(), 0);
	assert_true(app_is_settled(&d.app));
	assert_non_null(d.app.plan.effect);
	CHECK_PATH("/bin");
	CHECK_SEES("3 layers");
	CHECK_SEES("bin -> usr/bin");
}

static void moves_about(void **state)
{
	(void)state;
	drive_keys(&d, "j");
	CHECK_PATH("/etc");
	drive_keys(&d, "G");
	CHECK_PATH("/var");
	drive_keys(&d, "k k");
	CHECK_PATH("/opt");
	drive_keys(&d, "gg k k");
	CHECK_PATH("/bin");
	drive_keys(&d, "End j Home");
	CHECK_PATH("/bin");
	drive_keys(&d, "^D");
	CHECK_PATH("/var");
	drive_keys(&d, "^U PageDown PageUp WheelDown");
	assert_true(d.app.files.list.cursor < d.app.files.rows.count);
}

static void folds_and_unfolds(void **state)
{
	size_t all;

	(void)state;
	go("/opt");
	drive_keys(&d, "l");
	assert_int_equal(d.app.files.rows.count, 7);
	drive_keys(&d, "l");
	CHECK_PATH("/opt/app");
	drive_keys(&d, "h");
	CHECK_PATH("/opt");
	drive_keys(&d, "h");
	assert_int_equal(d.app.files.rows.count, 5);
	drive_keys(&d, "zR");
	all = d.app.files.rows.count;
	CHECK_PATH("/opt");
	drive_keys(&d, "G zM");
	assert_int_equal(d.app.files.rows.count, 5);
	CHECK_PATH("/var");
	drive_keys(&d, "z9");
	assert_int_equal(d.app.files.rows.count, all);
	drive_keys(&d, "z2");
	assert_true(d.app.files.rows.count < all);
	drive_keys(&d, "z1 za");
	assert_int_equal(d.app.files.rows.count, 6);
	drive_command(&d, "unfold-to 0");
	CHECK_SEES("from 1 on");
}

static void zooms(void **state)
{
	(void)state;
	go("/opt/app");
	drive_keys(&d, "Enter");
	assert_int_equal(d.app.files.root, node_of("/opt/app"));
	CHECK_PATH("/opt/app/main.py");
	/* a place outside leads out again */
	drive_command(&d, "go /etc/passwd");
	CHECK_PATH("/etc/passwd");
	assert_int_equal(d.app.files.root, LAM_NODE_ROOT);
	go("/opt/app");
	drive_keys(&d, "Enter Backspace");
	CHECK_PATH("/opt/app");
	drive_keys(&d, "gu gu gu");
	assert_int_equal(d.app.files.root, LAM_NODE_ROOT);
}

static void jumps(void **state)
{
	(void)state;
	go("/usr/lib");
	drive_keys(&d, "J");
	CHECK_PATH("/usr/share");
	drive_keys(&d, "K K");
	CHECK_PATH("/usr/bin");
	drive_keys(&d, "m x gg ' x");
	CHECK_PATH("/usr/bin");
	drive_keys(&d, "' '");
	CHECK_PATH("/bin");
	drive_keys(&d, "' z");
	CHECK_SEES("no bookmark z");
	drive_keys(&d, "m Esc m Down gg");
	CHECK_PATH("/bin");
	drive_keys(&d, ")");
	CHECK_PATH("/opt/evil\\x1b[2J\\nname");
	drive_keys(&d, ")");
	CHECK_PATH("/usr/share/doc/gone");
	drive_keys(&d, ") )");
	CHECK_PATH("/usr/share/doc/loop");
	CHECK_SEES("no further entry has a flag");
	drive_keys(&d, "( (");
	CHECK_PATH("/opt/evil\\x1b[2J\\nname");
}

static void follows_links(void **state)
{
	(void)state;
	go("/usr/lib/libc.so");
	drive_keys(&d, "gd");
	CHECK_PATH("/usr/lib/libc.so.6");
	drive_keys(&d, "gl");
	assert_int_equal(d.app.dialog_count, 1);
	CHECK_SEES("/usr/lib/libc.so");
	drive_keys(&d, "Enter");
	CHECK_PATH("/usr/lib/libc.so");
	go("/bin");
	drive_keys(&d, "gd");
	CHECK_PATH("/usr/bin");
	go("/usr/bin/perl");
	drive_keys(&d, "gl Enter");
	CHECK_PATH("/usr/bin/perl5");
	go("/usr/share/doc/gone");
	drive_keys(&d, "gd");
	CHECK_SEES("dangling");
	drive_keys(&d, "j gd");
	CHECK_SEES("loop");
	go("/etc/passwd");
	drive_keys(&d, "gd");
	CHECK_SEES("no symlink");
	drive_keys(&d, "gl");
	CHECK_SEES("no link leads here");
}

static void goes_to_paths(void **state)
{
	(void)state;
	drive_command(&d, "go /no/such");
	CHECK_SEES("no such path");
	CHECK_PATH("/bin");
	drive_command(&d, "go /bin/su");
	CHECK_PATH("/usr/bin/su");
	drive_command(&d, "go /opt/evil\\x1b[2J\\nname");
	CHECK_PATH("/opt/evil\\x1b[2J\\nname");
	drive_command(&d, "go \\");
	drive_command(&d, "go /");
	drive_keys(&d, "gp Esc gp");
	drive_type(&d, "etc/passwd");
	drive_keys(&d, "Enter");
	CHECK_PATH("/etc/passwd");
	/* deleted: the ghosts are switched on */
	drive_command(&d, "go /var/cache/apt/a.deb");
	CHECK_PATH("/var/cache/apt/a.deb");
	assert_true(d.app.files.ghosts);
	drive_keys(&d, "zh");
	CHECK_PATH("/var/cache/apt");
}

static void a_dropped_range_says_so(void **state)
{
	(void)state;
	drive_keys(&d, "v j Esc");
	CHECK_SEES("the range is dropped");
	assert_int_equal(d.app.files.anchor, LAM_NODE_NONE);
	go("/opt/app");
	drive_keys(&d, "v");
	drive_command(&d, "filter passwd");
	CHECK_SEES("the range is dropped");
	assert_int_equal(d.app.files.anchor, LAM_NODE_NONE);
}

static void a_proposal_is_typed_over(void **state)
{
	(void)state;
	go("/opt");
	drive_keys(&d, "a n");
	assert_string_equal(lineedit_text(&app_dialog(&d.app)->edit), "opt");
	drive_type(&d, "new");
	assert_string_equal(lineedit_text(&app_dialog(&d.app)->edit), "new");
	drive_keys(&d, "Esc a n Right");
	drive_type(&d, "-2");
	assert_string_equal(lineedit_text(&app_dialog(&d.app)->edit), "opt-2");
	drive_keys(&d, "Esc a n Home");
	drive_type(&d, "my-");
	assert_string_equal(lineedit_text(&app_dialog(&d.app)->edit), "my-opt");
	drive_keys(&d, "Esc a n Backspace");
	assert_string_equal(lineedit_text(&app_dialog(&d.app)->edit), "op");
}

#define MANY 120

static void one_file(void *context, size_t n, struct image_entry *out)
{
	static char path[20];

	(void)n;
	snprintf(path, sizeof path, "f%03u", *(const unsigned *)context);
	*out = (struct image_entry){ path, .size = 100 };
}

/* Of 120 layers. */
static void many_layers(void **state)
{
	static struct image_layer stack[MANY];
	static unsigned numbers[MANY];

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		numbers[i] = i;
		stack[i] = (struct image_layer){ .count = 1,
						 .make = one_file,
						 .context = &numbers[i] };
	}
	drive_close(&d);
	drive_build(&d, stack, MANY, NULL, 120, 40);
	drive_command(&d, "sort name");
	go("/f119");
	CHECK_SEES("119");
	CHECK_SEES("From: layer 119");
	go("/f064");
	CHECK_SEES("From: layer 64");
	drive_keys(&d, "M");
	assert_int_equal(d.app.files.mark_count, 1);
	drive_keys(&d, "Esc a D");
	CHECK_SEES("Assign to layer: D_");
	drive_keys(&d, "P");
	assert_int_equal(target_of("/f064"), 119);
	assert_string_equal(rule(0)->to, "f119");
	drive_keys(&d, "a D Enter");
	assert_int_equal(target_of("/f064"), 3);
	drive_keys(&d, "a d p");
	assert_int_equal(target_of("/f064"), 119);
	/* "e" is a choice of its own, and the beginning of layers */
	drive_keys(&d, "a e");
	CHECK_SEES("Assign to layer: e_");
	CHECK_SEES("E e  [Enter] e");
	drive_keys(&d, "Backspace E");
	assert_int_equal(target_of("/f064"), 4);
	drive_keys(&d, "a e Enter");
	assert_asks(&d, DIALOG_PROMPT, "The rule as a pattern");
	drive_keys(&d, "Esc a d z");
	CHECK_SEES("dz: there is no such choice");
	drive_keys(&d, "Esc");
	assert_int_equal(d.app.dialog_count, 1);
	drive_keys(&d, "n Enter");
	assert_asks(&d, DIALOG_PROMPT, "A new layer for what is chosen");
	/* marks of any layer */
	drive_keys(&d, "Esc 2 G Space k k Space M");
	assert_int_equal(layers(), MANY - 1);
	assert_string_equal(layer(117), "f117");
}

/* As it is typed; Esc brings back what was. */
static void filters_while_typed(void **state)
{
	(void)state;
	drive_command(&d, "filter *.py");
	drive_keys(&d, "f");
	CHECK_SEES("from:4");
	drive_type(&d, "pass");
	assert_int_equal(d.app.files.filtered->match_count, 1);
	CHECK_SEES("passwd");
	drive_type(&d, " from:0");
	assert_int_equal(d.app.files.filtered->match_count, 1);
	/* not a whole word yet */
	drive_type(&d, " type:");
	assert_string_equal(d.app.files.filter_text, "pass from:0 type");
	drive_keys(&d, "Esc");
	assert_string_equal(d.app.files.filter_text, "*.py");
	assert_int_equal(d.app.files.filtered->match_count, 3);
	drive_keys(&d, "f ^U");
	drive_type(&d, "form:4");
	assert_string_equal(d.app.files.filter_text, "form");
	drive_keys(&d, "Enter");
	CHECK_SEES("form:4: no such word");
	assert_string_equal(d.app.files.filter_text, "*.py");
	drive_keys(&d, "f");
	drive_type(&d, "form:1");
	drive_keys(&d, "Enter");
	CHECK_SEES("did you mean from:");
	drive_command(&d, "filter setuid");
	assert_int_equal(d.app.files.filtered->match_count, 1);
}

/* What is counted is what can be seen from there. */
static void filters_what_is_zoomed(void **state)
{
	(void)state;
	go("/usr/lib/python");
	drive_keys(&d, "Enter");
	drive_command(&d, "filter *.py");
	CHECK_SEES("filter *.py, 2 of 3");
	drive_command(&d, "filter main.py");
	CHECK_SEES("nothing matches main.py");
	CHECK_SEES("filter main.py, 0 of 3");
	drive_command(&d, "filter *.py");
	drive_keys(&d, "gu");
	CHECK_SEES("filter *.py, 2 of");
	drive_keys(&d, "gu gu");
	assert_int_equal(d.app.files.root, LAM_NODE_ROOT);
	CHECK_SEES("filter *.py, 3 of");
	go("/opt/app");
	drive_keys(&d, "Enter");
	CHECK_SEES("filter *.py, 1 of 5");
}

static void remembers_what_was_typed(void **state)
{
	(void)state;
	drive_keys(&d, "/ py Enter / re Enter f");
	drive_type(&d, "x");
	drive_keys(&d, "Enter / Up");
	assert_string_equal(lineedit_text(&app_dialog(&d.app)->edit), "re");
	drive_keys(&d, "Up");
	assert_string_equal(lineedit_text(&app_dialog(&d.app)->edit), "py");
	drive_keys(&d, "Up Down");
	assert_string_equal(lineedit_text(&app_dialog(&d.app)->edit), "re");
	drive_keys(&d, "Esc F");
	for (int i = 0; i < 250; i++)
		drive_keys(&d, "/ a Enter");
}

static void completes(void **state)
{
	char text[300], file[300];

	(void)state;
	drive_keys(&d, "gp");
	drive_type(&d, "/us");
	drive_keys(&d, "Tab");
	assert_string_equal(lineedit_text(&app_dialog(&d.app)->edit), "/usr/");
	drive_type(&d, "li");
	drive_keys(&d, "Tab");
	assert_string_equal(lineedit_text(&app_dialog(&d.app)->edit), "/usr/lib/");
	drive_keys(&d, "Tab");
	CHECK_SEES("libc.so.6  python/");
	drive_type(&d, "zzz");
	drive_keys(&d, "Tab");
	CHECK_SEES("nothing begins so");
	drive_keys(&d, "Esc :");
	drive_type(&d, "assign ap");
	drive_keys(&d, "Tab");
	assert_string_equal(lineedit_text(&app_dialog(&d.app)->edit), "assign app");
	CHECK_SEES("app  app-2");
	drive_keys(&d, "Esc W");
	snprintf(text, sizeof text, "oci:%s", built.dir);
	drive_type(&d, text);
	drive_keys(&d, "Tab");
	snprintf(file, sizeof file, "oci:%s:latest", built.dir);
	assert_string_equal(lineedit_text(&app_dialog(&d.app)->edit), file);
	drive_keys(&d, "Esc W");
	drive_type(&d, "oci-archive");
	drive_keys(&d, "Tab");
	assert_string_equal(lineedit_text(&app_dialog(&d.app)->edit), "oci-archive:");
	snprintf(text, sizeof text, "%s/oci-", built.dir);
	drive_type(&d, text);
	drive_keys(&d, "Tab");
	snprintf(file, sizeof file, "oci-archive:%s/oci-layout", built.dir);
	assert_string_equal(lineedit_text(&app_dialog(&d.app)->edit), file);
	drive_keys(&d, "Esc");
}

static void lists_the_largest(void **state)
{
	(void)state;
	drive_keys(&d, "zl");
	assert_asks(&d, DIALOG_CHOICE, "The largest files");
	assert_int_equal(app_dialog(&d.app)->items[0].id,
			 node_of("/var/cache/apt/b.deb"));
	assert_int_equal(app_dialog(&d.app)->items[1].id, node_of("/opt/app/model.bin"));
	drive_keys(&d, "j Enter");
	CHECK_PATH("/opt/app/model.bin");
	drive_command(&d, "filter *.so.6");
	drive_keys(&d, "zl");
	assert_int_equal(app_dialog(&d.app)->item_count, 1);
}

static void tells_how_to_see_all(void **state)
{
	static const struct image_entry large[] = { { "large", .size = 300000 } };
	struct image_layer layers[] = { IMAGE_LAYER(large) };

	(void)state;
	drive_close(&d);
	drive_build(&d, layers, 1, NULL, 120, 40);
	drive_keys(&d, "p p G");
	CHECK_SEES("[cut: the first 256K of 293K; gv shows all in $PAGER]");
}

static void tells_what_may_follow(void **state)
{
	(void)state;
	drive_keys(&d, "g");
	CHECK_SEES("g first  p go");
	drive_keys(&d, "Esc z");
	CHECK_SEES("a toggle");
	drive_keys(&d, "Esc");
	/* q closes the view, and quits from the last one */
	drive_keys(&d, "p p");
	assert_true(d.app.details.full);
	drive_keys(&d, "q");
	assert_false(d.app.details.full);
	assert_false(d.over);
	drive_keys(&d, "q");
	assert_true(d.over);
}

/* Digits that are no keys begin one; 1, 2 and 3, which show panes, go on with it. */
static void counts(void **state)
{
	size_t *cursor = &d.app.files.list.cursor;

	(void)state;
	drive_command(&d, "unfold-all");
	drive_keys(&d, "gg 5");
	CHECK_SEES("5 times: j k ^D J }  or line 5: G");
	drive_keys(&d, "j");
	assert_int_equal(*cursor, 5);
	drive_keys(&d, "4 k");
	assert_int_equal(*cursor, 1);
	drive_keys(&d, "0 1 2 j");
	assert_int_equal(*cursor, 13);
	drive_keys(&d, "4 G");
	assert_int_equal(*cursor, 3);
	drive_keys(&d, "0 1 0 gg");
	assert_int_equal(*cursor, 9);
	drive_keys(&d, "9 9 9 9 9 9 9 9 9 9 k");
	assert_int_equal(*cursor, 0);
	assert_int_equal(d.app.focus, PANE_FILES);
	/* dropped, and by what takes none */
	drive_keys(&d, "5 Esc j");
	assert_int_equal(*cursor, 1);
	drive_keys(&d, "5 x");
	CHECK_SEES("x takes no count");
	assert_int_equal(rules(), 0);
	drive_keys(&d, "j");
	assert_int_equal(*cursor, 2);
	drive_keys(&d, "5 2 j 2 j 3");
	assert_int_equal(d.app.focus, PANE_DETAILS);
	assert_int_equal(d.app.layers.list.cursor, 1);
}

static void menu(void **state)
{
	(void)state;
	drive_keys(&d, "F9");
	drive_type(&d, "bookmark");
	assert_int_equal(app_dialog(&d.app)->item_count, 2);
	drive_keys(&d, "Backspace Backspace");
	drive_keys(&d, "Esc F9");
	drive_type(&d, "unfold everything");
	drive_keys(&d, "Enter");
	assert_true(d.app.files.rows.count > 20);
	drive_keys(&d, ":");
	drive_type(&d, "visible");
	assert_int_equal(app_dialog(&d.app)->items[0].id, ACT_WASTE);
	drive_keys(&d, "Esc");
}

static void folded_marks_show(void **state)
{
	(void)state;
	go("/opt/app/main.py");
	drive_keys(&d, "Space");
	go("/opt");
	drive_keys(&d, "h");
	CHECK_SEES("+  drwxr-xr-x");
	assert_true(bits_get(&d.app.files.above, node_of("/opt")));
	drive_keys(&d, "Esc");
	assert_false(bits_get(&d.app.files.above, node_of("/opt")));
}

static void marks(void **state)
{
	(void)state;
	drive_keys(&d, "Space Space");
	assert_int_equal(d.app.files.mark_count, 2);
	drive_keys(&d, "k Space");
	assert_int_equal(d.app.files.mark_count, 1);
	drive_keys(&d, "*");
	assert_int_equal(d.app.files.mark_count, 4);
	drive_keys(&d, "Esc");
	assert_int_equal(d.app.files.mark_count, 0);
	drive_keys(&d, "gg v j j Space");
	assert_int_equal(d.app.files.mark_count, 3);
	drive_keys(&d, "Esc v j Esc Esc");
	assert_int_equal(d.app.files.mark_count, 0);
	assert_int_equal(d.app.files.anchor, LAM_NODE_NONE);
	drive_command(&d, "mark-pattern *.py");
	assert_int_equal(d.app.files.mark_count, 3);
	drive_command(&d, "unmark-pattern os.py");
	assert_int_equal(d.app.files.mark_count, 2);
	drive_keys(&d, "+");
	drive_type(&d, "type:x");
	drive_keys(&d, "Enter");
	assert_int_equal(d.app.files.mark_count, 2);
	drive_keys(&d, "Esc zR");
	go("/usr/lib/python/os.py");
	drive_keys(&d, "M");
	assert_true(bits_get(&d.app.files.marks, node_of("/usr/lib/python/re.py")));
	assert_false(bits_get(&d.app.files.marks, node_of("/usr/lib/libc.so.6")));
}

static void marks_what_a_filter_found(void **state)
{
	(void)state;
	drive_command(&d, "filter re.py");
	assert_int_equal(d.app.files.rows.count, 4);
	drive_keys(&d, "*");
	assert_int_equal(d.app.files.mark_count, 1);
	assert_true(bits_get(&d.app.files.marks, node_of("/usr/lib/python/re.py")));
	drive_keys(&d, "*");
	assert_int_equal(d.app.files.mark_count, 0);
	/* the directory above is all of the same layer */
	go("/usr/lib/python/re.py");
	drive_keys(&d, "M");
	assert_int_equal(d.app.files.mark_count, 1);
	/* what is found is not known yet */
	d.held[JOB_FILTER] = true;
	drive_command(&d, "filter os.py");
	drive_keys(&d, "Esc *");
	assert_int_equal(d.app.files.mark_count, 0);
	d.held[JOB_FILTER] = false;
}

static void filters(void **state)
{
	(void)state;
	drive_command(&d, "filter *.py");
	assert_int_equal(d.app.files.filtered->match_count, 3);
	CHECK_SEES("os.py");
	assert_false(drive_sees(&d, "passwd"));
	/* what the filter hides can be gone to, without it */
	drive_command(&d, "go /etc/passwd");
	CHECK_PATH("/etc/passwd");
	assert_null(d.app.files.filter);
	drive_keys(&d, "f");
	drive_type(&d, ">15K");
	drive_keys(&d, "Enter");
	assert_int_equal(d.app.files.filtered->match_count, 3);
	drive_keys(&d, "F");
	assert_null(d.app.files.filtered);
	drive_command(&d, "filter nothing-has-this-name");
	CHECK_SEES("nothing matches");
	assert_int_equal(d.app.files.rows.count, 0);
	/* keys on no rows */
	drive_keys(
		&d,
		"j k G gg h l za J K { } ( ) m x gd gl Space v Space * M a A P . = x y p H");
	drive_keys(&d, "Esc Esc Esc Esc Esc Esc");
	drive_keys(&d, "F");
	assert_int_not_equal(d.app.files.rows.count, 0);
	drive_command(&d, "filter size:");
	assert_true(d.app.message.text[0]);
	drive_command(&d, "filter dead");
	assert_true(d.app.files.ghosts);
	CHECK_SEES("a.deb");
	drive_keys(&d, "Esc");
	assert_null(d.app.files.filter);
}

static void searches(void **state)
{
	(void)state;
	drive_keys(&d, "n");
	CHECK_SEES("nothing was searched for");
	drive_keys(&d, "/ py Enter");
	CHECK_PATH("/opt/app/main.py");
	CHECK_SEES("1 of 4");
	drive_keys(&d, "n");
	CHECK_PATH("/usr/lib/python");
	drive_keys(&d, "N N");
	CHECK_PATH("/usr/lib/python/re.py");
	drive_keys(&d, "/");
	drive_type(&d, "\\v^[or].[.]py$");
	drive_keys(&d, "Enter");
	CHECK_SEES("of 2");
	drive_command(&d, "search \\v[");
	assert_true(d.app.message.text[0]);
	drive_command(&d, "search not-there");
	CHECK_SEES("no name holds");
	drive_keys(&d, "Esc n");
	CHECK_SEES("nothing was searched for");
}

static void sorts(void **state)
{
	(void)state;
	drive_keys(&d, "o s");
	assert_int_equal(d.app.files.order->sort, SORT_SIZE);
	drive_keys(&d, "gg");
	CHECK_PATH("/var");
	drive_keys(&d, "o s gg");
	assert_true(d.app.files.reverse);
	CHECK_PATH("/bin");
	for (int i = 0; i < SORT_KINDS; i++) {
		char command[32];

		snprintf(command, sizeof command, "sort %s", SORT_NAMES[i]);
		drive_command(&d, command);
		assert_int_equal(d.app.files.order->sort, i);
		CHECK_PATH("/bin");
	}
	drive_command(&d, "sort by-colour");
	CHECK_SEES("name|size|from|count|mtime");
}

/* What has no room beside the files has the screen. */
static void small(void **state)
{
	(void)state;
	drive_resize(&d, 50, 12);
	drive_keys(&d, "t");
	CHECK_SEES("[Effect]");
	CHECK_SEES("Layer ");
	drive_keys(&d, "i");
	CHECK_SEES("[Info]");
	drive_keys(&d, "i");
	CHECK_SEES("1 Files");
	assert_int_equal(d.app.focus, PANE_FILES);
	drive_keys(&d, "w q");
	CHECK_SEES("1 Files");
	drive_keys(&d, "]");
	assert_true(d.app.areas.pane[PANE_DETAILS].width);
}

static void columns(void **state)
{
	struct rect files;

	(void)state;
	drive_resize(&d, 140, 40);
	drive_keys(&d, "z c p");
	CHECK_SEES("percent is shown");
	drive_command(&d, "columns count");
	drive_command(&d, "columns mtime");
	drive_command(&d, "columns bar");
	CHECK_SEES("Count Modified");
	files = app_areas(&d.app).pane[PANE_FILES];
	drive_mouse(&d, K_CLICK, files.x + files_columns(&d.app).chosen[COLUMN_MTIME] + 1,
		    files.y - 1);
	assert_int_equal(d.app.files.sort, SORT_MTIME);
	drive_keys(&d, "z c p");
	CHECK_SEES("percent is hidden");
	assert_int_equal(files_columns(&d.app).chosen[COLUMN_PERCENT], -1);
	/* what has no room is told */
	drive_resize(&d, 60, 20);
	drive_command(&d, "columns mtime");
	CHECK_SEES("mtime is hidden");
	drive_command(&d, "columns mtime");
	CHECK_SEES("there is no room for mtime");
	drive_command(&d, "columns colour");
	CHECK_SEES("columns: bar|percent|count|mtime");
}

static void assigns(void **state)
{
	(void)state;
	go("/opt");
	drive_keys(&d, "a a");
	assert_int_equal(rules(), 1);
	assert_string_equal(rule(0)->pattern, "/opt");
	assert_string_equal(rule(0)->to, "base");
	assert_int_equal(target_of("/opt/app/model.bin"), 0);
	CHECK_SEES("/opt to base");
	go("/usr/lib/python");
	drive_keys(&d, ".");
	assert_int_equal(rules(), 2);
	assert_int_equal(target_of("/usr/lib/python/os.py"), 0);
	go("/opt");
	drive_keys(&d, "a n");
	assert_string_equal(lineedit_text(&app_dialog(&d.app)->edit), "opt");
	drive_keys(&d, "Enter");
	assert_int_equal(layers(), 4);
	assert_string_equal(layer(3), "opt");
	assert_int_equal(target_of("/opt/app/static/app.js"), 3);
	assert_int_equal(rules(), 2);
	drive_keys(&d, "=");
	assert_int_equal(rules(), 1);
	assert_int_equal(target_of("/opt/app/static/app.js"), 1);
	drive_keys(&d, "=");
	CHECK_SEES("no rule stands here");
	drive_keys(&d, "a d a -");
	assert_int_equal(rules(), 1);
	drive_command(&d, "assign opt");
	assert_int_equal(target_of("/opt/app/model.bin"), 3);
	drive_command(&d, "assign no-such-layer");
	CHECK_SEES("no such layer");
	drive_keys(&d, "a Esc a q");
	assert_int_equal(d.app.dialog_count, 0);
}

static void assigns_several(void **state)
{
	(void)state;
	go("/opt/app");
	drive_keys(&d, "l Space");
	go("/opt/app/main.py");
	drive_keys(&d, "Space");
	go("/usr/lib/python");
	drive_keys(&d, "Space A");
	drive_keys(&d, "^U");
	drive_type(&d, "code");
	drive_keys(&d, "Enter");
	/* what is below another mark needs no rule */
	assert_int_equal(rules(), 2);
	assert_int_equal(d.app.files.mark_count, 0);
	assert_int_equal(target_of("/opt/app/main.py"), 3);
	assert_int_equal(target_of("/usr/lib/python/re.py"), 3);
	drive_keys(&d, "u");
	assert_int_equal(layers(), 3);
	assert_int_equal(rules(), 0);
	go("/usr/bin/perl");
	drive_keys(&d, "v j j a C");
	assert_int_equal(rules(), 3);
	assert_string_equal(rule(0)->to, "app-2");
}

static void assigns_by_pattern(void **state)
{
	(void)state;
	drive_keys(&d, "P");
	drive_keys(&d, "^U");
	drive_type(&d, "/usr/lib/**");
	drive_keys(&d, "Enter c");
	assert_int_equal(rules(), 1);
	assert_int_equal(rule(0)->kind, LAM_RULE_GLOB);
	assert_int_equal(target_of("/usr/lib/python/os.py"), 2);
	drive_command(&d, "assign-pattern /opt/**/*.py");
	drive_keys(&d, "n");
	drive_type(&d, "py");
	drive_keys(&d, "Enter");
	assert_int_equal(layers(), 4);
	assert_int_equal(target_of("/opt/app/main.py"), 3);
	assert_int_equal(target_of("/opt/app/model.bin"), 1);
	assert_int_equal(rules(), 2);
	go("/var");
	drive_keys(&d, "a e");
	assert_asks(&d, DIALOG_PROMPT, "The rule as a pattern");
	drive_keys(&d, "Esc");
	assert_int_equal(d.app.dialog_count, 0);
}

/* Of the layers that are kept, the one that all of it is from stays as it is. */
static void tells_what_is_rewritten(void **state)
{
	const char *const ways[] = { "a", "P ^U" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		go("/usr/lib/python");
		drive_keys(&d, ways[i]);
		if (i == 1) {
			drive_type(&d, "/usr/lib/pyth*");
			drive_keys(&d, "Enter");
		}
		const struct dialog *asked = app_dialog(&d.app);

		assert_non_null(strstr(asked->items[0].text, "this rewrites it"));
		assert_non_null(strstr(asked->items[1].text, "with all of this"));
		assert_non_null(strstr(asked->items[2].text, "this rewrites it"));
		drive_keys(&d, "b");
		assert_int_equal(d.app.plan.effect->kept, 3);
		drive_keys(&d, "u");
	}
	/* of two layers */
	go("/opt");
	drive_keys(&d, "a");
	assert_non_null(strstr(app_dialog(&d.app)->items[1].text, "this rewrites it"));
	drive_keys(&d, "b");
	assert_int_equal(d.app.plan.effect->rewritten, 1);
}

static void tells_what_a_pattern_matches(void **state)
{
	static const char *const BAD[][2] = {
		{ "/[bad", "without its ']'" },
		{ "[bad", "begins with" },
		{ "not-absolute", "begins with" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
		drive_keys(&d, "P ^U");
		drive_type(&d, BAD[i][0]);
		drive_keys(&d, "Enter");
		assert_int_equal(d.app.dialog_count, 1);
		assert_asks(&d, DIALOG_PROMPT, "The rule as a pattern");
		CHECK_SEES(BAD[i][1]);
		assert_string_equal(lineedit_text(&app_dialog(&d.app)->edit), BAD[i][0]);
		drive_keys(&d, "Esc");
	}
	drive_command(&d, "assign-pattern /nothing/*");
	assert_asks(&d, DIALOG_CHOICE, "Assign to layer");
	CHECK_SEES("Nothing matches it");
	drive_keys(&d, "Esc");
	/* deleted: not in the image */
	drive_command(&d, "assign-pattern /var/cache/apt/a*");
	CHECK_SEES("Nothing matches it");
	drive_keys(&d, "Esc");
	drive_command(&d, "assign-pattern /etc//passw?");
	CHECK_SEES("All that matches /etc/passw?");
	CHECK_SEES("in 1 entry");
	drive_keys(&d, "Esc");
	/* of packages, of which there are none */
	drive_command(&d, "assign-pattern dpkg:gcc-*");
	CHECK_SEES("All that matches dpkg:gcc-*");
	CHECK_SEES("Nothing matches it");
	drive_keys(&d, "b");
	assert_int_equal(rule(0)->kind, LAM_RULE_PACKAGE);
	drive_keys(&d, "u");
	/* with what is below: app, its three files and one more directory */
	drive_command(&d, "assign-pattern /opt/a**");
	CHECK_SEES("29.3K in 5 entries");
	drive_keys(&d, "b");
	assert_int_equal(rules(), 1);
	/* another dialog by the time that it is known */
	d.held[JOB_PATTERN] = true;
	drive_command(&d, "assign-pattern /etc/*");
	drive_keys(&d, "Esc a");
	d.held[JOB_PATTERN] = false;
	drive_settle(&d);
	assert_asks(&d, DIALOG_CHOICE, "Assign to layer");
	assert_int_equal(app_dialog(&d.app)->line_count, 2);
}

static void leaves_out(void **state)
{
	(void)state;
	go("/var/cache");
	drive_keys(&d, "x");
	assert_int_equal(target_of("/var/cache/apt/b.deb"), LAM_TARGET_NONE);
	assert_true(d.app.plan.effect->dropped > 0);
	CHECK_SEES("leave out /var/cache");
	drive_keys(&d, "k");
	CHECK_SEES("LEAVES OUT");
	go("/var/cache");
	drive_keys(&d, "x");
	assert_int_equal(rules(), 0);
	assert_int_equal(d.app.plan.effect->dropped, 0);
	drive_keys(&d, "x u");
	assert_int_equal(rules(), 0);
	drive_keys(&d, "U");
	assert_int_equal(rules(), 1);
	drive_keys(&d, "gr Space Enter");
	assert_int_equal(rules(), 0);
	drive_keys(&d, "gr");
	CHECK_SEES("no rules yet");
}

static void dangling_links_of_the_result(void **state)
{
	char command[300];

	(void)state;
	snprintf(command, sizeof command, "write oci:%s/out:new", built.dir);
	drive_command(&d, command);
	CHECK_SEES("1 dangling link stays as it is");
	drive_keys(&d, "Esc");
	go("/usr/share");
	drive_keys(&d, "x");
	drive_command(&d, command);
	CHECK_SEES("REMOVES");
	assert_false(drive_sees(&d, "dangling link"));
}

static void undoes_everything(void **state)
{
	char *first = drive_plan(&d), *last, *now;

	(void)state;
	go("/opt");
	drive_keys(&d, "a n Enter");
	drive_keys(&d, "2 n");
	drive_type(&d, "x");
	drive_keys(&d, "Enter r");
	drive_type(&d, "y");
	drive_keys(&d, "Enter C ^U");
	drive_type(&d, "zstd:3");
	drive_keys(&d, "Enter > < gg Space j M gg d 1 x");
	last = drive_plan(&d);
	assert_string_not_equal(first, last);
	for (int i = 0; i < 30; i++)
		drive_keys(&d, "u");
	CHECK_SEES("nothing to undo");
	now = drive_plan(&d);
	assert_string_equal(now, first);
	free(now);
	for (int i = 0; i < 30; i++)
		drive_keys(&d, "U");
	CHECK_SEES("nothing to redo");
	now = drive_plan(&d);
	assert_string_equal(now, last);
	free(now);
	free(first);
	free(last);
}

static void changes_layers(void **state)
{
	(void)state;
	drive_keys(&d, "2 n");
	drive_keys(&d, "^U");
	drive_type(&d, "middle");
	drive_keys(&d, "Enter");
	assert_string_equal(layer(1), "middle");
	assert_int_equal(d.app.layers.list.cursor, 1);
	drive_keys(&d, "r ^U");
	drive_type(&d, "app-2");
	drive_keys(&d, "Enter");
	assert_string_equal(layer(1), "middle");
	assert_true(d.app.message.text[0]);
	drive_keys(&d, ">");
	assert_string_equal(layer(2), "middle");
	drive_keys(&d, "< <");
	assert_string_equal(layer(0), "middle");
	drive_keys(&d, "<");
	CHECK_SEES("at the end already");
	drive_keys(&d, "d");
	assert_int_equal(layers(), 3);
	drive_keys(&d, "gg K");
	assert_true(app_plan(&d.app)->layers[0].keep);
	drive_keys(&d, "K");
	assert_false(app_plan(&d.app)->layers[0].keep);
	drive_command(&d, "layer-compression zstd:7");
	assert_true(app_plan(&d.app)->layers[0].has_compression);
	drive_command(&d, "layer-compression lzma");
	assert_true(d.app.message.text[0]);
	drive_command(&d, "layer-compression default");
	assert_false(app_plan(&d.app)->layers[0].has_compression);
	drive_command(&d, "layer-max-size 1.5M");
	assert_int_equal(app_plan(&d.app)->layers[0].max_size, 3 << 19);
	drive_keys(&d, "m");
	CHECK_SEES("1536k  ");
	drive_keys(&d, "Esc");
	drive_command(&d, "layer-max-size 0");
	CHECK_SEES("at least one byte");
	drive_command(&d, "layer-max-size much");
	CHECK_SEES("a size is a number");
	assert_int_equal(app_plan(&d.app)->layers[0].max_size, 3 << 19);
	drive_command(&d, "layer-max-size none");
	assert_int_equal(app_plan(&d.app)->layers[0].max_size, 0);
	drive_keys(&d, "gg K F");
	CHECK_SEES("is to stay as it is");
	drive_keys(&d, "K j F");
	assert_int_equal(layers(), 1);
	assert_true(app_plan(&d.app)->layers[0].rest);
	drive_keys(&d, "u u u");
	assert_int_equal(layers(), 3);
	drive_keys(&d, "M");
	CHECK_SEES("mark the layers");
	drive_keys(&d, "gg Space G Space k M");
	/* what the cursor is at is not marked, and stays */
	assert_int_equal(layers(), 2);
	assert_string_equal(layer(0), "base");
	assert_string_equal(layer(1), "app");
	assert_int_equal(layers_marked(&d.app), 0);
	drive_keys(&d, "u");
	assert_int_equal(layers(), 3);
	assert_int_equal(layers_marked(&d.app), 2);
	drive_keys(&d, "gg Space j Space G Space");
	assert_int_equal(layers_marked(&d.app), 1);
	drive_keys(&d, "M");
	CHECK_SEES("two or more");
	drive_keys(&d, "Esc gg Space Space G Space M");
	assert_int_equal(layers(), 1);
	drive_keys(&d, "d");
	assert_int_equal(layers(), 1);
	assert_true(d.app.message.text[0]);
	drive_keys(&d, "u Enter");
	assert_int_equal(layers(), 3);
	assert_int_equal(d.app.focus, PANE_FILES);
	assert_non_null(d.app.files.filter);
}

/* What has a layer of its own stays there, the rest is one; once a key for each layer. */
static void the_rest_in_one(void **state)
{
	(void)state;
	drive_go(&d, "/opt");
	drive_keys(&d, "A Enter S o");
	CHECK_SEES("the rest in one");
	assert_int_equal(layers(), 2);
	assert_string_equal(layer(0), "base");
	assert_true(app_plan(&d.app)->layers[0].rest);
	assert_string_equal(layer(1), "opt");
	assert_int_equal(d.app.plan.effect->dropped, 0);
	drive_keys(&d, "u 2 gg K S o");
	assert_int_equal(layers(), 3);
	assert_true(app_plan(&d.app)->layers[0].keep);
	assert_true(app_plan(&d.app)->layers[1].rest);
}

static void splits(void **state)
{
	size_t before;

	(void)state;
	drive_keys(&d, "S d");
	if (!d.app.dialog_count)
		drive_keys(&d, "S s Enter");
	drive_keys(&d, "Esc Esc 2 gg s");
	assert_asks(&d, DIALOG_CHOICE, "Split the layer");
	drive_keys(&d, "s");
	assert_asks(&d, DIALOG_PROMPT, "Parts of at most");
	drive_keys(&d, "^U");
	drive_type(&d, "much");
	drive_keys(&d, "Enter");
	CHECK_SEES("a size is a number");
	before = layers();
	drive_keys(&d, "s s ^U");
	drive_type(&d, "32K");
	drive_keys(&d, "Enter");
	assert_int_equal(d.app.dialog_count, 1);
	assert_asks(&d, DIALOG_CHOICE, "Suggested layers");
	drive_keys(&d, "Enter");
	assert_true(layers() > before);
	assert_non_null(d.app.plan.effect->layout);
	drive_keys(&d, "u");
	assert_int_equal(layers(), before);
}

/* It takes seconds on a large image: nobody waits for it against their will. */
static void looks_until_esc(void **state)
{
	(void)state;
	drive_keys(&d, "j");
	d.held[JOB_SUGGEST] = true;
	drive_keys(&d, "S c Esc");
	CHECK_SEES("cancelled");
	d.held[JOB_SUGGEST] = false;
	drive_settle(&d);
	assert_int_equal(d.app.dialog_count, 0);
	/* what was said meanwhile is not said in place of its keys */
	d.held[JOB_SUGGEST] = true;
	drive_keys(&d, "S c ^C");
	CHECK_SEES("q quits");
	d.held[JOB_SUGGEST] = false;
	drive_settle(&d);
	assert_asks(&d, DIALOG_CHOICE, "Cut by what changes");
	CHECK_SEES("[Enter] take them");
}

static void cuts(void **state)
{
	size_t before = layers();
	const struct lam_image *older = d.app.image;

	(void)state;
	drive_keys(&d, "S c");
	assert_asks(&d, DIALOG_CHOICE, "Cut by what changes");
	CHECK_SEES("the rest");
	CHECK_SEES("a pull is expected to fetch");
	drive_keys(&d, "Esc");
	assert_int_equal(layers(), before);
	d.app.options.since = &older;
	d.app.options.since_count = 1;
	drive_keys(&d, "S c");
	CHECK_SEES("by what changed at 1 pull");
	drive_keys(&d, "Esc");
	d.app.options.since_count = 0;
	drive_keys(&d, "S c Enter");
	assert_int_equal(d.app.dialog_count, 0);
	assert_non_null(d.app.plan.effect->layout);
	assert_true(app_plan(&d.app)->layers[layers() - 1].rest);
	drive_keys(&d, "S c Enter u"); /* the same again is no step */
	assert_int_equal(layers(), before);
}

static void looks(void **state)
{
	(void)state;
	go("/opt/app/main.py");
	drive_keys(&d, "p");
	CHECK_SEES("print(2)");
	drive_keys(&d, "p");
	assert_true(d.app.details.full);
	assert_int_equal(d.app.focus, PANE_DETAILS);
	drive_keys(&d, "Esc 1 H");
	assert_int_equal(d.app.details.tab, TAB_HISTORY);
	CHECK_SEES("changed");
	drive_keys(&d, "t");
	CHECK_SEES("app-2");
	drive_keys(&d, "i ] ]");
	assert_int_equal(d.app.details.tab, TAB_PREVIEW);
	drive_keys(&d, "[ [ [");
	assert_int_equal(d.app.details.tab, TAB_WASTE);
	CHECK_SEES("a.deb");
	drive_keys(&d, "3 j Enter");
	CHECK_PATH("/var/cache/apt/a.deb");
	assert_int_equal(d.app.focus, PANE_FILES);
	go("/usr/lib/libc.so.6");
	drive_keys(&d, "p");
	CHECK_SEES("00000000");
	drive_keys(&d, "D");
	CHECK_SEES("nothing moves");
	drive_keys(&d, "a b D");
	assert_asks(&d, DIALOG_CHOICE, "What moves");
	drive_keys(&d, "Enter");
	CHECK_PATH("/usr/lib/libc.so.6");
	go("/usr/lib/libc.so.6");
	drive_keys(&d, "y");
	assert_string_equal(d.copied, "/usr/lib/libc.so.6");
}

/* What comes together moves by no rule, and does move. */
static void tells_which_layers_come_together(void **state)
{
	(void)state;
	drive_keys(&d, "2 gg F D");
	assert_asks(&d, DIALOG_CHOICE, "What moves");
	CHECK_SEES("3 layers in one: base, with files of layers 0-2");
	CHECK_SEES("No rule gives anything to another layer.");
	drive_keys(&d, "Enter");
	assert_int_equal(d.app.dialog_count, 0);
	drive_keys(&d, "t t");
	CHECK_SEES("3 layers");
	CHECK_SEES("Files in/out");
	assert_false(drive_sees(&d, "0/0"));
}

static void panes(void **state)
{
	(void)state;
	drive_keys(&d, "Tab");
	assert_int_equal(d.app.focus, PANE_LAYERS);
	drive_keys(&d, "Tab");
	assert_int_equal(d.app.focus, PANE_DETAILS);
	drive_keys(&d, "Tab Shift-Tab");
	assert_int_equal(d.app.focus, PANE_DETAILS);
	for (int i = 0; i < ARRANGE_COUNT * PANE_COUNT; i++) {
		drive_keys(&d, i % 2 ? "|" : "Tab");
		assert_true(app_areas(&d.app).pane[d.app.focus].width > 0);
	}
	drive_keys(&d, "1 g> g> g< Alt-Right Alt-Left ^L zz gz");
	assert_int_equal(d.redraws, 2);
	assert_int_equal(d.suspends, 1);
	for (int i = 0; i < 30; i++)
		drive_keys(&d, "g>");
	assert_true(d.app.files_width <= 85);
}

static void mouse(void **state)
{
	struct rect files, lower, frame;

	(void)state;
	files = app_areas(&d.app).pane[PANE_FILES];
	lower = app_areas(&d.app).pane[PANE_LAYERS];
	drive_mouse(&d, K_CLICK, files.x + 30, files.y + 2);
	CHECK_PATH("/opt");
	drive_mouse(&d, K_DOUBLE_CLICK, files.x + 30, files.y + 2);
	assert_int_equal(d.app.files.rows.count, 7);
	drive_mouse(&d, K_CLICK, files.x + 30, files.y + files.height - 1);
	assert_true(d.app.files.list.cursor < d.app.files.rows.count);
	/* heads, fold signs, tabs */
	drive_resize(&d, 140, 40);
	files = app_areas(&d.app).pane[PANE_FILES];
	drive_mouse(&d, K_CLICK, files.x + 30, files.y - 1);
	assert_int_equal(d.app.files.order->sort, SORT_SIZE);
	drive_mouse(&d, K_CLICK, files.x + 60, files.y - 1);
	assert_int_equal(d.app.files.order->sort, SORT_NAME);
	drive_keys(&d, "zM gg");
	drive_mouse(&d, K_CLICK, files.x + files_columns(&d.app).name, files.y + 2);
	CHECK_PATH("/opt");
	assert_int_equal(d.app.files.rows.count, 7);
	drive_mouse(&d, K_CLICK, files.x + files_columns(&d.app).name, files.y + 2);
	assert_int_equal(d.app.files.rows.count, 5);
	frame = app_areas(&d.app).frame[PANE_DETAILS];
	drive_mouse(&d, K_CLICK, frame.x + 14, frame.y);
	assert_int_equal(d.app.details.tab, TAB_HISTORY);
	assert_int_equal(d.app.focus, PANE_DETAILS);
	drive_resize(&d, 100, 40);
	drive_keys(&d, "2 1");
	files = app_areas(&d.app).pane[PANE_FILES];
	lower = app_areas(&d.app).pane[PANE_LAYERS];
	drive_mouse(&d, K_WHEEL_UP, files.x, files.y);
	drive_mouse(&d, K_CLICK, lower.x + 3, lower.y + 1);
	assert_int_equal(d.app.focus, PANE_LAYERS);
	for (int y = -1; y <= d.app.height; y++) {
		for (int x = -1; x <= d.app.width; x += 3) {
			drive_mouse(&d, K_CLICK, x, y);
			drive_mouse(&d, K_WHEEL_DOWN, x, y);
			drive_keys(&d, "Esc");
		}
	}
}

static void commands(void **state)
{
	(void)state;
	drive_keys(&d, ":");
	drive_type(&d, "fold");
	drive_keys(&d, "Tab");
	assert_string_equal(lineedit_text(&app_dialog(&d.app)->edit), "fold ");
	drive_keys(&d, "Esc");
	drive_command(&d, "no-such-thing");
	CHECK_SEES("no such command");
	drive_command(&d, "w plan.json");
	assert_non_null(drive_file(&d, "plan.json"));
	drive_command(&d, "layers");
	assert_int_equal(d.app.focus, PANE_LAYERS);
	/* of another pane: that is gone to */
	drive_command(&d, "go /opt");
	drive_command(&d, "layers");
	drive_command(&d, "mark-pattern *.py");
	assert_int_equal(d.app.focus, PANE_FILES);
	assert_int_equal(d.app.files.mark_count, 3);
	drive_keys(&d, ": ^P");
	assert_string_equal(lineedit_text(&app_dialog(&d.app)->edit),
			    "mark-pattern *.py");
	drive_keys(&d, "^P ^P ^N ^N Esc");
	drive_keys(&d, "? Space Space /");
	drive_type(&d, "towards the top");
	drive_keys(&d, "Enter n");
	CHECK_SEES("towards the top");
	drive_keys(&d, "/");
	drive_type(&d, "xyzzy");
	drive_keys(&d, "Enter");
	CHECK_SEES("no line here holds xyzzy");
	drive_keys(&d, "q F9 Down Down Enter");
	drive_keys(&d, "^C");
	CHECK_SEES("q quits");
	drive_keys(&d, "z Esc F12");
	CHECK_SEES("F12 does nothing here");
}

/* Each by its name, from each pane, and what it asks is left. */
static void every_action_runs(void **state)
{
	(void)state;
	for (int pane = '1'; pane <= '3'; pane++) {
		for (int i = ACT_NONE + 1; i < ACT_COUNT; i++) {
			if (i == ACT_QUIT)
				continue;
			drive_key(&d, (struct key){ .code = (uint32_t)pane });
			drive_command(&d, ACTIONS[i].name);
			if (strstr(d.app.message.text, "no such command"))
				fail_msg("%s: %s", ACTIONS[i].name, d.app.message.text);
			drive_draw(&d);
			while (d.app.dialog_count)
				drive_keys(&d, "Esc");
			drive_keys(&d, "Esc Esc Esc Esc Esc Esc");
		}
	}
	assert_false(d.over);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(opens),
		TEST(moves_about),
		TEST(folds_and_unfolds),
		TEST(zooms),
		TEST(filters_what_is_zoomed),
		TEST(jumps),
		TEST(follows_links),
		TEST(goes_to_paths),
		TEST(a_dropped_range_says_so),
		TEST(a_proposal_is_typed_over),
		TEST(many_layers),
		TEST(filters_while_typed),
		TEST(remembers_what_was_typed),
		TEST(completes),
		TEST(lists_the_largest),
		TEST(counts),
		TEST(tells_how_to_see_all),
		TEST(tells_what_may_follow),
		TEST(menu),
		TEST(folded_marks_show),
		TEST(marks),
		TEST(marks_what_a_filter_found),
		TEST(filters),
		TEST(searches),
		TEST(sorts),
		TEST(columns),
		TEST(small),
		TEST(assigns),
		TEST(assigns_several),
		TEST(assigns_by_pattern),
		TEST(tells_what_is_rewritten),
		TEST(tells_what_a_pattern_matches),
		TEST(leaves_out),
		TEST(dangling_links_of_the_result),
		TEST(undoes_everything),
		TEST(changes_layers),
		TEST(splits),
		TEST(looks_until_esc),
		TEST(cuts),
		TEST(looks),
		TEST(tells_which_layers_come_together),
		TEST(panes),
		TEST(mouse),
		TEST(commands),
		TEST(every_action_runs),
		TEST(the_rest_in_one),
	};

	return cmocka_run_group_tests(tests, build, unbuild);
}
