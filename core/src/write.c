#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <lamina/write.h>

#include "contents.h"
#include "encoder.h"
#include "layout.h"
#include "limits.h"
#include "pack.h"
#include "path.h"
#include "readback.h"
#include "sink.h"
#include "verify.h"

/* Layers that are packed at once: while one waits for its last pieces, or for the disk,
 * another gives the cores something to do. */
#define PACKERS 2
/* Bytes of tar that are on their way through compression and back. */
#define ON_THE_WAY (8u << 20)

struct writing {
	const struct lam_layout *layout;
	const struct lam_image *image;
	const struct lam_write_options *options;
	struct lam_workers *workers;
	struct lam_contents *contents;
	struct lam_pieces *pieces;
	struct lam_inflaters *inflaters;
	struct lam_sink *sink;
	unsigned threads;
	atomic_bool failed; /* one layer has: the others need not go on */
	size_t count; /* of layers that are written or kept; the arrays below are of them
		       */
	struct lam_stack_layer *stack;
	size_t *targets;
	char (*texts)[300]; /* created_by */
	uint64_t *tar_sizes;
	struct lam_layer **read_back; /* of written ones */
};

void lam_write_result_fini(struct lam_write_result *result)
{
	free(result->layers);
	*result = (struct lam_write_result){ 0 };
}

/* One written layer */

struct layer_job {
	struct writing *writing;
	size_t number; /* in the stack */
	int fd;
	size_t blob; /* the sink's number of it */
	struct lam_hash blob_hash, tar_hash;
	uint64_t blob_size, tar_size;
	struct lam_meter written, verified;
	struct lam_writer *stream;
	struct lam_readback *readback;
};

static const struct lam_layout_target *target_of(const struct writing *w, size_t n)
{
	return &w->layout->stack[w->targets[n]];
}

static void set_meter(const struct layer_job *job, struct lam_meter *meter,
		      enum lam_stage stage)
{
	struct writing *w = job->writing;

	*meter = (struct lam_meter){
		.progress = w->options->progress,
		.failed = &w->failed,
		.step = { .stage = stage,
			  .layer = job->number,
			  .layer_count = w->count,
			  .total = target_of(w, job->number)->info.tar_size },
	};
}

static int open_readback(struct layer_job *job, struct lam_error *err)
{
	const struct lam_target *t = &target_of(job->writing, job->number)->info;

	set_meter(job, &job->verified, LAM_STAGE_VERIFY);
	return lam_readback_new(
		&job->readback,
		&(struct lam_readback_options){ .fd = job->fd,
						.name = t->name,
						.codec = t->compression.codec,
						.number = (uint32_t)job->number,
						.workers = job->writing->workers,
						.inflaters = job->writing->inflaters,
						.meter = &job->verified },
		err);
}

static int open_encoder(struct layer_job *job, struct lam_error *err)
{
	struct writing *w = job->writing;
	const struct lam_target *t = &target_of(w, job->number)->info;
	const struct lam_encoder_options options = {
		.compression = t->compression,
		.workers = w->workers,
		.pieces = w->pieces,
		.meter = &job->written,
		.written = job->readback ? lam_readback_piece : NULL,
		.context = job->readback,
	};

	set_meter(job, &job->written, LAM_STAGE_WRITE);
	if (lam_hash_init(&job->blob_hash, LAM_SHA256, err) < 0 ||
	    lam_hash_init(&job->tar_hash, LAM_SHA256, err) < 0 ||
	    lam_writer_file(&job->stream, job->fd, false, t->name, err) < 0 ||
	    lam_writer_hashing(&job->stream, LAM_STEAL(job->stream), &job->blob_hash,
			       &job->blob_size, err) < 0 ||
	    lam_encoder_new(&job->stream, LAM_STEAL(job->stream), &options, err) < 0)
		return err->code;
	return lam_writer_hashing(&job->stream, LAM_STEAL(job->stream), &job->tar_hash,
				  &job->tar_size, err);
}

static int encode(struct layer_job *job, struct lam_error *err)
{
	struct writing *w = job->writing;

	if (open_encoder(job, err) < 0 ||
	    lam_pack(w->contents, target_of(w, job->number), job->stream, &job->written,
		     err) < 0 ||
	    lam_finish(job->stream, err) < 0)
		return err->code;
	lam_meter_end(&job->written);
	return 0;
}

/* What the reading back found wrong counts more than that writing was stopped by it. */
static int end_readback(struct layer_job *job, int code, struct lam_error *err)
{
	struct lam_error wrong = { 0 };
	int found = lam_readback_finish(job->readback,
					&job->writing->read_back[job->number], &wrong);

	if (found < 0 && (code == 0 || code == LAM_ESTOPPED)) {
		*err = wrong;
		return found;
	}
	if (code == 0)
		lam_meter_end(&job->verified);
	return code;
}

static int write_and_verify(struct layer_job *job, struct lam_error *err)
{
	struct writing *w = job->writing;
	int code = 0;

	if (!w->options->no_verify)
		code = open_readback(job, err);
	if (code == 0)
		code = encode(job, err);
	lam_writer_close(job->stream);
	if (job->readback)
		code = end_readback(job, code, err);
	lam_readback_free(job->readback);
	return code;
}

static int run_layer(void *data, struct lam_error *err)
{
	struct layer_job *job = data;
	struct writing *w = job->writing;
	struct lam_stack_layer *s = &w->stack[job->number];
	int code = write_and_verify(job, err);

	if (code == 0) {
		lam_hash_final(&job->blob_hash, &s->digest);
		lam_hash_final(&job->tar_hash, &s->diff_id);
		s->size = (int64_t)job->blob_size;
		w->tar_sizes[job->number] = job->tar_size;
	}
	lam_hash_fini(&job->blob_hash);
	lam_hash_fini(&job->tar_hash);
	if (code == 0)
		return 0;
	atomic_store(&w->failed, true);
	if (code == LAM_ESTOPPED)
		return code;
	return lam_wrap(err, "writing layer \"%s\"",
			target_of(w, job->number)->info.name);
}

static int keep_layer(struct writing *w, size_t n, struct lam_error *err)
{
	const struct lam_layout_target *t = &w->layout->stack[w->targets[n]];
	const struct lam_image_layer *original = &w->image->layers[t->original];

	struct lam_step step = { .stage = LAM_STAGE_WRITE,
				 .layer = n,
				 .layer_count = w->count,
				 .done = original->info.tar_size,
				 .total = original->info.tar_size };

	w->tar_sizes[n] = original->info.tar_size;
	if (lam_sink_add_file(w->sink, &original->blob, &original->descriptor.digest,
			      w->options->progress, err) < 0)
		return err->code == LAM_ESTOPPED
			       ? err->code
			       : lam_wrap(err, "keeping layer \"%s\"", t->info.name);
	lam_progress_report(w->options->progress, &step);
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
	w->read_back = calloc(most, sizeof *w->read_back);
	w->targets = calloc(most, sizeof *w->targets);
	w->texts = calloc(most, sizeof *w->texts);
	w->tar_sizes = calloc(most, sizeof *w->tar_sizes);
	if (!w->stack || !w->read_back || !w->targets || !w->texts || !w->tar_sizes)
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

static bool is_kept(const struct writing *w, size_t n)
{
	return target_of(w, n)->kept;
}

static int compare_jobs(const void *a, const void *b)
{
	const struct layer_job *x = a, *y = b;
	uint64_t x_size = target_of(x->writing, x->number)->info.tar_size,
		 y_size = target_of(y->writing, y->number)->info.tar_size;

	if (x_size != y_size)
		return x_size < y_size ? 1 : -1;
	return (x->number > y->number) - (x->number < y->number);
}

/* A job for each written layer, the largest first: what is left for the end is short. */
static int make_jobs(struct writing *w, struct layer_job *jobs, size_t *out_count,
		     struct lam_error *err)
{
	size_t count = 0;

	for (size_t n = 0; n < w->count; n++) {
		struct layer_job *job = &jobs[count];

		if (is_kept(w, n))
			continue;
		*job = (struct layer_job){ .writing = w, .number = n };
		if (lam_sink_new_blob(w->sink, &job->fd, &job->blob, err) < 0)
			return err->code;
		count++;
	}
	qsort(jobs, count, sizeof *jobs, compare_jobs);
	*out_count = count;
	return 0;
}

static int keep_layers(struct writing *w, struct lam_error *err)
{
	for (size_t n = 0; n < w->count; n++) {
		if (lam_progress_stopped(w->options->progress))
			return lam_fail(err, LAM_ESTOPPED, "stopped");
		if (is_kept(w, n) && keep_layer(w, n, err) < 0)
			return err->code;
	}
	return 0;
}

/* Written layers beside each other, and kept ones beside those. */
static int run_jobs(struct writing *w, struct layer_job *jobs, size_t count,
		    struct lam_lane *lane, struct lam_error *err)
{
	struct lam_error first = { 0 }, now;
	void *done;

	for (size_t i = 0; i < count && !atomic_load(&w->failed); i++)
		lam_lane_give(lane, run_layer, &jobs[i]);
	if (keep_layers(w, &first) < 0)
		atomic_store(&w->failed, true);
	while (!lam_lane_is_empty(lane)) {
		if (lam_lane_take(lane, &done, &now) < 0 &&
		    (first.code == LAM_OK || first.code == LAM_ESTOPPED))
			first = now;
	}
	if (first.code != LAM_OK)
		*err = first;
	return first.code;
}

static int write_layers(struct writing *w, struct lam_error *err)
{
	struct layer_job *jobs = calloc(w->count + 1, sizeof *jobs);
	struct lam_workers *packers = NULL;
	struct lam_lane *lane = NULL;
	size_t count = 0;
	int code = jobs ? make_jobs(w, jobs, &count, err) : lam_fail_memory(err);

	if (code == 0)
		code = lam_workers_new(&packers, w->threads > 1 ? PACKERS : 0, err);
	if (code == 0)
		code = lam_lane_new(&lane, packers, count, err);
	if (code == 0)
		code = run_jobs(w, jobs, count, lane, err);
	for (size_t i = 0; code == 0 && i < count; i++)
		lam_sink_set_blob(w->sink, jobs[i].blob, &w->stack[jobs[i].number].digest,
				  jobs[i].blob_size);
	lam_lane_free(lane);
	lam_workers_free(packers);
	free(jobs);
	return code;
}

static int verify(struct writing *w, struct lam_error *err)
{
	const struct lam_layer **stack;
	int code;

	if (w->options->no_verify || lam_layout_is_identity(w->layout))
		return 0;
	stack = calloc(w->count, sizeof *stack);
	if (!stack)
		return lam_fail_memory(err);
	for (size_t n = 0; n < w->count; n++)
		stack[n] = is_kept(w, n) ? w->image->indexes[target_of(w, n)->original]
					 : w->read_back[n];
	code = lam_verify(w->layout, stack, w->count, err);
	free(stack);
	return code;
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

static int publish_now(const struct writing *w, const struct lam_sink_image *image,
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

static int publish(struct writing *w, const struct lam_buf *config,
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
		code = lam_pieces_new(&w->pieces, ON_THE_WAY, 2 * w->threads + PACKERS,
				      err);
	if (code == 0)
		code = lam_inflaters_new(&w->inflaters, err);
	if (code == 0)
		code = set_stack(w, err);
	if (code == 0)
		code = lam_sink_open(&w->sink, &reference, err);
	if (code == 0)
		code = read_contents(w, text, err);
	if (code == 0)
		code = write_layers(w, err);
	if (code == 0)
		code = verify(w, err);
	if (code == 0)
		code = fill_result(w, out, err);
	if (code == 0)
		code = write_documents(w, out, err);
	lam_sink_close(w->sink);
	lam_contents_free(w->contents);
	lam_workers_free(w->workers);
	lam_pieces_free(w->pieces);
	lam_inflaters_free(w->inflaters);
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
	for (size_t n = 0; w.read_back && n < w.count; n++)
		lam_layer_free(w.read_back[n]);
	free(w.read_back);
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
