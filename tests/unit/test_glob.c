#include <string.h>

#include "base/glob.h"
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

/* Braces written out are bounded as a whole, not each alternative for itself. */
static void long_ones_are_bounded(void **state)
{
	static char text[65536];
	struct lam_glob *glob;
	char *at = text;

	(void)state;
	*at++ = '/';
	for (int i = 0; i < 9; i++) {
		memcpy(at, "{a,b}", 5);
		at += 5;
	}
	memset(at, 'x', sizeof text - 1 - (size_t)(at - text));
	assert_int_equal(lam_glob_new(&glob, text, &err), LAM_EPLAN);
	at[-1] = '/';
	OK(lam_glob_new(&glob, at - 1, &err));
	assert_int_equal(lam_glob_size(glob), strlen(at - 1));
	lam_glob_free(glob);
}

/* Many as one */

static bool set_matches(struct lam_globs *globs, const char *path, size_t len,
			uint32_t number)
{
	struct lam_globs_state state = { 0 };
	struct lam_globs_matches matches = { 0 };
	uint32_t found;
	bool matched = false;

	lam_globs_begin(globs, &state);
	/* as a walk through a tree goes: the slash, and then a name at a time */
	for (size_t at = 0, end; at < len; at = end) {
		const char *slash = memchr(path + at, '/', len - at);

		end = slash == path + at ? at + 1 : slash ? (size_t)(slash - path) : len;
		assert_true(
			lam_globs_step(globs, &state, path + at, end - at, &state, NULL));
	}
	while ((found = lam_globs_next(globs, &state, &matches)) != UINT32_MAX)
		matched = matched || found == number;
	lam_globs_state_fini(&state);
	return matched;
}

static const char *pick(unsigned *random, const char *const *from, size_t count)
{
	*random = *random * 1103515245u + 12345u;
	return from[(*random >> 16) % count];
}

static void compose(unsigned *random, char out[128], bool glob)
{
	static const char *const of_globs[] = {
		"a",     "b",    "\xc3\xa9", "*",    "**",    "?",
		"/",     "/**/", "/",        "[ab]", "[!a]",  "{a,b*}",
		"{/,a}", "/a",   "/*",       "/**",  "\\xc3", "[\xc3\xa9-\xc3\xb0]",
	};
	static const char *const of_paths[] = { "a",    "b",        "ab", "\xc3\xa9",
						"\xc3", "\xa9",     "/a", "/b",
						"/",    "/\xc3\xa9" };
	size_t parts = 1 + *random % 6;

	strcpy(out, "/");
	for (size_t i = 0; i < parts; i++) {
		const char *part =
			glob ? pick(random, of_globs, sizeof of_globs / sizeof *of_globs)
			     : pick(random, of_paths, sizeof of_paths / sizeof *of_paths);

		/* a path has no empty components */
		if (out[strlen(out) - 1] == '/' && part[0] == '/')
			part++;
		strcat(out, part);
	}
	if (!glob && strlen(out) > 1 && out[strlen(out) - 1] == '/')
		out[strlen(out) - 1] = '\0';
}

static void sets_are_as_each(void **state)
{
	enum { GLOBS = 60, PATHS = 200, ROUNDS = 20 };
	unsigned random = 7;
	size_t both = 0;

	(void)state;
	for (size_t round = 0; round < ROUNDS; round++) {
		struct lam_globs *set = lam_globs_new();
		struct lam_glob *globs[GLOBS];
		char texts[GLOBS][128], path[128];

		for (uint32_t i = 0; i < GLOBS; i++) {
			compose(&random, texts[i], true);
			OK(lam_glob_new(&globs[i], texts[i], &err));
			lam_globs_add(set, globs[i], i);
		}
		for (size_t p = 0; p < PATHS; p++) {
			compose(&random, path, false);
			for (uint32_t i = 0; i < GLOBS; i++) {
				bool one = lam_glob_match(globs[i], path, strlen(path));

				if (one != set_matches(set, path, strlen(path), i))
					fail_msg("%s on %s: %d alone", texts[i], path,
						 one);
				both += one;
			}
		}
		for (size_t i = 0; i < GLOBS; i++)
			lam_glob_free(globs[i]);
		lam_globs_free(set);
	}
	assert_true(both > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches),
		cmocka_unit_test(bases),
		cmocka_unit_test(refuses),
		cmocka_unit_test(bounded),
		cmocka_unit_test(stars_are_linear),
		cmocka_unit_test(long_ones_are_bounded),
		cmocka_unit_test(sets_are_as_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
