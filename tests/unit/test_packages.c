/* Databases of packages: whose each path is, in small trees of each kind. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lamina/packages.h>

#include "image_build.h"
#include "unit.h"

static struct lam_error err;

struct fixture {
	struct built built;
	struct lam_packages *packages;
};

static void begin(struct fixture *f, const struct image_layer *layers, size_t count)
{
	built_open(&f->built, layers, count);
	OK(lam_packages_read(&f->packages, f->built.image, NULL, &err));
}

static void end(struct fixture *f)
{
	lam_packages_free(f->packages);
	built_close(&f->built);
}

/* "kind:name version arch" of each, and what each owns. */
static void has(const struct fixture *f, const char *want)
{
	const struct lam_tree *tree = lam_image_tree(f->built.image);
	char got[8192] = "";
	size_t len = 0, count, total = 0;

	for (size_t i = 0; i < lam_packages_count(f->packages); i++) {
		const struct lam_package *p = lam_packages_get(f->packages, i);
		const uint32_t *nodes = lam_packages_nodes(f->packages, i, &count);

		total += count;
		len += (size_t)snprintf(got + len, sizeof got - len,
					"%s:%s %s %s:", p->kind, p->name, p->version,
					p->arch);
		for (size_t k = 0; k < count; k++) {
			char *path = lam_tree_path_text(tree, nodes[k]);

			assert_int_equal(lam_packages_owner(f->packages, nodes[k]), i);
			len += (size_t)snprintf(got + len, sizeof got - len, " %s", path);
			free(path);
		}
		len += (size_t)snprintf(got + len, sizeof got - len, "\n");
	}
	for (uint32_t n = 0; n < lam_tree_count(tree); n++)
		total -= lam_packages_owner(f->packages, n) != LAM_PACKAGE_NONE;
	assert_int_equal(total, 0);
	assert_string_equal(got, want);
}

static void notes(const struct fixture *f, const char *want)
{
	char got[4096] = "";

	for (size_t i = 0; i < lam_packages_note_count(f->packages); i++) {
		strcat(got, lam_packages_note(f->packages, i));
		strcat(got, "\n");
	}
	assert_string_equal(got, want);
}

#define INFO "var/lib/dpkg/info/"
static const struct image_entry debian[] = {
	{ "usr/bin/sh", 'l', .target = "dash" },
	{ "usr/bin/sh.distrib", .body = "the old one" },
	{ "usr/bin/dash", .body = "d" },
	{ "usr/bin/bash", .body = "b" },
	{ "bin", 'l', .target = "usr/bin" },
	{ "lib", 'l', .target = "usr/lib" },
	{ "usr/lib/x/libx.so.1.2", .body = "x" },
	{ "usr/lib/x/libx.so.1", 'l', .target = "libx.so.1.2" },
	{ "usr/lib/apt/apt.so", .body = "apt" },
	{ "usr/lib/systemd/unit", .body = "unit" },
	{ "usr/share/doc/x", 'l', .target = "y" },
	{ "usr/share/doc/y/copyright", .body = "(c)" },
	{ "home", .kind = 'd' },
	{ "srv", .kind = 'd' },
	{ "opt/nobody", .body = "x" },
	{ "var/lib/dpkg/status",
	  .body = "Package: dash\nStatus: install ok installed\nArchitecture: amd64\n"
		  "Version: 0.5.12-2\nDescription: a\n shell\n .\n Version: no\n\n"
		  "Package: x\nVersion: 2\nArchitecture: i386\n\n"
		  "Package: x\nVersion: 1\nArchitecture: amd64\n" },
	{ "var/lib/dpkg/diversions",
	  .body = "/bin/sh\n/bin/sh.distrib\ndash\n/usr/lib/apt/apt.so\n/gone\n:\nodd" },
	{ INFO "apt.list",
	  .body = "/.\n/lib\n/lib/systemd\n/lib/systemd/unit\n/usr\n/usr/lib\n"
		  "/usr/lib/apt\n/usr/lib/apt/apt.so\n" },
	{ INFO "base-files.list", .body = "/.\n/bin\n/home\n/lib\n/srv" },
	{ INFO "bash.list", .body = "/.\n/bin\n/bin/bash\n/bin/sh\n/nowhere/at/all\n" },
	{ INFO "dash.list", .body = "/.\n/bin\n/bin/dash\n/bin/sh\n/home\n" },
	{ INFO "x:amd64.list",
	  .body = "/usr/lib/x/libx.so.1\n/lib/x/libx.so.1.2\n/usr/share/doc/x\n"
		  "/usr/share/doc/y/gone" },
	{ INFO "x:i386.list",
	  .body = "/usr/lib/x/libx.so.1\n/usr/share/doc/y/copyright\n" },
	{ INFO "x:i386.md5sums", .body = "00  opt/nobody\n" },
	{ "usr/share/doc/y/gone", .body = "was there" },
};
static const struct image_entry slimmed[] = { { .path = "usr/share/doc/y/.wh.gone" } };

static void dpkg(void **state)
{
	const struct image_layer layers[] = { IMAGE_LAYER(debian), IMAGE_LAYER(slimmed) };
	struct fixture f;

	(void)state;
	begin(&f, layers, 2);
	has(&f, "dpkg:apt  : /usr/lib/systemd /usr/lib/systemd/unit\n"
		"dpkg:base-files  : /home /srv\n"
		"dpkg:bash  : /usr/bin/bash /usr/bin/sh.distrib\n"
		"dpkg:dash 0.5.12-2 amd64: /usr/bin/dash /usr/bin/sh\n"
		"dpkg:x 1 amd64: /usr/lib/x /usr/lib/x/libx.so.1 /usr/lib/x/libx.so.1.2 "
		"/usr/share/doc/x /usr/share/doc/y/gone\n"
		"dpkg:x 2 i386: /usr/share/doc/y /usr/share/doc/y/copyright\n");
	notes(&f, "");
	end(&f);
}

static const struct image_entry distroless[] = {
	{ "srv/dpkg/status.d/base", .body = "Package: base-files\nVersion: 12\n"
					    "Architecture: amd64\n" },
	{ "srv/dpkg/status.d/base.md5sums",
	  .body = "0123  usr/lib/os-release\n4567 *etc/a file\n\nbroken\n" },
	{ "var/lib/dpkg", 'l', .target = "/srv/dpkg" },
	{ "usr/lib/os-release", .body = "ID=debian" },
	{ "etc/a file", .body = "x" },
};

static void dpkg_status_d(void **state)
{
	const struct image_layer layer = IMAGE_LAYER(distroless);
	struct fixture f;

	(void)state;
	begin(&f, &layer, 1);
	has(&f, "dpkg:base-files 12 amd64: /etc /usr /etc/a file /usr/lib "
		"/usr/lib/os-release\n");
	end(&f);
}

#define MUSL "C:Q1=\nP:musl\nV:1.2\nA:x86_64\nF:lib\nM:0:0:755\nR:ld.so\nZ:q\nF:usr\n\n"
static const struct image_entry alpine[] = {
	{ "usr/lib/apk/db/installed",
	  .body = MUSL
	  "P:big\nV:3\nF:opt/big\nR:one\nR:two\nF:var/empty\nF:lib\nR:more" },
	{ "lib", 'l', .target = "usr/lib" },
	{ "usr/lib/ld.so", .body = "ld" },
	{ "usr/lib/more", .body = "m" },
	{ "opt/big/one", .body = "1" },
	{ "opt/big/deep/two", .body = "2" },
	{ "var/empty", .kind = 'd' },
};

static void apk(void **state)
{
	const struct image_layer layer = IMAGE_LAYER(alpine);
	struct fixture f;

	(void)state;
	begin(&f, &layer, 1);
	has(&f, "apk:musl 1.2 x86_64: /usr/lib/ld.so\n"
		"apk:big 3 : /var /var/empty /opt/big/one /usr/lib/more\n");
	end(&f);
}

static void nothing(void **state)
{
	static const struct image_entry entries[] = {
		{ "var/lib/dpkg/info", .kind = 'd' },
		{ "lib/apk/db/installed", .kind = 'd' }
	};
	const struct image_layer layer = IMAGE_LAYER(entries);
	atomic_bool stop = true;
	struct fixture f;
	struct lam_packages *packages;
	size_t kinds = 0;

	(void)state;
	begin(&f, &layer, 1);
	has(&f, "");
	end(&f);
	built_open(&f.built, &layer, 1);
	assert_int_equal(lam_packages_read(&packages, f.built.image, &stop, &err),
			 LAM_ESTOPPED);
	assert_null(packages);
	built_close(&f.built);
	while (lam_package_kind(kinds))
		kinds++;
	assert_true(kinds >= 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dpkg),
		cmocka_unit_test(dpkg_status_d),
		cmocka_unit_test(apk),
		cmocka_unit_test(nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
