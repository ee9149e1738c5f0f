/* Settings: changed in the documents, and the proof that nothing else is. */
#include "oci/settings.h"
#include "unit.h"

#define HEX "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LAYER                                                              \
	"{\"mediaType\":\"" LAM_MT_OCI_LAYER "\",\"digest\":\"sha256:" HEX \
	"\",\"size\":1}"
#define MANIFEST(more)                                                        \
	"{\"schemaVersion\":2,\"config\":{\"mediaType\":\"" LAM_MT_OCI_CONFIG \
	"\",\"digest\":\"sha256:" HEX "\",\"size\":2},\"layers\":[" LAYER "]" more "}"
#define CONFIG(run, more)                                              \
	"{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:" HEX \
	"\"]},\"config\":{" run "}" more "}"

static struct lam_error err;

static struct lam_config config_of(const char *text)
{
	struct lam_config config;

	OK(lam_config_parse(&config, text, strlen(text), "config", &err));
	return config;
}

static struct lam_manifest manifest_of(const char *text)
{
	struct lam_manifest manifest;

	OK(lam_manifest_parse(&manifest, text, strlen(text), "manifest", NULL, &err));
	return manifest;
}

static struct lam_setting ITEMS[] = {
	{ LAM_SETTING_CMD, NULL, (char[]){ "[\"x\", \"y z\"]" } },
	{ LAM_SETTING_USER, NULL, NULL },
	{ LAM_SETTING_ENV, (char[]){ "A" }, (char[]){ "\"2\"" } },
	{ LAM_SETTING_ENV, (char[]){ "B" }, NULL },
	{ LAM_SETTING_LABEL, (char[]){ "a" }, (char[]){ "\"1\"" } },
	{ LAM_SETTING_LABEL, (char[]){ "gone" }, NULL },
	{ LAM_SETTING_ANNOTATION, (char[]){ "n" }, (char[]){ "\"v\"" } },
};
static const struct lam_settings CHANGES = { ITEMS, sizeof ITEMS / sizeof *ITEMS };

static void check_change(const char *before, const char *after)
{
	struct lam_config config = config_of(before);
	json_t *root = lam_settings_change(config.doc.root, &CHANGES, false);
	char *text = json_dumps(root, JSON_COMPACT);

	assert_string_equal(text, after);
	free(text);
	json_decref(root);
	lam_config_fini(&config);
}

/* Each in its place, new ones last; of a variable that is there twice one stays; what is
 * left empty goes. */
static void changes(void **state)
{
	(void)state;
	check_change(CONFIG("\"User\":\"u\",\"Env\":[\"B=1\",\"A=x\",\"C\",\"A=y\"],"
			    "\"Labels\":{\"z\":\"\",\"a\":\"0\",\"gone\":\"\"}",
			    ",\"q\":1"),
		     CONFIG("\"Env\":[\"A=2\",\"C\"],\"Labels\":{\"z\":\"\",\"a\":\"1\"},"
			    "\"Cmd\":[\"x\",\"y z\"]",
			    ",\"q\":1"));
	check_change(CONFIG("", ""), CONFIG("\"Cmd\":[\"x\",\"y z\"],\"Env\":[\"A=2\"],"
					    "\"Labels\":{\"a\":\"1\"}",
					    ""));
}

static void reads(void **state)
{
	struct lam_config config = config_of(
		CONFIG("\"Env\":[\"B=1\",\"A=x\",\"C\",\"A=y=z\"],\"Labels\":null,"
		       "\"Entrypoint\":[\"e\"],\"WorkingDir\":\"/\\u001b\"",
		       ""));
	struct lam_manifest manifest =
		manifest_of(MANIFEST(",\"annotations\":{\"k\":\"v\"}"));
	struct lam_settings all;

	(void)state;
	lam_settings_read(&all, &config, &manifest);
	assert_int_equal(all.count, 6);
	assert_string_equal(lam_settings_find(&all, LAM_SETTING_ENV, "A")->value,
			    "\"y=z\"");
	assert_string_equal(lam_settings_find(&all, LAM_SETTING_ENV, "C")->value, "\"\"");
	assert_string_equal(lam_settings_find(&all, LAM_SETTING_ANNOTATION, "k")->value,
			    "\"v\"");
	assert_string_equal(lam_settings_find(&all, LAM_SETTING_WORKDIR, NULL)->value,
			    "\"/\\u001B\"");
	assert_null(lam_settings_find(&all, LAM_SETTING_USER, NULL));
	assert_null(lam_settings_find(&all, LAM_SETTING_LABEL, "A"));
	lam_settings_fini(&all);
	lam_config_fini(&config);
	lam_manifest_fini(&manifest);
}

#define OLD_RUN                                                        \
	"\"User\":\"u\",\"Env\":[\"B=1\",\"A=x\",\"C=\"],\"Labels\":{" \
	"\"gone\":\"\",\"io.buildpacks.rebasable\":\"1\",\"z\":\"\"}," \
	"\"StopSignal\":\"9\""
#define NEW_RUN                                                         \
	"\"Env\":[\"A=2\",\"C=\"],\"Labels\":{\"a\":\"1\",\"z\":\"\"}," \
	"\"StopSignal\":\"9\",\"Cmd\":[\"x\",\"y z\"]"
#define OLD_CONFIG   CONFIG(OLD_RUN, ",\"history\":[],\"q\":1.50")
#define NEW_CONFIG   CONFIG(NEW_RUN, ",\"q\":1.50")
#define OLD_MANIFEST MANIFEST(",\"annotations\":{\"k\":\"v\"},\"x\":{}")
#define NEW_MANIFEST                                          \
	MANIFEST(",\"annotations\":{\"k\":\"v\",\"n\":\"v\"," \
		 "\"dev.lamina.plan\":\"p\"},\"x\":{}")

/* said: what the refusal has; NULL: it is proven. */
static void prove(const char *new_config, const char *new_manifest, bool same_stack,
		  const char *said)
{
	struct lam_config c[] = { config_of(OLD_CONFIG), config_of(new_config) };
	struct lam_manifest m[] = { manifest_of(OLD_MANIFEST),
				    manifest_of(new_manifest) };
	int code = lam_settings_prove(&c[0], &c[1], &m[0], &m[1], &CHANGES, same_stack,
				      &err);

	assert_int_equal(code, said ? LAM_EWRITE : 0);
	if (said && !strstr(err.text, said))
		fail_msg("%s", err.text);
	for (int i = 0; i < 2; i++) {
		lam_config_fini(&c[i]);
		lam_manifest_fini(&m[i]);
	}
}

static void proofs(void **state)
{
	(void)state;
	prove(NEW_CONFIG, NEW_MANIFEST, false, NULL);
	/* what says something of the layers stays where these do */
	prove(NEW_CONFIG, NEW_MANIFEST, true, "\"config\"");
	prove(CONFIG(NEW_RUN, ",\"q\":1.5"), NEW_MANIFEST, false, "\"q\"");
	prove(CONFIG(NEW_RUN, ",\"q\":1.50,\"os\":\"x\""), NEW_MANIFEST, false, "\"os\"");
	prove(CONFIG("\"Env\":[\"A=2\",\"C=\"],\"Labels\":{\"a\":\"1\",\"z\":\"\"},"
		     "\"Cmd\":[\"x\",\"y z\"]",
		     ",\"q\":1.50"),
	      NEW_MANIFEST, false, "\"config\"");
	prove(CONFIG("\"Env\":[\"A=2\"],\"Labels\":{\"a\":\"1\",\"z\":\"\"},"
		     "\"StopSignal\":\"9\",\"Cmd\":[\"x\",\"y z\"]",
		     ",\"q\":1.50"),
	      NEW_MANIFEST, false, "\"config\"");
	prove(CONFIG("\"Env\":[\"A=3\",\"C=\"],\"Labels\":{\"a\":\"1\",\"z\":\"\"},"
		     "\"StopSignal\":\"9\",\"Cmd\":[\"x\",\"y z\"]",
		     ",\"q\":1.50"),
	      NEW_MANIFEST, false, "another env A");
	prove(CONFIG("\"User\":\"u\"," NEW_RUN, ",\"q\":1.50"), NEW_MANIFEST, false,
	      "another user");
	prove(NEW_CONFIG, MANIFEST(",\"annotations\":{\"k\":\"w\",\"n\":\"v\"},\"x\":{}"),
	      false, "\"annotations\"");
	prove(NEW_CONFIG, MANIFEST(",\"annotations\":{\"k\":\"v\"},\"x\":{}"), false,
	      "another annotation n");
	prove(NEW_CONFIG,
	      MANIFEST(",\"annotations\":{\"k\":\"v\",\"n\":\"v\"},\"x\":{\"y\":1}"),
	      false, "\"x\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes),
		cmocka_unit_test(reads),
		cmocka_unit_test(proofs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
