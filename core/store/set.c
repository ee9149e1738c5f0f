/* The images that one name means, and the index that names them. */
#include "store/set.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"

void lam_source_set_add(struct lam_source_set *set, const struct lam_digest *manifest,
			const struct lam_platform *p)
{
	for (size_t i = 0; i < set->count; i++) {
		if (lam_digest_equal(&set->images[i].manifest, manifest))
			return;
	}
	LAM_XGROW(set->images, set->count, set->cap);
	set->images[set->count++] = (struct lam_listed){
		.manifest = *manifest,
		.platform = { .os = lam_xcopy(p->os),
			      .architecture = lam_xcopy(p->architecture),
			      .variant = lam_xcopy(p->variant) },
	};
}

void lam_source_set_fini(struct lam_source_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		struct lam_platform *p = &set->images[i].platform;

		free((void *)(uintptr_t)p->os);
		free((void *)(uintptr_t)p->architecture);
		free((void *)(uintptr_t)p->variant);
	}
	free(set->images);
	lam_buf_fini(&set->index);
	lam_referrers_fini(&set->referrers);
	*set = (struct lam_source_set){ 0 };
}

/* An index in the index would have to be taken apart, and nobody makes one. */
static int check_flat(const struct lam_index *index, struct lam_error *err)
{
	for (size_t i = 0; i < index->count; i++) {
		if (lam_descriptor_is_index(&index->entries[i].descriptor))
			return lam_fail(err, LAM_EFORMAT,
					"is an index of indexes: name one of them by "
					"@sha256:...");
	}
	return 0;
}

static int take(struct lam_source_set *set, const char *bytes, size_t len,
		struct lam_error *err)
{
	LAM_CLEANUP(lam_index_fini) struct lam_index index = { 0 };

	if (lam_manifest_type(&set->media_type, bytes, len, "index", err) < 0 ||
	    lam_index_parse(&index, bytes, len, "index", NULL, err) < 0 ||
	    check_flat(&index, err) < 0)
		return err->code;
	set->digest = lam_digest_of(LAM_SHA256, bytes, len);
	return lam_buf_append(&set->index, bytes, len, err);
}

/* One that only index.json names them in: its entries, less the name. */
static json_t *unnamed(const struct lam_index_entry *e)
{
	json_t *entry = json_deep_copy(e->descriptor.json),
	       *annotations = json_object_get(entry, "annotations");

	json_object_del(annotations, LAM_REF_NAME);
	if (annotations && json_object_size(annotations) == 0)
		json_object_del(entry, "annotations");
	return entry;
}

static int make(struct lam_source_set *set, const struct lam_index_entry *const *meant,
		size_t count, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf made = LAM_BUF(LAM_MAX_INDEX);
	json_t *images = json_array();
	json_auto_t *index = json_pack("{s:i, s:s, s:o}", "schemaVersion", 2, "mediaType",
				       LAM_MT_OCI_INDEX, "manifests", images);

	for (size_t i = 0; i < count; i++)
		json_array_append_new(images, unnamed(meant[i]));
	if (lam_json_dump(index, JSON_COMPACT, &made, err) < 0)
		return err->code;
	return take(set, made.data, made.len, err);
}

/* Where nothing has a name, index.json is the index of one image. */
static bool is_whole(const struct lam_source *source, const struct lam_index *all,
		     size_t count)
{
	for (size_t i = 0; i < all->count; i++) {
		if (all->entries[i].ref_name)
			return false;
	}
	return count > 1 || source->own_index;
}

int lam_source_set_index(struct lam_source_set *set, const struct lam_source *source,
			 const struct lam_index *all, const struct lam_buf *bytes,
			 const struct lam_index_entry *const *meant, size_t count,
			 struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf inner = LAM_BUF(LAM_MAX_INDEX);

	set->index = LAM_BUF(LAM_MAX_INDEX);
	if (is_whole(source, all, count))
		return take(set, bytes->data, bytes->len, err);
	if (count > 1)
		return make(set, meant, count, err);
	if (count == 0 || !lam_descriptor_is_index(&meant[0]->descriptor))
		return 0;
	if (lam_source_read_blob(source, &meant[0]->descriptor, LAM_MAX_INDEX, &inner,
				 err) < 0)
		return err->code;
	return take(set, inner.data, inner.len, err);
}
