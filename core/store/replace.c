/* What a new image takes the place of, in an index or alone. */
#include "store/replace.h"

#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "oci/claims.h"
#include "oci/platform.h"

void lam_replaced_fini(struct lam_replaced *r)
{
	lam_referrers_fini(&r->referrers);
	lam_buf_fini(&r->index);
}

static bool is_in(const struct lam_digest *digest, const struct lam_digest *list,
		  size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (lam_digest_equal(digest, &list[i]))
			return true;
	}
	return false;
}

/* Whether it comes out as it is. */
static bool is_unchanged(const struct lam_replace *r, const struct lam_digest *digest)
{
	const struct lam_sink_options *o = r->options;

	if (!r->image)
		return is_in(digest, o->unchanged, o->unchanged_count);
	return lam_digest_equal(digest, &r->image->manifest) ||
	       is_in(digest, r->image->named, r->image->named_count);
}

static bool writes_index(const struct lam_replace *r)
{
	return r->options->platform_count > 0;
}

static int fail_lost(const struct lam_replace *r, const struct lam_index_entry *e,
		     struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf text = LAM_TEXT;
	char digest[LAM_DIGEST_TEXT];

	lam_text_puts(&text, lam_digest_format(&e->descriptor.digest, digest));
	if (e->platform.os && e->platform.architecture) {
		lam_text_puts(&text, " (");
		lam_platform_text(&text, &e->platform);
		lam_text_putc(&text, ')');
	}
	return lam_fail(err, LAM_EWRITE,
			"%s: is an index with an image that would be lost, %s: choose "
			"another tag",
			r->place, text.data);
}

/* The entry that the image takes the place of; NULL: none. By the image that it was made
 * of, which stands here where it is written to where it came from; else by its platform. */
static int find_place(const struct lam_replace *r, const struct lam_index *index,
		      const struct lam_index_entry **out, struct lam_error *err)
{
	const struct lam_index_entry *by_platform = NULL;

	*out = NULL;
	for (size_t i = 0; i < index->count; i++) {
		const struct lam_index_entry *e = &index->entries[i];

		if (!lam_index_entry_is_image(e))
			continue;
		if (lam_descriptor_is_index(&e->descriptor))
			return fail_lost(r, e, err);
		if (lam_digest_equal(&e->descriptor.digest, &r->options->source)) {
			*out = e;
			return 0;
		}
		if (!lam_platform_is_same(&e->platform, &r->options->platform))
			continue;
		if (by_platform && !lam_digest_equal(&by_platform->descriptor.digest,
						     &e->descriptor.digest))
			return fail_lost(r, e, err);
		by_platform = e;
	}
	*out = by_platform;
	return 0;
}

/* What in the index speaks of the image, or of none in particular. */
static void gather(struct lam_replaced *out, const struct lam_replace *r,
		   const struct lam_index *index, const struct lam_digest *image)
{
	for (size_t i = 0; i < index->count; i++) {
		struct lam_referrer found;

		if (!lam_referrer_read(&found, &index->entries[i], &r->reader))
			continue;
		found.inside = true;
		if (!is_unchanged(r, &index->entries[i].descriptor.digest) &&
		    (!image || !found.of[0] || lam_referrer_speaks_of(&found, image)))
			lam_referrers_copy(&out->referrers, &found, LAM_REFERRER_DROPPED);
		lam_referrer_fini(&found);
	}
}

static bool is_dropped(const struct lam_replaced *out, const struct lam_index_entry *e)
{
	char text[LAM_DIGEST_TEXT];

	lam_digest_format(&e->descriptor.digest, text);
	for (size_t i = 0; i < out->referrers.count; i++) {
		if (strcmp(out->referrers.items[i].digest, text) == 0)
			return true;
	}
	return false;
}

/* The index with the image in its place. */
static int make_index(struct lam_replaced *out, const struct lam_replace *r,
		      const struct lam_descriptor *old, struct lam_index *index,
		      const struct lam_index_entry *place, struct lam_error *err)
{
	const struct lam_sink_image *image = r->image;
	json_t *images = json_array();

	for (size_t i = 0; i < index->count; i++) {
		const struct lam_index_entry *e = &index->entries[i];

		if (e == place)
			json_array_append_new(
				images, lam_index_entry_edit(
						e, image->media_type, &image->manifest,
						image->manifest_size, &image->platform));
		else if (!is_dropped(out, e))
			json_array_append(images, e->descriptor.json);
	}
	if (!place)
		json_array_append_new(
			images, lam_index_entry_make(image->media_type, &image->manifest,
						     image->manifest_size,
						     &image->platform, NULL));
	json_object_set_new(index->doc.root, "manifests", images);
	lam_claims_drop(index->doc.root, "annotations");
	out->top = (struct lam_sink_image){ .media_type = lam_index_settle_type(
						    index, old->media_type,
						    image->media_type) };
	out->index.max = LAM_MAX_INDEX;
	if (lam_json_dump(index->doc.root, JSON_COMPACT, &out->index, err) < 0)
		return err->code;
	out->top.manifest = lam_digest_of(LAM_SHA256, out->index.data, out->index.len);
	out->top.manifest_size = (int64_t)out->index.len;
	return 0;
}

/* One image into an index. */
static int into_index(struct lam_replaced *out, const struct lam_replace *r,
		      const struct lam_descriptor *old, struct lam_index *index,
		      struct lam_error *err)
{
	const struct lam_index_entry *place;

	if (find_place(r, index, &place, err) < 0)
		return err->code;
	if (place && is_unchanged(r, &place->descriptor.digest)) {
		out->top = (struct lam_sink_image){ .media_type = old->media_type,
						    .manifest = old->digest,
						    .manifest_size = old->size };
		return 0;
	}
	out->gone[0] = old->digest;
	if (place) {
		out->gone[1] = place->descriptor.digest;
		gather(out, r, index, &place->descriptor.digest);
	}
	return r->image ? make_index(out, r, old, index, place, err) : 0;
}

bool lam_replace_covers(const struct lam_sink_options *o, const struct lam_index_entry *e)
{
	if (is_in(&e->descriptor.digest, o->unchanged, o->unchanged_count))
		return true;
	for (size_t i = 0; i < o->platform_count; i++) {
		if (lam_platform_is_same(&e->platform, &o->platforms[i]))
			return true;
	}
	return false;
}

/* An index in the place of an index. */
static int whole_index(struct lam_replaced *out, const struct lam_replace *r,
		       const struct lam_descriptor *old, const struct lam_index *index,
		       struct lam_error *err)
{
	for (size_t i = 0; i < index->count; i++) {
		const struct lam_index_entry *e = &index->entries[i];

		if (lam_index_entry_is_image(e) && !lam_replace_covers(r->options, e))
			return fail_lost(r, e, err);
	}
	out->gone[0] = old->digest;
	gather(out, r, index, NULL);
	return 0;
}

int lam_replace(struct lam_replaced *out, const struct lam_replace *r,
		const struct lam_descriptor *old, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf bytes = LAM_BUF(LAM_MAX_INDEX);
	LAM_CLEANUP(lam_index_fini) struct lam_index index = { 0 };

	*out = (struct lam_replaced){ .any = old != NULL };
	if (r->image)
		out->top = *r->image;
	if (!old || is_unchanged(r, &old->digest))
		return 0;
	if (!lam_descriptor_is_index(old)) {
		out->gone[0] = old->digest;
		return 0;
	}
	if (r->reader.read(r->reader.context, old, &bytes, err) < 0 ||
	    lam_index_parse(&index, bytes.data ? bytes.data : "", bytes.len, "index",
			    old->media_type, err) < 0) {
		if (err->code != LAM_ENOMEM)
			err->code = LAM_EWRITE;
		return lam_wrap(err, "%s", r->place);
	}
	return writes_index(r) ? whole_index(out, r, old, &index, err)
			       : into_index(out, r, old, &index, err);
}

void lam_replace_keep(struct lam_replaced *out, const struct lam_replace *r)
{
	struct lam_referrers *all = &out->referrers;
	size_t kept = 0;

	for (size_t i = 0; i < all->count; i++) {
		struct lam_digest digest;
		struct lam_error err;

		if (lam_digest_parse(&digest, all->items[i].digest, &err) == 0 &&
		    is_unchanged(r, &digest))
			lam_referrer_fini(&all->items[i]);
		else
			all->items[kept++] = all->items[i];
	}
	all->count = kept;
}

int lam_replace_check(const struct lam_replaced *replaced, const struct lam_replace *r,
		      struct lam_error *err)
{
	const struct lam_referrer *first = NULL;
	size_t count = 0;

	for (size_t i = 0; i < replaced->referrers.count; i++) {
		if (replaced->referrers.items[i].fate != LAM_REFERRER_DROPPED)
			continue;
		first = first ? first : &replaced->referrers.items[i];
		count++;
	}
	if (!first || r->options->drop_attestations)
		return 0;
	return lam_fail(
		err, LAM_EWRITE,
		"%s: %s %s%s of what would be replaced would be lost: "
		"--drop-attestations drops what speaks of it, another tag keeps it",
		r->place, first->kind, first->digest, count > 1 ? " and others" : "");
}

int lam_replace_settle(struct lam_sink *sink, struct lam_replaced *r,
		       struct lam_error *err)
{
	lam_referrers_fini(&sink->told);
	sink->told = r->referrers;
	r->referrers = (struct lam_referrers){ 0 };
	if (r->index.len == 0)
		return 0;
	sink->index = r->top.manifest;
	return lam_sink_add_manifest(sink, r->top.media_type, r->index.data, r->index.len,
				     &r->top.manifest, err) < 0
		       ? err->code
		       : lam_sink_sync_blob(sink, &r->top.manifest, err);
}

int lam_sink_replaces(bool *out, struct lam_referrers *out_lost,
		      const struct lam_reference *reference,
		      const struct lam_sink_options *options, struct lam_error *err)
{
	LAM_CLEANUP(lam_replaced_fini) struct lam_replaced replaced = { 0 };

	*out = false;
	*out_lost = (struct lam_referrers){ 0 };
	if (reference->store->replaces(&replaced, reference, options, err) < 0)
		return err->code;
	*out = replaced.any;
	*out_lost = replaced.referrers;
	replaced.referrers = (struct lam_referrers){ 0 };
	return 0;
}
