/* Images are written to where they are meant to be, one or all of an index, and then are
 * there for everyone to see. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/stop.h"
#include "oci/claims.h"
#include "write/ahead.h"
#include "write/write_impl.h"

void lam_write_result_fini(struct lam_write_result *result)
{
	free(result->layers);
	lam_referrers_fini(&result->referrers);
	*result = (struct lam_write_result){ 0 };
}

struct session {
	const struct lam_image_set *set; /* NULL: one image */
	const struct lam_layout *const *layouts;
	size_t count;
	const struct lam_write_options *options;
	struct lam_reference reference;
	struct lam_sink_options sink_options;
	struct lam_write_ahead *ahead;
	struct lam_sink *sink;
	struct lam_writing *images; /* of each, and behind them what was begun in vain:
				       the sink may have layers from there */
	struct lam_platform *platforms;
	struct lam_digest *unchanged;
	struct lam_referrers moved;
	struct lam_buf index; /* that is written */
	struct lam_digest *named;
	size_t named_count;
};

/* The index of all platforms */

static bool has_index(const struct session *s)
{
	return s->set && s->set->all.index.len > 0;
}

/* The number of the image that an entry is; count: none that is written anew. */
static size_t number_of(const struct session *s, const struct lam_digest *manifest)
{
	size_t n = 0;

	while (n < s->count &&
	       !lam_digest_equal(manifest, &s->layouts[n]->image->manifest_digest))
		n++;
	return n;
}

static bool changes(const struct session *s, size_t n)
{
	return n < s->count && !lam_layout_is_identity(s->layouts[n]);
}

/* What speaks of an image that is written anew, or of the index as a whole. */
static bool is_outdated(const struct session *s, const struct lam_referrer *r)
{
	bool any = false;

	for (size_t n = 0; n < s->count; n++) {
		if (!changes(s, n))
			continue;
		any = true;
		if (lam_referrer_speaks_of(r, &s->layouts[n]->image->manifest_digest))
			return true;
	}
	return any && !r->of[0];
}

static int read_beside(const void *source, const struct lam_descriptor *d,
		       struct lam_buf *out, struct lam_error *err)
{
	return lam_source_read_document(source, d, out, err);
}

static int fail_outdated(const struct session *s, const struct lam_referrer *r,
			 struct lam_error *err)
{
	return lam_fail(err, LAM_EWRITE,
			"%s: %s %s speaks of an image that is written anew: "
			"--drop-attestations leaves out what does",
			s->reference.text, r->kind, r->digest);
}

/* An entry that is no image which is written: whether it goes along. */
static int look_at_other(struct session *s, const struct lam_index_entry *e,
			 bool *out_kept, struct lam_error *err)
{
	const struct lam_blob_reader reader = { read_beside, s->set->source };
	struct lam_referrer found;

	*out_kept = true;
	if (!lam_referrer_read(&found, e, &reader))
		return 0;
	*out_kept = !is_outdated(s, &found);
	if (!*out_kept && !s->options->drop_attestations)
		fail_outdated(s, &found, err);
	found.inside = true;
	lam_referrers_copy(&s->moved, &found,
			   *out_kept ? LAM_REFERRER_MOVED : LAM_REFERRER_DROPPED);
	lam_referrer_fini(&found);
	return *out_kept || s->options->drop_attestations ? 0 : err->code;
}

/* What is known before anything is written: which manifests come out as they are. */
static int plan_index(struct session *s, struct lam_error *err)
{
	LAM_CLEANUP(lam_index_fini) struct lam_index index = { 0 };
	const struct lam_buf *bytes = &s->set->all.index;
	struct lam_sink_options *o = &s->sink_options;

	if (lam_index_parse(&index, bytes->data, bytes->len, "index",
			    s->set->all.media_type, err) < 0)
		return err->code;
	s->platforms = lam_xcalloc(s->count + 1, sizeof *s->platforms);
	s->unchanged = lam_xcalloc(index.count + 1, sizeof *s->unchanged);
	for (size_t n = 0; n < s->count; n++)
		s->platforms[n] = s->layouts[n]->image->config.platform;
	for (size_t i = 0; i < index.count; i++) {
		const struct lam_index_entry *e = &index.entries[i];
		size_t n = number_of(s, &e->descriptor.digest);
		bool kept = !changes(s, n);

		if (n == s->count && look_at_other(s, e, &kept, err) < 0)
			return err->code;
		if (kept)
			s->unchanged[o->unchanged_count++] = e->descriptor.digest;
	}
	o->platforms = s->platforms;
	o->platform_count = s->count;
	o->unchanged = s->unchanged;
	return 0;
}

static bool is_unchanged(const struct session *s, const struct lam_digest *digest)
{
	for (size_t i = 0; i < s->sink_options.unchanged_count; i++) {
		if (lam_digest_equal(digest, &s->unchanged[i]))
			return true;
	}
	return false;
}

/* An entry of the new index; what it leads to goes along. */
static int add_entry(struct session *s, const struct lam_index_entry *e, json_t *images,
		     struct lam_error *err)
{
	const struct lam_digest *digest = &e->descriptor.digest;
	size_t n = number_of(s, digest);
	bool same = is_unchanged(s, digest);

	if (!same && n == s->count)
		return 0;
	if (n == s->count &&
	    lam_sink_copy_manifest(s->sink, s->set->source, &e->descriptor,
				   s->options->progress, err) < 0)
		return err->code;
	if (same) {
		json_array_append(images, e->descriptor.json);
		s->named[s->named_count++] = *digest;
		return 0;
	}
	json_array_append_new(
		images, lam_index_entry_edit(e, s->images[n].written.media_type,
					     &s->images[n].written.manifest,
					     s->images[n].written.manifest_size, NULL));
	s->named[s->named_count++] = s->images[n].written.manifest;
	return 0;
}

/* Mixed kinds of manifests are an index of OCI's. */
static const char *settle_type(const struct session *s, struct lam_index *index)
{
	const char *type = s->set->all.media_type;

	for (size_t n = 0; n < s->count; n++)
		type = lam_index_settle_type(index, type,
					     s->images[n].written.media_type);
	return type;
}

static int make_index(struct session *s, struct lam_sink_image *out,
		      struct lam_error *err)
{
	LAM_CLEANUP(lam_index_fini) struct lam_index index = { 0 };
	const struct lam_buf *bytes = &s->set->all.index;
	json_t *images = json_array();
	bool same;

	if (lam_index_parse(&index, bytes->data, bytes->len, "index",
			    s->set->all.media_type, err) < 0) {
		json_decref(images);
		return err->code;
	}
	s->named = lam_xcalloc(index.count + 1, sizeof *s->named);
	same = s->sink_options.unchanged_count == index.count;
	for (size_t i = 0; i < index.count; i++) {
		if (add_entry(s, &index.entries[i], images, err) < 0) {
			json_decref(images);
			return err->code;
		}
	}
	json_object_set_new(index.doc.root, "manifests", images);
	if (!same)
		lam_claims_drop(index.doc.root, "annotations");
	*out = (struct lam_sink_image){ .media_type = settle_type(s, &index),
					.named = s->named,
					.named_count = s->named_count,
					.progress = s->options->progress };
	s->index.max = LAM_MAX_INDEX;
	if ((same ? lam_buf_append(&s->index, bytes->data, bytes->len, err)
		  : lam_json_dump(index.doc.root, JSON_COMPACT, &s->index, err)) < 0)
		return err->code;
	out->manifest = lam_digest_of(LAM_SHA256, s->index.data, s->index.len);
	out->manifest_size = (int64_t)s->index.len;
	return lam_sink_add_manifest(s->sink, out->media_type, s->index.data,
				     s->index.len, &out->manifest, err);
}

/* Writing */

static struct lam_writing begun(const struct session *s, size_t n)
{
	return (struct lam_writing){ .layout = s->layouts[n],
				     .image = s->layouts[n]->image,
				     .options = s->options,
				     .reference = &s->reference,
				     .sink = s->sink,
				     .ahead = s->ahead,
				     .threads = lam_thread_count(s->options->threads) };
}

static int write_one(struct session *s, size_t n, struct lam_write_result *out,
		     struct lam_error *err)
{
	struct lam_writing *w = &s->images[n];

	*w = begun(s, n);
	if (lam_write_one(w, out, err) == 0)
		return 0;
	if (lam_write_is_to_blame(w, err->code)) {
		/* a forged record, or a blob that changes while it is read */
		lam_reuse_forget(w->reuse);
		s->images[s->count + n] = *w;
		*w = begun(s, n);
		w->whole = true;
		if (lam_write_one(w, out, err) == 0)
			return 0;
	}
	return s->count > 1 && err->code != LAM_ESTOPPED
		       ? lam_wrap(err, "%s", w->image->platform)
		       : err->code;
}

static int publish(struct session *s, const struct lam_sink_image *image,
		   struct lam_error *err)
{
	size_t layers = s->images[0].count;
	struct lam_step step = { .stage = LAM_STAGE_PUBLISH,
				 .layer_count = layers,
				 .total = layers };

	if (lam_progress_stopped(s->options->progress))
		return lam_fail(err, LAM_ESTOPPED, "stopped");
	lam_progress_report(s->options->progress, &step);
	if (lam_sink_publish(s->sink, image, err) < 0)
		return err->code;
	step.done = step.total;
	lam_progress_report(s->options->progress, &step);
	return 0;
}

static void tell_fates(struct lam_referrers *out, const struct lam_referrers *told)
{
	for (size_t i = 0; i < told->count; i++)
		lam_referrers_copy(out, &told->items[i], told->items[i].fate);
}

/* What stands under the name now, and what was said of what stood there. */
static void tell(const struct session *s, const struct lam_sink_image *image,
		 struct lam_write_result *out)
{
	const struct lam_digest index =
		has_index(s) ? image->manifest : lam_sink_index(s->sink);

	if (index.algorithm != LAM_ALGORITHM_NONE)
		lam_digest_format(&index, out->index_digest);
	tell_fates(&out->referrers, &s->moved);
	tell_fates(&out->referrers, lam_sink_referrers(s->sink));
}

static void set_one(struct session *s)
{
	const struct lam_image *image = s->layouts[0]->image;
	struct lam_sink_options *o = &s->sink_options;

	o->source = image->manifest_digest;
	o->platform = image->config.platform;
	o->unchanged = &o->source;
	o->unchanged_count = lam_layout_is_identity(s->layouts[0]);
}

/* What is known of it before the output is looked at. */
static int prepare(struct session *s, const char *text, struct lam_error *err)
{
	if (lam_reference_parse(&s->reference, text, true, err) < 0)
		return err->code;
	s->reference.access = s->options->access;
	s->sink_options.drop_attestations = s->options->drop_attestations;
	s->sink_options.progress = s->options->progress;
	if (has_index(s))
		return plan_index(s, err);
	set_one(s);
	return 0;
}

/* It takes as long as the disk does for what is published: meanwhile. What is remembered of
 * an image that is not published in the end is a hint that leads nowhere. */
static void *remember(void *session)
{
	struct session *s = session;

	for (size_t n = 0; n < s->count; n++)
		lam_write_remember(&s->images[n]);
	return NULL;
}

static int publish_and_remember(struct session *s, const struct lam_sink_image *image,
				struct lam_error *err)
{
	pthread_t thread;
	bool meanwhile = lam_thread_count(s->options->threads) > 1 &&
			 lam_thread_start(&thread, remember, s) == 0;
	int code = publish(s, image, err);

	if (meanwhile)
		pthread_join(thread, NULL);
	else if (code == 0)
		remember(s);
	return code;
}

static bool knows(void *ahead, const struct lam_digest *digest, int fd)
{
	return lam_write_ahead_knows(ahead, digest, fd);
}

static int run(struct session *s, const char *text, struct lam_write_result *results,
	       struct lam_error *err)
{
	struct lam_sink_image image;

	s->images = lam_xcalloc(2 * s->count, sizeof *s->images);
	if (prepare(s, text, err) < 0)
		return err->code;
	s->ahead = s->options->ahead;
	if (!s->ahead)
		s->ahead = lam_write_ahead_new(text, s->options);
	s->sink_options.knows = knows;
	s->sink_options.context = s->ahead;
	if (lam_sink_open(&s->sink, &s->reference, &s->sink_options, err) < 0)
		return err->code;
	for (size_t n = 0; n < s->count; n++) {
		if (write_one(s, n, &results[n], err) < 0)
			return err->code;
	}
	image = s->images[0].written;
	if ((has_index(s) && make_index(s, &image, err) < 0) ||
	    publish_and_remember(s, &image, err) < 0)
		return err->code;
	tell(s, &image, &results[0]);
	return 0;
}

static void session_fini(struct session *s)
{
	lam_sink_close(s->sink);
	if (s->ahead != s->options->ahead)
		lam_write_ahead_free(s->ahead);
	for (size_t n = 0; s->images && n < 2 * s->count; n++)
		lam_writing_fini(&s->images[n]);
	lam_referrers_fini(&s->moved);
	lam_buf_fini(&s->index);
	lam_reference_fini(&s->reference);
	free(s->images);
	free(s->platforms);
	free(s->unchanged);
	free(s->named);
}

static int write_all(struct session *s, const char *reference,
		     struct lam_write_result *results, struct lam_error *err)
{
	int code;

	memset(results, 0, s->count * sizeof *results);
	code = run(s, reference, results, err);
	session_fini(s);
	for (size_t n = 0; code < 0 && n < s->count; n++)
		lam_write_result_fini(&results[n]);
	return code;
}

int lam_write_image(const struct lam_layout *layout, const char *reference,
		    const struct lam_write_options *options, struct lam_write_result *out,
		    struct lam_error *err)
{
	struct session s = { .layouts = &layout, .count = 1, .options = options };

	return write_all(&s, reference, out, err);
}

int lam_write_set(const struct lam_image_set *set,
		  const struct lam_layout *const *layouts, const char *reference,
		  const struct lam_write_options *options,
		  struct lam_write_result *results, struct lam_error *err)
{
	struct session s = { .set = set,
			     .layouts = layouts,
			     .count = lam_image_set_count(set),
			     .options = options };

	return write_all(&s, reference, results, err);
}

/* Foreseeing */

static int foresee(struct session s, const char *reference, struct lam_referrers *out,
		   struct lam_error *err)
{
	struct lam_referrers lost = { 0 };
	bool any;
	int code = prepare(&s, reference, err);

	if (code == 0)
		code = lam_sink_replaces(&any, &lost, &s.reference, &s.sink_options, err);
	tell_fates(out, &s.moved);
	tell_fates(out, &lost);
	lam_referrers_fini(&lost);
	session_fini(&s);
	return code;
}

/* All that would go is told, and then refused as writing would refuse it. */
int lam_write_foresee(struct lam_referrers *out, const struct lam_image_set *set,
		      const struct lam_layout *const *layouts, const char *reference,
		      const struct lam_write_options *options, struct lam_error *err)
{
	struct lam_write_options all = *options;
	struct session s = { .set = set,
			     .layouts = layouts,
			     .count = set ? lam_image_set_count(set) : 1,
			     .options = &all };
	LAM_CLEANUP(lam_referrers_fini) struct lam_referrers same = { 0 };
	int code;

	*out = (struct lam_referrers){ 0 };
	all.drop_attestations = true;
	code = foresee(s, reference, out, err);
	s.options = options;
	if (code == 0 && !options->drop_attestations)
		code = foresee(s, reference, &same, err);
	for (size_t n = 0; n < s.count && code == 0; n++)
		code = lam_write_check_place(layouts[n], reference, err);
	return code;
}

/* Places */

int lam_write_replaces(bool *out, struct lam_referrers *out_lost,
		       const struct lam_image *image, const char *text,
		       const struct lam_access *access,
		       const struct lam_progress *progress, struct lam_error *err)
{
	LAM_CLEANUP(lam_reference_fini) struct lam_reference reference = { 0 };
	struct lam_sink_options options = { .drop_attestations = true,
					    .progress = progress };

	*out = false;
	*out_lost = (struct lam_referrers){ 0 };
	if (lam_reference_parse(&reference, text, true, err) < 0)
		return err->code;
	reference.access = access;
	if (image) {
		options.source = image->manifest_digest;
		options.platform = image->config.platform;
	}
	return lam_sink_replaces(out, out_lost, &reference, &options, err);
}
