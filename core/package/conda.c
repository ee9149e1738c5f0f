/* conda's packages: PREFIX/conda-meta/NAME-VERSION-BUILD.json, wherever there is one, with
 * the paths below the prefix in "files". */
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/stop.h"
#include "package/package.h"

static int claim_all(struct lam_package_reading *r, const struct lam_package_record *rec,
		     const struct lam_json *files, struct lam_error *err)
{
	uint32_t meta = lam_tree_node(r->tree, rec->node)->parent;
	struct lam_buf *path = lam_package_path(r, lam_tree_node(r->tree, meta)->parent);
	size_t prefix = path->len;

	for (struct lam_json f = lam_json_first(files); f.value; lam_json_step(&f)) {
		const char *text;

		if (lam_json_text(&f, &text, err) < 0)
			return err->code;
		path->len = prefix;
		lam_text_puts(path, text);
		if (lam_package_claim(r, rec->package, path->data, path->len, err) < 0)
			return err->code;
	}
	return 0;
}

/* A record that is not understood is noted: it may be anybody's. */
static int take_record(struct lam_package_reading *r,
		       const struct lam_package_record *rec, const char *text, size_t len,
		       struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *name = lam_tree_path_text(r->tree, rec->node);
	json_auto_t *json = NULL;
	struct lam_error why;
	struct lam_json root, files;

	if (len <= LAM_MAX_INDEX)
		json = lam_json_load(text, len, name, NULL, &why);
	else
		(void)lam_fail(&why, LAM_EFORMAT, "%s: larger than %u bytes", name,
			       LAM_MAX_INDEX);
	root = lam_json_root(json, name);
	files = lam_json_member(&root, "files");
	if (json && claim_all(r, rec, &files, &why) == 0)
		return 0;
	if (why.code == LAM_ESTOPPED)
		return lam_fail_stopped(err);
	lam_package_note(r, "%s", why.text);
	return 0;
}

static void find_records(struct lam_package_reading *r, uint32_t dir,
			 struct lam_package_records *records)
{
	uint32_t n, end = lam_package_children(r, dir, &n);

	for (; n < end; n++) {
		struct lam_package_id id;

		id.name.bytes = lam_tree_name(r->tree, n, &id.name.len);
		if (lam_package_strip(&id.name, ".json") && lam_package_split(&id))
			(void)lam_package_record(r, records, n, &id);
	}
}

int lam_package_read_conda(struct lam_package_reading *r, struct lam_error *err)
{
	LAM_CLEANUP(lam_package_records_fini) struct lam_package_records records = { 0 };

	for (uint32_t n = 0; n < lam_tree_count(r->tree); n++) {
		if (lam_package_is_dir(r, n, "conda-meta"))
			find_records(r, n, &records);
	}
	return lam_package_read_records(r, &records, take_record, err);
}
