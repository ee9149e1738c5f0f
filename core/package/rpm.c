/* rpm's packages: the databases of SQLite and ndb. Those of BerkeleyDB, which rpm itself does
 * not write any more, are named and not read. */
#include "package/rpm.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static const char *const FOLDERS[] = { "/usr/lib/sysimage/rpm", "/usr/share/rpm",
				       "/var/lib/rpm" };

static const struct {
	const char *name;
	int (*read)(struct lam_package_reading *r, const char *bytes, size_t len,
		    struct lam_error *err);
} FILES[] = {
	{ "rpmdb.sqlite", lam_rpm_read_sqlite },
	{ "Packages.db", lam_rpm_read_ndb },
};
#define FOLDER_COUNT (sizeof FOLDERS / sizeof *FOLDERS)
#define FILE_COUNT   (sizeof FILES / sizeof *FILES)

struct rpm {
	struct lam_package_reading *r;
	uint32_t nodes[FOLDER_COUNT * FILE_COUNT];
	size_t kinds[FOLDER_COUNT * FILE_COUNT], count;
};

static int take_database(void *context, size_t n, const char *bytes, size_t len,
			 struct lam_error *err)
{
	struct rpm *rpm = context;

	return FILES[rpm->kinds[n]].read(rpm->r, bytes, len, err);
}

static void note_path(struct lam_package_reading *r, uint32_t node, const char *text)
{
	LAM_CLEANUP(lam_free_ptr) char *path = lam_tree_path_text(r->tree, node);

	lam_package_note(r, "%s %s", path, text);
}

/* Folders may be links to each other. */
static void add_database(struct rpm *rpm, uint32_t node, size_t kind)
{
	for (size_t i = 0; i < rpm->count; i++) {
		if (rpm->nodes[i] == node)
			return;
	}
	rpm->nodes[rpm->count] = node;
	rpm->kinds[rpm->count++] = kind;
}

static void look_into(struct rpm *rpm, uint32_t dir)
{
	uint32_t wal = lam_package_file(rpm->r, dir, "rpmdb.sqlite-wal"),
		 old = lam_package_file(rpm->r, dir, "Packages");
	size_t before = rpm->count;

	for (size_t k = 0; k < FILE_COUNT; k++) {
		uint32_t node = lam_package_file(rpm->r, dir, FILES[k].name);

		if (node != LAM_NODE_NONE)
			add_database(rpm, node, k);
	}
	if (wal != LAM_NODE_NONE && lam_tree_node(rpm->r->tree, wal)->live_bytes)
		note_path(rpm->r, wal,
			  "has changes that are not in the database yet, and is not "
			  "read: run rpm -qa in the image once");
	if (old != LAM_NODE_NONE && rpm->count == before)
		note_path(rpm->r, old,
			  "is a BerkeleyDB database, which is not read: run "
			  "rpm --rebuilddb in the image with an rpm of today");
}

int lam_package_read_rpm(struct lam_package_reading *r, struct lam_error *err)
{
	uint32_t seen[FOLDER_COUNT];
	struct rpm rpm = { .r = r };

	for (size_t i = 0; i < FOLDER_COUNT; i++) {
		bool again = false;

		seen[i] = lam_package_find(r, FOLDERS[i], LAM_KIND_DIR);
		for (size_t k = 0; k < i; k++)
			again = again || seen[k] == seen[i];
		if (seen[i] != LAM_NODE_NONE && !again)
			look_into(&rpm, seen[i]);
	}
	return lam_package_read_files(r, rpm.nodes, rpm.count, take_database, &rpm, err);
}
