#include "editor/analysis/waste.h"
#include "image_build.h"
#include "unit.h"

static struct lam_error err;

static const struct image_entry base[] = {
	{ "opt/app/one", .size = 1000 },
	{ "opt/app/two", .size = 2000 },
	{ "opt/keep", .size = 10 },
	{ "var/status", .size = 300 },
	{ "var/log/big", .size = 9000 },
	{ "srv/x/one", .size = 700 },
	{ "srv/x/two", .size = 500 },
	{ "srv/x/in/three", .size = 300 },
	{ "etc/same", .size = 50 },
	{ "a", .size = 4000 },
	{ "root/.cache/pip/wheel", .size = 800 },
	{ "var/lib/apt/lists/x", .size = 600 },
	{ "tmp", .kind = 'd' },
};
static const struct image_entry middle[] = {
	{ "opt/app/one", .size = 1000, .uid = 7 },
	{ "opt/app/two", .size = 2000, .uid = 7 },
	{ "var/status", .size = 301 },
	{ .path = "srv/.wh.x" },
	{ "etc/same", .size = 50 },
	{ "b", .kind = 'h', .target = "a" },
};
static const struct image_entry top[] = {
	{ "var/status", .size = 302 },
	{ .path = "var/log/.wh.big" },
	{ "a", .size = 1 },
};
static const struct image_layer layers[] = { IMAGE_LAYER(base), IMAGE_LAYER(middle),
					     IMAGE_LAYER(top) };

static void causes(void **state)
{
	static const struct {
		const char *path;
		uint64_t bytes;
		const char *layers;
		uint32_t files;
		const char *how;
		uint32_t by;
	} cases[] = {
		{ "/var/log/big", 9000, "0", 1, "deleted", 2 },
		{ "/opt/app", 3000, "0", 2, "owner changed", 1 },
		{ "/srv/x", 1500, "0", 3, "deleted", 1 },
		{ "/var/status", 601, "0,1", 1, "overwritten", 2 },
		{ "/etc/same", 50, "0", 1, "stored again", 1 },
		{ "/root/.cache", 800, "0", 2, "live, but looks like a cache", 0 },
		{ "/var/lib/apt/lists", 600, "0", 1, "live, but looks like a cache", 0 },
	};
	const size_t count = sizeof cases / sizeof *cases;
	struct built built;
	struct facts *facts;
	struct waste *waste;
	uint64_t lost = 0;
	char out[64], text[64];

	(void)state;
	built_open(&built, layers, 3);
	OK(facts_new(&facts, built.image, NULL, &err));
	OK(waste_new(&waste, facts, 100, NULL, &err));
	for (size_t i = 0; i < waste->count && i < count; i++) {
		const struct waste_item *item = &waste->items[i];
		char *path = lam_tree_path_text(facts->tree, item->node);

		assert_string_equal(path, cases[i].path);
		assert_int_equal(item->bytes, cases[i].bytes);
		assert_string_equal(layersets_text(&waste->sets, item->layers, 9, text),
				    cases[i].layers);
		assert_int_equal(item->files, cases[i].files);
		assert_string_equal(waste_text(&waste->causes[item->cause], out),
				    cases[i].how);
		if (waste->causes[item->cause].how != WASTE_CACHE)
			assert_int_equal(waste->causes[item->cause].by, cases[i].by);
		free(path);
	}
	assert_int_equal(waste->count, count);
	for (size_t i = 0; i < 3; i++)
		lost += lam_image_layer(built.image, i)->waste_bytes;
	assert_int_equal(waste->lost, lost);
	assert_int_equal(waste->lost, facts->dead_bytes[0]);
	assert_int_equal(waste->cache, 1400);
	assert_int_equal(waste->cause_count, 6);
	assert_int_equal(waste->causes[5].count, 2);
	assert_int_equal(waste->causes[5].bytes, 1400);
	waste_free(waste);
	OK(waste_new(&waste, facts, 1, NULL, &err));
	assert_int_equal(waste->count, 6);
	assert_int_equal(waste->lost, lost);
	waste_free(waste);
	facts_free(facts);
	built_close(&built);
}

static void stopped(void **state)
{
	atomic_bool stop = true;
	struct built built;
	struct facts *facts;
	struct waste *waste;

	(void)state;
	built_open(&built, layers, 3);
	OK(facts_new(&facts, built.image, NULL, &err));
	assert_int_equal(waste_new(&waste, facts, 2, &stop, &err), LAM_ESTOPPED);
	assert_null(waste);
	facts_free(facts);
	built_close(&built);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(causes),
		cmocka_unit_test(stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
