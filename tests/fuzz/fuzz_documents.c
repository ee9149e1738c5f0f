/* Index, manifest and config: what was read can be edited, and what comes out is read
 * again. */
#include <string.h>

#include "fuzz.h"
#include "oci/manifest.h"

static struct lam_digest digest; /* of nothing */

static void index_document(const char *json, size_t len)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf out = LAM_BUF(64u << 20);
	const struct lam_platform platform = { .os = "linux", .architecture = "amd64" };
	struct lam_index index, again;
	struct lam_error err;
	size_t named = 0;
	int code = lam_index_parse(&index, json, len, "index.json", NULL, &err);

	if (code < 0) {
		need_error(code, &err);
		return;
	}
	NEED(lam_index_image_count(&index) <= index.count);
	code = lam_index_edit(
		json, len,
		&(struct lam_index_image){ .media_type = LAM_MT_OCI_MANIFEST,
					   .digest = &digest,
					   .platform = &platform,
					   .tells_platform = len % 2 == 0,
					   .ref_name = "new" },
		&out, &err);
	lam_index_fini(&index);
	if (code < 0) {
		need_error(code, &err);
		return;
	}
	MUST(lam_index_parse(&again, out.data, out.len, "index.json", NULL, &err));
	for (size_t i = 0; i < again.count; i++)
		named += again.entries[i].ref_name &&
			 strcmp(again.entries[i].ref_name, "new") == 0 &&
			 lam_digest_equal(&again.entries[i].descriptor.digest, &digest);
	NEED(named >= 1);
	lam_index_fini(&again);
}

/* One of each form, set and taken out. */
static struct lam_setting items[] = {
	{ LAM_SETTING_ENTRYPOINT, NULL, NULL },   { LAM_SETTING_CMD, NULL, "[\"a\"]" },
	{ LAM_SETTING_USER, NULL, "\"1\"" },      { LAM_SETTING_WORKDIR, NULL, NULL },
	{ LAM_SETTING_ENV, "A", "\"b\"" },        { LAM_SETTING_ENV, "PATH", NULL },
	{ LAM_SETTING_LABEL, "a", "\"b\"" },      { LAM_SETTING_LABEL, "c", NULL },
	{ LAM_SETTING_ANNOTATION, "a", "\"b\"" }, { LAM_SETTING_ANNOTATION, "c", NULL },
};
static const struct lam_settings changes = { items, sizeof items / sizeof *items };

/* Layers of the source kept from the top, and one written. */
static size_t stack_of(struct lam_stack_layer *stack, size_t layers)
{
	size_t count = 0;

	for (size_t i = layers; i-- > 0 && count < 4;)
		stack[count++] = (struct lam_stack_layer){
			.kept = true, .original = i, .digest = digest, .diff_id = digest
		};
	stack[count++] = (struct lam_stack_layer){ .media_type = LAM_MT_OCI_LAYER "+gzip",
						   .digest = digest,
						   .diff_id = digest,
						   .created_by = "lamina: x",
						   .comment = "from layer 0" };
	return count;
}

static void manifest_document(const char *json, size_t len)
{
	static const struct lam_annotation annotation = { "a", "b" };
	LAM_CLEANUP(lam_buf_fini) struct lam_buf out = LAM_BUF(64u << 20);
	struct lam_manifest manifest, again;
	struct lam_stack_layer stack[5];
	struct lam_error err;
	size_t count;
	int code = lam_manifest_parse(&manifest, json, len, "manifest", NULL, &err);

	if (code < 0) {
		need_error(code, &err);
		return;
	}
	count = stack_of(stack, manifest.layer_count);
	code = lam_manifest_edit(
		&manifest,
		&(struct lam_manifest_change){ .docker = manifest.docker,
					       .layers = stack,
					       .count = count,
					       .settings = &changes,
					       .config = &digest,
					       .annotations = &annotation,
					       .annotation_count = 1 },
		&out, &err);
	lam_manifest_fini(&manifest);
	if (code < 0) {
		need_error(code, &err);
		return;
	}
	MUST(lam_manifest_parse(&again, out.data, out.len, "manifest", NULL, &err));
	NEED(again.layer_count == count);
	lam_manifest_fini(&again);
}

static void config_document(const char *json, size_t len)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf out = LAM_BUF(64u << 20);
	struct lam_config config, again;
	struct lam_stack_layer stack[5];
	struct lam_error err;
	size_t history[5], count;
	int code = lam_config_parse(&config, json, len, "config", &err);

	if (code < 0) {
		need_error(code, &err);
		return;
	}
	lam_config_layer_history(&config, 5, history);
	for (size_t i = 0; i < 5; i++)
		NEED(history[i] == SIZE_MAX || history[i] < config.history_count);
	count = stack_of(stack, config.diff_id_count);
	code = lam_config_edit(&config, stack, count, &changes, NULL,
			       (struct lam_clamp){ 0 }, &out, &err);
	if (code < 0)
		need_error(code, &err);
	if (code == 0) {
		MUST(lam_config_parse(&again, out.data, out.len, "config", &err));
		NEED(again.diff_id_count == count);
		NEED(again.history_count == 0 ||
		     lam_config_layer_entries(&again) == count);
		lam_config_fini(&again);
	}
	lam_config_fini(&config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const documents[])(const char *json, size_t len) = {
		index_document, manifest_document, config_document
	};
	struct fuzz fuzz = { data, size };
	unsigned which = fuzz_below(&fuzz, 3);

	digest = lam_digest_of(LAM_SHA256, "", 0);
	documents[which]((const char *)fuzz.at, fuzz.left);
	return 0;
}
