/* Images written to a registry. Kept layers are mounted from where the host has them, or
 * sent while others are still compressed; new ones once all are proven; the manifest last.
 * What is sent was hashed before, and the registry checks it against the digest; the
 * manifest is read back. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/workers.h"
#include "store/registry.h"
#include "store/replace.h"

#define SENDERS    4
#define TELL_EVERY (256u << 10) /* bytes between reports */

struct sink {
	struct lam_registry *registry;
	atomic_size_t sent;    /* blobs that were begun, for reports */
	struct lam_digest old; /* what stood under the tag when it was looked at last;
				  no algorithm: nothing */
};

static const atomic_bool *stop_of(const struct lam_progress *progress)
{
	return progress ? progress->stop : NULL;
}

/* A refusal by the registry is one of the output. */
static int of_output(int code, struct lam_error *err)
{
	if (code < 0 && (code == LAM_EREAD || code == LAM_EFORMAT))
		err->code = LAM_EWRITE;
	return code < 0 ? (int)err->code : 0;
}

/* Opening */

/* The output as it is. */
struct output {
	const struct lam_reference *reference;
	const struct lam_sink_options *options;
	struct lam_registry *registry;
	const struct lam_sink_image *image; /* NULL: not there yet */
	struct lam_registry_document old;   /* what stands under the tag */
};

static int read_document(const void *context, const struct lam_descriptor *d,
			 struct lam_buf *out, struct lam_error *err)
{
	LAM_CLEANUP(lam_registry_document_fini) struct lam_registry_document got = { 0 };
	const struct output *o = context;
	char text[LAM_DIGEST_TEXT];

	if (lam_digest_equal(&o->old.digest, &d->digest))
		return lam_buf_append(out, o->old.bytes.data, o->old.bytes.len, err);
	if (lam_registry_get_manifest(o->registry, lam_digest_format(&d->digest, text),
				      &got, stop_of(o->options->progress), err) < 0)
		return err->code;
	return lam_buf_append(out, got.bytes.data, got.bytes.len, err);
}

/* What stands beside stays, as few registries let it be deleted, and is told once the image
 * is there. */
static int look_beside(const struct output *o, struct lam_replaced *out,
		       struct lam_error *err)
{
	for (size_t i = 0; o->image && i < 2; i++) {
		if (out->gone[i].algorithm != LAM_ALGORITHM_NONE &&
		    lam_registry_add_referrers(o->registry, &out->gone[i],
					       LAM_REFERRER_LEFT, &out->referrers,
					       stop_of(o->options->progress), err) < 0)
			return err->code;
	}
	return 0;
}

/* What the image takes the place of: the rules of all kinds of store. */
static int check_old(struct output *o, struct lam_replaced *out, struct lam_error *err)
{
	const struct lam_replace replace = { .place = o->reference->text,
					     .options = o->options,
					     .image = o->image,
					     .reader = { read_document, o } };
	const struct lam_descriptor old = { .media_type = o->old.media_type,
					    .digest = o->old.digest,
					    .size = (int64_t)o->old.bytes.len };

	if (lam_replace(out, &replace, o->old.bytes.len ? &old : NULL, err) < 0 ||
	    lam_replace_check(out, &replace, err) < 0)
		return err->code;
	return look_beside(o, out, err);
}

static int check_replaced(const struct lam_reference *reference, struct lam_registry *r,
			  const struct lam_sink_options *options,
			  const struct lam_sink_image *image, struct lam_replaced *out,
			  struct lam_digest *old, struct lam_error *err)
{
	struct output o = { reference, options, r, image, { 0 } };
	struct lam_error missing;
	int code = lam_registry_get_manifest(r, lam_registry_reference(reference), &o.old,
					     stop_of(options->progress), &missing);

	*out = (struct lam_replaced){ 0 };
	*old = code == 0 ? o.old.digest : (struct lam_digest){ 0 };
	if (code == 0 || code == LAM_ENOTFOUND)
		code = check_old(&o, out, err);
	else
		*err = missing;
	lam_registry_document_fini(&o.old);
	return code;
}

int lam_registry_open_sink(struct lam_sink *sink, struct lam_error *err)
{
	const struct lam_reference *reference = sink->reference;
	const atomic_bool *stop = stop_of(sink->options->progress);
	LAM_CLEANUP(lam_replaced_fini) struct lam_replaced replaced = { 0 };
	struct sink *own = sink->own = lam_xcalloc(1, sizeof *own);

	sink->directory = lam_reference_folder(reference);
	if (lam_sink_open_directory(sink, err) < 0)
		return err->code;
	if (lam_registry_new(&own->registry, reference->path, true, reference->access,
			     err) < 0 ||
	    check_replaced(reference, own->registry, sink->options, NULL, &replaced,
			   &own->old, err) < 0 ||
	    lam_registry_check_push(own->registry, stop, err) < 0)
		return of_output(err->code, err);
	return 0;
}

void lam_registry_close_sink(struct lam_sink *sink)
{
	struct sink *own = sink->own;

	if (own)
		lam_registry_free(own->registry);
}

int lam_registry_replaces(struct lam_replaced *out, const struct lam_reference *reference,
			  const struct lam_sink_options *options, struct lam_error *err)
{
	struct lam_registry *r;
	struct lam_digest old;
	int code;

	if (lam_registry_new(&r, reference->path, false, reference->access, err) < 0)
		return of_output(err->code, err);
	lam_registry_hurry(r);
	code = of_output(check_replaced(reference, r, options, NULL, out, &old, err),
			 err);
	lam_registry_free(r);
	return code;
}

/* One blob */

struct sending {
	struct lam_sink *sink;
	const struct lam_progress *progress;
	struct lam_step step;
	size_t blob; /* of the sink's; or of a source: */
	const struct lam_source *source;
	size_t layer;
	struct lam_reader *reader; /* NULL: none is open */
	uint64_t at;               /* where it is */
};

static int open_at(struct sending *s, uint64_t at, struct lam_error *err)
{
	const struct lam_sink_blob *b = &s->sink->blobs[s->blob];

	lam_reader_close(s->reader);
	s->reader = NULL;
	s->at = at;
	if (!s->source)
		s->reader = lam_reader_file(b->fd, false, at, b->size - at,
					    s->sink->directory);
	else if (lam_source_open_layer(s->source, s->layer, at, &s->reader, err) < 0)
		return err->code;
	lam_reader_stop(s->reader, stop_of(s->progress));
	return 0;
}

static int read_at(void *context, uint64_t at, void *buf, size_t cap, size_t *out_len,
		   struct lam_error *err)
{
	struct sending *s = context;

	if ((!s->reader || s->at != at) && open_at(s, at, err) < 0)
		return err->code;
	if (lam_read(s->reader, buf, cap, out_len, err) < 0)
		return err->code;
	s->at += *out_len;
	return 0;
}

static void tell(void *context, uint64_t at)
{
	struct sending *s = context;

	if (at < s->step.total && at - s->step.done < TELL_EVERY && at >= s->step.done)
		return;
	s->step.done = at;
	lam_progress_report(s->progress, &s->step);
}

static int send_blob(struct sending *s, const struct lam_digest *digest, uint64_t size,
		     struct lam_error *err)
{
	struct sink *own = s->sink->own;
	const struct lam_registry_progress progress = { tell, s, stop_of(s->progress) };
	int code;

	s->step = (struct lam_step){ .stage = LAM_STAGE_SEND,
				     .layer = atomic_fetch_add(&own->sent, 1),
				     .layer_count = LAM_MAX_LAYERS,
				     .total = size };
	lam_progress_report(s->progress, &s->step);
	code = lam_registry_put_blob(own->registry, digest, size, read_at, s, &progress,
				     err);
	lam_reader_close(s->reader);
	s->reader = NULL;
	if (code == 0)
		tell(s, size);
	return code;
}

/* Kept layers */

int lam_registry_keep_layer(struct lam_sink *sink, const struct lam_source *source,
			    size_t n, const struct lam_digest *digest,
			    const struct lam_progress *progress, struct lam_error *err)
{
	LAM_CLEANUP(lam_reader_close_ptr) struct lam_reader *whole = NULL;
	const struct lam_registry *from = lam_registry_of_source(source);
	struct sending s = {
		.sink = sink, .progress = progress, .source = source, .layer = n
	};
	struct sink *own = sink->own;
	bool there;

	if (lam_registry_mount(own->registry, digest,
			       from && lam_registry_same_host(own->registry, from)
				       ? lam_registry_path(from)
				       : NULL,
			       &there, stop_of(progress), err) < 0)
		return of_output(err->code, err);
	if (!there) {
		if (lam_source_open_layer(source, n, 0, &whole, err) < 0)
			return err->code;
		lam_reader_stop(whole, stop_of(progress));
		if (lam_sink_check_stream(whole, digest, progress, NULL, NULL, err) < 0 ||
		    send_blob(&s, digest,
			      (uint64_t)source->image.layers[n].descriptor.size, err) < 0)
			return err->code;
	}
	return lam_sink_keep_later(sink, source, n, digest, progress, err);
}

/* Publishing */

static int send_new(void *job, struct lam_error *err)
{
	struct sending *s = job;
	struct sink *own = s->sink->own;
	const struct lam_sink_blob *b = &s->sink->blobs[s->blob];
	bool there;

	if (lam_registry_has_blob(own->registry, &b->digest, &there, stop_of(s->progress),
				  err) < 0)
		return of_output(err->code, err);
	return there ? 0 : send_blob(s, &b->digest, b->size, err);
}

/* Written layers and configs; a blob that has no digest was given up. */
static bool is_new(const struct lam_sink_blob *b)
{
	return b->fd >= 0 && b->digest.algorithm != LAM_ALGORITHM_NONE && !b->media_type;
}

/* Several at once, as far as there are any. */
static int send_all(struct lam_sink *sink, const struct lam_sink_image *image,
		    struct lam_error *err)
{
	struct sending *jobs = lam_xcalloc(sink->blob_count + 1, sizeof *jobs);
	struct lam_workers *workers = lam_workers_new(SENDERS);
	struct lam_queue *queue = lam_queue_new(workers, sink->blob_count + 1);
	int code;

	for (size_t i = 0; i < sink->blob_count; i++) {
		if (!is_new(&sink->blobs[i]))
			continue;
		jobs[i] = (struct sending){ .sink = sink,
					    .progress = image->progress,
					    .blob = i };
		lam_queue_give(queue, send_new, &jobs[i]);
	}
	code = lam_queue_take_all(queue, err);
	lam_queue_free(queue);
	lam_workers_free(workers);
	free(jobs);
	return code;
}

static int read_manifest(const struct lam_sink *sink, const struct lam_sink_blob *b,
			 struct lam_buf *out, struct lam_error *err)
{
	LAM_CLEANUP(lam_reader_close_ptr)
	struct lam_reader *reader =
		lam_reader_file(b->fd, false, 0, b->size, sink->directory);

	return lam_buf_reserve(out, (size_t)b->size, err) < 0
		       ? err->code
		       : lam_read_full(reader, out->data, (size_t)b->size, &out->len,
				       err);
}

/* Whoever reads the tag now gets what was written. */
static int read_back(const struct lam_sink *sink, const struct lam_buf *manifest,
		     struct lam_error *err)
{
	LAM_CLEANUP(lam_registry_document_fini) struct lam_registry_document d = { 0 };
	const struct sink *own = sink->own;

	if (lam_registry_get_manifest(own->registry,
				      lam_registry_reference(sink->reference), &d, NULL,
				      err) < 0)
		return lam_wrap(err, "reading it back");
	if (d.bytes.len == manifest->len &&
	    memcmp(d.bytes.data, manifest->data, manifest->len) == 0)
		return 0;
	return lam_fail(err, LAM_EWRITE,
			"%s: was written, and is another image now: somebody else has "
			"written it at the same time",
			sink->reference->text);
}

/* The one that the tag will lead to under its tag, the others under their digests. */
static int put_manifest(const struct lam_sink *sink, const struct lam_sink_blob *b,
			bool top, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf bytes = LAM_BUF(LAM_MAX_INDEX);
	const struct sink *own = sink->own;
	const char *tag = lam_registry_reference(sink->reference);
	char text[LAM_DIGEST_TEXT];

	if (read_manifest(sink, b, &bytes, err) < 0 ||
	    lam_registry_put_manifest(own->registry,
				      top ? tag : lam_digest_format(&b->digest, text),
				      b->media_type, bytes.data, bytes.len, err) < 0)
		return err->code;
	return top ? read_back(sink, &bytes, err) : 0;
}

/* The index was made from what stood under the tag: what came there since is not replaced
 * by what does not know it. */
static int check_unmoved(const struct lam_sink *sink, const struct lam_digest *top,
			 struct lam_error *err)
{
	LAM_CLEANUP(lam_registry_document_fini) struct lam_registry_document d = { 0 };
	const struct sink *own = sink->own;
	int code = lam_registry_get_manifest(
		own->registry, lam_registry_reference(sink->reference), &d, NULL, err);

	if (code < 0 && code != LAM_ENOTFOUND)
		return code;
	if (code == 0 ? lam_digest_equal(&d.digest, &own->old) ||
				lam_digest_equal(&d.digest, top)
		      : own->old.algorithm == LAM_ALGORITHM_NONE)
		return 0;
	return lam_fail(err, LAM_EWRITE,
			"%s: is another image than a moment ago: somebody else has "
			"written it at the same time; nothing was published",
			sink->reference->text);
}

/* Images before the indexes that name them, and what the tag leads to at last. */
static int place_manifests(const struct lam_sink *sink, const struct lam_digest *top,
			   struct lam_error *err)
{
	const struct lam_sink_blob *last = NULL;
	bool others = false;

	for (size_t i = 0; i < sink->blob_count; i++) {
		const struct lam_sink_blob *b = &sink->blobs[i];

		if (!b->media_type || b->fd < 0)
			continue;
		if (lam_digest_equal(&b->digest, top)) {
			last = b;
			continue;
		}
		others = true;
		if (put_manifest(sink, b, false, err) < 0)
			return err->code;
	}
	if (!last)
		return 0;
	if (others && check_unmoved(sink, top, err) < 0)
		return err->code;
	return put_manifest(sink, last, true, err);
}

int lam_registry_publish(struct lam_sink *sink, const struct lam_sink_image *image,
			 struct lam_error *err)
{
	LAM_CLEANUP(lam_replaced_fini) struct lam_replaced replaced = { 0 };
	struct sink *own = sink->own;

	if (send_all(sink, image, err) < 0 ||
	    check_replaced(sink->reference, own->registry, sink->options, image,
			   &replaced, &own->old, err) < 0 ||
	    lam_replace_settle(sink, &replaced, err) < 0)
		return of_output(err->code, err);
	if (lam_progress_stopped(image->progress))
		return lam_fail_stopped(err);
	return of_output(place_manifests(sink, &replaced.top.manifest, err), err);
}
