#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <lamina/write.h>

#include "codec.h"
#include "contents.h"
#include "layout.h"
#include "limits.h"
#include "pack.h"
#include "path.h"
#include "sink.h"
#include "verify.h"

struct writing {
	const struct lam_layout *layout;
	const struct lam_image *image;
	const struct lam_write_options *options;
	struct lam_workers *workers;
	struct lam_contents *contents;
	struct lam_sink *sink;
	unsigned threads;
	size_t count; /* of layers that are written or kept; the arrays below are of them
		       */
	struct lam_stack_layer *stack;
	struct lam_verify_layer *verify;
	size_t *targets;
	char (*texts)[300]; /* created_by */
	uint64_t *tar_sizes;
};

void lam_write_result_fini(struct lam_write_result *result)
{
	free(result->layers);
	*result = (struct lam_write_result){ 0 };
}

/* One written layer */

struct encoding {
	struct lam_hash blob_hash, tar_hash;
	uint64_t blob_size, tar_size;
	struct lam_writer *stream;
};

static int open_encoder(struct writing *w, struct encoding *e, int fd, const char *name,
			struct lam_compression compression, struct lam_error *err)
{
	if (lam_hash_init(&e->blob_hash, LAM_SHA256, err) < 0 ||
	    lam_hash_init(&e->tar_hash, LAM_SHA256, err) < 0 ||
	    lam_writer_file(&e->stream, fd, false, name, err) < 0 ||
	    lam_writer_hashing(&e->stream, LAM_STEAL(e->stream), &e->blob_hash,
			       &e->blob_size, err) < 0 ||
	    lam_encoder_new(&e->stream, LAM_STEAL(e->stream), compression, w->workers,
			    err) < 0)
		return err->code;
	return lam_writer_hashing(&e->stream, LAM_STEAL(e->stream), &e->tar_hash,
				  &e->tar_size, err);
}

static int encode(struct writing *w, size_t n, int fd, struct encoding *e,
		  struct lam_error *err)
{
	const struct lam_layout_target *t = &w->layout->stack[w->targets[n]];
	struct lam_step step = { .stage = LAM_STAGE_WRITE,
				 .layer = n,
				 .layer_count = w->count,
				 .total = t->info.tar_size };

	if (open_encoder(w, e, fd, t->info.name, t->info.compression, err) < 0 ||
	    lam_pack(w->contents, t, e->stream, w->options->progress, &step, err) < 0)
		return err->code;
	return lam_finish(e->stream, err);
}

static int write_layer(struct writing *w, size_t n, struct lam_error *err)
{
	const struct lam_layout_target *t = &w->layout->stack[w->targets[n]];
	struct lam_stack_layer *s = &w->stack[n];
	struct encoding e = { 0 };
	size_t blob;
	int fd, code;

	if (lam_sink_new_blob(w->sink, &fd, &blob, err) < 0)
		return err->code;
	code = encode(w, n, fd, &e, err);
	if (code == 0) {
		lam_hash_final(&e.blob_hash, &s->digest);
		lam_hash_final(&e.tar_hash, &s->diff_id);
		s->size = (int64_t)e.blob_size;
		w->tar_sizes[n] = e.tar_size;
		lam_sink_set_blob(w->sink, blob, &s->digest, e.blob_size);
		w->verify[n] = (struct lam_verify_layer){ .fd = fd,
							  .size = e.blob_size,
							  .digest = s->digest,
							  .diff_id = s->diff_id,
							  .name = t->info.name };
	}
	lam_writer_close(e.stream);
	lam_hash_fini(&e.blob_hash);
	lam_hash_fini(&e.tar_hash);
	if (code == 0 || code == LAM_ESTOPPED)
		return code;
	return lam_wrap(err, "writing layer \"%s\"", t->info.name);
}

static int keep_layer(struct writing *w, size_t n, struct lam_error *err)
{
	const struct lam_layout_target *t = &w->layout->stack[w->targets[n]];
	const struct lam_image_layer *original = &w->image->layers[t->original];

	w->tar_sizes[n] = original->info.tar_size;
	w->verify[n] = (struct lam_verify_layer){ .kept = true,
						  .original = t->original,
						  .fd = -1 };
	if (lam_sink_add_file(w->sink, &original->blob, &original->descriptor.digest,
			      w->options->progress, err) < 0)
		return err->code == LAM_ESTOPPED
			       ? err->code
			       : lam_wrap(err, "keeping layer \"%s\"", t->info.name);
	return 0;
}

/* The stack */

static void describe(struct writing *w, size_t n)
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

static int set_stack(struct writing *w, struct lam_error *err)
{
	size_t most = w->layout->target_count;

	w->stack = calloc(most, sizeof *w->stack);
	w->verify = calloc(most, sizeof *w->verify);
	w->targets = calloc(most, sizeof *w->targets);
	w->texts = calloc(most, sizeof *w->texts);
	w->tar_sizes = calloc(most, sizeof *w->tar_sizes);
	if (!w->stack || !w->verify || !w->targets || !w->texts || !w->tar_sizes)
		return lam_fail_memory(err);
	for (size_t t = 0; t < most; t++) {
		if (w->layout->stack[t].info.fate == LAM_FATE_EMPTY)
			continue;
		w->targets[w->count] = t;
		describe(w, w->count++);
	}
	return 0;
}

static int read_contents(struct writing *w, const char *reference, struct lam_error *err)
{
	char *folder = NULL;
	int code = 0;

	if (!w->options->spool)
		code = lam_write_spool_folder(&folder, reference, err);
	if (code == 0)
		code = lam_contents_new(&w->contents, w->layout,
					folder ? folder : w->options->spool, w->workers,
					w->options->progress, err);
	free(folder);
	return code;
}

static int write_layers(struct writing *w, struct lam_error *err)
{
	for (size_t n = 0; n < w->count; n++) {
		if (lam_progress_stopped(w->options->progress))
			return lam_fail(err, LAM_ESTOPPED, "stopped");
		if ((w->layout->stack[w->targets[n]].kept ? keep_layer(w, n, err)
							  : write_layer(w, n, err)) < 0)
			return err->code;
	}
	if (w->options->no_verify || lam_layout_is_identity(w->layout))
		return 0;
	return lam_verify(w->layout, w->verify, w->count, w->threads,
			  w->options->progress, err);
}

/* The documents */

static int make_config(struct writing *w, struct lam_buf *out, struct lam_error *err)
{
	size_t len;
	const char *bytes = lam_doc_bytes(w->image->config.doc, &len);

	if (lam_layout_is_identity(w->layout))
		return lam_buf_append(out, bytes, len, err);
	return lam_config_edit(&w->image->config, w->stack, w->count, w->options->created,
			       out, err);
}

static int make_manifest(struct writing *w, const struct lam_digest *config,
			 size_t config_size, struct lam_buf *out, struct lam_error *err)
{
	char plan[80];
	struct lam_annotation annotations[] = {
		{ "dev.lamina.source.manifest", w->image->manifest_text },
		{ "dev.lamina.plan", plan },
	};
	size_t len;
	const char *bytes = lam_image_manifest_bytes(w->image, &len);
	struct lam_manifest made = { 0 };
	int code;

	if (lam_layout_is_identity(w->layout))
		return lam_buf_append(out, bytes, len, err);
	if (lam_plan_digest(w->layout->plan, plan, err) < 0)
		return err->code;
	/* Docker's manifests know no annotations */
	size_t count =
		w->image->manifest.docker ? 0 : sizeof annotations / sizeof *annotations;

	if (w->image->manifest.doc)
		return lam_manifest_edit(&w->image->manifest, w->stack, w->count, config,
					 (int64_t)config_size, annotations, count, out,
					 err);
	code = lam_manifest_parse(&made, bytes, len, "manifest", NULL, err);
	if (code == 0)
		code = lam_manifest_edit(&made, w->stack, w->count, config,
					 (int64_t)config_size, annotations, count, out,
					 err);
	lam_manifest_fini(&made);
	return code;
}

static int publish(struct writing *w, const struct lam_buf *config,
		   const struct lam_buf *manifest, struct lam_write_result *out,
		   struct lam_error *err)
{
	struct lam_digest *layers = calloc(w->count, sizeof *layers);
	struct lam_sink_image image = { .platform = w->image->config.platform,
					.layers = layers,
					.layer_count = w->count,
					.config_size = (int64_t)config->len,
					.manifest_size = (int64_t)manifest->len };
	int code = layers ? 0 : lam_fail_memory(err);

	image.media_type =
		w->image->manifest.docker ? LAM_MT_DOCKER_MANIFEST : LAM_MT_OCI_MANIFEST;
	for (size_t i = 0; code == 0 && i < w->count; i++)
		layers[i] = w->stack[i].digest;
	if (code == 0)
		code = lam_digest_of(&image.config, LAM_SHA256, config->data, config->len,
				     err);
	if (code == 0)
		code = lam_digest_of(&image.manifest, LAM_SHA256, manifest->data,
				     manifest->len, err);
	if (code == 0)
		code = lam_sink_add_bytes(w->sink, config->data, config->len,
					  &image.config, err);
	if (code == 0)
		code = lam_sink_add_bytes(w->sink, manifest->data, manifest->len,
					  &image.manifest, err);
	if (code == 0 && lam_progress_stopped(w->options->progress))
		code = lam_fail(err, LAM_ESTOPPED, "stopped");
	if (code == 0)
		code = lam_sink_publish(w->sink, &image, err);
	free(layers);
	if (code < 0)
		return code;
	char text[LAM_DIGEST_TEXT];

	snprintf(out->manifest_digest, sizeof out->manifest_digest, "%s",
		 lam_digest_format(&image.manifest, text));
	snprintf(out->config_digest, sizeof out->config_digest, "%s",
		 lam_digest_format(&image.config, text));
	return 0;
}

static int write_documents(struct writing *w, struct lam_write_result *out,
			   struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf config = LAM_BUF(LAM_MAX_CONFIG);
	LAM_CLEANUP(lam_buf_fini) struct lam_buf manifest = LAM_BUF(LAM_MAX_MANIFEST);
	struct lam_digest digest;

	if (make_config(w, &config, err) < 0)
		return lam_wrap(err, "the new config");
	if (lam_digest_of(&digest, LAM_SHA256, config.data, config.len, err) < 0)
		return err->code;
	if (lam_layout_is_identity(w->layout))
		digest = w->image->config_digest;
	if (make_manifest(w, &digest, config.len, &manifest, err) < 0)
		return lam_wrap(err, "the new manifest");
	return publish(w, &config, &manifest, out, err);
}

static int fill_result(const struct writing *w, struct lam_write_result *out,
		       struct lam_error *err)
{
	out->layers = calloc(w->count, sizeof *out->layers);
	if (!out->layers)
		return lam_fail_memory(err);
	out->layer_count = w->count;
	out->verified = !w->options->no_verify;
	for (size_t i = 0; i < w->count; i++) {
		char text[LAM_DIGEST_TEXT];
		struct lam_written_layer *l = &out->layers[i];

		snprintf(l->digest, sizeof l->digest, "%s",
			 lam_digest_format(&w->stack[i].digest, text));
		snprintf(l->diff_id, sizeof l->diff_id, "%s",
			 lam_digest_format(&w->stack[i].diff_id, text));
		l->blob_size = (uint64_t)w->stack[i].size;
		l->tar_size = w->tar_sizes[i];
	}
	return 0;
}

static int run(struct writing *w, const char *text, struct lam_write_result *out,
	       struct lam_error *err)
{
	struct lam_reference reference = { 0 };
	int code = lam_reference_parse(&reference, text, true, err);

	if (code == 0)
		code = lam_workers_new(&w->workers, w->threads > 1 ? w->threads : 0, err);
	if (code == 0)
		code = set_stack(w, err);
	if (code == 0)
		code = lam_sink_open(&w->sink, &reference, err);
	if (code == 0)
		code = read_contents(w, text, err);
	if (code == 0)
		code = write_layers(w, err);
	if (code == 0)
		code = fill_result(w, out, err);
	if (code == 0)
		code = write_documents(w, out, err);
	lam_sink_close(w->sink);
	lam_contents_free(w->contents);
	lam_workers_free(w->workers);
	lam_reference_fini(&reference);
	return code;
}

int lam_write_image(const struct lam_layout *layout, const char *reference,
		    const struct lam_write_options *options, struct lam_write_result *out,
		    struct lam_error *err)
{
	struct writing w = { .layout = layout,
			     .image = layout->image,
			     .options = options,
			     .threads = lam_thread_count(options->threads) };
	int code;

	*out = (struct lam_write_result){ 0 };
	code = run(&w, reference, out, err);
	free(w.stack);
	free(w.verify);
	free(w.targets);
	free(w.texts);
	free(w.tar_sizes);
	if (code < 0)
		lam_write_result_fini(out);
	return code;
}

int lam_write_spool_folder(char **out, const char *text, struct lam_error *err)
{
	struct lam_reference reference = { 0 };
	struct stat st;
	char *slash;

	*out = NULL;
	if (lam_reference_parse(&reference, text, true, err) < 0)
		return err->code;
	if (!reference.path) {
		*out = strdup("/tmp");
	} else if (stat(reference.path, &st) == 0 && S_ISDIR(st.st_mode)) {
		*out = strdup(reference.path);
	} else {
		*out = strdup(reference.path);
		for (size_t len = *out ? strlen(*out) : 0;
		     len > 1 && (*out)[len - 1] == '/'; len--)
			(*out)[len - 1] = '\0';
		slash = *out ? strrchr(*out, '/') : NULL;
		if (slash)
			slash[slash == *out] = '\0';
		else if (*out)
			snprintf(*out, strlen(*out) + 1, ".");
	}
	lam_reference_fini(&reference);
	return *out ? 0 : lam_fail_memory(err);
}
