/* What the name of an image that is typed may become. */
#include <sys/stat.h>
#include <unistd.h>

#include <lamina/reference.h>

#include "base/file.h"
#include "image_build.h"
#include "unit.h"

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define NAMED(tag)                                                                  \
	"{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"size\":2," \
	"\"digest\":\"" DIGEST "\",\"annotations\":{"                               \
	"\"org.opencontainers.image.ref.name\":\"" tag "\"}}"

static struct lam_error err;
static char folder[] = "/tmp/lamina-complete-XXXXXX";

static void put(const char *name, const char *text)
{
	OK(lam_file_replace(name, text, strlen(text), &err));
}

static int make(void **state)
{
	(void)state;
	if (!mkdtemp(folder) || chdir(folder) < 0 || mkdir("app", 0700) < 0 ||
	    mkdir("apple", 0700) < 0 || mkdir("apple/red", 0700) < 0)
		return -1;
	put("app/oci-layout", "{}");
	put("app/index.json",
	    "{\"schemaVersion\":2,\"manifests\":[" NAMED("v2") "," NAMED("v10") "," NAMED(
		    "team/dev:1") "," NAMED("v2") "]}");
	put("apps.tar", "");
	put("app\x1b.tar", "");
	put("docker.txt", "");
	put(".hidden", "");
	return 0;
}

static int drop(void **state)
{
	(void)state;
	image_remove(folder);
	return 0;
}

static void becomes(const char *typed, const char *wanted)
{
	char *got = lam_reference_complete(typed);

	assert_string_equal(got, wanted);
	free(got);
}

/* Where images are folders these alone; one that is a layout as a whole. */
static void paths(void **state)
{
	(void)state;
	becomes("oci:", "oci:app\noci:apple/");
	becomes("oci:appl", "oci:apple/");
	becomes("oci:apple/", "oci:apple/red/");
	becomes("oci:./appl", "oci:./apple/");
	becomes("dir:a", "dir:app\ndir:apple/");
	becomes("oci-archive:a",
		"oci-archive:app\noci-archive:apple/\noci-archive:apps.tar");
	becomes("docker-archive:apps", "docker-archive:apps.tar");
	becomes("oci:.", "oci:../\noci:./");
	becomes("oci:apps", "");
	becomes("oci:no/such", "");
	becomes("apps", "apps.tar");
}

/* In order, and each once: one may name an image for each platform. */
static void tags(void **state)
{
	(void)state;
	becomes("oci:app", "oci:app:team/dev:1\noci:app:v10\noci:app:v2");
	becomes("oci:app:", "oci:app:team/dev:1\noci:app:v10\noci:app:v2");
	becomes("oci:app:v", "oci:app:v10\noci:app:v2");
	becomes("oci:app:team/d", "oci:app:team/dev:1");
	becomes("oci:app:x", "");
	becomes("app:v1", "app:v10");
}

static void kinds(void **state)
{
	(void)state;
	becomes("oc", "oci-archive:\noci:");
	becomes("docker", "docker-archive:\ndocker-daemon:\ndocker.txt\ndocker://");
	becomes("docker://", "");
	becomes("docker://ap", "");
	becomes("docker-daemon:ap", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths),
		cmocka_unit_test(tags),
		cmocka_unit_test(kinds),
	};

	return cmocka_run_group_tests(tests, make, drop);
}
