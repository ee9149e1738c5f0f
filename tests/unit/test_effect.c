#include <stdio.h>

#include <lamina/estimate.h>

#include "editor/analysis/effect.h"
#include "image_build.h"
#include "unit.h"

static struct lam_error err;

static const struct image_entry base[] = {
	{ "opt/app/one", .size = 1000 },        { "opt/app/two", .size = 2000 },
	{ "opt/empty", .kind = 'd' },           { "etc/conf", .size = 300 },
	{ "nothing/deep/deeper", .kind = 'd' }, { "var/cache/x", .size = 5000 },
	{ "bin/link", 'l', .target = "x" },
};
static const struct image_entry top[] = {
	{ "opt/app/two", .size = 2500 },
	{ "opt/more", .size = 4000 },
	{ "new", .size = 100 },
};
static const struct image_layer layers[] = { IMAGE_LAYER(base), IMAGE_LAYER(top) };

struct fixture {
	struct built built;
	struct facts *facts;
	struct effect *effect;
};

static void begin(struct fixture *f, const char *plan_text)
{
	struct lam_plan *plan;

	built_open(&f->built, layers, 2);
	OK(facts_new(&f->facts, f->built.image, NULL, &err));
	OK(lam_plan_parse(&plan, plan_text, strlen(plan_text), "plan", NULL, &err));
	OK(effect_new(&f->effect, f->facts, plan, NULL, NULL, &err));
}

static void end(struct fixture *f)
{
	effect_free(f->effect);
	facts_free(f->facts);
	built_close(&f->built);
}

static uint32_t to(const struct fixture *f, const char *path)
{
	uint32_t n = lam_tree_find(f->facts->tree, path, strlen(path));

	assert_true(n != LAM_NODE_NONE);
	return f->effect->targets.to[n];
}

#define IDENTITY                                                          \
	"{\"lamina\": 1, \"layers\": [{\"name\": \"a\", \"from\": [0]}, " \
	"{\"name\": \"b\", \"from\": [1]}], \"assign\": []}"
#define STACK                                                             \
	"{\"lamina\": 1, \"layers\": [{\"name\": \"a\", \"from\": [0]}, " \
	"{\"name\": \"b\", \"from\": [1]}, {\"name\": \"opt\", "          \
	"\"compression\": \"zstd:3\"}], \"assign\": "

static void identity(void **state)
{
	struct fixture f;
	struct effect *e;
	struct move *moves;
	size_t count;

	(void)state;
	begin(&f, IDENTITY);
	e = f.effect;
	assert_non_null(e->layout);
	assert_int_equal(e->errors.count, 0);
	assert_int_equal(e->kept, 2);
	assert_int_equal(e->now, e->plan_bytes);
	assert_int_equal(e->blob_now, e->blob_plan);
	assert_int_equal(e->kept_bytes, e->now);
	assert_int_equal(e->fetch, 0);
	assert_int_equal(e->waste_gone, 0);
	assert_int_equal(e->dropped, 0);
	assert_int_equal(e->dangling, 1);
	assert_int_equal(e->layers[0].files_out + e->layers[1].files_in, 0);
	assert_true(e->layers[0].blob_exact);
	assert_int_equal(to(&f, "/opt/app/one"), 0);
	assert_int_equal(to(&f, "/opt/app/two"), 1);
	assert_int_equal(to(&f, "/opt/app"), TARGET_SEVERAL);
	assert_int_equal(to(&f, "/opt"), TARGET_SEVERAL);
	assert_int_equal(to(&f, "/opt/empty"), 0);
	assert_int_equal(to(&f, "/nothing"), 0);
	assert_int_equal(to(&f, "/"), TARGET_SEVERAL);
	assert_string_equal(e->targets.plan->layers[1].name, "b");
	OK(effect_moves(e, f.facts, &moves, &count, &err));
	assert_int_equal(count, 0);
	free(moves);
	end(&f);
}

static void assigned(void **state)
{
	struct fixture f;
	struct effect *e;
	struct move *moves;
	size_t count;

	(void)state;
	begin(&f, STACK "[{\"path\": \"/opt/app\", \"to\": \"opt\"}, "
			"{\"path\": \"/var/cache\", \"to\": null}, "
			"{\"glob\": \"/nothing/*\", \"to\": \"opt\"}]}");
	e = f.effect;
	assert_int_equal(to(&f, "/opt/app"), 2);
	assert_int_equal(to(&f, "/opt"), TARGET_SEVERAL);
	assert_int_equal(to(&f, "/var/cache"), LAM_TARGET_NONE);
	assert_int_equal(to(&f, "/var"), LAM_TARGET_NONE);
	assert_int_equal(to(&f, "/nothing"), 2);
	assert_true(
		bits_get(&e->targets.ruled, lam_tree_find(f.facts->tree, "/opt/app", 8)));
	assert_false(bits_get(&e->targets.ruled,
			      lam_tree_find(f.facts->tree, "/opt/app/one", 12)));
	assert_int_equal(
		e->targets.rule[lam_tree_find(f.facts->tree, "/opt/app/one", 12)], 0);
	assert_int_equal(e->dropped_files, 1);
	assert_int_equal(e->dropped, 2);
	assert_int_equal(e->dropped_bytes, 5000);
	assert_int_equal(e->layers[0].files_out, 2);
	assert_int_equal(e->layers[0].bytes_out, 6000);
	assert_int_equal(e->layers[1].files_out, 1);
	assert_int_equal(e->layers[2].files_in, 2);
	assert_int_equal(e->layers[2].bytes_in, 3500);
	assert_int_equal(e->layers[2].now, 0);
	assert_int_equal(e->waste_gone, 2000);
	assert_int_equal(e->kept, 0);
	assert_int_equal(e->rewritten, 2);
	assert_int_equal(e->fresh, 1);
	assert_int_equal(e->plan_bytes, e->rewritten_bytes + e->new_bytes);
	assert_int_equal(e->fetch, e->blob_plan);
	assert_false(e->layers[2].blob_exact);
	assert_true(e->layers[2].blob < e->layers[2].plan);
	OK(effect_moves(e, f.facts, &moves, &count, &err));
	assert_int_equal(count, 3);
	assert_int_equal(moves[0].to, LAM_TARGET_NONE);
	/* one path alone is told itself */
	assert_int_equal(lam_tree_node(f.facts->tree, moves[0].top)->parent,
			 lam_tree_find(f.facts->tree, "/var/cache", 10));
	assert_int_equal(moves[1].from, 1);
	assert_int_equal(moves[1].bytes, 2500);
	assert_int_equal(moves[2].from, 0);
	assert_int_equal(moves[2].files, 2); /* the empty directory too */
	assert_int_equal(moves[2].top, 0);
	free(moves);
	end(&f);
}

static void links_that_are_left_out(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, STACK "[{\"path\": \"/bin\", \"to\": null}]}");
	assert_int_equal(f.effect->dropped_files, 1);
	assert_int_equal(f.effect->dangling, 0);
	end(&f);
}

static void tells_what_is_removed(void **state)
{
	static const char *const cases[][2] = {
		{ "/opt/empty", "REMOVES 1 live directory" },
		{ "/bin/link", "REMOVES 1 live file, 0" },
		{ "/opt/app", "REMOVES 2 live files and 1 directory, 3.4K" },
		{ "/nothing", "REMOVES 3 live directories" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture f;
		char plan[300];
		char *removes;

		snprintf(plan, sizeof plan, STACK "[{\"path\": \"%s\", \"to\": null}]}",
			 cases[i][0]);
		begin(&f, plan);
		removes = effect_removes(f.effect);
		assert_string_equal(removes, cases[i][1]);
		free(removes);
		end(&f);
	}
}

static void does_not_fit(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "{\"lamina\": 1, \"layers\": [{\"name\": \"a\", \"from\": [0], "
		  "\"keep\": true}, {\"name\": \"b\", \"from\": [1]}], \"assign\": "
		  "[{\"path\": \"/etc\", \"to\": \"b\"}]}");
	assert_null(f.effect->layout);
	assert_int_equal(f.effect->errors.count, 1);
	assert_int_equal(to(&f, "/etc/conf"), 1);
	assert_int_equal(f.effect->layers[1].files_in, 1);
	end(&f);
	begin(&f, "{\"lamina\": 1, \"layers\": [{\"name\": \"a\", \"from\": [0]}], "
		  "\"assign\": []}");
	assert_null(f.effect->layout);
	assert_string_equal(f.effect->errors.lines[0],
			    "layer 1 of the image is in no layer of the plan: "
			    "\"from\": \"rest\" takes all that no other names");
	assert_null(f.effect->targets.to);
	end(&f);
	/* once a line for each */
	begin(&f, "{\"lamina\": 1, \"layers\": [], \"assign\": []}");
	assert_int_equal(f.effect->errors.count, 1);
	assert_string_equal(f.effect->errors.lines[0],
			    "layers 0-1 of the image are in no layer of the plan: "
			    "\"from\": \"rest\" takes all that no other names");
	end(&f);
}

/* What a client fetches that has the image as it is, or another. */
static void fetches(void **state)
{
	static const struct image_layer lower[] = { IMAGE_LAYER(base) };
	struct lam_plan *plan;
	struct effect *effect;
	struct built other;
	struct fixture f;

	(void)state;
	begin(&f, IDENTITY);
	built_open(&other, lower, 1);
	OK(lam_plan_parse(&plan, IDENTITY, strlen(IDENTITY), "plan", NULL, &err));
	OK(effect_new(&effect, f.facts, plan, other.image, NULL, &err));
	assert_int_equal(effect->fetch, 0);
	assert_int_equal(effect->fetch_against,
			 lam_image_layer(f.built.image, 1)->blob_size);
	effect_free(effect);
	built_close(&other);
	end(&f);
}

static void stopped(void **state)
{
	struct effect *effect;
	struct lam_plan *plan;
	atomic_bool stop = true;
	struct fixture f;

	(void)state;
	begin(&f, IDENTITY);
	OK(lam_plan_parse(&plan, IDENTITY, strlen(IDENTITY), "plan", NULL, &err));
	assert_int_equal(effect_new(&effect, f.facts, plan, NULL, &stop, &err),
			 LAM_ESTOPPED);
	assert_null(effect);
	end(&f);
}

static void letters(void **state)
{
	static const struct {
		size_t n;
		const char *text;
	} cases[] = { { 0, "A" },    { 25, "Z" },    { 26, "AA" },   { 27, "AB" },
		      { 701, "ZZ" }, { 702, "AAA" }, { 4095, "FAN" } };
	struct fixture f;
	char out[8];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(target_letters(cases[i].n, out), cases[i].text);
	begin(&f, STACK "[]}");
	assert_int_equal(target_parse(f.effect->plan, "A"), 0);
	assert_int_equal(target_parse(f.effect->plan, "c"), 2);
	assert_int_equal(target_parse(f.effect->plan, "b"), 1);
	assert_int_equal(target_parse(f.effect->plan, "opt"), 2);
	assert_int_equal(target_parse(f.effect->plan, "D"), SIZE_MAX);
	assert_int_equal(target_parse(f.effect->plan, ""), SIZE_MAX);
	assert_int_equal(target_parse(f.effect->plan, "none"), SIZE_MAX);
	end(&f);
}

static void estimates(void **state)
{
	const struct lam_compression none = { LAM_CODEC_NONE, 0 },
				     gzip9 = { LAM_CODEC_GZIP, 9 },
				     zstd = { LAM_CODEC_ZSTD, 19 };
	const struct lam_layer_info half = { .codec = LAM_CODEC_GZIP };

	(void)state;
	assert_int_equal(lam_estimate_blob(1000, lam_estimate_packed(&half, 0.5), none),
			 1000);
	assert_int_equal(lam_estimate_blob(1000, lam_estimate_packed(&half, 0.5),
					   LAM_COMPRESSION_DEFAULT),
			 500);
	assert_true(lam_estimate_blob(1000, 0.5, gzip9) < 500);
	assert_true(lam_estimate_blob(1000, 0.5, zstd) <
		    lam_estimate_blob(1000, 0.5, gzip9));
	assert_int_equal(lam_estimate_blob(1000, 2, LAM_COMPRESSION_DEFAULT), 1000);
}

/* Layers in parts are layers of the plan all the same, with the sums of their parts. */
static void parts(void **state)
{
	struct fixture f;
	uint64_t plan = 0;
	const struct lam_target *all;

	(void)state;
	begin(&f, "{\"lamina\": 1, \"layers\": [{\"name\": \"all\", \"from\": \"rest\", "
		  "\"max_size\": \"9k\"}, {\"name\": \"opt\"}], "
		  "\"assign\": [{\"path\": \"/opt\", \"to\": \"opt\"}]}");
	all = lam_layout_layer(f.effect->layout, 0);
	assert_int_equal(all->parts, 2);
	assert_int_equal(lam_layout_target_count(f.effect->layout), 3);
	assert_int_equal(lam_layout_layer(f.effect->layout, 1)->parts, 1);
	assert_string_equal(lam_layout_target(f.effect->layout, 2)->name, "opt");
	assert_int_equal(to(&f, "/var/cache/x"), 0);
	assert_int_equal(to(&f, "/etc/conf"), 0);
	assert_int_equal(to(&f, "/opt/more"), 1);
	assert_int_equal(f.effect->layers[0].plan, all->tar_size);
	for (size_t t = 0; t < 3; t++)
		plan += lam_layout_target(f.effect->layout, t)->tar_size;
	assert_int_equal(f.effect->plan_bytes, plan);
	assert_int_equal(f.effect->fresh, 3);
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identity),
		cmocka_unit_test(assigned),
		cmocka_unit_test(links_that_are_left_out),
		cmocka_unit_test(tells_what_is_removed),
		cmocka_unit_test(does_not_fit),
		cmocka_unit_test(fetches),
		cmocka_unit_test(stopped),
		cmocka_unit_test(letters),
		cmocka_unit_test(estimates),
		cmocka_unit_test(parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
