#include <stdio.h>

#include "editor/analysis/suggest.h"
#include "editor/find/search.h"
#include "image_build.h"
#include "unit.h"

#define MIB (1 << 20)

static struct lam_error err;

static const struct image_entry base[] = {
	{ "usr/lib/python/a", .size = 6 * MIB },
	{ "usr/lib/python/b", .size = 2 * MIB },
	{ "usr/lib/big.so", .size = 3 * MIB },
	{ "usr/bin/tool", .size = 1000 },
	{ "lib", 'l', .target = "usr/lib" },
	{ "opt/app/x", .size = 4 * MIB },
	{ "opt/app/y", .size = 1 },
	{ "var/cache/apt/pkg/one", .size = 5 * MIB },
	{ "var/cache/apt/pkg/two", .size = 10 },
	{ "var/cache/apt/empty", .kind = 'd' },
	{ "var/lib/dpkg/info/python3:amd64.list",
	  .body = "/.\n/usr\n/usr/lib\n/usr/lib/python\n/lib/python/a\n/usr/lib/python/b\n"
		  "/usr/bin/tool\n/nowhere/x\n" },
	{ "var/lib/dpkg/info/small.list", .body = "/opt/app/y\n" },
	{ "var/lib/dpkg/info/greedy.list", .body = "/usr/lib/big.so\n/opt/app/x" },
	{ "var/lib/dpkg/info/other.md5sums", .body = "/usr/lib/big.so\n" },
};
static const struct image_entry alpine[] = {
	{ "lib/apk/db/installed",
	  .body = "C:x\nP:musl\nV:1\nF:lib\nR:ld.so\nZ:q\nF:usr/share\nR:none\n\nP:big\n"
		  "F:opt/big\nR:one\nR:two\n" },
	{ "lib/ld.so", .size = 10 },
	{ "opt/big/one", .size = 2 * MIB },
	{ "opt/big/two", .size = 2 * MIB },
};

struct fixture {
	struct built built;
	struct facts *facts;
	struct effect *effect;
};

static void begin(struct fixture *f, const struct image_layer *layer, const char *rules)
{
	struct lam_plan *plan;
	char text[1024];

	snprintf(text, sizeof text,
		 "{\"lamina\": 1, \"layers\": [{\"name\": \"base\", \"from\": \"rest\"}, "
		 "{\"name\": \"app\"}], \"assign\": [%s]}",
		 rules);
	built_open(&f->built, layer, 1);
	OK(facts_new(&f->facts, f->built.image, NULL, &err));
	OK(lam_plan_parse(&plan, text, strlen(text), "plan", NULL, &err));
	OK(effect_new(&f->effect, f->facts, plan, NULL, NULL, &err));
}

static void end(struct fixture *f)
{
	effect_free(f->effect);
	facts_free(f->facts);
	built_close(&f->built);
}

/* "name: path path, name: ..." */
static void suggests(const struct fixture *f, enum suggest_how how, uint32_t target,
		     uint64_t size, const char *want)
{
	struct suggestions *s;
	char got[4096];
	size_t len = 0;

	OK(suggest_new(&s, f->effect, f->facts, how, target, size, NULL, &err));
	got[0] = '\0';
	for (size_t i = 0; i < s->count; i++) {
		len += (size_t)sprintf(got + len, "%s%s:", i ? ", " : "",
				       s->items[i].name ? s->items[i].name : "-");
		for (size_t k = 0; k < s->items[i].pattern_count; k++)
			len += (size_t)sprintf(got + len, " %s", s->items[i].patterns[k]);
		assert_true(s->items[i].files > 0);
		assert_true(s->items[i].bytes > 0);
	}
	assert_string_equal(got, want);
	suggest_free(s);
}

static void directories(void **state)
{
	const struct image_layer layer = IMAGE_LAYER(base);
	struct fixture f;

	(void)state;
	begin(&f, &layer, "");
	suggests(
		&f, SUGGEST_DIRECTORY, TARGET_SEVERAL, 0,
		"python: /usr/lib/python, var: /var, opt: /opt, big.so: /usr/lib/big.so");
	suggests(&f, SUGGEST_DIRECTORY, 1, 0, "");
	end(&f);
	/* what is elsewhere, or left out, is not taken along */
	begin(&f, &layer,
	      "{\"path\": \"/opt/app/y\", \"to\": \"app\"}, {\"path\": "
	      "\"/var/cache/apt/pkg/two\", \"to\": null}");
	suggests(
		&f, SUGGEST_DIRECTORY, 0, 0,
		"python: /usr/lib/python, one: /var/cache/apt/pkg/one, x: /opt/app/x, big.so: "
		"/usr/lib/big.so");
	end(&f);
}

static void sizes(void **state)
{
	const struct image_layer layer = IMAGE_LAYER(base);
	struct fixture f;

	(void)state;
	begin(&f, &layer, "");
	suggests(&f, SUGGEST_SIZE, TARGET_SEVERAL, 9 * MIB,
		 "part-1: /lib /opt /usr/bin /usr/lib/big.so, part-2: /usr/lib/python, "
		 "part-3: /var");
	suggests(&f, SUGGEST_SIZE, 0, 100 * MIB, "");
	suggests(&f, SUGGEST_SIZE, 0, 11 * MIB, "base-2: /usr/lib, base-3: /var");
	end(&f);
}

static void packages(void **state)
{
	const struct image_layer debian = IMAGE_LAYER(base), apk = IMAGE_LAYER(alpine);
	struct fixture f;

	(void)state;
	begin(&f, &debian, "");
	suggests(&f, SUGGEST_PACKAGE, TARGET_SEVERAL, 0,
		 "python3: dpkg:python3, greedy: dpkg:greedy");
	end(&f);
	/* a rule would take along what is in another layer */
	begin(&f, &debian, "{\"path\": \"/opt/app\", \"to\": \"app\"}");
	suggests(&f, SUGGEST_PACKAGE, 0, 0, "python3: dpkg:python3");
	suggests(&f, SUGGEST_PACKAGE, TARGET_SEVERAL, 0,
		 "python3: dpkg:python3, greedy: dpkg:greedy");
	end(&f);
	begin(&f, &apk, "");
	suggests(&f, SUGGEST_PACKAGE, 0, 0, "big: apk:big");
	end(&f);
}

static void package_patterns(void **state)
{
	const struct image_layer debian = IMAGE_LAYER(base);
	struct pattern_sum sum;
	struct fixture f;

	(void)state;
	begin(&f, &debian, "");
	OK(pattern_count(&sum, "dpkg:py*", f.facts, NULL, &err));
	/* two directories, and three files */
	assert_int_equal(sum.entries, 5);
	assert_int_equal(sum.bytes, 8 * MIB + 1000);
	OK(pattern_count(&sum, "apk:**", f.facts, NULL, &err));
	assert_int_equal(sum.entries, 0);
	end(&f);
}

static void caches(void **state)
{
	const struct image_layer layer = IMAGE_LAYER(base);
	struct fixture f;

	(void)state;
	begin(&f, &layer, "");
	suggests(&f, SUGGEST_WASTE, TARGET_SEVERAL, 0, "-: /var/cache/apt/pkg");
	suggests(&f, SUGGEST_WASTE, 1, 0, "");
	end(&f);
}

static void stopped(void **state)
{
	const struct image_layer layer = IMAGE_LAYER(base);
	struct suggestions *s;
	atomic_bool stop = true;
	struct fixture f;

	(void)state;
	begin(&f, &layer, "");
	for (int how = SUGGEST_DIRECTORY; how <= SUGGEST_WASTE; how++) {
		assert_int_equal(suggest_new(&s, f.effect, f.facts, (enum suggest_how)how,
					     0, MIB, &stop, &err),
				 LAM_ESTOPPED);
		assert_null(s);
	}
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(directories), cmocka_unit_test(sizes),
		cmocka_unit_test(packages),    cmocka_unit_test(package_patterns),
		cmocka_unit_test(caches),      cmocka_unit_test(stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
