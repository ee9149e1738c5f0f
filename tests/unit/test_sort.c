/* The sort that can be stopped. */
#include <stdbool.h>

#include "base/sort.h"
#include "unit.h"

static struct lam_error err;

struct item {
	uint32_t key, was;
};

static size_t compared;
static atomic_bool stop;
static size_t stop_at;

static int by_key(const void *a, const void *b, void *context)
{
	const struct item *x = a, *y = b;

	assert_ptr_equal(context, &err);
	if (++compared == stop_at)
		atomic_store(&stop, true);
	return (x->key > y->key) - (x->key < y->key);
}

static struct item *some(size_t count, uint32_t keys)
{
	struct item *items = calloc(count + 1, sizeof *items);
	uint64_t random = count + keys;

	for (size_t i = 0; i < count; i++)
		items[i] = (struct item){ (uint32_t)(next_random(&random) % keys),
					  (uint32_t)i };
	return items;
}

static int sort(struct item *items, size_t count)
{
	return lam_sort(items, count, sizeof *items, by_key, &err, &stop, &err);
}

static void sorts_and_is_stable(void **state)
{
	static const uint32_t keys[] = { 1, 3, 1000000 };

	(void)state;
	for (size_t count = 0; count < 300; count += count < 20 ? 1 : 37) {
		for (size_t k = 0; k < 3; k++) {
			struct item *items = some(count, keys[k]);

			OK(sort(items, count));
			for (size_t i = 1; i < count; i++)
				assert_true(items[i - 1].key < items[i].key ||
					    (items[i - 1].key == items[i].key &&
					     items[i - 1].was < items[i].was));
			free(items);
		}
	}
}

/* All are there still, each once, and it ends some thousand steps later. */
static void can_be_stopped(void **state)
{
	enum { COUNT = 200000 };
	struct item *items = some(COUNT, 1000);
	bool *seen = calloc(COUNT, sizeof *seen);

	(void)state;
	compared = 0;
	stop_at = 1000000;
	assert_int_equal(sort(items, COUNT), LAM_ESTOPPED);
	assert_in_range(compared, stop_at, stop_at + 5000);
	for (size_t i = 0; i < COUNT; i++) {
		assert_false(seen[items[i].was]);
		seen[items[i].was] = true;
	}
	free(seen);
	free(items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sorts_and_is_stable),
		cmocka_unit_test(can_be_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
