/* Orders and rows against a plain recursive walk, over random trees, filters and folds.
 */
#include <stdio.h>

#include "editor/analysis/waste.h"
#include "editor/find/filter.h"
#include "editor/find/search.h"
#include "editor/list/rows.h"
#include "image_build.h"
#include "unit.h"

static struct lam_error err;

struct maker {
	uint64_t random;
	char path[256];
	bool below; /* the layer that a second one deletes from */
};

/* Names of few letters and three levels, so that they often meet. */
static void make(void *context, size_t n, struct image_entry *out)
{
	struct maker *m = context;
	unsigned depth = (unsigned)(next_random(&m->random) % 4);
	size_t len = 0;

	(void)n;
	for (unsigned i = 0; i < depth; i++)
		len += (size_t)sprintf(m->path + len, "d%u/",
				       (unsigned)(next_random(&m->random) % 4));
	if (!m->below && next_random(&m->random) % 3 == 0) {
		sprintf(m->path + len, ".wh.%c%u",
			next_random(&m->random) % 2 ? 'd' : 'f',
			(unsigned)(next_random(&m->random) % 9));
		*out = (struct image_entry){ .path = m->path };
		return;
	}
	sprintf(m->path + len, "f%u", (unsigned)(next_random(&m->random) % 9));
	*out = (struct image_entry){ m->path, .size = next_random(&m->random) % 100,
				     .mtime =
					     (int64_t)(next_random(&m->random) % 5) - 2 };
}

static void open_random(struct built *built, uint64_t seed)
{
	struct maker low = { .random = seed * 2 + 1, .below = true },
		     high = { .random = seed * 3 + 7 };
	struct image_layer layers[] = { { .count = 60, .make = make, .context = &low },
					{ .count = 30, .make = make, .context = &high } };

	built_open(built, layers, 2);
}

static void naive(const struct rows_view *v, uint32_t dir, uint16_t depth,
		  struct rows *out)
{
	const struct lam_node *node = lam_tree_node(v->facts->tree, dir);
	uint32_t at = v->order->place[dir] + 1;

	for (uint32_t i = 0; i < node->child_count; i++) {
		uint32_t child = v->order->walk[at];

		at += v->order->span[child];
		if (!rows_has(v, child))
			continue;
		out->items[out->count++] = (struct row){ child, depth };
		if (bits_get(v->open, child))
			naive(v, child, (uint16_t)(depth + 1), out);
	}
}

static void check_rows(const struct rows_view *v, const struct rows *rows)
{
	struct rows want = { .items = calloc(v->facts->count, sizeof *want.items) };

	naive(v, v->root, 0, &want);
	assert_int_equal(want.count, rows->count);
	for (size_t i = 0; i < want.count; i++) {
		assert_int_equal(want.items[i].node, rows->items[i].node);
		assert_int_equal(want.items[i].depth, rows->items[i].depth);
		assert_int_equal(rows_find(rows, want.items[i].node), i);
		assert_int_equal(rows_find_near(rows, v, want.items[i].node), i);
	}
	free(want.items);
}

/* Every node is at its nearest row above, or nowhere. */
static void check_near(const struct rows_view *v, const struct rows *rows)
{
	for (uint32_t n = 0; n < v->facts->count; n++) {
		uint32_t up = n;
		size_t row = SIZE_MAX;

		while (up != v->root && (row = rows_find(rows, up)) == SIZE_MAX &&
		       up != LAM_NODE_ROOT)
			up = lam_tree_node(v->facts->tree, up)->parent;
		if (up == v->root)
			row = SIZE_MAX;
		assert_int_equal(rows_find_near(rows, v, n), row);
	}
}

static void fold_and_unfold(struct rows_view *v, struct bits *open, uint64_t *random)
{
	struct rows rows = { 0 };

	assert_true(rows_build(&rows, v));
	check_rows(v, &rows);
	for (int i = 0; i < 20 && rows.count; i++) {
		size_t row = next_random(random) % rows.count;
		uint32_t node = rows.items[row].node;
		bool is_open = bits_get(open, node);

		if (lam_tree_node(v->facts->tree, node)->kind != LAM_KIND_DIR)
			continue;
		bits_set(open, node, !is_open);
		if (is_open)
			rows_close(&rows, row);
		else
			assert_true(rows_open(&rows, v, row));
		check_rows(v, &rows);
	}
	check_near(v, &rows);
	rows_fini(&rows);
}

/* What a filter gives: some nodes, and all that are above them. */
static void choose_shown(const struct facts *facts, struct bits *shown, uint64_t *random)
{
	for (uint32_t n = facts->count; n-- > 1;) {
		if (next_random(random) % 3 == 0)
			bits_set(shown, n, true);
		if (bits_get(shown, n))
			bits_set(shown, lam_tree_node(facts->tree, n)->parent, true);
	}
}

static void any_view(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 30; seed++) {
		uint64_t random = seed * 77 + 1;
		struct bits open, shown;
		struct built built;
		struct facts *facts;
		struct order *order;

		open_random(&built, seed);
		OK(facts_new(&facts, built.image, NULL, &err));
		OK(order_new(&order, facts, (enum sort)(seed % SORT_KINDS),
			     seed / SORT_KINDS % 2, NULL, &err));
		assert_true(bits_init(&open, facts->count));
		assert_true(bits_init(&shown, facts->count));
		for (uint32_t n = 0; n < facts->count; n++)
			bits_set(&open, n,
				 lam_tree_node(facts->tree, n)->kind == LAM_KIND_DIR &&
					 next_random(&random) % 4);
		choose_shown(facts, &shown, &random);
		for (unsigned kind = 0; kind < 8; kind++) {
			struct rows_view v = { .facts = facts,
					       .order = order,
					       .open = &open,
					       .shown = kind & 1 ? &shown : NULL,
					       .ghosts = kind & 2 };

			if (kind & 4)
				v.root = lam_tree_find(facts->tree, "/d1", 3);
			if (v.root != LAM_NODE_NONE)
				fold_and_unfold(&v, &open, &random);
		}
		bits_fini(&open);
		bits_fini(&shown);
		order_free(order);
		facts_free(facts);
		built_close(&built);
	}
}

static int compare_as(const struct facts *f, enum sort sort, bool reverse, uint32_t a,
		      uint32_t b)
{
	struct lam_stat x, y;
	int order = 0;

	lam_tree_stat(f->tree, a, &x);
	lam_tree_stat(f->tree, b, &y);
	if (sort == SORT_NAME)
		return reverse ? (a < b) - (a > b) : (a > b) - (a < b);
	if (sort == SORT_SIZE && lam_tree_node(f->tree, a)->live &&
	    lam_tree_node(f->tree, b)->live) {
		uint64_t p = lam_tree_node(f->tree, a)->live_bytes,
			 q = lam_tree_node(f->tree, b)->live_bytes;

		order = (p < q) - (p > q);
	} else if (sort == SORT_MTIME) {
		order = (x.mtime_s < y.mtime_s) - (x.mtime_s > y.mtime_s);
	} else if (sort == SORT_FROM) {
		uint32_t p = f->sets.rank[f->from[a]], q = f->sets.rank[f->from[b]];

		order = (p < q) - (p > q);
	} else if (sort == SORT_COUNT) {
		uint32_t p = lam_tree_node(f->tree, a)->live_count,
			 q = lam_tree_node(f->tree, b)->live_count;

		order = (p < q) - (p > q);
	} else {
		return -1; /* ghosts by size: not looked at */
	}
	if (order)
		return reverse ? -order : order;
	return (a > b) - (a < b);
}

static void orders(void **state)
{
	struct built built;
	struct facts *f;

	(void)state;
	open_random(&built, 99);
	OK(facts_new(&f, built.image, NULL, &err));
	for (int kind = 0; kind < 2 * SORT_KINDS; kind++) {
		enum sort sort = (enum sort)(kind / 2);
		struct order *order;

		OK(order_new(&order, f, sort, kind % 2, NULL, &err));
		for (uint32_t n = 0; n < f->count; n++) {
			const struct lam_node *node = lam_tree_node(f->tree, n);

			assert_int_equal(order->walk[order->place[n]], n);
			assert_int_equal(order->skip[order->place[n]] & ~ORDER_DEAD,
					 order->span[n]);
			for (uint32_t i = 0, at = order->place[n] + 1, last = 0;
			     i < node->child_count; i++) {
				uint32_t child = order->walk[at];

				assert_int_equal(lam_tree_node(f->tree, child)->parent,
						 n);
				assert_true(i == 0 || compare_as(f, sort, kind % 2, last,
								 child) < 0);
				at += order->span[child];
				last = child;
			}
		}
		order_free(order);
	}
	facts_free(f);
	built_close(&built);
}

/* One file in ten thousand directories. */
static void very_deep(void **state)
{
	enum { DEPTH = 10000 };
	char *path = malloc(2 * DEPTH + 8);
	struct image_entry entry = { path, .size = 7 };
	struct image_layer layer = { .entries = &entry, .count = 1 };
	struct rows_view v = { 0 };
	struct rows rows = { 0 };
	struct filter_result *result;
	struct filter *filter;
	struct search *search;
	struct built built;
	struct facts *facts;
	struct order *order;
	struct waste *waste;
	struct hits *hits;
	struct bits open;

	(void)state;
	for (size_t i = 0; i < DEPTH; i++)
		memcpy(path + 2 * i, "d/", 2);
	strcpy(path + 2 * DEPTH, "file");
	built_open(&built, &layer, 1);
	OK(facts_new(&facts, built.image, NULL, &err));
	OK(order_new(&order, facts, SORT_SIZE, true, NULL, &err));
	assert_true(bits_init(&open, facts->count));
	for (uint32_t n = 0; n < facts->count; n++)
		bits_set(&open, n, true);
	v = (struct rows_view){ .facts = facts, .order = order, .open = &open };
	assert_true(rows_build(&rows, &v));
	assert_int_equal(rows.count, DEPTH + 1);
	assert_int_equal(rows.items[DEPTH].depth, DEPTH);
	assert_int_equal(rows_find_near(&rows, &v, facts->count - 1), DEPTH);
	rows_close(&rows, 5);
	bits_set(&open, rows.items[5].node, false);
	assert_int_equal(rows.count, 6);
	assert_int_equal(rows_find_near(&rows, &v, facts->count - 1), 5);
	OK(filter_parse(&filter, "d/file >1", &err));
	OK(filter_run(filter, facts, NULL, NULL, 0, false, NULL, &result, &err));
	assert_int_equal(result->match_count, 1);
	OK(search_parse(&search, "d/file", &err));
	OK(search_run(search, facts, order, 0, false, NULL, &hits, &err));
	assert_int_equal(hits->count, 1);
	OK(waste_new(&waste, facts, 9, NULL, &err));
	assert_int_equal(waste->count, 0);
	waste_free(waste);
	hits_free(hits);
	search_free(search);
	filter_result_free(result);
	filter_free(filter);
	bits_fini(&open);
	rows_fini(&rows);
	order_free(order);
	facts_free(facts);
	built_close(&built);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_view),
		cmocka_unit_test(orders),
		cmocka_unit_test(very_deep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
