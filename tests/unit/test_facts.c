#include "editor/analysis/facts.h"
#include "editor/list/order.h"
#include "image_build.h"
#include "unit.h"

static struct lam_error err;

static const struct image_entry base[] = {
	{ "bin/su", .body = "ELF", .mode = 04755 },
	{ "bin/ping", .body = "x", .attribute = "SCHILY.xattr.security.capability=\1" },
	{ "bin/sh", 'l', .target = "su" },
	{ "bin/gone", 'l', .target = "nothing" },
	{ "bin/loop", 'l', .target = "loop" },
	{ "bin/up", 'l', .target = "../../bin/su" },
	{ "bin/evil\33[2J", .body = "" },
	{ "bin/back\\slash", .body = "" },
	{ "var/group", 'd', .mode = 02775 },
	{ "var/cache/one", .size = 1000 },
	{ "var/cache/two", .size = 2000 },
	{ "var/same", .size = 500 },
};
static const struct image_entry middle[] = {
	{ "var/same", .size = 500, .uid = 7 },
	{ "a", .size = 10 },
	{ "b", 'h', .target = "a" },
	{ .path = "var/.wh.cache" },
};
static const struct image_entry top[] = { { "a", .size = 20 } };

static const struct image_layer layers[] = { IMAGE_LAYER(base), IMAGE_LAYER(middle),
					     IMAGE_LAYER(top) };

static uint32_t find(const struct facts *f, const char *path)
{
	return lam_tree_find(f->tree, path, strlen(path));
}

static void flags(void **state)
{
	static const struct {
		const char *path;
		unsigned flags;
	} cases[] = {
		{ "/bin/su", FACT_SETUID },
		{ "/bin/ping", FACT_CAPABILITY },
		{ "/bin/sh", 0 },
		{ "/bin/gone", FACT_DANGLING },
		{ "/bin/loop", FACT_LOOP },
		{ "/bin/up", FACT_ABOVE_ROOT },
		{ "/bin/evil\33[2J", FACT_ESCAPED },
		{ "/bin/back\\slash", 0 },
		{ "/var/group", 0 },
		{ "/var/cache", FACT_DEAD },
		{ "/var/cache/one", FACT_DEAD },
		{ "/var/same", FACT_VERSIONS },
		{ "/var", 0 },
		{ "/a", FACT_VERSIONS },
		{ "/b", 0 },
	};
	struct built built;
	struct facts *f;

	(void)state;
	built_open(&built, layers, 3);
	OK(facts_new(&f, built.image, NULL, &err));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (f->flags[find(f, cases[i].path)] != cases[i].flags)
			fail_msg("%s: %x", cases[i].path,
				 f->flags[find(f, cases[i].path)]);
	}
	assert_int_equal(f->flagged_count, 4);
	facts_free(f);
	built_close(&built);
}

static const char *from_text(const struct facts *f, const char *path)
{
	static char out[64];

	return layersets_text(&f->sets, f->from[find(f, path)], 5, out);
}

static void sums(void **state)
{
	struct built built;
	struct facts *f;
	uint64_t waste = 0;

	(void)state;
	built_open(&built, layers, 3);
	OK(facts_new(&f, built.image, NULL, &err));
	/* the 10 bytes of a live on as b */
	assert_int_equal(f->dead_bytes[0], 3500);
	for (size_t i = 0; i < 3; i++)
		waste += lam_image_layer(built.image, i)->waste_bytes;
	assert_int_equal(f->dead_bytes[0], waste);
	assert_int_equal(f->dead_bytes[find(f, "/var/cache")], 3000);
	assert_int_equal(f->children[find(f, "/var")], 2);
	assert_int_equal(f->children[0], 4);
	assert_string_equal(from_text(f, "/var"), "0,1");
	assert_string_equal(from_text(f, "/bin"), "0");
	assert_string_equal(from_text(f, "/b"), "1");
	assert_string_equal(from_text(f, "/"), "0-2");
	assert_string_equal(from_text(f, "/var/cache/one"), "0");
	facts_free(f);
	built_close(&built);
}

static void stopped(void **state)
{
	struct built built;
	struct facts *f;
	atomic_bool stop = true;

	(void)state;
	built_open(&built, layers, 3);
	assert_int_equal(facts_new(&f, built.image, &stop, &err), LAM_ESTOPPED);
	assert_null(f);
	built_close(&built);
}

static uint32_t set_of(struct layersets *sets, const char *text)
{
	uint32_t set = LAYERS_NONE;

	while (*text) {
		char *end;

		set = layersets_union(sets, set, (uint32_t)strtoul(text, &end, 10));
		text = end + (*end == ' ');
	}
	return set;
}

static void layers_text(void **state)
{
	static const struct {
		const char *layers;
		int columns;
		const char *text;
	} cases[] = {
		{ "", 5, "-" },
		{ "4", 5, "4" },
		{ "1 3", 5, "1,3" },
		{ "1 2 3 4 5 6 7 8 9", 5, "1-9" },
		{ "0 2 3 4 5", 5, "0,2-5" },
		{ "0 2 3 4 5", 4, "0-5" },
		{ "0 1", 3, "0,1" },
		{ "10 12", 3, "10+" },
		{ "63", 5, "63" },
		{ "64", 5, "64" },
		{ "119", 5, "119" },
		{ "62 63 64 119", 9, "62-64,119" },
		{ "62 63 64 119", 8, "62-119" },
		{ "0 2 4 6 8 10 12 14 16 18 20 22 24 26 28 30", 60, "0-30" },
	};
	struct layersets sets;
	uint32_t first;
	char out[64];

	(void)state;
	layersets_init(&sets, 120);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(layersets_text(&sets, set_of(&sets, cases[i].layers),
						   cases[i].columns, out),
				    cases[i].text);
	/* equal sets, however they came about, have one number */
	assert_int_equal(set_of(&sets, "7 64 119"), set_of(&sets, "119 7 64 7"));
	assert_int_not_equal(set_of(&sets, "63 64"), set_of(&sets, "63 65"));
	assert_int_equal(set_of(&sets, "65"), 65);
	first = set_of(&sets, "1 64");
	layersets_rank(&sets);
	assert_true(sets.rank[first] > sets.rank[63]);
	layersets_fini(&sets);
}

static void owners(void **state)
{
	static const struct image_entry files[] = {
		{ "etc", 'l', .target = "real" },
		{ "real/passwd",
		  .body = "root:x:0:0::/:/bin/sh\nbad\napp:x:1000:1000::/:\n"
			  "again:x:0:1::/:\nevil\33[2J:x:5:5::/:\n"
			  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:x:6:6::/:\n"
			  "x:x:99999999999999999999:1::/:\nlast:x:9:9" },
		{ "real/group", .body = "root:x:0:\nwheel:x:10:root,app\n" },
	};
	static const struct {
		int64_t uid, gid;
		const char *text;
	} cases[] = {
		{ 0, 0, "root:root" },
		{ 1000, 10, "app:wheel" },
		{ 5, 7, "evil\\x1b[2J:7" },
		{ 6, 0, "6:root" },
		{ 9, 0, "last:root" },
		{ INT64_MIN, INT64_MAX, "-9223372036854775808:9223372036854775807" },
	};
	struct image_layer layer = IMAGE_LAYER(files);
	struct built built;
	struct owners *o;
	char out[80];

	(void)state;
	built_open(&built, &layer, 1);
	OK(owners_new(&o, built.image, NULL, &err));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(owners_text(o, cases[i].uid, cases[i].gid, out),
				    cases[i].text);
	owners_free(o);
	built_close(&built);
	built_open(&built, layers, 3);
	OK(owners_new(&o, built.image, NULL, &err));
	assert_string_equal(owners_text(o, 0, 1, out), "0:1");
	owners_free(o);
	built_close(&built);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags),   cmocka_unit_test(sums),
		cmocka_unit_test(stopped), cmocka_unit_test(layers_text),
		cmocka_unit_test(owners),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
