/* Databases of packages: whose each path is, in small trees of each kind. */
#include <sqlite3.h>
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
	{ "sbin", 'l', .target = "usr/sbin" },
	{ "usr/sbin", .kind = 'd' },
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
	{ INFO "base-files.list", .body = "/.\n/bin\n/home\n/lib\n/sbin\n/srv" },
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

static const struct image_entry arch_linux[] = {
	{ "var/lib/pacman/local/ALPM_DB_VERSION", .body = "9\n" },
	{ "var/lib/pacman/local/gcc-libs-13.2.1-3/desc", .body = "%NAME%\ngcc-libs\n" },
	{ "var/lib/pacman/local/gcc-libs-13.2.1-3/files",
	  .body = "%FILES%\nusr/\nusr/lib/\nusr/lib/libgcc.so\nlib/\n\n"
		  "%BACKUP%\netc/mine\tsum\n" },
	{ "var/lib/pacman/local/filesystem-1-1/files",
	  .body = "%FILES%\nlib\nusr/\netc/\n" },
	{ "var/lib/pacman/local/odd/files", .body = "%FILES%\netc/mine\n" },
	{ "var/lib/pacman/local/none-1-1/desc", .body = "%NAME%\n" },
	{ "usr/lib/libgcc.so", .body = "x" },
	{ "lib", 'l', .target = "usr/lib" },
	{ "etc/mine", .body = "x" },
};

/* The list tells a link from a directory, whatever goes through it. */
static void alpm(void **state)
{
	const struct image_layer layer = IMAGE_LAYER(arch_linux);
	struct fixture f;

	(void)state;
	begin(&f, &layer, 1);
	has(&f, "alpm:filesystem 1-1 : /lib\n"
		"alpm:gcc-libs 13.2.1-3 : /usr /usr/lib /usr/lib/libgcc.so\n");
	end(&f);
}

#define SITE "opt/env/lib/python3.11/site-packages/"
static const struct image_entry python[] = {
	{ "opt/env/conda-meta/history", .body = "==>\n" },
	{ "opt/env/conda-meta/zlib-1.2-h1_0.json",
	  .body = "{\"files\": [\"lib/libz.so\", \"lib/gone\"], \"name\": \"zlib\"}" },
	{ "opt/env/conda-meta/none-1-0.json", .body = "{}" },
	{ "opt/env/conda-meta/bad-1-0.json", .body = "{\"files\": [1]}" },
	{ "opt/env/conda-meta/worse-1-0.json", .body = "{" },
	{ "opt/env/lib/libz.so", .body = "z" },
	{ SITE "Typing_.Extensions-4.8.dist-info/RECORD",
	  .body = "typing_extensions.py,sha256=x,3\r\n../../../bin/tool,,\n"
		  "\"a,\"\"b\"\".py\",,\n/srv/absolute,,\n,,\n../../../../../../../etc/x,,\n"
		  "Typing_.Extensions-4.8.dist-info/RECORD,,\n../../libz.so,,\n" },
	{ SITE "typing_extensions.py", .body = "1" },
	{ SITE "a,\"b\".py", .body = "1" },
	{ SITE "nodash.dist-info/RECORD", .body = "typing_extensions.py\n" },
	{ SITE "norecord-1.dist-info/METADATA", .body = "x" },
	{ "opt/env/bin/tool", .body = "#!" },
	{ "srv/absolute", .body = "1" },
	{ "etc/x", .body = "1" },
	{ "bin/moved", .body = "another's" },
	{ "opt/deps/bin/moved", .body = "#!" },
	{ "opt/deps/moved-1.dist-info/RECORD",
	  .body = "../../bin/moved,,\n../../srv/beside,,\nmoved.py,,\n"
		  "moved-1.dist-info/RECORD,,\n" },
	{ "opt/deps/moved.py", .body = "1" },
	{ "srv/beside", .body = "1" },
};

static void conda_and_pip(void **state)
{
	const struct image_layer layer = IMAGE_LAYER(python);
	struct fixture f;

	(void)state;
	begin(&f, &layer, 1);
	has(&f,
	    "conda:bad 1-0 :\n"
	    "conda:none 1-0 :\n"
	    "conda:worse 1-0 :\n"
	    "conda:zlib 1.2-h1_0 : /opt/env/lib/libz.so\n"
	    "pip:moved 1 : /opt/deps /srv/beside /opt/deps/bin /opt/deps/moved-1.dist-info "
	    "/opt/deps/moved.py /opt/deps/bin/moved /opt/deps/moved-1.dist-info/RECORD\n"
	    "pip:typing-extensions 4.8 : /etc /etc/x /srv/absolute /opt/env/bin "
	    "/opt/env/bin/tool /" SITE "Typing_.Extensions-4.8.dist-info "
	    "/" SITE "a,\"b\".py /" SITE "typing_extensions.py "
	    "/" SITE "Typing_.Extensions-4.8.dist-info/RECORD\n");
	notes(&f, "conda: /opt/env/conda-meta/bad-1-0.json: files[0]: expected a string\n"
		  "conda: /opt/env/conda-meta/worse-1-0.json:1:2: ends too early\n");
	end(&f);
}

#define MODULES "app/node_modules/"
static const struct image_entry node[] = {
	{ "app/package.json", .body = "{\"version\": \"9\"}" },
	{ "app/index.js", .body = "x" },
	{ MODULES ".bin/tool", 'l', .target = "../a/cli.js" },
	{ MODULES "a/package.json",
	  .body = "{\"name\": \"other\", \"version\": \"1.2.3\"}" },
	{ MODULES "a/cli.js", .body = "x" },
	{ MODULES "a/lib/package.json", .body = "{\"version\": \"0\"}" },
	{ MODULES "a/node_modules/b/package.json", .body = "{" },
	{ MODULES "a/node_modules/b/empty", .kind = 'd' },
	{ MODULES "@s/c/package.json", .body = "{\"version\": 1}" },
	{ MODULES "@s/package.json", .body = "{}" },
	{ MODULES "d/readme", .body = "x" },
};

static void npm(void **state)
{
	const struct image_layer layer = IMAGE_LAYER(node);
	struct fixture f;

	(void)state;
	begin(&f, &layer, 1);
	has(&f,
	    "npm:a 1.2.3 : /" MODULES "a/cli.js /" MODULES "a/lib /" MODULES
	    "a/package.json /" MODULES "a/lib/package.json\n"
	    "npm:@s/c  : /" MODULES "@s/c /" MODULES "@s/c/package.json\n"
	    "npm:b  : /" MODULES "a/node_modules /" MODULES "a/node_modules/b /" MODULES
	    "a/node_modules/b/empty /" MODULES "a/node_modules/b/package.json\n");
	notes(&f, "");
	end(&f);
}

/* A header of rpm, as its databases have it. */
struct rpm_header {
	unsigned char index[16 * 16], data[512], all[1024];
	uint32_t entries, data_len;
	size_t len;
};

static void put32(unsigned char *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (unsigned char)(value >> (24 - 8 * i));
}

static void add_tag(struct rpm_header *h, uint32_t tag, uint32_t type, uint32_t count,
		    const void *bytes, size_t len)
{
	unsigned char *e = h->index + (size_t)16 * h->entries++;

	put32(e, tag);
	put32(e + 4, type);
	put32(e + 8, h->data_len);
	put32(e + 12, count);
	memcpy(h->data + h->data_len, bytes, len);
	h->data_len += (uint32_t)len;
}

#define ADD(header, tag, type, count, bytes) \
	add_tag(header, tag, type, count, bytes, sizeof(bytes))

/* /usr/bin/NAME, the directory /usr/share/both, /lib as a link, and a file that is another
 * package's. */
static void make_rpm(struct rpm_header *h, const char *name)
{
	char bases[64];
	size_t len = strlen(name) + 1;

	*h = (struct rpm_header){ 0 };
	add_tag(h, 1000, 6, 1, name, len);
	ADD(h, 1001, 6, 1, "1.0");
	ADD(h, 1002, 6, 1, "2");
	ADD(h, 1003, 4, 1, ((unsigned char[]){ 0, 0, 0, 7 }));
	ADD(h, 1022, 6, 1, "noarch");
	ADD(h, 1118, 8, 3, "/usr/bin/\0/usr/share/\0/");
	memcpy(bases, name, len);
	memcpy(bases + len, "both\0lib\0replaced", 18);
	add_tag(h, 1117, 8, 4, bases, len + 18);
	ADD(h, 1116, 4, 4,
	    ((unsigned char[]){ 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0 }));
	ADD(h, 1030, 3, 4,
	    ((unsigned char[]){ 0x81, 0xed, 0x41, 0xed, 0xa1, 0xff, 0x81, 0xa4 }));
	ADD(h, 1029, 1, 4, ((unsigned char[]){ 0, 0, 0, 1 }));
	put32(h->all, h->entries);
	put32(h->all + 4, h->data_len);
	memcpy(h->all + 8, h->index, (size_t)16 * h->entries);
	memcpy(h->all + 8 + (size_t)16 * h->entries, h->data, h->data_len);
	h->len = 8 + (size_t)16 * h->entries + h->data_len;
}

/* A database in memory, as SQLite writes it to a file with a log beside it. */
static unsigned char *make_sqlite(const char *more, size_t *out_len)
{
	const char *const names[] = { "one", "two" };
	struct rpm_header header;
	sqlite3_int64 size;
	unsigned char *bytes;
	sqlite3_stmt *insert;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, more, NULL, NULL, NULL), SQLITE_OK);
	if (sqlite3_prepare_v2(db, "INSERT INTO Packages VALUES (NULL, ?)", -1, &insert,
			       NULL) == SQLITE_OK) {
		for (size_t i = 0; i < 2; i++) {
			make_rpm(&header, names[i]);
			sqlite3_bind_blob(insert, 1, header.all, (int)header.len,
					  SQLITE_STATIC);
			assert_int_equal(sqlite3_step(insert), SQLITE_DONE);
			sqlite3_reset(insert);
		}
	}
	sqlite3_finalize(insert);
	bytes = sqlite3_serialize(db, "main", &size, 0);
	assert_non_null(bytes);
	*out_len = (size_t)size;
	bytes[18] = bytes[19] = 2;
	sqlite3_close(db);
	return bytes;
}

#define RPM_FILES                                                                       \
	{ "usr/bin/one", .body = "1" }, { "usr/bin/two", .body = "2" },                 \
		{ "usr/share/both", .kind = 'd' }, { "lib", 'l', .target = "usr/lib" }, \
		{ "usr/bin/replaced", .body = "r" },                                    \
	{                                                                               \
		"usr/lib/x", .body = "x"                                                \
	}
#define RPM_OWNED                                                                \
	"rpm:one 7:1.0-2 noarch: /lib /usr/share /usr/bin/one /usr/share/both\n" \
	"rpm:two 7:1.0-2 noarch: /usr/bin/two\n"
#define TABLE "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB)"

static void rpm_case(const char *path, const void *bytes, size_t len, const char *owned,
		     const char *want)
{
	const struct image_entry entries[] = {
		RPM_FILES,
		{ "var/lib/rpm", 'l', .target = "../../usr/lib/sysimage/rpm" },
		{ path, .body = bytes, .size = len },
	};
	const struct image_layer layer = IMAGE_LAYER(entries);
	struct fixture f;

	begin(&f, &layer, 1);
	has(&f, owned);
	notes(&f, want);
	end(&f);
}

static void rpm_sqlite(void **state)
{
	static const char path[] = "usr/lib/sysimage/rpm/rpmdb.sqlite";
	unsigned char *bytes;
	size_t len;

	(void)state;
	bytes = make_sqlite(TABLE, &len);
	rpm_case(path, bytes, len, RPM_OWNED, "");
	rpm_case(path, bytes, len / 2, "",
		 "rpm: /usr/lib/sysimage/rpm/rpmdb.sqlite: SQLite cannot read it: "
		 "database disk image is malformed\n");
	rpm_case(path, "SQLite", 6, "",
		 "rpm: /usr/lib/sysimage/rpm/rpmdb.sqlite: is no SQLite database\n");
	sqlite3_free(bytes);
	bytes = make_sqlite("CREATE TABLE other (x)", &len);
	rpm_case(path, bytes, len, "",
		 "rpm: /usr/lib/sysimage/rpm/rpmdb.sqlite: SQLite cannot read it: "
		 "no such table: Packages\n");
	sqlite3_free(bytes);
	/* what has a table's name need not be one, nor come to an end; nor has what a row
	 * computes */
	bytes = make_sqlite("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, old BLOB, "
			    "blob BLOB AS (hex(zeroblob(1000000))))",
			    &len);
	rpm_case(path, bytes, len, "",
		 "rpm: /usr/lib/sysimage/rpm/rpmdb.sqlite: its Packages is no plain "
		 "table\n");
	sqlite3_free(bytes);
	bytes = make_sqlite("CREATE VIEW Packages AS WITH RECURSIVE x(n) AS (SELECT 1 "
			    "UNION ALL SELECT n + 1 FROM x) SELECT 1 AS hnum, n AS blob "
			    "FROM x WHERE n < 0",
			    &len);
	rpm_case(path, bytes, len, "",
		 "rpm: /usr/lib/sysimage/rpm/rpmdb.sqlite: its Packages is no plain "
		 "table\n");
	sqlite3_free(bytes);
}

static void put_little(unsigned char *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (unsigned char)(value >> (8 * i));
}

static void put_blob(unsigned char *file, uint32_t slot, uint32_t number, uint32_t block,
		     const char *name)
{
	unsigned char *at = file + (size_t)16 * slot, *blob = file + (size_t)16 * block;
	struct rpm_header h;

	make_rpm(&h, name);
	put_little(at + 4, number);
	put_little(at + 8, block);
	memcpy(blob, "BlbS", 4);
	put_little(blob + 4, number);
	put_little(blob + 12, (uint32_t)h.len);
	memcpy(blob + 16, h.all, h.len);
}

static void make_ndb(unsigned char file[3 * 4096])
{
	memset(file, 0, (size_t)3 * 4096);
	memcpy(file, "RpmP", 4);
	file[12] = 1; /* page of slots */
	for (size_t at = 32; at < 4096; at += 16)
		memcpy(file + at, "Slot", 4);
	put_blob(file, 9, 2, 256, "two");
	put_blob(file, 12, 1, 256 + 128, "one");
}

static void rpm_ndb(void **state)
{
	static const char path[] = "usr/lib/sysimage/rpm/Packages.db";
	unsigned char file[3 * 4096];
#define NDB "rpm: /usr/lib/sysimage/rpm/Packages.db: "

	(void)state;
	make_ndb(file);
	rpm_case(path, file, sizeof file, RPM_OWNED, "");
	rpm_case(path, file, 4096 + 600, "", NDB "package 1 is not where it should be\n");
	rpm_case(path, file, 100, "", NDB "is no ndb database of version 0\n");
	file[12] = 4;
	rpm_case(path, file, sizeof file, "", NDB "is cut\n");
	make_ndb(file);
	file[16 * 12 + 4] = 2;
	rpm_case(path, file, sizeof file,
		 "rpm:two 7:1.0-2 noarch: /lib /usr/share "
		 "/usr/bin/two /usr/share/both\n",
		 NDB "package 2 is there twice\n");
	make_ndb(file);
	put_little(file + (size_t)16 * 256 + 12, 1u << 30);
	rpm_case(path, file, sizeof file,
		 "rpm:one 7:1.0-2 noarch: /lib /usr/share "
		 "/usr/bin/one /usr/share/both\n",
		 NDB "package 2 is cut\n");
	make_ndb(file);
	file[16 * 256 + 16 + 3] = 250; /* more tags than there are */
	rpm_case(path, file, sizeof file,
		 "rpm:one 7:1.0-2 noarch: /lib /usr/share "
		 "/usr/bin/one /usr/share/both\n",
		 NDB "a package's header is damaged\n");
}

static void rpm_others(void **state)
{
	(void)state;
	rpm_case("usr/lib/sysimage/rpm/Packages", "x", 1, "",
		 "rpm: /usr/lib/sysimage/rpm/Packages is a BerkeleyDB database, which is "
		 "not read: run rpm --rebuilddb in the image with an rpm of today\n");
	rpm_case(
		"usr/lib/sysimage/rpm/rpmdb.sqlite-wal", "x", 1, "",
		"rpm: /usr/lib/sysimage/rpm/rpmdb.sqlite-wal has changes that are not in "
		"the database yet, and is not read: run rpm -qa in the image once\n");
}

/* What is small once it is compressed, and would be much work or memory. */
static void floods(void **state)
{
	char *names = malloc(60000 + 4 * 9000 + 10), *lines = malloc(3 << 20), *at;
	const struct image_entry entries[] = {
		{ "lib/apk/db/installed", .body = names },
		{ INFO "x.list", .body = "/lib/apk\n" },
		{ "var/lib/dpkg/diversions", .body = lines, .size = 3 << 20 },
	};
	const struct image_layer layer = IMAGE_LAYER(entries);
	struct fixture f;

	(void)state;
	at = stpcpy(names, "P:x\nF:");
	for (size_t i = 0; i < 30000; i++)
		at = stpcpy(at, "d/");
	*at++ = '\n';
	for (size_t i = 0; i < 9000; i++)
		at = stpcpy(at, "R:a\n");
	memset(lines, '\n', 3 << 20);
	begin(&f, &layer, 1);
	notes(&f, "dpkg: /var/lib/dpkg/diversions: has more than 1000000 diversions\n"
		  "apk: /lib/apk/db/installed: lists paths of more than 536870912 bytes, "
		  "all in all\n");
	end(&f);
	free(names);
	free(lines);
}

#define LOCAL "var/lib/pacman/local/"
/* Each kind tells once of what it has too many of; the last that there is room for is read,
 * and what a package that is none would own is nobody's. */
static void too_many(void **state)
{
	enum { ROOM = 999999, EACH = 5 };
	char *many = malloc(ROOM * EACH);
	const struct image_entry entries[] = {
		{ "lib/apk/db/installed", .body = many, .size = ROOM * EACH },
		{ LOCAL "a-1-1/files", .body = "%FILES%\netc/a\n" },
		{ LOCAL "b-1-1/files", .body = "%FILES%\netc/b\n" },
		{ LOCAL "c-1-1/files", .body = "%FILES%\netc/b\n" },
		{ "etc/a", .body = "x" },
		{ "etc/b", .body = "x" },
		{ "opt/conda-meta/c-1-1.json", .body = "{\"files\": [\"x\"]}" },
		{ "opt/x", .body = "x" },
		{ "srv/p-1.dist-info/RECORD", .body = "p.py,,\n" },
		{ "srv/p.py", .body = "x" },
		{ "srv/node_modules/n/package.json", .body = "{}" },
	};
	const struct image_layer layer = IMAGE_LAYER(entries);
	struct fixture f;
	uint32_t at;

	(void)state;
	for (size_t i = 0; i < ROOM; i++)
		memcpy(many + i * EACH, "P:a\n\n", EACH);
	begin(&f, &layer, 1);
	notes(&f, "alpm: more than 1000000 packages\nconda: more than 1000000 packages\n"
		  "pip: more than 1000000 packages\nnpm: more than 1000000 packages\n");
	assert_int_equal(lam_packages_count(f.packages), ROOM + 1);
	for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
		at = lam_tree_find(lam_image_tree(f.built.image), entries[i].path,
				   strlen(entries[i].path));
		assert_int_equal(lam_packages_owner(f.packages, at),
				 i == 4 ? ROOM : LAM_PACKAGE_NONE);
	}
	end(&f);
	free(many);
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
		cmocka_unit_test(dpkg),          cmocka_unit_test(dpkg_status_d),
		cmocka_unit_test(apk),           cmocka_unit_test(alpm),
		cmocka_unit_test(conda_and_pip), cmocka_unit_test(npm),
		cmocka_unit_test(rpm_sqlite),    cmocka_unit_test(rpm_ndb),
		cmocka_unit_test(rpm_others),    cmocka_unit_test(nothing),
		cmocka_unit_test(floods),        cmocka_unit_test(too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
