/* Node's packages: each folder below a node_modules that has a package.json, by the name that
 * it is found by ("left-pad", "@types/node"). It owns all in it that no package further down
 * owns. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/memory.h"
#include "package/package.h"

/* What a package.json says beside the name is for people: one that is not understood is
 * without a version. */
static int take_json(struct lam_package_reading *r, const struct lam_package_record *rec,
		     const char *text, size_t len, struct lam_error *err)
{
	struct lam_error why;
	json_auto_t *json = len <= LAM_MAX_CONFIG
				    ? lam_json_load(text, len, "package.json", NULL, &why)
				    : NULL;
	struct lam_json root = lam_json_root(json, "package.json");
	const char *version;

	(void)err;
	if (json && lam_json_get_text(&root, "version", true, &version, &why) == 0)
		lam_package_set_version(r, rec->package, version, strlen(version));
	return 0;
}

/* Whether a directory is a package's: below node_modules, or a scope in one. */
static bool is_package(const struct lam_package_reading *r, uint32_t dir,
		       struct lam_buf *name)
{
	const struct lam_tree *tree = r->tree;
	uint32_t parent = lam_tree_node(tree, dir)->parent;
	size_t len, scope_len;
	const char *own = lam_tree_name(tree, dir, &len),
		   *scope = lam_tree_name(tree, parent, &scope_len);

	lam_buf_clear(name);
	if (scope_len && scope[0] == '@') {
		lam_text_add(name, scope, scope_len);
		lam_text_putc(name, '/');
		parent = lam_tree_node(tree, parent)->parent;
	}
	lam_text_add(name, own, len);
	return len && own[0] != '@' && lam_package_is_dir(r, parent, "node_modules");
}

static void add_packages(struct lam_package_reading *r, uint32_t *owner,
			 struct lam_package_records *records)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf name = LAM_TEXT;

	for (uint32_t n = 1; n < lam_tree_count(r->tree); n++) {
		const struct lam_node *node = lam_tree_node(r->tree, n);
		struct lam_package_id id = { 0 };
		uint32_t json;

		owner[n] = owner[node->parent];
		if (!lam_package_is_dir(r, n, NULL) || !is_package(r, n, &name))
			continue;
		json = lam_package_file(r, n, "package.json");
		if (json == LAM_NODE_NONE)
			continue;
		id.name = (struct lam_str){ name.data, name.len };
		owner[n] = lam_package_record(r, records, json, &id)
				   ? records->items[records->count - 1].package
				   : LAM_PACKAGE_NONE;
	}
}

int lam_package_read_npm(struct lam_package_reading *r, struct lam_error *err)
{
	LAM_CLEANUP(lam_package_records_fini) struct lam_package_records records = { 0 };
	uint32_t count = lam_tree_count(r->tree);
	LAM_CLEANUP(lam_free_ptr) uint32_t *owner = malloc(count * sizeof *owner);

	if (!owner)
		return lam_fail_memory(err);
	owner[LAM_NODE_ROOT] = LAM_PACKAGE_NONE;
	add_packages(r, owner, &records);
	if (records.count == 0)
		return 0;
	for (uint32_t n = 0; n < count; n++) {
		if (owner[n] != LAM_PACKAGE_NONE)
			lam_package_claim_node(r, owner[n], n);
	}
	return lam_package_read_records(r, &records, take_json, err);
}
