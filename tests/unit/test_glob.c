#include <lamina/glob.h>

#include "unit.h"

static struct lam_error err;

static void matches(void **state)
{
	static const struct {
		const char *glob, *path;
		bool matched;
	} cases[] = {
		{ "/a", "/a", true },
		{ "/a", "/ab", false },
		{ "/a/*", "/a/b", true },
		{ "/a/*", "/a/b/c", false },
		{ "/a/*", "/a", false },
		{ "/a/**", "/a/b/c", true },
		{ "/a/**", "/a", false },
		{ "/**", "/", false },
		{ "/**", "/x", true },
		{ "/**/x", "/x", true },
		{ "/**/x", "/a/b/x", true },
		{ "/**/x", "/ax", false },
		{ "/usr/**/x", "/usr/x", true },
		{ "/usr/**/x", "/usr/a/b/x", true },
		{ "/usr/**/x", "/usrx", false },
		{ "/a**z", "/a/b/z", true },
		{ "/*.so.?", "/x.so.1", true },
		{ "/*.so.?", "/x.so.", false },
		{ "/?", "/\xc3\xa9", true },
		{ "/?", "/\xe9", true },
		{ "/?", "/ab", false },
		{ "/[a-c]x", "/bx", true },
		{ "/[!a-c]x", "/bx", false },
		{ "/[!a-c]x", "/dx", true },
		{ "/[]]", "/]", true },
		{ "/[!/]", "/a", true },
		{ "/a[!b]c", "/a/c", false },
		{ "/{a,b{c,d}}", "/bd", true },
		{ "/{a,b{c,d}}", "/b", false },
		{ "/usr/share/{doc,man}/**", "/usr/share/man/x", true },
		{ "/usr/share/{doc,man}/**", "/usr/share/info/x", false },
		{ "/\\*", "/*", true },
		{ "/\\*", "/x", false },
		{ "/a\\x0ab", "/a\nb", true },
		{ "/\\u{202e}*", "/\xe2\x80\xaex", true },
		{ "/{\\u{202e},x}", "/x", true },
		{ "/a,b", "/a,b", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lam_glob *glob;

		OK(lam_glob_new(&glob, cases[i].glob, &err));
		if (lam_glob_match(glob, cases[i].path, strlen(cases[i].path)) !=
		    cases[i].matched)
			fail_msg("%s on %s", cases[i].glob, cases[i].path);
		lam_glob_free(glob);
	}
}

static void bases(void **state)
{
	static const struct {
		const char *glob, *base;
	} cases[] = {
		{ "/usr/share/{doc,man}/**", "usr/share" },
		{ "/**", "" },
		{ "/usr/*.so", "usr" },
		{ "/usr/lib", "usr/lib" },
		{ "/{a,b}", "" },
		{ "/usr/li?/x", "usr" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lam_glob *glob;
		size_t len;
		const char *base;

		OK(lam_glob_new(&glob, cases[i].glob, &err));
		base = lam_glob_base(glob, &len);
		assert_int_equal(len, strlen(cases[i].base));
		assert_memory_equal(base, cases[i].base, len);
		lam_glob_free(glob);
	}
}

static void refuses(void **state)
{
	static const char *const cases[] = {
		"a", "/[a", "/{a", "/[z-a]", "/a\\", "/\\xzz"
	};
	struct lam_glob *glob;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(lam_glob_new(&glob, cases[i], &err), LAM_EPLAN);
}

/* Twenty doublings would be a million. */
static void bounded(void **state)
{
	char text[256] = "/";
	struct lam_glob *glob;

	(void)state;
	for (int i = 0; i < 20; i++)
		strcat(text, "{a,b}");
	assert_int_equal(lam_glob_new(&glob, text, &err), LAM_EPLAN);
}

/* What backtracking matchers take for ever for. */
static void stars_are_linear(void **state)
{
	char pattern[200] = "/", path[2000] = "/";
	struct lam_glob *glob;

	(void)state;
	for (int i = 0; i < 60; i++)
		strcat(pattern, "a*");
	strcat(pattern, "b");
	memset(path + 1, 'a', sizeof path - 2);
	OK(lam_glob_new(&glob, pattern, &err));
	assert_false(lam_glob_match(glob, path, sizeof path - 1));
	lam_glob_free(glob);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches),          cmocka_unit_test(bases),
		cmocka_unit_test(refuses),          cmocka_unit_test(bounded),
		cmocka_unit_test(stars_are_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
