/* An image is written: its layers, then the documents, then all of it for everyone to
 * see. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "write/write_impl.h"

/* Bytes of tar that are on their way through compression and back. */
#define ON_THE_WAY (8u << 20)

void lam_write_result_fini(struct lam_write_result *result)
{
	free(result->layers);
	*result = (struct lam_write_result){ 0 };
}

/* The stack */

static void describe(struct lam_writing *w, size_t n)
{
	const struct lam_layout_target *t = &w->layout->stack[w->targets[n]];
	struct lam_stack_layer *s = &w->stack[n];

	if (t->kept) {
		const struct lam_image_layer *original = &w->image->layers[t->original];

		*s = (struct lam_stack_layer){ .kept = true,
					       .original = t->original,
					       .diff_id = original->diff_id,
					       .digest = original->descriptor.digest,
					       .media_type =
						       original->descriptor.media_type,
					       .size = original->descriptor.size };
		return;
	}
	snprintf(w->texts[n], sizeof w->texts[n], "lamina: %s", t->info.name);
	*s = (struct lam_stack_layer){ .created_by = w->texts[n],
				       .original = t->original };
	s->media_type = lam_layer_media_type(t->info.compression.codec,
					     w->image->manifest.docker);
	s->comment = t->info.from;
}

static void set_stack(struct lam_writing *w)
{
	size_t most = w->layout->target_count;

	w->stack = lam_xcalloc(most, sizeof *w->stack);
	w->targets = lam_xcalloc(most, sizeof *w->targets);
	w->texts = lam_xcalloc(most, sizeof *w->texts);
	w->tar_sizes = lam_xcalloc(most, sizeof *w->tar_sizes);
	for (size_t t = 0; t < most; t++) {
		if (w->layout->stack[t].info.fate == LAM_FATE_EMPTY)
			continue;
		w->targets[w->count] = t;
		describe(w, w->count++);
	}
}

/* The layers */

static int read_contents(struct lam_writing *w, const char *reference,
			 struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *folder = NULL;
	const char *spool = w->options->spool;

	if (!spool && lam_write_spool_folder(&folder, reference, err) < 0)
		return err->code;
	return lam_contents_new(&w->contents, w->layout, spool ? spool : folder,
				w->workers, w->options->progress, err);
}

/* Why contents could not be read counts more than what came of it; where what was written
 * is wrong, a blob of the source may be. */
static int write_layers(struct lam_writing *w, struct lam_error *err)
{
	struct lam_error why;
	int code = lam_write_layers(w, err);

	if (code == 0)
		return lam_contents_finish(w->contents, w->workers, err);
	if (atomic_load(&w->wrong))
		(void)lam_contents_finish(w->contents, w->workers, &why);
	if (lam_contents_failed(w->contents, &why) < 0)
		*err = why;
	return err->code;
}

/* The documents */

static int make_config(struct lam_writing *w, struct lam_buf *out, struct lam_error *err)
{
	const struct lam_doc *doc = &w->image->config.doc;

	if (lam_layout_is_identity(w->layout))
		return lam_buf_append(out, doc->bytes, doc->len, err);
	return lam_config_edit(&w->image->config, w->stack, w->count, w->options->created,
			       out, err);
}

static int make_manifest(struct lam_writing *w, const struct lam_digest *config,
			 size_t config_size, struct lam_buf *out, struct lam_error *err)
{
	char plan[80];
	struct lam_annotation annotations[] = {
		{ "dev.lamina.source.manifest", w->image->manifest_text },
		{ "dev.lamina.plan", plan },
	};
	const struct lam_manifest *manifest = &w->image->manifest;
	/* Docker's manifests know no annotations */
	size_t count = manifest->docker ? 0 : sizeof annotations / sizeof *annotations;

	if (lam_layout_is_identity(w->layout))
		return lam_buf_append(out, manifest->doc.bytes, manifest->doc.len, err);
	if (lam_plan_digest(w->layout->plan, plan, err) < 0)
		return err->code;
	return lam_manifest_edit(manifest, w->stack, w->count, config,
				 (int64_t)config_size, annotations, count, out, err);
}

static int publish_now(const struct lam_writing *w, const struct lam_sink_image *image,
		       struct lam_error *err)
{
	struct lam_step step = { .stage = LAM_STAGE_PUBLISH,
				 .layer_count = w->count,
				 .total = w->count };

	lam_progress_report(w->options->progress, &step);
	if (lam_sink_publish(w->sink, image, err) < 0)
		return err->code;
	step.done = step.total;
	lam_progress_report(w->options->progress, &step);
	return 0;
}

static int add_document(struct lam_writing *w, const struct lam_buf *bytes,
			struct lam_digest *out, char text[LAM_DIGEST_TEXT],
			struct lam_error *err)
{
	*out = lam_digest_of(LAM_SHA256, bytes->data, bytes->len);
	lam_digest_format(out, text);
	return lam_sink_add_bytes(w->sink, bytes->data, bytes->len, out, err);
}

static int publish(struct lam_writing *w, const struct lam_buf *config,
		   const struct lam_buf *manifest, struct lam_write_result *out,
		   struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr)
	struct lam_digest *layers = lam_xcalloc(w->count, sizeof *layers);
	struct lam_sink_image image = { .platform = w->image->config.platform,
					.layers = layers,
					.layer_count = w->count,
					.progress = w->options->progress,
					.config_size = (int64_t)config->len,
					.manifest_size = (int64_t)manifest->len };

	image.media_type =
		w->image->manifest.docker ? LAM_MT_DOCKER_MANIFEST : LAM_MT_OCI_MANIFEST;
	for (size_t i = 0; i < w->count; i++)
		layers[i] = w->stack[i].digest;
	if (add_document(w, config, &image.config, out->config_digest, err) < 0 ||
	    add_document(w, manifest, &image.manifest, out->manifest_digest, err) < 0)
		return err->code;
	if (lam_progress_stopped(w->options->progress))
		return lam_fail(err, LAM_ESTOPPED, "stopped");
	return publish_now(w, &image, err);
}

static int write_documents(struct lam_writing *w, struct lam_write_result *out,
			   struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf config = LAM_BUF(LAM_MAX_CONFIG);
	LAM_CLEANUP(lam_buf_fini) struct lam_buf manifest = LAM_BUF(LAM_MAX_MANIFEST);
	struct lam_digest digest;

	if (make_config(w, &config, err) < 0)
		return lam_wrap(err, "the new config");
	digest = lam_digest_of(LAM_SHA256, config.data, config.len);
	if (lam_layout_is_identity(w->layout))
		digest = w->image->config_digest;
	if (make_manifest(w, &digest, config.len, &manifest, err) < 0)
		return lam_wrap(err, "the new manifest");
	return publish(w, &config, &manifest, out, err);
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
	}
}

static int check_codecs(const struct lam_writing *w, struct lam_error *err)
{
	for (size_t n = 0; n < w->count; n++) {
		const struct lam_layout_target *t = &w->layout->stack[w->targets[n]];
		enum lam_codec codec = t->kept ? w->image->layers[t->original].info.codec
					       : t->info.compression.codec;

		if (lam_sink_check_codec(w->sink, codec, t->info.name, err) < 0)
			return err->code;
	}
	return 0;
}

static int run(struct lam_writing *w, const char *text, struct lam_write_result *out,
	       struct lam_error *err)
{
	if (lam_reference_parse(&w->reference, text, true, err) < 0)
		return err->code;
	w->workers = lam_workers_new(w->threads > 1 ? w->threads : 0);
	w->chunks = lam_chunk_pool_new(ON_THE_WAY, 2 * w->threads + LAM_PACKERS);
	set_stack(w);
	if (lam_sink_open(&w->sink, &w->reference, err) < 0 || check_codecs(w, err) < 0 ||
	    read_contents(w, text, err) < 0 || write_layers(w, err) < 0)
		return err->code;
	fill_result(w, out);
	return write_documents(w, out, err);
}

int lam_write_image(const struct lam_layout *layout, const char *reference,
		    const struct lam_write_options *options, struct lam_write_result *out,
		    struct lam_error *err)
{
	struct lam_writing w = { .layout = layout,
				 .image = layout->image,
				 .options = options,
				 .threads = lam_thread_count(options->threads) };
	int code;

	*out = (struct lam_write_result){ 0 };
	code = run(&w, reference, out, err);
	lam_sink_close(w.sink);
	lam_contents_free(w.contents);
	lam_workers_free(w.workers);
	lam_chunk_pool_free(w.chunks);
	lam_reference_fini(&w.reference);
	free(w.stack);
	free(w.targets);
	free(w.texts);
	free(w.tar_sizes);
	if (code < 0)
		lam_write_result_fini(out);
	return code;
}

/* Places */

int lam_write_spool_folder(char **out, const char *text, struct lam_error *err)
{
	LAM_CLEANUP(lam_reference_fini) struct lam_reference reference = { 0 };

	*out = NULL;
	if (lam_reference_parse(&reference, text, true, err) < 0)
		return err->code;
	*out = lam_reference_folder(&reference);
	return 0;
}

int lam_write_replaces(bool *out, const char *text, struct lam_error *err)
{
	LAM_CLEANUP(lam_reference_fini) struct lam_reference reference = { 0 };

	*out = false;
	if (lam_reference_parse(&reference, text, true, err) < 0)
		return err->code;
	return lam_sink_replaces(out, &reference, err);
}
