#include "editor/find/search.h"
#include "image_build.h"
#include "unit.h"

static struct lam_error err;

static const struct image_entry base[] = {
	{ "usr/lib/libssl.so", .size = 1 }, { "usr/lib/libSSL.so", .size = 9 },
	{ "usr/lib/old.so", .size = 1 },    { "etc/ssl/openssl.cnf", .size = 5 },
	{ "etc/evil\33[0m", .size = 3 },
};
static const struct image_entry top[] = { { .path = "usr/lib/.wh.old.so" } };
static const struct image_layer layers[] = { IMAGE_LAYER(base), IMAGE_LAYER(top) };

struct fixture {
	struct built built;
	struct facts *facts;
	struct order *order;
};

static void begin(struct fixture *f, enum sort sort)
{
	built_open(&f->built, layers, 2);
	OK(facts_new(&f->facts, f->built.image, NULL, &err));
	OK(order_new(&f->order, f->facts, sort, false, NULL, &err));
}

static void end(struct fixture *f)
{
	order_free(f->order);
	facts_free(f->facts);
	built_close(&f->built);
}

static struct hits *run(const struct fixture *f, const char *pattern, uint32_t root,
			bool ghosts)
{
	struct search *search;
	struct hits *hits;

	OK(search_parse(&search, pattern, &err));
	OK(search_run(search, f->facts, f->order, root, ghosts, NULL, &hits, &err));
	search_free(search);
	return hits;
}

static void counts(void **state)
{
	static const struct {
		const char *pattern;
		size_t count;
	} cases[] = {
		{ "ssl", 4 },      { "SSL", 1 },          { "libssl", 2 },
		{ "old", 0 },      { "lib/lib", 2 },      { "\\v^lib", 3 },
		{ "\\vs{2}l", 4 }, { "\\v/etc/.*l$", 1 }, { "x1b", 1 },
		{ "\33", 0 },      { "/usr", 4 },         { "zz", 0 },
	};
	struct fixture f;

	(void)state;
	begin(&f, SORT_NAME);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct hits *hits = run(&f, cases[i].pattern, 0, false);

		if (hits->count != cases[i].count)
			fail_msg("%s: %zu", cases[i].pattern, hits->count);
		hits_free(hits);
	}
	struct hits *hits = run(&f, "old", 0, true);

	assert_int_equal(hits->count, 1);
	hits_free(hits);
	hits = run(&f, "ssl", lam_tree_find(f.facts->tree, "/etc/ssl", 8), false);
	assert_int_equal(hits->count, 1);
	hits_free(hits);
	end(&f);
}

static void next_and_previous(void **state)
{
	struct order *by_size;
	struct hits *hits;
	uint32_t at = 0, first;
	struct fixture f;
	size_t number;

	(void)state;
	begin(&f, SORT_NAME);
	hits = run(&f, "ssl", 0, false);
	first = hits_next(hits, f.order, 0, false, &number);
	for (size_t i = 0; i < 9; i++) {
		uint32_t next = hits_next(hits, f.order, at, false, &number);

		assert_int_equal(number, i % 4);
		if (i)
			assert_int_equal(hits_next(hits, f.order, next, true, &number),
					 at);
		at = next;
	}
	assert_int_equal(at, first);
	hits_next(hits, f.order, 0, true, &number);
	assert_int_equal(number, 3);
	OK(order_new(&by_size, f.facts, SORT_SIZE, false, NULL, &err));
	hits_reorder(hits, by_size);
	for (size_t i = 0; i < 4; i++) {
		at = hits_next(hits, by_size, i ? at : 0, false, &number);
		assert_int_equal(number, i);
	}
	order_free(by_size);
	hits_free(hits);
	hits = run(&f, "nothing", 0, false);
	assert_int_equal(hits_next(hits, f.order, 0, false, &number), LAM_NODE_NONE);
	hits_free(hits);
	end(&f);
}

static void lights_up(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool found;
		size_t from, len;
	} cases[] = {
		{ "ss", "libSSL", true, 3, 2 },   { "SS", "libssl", false, 0, 0 },
		{ "\\vl+$", "pull", true, 2, 2 }, { "\\vL+$", "pull", false, 0, 0 },
		{ "abc", "ab", false, 0, 0 },
	};
	struct search *search;
	size_t from, len;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		OK(search_parse(&search, cases[i].pattern, &err));
		assert_int_equal(search_in(search, cases[i].text, &from, &len),
				 cases[i].found);
		if (cases[i].found) {
			assert_int_equal(from, cases[i].from);
			assert_int_equal(len, cases[i].len);
		}
		search_free(search);
	}
	assert_int_equal(search_parse(&search, "", &err), LAM_EUSAGE);
	assert_int_equal(search_parse(&search, "\\v", &err), LAM_EUSAGE);
	assert_int_equal(search_parse(&search, "\\v(", &err), LAM_EUSAGE);
	assert_int_equal(search_parse(&search, "\\v(a)\\1", &err), LAM_EUSAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts),
		cmocka_unit_test(next_and_previous),
		cmocka_unit_test(lights_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
