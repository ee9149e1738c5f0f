/* What layers are called that nobody named. */
#include <stdlib.h>

#include <lamina/plan.h>

#include "image/title.h"
#include "image_build.h"
#include "unit.h"

static void made_by_words(void **state)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ "COPY app /opt/app # buildkit", "COPY app /opt/app" },
		{ "RUN /bin/sh -c chown -R app /opt # buildkit", "chown -R app /opt" },
		{ "RUN |1 A=b /bin/sh -c make  \\\n\t all # buildkit", "make all" },
		{ "/bin/sh -c #(nop) ADD file:12 in / ", "ADD file:12 in /" },
		{ "/bin/sh -c apt-get update", "apt-get update" },
		{ "|2 A=1 B=2 /bin/sh -c make", "make" },
		{ "RUN make", "make" },
		{ "bazel build ...", "bazel build ..." },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *text = lam_made_by(cases[i][0]);

		assert_string_equal(text, cases[i][1]);
		free(text);
	}
}

static void titles_of_words(void **state)
{
	static const struct {
		const char *created_by, *title;
	} cases[] = {
		{ "", NULL },
		{ "layer 3", NULL },
		{ "compilers", "compilers" },
		{ "RUN make", NULL },
		/* packages */
		{ "RUN apt-get install -y python3 # buildkit", "python3" },
		{ "/bin/sh -c apt-get update && apt-get install -y --no-install-recommends "
		  "ca-certificates curl && rm -rf /var/lib/apt/lists/*",
		  "ca-certificates" },
		{ "RUN /bin/sh -c set -eux; \\\n\tapt-get update; \\\n\tapt-get -o A=b "
		  "install -y -t stable \\\n\t\tgcc=4:12 \\\n\t; # buildkit",
		  "gcc" },
		{ "RUN |1 V=3 /bin/sh -c DEBIAN_FRONTEND=none sudo apt-get -y install "
		  "$NAMES 'git' # buildkit",
		  "git" },
		{ "RUN /bin/sh -c apk add --no-cache --virtual .tools nodejs # buildkit",
		  "nodejs" },
		{ "RUN /bin/sh -c apt-get install -y gcc && make && apt-get purge -y gcc",
		  NULL },
		{ "RUN /bin/sh -c apt-get install", NULL },
		{ "RUN /bin/sh -c apt-get update; apt-get install; true", NULL },
		{ "RUN /bin/sh -c apt-get upgrade -y", NULL },
		{ "RUN pip install --no-cache-dir -r requirements.txt", "pip" },
		{ "RUN pip install -e .", "pip" },
		{ "RUN python3 -m pip install \"flask[async]>=2\" gunicorn", "flask" },
		{ "RUN /usr/bin/python3.12 setup.py install", NULL },
		{ "RUN cd /srv && npm ci", "npm" },
		{ "RUN npm install -g @scope/tool@1.2", "tool" },
		{ "RUN npm --prefix /srv install ./local", "npm" },
		{ "RUN go build -o /app ./cmd/app", "go" },
		{ "RUN useradd app", NULL },
		/* copies */
		{ "COPY app /opt/app # buildkit", "app" },
		{ "COPY --from=build --chown=1:1 /out/tool /usr/local/bin/ # buildkit",
		  "tool" },
		{ "COPY a.py b.py /srv/ # buildkit", "srv" },
		{ "COPY . . # buildkit", NULL },
		{ "COPY --from=build / / # buildkit", NULL },
		{ "COPY requirements.txt . # buildkit", "requirements.txt" },
		{ "/bin/sh -c #(nop) COPY dir:0a1b in /opt/app ", "app" },
		{ "/bin/sh -c #(nop) COPY file:0a1b in /usr/lib/ ", NULL },
		{ "/bin/sh -c #(nop) ADD file:0a1b in / ", NULL },
		{ "ADD site.tar.gz / # buildkit", "site" },
		{ "ADD ", NULL },
		{ "WORKDIR /srv/web", "web" },
		/* written by this program */
		{ "lamina: py-deps", "py-deps" },
		{ "lamina: big (2 of 5)", "big" },
		{ "lamina: layer-7", NULL },
		{ "lamina: layer-seven", "layer-seven" },
		/* what has no place in a name */
		{ "COPY x /opt/\x1b[2Jevil # buildkit", "opt" },
		{ "COPY x /opt/abc\xff\xfe # buildkit", "abc" },
		{ "RUN apt-get install \xe6\x97\xa5 -- \"; rm", NULL },
		{ "RUN apt-get install 1234 56", NULL },
		{ "lamina: ../../etc", NULL },
		{ "COPY x /opt/a-name-that-is-longer-than-any", "a-name-that-is-lon" },
		{ "COPY x /opt/.-_", "opt" },
		{ ";;; && || |", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *title = lam_title_of_words(cases[i].created_by, false);

		if (!cases[i].title)
			assert_null(title);
		else
			assert_string_equal(title ? title : cases[i].created_by,
					    cases[i].title);
		free(title);
	}
}

static void base_of_a_rootfs(void **state)
{
	char *title = lam_title_of_words("ADD rootfs.tar / # buildkit", true);

	(void)state;
	assert_string_equal(title, "base");
	free(title);
	title = lam_title_of_words("COPY tool /", true);
	assert_string_equal(title, "tool");
	free(title);
}

/* Names in the plan that changes nothing. */
static void check_names(const struct image_layer *layers, size_t count,
			const struct lam_plan_request *request, const char *const *names)
{
	struct built built;
	struct lam_plan *plan;
	struct lam_error err = { 0 };

	built_open(&built, layers, count);
	assert_int_equal(lam_plan_make(&plan, built.image, request, &err), 0);
	for (size_t i = 0; i < plan->layer_count; i++)
		assert_string_equal(plan->layers[i].name, names[i]);
	assert_null(names[plan->layer_count]);
	lam_plan_free(plan);
	built_close(&built);
}

static void titles_of_files(void **state)
{
	static const struct image_entry system[] = { { "etc/passwd", .body = "r" },
						     { "usr/lib/x", .size = 9000 } };
	static const struct image_entry python[] = {
		{ "usr/local/lib/python3.12/a.py", .size = 5000 },
		{ "usr/local/lib/python3.12/deep/b.py", .size = 5000 },
		{ "opt/less", .size = 4000 },
	};
	static const struct image_entry opt[] = { { "opt/one/x", .size = 100 },
						  { "opt/two/x", .size = 100 } };
	static const struct image_entry app[] = { { "opt/app/lib/x", .size = 100 } };
	static const struct image_entry again[] = { { "opt/app/y", .size = 100 } };
	static const struct image_entry tool[] = { { "usr/bin/tini", .size = 100 },
						   { "bin", 'l', .target = "usr/bin" } };
	static const struct image_entry triplet[] = {
		{ "usr/lib/x86_64-linux-gnu/a", .size = 50 },
		{ "usr/lib/x86_64-linux-gnu/b", .size = 50 },
	};
	static const struct image_entry gone[] = { { .path = ".wh.opt" } };
	static const struct image_entry odd[] = { { "\xff\x1b[2J/x\n", .size = 100 } };
	const struct image_layer layers[] = {
		IMAGE_LAYER(system), IMAGE_LAYER(python),  IMAGE_LAYER(opt),
		IMAGE_LAYER(app),    IMAGE_LAYER(again),   IMAGE_LAYER(tool),
		IMAGE_LAYER(gone),   IMAGE_LAYER(triplet), IMAGE_LAYER(odd),
	};
	static const char *const names[] = { "base", "python3.12", "opt", "app", "app-4",
					     "tini", "layer-6",    "usr", "x",   NULL };

	(void)state;
	check_names(layers, sizeof layers / sizeof *layers,
		    &(const struct lam_plan_request){ 0 }, names);
}

/* A name that was asked for is given to what it was asked for. */
static void asked_names_come_first(void **state)
{
	static const struct image_entry one[] = { { "opt/app/x", .size = 100 } };
	static const struct image_entry two[] = { { "srv/web/x", .size = 100 } };
	const struct image_layer layers[] = { IMAGE_LAYER(one), IMAGE_LAYER(two) };
	static const char *const splits[] = { "/opt/app", "/srv=web", "/srv/web=rest" };
	static const char *const all[] = { "app-0", "web-1", "app", "web", "rest", NULL };
	static const char *const flat[] = { "app-0", "rest", "app", "web", NULL };

	(void)state;
	check_names(
		layers, 2,
		&(const struct lam_plan_request){ .splits = splits, .split_count = 3 },
		all);
	check_names(
		layers, 2,
		&(const struct lam_plan_request){
			.splits = splits, .split_count = 3, .flatten = true, .keep = 1 },
		flat);
}

/* With a number they are no longer than without. */
static void numbers_have_room(void **state)
{
	static const struct image_entry none[] = { { "x", .size = 1 } };
	struct image_layer layers[] = { IMAGE_LAYER(none), IMAGE_LAYER(none) };
	static const char *const names[] = { "a-name-that-is-lon", "a-name-that-is-l-1",
					     NULL };

	(void)state;
	layers[0].created_by = layers[1].created_by =
		"COPY x /opt/a-name-that-is-longer-than-any";
	check_names(layers, 2, &(const struct lam_plan_request){ 0 }, names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_by_words),
		cmocka_unit_test(titles_of_words),
		cmocka_unit_test(base_of_a_rootfs),
		cmocka_unit_test(titles_of_files),
		cmocka_unit_test(asked_names_come_first),
		cmocka_unit_test(numbers_have_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
