/* Libraries that are loaded when they are first needed. */
#include <string.h>

#include "base/library.h"
#include "unit.h"

static void functions_are_found(void **state)
{
	static const char *const names[] = { "cos", "floor", NULL };
	struct {
		double (*cos)(double);
		double (*floor)(double);
	} maths = { 0 };
	struct lam_library library = { .soname = "libm.so.6",
				       .names = names,
				       .functions = &maths };
	struct lam_error err;

	(void)state;
	assert_int_equal(lam_library_load(&library, &err), 0);
	assert_true(maths.cos(0) > 0.9 && maths.floor(2.5) < 2.1);
	maths.cos = NULL;
	assert_int_equal(lam_library_load(&library, &err), 0);
	assert_null(maths.cos);
}

static void what_is_missing_is_named(void **state)
{
	static const char *const names[] = { "cos", "lam_not_there", NULL };
	void (*functions[2])(void);
	struct lam_library none = { .soname = "liblam-none.so.1",
				    .names = names,
				    .functions = functions };
	struct lam_library old = { .soname = "libm.so.6",
				   .names = names,
				   .functions = functions };
	struct lam_error err;

	(void)state;
	assert_int_equal(lam_library_load(&none, &err), LAM_EREAD);
	assert_non_null(strstr(err.text, "liblam-none.so.1"));
	assert_non_null(strstr(err.text, "install"));
	assert_int_equal(lam_library_load(&old, &err), LAM_EREAD);
	assert_non_null(strstr(err.text, "lam_not_there"));
	assert_int_equal(lam_library_load(&old, &err), LAM_EREAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_are_found),
		cmocka_unit_test(what_is_missing_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
