#include "sample_image.h"

#define K    *100u
#define SITE "usr/lib/python3.12/site-packages/"

static const struct image_entry BASE[] = {
	{ .path = "bin", .kind = 'l', .target = "usr/bin", .mode = 0777 },
	{ .path = "lib", .kind = 'l', .target = "usr/lib", .mode = 0777 },
	{ .path = "etc/passwd",
	  .body = "root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/srv:/bin/sh\n",
	  .mtime = 1700000000 },
	{ .path = "etc/group", .body = "root:x:0:\napp:x:1000:\n", .mtime = 1700000000 },
	{ .path = "etc/ld.so.cache", .size = 6 K, .mtime = 1700000000 },
	{ .path = "etc/alternatives", .kind = 'd' },
	{ .path = "tmp", .kind = 'd', .mode = 01777 },
	{ .path = "usr/bin/passwd", .size = 71 K, .mode = 04755, .mtime = 1700000000 },
	{ .path = "usr/bin/ping",
	  .size = 40 K,
	  .mode = 0755,
	  .attribute = "SCHILY.xattr.security.capability=\x01" },
	{ .path = "usr/bin/sh", .size = 120 K, .mode = 0755, .mtime = 1700000000 },
	{ .path = "usr/bin/dash", .kind = 'h', .target = "usr/bin/sh" },
	{ .path = "usr/lib/libc.so.6",
	  .size = 1900 K,
	  .mode = 0755,
	  .mtime = 1700000000 },
	{ .path = "usr/lib/libc-2.36.so", .kind = 'h', .target = "usr/lib/libc.so.6" },
	{ .path = "usr/lib/libc.so", .kind = 'h', .target = "usr/lib/libc.so.6" },
	{ .path = "usr/lib/libssl.so",
	  .kind = 'l',
	  .target = "libssl.so.3",
	  .mode = 0777 },
	{ .path = "usr/lib/libssl.so.3", .size = 687 K, .mtime = 1700000000 },
	{ .path = "usr/lib/libfoo.so.1",
	  .kind = 'l',
	  .target = "libfoo.so.1.0.2",
	  .mode = 0777 },
	{ .path = "usr/lib/loop", .kind = 'l', .target = "loop", .mode = 0777 },
	{ .path = "usr/lib/above",
	  .kind = 'l',
	  .target = "../../../../etc/passwd",
	  .mode = 0777 },
	{ .path = "usr/lib/libcrypto.so.3", .size = 4100 K, .mtime = 1700000000 },
	{ .path = "usr/share/doc/readme",
	  .body = "Read me.\n\tIndented by a tab, and a line that "
		  "is rather long so that it must be wrapped "
		  "in the narrow pane of the details.\nEnd.\n" },
	{ .path = "var/lib/dpkg/status", .size = 300 K },
	{ .path = "dev/null", .kind = 'c', .mode = 0666 },
	{ .path = "run/pipe", .kind = 'p' },
};
static const struct image_entry CONFIG[] = {
	{ .path = "etc/app.conf", .body = "port = 80\n", .mtime = 1710000000 },
	{ .path = "etc/ld.so.cache", .size = 7 K, .mtime = 1710000000 },
};
static const struct image_entry PYTHON[] = {
	{ .path = "usr/bin/python3", .kind = 'l', .target = "python3.12", .mode = 0777 },
	{ .path = "usr/bin/python3.12",
	  .size = 7900 K,
	  .mode = 0755,
	  .mtime = 1720000000 },
	{ .path = "usr/bin/editor",
	  .kind = 'l',
	  .target = "/etc/alternatives/editor",
	  .mode = 0777 },
	{ .path = "usr/lib/python3.12/asyncio/base.py", .size = 90 K },
	{ .path = "usr/lib/python3.12/_pydecimal.py", .size = 141 K },
	{ .path = "var/lib/dpkg/status", .size = 320 K },
};
static const struct image_entry PIP[] = {
	{ .path = SITE "numpy/core.so", .size = 2200 K, .mode = 0755 },
	{ .path = SITE "numpy/__init__.py", .size = 12 K },
	{ .path = SITE "scipy/linalg.so", .size = 3100 K, .mode = 0755 },
	{ .path = "root/.cache/pip/wheels.bin", .size = 900 K },
};
static const struct image_entry OWNER[] = {
	{ .path = SITE "numpy/core.so",
	  .size = 2200 K,
	  .mode = 0755,
	  .uid = 1000,
	  .gid = 1000 },
};
static const struct image_entry ASSETS[] = {
	{ .path = "usr/share/assets/video.mp4", .size = 5120 K },
	{ .path = "usr/share/assets/日本語.txt", .size = 5 K },
};
static const struct image_entry APP[] = {
	{ .path = "srv/app", .kind = 'd', .uid = 1000, .gid = 1000 },
	{ .path = "srv/app/main.py", .size = 18 K, .uid = 1000, .gid = 1000 },
	{ .path = "srv/app/build.log", .size = 2240 K, .uid = 1000, .gid = 1000 },
	{ .path = "srv/app/settings.toml", .size = 2 K, .uid = 1000, .gid = 1000 },
	{ .path = "srv/app/evil\x1b[2Jname", .size = 12, .uid = 1000, .gid = 1000 },
};
static const struct image_entry SETTINGS[] = {
	{ .path = "srv/app/settings.toml", .size = 3 K, .uid = 1000, .gid = 1000 },
};
static const struct image_entry CLEAN[] = {
	{ .path = "srv/app/.wh.build.log" },
};

const struct image_layer SAMPLE[SAMPLE_LAYERS] = {
	{ BASE, sizeof BASE / sizeof *BASE, .created_by = "ADD rootfs.tar / # debian" },
	{ CONFIG, sizeof CONFIG / sizeof *CONFIG, .created_by = "COPY app.conf /etc/" },
	{ PYTHON, sizeof PYTHON / sizeof *PYTHON,
	  .created_by = "RUN apt-get install -y python3.12" },
	{ PIP, sizeof PIP / sizeof *PIP,
	  .created_by = "RUN pip install -r requirements.txt # numpy, scipy and all that "
			"they need, which is a lot" },
	{ OWNER, sizeof OWNER / sizeof *OWNER,
	  .created_by = "RUN chown -R app /usr/lib" },
	{ ASSETS, sizeof ASSETS / sizeof *ASSETS,
	  .created_by = "COPY assets /usr/share/" },
	{ APP, sizeof APP / sizeof *APP, .created_by = "COPY . /srv/app" },
	{ SETTINGS, sizeof SETTINGS / sizeof *SETTINGS,
	  .created_by = "COPY settings.toml /srv/app/" },
	{ CLEAN, 1, .created_by = "RUN rm /srv/app/build.log" },
};

const char SAMPLE_PLAN[] =
	"{ \"lamina\": 1,\n"
	"  \"layers\": [\n"
	"    { \"name\": \"base\", \"from\": [0] },\n"
	"    { \"name\": \"config\", \"from\": [1] },\n"
	"    { \"name\": \"python\", \"from\": [2] },\n"
	"    { \"name\": \"py-deps\", \"from\": [\"3-4\"], \"compression\": \"zstd:3\" },\n"
	"    { \"name\": \"assets\", \"from\": [5] },\n"
	"    { \"name\": \"app\", \"from\": \"rest\" }\n"
	"  ],\n"
	"  \"assign\": [\n"
	"    { \"path\": \"/usr/share/doc\", \"to\": \"assets\" },\n"
	"    { \"glob\": \"/usr/lib/python3*/asyncio/**\", \"to\": \"py-deps\" },\n"
	"    { \"path\": \"/root/.cache\", \"to\": null }\n"
	"  ] }\n";

#define A10   "aaaaaaaaaa"
#define A100  A10 A10 A10 A10 A10 A10 A10 A10 A10 A10
#define A1000 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100

static const struct image_entry NAMES[] = {
	{ .path = "a\x1b]0;title\x07"
		  "b",
	  .size = 1 },
	{ .path = "clear\x1b[2J", .kind = 'd' },
	{ .path = "line\nbreak", .size = 2 },
	{ .path = "right\u202eleft\u202c", .size = 3 },
	{ .path = "tab\there", .size = 4 },
	{ .path = "latin\xe9", .size = 5 },
	{ .path = "zero\u200bwidth", .size = 6 },
	{ .path = "combining e\u0301", .size = 7 },
	{ .path = "wide \u65e5\u672c\u8a9e", .size = 8 },
	{ .path = "link", .kind = 'l', .target = "\x1b[31mred\n", .mode = 0777 },
	{ .path = A1000 A1000 A1000 A1000, .size = 9 },
	{ .path = "\x9b"
		  "31m",
	  .size = 10 },
};

const struct image_layer HOSTILE[HOSTILE_LAYERS] = {
	{ NAMES, sizeof NAMES / sizeof *NAMES,
	  .created_by = "RUN \\u001b[2J\\u001b]0;x\\u0007 # \\u202e" },
};
