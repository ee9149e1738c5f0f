/* Images that could be meant: those of an index, and of the indexes in it. */
#include "store/candidates.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "store/referrers.h"

static void candidate_fini(struct lam_candidate *c)
{
	free((void *)(uintptr_t)c->manifest.media_type);
	free(c->os);
	free(c->architecture);
	free(c->variant);
	free(c->os_version);
}

void lam_candidates_drop(struct lam_candidates *c, size_t count)
{
	while (c->count > count)
		candidate_fini(&c->all[--c->count]);
}

void lam_candidates_fini(struct lam_candidates *c)
{
	lam_candidates_drop(c, 0);
	free(c->all);
	free(c->indexes);
	free(c->tops);
	lam_referrers_fini(&c->beside);
}

struct lam_platform lam_candidate_platform(const struct lam_candidate *c)
{
	return (struct lam_platform){ .os = c->os,
				      .architecture = c->architecture,
				      .variant = c->variant,
				      .os_version = c->os_version };
}

static void set_platform(struct lam_candidate *c, const struct lam_platform *p)
{
	if (!p->os || !p->architecture)
		return;
	c->os = lam_xcopy(p->os);
	c->architecture = lam_xcopy(p->architecture);
	c->variant = lam_xcopy(p->variant);
	c->os_version = lam_xcopy(p->os_version);
}

void lam_candidate_look(const struct lam_candidates *c, struct lam_candidate *candidate)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf bytes = LAM_BUF(LAM_MAX_MANIFEST);
	LAM_CLEANUP(lam_manifest_fini) struct lam_manifest m = { 0 };
	LAM_CLEANUP(lam_config_fini) struct lam_config config = { 0 };
	struct lam_error err;

	if (candidate->os || candidate->looked_at)
		return;
	candidate->looked_at = true;
	if (lam_source_read_blob(c->source, &candidate->manifest, LAM_MAX_MANIFEST,
				 &bytes, &err) < 0 ||
	    lam_manifest_parse(&m, bytes.data, bytes.len, "manifest",
			       candidate->manifest.media_type, &err) < 0 ||
	    lam_source_read_blob(c->source, &m.config, LAM_MAX_CONFIG, &bytes, &err) <
		    0 ||
	    lam_config_parse(&config, bytes.data, bytes.len, "config", &err) < 0)
		return;
	set_platform(candidate, &config.platform);
}

static int add_index(struct lam_candidates *c, const struct lam_descriptor *d, int depth,
		     struct lam_error *err);

static int read_blob(const void *source, const struct lam_descriptor *d,
		     struct lam_buf *out, struct lam_error *err)
{
	return lam_source_read_blob(source, d, LAM_MAX_MANIFEST, out, err);
}

void lam_candidates_note(struct lam_candidates *c, const struct lam_index_entry *e,
			 bool inside)
{
	const struct lam_blob_reader reader = { read_blob, c->source };
	struct lam_referrer found;

	if (c->beside.count == LAM_MAX_IMAGES ||
	    !lam_referrer_read(&found, e, c->source->store->remote ? NULL : &reader))
		return;
	found.inside = inside;
	lam_referrers_add(&c->beside, found);
}

int lam_candidates_add(struct lam_candidates *c, const struct lam_index_entry *e,
		       int depth, struct lam_error *err)
{
	if (!lam_index_entry_is_image(e)) {
		if (depth > 0)
			lam_candidates_note(c, e, true);
		return 0;
	}
	if (lam_descriptor_is_index(&e->descriptor))
		return add_index(c, &e->descriptor, depth, err);
	if (c->count == LAM_MAX_IMAGES)
		return lam_fail(err, LAM_EFORMAT, "names more than %u images",
				LAM_MAX_IMAGES);
	LAM_XGROW(c->all, c->count, c->cap);
	c->all[c->count] = (struct lam_candidate){ .manifest = e->descriptor };
	c->all[c->count].manifest.json = NULL;
	c->all[c->count].manifest.media_type = lam_xcopy(e->descriptor.media_type);
	set_platform(&c->all[c->count++], &e->platform);
	return 0;
}

int lam_candidates_add_top(struct lam_candidates *c, const struct lam_index_entry *e,
			   struct lam_error *err)
{
	LAM_XGROW(c->tops, c->top_count, c->top_cap);
	c->tops[c->top_count++] = e;
	return lam_candidates_add(c, e, 0, err);
}

/* The images of an index in an index. */
static int add_index(struct lam_candidates *c, const struct lam_descriptor *d, int depth,
		     struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf bytes = LAM_BUF(LAM_MAX_INDEX);
	LAM_CLEANUP(lam_index_fini) struct lam_index index = { 0 };
	char name[LAM_DIGEST_TEXT + 16] = "index ";

	if (depth == LAM_MAX_INDEX_DEPTH || c->index_count == LAM_MAX_INDEXES)
		return lam_fail(err, LAM_EFORMAT, "indexes in indexes, deeper than %d",
				LAM_MAX_INDEX_DEPTH);
	lam_digest_format(&d->digest, name + strlen(name));
	LAM_XGROW(c->indexes, c->index_count, c->index_cap);
	c->indexes[c->index_count++] = d->digest;
	if (lam_source_read_blob(c->source, d, LAM_MAX_INDEX, &bytes, err) < 0 ||
	    lam_index_parse(&index, bytes.data, bytes.len, name, d->media_type, err) < 0)
		return err->code;
	for (size_t i = 0; i < index.count; i++) {
		if (lam_candidates_add(c, &index.entries[i], depth + 1, err) < 0)
			return err->code;
	}
	return 0;
}
