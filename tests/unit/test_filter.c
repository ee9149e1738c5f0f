#include <stdio.h>

#include "base/buf.h"
#include "editor/analysis/effect.h"
#include "editor/find/filter.h"
#include "image_build.h"
#include "unit.h"

static struct lam_error err;

static const struct image_entry base[] = {
	{ "usr/lib/libssl.so", .size = 3000, .uid = 5 },
	{ "usr/lib/libBig.so", .size = 2 << 20, .mtime = 1704067200 }, /* 2024-01-01 */
	{ "usr/lib/gone.so", .size = 10 },
	{ "usr/bin/su", .size = 100, .mode = 04755, .gid = 9 },
	{ "usr/bin/wall", .body = "", .mode = 02755 },
	{ "usr/bin/ping", .body = "",
	  .attribute = "SCHILY.xattr.security.capability=\1" },
	{ "usr/bin/link", 'l', .target = "nothing" },
	{ "etc/a b", .body = "" },
	{ "etc/evil\33", .body = "" },
	{ "dev/null", .kind = 'c' },
};
static const struct image_entry top[] = {
	{ .path = "usr/lib/.wh.gone.so" },
	{ "usr/lib/new.so", .size = 5000 },
};
static const struct image_layer layers[] = { IMAGE_LAYER(base), IMAGE_LAYER(top) };

struct fixture {
	struct built built;
	struct facts *facts;
	struct effect *effect;
};

#define INFO "var/lib/dpkg/info/"
static const struct image_entry packed[] = {
	{ "var/lib/dpkg/status",
	  .body = "Package: gcc-12\nStatus: install ok installed\nVersion: 1\n"
		  "Architecture: amd64\n\n"
		  "Package: tar\nStatus: install ok installed\nVersion: 2\n"
		  "Architecture: amd64\n" },
	{ INFO "gcc-12.list", .body = "/usr/bin/gcc\n" },
	{ INFO "tar.list", .body = "/usr/bin/tar\n" },
	{ "usr/bin/gcc", .body = "" },
	{ "usr/bin/tar", .body = "" },
	{ "usr/bin/own", .body = "" },
};
static const struct image_layer packed_layers[] = { IMAGE_LAYER(packed) };

static void begin_with(struct fixture *f, const struct image_layer *layer, size_t count,
		       const char *text)
{
	struct lam_plan *plan;

	built_open(&f->built, layer, count);
	OK(facts_new(&f->facts, f->built.image, NULL, &err));
	OK(lam_plan_parse(&plan, text, strlen(text), "plan", NULL, &err));
	OK(effect_new(&f->effect, f->facts, plan, NULL, NULL, &err));
}

static void begin(struct fixture *f)
{
	static const char text[] =
		"{\"lamina\": 1, \"layers\": [{\"name\": \"a\", \"from\": [0]}, {\"name\": "
		"\"b\", \"from\": [1]}, {\"name\": \"libs\"}], \"assign\": [{\"path\": "
		"\"/usr/lib/libssl.so\", \"to\": \"libs\"}, {\"path\": \"/etc/a b\", "
		"\"to\": null}]}";

	begin_with(f, layers, 2, text);
}

static void end(struct fixture *f)
{
	effect_free(f->effect);
	facts_free(f->facts);
	built_close(&f->built);
}

/* The paths that match, in order of number, with blanks between. */
static void run(const struct fixture *f, const char *text, uint32_t root, bool ghosts,
		char *out)
{
	struct filter_result *r;
	struct filter *filter;
	uint32_t count = 0, su = lam_tree_find(f->facts->tree, "/usr/bin/su", 11);

	if (filter_parse(&filter, text, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	LAM_CLEANUP(bits_fini) struct bits marks = { 0 };

	assert_true(bits_init(&marks, f->facts->count));
	if (su != LAM_NODE_NONE)
		bits_set(&marks, su, true);
	OK(filter_run(filter, f->facts, &f->effect->targets, &marks, root, ghosts, NULL,
		      &r, &err));
	*out = '\0';
	for (uint32_t n = 0; n < f->facts->count; n++) {
		char *path = lam_tree_path_text(f->facts->tree, n);

		if (bits_get(&r->match, n)) {
			out += sprintf(out, "%s%s", count++ ? " " : "", path);
			for (uint32_t up = n; up != root;
			     up = lam_tree_node(f->facts->tree, up)->parent)
				assert_true(bits_get(&r->shown, up));
		}
		free(path);
	}
	assert_int_equal(count, r->match_count);
	filter_result_free(r);
	filter_free(filter);
}

static void words(void **state)
{
	static const struct {
		const char *text, *paths;
	} cases[] = {
		{ "*.so", "/usr/lib/libBig.so /usr/lib/libssl.so /usr/lib/new.so" },
		{ "lib?", "" },
		{ "lib", "/usr/lib /usr/lib/libBig.so /usr/lib/libssl.so" },
		{ "libb", "/usr/lib/libBig.so" },
		{ "libB", "/usr/lib/libBig.so" },
		{ "libBIG", "" },
		{ "/usr/lib/*.so >1M", "/usr/lib/libBig.so" },
		{ "/usr/bin/**",
		  "/usr/bin/link /usr/bin/ping /usr/bin/su /usr/bin/wall" },
		{ "lib/*", "/usr/lib/libBig.so /usr/lib/libssl.so /usr/lib/new.so" },
		{ "/usr/bin/", "/usr/bin" },
		{ ">=2M", "/usr/lib/libBig.so" },
		{ ">2M", "" },
		{ "<=100 >0", "/usr/bin/su" },
		{ "=5000", "/usr/lib/new.so" },
		{ ">4.8k <2m", "/usr/lib/new.so" },
		{ "size>4.8k size:<2m", "/usr/lib/new.so" },
		{ "size>=2M", "/usr/lib/libBig.so" },
		{ "size:>=2M", "/usr/lib/libBig.so" },
		{ "size=5000", "/usr/lib/new.so" },
		{ "size:5000", "/usr/lib/new.so" },
		{ "!size<3000 type=f",
		  "/usr/lib/libBig.so /usr/lib/libssl.so /usr/lib/new.so" },
		{ "from:1,9000-9999 type:f", "/usr/lib/new.so" },
		{ "from:0-1 .so >4k", "/usr/lib/libBig.so /usr/lib/new.so" },
		{ "to:C", "/usr/lib/libssl.so" },
		{ "to:libs", "/usr/lib/libssl.so" },
		{ "to:-", "/etc/a\x20"
			  "b" },
		{ "to:nobody", "" },
		{ "to:* lib", "/usr/lib" },
		{ "type:lc", "/dev/null /usr/bin/link" },
		{ "dangling", "/usr/bin/link" },
		{ "power", "/usr/bin/ping /usr/bin/su /usr/bin/wall" },
		{ "setuid", "/usr/bin/su" },
		{ "setgid", "/usr/bin/wall" },
		{ "capability", "/usr/bin/ping" },
		{ "setuid setgid", "" },
		{ "marked", "/usr/bin/su" },
		{ "!marked power", "/usr/bin/ping /usr/bin/wall" },
		{ "escaped", "/etc/evil\\x1b" },
		{ "evil\\x1b", "/etc/evil\\x1b" },
		{ "rule", "/etc/a b /usr/lib/libssl.so" },
		{ "uid:5", "/usr/lib/libssl.so" },
		{ "gid:9", "/usr/bin/su" },
		{ "mode:4000", "/usr/bin/su" },
		{ "newer:2024-01-01", "/usr/lib/libBig.so" },
		{ "newer:2024-01-02", "" },
		{ "older:2024-01-01 *.so !new", "/usr/lib/libssl.so" },
		{ "!type:d !type:f !dangling", "/dev/null" },
		{ "  *.so\t!lib ", "/usr/lib/new.so" },
	};
	struct fixture f;
	char got[4096];

	(void)state;
	begin(&f);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		run(&f, cases[i].text, LAM_NODE_ROOT, false, got);
		if (strcmp(got, cases[i].paths) != 0)
			fail_msg("%s: %s", cases[i].text, got);
	}
	run(&f, "dead", LAM_NODE_ROOT, true, got);
	assert_string_equal(got, "/usr/lib/gone.so");
	run(&f, "!x", lam_tree_find(f.facts->tree, "/usr/bin", 8), false, got);
	assert_string_equal(got, "/usr/bin/link /usr/bin/ping /usr/bin/su /usr/bin/wall");
	end(&f);
}

static void wrong(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "a >x", ">x: expected a size like >1M, <=200 or =0" },
		{ ">1Q", ">1Q: a size is a number, with k, M, G or T behind it" },
		{ ">-1", ">-1: expected a size like >1M, <=200 or =0" },
		{ "from:", "from:: expected layers like 4 or 1-3" },
		{ "from:3-1", "from:3-1: expected layers like 4 or 1-3" },
		{ "from:99999", "from:99999: expected layers like 4 or 1-3" },
		{ "type:x", "type:x: expected some of f, d, l, c, b and p" },
		{ "to:", "to:: expected a layer, \"-\" or \"*\"" },
		{ "uid:root", "uid:root: expected a number" },
		{ "pkg:", "pkg:: expected a package's name, or \"-\"" },
		{ "mode:9", "mode:9: expected bits of a mode, in octal, like 4000" },
		{ "newer:2024", "newer:2024: expected a day like 2024-01-31" },
		{ "!", "!: expected a word behind it" },
		{ "form:4",
		  "form:4: no such word; did you mean from:?; a name with a \":\" in it: form?4" },
		{ "size>x", "size>x: expected a size like >1M, <=200 or =0" },
		{ "size:", "size:: expected a size like >1M, <=200 or =0" },
		{ "uid>5", "uid>5: only sizes are compared: uid:5" },
		{ "sice>1M",
		  "sice>1M: no such word; did you mean size:?; a name with a \">\" in it: sice?1M" },
		{ "mtime<2024",
		  "mtime<2024: no such word; a name with a \"<\" in it: mtime?2024" },
		{ "colour:red",
		  "colour:red: no such word; a name with a \":\" in it: colour?red" },
	};
	struct filter *filter;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(filter_parse(&filter, cases[i].text, &err), LAM_EUSAGE);
		assert_null(filter);
		assert_string_equal(err.text, cases[i].why);
	}
	assert_int_equal(filter_parse(&filter, "[a", &err), LAM_EUSAGE);
	assert_int_equal(filter_parse(&filter, "pkg:{a", &err), LAM_EUSAGE);
	OK(filter_parse(&filter, " \t ", &err));
	assert_null(filter);
}

static void asks(void **state)
{
	static const struct {
		const char *text;
		bool targets, dead;
	} cases[] = { { "a", false, false },
		      { "a to:D", true, false },
		      { "!rule", true, false },
		      { "dead >1M", false, true },
		      { "!dead", false, false } };
	struct filter *filter;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		OK(filter_parse(&filter, cases[i].text, &err));
		assert_int_equal(filter_asks_targets(filter), cases[i].targets);
		assert_int_equal(filter_asks_dead(filter), cases[i].dead);
		filter_free(filter);
	}
}

static void packages(void **state)
{
	static const struct {
		const char *text, *paths;
	} cases[] = {
		{ "pkg:gcc-12", "/usr/bin/gcc" },
		{ "pkg:gcc-*", "/usr/bin/gcc" },
		{ "pkg:dpkg:t*", "/usr/bin/tar" },
		{ "pkg:npm:*", "" },
		{ "pkg:{gcc-*,tar}", "/usr/bin/gcc /usr/bin/tar" },
		{ "pkg:*:tar", "" },
		{ "pkg:gcc", "" },
		{ "pkg:- /usr/bin/*", "/usr/bin/own" },
		{ "!pkg:tar /usr/bin/*", "/usr/bin/gcc /usr/bin/own" },
	};
	struct fixture f;
	char got[200];

	(void)state;
	begin_with(
		&f, packed_layers, 1,
		"{\"lamina\": 1, \"layers\": [{\"name\": \"a\", \"from\": \"rest\"}]}");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		run(&f, cases[i].text, LAM_NODE_ROOT, false, got);
		if (strcmp(got, cases[i].paths) != 0)
			fail_msg("%s: %s", cases[i].text, got);
	}
	end(&f);
}

static void stopped(void **state)
{
	struct filter_result *r;
	struct filter *filter;
	atomic_bool stop = true;
	struct fixture f;

	(void)state;
	begin(&f);
	OK(filter_parse(&filter, "a", &err));
	/* so few paths are done before the first look at the flag */
	OK(filter_run(filter, f.facts, NULL, NULL, 0, false, &stop, &r, &err));
	filter_result_free(r);
	filter_free(filter);
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),   cmocka_unit_test(packages),
		cmocka_unit_test(wrong),   cmocka_unit_test(asks),
		cmocka_unit_test(stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
