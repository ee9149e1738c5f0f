/* Memory for large things, and interned names. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/names.h"
#include "unit.h"

#define MIB  (1u << 20)
#define MANY 300000u /* their tables are larger than a huge page */

static struct lam_error err;

static bool is_zero(const unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i])
			return false;
	}
	return true;
}

static void large(void **state)
{
	static const size_t SIZES[] = { 1, MIB, 2 * MIB - 1, 2 * MIB, 5 * MIB + 7 };

	(void)state;
	for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
		void *bytes = lam_alloc_large(SIZES[i]);

		assert_non_null(bytes);
		if (SIZES[i] >= 2 * MIB)
			assert_int_equal((uintptr_t)bytes % (2 * MIB), 0);
		/* what is there when it is given out again is not zero */
		memset(bytes, 0xff, SIZES[i]);
		free(bytes);
		bytes = lam_zeroed_large(SIZES[i], 1);
		assert_true(is_zero(bytes, SIZES[i]));
		free(bytes);
	}
}

/* One call for all of its pages, where the kernel has it. */
static void there_at_once(void **state)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char is_there[MIB / 4096] = { 0 };
	char *bytes, *first;
	int code;

	(void)state;
	first = aligned_alloc(page, page);
	assert_non_null(first);
	code = madvise(first, page, MADV_POPULATE_WRITE);
	free(first);
	if (code < 0 || page != 4096)
		skip();
	bytes = lam_alloc_large(MIB - 1);
	assert_non_null(bytes);
	assert_int_equal(mincore(bytes, MIB - page, is_there), 0);
	for (size_t i = 0; i < MIB / page - 1; i++)
		assert_true(is_there[i] & 1);
	free(bytes);
}

static size_t name(char out[16], uint32_t n)
{
	return (size_t)snprintf(out, 16, "name-%u", n);
}

static void add_all(struct lam_names *names)
{
	for (uint32_t n = 0; n < MANY; n++) {
		char text[16];
		uint32_t number;

		OK(lam_names_add(names, text, name(text, n), &number, &err));
		assert_int_equal(number, n);
	}
}

static void names_are_numbered(void **state)
{
	struct lam_names names = { 0 };
	char text[16];

	(void)state;
	add_all(&names);
	add_all(&names);
	assert_int_equal(names.count, MANY);
	for (uint32_t n = 0; n < MANY; n += 7) {
		size_t len = name(text, n), got_len;
		const char *got = lam_names_get(&names, n, &got_len);

		assert_int_equal(lam_names_find(&names, text, len), n);
		assert_int_equal(got_len, len);
		assert_memory_equal(got, text, len);
	}
	assert_int_equal(lam_names_find(&names, "name", 4), UINT32_MAX);
	lam_names_fini(&names);
}

static void names_of_another_set(void **state)
{
	struct lam_names from = { 0 }, names = { 0 };
	uint32_t *numbers = calloc(MANY, sizeof *numbers), first;

	(void)state;
	assert_non_null(numbers);
	add_all(&from);
	OK(lam_names_add(&names, "name-5", 6, &first, &err));
	OK(lam_names_reserve(&names, MANY, &err));
	OK(lam_names_add_from(&names, &from, 0, MANY, numbers, &err));
	assert_int_equal(numbers[5], first);
	assert_int_equal(names.count, MANY);
	for (uint32_t n = 0; n < MANY; n++) {
		size_t len, want_len;
		const char *got = lam_names_get(&names, numbers[n], &len),
			   *want = lam_names_get(&from, n, &want_len);

		if (len != want_len || memcmp(got, want, len) != 0)
			fail();
	}
	free(numbers);
	lam_names_fini(&names);
	lam_names_fini(&from);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(large),
		cmocka_unit_test(there_at_once),
		cmocka_unit_test(names_are_numbered),
		cmocka_unit_test(names_of_another_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
