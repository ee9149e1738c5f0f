/* An image is written into a sink: its layers, then the documents. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "oci/settings.h"
#include "write/write_impl.h"

/* The stack */

static void describe(struct lam_writing *w, size_t n)
{
	const struct lam_layout_target *t = &w->layout->stack[w->targets[n]];
	struct lam_stack_layer *s = &w->stack[n];
	char name[LAM_TARGET_TEXT];

	snprintf(w->texts[n], sizeof w->texts[n], "lamina: %s",
		 lam_target_text(&t->info, name));
	*s = (struct lam_stack_layer){ .kept = t->kept,
				       .created_by = w->texts[n],
				       .comment = t->info.from,
				       .original = t->original };
	if (t->kept) {
		const struct lam_image_layer *original = &w->image->layers[t->original];

		s->diff_id = original->diff_id;
		s->digest = original->descriptor.digest;
		s->size = original->descriptor.size;
		return;
	}
	s->media_type = lam_layer_media_type(t->info.compression.codec,
					     lam_layout_is_docker(w->layout));
}

static void set_stack(struct lam_writing *w)
{
	size_t most = w->layout->target_count;

	w->stack = lam_xcalloc(most, sizeof *w->stack);
	w->targets = lam_xcalloc(most, sizeof *w->targets);
	w->texts = lam_xcalloc(most, sizeof *w->texts);
	w->tar_sizes = lam_xcalloc(most, sizeof *w->tar_sizes);
	w->reused = lam_xcalloc(most, sizeof *w->reused);
	w->points = lam_xcalloc(most, sizeof *w->points);
	for (size_t t = 0; t < most; t++) {
		if (w->layout->stack[t].info.fate == LAM_FATE_EMPTY)
			continue;
		w->targets[w->count] = t;
		if (!w->layout->stack[t].kept)
			w->reused[w->count].target = &w->layout->stack[t];
		describe(w, w->count++);
	}
}

/* What is there already */

static int find_reused(struct lam_writing *w, struct lam_error *err)
{
	const struct lam_write_options *o = w->options;
	const struct lam_reuse_options options = {
		.layout = w->layout,
		.cache = o->cache,
		.reference = w->reference,
		.other = o->reuse,
		.ahead = w->ahead,
		.temporary = o->spool ? o->spool : "/tmp",
		.workers = w->workers,
		.progress = o->progress,
		/* pieces are proven by reading back alone */
		.whole = w->whole || o->no_verify,
	};

	return lam_reuse_new(&w->reuse, &options, w->reused, w->count, err);
}

static int take_reused(struct lam_writing *w, struct lam_error *err)
{
	if (find_reused(w, err) < 0 || lam_reuse_take(w->reuse, w->sink, err) < 0)
		return err->code;
	lam_reuse_find_pieces(w->reuse);
	for (size_t n = 0; n < w->count; n++) {
		const struct lam_layer_reading *r = &w->reused[n].written.reading;

		if (!w->reused[n].taken)
			continue;
		w->stack[n].digest = r->digest;
		w->stack[n].diff_id = r->diff_id;
		w->stack[n].size = (int64_t)r->blob_size;
		w->tar_sizes[n] = r->tar_size;
	}
	return 0;
}

/* The layers */

static int read_contents(struct lam_writing *w, const char *reference,
			 struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *folder = NULL;
	LAM_CLEANUP(lam_free_ptr)
	struct lam_needs *needs = lam_xcalloc(w->layout->target_count, sizeof *needs);
	const char *spool = w->options->spool;

	if (!spool &&
	    lam_write_spool_folder(&folder, reference, w->options->access, err) < 0)
		return err->code;
	for (size_t n = 0; n < w->count; n++)
		needs[w->targets[n]] =
			(struct lam_needs){ w->reused[n].taken, &w->reused[n].pieces };
	return lam_contents_new(&w->contents, w->layout, needs, spool ? spool : folder,
				w->workers, w->options->progress, err);
}

/* Why contents could not be read counts more than what came of it; where what was written
 * is wrong, a blob of the source may be. */
static int write_layers(struct lam_writing *w, struct lam_error *err)
{
	struct lam_error why;
	int code = lam_write_layers(w, err);

	if (code == 0)
		return lam_contents_finish(w->contents, w->workers, err) < 0
			       ? err->code
			       : lam_reuse_check(w->reuse, err);
	if (atomic_load(&w->wrong))
		(void)lam_contents_finish(w->contents, w->workers, &why);
	if (lam_contents_failed(w->contents, &why) < 0)
		*err = why;
	return err->code;
}

/* The documents, proven as a reader will find them before anything is published */

/* Both documents, and what they are called: those of the source keep their digests of
 * whatever algorithm, new ones have SHA-256. */
struct documents {
	struct lam_buf config, manifest;
	struct lam_sink_image image;
};

/* Only what the plan sets makes a document that large. */
static int fail_document(const struct lam_writing *w, const char *which,
			 struct lam_error *err)
{
	if (err->code == LAM_EFORMAT && w->layout->plan->settings.count)
		return lam_fail(
			err, LAM_EPLAN,
			"the new %s would be larger than is read: set less in the "
			"plan's \"config\"",
			which);
	return lam_wrap(err, "the new %s", which);
}

static int make_config(const struct lam_writing *w, struct documents *d,
		       struct lam_error *err)
{
	const struct lam_doc *old = &w->image->config.doc;
	bool same = lam_layout_is_identity(w->layout);

	if ((same ? lam_buf_append(&d->config, old->bytes, old->len, err)
		  : lam_config_edit(&w->image->config, w->stack, w->count,
				    &w->layout->plan->settings, w->options->created,
				    w->layout->plan->times, &d->config, err)) < 0)
		return fail_document(w, "config", err);
	d->image.config_size = (int64_t)d->config.len;
	d->image.config =
		lam_digest_of(same ? w->image->config_digest.algorithm : LAM_SHA256,
			      d->config.data, d->config.len);
	return 0;
}

static int edit_manifest(const struct lam_writing *w, struct documents *d, bool docker,
			 struct lam_error *err)
{
	char plan[80];
	const struct lam_annotation annotations[] = {
		{ LAM_ANNOTATION_SOURCE, w->image->manifest_text },
		{ LAM_ANNOTATION_PLAN, plan },
	};
	const struct lam_manifest_change change = {
		.docker = docker,
		.layers = w->stack,
		.count = w->count,
		.settings = &w->layout->plan->settings,
		.config = &d->image.config,
		.config_size = d->image.config_size,
		.annotations = annotations,
		/* Docker's manifests know none */
		.annotation_count = docker ? 0 : sizeof annotations / sizeof *annotations,
	};

	if (lam_plan_digest(w->layout->plan, plan, err) < 0)
		return err->code;
	return lam_manifest_edit(&w->image->manifest, &change, &d->manifest, err);
}

static int make_manifest(const struct lam_writing *w, struct documents *d,
			 struct lam_error *err)
{
	const struct lam_doc *old = &w->image->manifest.doc;
	bool same = lam_layout_is_identity(w->layout),
	     docker = lam_layout_is_docker(w->layout);

	if ((same ? lam_buf_append(&d->manifest, old->bytes, old->len, err)
		  : edit_manifest(w, d, docker, err)) < 0)
		return fail_document(w, "manifest", err);
	d->image.media_type = docker ? LAM_MT_DOCKER_MANIFEST : LAM_MT_OCI_MANIFEST;
	d->image.manifest_size = (int64_t)d->manifest.len;
	d->image.manifest =
		lam_digest_of(same ? w->image->manifest_digest.algorithm : LAM_SHA256,
			      d->manifest.data, d->manifest.len);
	return 0;
}

static bool names_the_stack(const struct lam_writing *w, const struct lam_manifest *m,
			    const struct lam_config *c)
{
	bool right = m->layer_count == w->count && c->diff_id_count == w->count;

	for (size_t i = 0; right && i < w->count; i++)
		right = lam_digest_equal(&m->layers[i].digest, &w->stack[i].digest) &&
			m->layers[i].size == w->stack[i].size &&
			lam_digest_equal(&c->diff_ids[i], &w->stack[i].diff_id);
	return right;
}

/* What a reader will make of them: the manifest leads to this config under the name that
 * it is stored by, and to these layers; the config to their tars; and beside that they say
 * what those of the source do, and what the plan sets. */
static int prove(const struct lam_writing *w, const struct documents *d,
		 struct lam_error *err)
{
	LAM_CLEANUP(lam_manifest_fini) struct lam_manifest m = { 0 };
	LAM_CLEANUP(lam_config_fini) struct lam_config c = { 0 };

	if (lam_manifest_parse(&m, d->manifest.data, d->manifest.len, "the new manifest",
			       d->image.media_type, err) < 0 ||
	    lam_descriptor_check(&m.config, d->config.data, d->config.len,
				 "the new config", err) < 0 ||
	    lam_config_parse(&c, d->config.data, d->config.len, "the new config", err) <
		    0)
		return err->code;
	if (lam_sink_check_config(w->sink, &c, err) < 0 ||
	    lam_settings_prove(&w->image->config, &c, &w->image->manifest, &m,
			       &w->layout->plan->settings,
			       lam_layout_is_same_stack(w->layout), err) < 0)
		return err->code;
	if (!lam_digest_equal(&m.config.digest, &d->image.config) ||
	    !names_the_stack(w, &m, &c))
		return lam_fail(
			err, LAM_EWRITE,
			"the new manifest leads to other blobs than were written");
	return 0;
}

static int write_documents(struct lam_writing *w, struct lam_write_result *out,
			   struct lam_error *err)
{
	struct documents d = {
		.config = LAM_BUF(LAM_MAX_CONFIG),
		.manifest = LAM_BUF(LAM_MAX_MANIFEST),
		.image = { .platform = w->image->config.platform,
			   .tells_platform =
				   lam_source_image(w->image->source)->tells_platform,
			   .layer_count = w->count,
			   .progress = w->options->progress }
	};
	int code;

	w->digests = lam_xcalloc(w->count + 1, sizeof *w->digests);
	for (size_t i = 0; i < w->count; i++)
		w->digests[i] = w->stack[i].digest;
	d.image.layers = w->digests;
	code = make_config(w, &d, err) < 0 || make_manifest(w, &d, err) < 0 ||
			       prove(w, &d, err) < 0 ||
			       lam_sink_add_bytes(w->sink, d.config.data, d.config.len,
						  &d.image.config, err) < 0 ||
			       lam_sink_add_manifest(w->sink, d.image.media_type,
						     d.manifest.data, d.manifest.len,
						     &d.image.manifest, err) < 0
		       ? err->code
		       : 0;
	lam_buf_fini(&d.config);
	lam_buf_fini(&d.manifest);
	w->written = d.image;
	lam_digest_format(&d.image.manifest, out->manifest_digest);
	lam_digest_format(&d.image.config, out->config_digest);
	return code;
}

/* All of it */

static void fill_result(const struct lam_writing *w, struct lam_write_result *out)
{
	out->layers = lam_xcalloc(w->count, sizeof *out->layers);
	out->layer_count = w->count;
	out->verified = !w->options->no_verify;
	for (size_t i = 0; i < w->count; i++) {
		struct lam_written_layer *l = &out->layers[i];

		lam_digest_format(&w->stack[i].digest, l->digest);
		lam_digest_format(&w->stack[i].diff_id, l->diff_id);
		l->blob_size = (uint64_t)w->stack[i].size;
		l->tar_size = w->tar_sizes[i];
		l->reused = w->reused[i].taken;
		l->copied = l->reused ? 0 : w->reused[i].pieces.copied;
	}
}

static int check_place(const struct lam_layout *layout, const struct lam_store *store,
		       struct lam_error *err)
{
	for (size_t n = 0; n < layout->target_count; n++) {
		const struct lam_layout_target *t = &layout->stack[n];
		enum lam_codec codec =
			t->kept ? layout->image->layers[t->original].info.codec
				: t->info.compression.codec;

		if (t->info.fate != LAM_FATE_EMPTY &&
		    lam_store_check_codec(store, codec, t->info.name, err) < 0)
			return err->code;
	}
	return lam_layout_annotates(layout) ? lam_store_check_annotations(store, err) : 0;
}

int lam_write_check_place(const struct lam_layout *layout, const char *text,
			  struct lam_error *err)
{
	LAM_CLEANUP(lam_reference_fini) struct lam_reference reference = { 0 };

	if (lam_reference_parse(&reference, text, true, err) < 0)
		return err->code;
	return check_place(layout, reference.store, err);
}

static void begin(struct lam_writing *w)
{
	w->workers = lam_workers_new(w->threads > 1 ? w->threads : 0);
	set_stack(w);
}

int lam_write_one(struct lam_writing *w, struct lam_write_result *out,
		  struct lam_error *err)
{
	begin(w);
	w->chunks = lam_chunk_pool_new(LAM_MAX_ON_THE_WAY, 2 * w->threads + LAM_PACKERS);
	if (check_place(w->layout, w->reference->store, err) < 0 ||
	    take_reused(w, err) < 0 || read_contents(w, w->reference->text, err) < 0 ||
	    write_layers(w, err) < 0)
		return err->code;
	lam_contents_free(LAM_STEAL(w->contents));
	lam_chunk_pool_free(LAM_STEAL(w->chunks));
	fill_result(w, out);
	return write_documents(w, out, err);
}

void lam_writing_fini(struct lam_writing *w)
{
	lam_contents_free(w->contents);
	lam_reuse_free(w->reuse);
	lam_workers_free(w->workers);
	lam_chunk_pool_free(w->chunks);
	free(w->stack);
	free(w->targets);
	free(w->texts);
	free(w->tar_sizes);
	free(w->reused);
	for (size_t n = 0; n < w->count; n++)
		lam_checkpoints_fini(&w->points[n]);
	free(w->points);
	free(w->digests);
}

bool lam_write_is_to_blame(const struct lam_writing *w, int code)
{
	return (code == LAM_EFORMAT || (code == LAM_EWRITE && atomic_load(&w->wrong))) &&
	       lam_reuse_copies(w->reuse);
}

int lam_write_forecast(bool **out, const struct lam_layout *layout, const char *reference,
		       const struct lam_write_options *options, struct lam_error *err)
{
	LAM_CLEANUP(lam_reference_fini) struct lam_reference place = { 0 };
	LAM_CLEANUP(lam_writing_fini)
	struct lam_writing w = { .layout = layout,
				 .image = layout->image,
				 .options = options,
				 .reference = &place,
				 .threads = lam_thread_count(options->threads) };

	*out = NULL;
	if (lam_reference_parse(&place, reference, true, err) < 0)
		return err->code;
	place.access = options->access;
	begin(&w);
	if (find_reused(&w, err) < 0)
		return err->code;
	*out = lam_xcalloc(layout->target_count, sizeof **out);
	for (size_t n = 0; n < w.count; n++)
		(*out)[w.targets[n]] = w.reused[n].there;
	return 0;
}

int lam_write_spool_folder(char **out, const char *text, const struct lam_access *access,
			   struct lam_error *err)
{
	LAM_CLEANUP(lam_reference_fini) struct lam_reference reference = { 0 };

	*out = NULL;
	if (lam_reference_parse(&reference, text, true, err) < 0)
		return err->code;
	reference.access = access;
	*out = lam_reference_folder(&reference);
	return 0;
}
