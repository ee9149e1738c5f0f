/* The config and the manifest of an image that is written. */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "write/write_impl.h"

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

static int publish(struct lam_writing *w, const struct lam_buf *config,
		   const struct lam_buf *manifest, struct lam_write_result *out,
		   struct lam_error *err)
{
	struct lam_digest *layers = calloc(w->count, sizeof *layers);
	struct lam_sink_image image = { .platform = w->image->config.platform,
					.layers = layers,
					.layer_count = w->count,
					.progress = w->options->progress,
					.config_size = (int64_t)config->len,
					.manifest_size = (int64_t)manifest->len };
	int code = layers ? 0 : lam_fail_memory(err);

	image.media_type =
		w->image->manifest.docker ? LAM_MT_DOCKER_MANIFEST : LAM_MT_OCI_MANIFEST;
	for (size_t i = 0; code == 0 && i < w->count; i++)
		layers[i] = w->stack[i].digest;
	image.config = lam_digest_of(LAM_SHA256, config->data, config->len);
	image.manifest = lam_digest_of(LAM_SHA256, manifest->data, manifest->len);
	if (code == 0)
		code = lam_sink_add_bytes(w->sink, config->data, config->len,
					  &image.config, err);
	if (code == 0)
		code = lam_sink_add_bytes(w->sink, manifest->data, manifest->len,
					  &image.manifest, err);
	if (code == 0 && lam_progress_stopped(w->options->progress))
		code = lam_fail(err, LAM_ESTOPPED, "stopped");
	if (code == 0)
		code = publish_now(w, &image, err);
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

int lam_write_documents(struct lam_writing *w, struct lam_write_result *out,
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
