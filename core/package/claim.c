/* From what databases list to the nodes of the tree, and from these to directories. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/stop.h"
#include "package/package.h"

#define NONE LAM_NODE_NONE
/* Of a link in leads[]: not looked at yet. */
#define NOT_KNOWN (UINT32_MAX - 1)
/* Of a directory: all in it is of several or of nobody; and nothing is in it. */
#define MIXED   LAM_PACKAGE_NONE
#define NOTHING (UINT32_MAX - 1)

int lam_package_claims_init(struct lam_package_reading *r, struct lam_error *err)
{
	uint32_t count = lam_tree_count(r->tree);

	r->dir = LAM_TEXT;
	r->path = LAM_TEXT;
	r->way = calloc(count, sizeof *r->way);
	r->leads = malloc(count * sizeof *r->leads);
	r->packages->owner = malloc(count * sizeof *r->packages->owner);
	if (!r->way || !r->leads || !r->packages->owner)
		return lam_fail_memory(err);
	for (uint32_t n = 0; n < count; n++) {
		r->leads[n] = NOT_KNOWN;
		r->packages->owner[n] = LAM_PACKAGE_NONE;
	}
	return 0;
}

void lam_package_disown_ways(struct lam_package_reading *r, uint32_t first)
{
	uint32_t *owner = r->packages->owner;

	for (uint32_t n = 0; n < lam_tree_count(r->tree); n++) {
		if (r->way[n] && owner[n] != LAM_PACKAGE_NONE && owner[n] >= first)
			owner[n] = LAM_PACKAGE_NONE;
	}
}

void lam_package_claims_fini(struct lam_package_reading *r)
{
	free(r->way);
	free(r->leads);
	free(r->levels);
	lam_buf_fini(&r->dir);
	lam_buf_fini(&r->path);
}

/* The way to a path */

static uint32_t lead(struct lam_package_reading *r, uint32_t link)
{
	if (r->leads[link] == NOT_KNOWN &&
	    lam_tree_resolve(r->tree, link, &r->leads[link]) != LAM_RESOLVED)
		r->leads[link] = NONE;
	return r->leads[link];
}

/* The directory that a name in a directory is or leads to. */
static uint32_t step(struct lam_package_reading *r, uint32_t dir, const char *name,
		     size_t len)
{
	uint32_t n;

	if (dir == NONE || (len == 1 && name[0] == '.'))
		return dir;
	if (len == 2 && name[0] == '.' && name[1] == '.')
		return lam_tree_node(r->tree, dir)->parent;
	n = lam_tree_child(r->tree, dir, name, len);
	if (n == NONE || !lam_tree_node(r->tree, n)->live)
		return NONE;
	if (lam_tree_node(r->tree, n)->kind == LAM_KIND_SYMLINK) {
		r->way[n] = true;
		n = lead(r, n);
	}
	return n != NONE && lam_tree_node(r->tree, n)->kind == LAM_KIND_DIR ? n : NONE;
}

/* Drops what of the last directory is not on the way to this one. */
static void keep_shared(struct lam_package_reading *r, const char *dir, size_t len)
{
	size_t shared = 0, most = len < r->dir.len ? len : r->dir.len;

	while (shared < most && dir[shared] == r->dir.data[shared])
		shared++;
	while (r->level_count) {
		size_t end = r->levels[r->level_count - 1].end;

		if (end < shared || (end == shared && (end == len || dir[end] == '/')))
			break;
		r->level_count--;
	}
	r->dir.len = r->level_count ? r->levels[r->level_count - 1].end : 0;
}

/* The directory at a path, links followed; NONE where there is none. */
static uint32_t walk(struct lam_package_reading *r, const char *dir, size_t len)
{
	size_t at;
	uint32_t node;

	keep_shared(r, dir, len);
	at = r->dir.len;
	node = r->level_count ? r->levels[r->level_count - 1].node : LAM_NODE_ROOT;
	lam_text_add(&r->dir, dir + at, len - at);
	while (at < len) {
		const char *name = dir + at, *slash = memchr(name, '/', len - at);
		size_t name_len = slash ? (size_t)(slash - name) : len - at;

		if (name_len) {
			at += name_len;
			node = step(r, node, name, name_len);
			LAM_XGROW(r->levels, r->level_count, r->level_cap);
			r->levels[r->level_count++] =
				(struct lam_claim_level){ at, node };
		}
		at += slash != NULL;
	}
	return node;
}

void lam_package_claim_node(struct lam_package_reading *r, uint32_t package,
			    uint32_t node)
{
	const struct lam_node *n = lam_tree_node(r->tree, node);
	uint32_t *owner = &r->packages->owner[node];

	/* what is gone from a directory that is gone too says nothing of who had that */
	if ((n->live || n->kind != LAM_KIND_DIR) && *owner > package)
		*owner = package;
}

static void claim(struct lam_package_reading *r, uint32_t package, const char *path,
		  size_t len)
{
	const char *slash = memrchr(path, '/', len), *name = slash ? slash + 1 : path;
	size_t dir_len = (size_t)(name - path), name_len = len - dir_len;
	uint32_t dir = walk(r, path, dir_len), node = dir;

	if (name_len && dir != NONE)
		node = lam_tree_child(r->tree, dir, name, name_len);
	if (node == NONE)
		node = lam_tree_find(r->tree, path, len);
	if (node != NONE)
		lam_package_claim_node(r, package, node);
}

int lam_package_claim(struct lam_package_reading *r, uint32_t package, const char *path,
		      size_t len, struct lam_error *err)
{
	if (lam_stops(r->stop, 0))
		return lam_fail_stopped(err);
	if (len > r->paths)
		return lam_fail(err, LAM_EFORMAT,
				"lists paths of more than %u bytes, all in all",
				LAM_MAX_PACKAGE_PATHS);
	if (len <= LAM_MAX_PATH) { /* else nothing has it */
		r->paths -= len;
		claim(r, package, path, len);
	}
	return 0;
}

/* Directories */

/* below[]: whose all is that is live in a directory. Children have larger numbers. */
static void own_from_below(const struct lam_package_reading *r, uint32_t *below)
{
	uint32_t *owner = r->packages->owner;

	for (uint32_t n = lam_tree_count(r->tree); n-- > 1;) {
		const struct lam_node *node = lam_tree_node(r->tree, n);
		uint32_t mine = owner[n], *above = &below[node->parent];

		if (!node->live)
			continue;
		if (node->kind == LAM_KIND_DIR && below[n] != NOTHING)
			mine = owner[n] = below[n];
		else if (node->kind == LAM_KIND_DIR && mine == LAM_PACKAGE_NONE)
			continue;
		*above = *above == NOTHING || *above == mine ? mine : MIXED;
	}
	owner[LAM_NODE_ROOT] = LAM_PACKAGE_NONE; /* it is in every layer */
}

/* Empty directories that nobody lists are of whom the one above is. */
static void own_from_above(const struct lam_package_reading *r, const uint32_t *below)
{
	uint32_t *owner = r->packages->owner;

	for (uint32_t n = 1; n < lam_tree_count(r->tree); n++) {
		const struct lam_node *node = lam_tree_node(r->tree, n);

		if (node->live && node->kind == LAM_KIND_DIR && below[n] == NOTHING &&
		    owner[n] == LAM_PACKAGE_NONE)
			owner[n] = owner[node->parent];
	}
}

int lam_package_own_directories(struct lam_package_reading *r, struct lam_error *err)
{
	uint32_t count = lam_tree_count(r->tree);
	LAM_CLEANUP(lam_free_ptr) uint32_t *below = malloc(count * sizeof *below);

	if (!below)
		return lam_fail_memory(err);
	for (uint32_t n = 0; n < count; n++)
		below[n] = NOTHING;
	own_from_below(r, below);
	own_from_above(r, below);
	return lam_stops(r->stop, 0) ? lam_fail_stopped(err) : 0;
}
