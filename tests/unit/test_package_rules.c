/* Rules of plans about packages: what they match, how they are written, and made. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lamina/layout.h>
#include <lamina/packages.h>

#include "image_build.h"
#include "unit.h"

#define INFO "var/lib/dpkg/info/"

static struct lam_error err;

static const struct image_entry toolchain[] = {
	{ "usr/lib/gcc/12/cc1", .body = "1" },
	{ "usr/lib/gcc/12/cpp", .body = "2" },
	{ "usr/lib/gcc/12/empty", .kind = 'd' },
	{ "usr/lib/gcc/13/cc1", .body = "3" },
	{ "usr/share/doc/gcc-12/copyright", .body = "(c)" },
	{ "usr/share/doc/perl/copyright", .body = "(c)" },
	{ "usr/bin/perl", .body = "p" },
	{ "usr/bin/mine", .body = "m" },
	{ "app/node_modules/@s/x/package.json", .body = "{}" },
	{ "app/node_modules/y/package.json", .body = "{}" },
	{ INFO "gcc-12.list",
	  .body = "/usr/lib/gcc/12/cc1\n/usr/share/doc/gcc-12/copyright\n" },
	{ INFO "cpp-12.list", .body = "/usr/lib/gcc/12/cpp\n" },
	{ INFO "gcc-13.list", .body = "/usr/lib/gcc/13/cc1\n" },
	{ INFO "perl.list",
	  .body = "/usr/share/doc/perl/copyright\n/usr/share/doc/perl/gone\n"
		  "/usr/bin/perl\n" },
	{ INFO "none.list", .body = "/nowhere\n" },
	{ "usr/share/doc/perl/gone", .body = "gone" },
	{ "var/lib/rpm/Packages", .body = "bdb" },
};
static const struct image_entry gone[] = {
	{ .path = "usr/share/doc/perl/.wh.gone" },
};

/* "path: layer" of those that go elsewhere than to "base", then remarks. */
static void goes(const char *rules, const char *want)
{
	const struct image_layer layers[] = { IMAGE_LAYER(toolchain), IMAGE_LAYER(gone) };
	struct lam_plan_errors errors = { 0 };
	struct lam_layout *layout;
	struct lam_plan *plan;
	struct built built;
	const struct lam_tree *tree;
	char text[2048], got[4096] = "";
	size_t len = 0;

	snprintf(text, sizeof text,
		 "{\"lamina\": 1, \"layers\": [{\"name\": \"base\", \"from\": \"rest\"}, "
		 "{\"name\": \"a\"}, {\"name\": \"b\"}], \"assign\": [%s]}",
		 rules);
	built_open(&built, layers, 2);
	tree = lam_image_tree(built.image);
	OK(lam_plan_parse(&plan, text, strlen(text), "plan", &errors, &err));
	OK(lam_layout_new(&layout, built.image, plan, NULL, NULL, &err));
	for (uint32_t n = 0; n < lam_tree_count(tree); n++) {
		uint32_t to = lam_layout_target_of(layout, n);
		char *path = lam_tree_path_text(tree, n);

		if (to != 0 && lam_tree_node(tree, n)->live)
			len += (size_t)snprintf(
				got + len, sizeof got - len, "%s: %s\n", path,
				to == LAM_TARGET_NONE
					? "-"
					: lam_layout_target(layout, to)->name);
		free(path);
	}
	for (size_t i = 0; i < lam_layout_remark_count(layout); i++) {
		const struct lam_remark *remark = lam_layout_remark(layout, i);

		if (!strstr(remark->text, "is not written"))
			len += (size_t)snprintf(got + len, sizeof got - len, "%s%s\n",
						remark->strict ? "! " : "", remark->text);
	}
	assert_string_equal(got, want);
	lam_layout_free(layout);
	lam_plan_free(plan);
	built_close(&built);
}

#define NOTE                                                                           \
	"rpm: /var/lib/rpm/Packages is a BerkeleyDB database, which is not read: run " \
	"rpm --rebuilddb in the image with an rpm of today\n"

static void rules(void **state)
{
	(void)state;
	goes("{\"package\": \"dpkg:gcc-12\", \"to\": \"a\"}",
	     "/usr/share/doc/gcc-12: a\n/usr/lib/gcc/12/cc1: a\n"
	     "/usr/share/doc/gcc-12/copyright: a\n" NOTE);
	/* directories of several packages of one rule, and what is empty in them */
	goes("{\"package\": \"dpkg:{gcc,cpp}-*\", \"to\": \"a\"}",
	     "/usr/lib: a\n/usr/lib/gcc: a\n/usr/lib/gcc/12: a\n/usr/lib/gcc/13: a\n"
	     "/usr/share/doc/gcc-12: a\n/usr/lib/gcc/12/cc1: a\n/usr/lib/gcc/12/cpp: a\n"
	     "/usr/lib/gcc/12/empty: a\n/usr/lib/gcc/13/cc1: a\n"
	     "/usr/share/doc/gcc-12/copyright: a\n" NOTE);
	/* the last that matches wins, of whatever kind */
	goes("{\"package\": \"dpkg:gcc-*\", \"to\": \"a\"}, "
	     "{\"glob\": \"/usr/share/doc/gcc-*\", \"to\": \"b\"}, "
	     "{\"package\": \"dpkg:gcc-13\", \"to\": \"b\"}, "
	     "{\"path\": \"/usr/bin\", \"to\": \"a\"}, "
	     "{\"package\": \"dpkg:perl\", \"to\": null}",
	     "/usr/bin: a\n/usr/bin/mine: a\n/usr/bin/perl: -\n/usr/lib/gcc/13: b\n"
	     "/usr/share/doc/gcc-12: b\n/usr/share/doc/perl: -\n/usr/lib/gcc/12/cc1: a\n"
	     "/usr/lib/gcc/13/cc1: b\n/usr/share/doc/gcc-12/copyright: b\n"
	     "/usr/share/doc/perl/copyright: -\n" NOTE);
	/* as in paths, one star stops at a slash */
	goes("{\"package\": \"npm:*\", \"to\": \"a\"}, "
	     "{\"package\": \"npm:@s/*\", \"to\": \"b\"}",
	     "/app/node_modules/@s: b\n/app/node_modules/y: a\n"
	     "/app/node_modules/@s/x: b\n/app/node_modules/y/package.json: a\n"
	     "/app/node_modules/@s/x/package.json: b\n" NOTE);
	goes("{\"package\": \"npm:**\", \"to\": \"a\"}",
	     "/app: a\n/app/node_modules: a\n/app/node_modules/@s: a\n"
	     "/app/node_modules/y: a\n/app/node_modules/@s/x: a\n"
	     "/app/node_modules/y/package.json: a\n"
	     "/app/node_modules/@s/x/package.json: a\n" NOTE);
	goes("{\"package\": \"dpkg:none\", \"to\": \"a\"}, "
	     "{\"package\": \"dpkg:perl\", \"to\": \"a\"}, "
	     "{\"package\": \"dpkg:p*\", \"to\": \"b\"}, "
	     "{\"package\": \"rpm:perl\", \"to\": \"b\"}",
	     "/usr/bin/perl: b\n/usr/share/doc/perl: b\n/usr/share/doc/perl/copyright: b\n"
	     "! assign[0]: package dpkg:none matches nothing in this image\n"
	     "! assign[3]: package rpm:perl matches nothing in this image\n" NOTE);
	/* databases are not looked at for nothing */
	goes("{\"path\": \"/usr/bin/mine\", \"to\": \"a\"}", "/usr/bin/mine: a\n");
}

static void wrong_rules(void **state)
{
	static const struct {
		const char *rule, *want;
	} cases[] = {
		{ "{\"package\": \"dpgk:x\", \"to\": null}",
		  "plan: assign[0].package: expected KIND:NAME, with a kind of dpkg, apk, rpm, alpm, conda, pip, npm; did you mean \"dpkg:x\"?" },
		{ "{\"package\": \"dpkg\", \"to\": null}",
		  "plan: assign[0].package: expected KIND:NAME, with a kind of dpkg, apk, rpm, alpm, conda, pip, npm; did you mean \"dpkg:*\"?" },
		{ "{\"package\": \"gcc\", \"to\": null}",
		  "plan: assign[0].package: expected KIND:NAME, with a kind of dpkg, apk, rpm, alpm, conda, pip, npm" },
		{ "{\"package\": \"apk:\", \"to\": null}",
		  "plan: assign[0].package: expected KIND:NAME, and there is no name: \"apk:*\" is all of them" },
		{ "{\"package\": \"apk:[\", \"to\": null}",
		  "plan: assign[0].package: a '[' without its ']'" },
		{ "{\"package\": \"apk:x\", \"path\": \"/x\", \"to\": null}",
		  "plan: assign[0]: needs one of \"path\", \"glob\" and \"package\", not "
		  "several" },
		{ "{\"to\": null}",
		  "plan: assign[0]: needs one of \"path\", \"glob\" and \"package\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lam_plan *plan;
		char text[512];

		snprintf(text, sizeof text,
			 "{\"lamina\": 1, \"layers\": [], \"assign\": [%s]}",
			 cases[i].rule);
		assert_int_equal(
			lam_plan_parse(&plan, text, strlen(text), "plan", NULL, &err),
			LAM_EPLAN);
		assert_string_equal(err.text, cases[i].want);
	}
}

/* Saved they are the same, and what can never win goes. */
static void saved_rules(void **state)
{
	static const char text[] =
		"{\n  \"lamina\": 1,\n  \"layers\": [\n    { \"name\": \"a\", \"from\": "
		"\"rest\" }\n  ],\n  \"assign\": [\n"
		"    { \"package\": \"dpkg:x\", \"to\": \"a\" },\n"
		"    { \"path\": \"/usr\", \"to\": \"a\" },\n"
		"    { \"package\": \"dpkg:x\", \"to\": \"a\" }\n  ]\n}\n";
	struct lam_plan *plan, *copy;
	char *saved;

	(void)state;
	OK(lam_plan_parse(&plan, text, sizeof text - 1, "plan", NULL, &err));
	OK(lam_plan_format(plan, &saved, &err));
	assert_null(strstr(saved, "dpkg:x\", \"to\": \"a\" },"));
	assert_non_null(strstr(saved, "dpkg:x\", \"to\": \"a\" }\n"));
	copy = lam_plan_copy(plan);
	assert_true(lam_plan_equal(plan, copy));
	free(saved);
	lam_plan_free(copy);
	lam_plan_free(plan);
}

static void makes(const char *const *splits, size_t count, const char *want)
{
	const struct lam_plan_request request = { .flatten = true,
						  .splits = splits,
						  .split_count = count };
	const struct image_layer layer = IMAGE_LAYER(toolchain);
	struct lam_plan *plan;
	struct built built;
	char got[1024] = "";
	size_t len = 0;

	built_open(&built, &layer, 1);
	if (lam_plan_make(&plan, built.image, &request, &err) == 0) {
		for (size_t i = 0; i < plan->rule_count; i++)
			len += (size_t)sprintf(got + len, "%s > %s, ",
					       plan->rules[i].pattern, plan->rules[i].to);
		lam_plan_free(plan);
	} else {
		strcpy(got, err.text);
	}
	assert_string_equal(got, want);
	built_close(&built);
}

static void made_rules(void **state)
{
	static const char *const splits[] = { "/usr/lib", "dpkg:gcc-*", "dpkg:perl=p",
					      "npm:**", "/usr" },
				 *none[] = { "dpkg:perl6" }, *odd[] = { "dpkg:[" },
				 *nameless[] = { "dpkg:perl=" },
				 *strange[] = { "/foo:x" }, *path[] = { "/x/foo:x" };

	(void)state;
	makes(splits, 5,
	      "/usr > usr, /usr/lib > lib, dpkg:gcc-* > gcc, dpkg:perl > p, npm:** > npm, ");
	makes(none, 1,
	      "dpkg:perl6: no such package in the image; rpm: "
	      "/var/lib/rpm/Packages is a BerkeleyDB database, which is not read: "
	      "run rpm --rebuilddb in the image with an rpm of today");
	makes(odd, 1, "dpkg:[: a '[' without its ']'");
	makes(nameless, 1, "dpkg:perl=: a layer needs a name");
	makes(strange, 1,
	      "/foo:x: no such path in the image; packages are of the kinds dpkg, apk, "
	      "rpm, alpm, conda, pip, npm");
	makes(path, 1, "/x/foo:x: no such path in the image");
}

/* What is made of a package's name means that package alone. */
static void patterns(void **state)
{
	const struct lam_package odd = { .kind = "apk", .name = "a*[b]{c,d}\\n?" };
	char *pattern = lam_package_pattern(&odd);

	(void)state;
	assert_string_equal(pattern, "apk:a\\*\\[b\\]\\{c,d\\}\\n\\?");
	assert_true(lam_package_is_named(pattern));
	assert_false(lam_package_is_named("apk"));
	assert_false(lam_package_is_named("/apk:x"));
	free(pattern);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules),       cmocka_unit_test(wrong_rules),
		cmocka_unit_test(saved_rules), cmocka_unit_test(made_rules),
		cmocka_unit_test(patterns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
