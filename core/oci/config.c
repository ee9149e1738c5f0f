/* Configs: what images say of how they are run, and of their layers. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "oci/manifest.h"
#include "oci/platform.h"

static int read_diff_ids(struct lam_config *c, const struct lam_json *root,
			 struct lam_error *err)
{
	static const char *const fields[] = { "ttype", "-diff_ids", NULL };
	struct lam_json rootfs = lam_json_member(root, "rootfs"),
			kind = lam_json_member(&rootfs, "type"),
			ids = lam_json_member(&rootfs, "diff_ids");
	struct lam_error inner;
	const char *text;

	if (!rootfs.value)
		return lam_json_fail(root, err, LAM_EFORMAT, "rootfs is missing");
	if (lam_doc_check_fields(&rootfs, fields, err) < 0 ||
	    lam_json_get_text(&rootfs, "type", true, &text, err) < 0)
		return err->code;
	if (strcmp(text, "layers") != 0)
		return lam_json_fail(&kind, err, LAM_EFORMAT, "expected \"layers\"");
	if (ids.value && !json_is_array(ids.value))
		return lam_json_fail(&ids, err, LAM_EFORMAT, "expected an array");
	c->diff_ids = lam_xcalloc(json_array_size(ids.value) + 1, sizeof *c->diff_ids);
	for (struct lam_json id = lam_json_first(&ids); id.value; lam_json_step(&id)) {
		if (lam_json_text(&id, &text, err) < 0)
			return err->code;
		if (lam_digest_parse(&c->diff_ids[c->diff_id_count++], text, &inner) < 0)
			return lam_json_fail(&id, err, LAM_EFORMAT, "%s", inner.text);
	}
	return 0;
}

static int read_history_entry(struct lam_history_entry *out, const struct lam_json *json,
			      struct lam_error *err)
{
	static const char *const fields[] = { "tcreated", "tcreated_by",  "tauthor",
					      "tcomment", "-empty_layer", NULL };
	struct lam_json empty = lam_json_member(json, "empty_layer");

	if (json_is_null(json->value))
		return 0; /* an entry that says nothing */
	if (!json_is_object(json->value))
		return lam_json_fail(json, err, LAM_EFORMAT, "expected an object");
	if (lam_doc_check_fields(json, fields, err) < 0 ||
	    lam_json_get_text(json, "created_by", false, &out->created_by, err) < 0 ||
	    lam_json_get_text(json, "comment", false, &out->comment, err) < 0)
		return err->code;
	return empty.value ? lam_json_bool(&empty, &out->empty_layer, err) : 0;
}

static int read_history(struct lam_config *c, const struct lam_json *root,
			struct lam_error *err)
{
	struct lam_json history = lam_json_member(root, "history");

	if (!history.value)
		return 0;
	if (!json_is_array(history.value))
		return lam_json_fail(&history, err, LAM_EFORMAT, "expected an array");
	c->history = lam_xcalloc(json_array_size(history.value) + 1, sizeof *c->history);
	for (struct lam_json h = lam_json_first(&history); h.value; lam_json_step(&h)) {
		if (read_history_entry(&c->history[c->history_count++], &h, err) < 0)
			return err->code;
	}
	return 0;
}

static int read_config(struct lam_config *c, const struct lam_json *root,
		       struct lam_error *err)
{
	static const char *const fields[] = { "-rootfs", "-history", "tcreated",
					      "tauthor", "-config",  NULL };
	static const char *const run_fields[] = { "tUser",       "lEnv",
						  "sEntrypoint", "sCmd",
						  "tWorkingDir", "mLabels",
						  "tStopSignal", NULL };
	struct lam_json run = lam_json_member(root, "config");

	if (!json_is_object(root->value))
		return lam_json_fail(root, err, LAM_EFORMAT, "expected an object");
	if (lam_doc_check_fields(root, fields, err) < 0 ||
	    lam_doc_check_fields(&run, run_fields, err) < 0 ||
	    lam_platform_read(&c->platform, root, err) < 0 ||
	    lam_json_get_text(root, "created", false, &c->created, err) < 0 ||
	    read_diff_ids(c, root, err) < 0)
		return err->code;
	return read_history(c, root, err);
}

int lam_config_parse(struct lam_config *out, const char *bytes, size_t len,
		     const char *name, struct lam_error *err)
{
	struct lam_json root;

	*out = (struct lam_config){ 0 };
	if (lam_doc_parse(&out->doc, bytes, len, LAM_MAX_CONFIG, name, err) < 0)
		return err->code;
	root = lam_json_root(out->doc.root, name);
	if (read_config(out, &root, err) < 0) {
		lam_config_fini(out);
		return err->code;
	}
	return 0;
}

void lam_config_fini(struct lam_config *config)
{
	lam_doc_fini(&config->doc);
	free(config->diff_ids);
	free(config->history);
	*config = (struct lam_config){ 0 };
}

size_t lam_config_layer_entries(const struct lam_config *config)
{
	size_t entries = 0;

	for (size_t i = 0; i < config->history_count; i++)
		entries += !config->history[i].empty_layer;
	return entries;
}

void lam_config_layer_history(const struct lam_config *config, size_t layer_count,
			      size_t *out_of)
{
	bool fits = lam_config_layer_entries(config) == layer_count;
	size_t layer = 0;

	for (size_t i = 0; fits && i < config->history_count; i++) {
		if (!config->history[i].empty_layer)
			out_of[layer++] = i;
	}
	while (layer < layer_count)
		out_of[layer++] = SIZE_MAX;
}
