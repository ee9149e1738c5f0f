#include "registry/challenge.h"
#include "unit.h"

static void is_text(const char *have, const char *want)
{
	if (want)
		assert_string_equal(have, want);
	else
		assert_null(have);
}

static void read_in_all_forms(void **state)
{
	static const struct {
		const char *header;
		bool basic, bearer;
		const char *realm, *service, *scope;
	} cases[] = {
		{ "Basic realm=\"r\"", true, false, NULL, NULL, NULL },
		{ "Bearer realm=\"https://a/token\",service=\"s, t\",scope=\"repository:a:pull,push\"",
		  false, true, "https://a/token", "s, t", "repository:a:pull,push" },
		{ "bearer Realm=https://a/t , SERVICE=s", false, true, "https://a/t", "s",
		  NULL },
		{ "Basic realm=\"no\", Bearer realm=\"yes\"", true, true, "yes", NULL,
		  NULL },
		{ "Bearer realm=\"a\\\"b\"", false, true, "a\"b", NULL, NULL },
		{ "Bearer realm=\"\"", false, true, NULL, NULL, NULL },
		{ "Bearer realm=\"open", false, true, "open", NULL, NULL },
		{ "Negotiate abc==, Basic", true, false, NULL, NULL, NULL },
		{ "", false, false, NULL, NULL, NULL },
		{ ",,= =,\"", false, false, NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lam_challenge c = { 0 };

		lam_challenge_add(&c, cases[i].header);
		assert_int_equal(c.basic, cases[i].basic);
		assert_int_equal(c.bearer, cases[i].bearer);
		is_text(c.realm, cases[i].realm);
		is_text(c.service, cases[i].service);
		is_text(c.scope, cases[i].scope);
		lam_challenge_fini(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(read_in_all_forms) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
