/* One image of those that an index names, and the indexes in it: by its name, its digest
 * or its number, and then by its platform. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/path.h"
#include "base/text.h"
#include "store/candidates.h"
#include "store/set.h"

static bool same(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

/* Choosing by name */

static const char *name_of(const struct lam_index_entry *e)
{
	return e->image_name ? e->image_name : e->ref_name;
}

/* What an entry can be asked for by, for messages. */
static void add_label(struct lam_buf *text, const struct lam_index_entry *e)
{
	const char *name = name_of(e);
	char shown[LAM_PATH_TEXT];

	if (text->len)
		lam_text_puts(text, ", ");
	if (name)
		lam_text_puts(text, lam_path_text(shown, name, strlen(name), false));
	else
		lam_text_printf(text, "@%s",
				lam_digest_format(&e->descriptor.digest, shown));
}

/* One name of several images is said once: it is their platforms that differ. */
static bool is_listed(const struct lam_index *index, size_t n)
{
	const char *name = name_of(&index->entries[n]);

	for (size_t i = 0; name && i < n; i++) {
		if (same(name_of(&index->entries[i]), name))
			return true;
	}
	return false;
}

static int fail_name(const struct lam_index *index, const char *name,
		     struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf list = LAM_TEXT;
	size_t images = 0;

	for (size_t i = 0; i < index->count; i++) {
		const struct lam_index_entry *e = &index->entries[i];

		if ((lam_index_entry_is_image(e) || e->ref_name) &&
		    !is_listed(index, i) && ++images <= 20)
			add_label(&list, e);
	}
	if (images > 20)
		lam_text_printf(&list, " and %zu more", images - 20);
	if (images == 0)
		lam_text_puts(&list, "nothing with a name");
	if (!name)
		return lam_fail(err, LAM_ENOTFOUND,
				"holds several images; name one of: %s", list.data);
	return lam_fail(err, LAM_ENOTFOUND, "has no tag \"%s\"; there is: %s", name,
			list.data);
}

static bool is_named(const struct lam_index_entry *e, const char *name)
{
	return same(e->ref_name, name) ||
	       (e->image_name && lam_is_same_name(e->image_name, name)) ||
	       (e->ref_name && strpbrk(e->ref_name, ":/") &&
		lam_is_same_name(e->ref_name, name));
}

/* Several names, or one and none: only a name can tell which is meant. */
static bool needs_name(const struct lam_index *index)
{
	const struct lam_index_entry *first = NULL;
	bool several = false, other_name = false;

	for (size_t i = 0; i < index->count; i++) {
		const struct lam_index_entry *e = &index->entries[i];

		if (!lam_index_entry_is_image(e))
			continue;
		first = first ? first : e;
		several = several || !lam_digest_equal(&first->descriptor.digest,
						       &e->descriptor.digest);
		other_name = other_name || !same(name_of(first), name_of(e));
	}
	return several && other_name;
}

static int fail_type(const struct lam_index_entry *e, struct lam_error *err)
{
	const char *type = e->descriptor.media_type;
	char text[LAM_PATH_TEXT];

	lam_path_text(text, type, strlen(type), false);
	if (lam_text_behind(type, "application/vnd.docker.distribution.manifest.v1+"))
		return lam_fail(err, LAM_EFORMAT,
				"is of Docker's schema 1 (%s), which is read no more: "
				"convert it with skopeo copy --format oci",
				text);
	if (e->artifact)
		return lam_fail(err, LAM_EFORMAT, "is an artifact, and no image (%s)",
				text);
	return lam_fail(err, LAM_EFORMAT, "media type %s is not one of an image", text);
}

/* "N": the N-th image that the index names, from 0. */
static const struct lam_index_entry *entry_at(const struct lam_index *index,
					      const char *text)
{
	size_t n = (size_t)strtoul(text, NULL, 10);

	if (!*text || strspn(text, "0123456789") != strlen(text))
		return NULL;
	for (size_t i = 0; i < index->count; i++) {
		if (lam_index_entry_is_image(&index->entries[i]) && n-- == 0)
			return &index->entries[i];
	}
	return NULL;
}

/* "N", or "sha256:...": of an image, or of an index of images, wherever. */
static int add_address(struct lam_candidates *c, const struct lam_index *index,
		       const char *text, struct lam_error *err)
{
	const struct lam_index_entry *e = entry_at(index, text);
	char digest[LAM_DIGEST_TEXT];

	for (size_t i = 0; i < index->count && !e; i++) {
		if (same(text,
			 lam_digest_format(&index->entries[i].descriptor.digest, digest)))
			e = &index->entries[i];
	}
	if (e)
		return lam_index_entry_is_image(e) ? lam_candidates_add_top(c, e, err)
						   : fail_type(e, err);
	for (size_t i = 0; i < index->count; i++) {
		size_t before = c->count;

		if (lam_candidates_add(c, &index->entries[i], 0, err) < 0)
			return err->code;
		for (size_t n = before; n < c->count; n++) {
			struct lam_candidate found = c->all[n];

			if (!same(text,
				  lam_digest_format(&found.manifest.digest, digest)))
				continue;
			c->all[n] = c->all[0];
			c->all[0] = found;
			lam_candidates_drop(c, 1);
			return 0;
		}
	}
	return lam_fail(err, LAM_ENOTFOUND, "has no image @%s", text);
}

static int add_named(struct lam_candidates *c, const struct lam_index *index,
		     const char *name, struct lam_error *err)
{
	const struct lam_index_entry *other = NULL;

	for (size_t i = 0; i < index->count; i++) {
		const struct lam_index_entry *e = &index->entries[i];

		if (name && !is_named(e, name))
			continue;
		if (!lam_index_entry_is_image(e))
			other = e;
		else if (lam_candidates_add_top(c, e, err) < 0)
			return err->code;
		else if (!c->source->image.name && e->ref_name)
			c->source->image.name = lam_xstrdup(e->ref_name);
	}
	if (c->count == 0 && other && (name || lam_index_image_count(index) == 0))
		return fail_type(other, err);
	if (c->count == 0 && lam_index_image_count(index) == 0)
		return lam_fail(err, LAM_ENOTFOUND, "holds no image");
	if (c->count == 0 && name && c->top_count > 0)
		return lam_fail(err, LAM_ENOTFOUND, "\"%s\" holds no image", name);
	if (c->count == 0 && name)
		return fail_name(index, name, err);
	return 0;
}

/* Referrers of what was chosen */

static bool speaks_of(const struct lam_candidates *c, const struct lam_referrer *r,
		      const struct lam_digest *chosen, bool only)
{
	if (!r->of[0])
		return r->inside || only;
	if (lam_referrer_speaks_of(r, chosen))
		return true;
	for (size_t i = 0; i < c->index_count; i++) {
		if (lam_referrer_speaks_of(r, &c->indexes[i]))
			return true;
	}
	return false;
}

/* What speaks of the image, or of an index that it was found in; what does not say of
 * which, of the only image that there is. */
static void keep_referrers(struct lam_candidates *c, const struct lam_index *index,
			   const struct lam_digest *chosen)
{
	bool only = lam_index_image_count(index) == 1;

	for (size_t i = 0; i < index->count; i++)
		lam_candidates_note(c, &index->entries[i], index->entries[i].attestation);
	for (size_t i = 0; i < c->beside.count; i++) {
		if (speaks_of(c, &c->beside.items[i], chosen, only))
			lam_referrers_copy(&c->source->image.referrers,
					   &c->beside.items[i], LAM_REFERRER_THERE);
	}
}

/* The same, where the index does not have them all: those of the indexes. What was asked
 * for all of their images is not asked for each. */
static int ask_referrers_of_indexes(struct lam_candidates *c, struct lam_error *err)
{
	struct lam_source *s = c->source;
	const struct lam_referrers *known = s->of ? &s->of->referrers : NULL;

	for (size_t i = 0; known && i < known->count; i++)
		lam_referrers_copy(&s->image.referrers, &known->items[i],
				   LAM_REFERRER_THERE);
	for (size_t i = 0; !known && i < c->index_count; i++) {
		if (s->store->ask_referrers(s, &c->indexes[i], err) < 0)
			return err->code;
	}
	return 0;
}

static int ask_referrers(struct lam_candidates *c, const struct lam_digest *chosen,
			 struct lam_error *err)
{
	struct lam_source *s = c->source;

	if (!s->referrers || !s->store->ask_referrers)
		return 0;
	if (ask_referrers_of_indexes(c, err) < 0)
		return err->code;
	return chosen ? s->store->ask_referrers(s, chosen, err) : 0;
}

/* Whether index.json does: what an index says that stands in it is about its images. */
static bool tells_platform(const struct lam_candidates *c,
			   const struct lam_digest *chosen)
{
	for (size_t i = 0; i < c->top_count; i++) {
		if (lam_digest_equal(&c->tops[i]->descriptor.digest, chosen))
			return c->tops[i]->platform.os != NULL;
	}
	return false;
}

/* Choosing one, or listing all */

static int list_all(struct lam_candidates *c, const struct lam_index *index,
		    const struct lam_buf *bytes, struct lam_error *err)
{
	struct lam_source_set *set = c->source->set;

	if (lam_source_set_index(set, c->source, index, bytes, c->tops, c->top_count,
				 err) < 0)
		return err->code;
	for (size_t i = 0; i < c->count; i++) {
		struct lam_platform p;

		lam_candidate_look(c, &c->all[i]);
		p = lam_candidate_platform(&c->all[i]);
		lam_source_set_add(set, &c->all[i].manifest.digest, &p);
	}
	if (ask_referrers(c, NULL, err) < 0)
		return err->code;
	set->referrers = c->source->image.referrers;
	c->source->image.referrers = (struct lam_referrers){ 0 };
	return 0;
}

static int pick_by_digest(const struct lam_candidates *c,
			  const struct lam_candidate **out, struct lam_error *err)
{
	char digest[LAM_DIGEST_TEXT];

	for (size_t i = 0; i < c->count; i++) {
		*out = &c->all[i];
		if (lam_digest_equal(&(*out)->manifest.digest, &c->source->only))
			return 0;
	}
	return lam_fail(err, LAM_ENOTFOUND, "has no image @%s",
			lam_digest_format(&c->source->only, digest));
}

int lam_source_choose(struct lam_source *s, const struct lam_buf *bytes, const char *name,
		      struct lam_error *err)
{
	LAM_CLEANUP(lam_index_fini) struct lam_index index = { 0 };
	LAM_CLEANUP(lam_candidates_fini) struct lam_candidates c = { .source = s };
	const struct lam_candidate *chosen = NULL;

	if (lam_index_parse(&index, bytes->data ? bytes->data : "", bytes->len,
			    "index.json", NULL, err) < 0)
		return err->code;
	for (size_t i = 0; i < index.count; i++) {
		if (index.entries[i].ref_name)
			lam_source_add_name(s, index.entries[i].ref_name);
	}
	if (!name && needs_name(&index))
		return fail_name(&index, NULL, err);
	if ((name && name[0] == '@' ? add_address(&c, &index, name + 1, err)
				    : add_named(&c, &index, name, err)) < 0)
		return err->code;
	if (s->set)
		return list_all(&c, &index, bytes, err);
	if ((s->only.algorithm != LAM_ALGORITHM_NONE
		     ? pick_by_digest(&c, &chosen, err)
		     : lam_candidates_pick(&c, &chosen, err)) < 0)
		return err->code;
	s->others = !lam_candidates_are_one(&c);
	s->image.tells_platform = tells_platform(&c, &chosen->manifest.digest);
	keep_referrers(&c, &index, &chosen->manifest.digest);
	if (lam_source_load(s, &chosen->manifest, err) < 0)
		return err->code;
	return ask_referrers(&c, &chosen->manifest.digest, err);
}

/* Choosing by config */

/* Whether the manifest's config is the one. What cannot be read, as a platform that was
 * not saved, is no image at all. */
static bool has_config(const struct lam_source *s, const struct lam_descriptor *d,
		       const struct lam_buf *config, bool *any)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf bytes = LAM_BUF(LAM_MAX_MANIFEST);
	LAM_CLEANUP(lam_manifest_fini) struct lam_manifest m = { 0 };
	struct lam_digest digest;
	struct lam_error err;

	if (lam_source_read_blob(s, d, LAM_MAX_MANIFEST, &bytes, &err) < 0 ||
	    lam_manifest_parse(&m, bytes.data, bytes.len, "manifest", d->media_type,
			       &err) < 0)
		return false;
	*any = true;
	digest = lam_digest_of(m.config.digest.algorithm, config->data, config->len);
	return lam_digest_equal(&m.config.digest, &digest);
}

int lam_source_choose_config(struct lam_source *s, const struct lam_buf *bytes,
			     const struct lam_buf *config, bool *out_any, bool *out_found,
			     struct lam_error *err)
{
	LAM_CLEANUP(lam_index_fini) struct lam_index index = { 0 };
	LAM_CLEANUP(lam_candidates_fini) struct lam_candidates c = { .source = s };

	*out_any = *out_found = false;
	if (lam_index_parse(&index, bytes->data ? bytes->data : "", bytes->len,
			    "index.json", NULL, err) < 0)
		return err->code;
	for (size_t i = 0; i < index.count; i++) {
		struct lam_error ignored;

		(void)lam_candidates_add(&c, &index.entries[i], 0, &ignored);
	}
	for (size_t i = 0; i < c.count; i++) {
		bool there = false,
		     right = has_config(s, &c.all[i].manifest, config, &there);

		*out_any = *out_any || there;
		s->others = s->others || (there && !right);
		if (!right || *out_found)
			continue;
		*out_found = true;
		keep_referrers(&c, &index, &c.all[i].manifest.digest);
		if (lam_source_load(s, &c.all[i].manifest, err) < 0)
			return err->code;
	}
	return 0;
}
