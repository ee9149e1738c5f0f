/* What is told of a layout beside its layers: what changes that nobody asked for. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "codec/codec.h"
#include "layout/layout.h"
#include "oci/claims.h"

void lam_layout_remark_add(struct lam_layout *l, bool strict, const char *format, ...)
{
	char text[LAM_ERROR_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	LAM_XGROW(l->remarks, l->remark_count, l->remark_cap);
	l->remarks[l->remark_count++] =
		(struct lam_remark){ lam_layout_copy(l, text), strict, format };
}

void lam_layout_remark_groups(struct lam_layout *l)
{
	char path[LAM_PATH_TEXT];

	for (size_t i = 0; i < l->tree->link_count; i++) {
		uint32_t node = l->tree->links[i].node;

		if (l->gone[node] || l->targets[node] == l->wanted[i])
			continue;
		lam_layout_remark_add(
			l, false,
			"%s is a hard link and stays with the first name of its file, in layer "
			"\"%s\" instead of \"%s\"",
			lam_layout_path(l, node, path),
			l->stack[l->targets[node]].info.name,
			l->stack[l->wanted[i]].info.name);
	}
}

static void remark_claim(void *layout, const char *key, const char *says)
{
	char shown[LAM_PATH_TEXT];

	lam_layout_remark_add(layout, false, "%s goes: it says %s",
			      lam_path_text(shown, key, strlen(key), false), says);
}

static bool is_kept(const struct lam_layout *l, size_t original)
{
	for (size_t t = 0; t < l->target_count; t++) {
		if (l->stack[t].kept && l->stack[t].original == original)
			return true;
	}
	return false;
}

/* What is said of the layers, and is not true of the new ones. */
static void remark_claims(struct lam_layout *l)
{
	const struct lam_manifest *m = &l->image->manifest;
	const json_t *config = l->image->config.doc.root;

	lam_claims_each(json_object_get(m->doc.root, "annotations"), remark_claim, l);
	lam_claims_each(json_object_get(json_object_get(config, "config"), "Labels"),
			remark_claim, l);
	for (size_t i = 0; i < m->layer_count; i++) {
		if (m->layers[i].json && !is_kept(l, i))
			lam_claims_each(json_object_get(m->layers[i].json, "annotations"),
					remark_claim, l);
	}
	if (json_object_get(m->doc.root, "subject"))
		lam_layout_remark_add(l, false,
				      "the manifest has a subject, which stays: the new "
				      "image is a referrer of it, too");
}

/* What changes in the documents beside what the plan is about. */
static void remark_stack(struct lam_layout *l)
{
	const struct lam_config *config = &l->image->config;
	size_t entries = lam_config_layer_entries(config);

	remark_claims(l);
	if (l->image->manifest.docker && lam_layout_codec_of_oci(l))
		lam_layout_remark_add(
			l, false,
			"Docker's manifests have no %s layers: the new manifest is OCI's",
			lam_layout_codec_of_oci(l)->name);
	if (config->history_count && entries != config->diff_id_count)
		lam_layout_remark_add(
			l, false,
			"the history has %zu entries for %zu layers: they stay as entries without "
			"a layer, and each layer gets a new one",
			entries, config->diff_id_count);
}

void lam_layout_remark_documents(struct lam_layout *l)
{
	if (!lam_layout_is_same_stack(l))
		remark_stack(l);
	if (l->image->manifest.docker && lam_layout_annotates(l))
		lam_layout_remark_add(l, false,
				      "Docker's manifests have no annotations: the new "
				      "manifest is OCI's");
}

size_t lam_layout_remark_count(const struct lam_layout *layout)
{
	return layout->remark_count;
}

const struct lam_remark *lam_layout_remark(const struct lam_layout *layout, size_t n)
{
	return &layout->remarks[n];
}
