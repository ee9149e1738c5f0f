/* Layers that their max_size splits: which path is in which part, and what moves when one
 * changes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lamina/layout.h>

#include "base/buf.h"
#include "base/memory.h"
#include "image_build.h"
#include "unit.h"

#define DIRS  40
#define FILES 25 /* in each */
#define COUNT (DIRS * FILES)

static struct lam_error err;

struct world {
	size_t large;  /* the file that is another, or SIZE_MAX: none */
	uint64_t size; /* of that one */
	char path[64];
};

static void make_entry(void *context, size_t n, struct image_entry *out)
{
	struct world *w = context;

	snprintf(w->path, sizeof w->path, "opt/lib%zu/f%zu", n / FILES, n % FILES);
	*out = (struct image_entry){ .path = w->path, .size = 1000 + n % 7 * 300 };
	if (n != w->large)
		return;
	out->size = w->size;
	out->seed = 99;
}

struct laid {
	struct built built;
	struct lam_plan *plan;
	struct lam_layout *layout;
};

static void lay_out(struct laid *l, const struct image_layer *layers, size_t count,
		    const char *layer)
{
	struct lam_plan_errors errors = { 0 };
	LAM_CLEANUP(lam_free_ptr)
	char *text = lam_xprintf("{\"lamina\": 1, \"layers\": [%s]}", layer);

	built_open(&l->built, layers, count);
	OK(lam_plan_parse(&l->plan, text, strlen(text), "plan", &errors, &err));
	OK(lam_layout_new(&l->layout, l->built.image, l->plan, NULL, NULL, &err));
}

static void lay_out_world(struct laid *l, struct world *w)
{
	const struct image_layer layer = { .count = COUNT,
					   .make = make_entry,
					   .context = w };

	lay_out(l, &layer, 1,
		"{\"name\": \"all\", \"from\": \"rest\", \"max_size\": \"200k\"}");
}

static void done(struct laid *l)
{
	lam_layout_free(l->layout);
	lam_plan_free(l->plan);
	built_close(&l->built);
}

static uint32_t part_of(const struct laid *l, const char *path)
{
	const struct lam_tree *tree = lam_image_tree(l->built.image);
	uint32_t node = lam_tree_find(tree, path, strlen(path));

	assert_int_not_equal(node, LAM_NODE_NONE);
	return lam_layout_target_of(l->layout, node);
}

/* Targets of one layout that are none of the other's: another set of files. */
static size_t count_changed(const struct laid *a, const struct laid *b, size_t changed)
{
	size_t count = lam_layout_target_count(b->layout), found = 0;

	for (uint32_t t = 0; t < count; t++) {
		uint32_t was = UINT32_MAX, files = 0;
		bool same = true;

		for (size_t n = 0; n < COUNT && same; n++) {
			struct world w = { .large = SIZE_MAX };
			struct image_entry entry;

			make_entry(&w, n, &entry);
			if (part_of(b, entry.path) != t)
				continue;
			files++;
			was = was == UINT32_MAX ? part_of(a, entry.path) : was;
			same = n != changed && part_of(a, entry.path) == was;
		}
		found +=
			!same ||
			(files && lam_layout_target(a->layout, was)->file_count != files);
	}
	return found;
}

/* None is larger than it may be, all are the same layer's, and they are numbered. */
static void check_parts(const struct laid *l, uint64_t most)
{
	size_t count = lam_layout_target_count(l->layout);
	const struct lam_target *sum = lam_layout_layer(l->layout, 0);
	uint64_t bytes = 0;
	char text[LAM_TARGET_TEXT], want[64];

	for (size_t t = 0; t < count; t++) {
		const struct lam_target *target = lam_layout_target(l->layout, t);

		assert_int_equal(target->fate, LAM_FATE_REWRITTEN);
		assert_in_range(target->tar_size, 1, most);
		assert_int_equal(target->layer, 0);
		snprintf(want, sizeof want, "all %zu/%zu", t + 1, count);
		assert_string_equal(lam_target_text(target, text), want);
		bytes += target->tar_size;
	}
	assert_int_equal(sum->tar_size, bytes);
	assert_int_equal(sum->parts, count);
}

/* A file that changes, and grows a little, changes the part that it is in; where that is full
 * now, it is in two. Nothing else moves. */
static void one_part_changes(void **state)
{
	struct world before = { .large = SIZE_MAX };
	struct laid a, b;
	size_t count;

	(void)state;
	lay_out_world(&a, &before);
	count = lam_layout_target_count(a.layout);
	assert_in_range(count, 10, 40);
	for (size_t n = 0; n < COUNT; n += 83) {
		struct world after = { .large = n, .size = 5000 + n * 20 };

		lay_out_world(&b, &after);
		assert_in_range(count_changed(&a, &b, n), 1, 2);
		assert_in_range(lam_layout_target_count(b.layout), count, count + 1);
		done(&b);
	}
	done(&a);
}

static void parts_fit(void **state)
{
	struct world world = { .large = SIZE_MAX };
	struct laid l;

	(void)state;
	lay_out_world(&l, &world);
	check_parts(&l, 200 << 10);
	done(&l);
}

/* A blob that is small enough stays; one that is larger is written where that helps. */
static void blobs(void **state)
{
	static const struct image_entry one[] = { { "big", .size = 40000 } };
	static const struct image_entry two[] = { { "x/a", .size = 40000 },
						  { "x/b", .size = 40000 } };
	static const struct {
		const struct image_entry *entries;
		size_t count;
		const char *most;
		enum lam_fate fate;
		size_t parts, remarks;
	} ROWS[] = {
		{ two, 2, "1M", LAM_FATE_KEPT, 1, 0 },
		{ two, 2, "60k", LAM_FATE_REWRITTEN, 2, 0 },
		{ two, 2, "30k", LAM_FATE_REWRITTEN, 2, 2 },
		{ one, 1, "30k", LAM_FATE_KEPT, 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		const struct image_layer layer = { .entries = ROWS[i].entries,
						   .count = ROWS[i].count };
		LAM_CLEANUP(lam_free_ptr)
		char *text = lam_xprintf("{\"name\": \"all\", \"from\": [0], "
					 "\"max_size\": \"%s\"}",
					 ROWS[i].most);
		struct laid l;

		lay_out(&l, &layer, 1, text);
		assert_int_equal(lam_layout_target(l.layout, 0)->fate, ROWS[i].fate);
		assert_int_equal(lam_layout_target_count(l.layout), ROWS[i].parts);
		assert_int_equal(lam_layout_remark_count(l.layout), ROWS[i].remarks);
		for (size_t r = 0; r < ROWS[i].remarks; r++) {
			assert_true(lam_layout_remark(l.layout, r)->strict);
			assert_non_null(strstr(lam_layout_remark(l.layout, r)->text,
					       "alone has 39.1K"));
		}
		done(&l);
	}
}

/* Names of one file are in one part, wherever they are. */
static void links_together(void **state)
{
	static const struct image_entry entries[] = {
		{ "a/x", .size = 9000 },         { "b/y", .size = 9000 },
		{ "c/z", .size = 9000 },         { "c/x", 'h', .target = "a/x" },
		{ "c/y", 'h', .target = "b/y" },
	};
	const struct image_layer layer = IMAGE_LAYER(entries);
	struct laid l;

	(void)state;
	lay_out(&l, &layer, 1,
		"{\"name\": \"all\", \"from\": \"rest\", \"max_size\": \"14k\"}");
	assert_int_equal(lam_layout_target_count(l.layout), 3);
	assert_int_equal(part_of(&l, "a/x"), part_of(&l, "c/x"));
	assert_int_equal(part_of(&l, "b/y"), part_of(&l, "c/y"));
	assert_int_equal(lam_layout_remark_count(l.layout), 0);
	done(&l);
}

/* A plan with one layer of everything, in parts as small as can be, is refused with this. */
static void refused(const struct image_layer *layer, const char *want)
{
	struct lam_plan_errors errors = { 0 };
	static const char text[] =
		"{\"lamina\": 1, \"layers\": [{\"name\": \"all\", \"from\": \"rest\", "
		"\"max_size\": \"1\"}]}";
	struct built built;
	struct lam_layout *layout;
	struct lam_plan *plan;

	built_open(&built, layer, 1);
	OK(lam_plan_parse(&plan, text, strlen(text), "plan", &errors, &err));
	assert_int_equal(lam_layout_new(&layout, built.image, plan, &errors, NULL, &err),
			 LAM_EPLAN);
	assert_int_equal(errors.count, 1);
	assert_non_null(strstr(err.text, want));
	assert_non_null(strstr(err.text, "raise its max_size"));
	lam_plan_errors_fini(&errors);
	lam_plan_free(plan);
	built_close(&built);
}

/* More parts than a stack can have are refused at once. */
static void too_many(void **state)
{
	struct world world = { .large = SIZE_MAX };
	const struct image_layer layer = { .count = 20000,
					   .make = make_entry,
					   .context = &world };

	(void)state;
	refused(&layer, "would be in 20000 parts");
}

/* A file in each of so many directories, one in the other: each part would have all above. */
static void make_deep(void *context, size_t n, struct image_entry *out)
{
	char *path = context, *at = path;

	for (size_t i = 0; i < n; i++)
		at = stpcpy(at, "d/");
	strcpy(at, "f");
	*out = (struct image_entry){ .path = path, .body = "x" };
}

static void too_deep(void **state)
{
	char path[2000];
	const struct image_layer layer = { .count = 600,
					   .make = make_deep,
					   .context = path };

	(void)state;
	refused(&layer, "directories of more than 64.0M once more");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_part_changes),
		cmocka_unit_test(parts_fit),
		cmocka_unit_test(blobs),
		cmocka_unit_test(links_together),
		cmocka_unit_test(too_many),
		cmocka_unit_test(too_deep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
