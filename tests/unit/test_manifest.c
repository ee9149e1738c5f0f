/* Documents edited: what changes, and that nothing else does. */
#include "oci/manifest.h"
#include "unit.h"

#define HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define HEX_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define DA    "sha256:" HEX_A
#define DB    "sha256:" HEX_B
#define DC    "sha256:" HEX_C

static struct lam_error err;
static const struct lam_settings NONE;

static struct lam_digest digest(const char *text)
{
	struct lam_digest d;

	OK(lam_digest_parse(&d, text, &err));
	return d;
}

static struct lam_stack_layer kept(size_t original, const char *diff_id)
{
	return (struct lam_stack_layer){ .kept = true,
					 .original = original,
					 .diff_id = digest(diff_id),
					 .digest = digest(diff_id) };
}

static struct lam_stack_layer written(size_t original, const char *diff_id)
{
	return (struct lam_stack_layer){ .original = original,
					 .diff_id = digest(diff_id),
					 .digest = digest(diff_id),
					 .media_type = LAM_MT_OCI_LAYER,
					 .size = 7,
					 .created_by = "lamina: new",
					 .comment = "layer 0" };
}

/* Two layers, with entries without one before, between and behind. */
static const char CONFIG[] =
	"{ \"x\" : 0.10,\"created\":\"2020-01-02T03:04:05Z\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" DA
	"\",\"" DB
	"\"],\"y\":1},\"history\":[{\"empty_layer\":true,\"e\":0},{\"l\":0},{\"e\":1,\"empty_layer\":true},"
	"{\"l\":1},{\"empty_layer\":true,\"e\":2}],\"z\":[ ]}";
#define NEW \
	"{\"created\":\"2020-01-02T03:04:05Z\",\"created_by\":\"lamina: new\",\"comment\":\"layer 0\"}"
#define E0 "{\"empty_layer\":true,\"e\":0}"
#define E1 "{\"e\":1,\"empty_layer\":true}"
#define E2 "{\"empty_layer\":true,\"e\":2}"

static void edit_config(const struct lam_stack_layer *stack, size_t count,
			const char *created, const char *ids, const char *history)
{
	bool same = count == 2 && stack[0].kept && stack[0].original == 0 &&
		    stack[1].kept && stack[1].original == 1;
	struct lam_buf out = LAM_BUF(1 << 20), want = LAM_BUF(1 << 20);
	struct lam_config config;

	OK(lam_config_parse(&config, CONFIG, sizeof CONFIG - 1, "config", &err));
	OK(lam_config_edit(&config, stack, count, &NONE, created, (struct lam_clamp){ 0 },
			   &out, &err));
	OK(lam_buf_printf(
		&want, &err,
		"{\"x\":0.10,\"created\":\"%s\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[%s],\"y\":1},"
		"\"history\":[%s],\"z\":[]}",
		created ? created : "2020-01-02T03:04:05Z", ids, history));
	assert_string_equal(out.data, created || !same ? want.data : CONFIG);
	lam_buf_fini(&out);
	lam_buf_fini(&want);
	lam_config_fini(&config);
}

static void configs(void **state)
{
	const char *a = "\"" DA "\"", *c = "\"" DC "\"";
	struct lam_stack_layer same[] = { kept(0, DA), kept(1, DB) },
			       flat[] = { written(SIZE_MAX, DC) };
	struct lam_stack_layer split[] = { kept(0, DA), written(1, DC) },
			       turned[] = { kept(1, DB), kept(0, DA) };

	(void)state;
	edit_config(same, 2, NULL, "\"" DA "\",\"" DB "\"",
		    E0 ",{\"l\":0}," E1 ",{\"l\":1}," E2);
	edit_config(flat, 1, NULL, c, E0 "," NEW "," E1 "," E2);
	edit_config(split, 2, NULL, "\"" DA "\",\"" DC "\"",
		    E0 ",{\"l\":0}," E1 "," NEW "," E2);
	edit_config(turned, 2, NULL, "\"" DB "\",\"" DA "\"",
		    E0 ",{\"l\":1}," E2 ",{\"l\":0}," E1);
	edit_config(same, 1, NULL, a, E0 ",{\"l\":0}," E1 "," E2);
	edit_config(same, 2, "2022-01-02T03:04:05Z", "\"" DA "\",\"" DB "\"",
		    E0 ",{\"l\":0}," E1 ",{\"l\":1}," E2);
}

static void odd_histories(void **state)
{
	static const char none[] =
		"{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" DA "\"]}}";
	static const char brief[] = "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" DA
				    "\"]},\"history\":[]}";
	struct lam_stack_layer flat[] = { written(SIZE_MAX, DC) };
	struct lam_buf out = LAM_BUF(1 << 20);
	struct lam_config config;

	(void)state;
	OK(lam_config_parse(&config, none, sizeof none - 1, "config", &err));
	OK(lam_config_edit(&config, flat, 1, &NONE, NULL, (struct lam_clamp){ 0 }, &out,
			   &err));
	assert_string_equal(
		out.data, "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" DC "\"]}}");
	lam_config_fini(&config);
	lam_buf_clear(&out);
	OK(lam_config_parse(&config, brief, sizeof brief - 1, "config", &err));
	OK(lam_config_edit(&config, flat, 1, &NONE, "2021-01-02T03:04:05Z",
			   (struct lam_clamp){ 0 }, &out, &err));
	assert_string_equal(
		out.data,
		"{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" DC
		"\"]},\"history\":[{\"created\":\"2021-01-02T03:04:05Z\","
		"\"created_by\":\"lamina: new\",\"comment\":\"layer 0\"}],\"created\":\"2021-01-02T03:04:05Z\"}");
	lam_config_fini(&config);
	lam_buf_fini(&out);
}

/* What the config says of times is set back like files' times, and the rest stays. */
static void clamped(void **state)
{
	static const char text[] =
		"{\"created\":\"2021-01-01T00:00:00.5Z\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" DA
		"\"]},\"history\":[{\"created\":\"2021-01-01T01:00:00+01:00\",\"a\":1},"
		"{\"empty_layer\":true,\"created\":\"2021-06-01T00:00:00Z\"},"
		"{\"empty_layer\":true,\"created\":\"soon\"}]}";
	const struct lam_clamp clamp = { true, 1609459200 };
	struct lam_stack_layer flat[] = { written(SIZE_MAX, DC) };
	struct lam_buf out = LAM_BUF(1 << 20);
	struct lam_config config;

	(void)state;
	OK(lam_config_parse(&config, text, sizeof text - 1, "config", &err));
	OK(lam_config_edit(&config, flat, 1, &NONE, NULL, clamp, &out, &err));
	assert_string_equal(
		out.data,
		"{\"created\":\"2021-01-01T00:00:00Z\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" DC
		"\"]},\"history\":[{\"created\":\"2021-01-01T00:00:00Z\",\"created_by\":\"lamina: new\","
		"\"comment\":\"layer 0\"},{\"empty_layer\":true,\"created\":\"2021-01-01T00:00:00Z\"},"
		"{\"empty_layer\":true}]}");
	lam_config_fini(&config);
	lam_buf_fini(&out);
}

#define CONFIG_D(d, s)                                                              \
	"{\"mediaType\":\"" LAM_MT_OCI_CONFIG "\",\"digest\":\"" d "\",\"size\":" s \
	",\"k\":[1]}"
#define LAYER_D(d, s) \
	"{\"mediaType\":\"" LAM_MT_OCI_LAYER "\",\"digest\":\"" d "\",\"size\":" s "}"
static const char MANIFEST[] =
	"{\n\"schemaVersion\":2,\"config\":" CONFIG_D(DA, "3") ",\"layers\":[ " LAYER_D(
		DA,
		"1") ", " LAYER_D(DB,
				  "2") "],\"annotations\":{\"a\":\"b\"},\"q\":0.10\n}";

static void manifests(void **state)
{
	struct lam_stack_layer split[] = { kept(0, DA), written(1, DC) },
			       same[] = { kept(0, DA), kept(1, DB) };
	struct lam_annotation notes[] = { { "n", "1" } };
	struct lam_digest a = digest(DA), c = digest(DC);
	struct lam_buf out = LAM_BUF(1 << 20);
	struct lam_manifest m;

	(void)state;
	OK(lam_manifest_parse(&m, MANIFEST, sizeof MANIFEST - 1, "manifest", NULL, &err));
	OK(lam_manifest_edit(&m,
			     &(struct lam_manifest_change){ .layers = same,
							    .count = 2,
							    .settings = &NONE,
							    .config = &a,
							    .config_size = 3 },
			     &out, &err));
	assert_string_equal(out.data, MANIFEST);
	lam_buf_clear(&out);
	OK(lam_manifest_edit(&m,
			     &(struct lam_manifest_change){ .layers = split,
							    .count = 2,
							    .settings = &NONE,
							    .config = &c,
							    .config_size = 9,
							    .annotations = notes,
							    .annotation_count = 1 },
			     &out, &err));
	assert_string_equal(
		out.data,
		"{\"schemaVersion\":2,\"config\":" CONFIG_D(DC, "9") ",\"layers\":[" LAYER_D(
			DA,
			"1") "," LAYER_D(DC,
					 "7") "],\"annotations\":{\"a\":\"b\",\"n\":\"1\"},"
					      "\"q\":0.10}");
	lam_manifest_fini(&m);
	lam_buf_fini(&out);
}

static void refused_manifests(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "[]", "expected an object" },
		{ "{}", "schemaVersion is missing" },
		{ "{\"schemaVersion\":1}", "schema version 1" },
		{ "{\"schemaVersion\":2,\"manifests\":[],\"layers\":[]}", "at once" },
		{ "{\"schemaVersion\":2,\"manifests\":[]}", "is an index" },
		{ "{\"schemaVersion\":2,\"Layers\":[]}",
		  "readers that do not mind case" },
		{ "{\"schemaVersion\":2,\"layers\":[]}", "config is missing" },
		{ "{\"schemaVersion\":2,\"layers\":{},\"config\":" CONFIG_D(DA, "1") "}",
		  "layers: expected an array" },
		{ "{\"schemaVersion\":2,\"annotations\":{\"n\":1},\"config\":" CONFIG_D(
			  DA, "1") "}",
		  "annotations.n: expected a string" },
		{ "{\"schemaVersion\":2,\"layers\":[{}],\"config\":" CONFIG_D(DA,
									      "-1") "}",
		  "config.size: is negative" },
		{ "{\"schemaVersion\":2,\"layers\":[{}],\"config\":" CONFIG_D(DA,
									      "1.0") "}",
		  "expected a whole number" },
		{ "{\"schemaVersion\":2,\"layers\":[{}],\"config\":" CONFIG_D(
			  "sha256:../../../etc/passwd", "1") "}",
		  "is no digest" },
		{ "{\"schemaVersion\":2,\"layers\":[" LAYER_D(
			  "md5:00", "1") "],\"config\":" CONFIG_D(DA, "1") "}",
		  "layers[0].digest: digest md5:00 cannot be verified" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lam_manifest m;

		assert_int_equal(lam_manifest_parse(&m, cases[i].text,
						    strlen(cases[i].text), "m", NULL,
						    &err),
				 LAM_EFORMAT);
		if (!strstr(err.text, cases[i].why))
			fail_msg("%s: %s", cases[i].text, err.text);
	}
}

static void indexes(void **state)
{
	static const char other[] =
		"{\"mediaType\":\"" LAM_MT_OCI_MANIFEST "\",\"digest\":\"" DB
		"\",\"size\":5,\"annotations\":{\"org.opencontainers.image.ref.name\":\"b\",\"k\":\"v\"}}";
	struct lam_digest a = digest(DA), c = digest(DC);
	struct lam_buf one = LAM_BUF(1 << 20), two = LAM_BUF(1 << 20);
	struct lam_index index;

	(void)state;
	OK(lam_buf_printf(&one, &err,
			  "{\"schemaVersion\":2, \"manifests\":[%s], \"u\":0.10}",
			  other));
	OK(lam_index_edit(one.data, one.len,
			  &(struct lam_index_image){ .media_type = LAM_MT_OCI_MANIFEST,
						     .digest = &a,
						     .size = 8,
						     .ref_name = "new" },
			  &two, &err));
	assert_non_null(strstr(two.data, other));
	assert_non_null(strstr(two.data, "\"u\":0.10}"));
	lam_buf_clear(&one);
	OK(lam_index_edit(two.data, two.len,
			  &(struct lam_index_image){ .media_type = LAM_MT_OCI_MANIFEST,
						     .digest = &c,
						     .size = 9,
						     .ref_name = "b" },
			  &one, &err));
	OK(lam_index_parse(&index, one.data, one.len, "index", NULL, &err));
	assert_int_equal(index.count, 2);
	assert_string_equal(index.entries[0].ref_name, "b");
	assert_true(lam_digest_equal(&index.entries[0].descriptor.digest, &c));
	assert_non_null(strstr(one.data, "\"k\":\"v\""));
	assert_string_equal(index.entries[1].ref_name, "new");
	assert_false(lam_index_is_replaced(&index, &index.entries[0], NULL, NULL));
	assert_true(lam_index_is_replaced(&index, &index.entries[0], "b", NULL));
	lam_index_fini(&index);
	lam_buf_fini(&one);
	lam_buf_fini(&two);
}

/* A platform is said where it was, where it is asked for, and where names do not tell two
 * images apart. */
static void platforms_are_told(void **state)
{
	static const char entry[] = "{\"mediaType\":\"" LAM_MT_OCI_MANIFEST
				    "\",\"digest\":\"%s\",\"size\":5,%s\"annotations\":{"
				    "\"org.opencontainers.image.ref.name\":\"%s\"}}";
	static const char amd[] =
		"\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"},";
	static const struct lam_platform arm = { .os = "linux", .architecture = "arm64" };
	static const struct {
		const char *one,
			*two; /* platforms of two images in it; NULL: there is none */
		const char *two_name, *name;
		bool tells, told;
	} cases[] = {
		{ "", NULL, "", "t", false, false },
		{ "", NULL, "", "t", true, true },
		{ "", NULL, "", "new", false, false },
		{ "", NULL, "", "new", true, true },
		{ amd, NULL, "", "t", false, true },
		{ amd, NULL, "", "new", false, false },
		{ "", "", "u", "t", false, false },
		{ amd, amd, "t", "t", false, true },
		{ "", "", "t", "t", false, true },
		{ amd, amd, "u", "u", false, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lam_buf old = LAM_BUF(1 << 20), new = LAM_BUF(1 << 20);
		struct lam_digest c = digest(DC);
		const char *at;

		OK(lam_buf_printf(&old, &err, "{\"schemaVersion\":2,\"manifests\":["));
		OK(lam_buf_printf(&old, &err, entry, DA, cases[i].one, "t"));
		if (cases[i].two) {
			OK(lam_buf_printf(&old, &err, ","));
			OK(lam_buf_printf(&old, &err, entry, DB, cases[i].two,
					  cases[i].two_name));
		}
		OK(lam_buf_printf(&old, &err, "]}"));
		OK(lam_index_edit(
			old.data, old.len,
			&(struct lam_index_image){ .media_type = LAM_MT_OCI_MANIFEST,
						   .digest = &c,
						   .size = 8,
						   .platform = &arm,
						   .tells_platform = cases[i].tells,
						   .ref_name = cases[i].name },
			&new, &err));
		at = strstr(new.data, DC);
		assert_non_null(at);
		if (cases[i].told != (strstr(at, "arm64") != NULL))
			fail_msg("case %zu: %s", i, new.data);
		lam_buf_fini(&old);
		lam_buf_fini(&new);
	}
}

/* Without a tag the only image is replaced, and has the new one's platform. */
static void only_images(void **state)
{
	static const char windows[] =
		"\"platform\":{\"os\":\"windows\",\"architecture\":\"amd64\","
		"\"os.version\":\"10\"}";
	static const struct lam_platform same = { .os = "windows",
						  .architecture = "amd64" },
					 other = { .os = "linux",
						   .architecture = "arm64",
						   .variant = "v8" };
	struct lam_digest a = digest(DA);
	struct lam_buf old = LAM_BUF(1 << 20), new = LAM_BUF(1 << 20);

	(void)state;
	OK(lam_buf_printf(
		&old, &err,
		"{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"" LAM_MT_OCI_MANIFEST
		"\",\"digest\":\"" DB "\",\"size\":5,%s,\"annotations\":{\"k\":\"v\"}}]}",
		windows));
	OK(lam_index_edit(old.data, old.len,
			  &(struct lam_index_image){ .media_type = LAM_MT_OCI_MANIFEST,
						     .digest = &a,
						     .size = 8,
						     .platform = &same },
			  &new, &err));
	assert_non_null(strstr(new.data, windows));
	assert_non_null(strstr(new.data, DA));
	assert_null(strstr(new.data, DB));
	lam_buf_clear(&new);
	OK(lam_index_edit(old.data, old.len,
			  &(struct lam_index_image){ .media_type = LAM_MT_OCI_MANIFEST,
						     .digest = &a,
						     .size = 8,
						     .platform = &other },
			  &new, &err));
	assert_null(strstr(new.data, "windows"));
	assert_non_null(strstr(new.data, "\"annotations\":{\"k\":\"v\"},\"platform\":"
					 "{\"architecture\":\"arm64\",\"os\":\"linux\","
					 "\"variant\":\"v8\"}}]}"));
	lam_buf_fini(&old);
	lam_buf_fini(&new);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(configs),
		cmocka_unit_test(odd_histories),
		cmocka_unit_test(clamped),
		cmocka_unit_test(manifests),
		cmocka_unit_test(refused_manifests),
		cmocka_unit_test(indexes),
		cmocka_unit_test(platforms_are_told),
		cmocka_unit_test(only_images),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
