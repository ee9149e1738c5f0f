#include "ui/list.h"
#include "unit.h"

/* core/base has a limits.h of its own. */
#define FAR ((long)(SIZE_MAX / 2))

static void check(const struct list *list)
{
	assert_true(list->cursor < list->count || list->cursor == 0);
	if (list->height == 0)
		return;
	assert_true(list->cursor >= list->top);
	assert_true(list->cursor - list->top < list->height);
	assert_true(list->top == 0 || list->top + list->height <= list->count);
}

static void moves(void **state)
{
	struct list list = { 0 };

	(void)state;
	list_fit(&list, 100, 10);
	list_move(&list, 3);
	assert_int_equal(list.cursor, 3);
	assert_int_equal(list.top, 0);
	list_move(&list, 9);
	assert_int_equal(list.cursor, 12);
	assert_int_equal(list.top, 3);
	list_move(&list, -50);
	assert_int_equal(list.cursor, 0);
	assert_int_equal(list.top, 0);
	list_move(&list, FAR);
	assert_int_equal(list.cursor, 99);
	assert_int_equal(list.top, 90);
	list_move(&list, -FAR - 1);
	assert_int_equal(list.cursor, 0);
	list_go(&list, 50);
	assert_int_equal(list.cursor, 50);
	list_go(&list, 1000);
	assert_int_equal(list.cursor, 99);
}

static void pages(void **state)
{
	struct list list = { 0 };

	(void)state;
	list_fit(&list, 100, 10);
	list_page(&list, 1, false);
	assert_int_equal(list.cursor, 9);
	assert_int_equal(list.top, 9);
	list_page(&list, 1, true);
	assert_int_equal(list.cursor, 14);
	assert_int_equal(list.top, 14);
	list_page(&list, 100, false);
	assert_int_equal(list.cursor, 99);
	assert_int_equal(list.top, 90);
	list_page(&list, -FAR - 1, false);
	assert_int_equal(list.cursor, 0);
	assert_int_equal(list.top, 0);
	list_fit(&list, 100, 1);
	list_page(&list, 2, false);
	assert_int_equal(list.cursor, 2);
}

static void fits(void **state)
{
	struct list list = { 0 };

	(void)state;
	list_fit(&list, 100, 10);
	list_go(&list, 99);
	list_fit(&list, 50, 10);
	assert_int_equal(list.cursor, 49);
	assert_int_equal(list.top, 40);
	list_fit(&list, 50, 30);
	assert_int_equal(list.top, 20);
	list_fit(&list, 50, 1);
	assert_int_equal(list.top, 49);
	list_fit(&list, 0, 10);
	assert_int_equal(list.cursor, 0);
	assert_int_equal(list.top, 0);
	list_move(&list, 1);
	assert_int_equal(list.cursor, 0);
	list_fit(&list, 5, 0);
	list_move(&list, 2);
	assert_int_equal(list.cursor, 2);
}

static void at_random(void **state)
{
	uint64_t seed = 1;
	struct list list = { 0 };

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct list again;
		long by = (long)(next_random(&seed) % 41) - 20;

		switch (next_random(&seed) % 4) {
		case 0: list_move(&list, by); break;
		case 1: list_page(&list, by / 5, by & 1); break;
		case 2: list_go(&list, next_random(&seed) % 60); break;
		default:
			list_fit(&list, next_random(&seed) % 50, next_random(&seed) % 20);
		}
		check(&list);
		again = list;
		list_fit(&again, list.count, list.height);
		assert_memory_equal(&again, &list, sizeof list);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moves),
		cmocka_unit_test(pages),
		cmocka_unit_test(fits),
		cmocka_unit_test(at_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
