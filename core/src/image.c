#include "image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "limits.h"
#include "path.h"
#include "workers.h"

/* What all spools of an image may hold in memory. */
#define SPOOL_MEMORY (24u << 20)
/* Layers from this size on are read by two threads: one inflates, one hashes and parses.
 */
#define AHEAD_FROM (8u << 20)

struct opening {
	struct lam_image *image;
	const struct lam_open_options *options;
	const struct lam_progress *progress;
};

struct layer_job {
	struct opening *opening;
	size_t number;
	struct lam_layer_reading reading;
	struct lam_layer *layer;
	bool claimed_otherwise; /* its media type says another compression */
};

unsigned lam_thread_count(unsigned asked)
{
	long online = asked ? (long)asked : sysconf(_SC_NPROCESSORS_ONLN);

	return online < 1 ? 1 : online > 256 ? 256 : (unsigned)online;
}

/* One layer */

static int check_type(const struct lam_descriptor *d, struct lam_error *err)
{
	char text[LAM_PATH_TEXT];

	if (!d->media_type)
		return 0;
	switch (lam_layer_type(d->media_type).kind) {
	case LAM_LAYER_ENCRYPTED:
		return lam_fail(
			err, LAM_EFORMAT, "is encrypted (%s): decrypt the image first",
			lam_path_text(text, d->media_type, strlen(d->media_type), false));
	case LAM_LAYER_OTHER:
		return lam_fail(
			err, LAM_EFORMAT,
			"media type %s is not one of a filesystem layer",
			lam_path_text(text, d->media_type, strlen(d->media_type), false));
	case LAM_LAYER_TAR:
	case LAM_LAYER_FOREIGN: break;
	}
	return 0;
}

/* A blob whose content is not what its digest says is damaged, whatever else is wrong
 * with it. */
static int blame_digest(const struct layer_job *job, struct lam_error *err)
{
	const struct lam_image_layer *layer = &job->opening->image->layers[job->number];
	struct lam_error first = *err, second;
	struct lam_reader *blob = NULL, *hashing = NULL;
	struct lam_hash hash = { 0 };
	struct lam_digest digest = { 0 };
	uint64_t len;
	int code;

	if (layer->descriptor.digest.algorithm == LAM_ALGORITHM_NONE ||
	    first.code != LAM_EFORMAT)
		return first.code;
	code = lam_hash_init(&hash, layer->descriptor.digest.algorithm, &second);
	if (code == 0)
		code = lam_source_open_layer(job->opening->image->source, job->number,
					     &blob, &second);
	if (code == 0)
		code = lam_reader_hashing(&hashing, LAM_STEAL(blob), &hash, NULL,
					  &second);
	if (code == 0)
		code = lam_read_drain(hashing, &len, &second);
	lam_reader_close(hashing);
	if (code == 0)
		lam_hash_final(&hash, &digest);
	lam_hash_fini(&hash);
	*err = first;
	if (code < 0 || lam_digest_equal(&digest, &layer->descriptor.digest))
		return first.code;
	char is[LAM_DIGEST_TEXT];

	return lam_fail(err, LAM_EFORMAT,
			"its content is damaged: its digest is %s: copy the image again",
			lam_digest_format(&digest, is));
}

static int check_reading(struct layer_job *job, struct lam_error *err)
{
	const struct lam_image *image = job->opening->image;
	struct lam_image_layer *layer = &image->layers[job->number];
	char is[LAM_DIGEST_TEXT], said[LAM_DIGEST_TEXT];

	if (layer->descriptor.digest.algorithm == LAM_ALGORITHM_NONE)
		layer->descriptor.digest = job->reading.digest;
	if (!lam_digest_equal(&layer->descriptor.digest, &job->reading.digest))
		return lam_fail(
			err, LAM_EFORMAT,
			"its content is damaged: its digest is %s: copy the image again",
			lam_digest_format(&job->reading.digest, is));
	if (!lam_digest_equal(&layer->diff_id, &job->reading.diff_id))
		return lam_fail(err, LAM_EFORMAT,
				"its tar has digest %s, the config says diff_id %s: the "
				"image is inconsistent",
				lam_digest_format(&job->reading.diff_id, is),
				lam_digest_format(&layer->diff_id, said));
	if (layer->descriptor.media_type) {
		struct lam_layer_type type = lam_layer_type(layer->descriptor.media_type);

		job->claimed_otherwise = type.codec != job->reading.codec;
	}
	return 0;
}

static int open_blob(struct layer_job *job, struct lam_reader **out,
		     struct lam_error *err)
{
	struct opening *o = job->opening;
	struct lam_step step = {
		.stage = LAM_STAGE_READ,
		.layer = job->number,
		.layer_count = o->image->layer_count,
		.total = (uint64_t)o->image->layers[job->number].descriptor.size
	};
	struct lam_reader *blob = NULL;

	if (lam_source_open_layer(o->image->source, job->number, &blob, err) < 0)
		return err->code;
	return lam_reader_progress(out, blob, o->progress, &step, err);
}

static int read_layer(struct layer_job *job, struct lam_error *err)
{
	struct opening *o = job->opening;
	struct lam_image_layer *layer = &o->image->layers[job->number];
	enum lam_algorithm algorithm = layer->descriptor.digest.algorithm;
	bool ahead = lam_thread_count(o->options->threads) > 1 &&
		     layer->descriptor.size >= AHEAD_FROM;
	struct lam_reader *blob = NULL;

	if (lam_progress_stopped(o->progress))
		return lam_fail(err, LAM_ESTOPPED, "stopped");
	if (check_type(&layer->descriptor, err) < 0 || open_blob(job, &blob, err) < 0)
		return err->code;
	if (lam_layer_read_blob(&job->layer, blob, (uint32_t)job->number, ahead,
				algorithm ? algorithm : LAM_SHA256,
				layer->diff_id.algorithm, layer->spool, &job->reading,
				err) < 0)
		return blame_digest(job, err);
	return check_reading(job, err);
}

static int run_layer_job(void *data, struct lam_error *err)
{
	struct layer_job *job = data;
	const struct lam_image_layer *layer = &job->opening->image->layers[job->number];
	char digest[LAM_DIGEST_TEXT];

	if (read_layer(job, err) == 0)
		return 0;
	if (err->code == LAM_ESTOPPED || err->code == LAM_ENOMEM)
		return err->code;
	if (layer->descriptor.digest.algorithm == LAM_ALGORITHM_NONE)
		return lam_wrap(err, "layer %zu", job->number);
	return lam_wrap(err, "layer %zu (%s)", job->number,
			lam_digest_format(&layer->descriptor.digest, digest));
}

/* All layers */

static void fill_info(struct lam_image_layer *layer, const struct layer_job *job)
{
	struct lam_layer_info *info = &layer->info;

	layer->descriptor.size = (int64_t)job->reading.blob_size;
	info->digest = lam_digest_format(&layer->descriptor.digest, layer->digest_text);
	info->diff_id = lam_digest_format(&layer->diff_id, layer->diff_id_text);
	info->codec = job->reading.codec;
	info->media_type = layer->descriptor.media_type;
	if (!info->media_type) {
		info->media_type = lam_layer_media_type(info->codec, false);
		layer->descriptor.media_type = info->media_type;
	}
	info->blob_size = job->reading.blob_size;
	info->tar_size = job->reading.tar_size;
	info->entry_count = job->layer->entry_count;
	info->whiteout_count = job->layer->whiteout_count;
	info->file_bytes = job->layer->file_bytes;
}

static int take_job(struct lam_lane *lane, struct lam_image *image, struct lam_error *err)
{
	void *done;
	int code = lam_lane_take(lane, &done, err);
	struct layer_job *job = done;

	if (code < 0)
		return code;
	image->indexes[job->number] = job->layer;
	fill_info(&image->layers[job->number], job);
	return 0;
}

static int read_all(struct opening *o, struct layer_job *jobs, struct lam_lane *lane,
		    struct lam_error *err)
{
	struct lam_error first = { 0 }, *into = err;
	size_t count = o->image->layer_count, next = 0;
	int code = 0;

	/* after an error, what runs is waited for, and what has not begun stays undone */
	while ((code == 0 && next < count) || !lam_lane_is_empty(lane)) {
		if (code == 0 && next < count && !lam_lane_is_full(lane)) {
			jobs[next] = (struct layer_job){ .opening = o, .number = next };
			lam_lane_give(lane, run_layer_job, &jobs[next++]);
			continue;
		}
		int got = take_job(lane, o->image, into);

		if (got < 0 && code == 0) {
			first = *err;
			code = got;
		}
	}
	if (code < 0)
		*err = first;
	return code;
}

static int read_layers(struct opening *o, struct lam_error *err)
{
	struct layer_job *jobs = calloc(o->image->layer_count, sizeof *jobs);
	unsigned threads = lam_thread_count(o->options->threads);
	struct lam_workers *workers = NULL;
	struct lam_lane *lane = NULL;
	int code = jobs ? 0 : lam_fail_memory(err);

	if (code == 0)
		code = lam_workers_new(&workers, threads > 1 ? threads : 0, err);
	if (code == 0)
		code = lam_lane_new(&lane, workers, threads, err);
	if (code == 0)
		code = read_all(o, jobs, lane, err);
	lam_lane_free(lane);
	lam_workers_free(workers);
	for (size_t i = 0; jobs && i < o->image->layer_count; i++) {
		if (jobs[i].layer && !o->image->indexes[i])
			lam_layer_free(jobs[i].layer);
	}
	for (size_t i = 0; code == 0 && i < o->image->layer_count; i++) {
		if (jobs[i].claimed_otherwise)
			code = lam_notes_add(
				&o->image->notes, "media-type", (uint32_t)i, NULL, 0,
				"its media type says another compression than it has; read as it "
				"is; some runtimes refuse it",
				err);
	}
	free(jobs);
	return code;
}

/* Around the layers */

static int set_layers(struct opening *o, const struct lam_source_image *from,
		      struct lam_error *err)
{
	struct lam_image *image = o->image;

	if (image->config.diff_id_count != from->layer_count)
		return lam_fail(
			err, LAM_EFORMAT,
			"the config lists %zu diff_ids for %zu layers: the image is inconsistent",
			image->config.diff_id_count, from->layer_count);
	if (from->layer_count == 0 || from->layer_count > LAM_MAX_LAYERS)
		return lam_fail(err, LAM_EFORMAT,
				"an image of %zu layers: 1 to %u are read",
				from->layer_count, LAM_MAX_LAYERS);
	image->layers = calloc(from->layer_count, sizeof *image->layers);
	image->indexes = calloc(from->layer_count, sizeof *image->indexes);
	if (!image->layers || !image->indexes)
		return lam_fail_memory(err);
	image->layer_count = from->layer_count;
	for (size_t i = 0; i < from->layer_count; i++) {
		struct lam_image_layer *layer = &image->layers[i];

		layer->descriptor = from->layers[i].descriptor;
		layer->blob = from->layers[i].blob;
		layer->diff_id = image->config.diff_ids[i];
		if (o->options->spool &&
		    lam_spool_new(&layer->spool, o->options->spool,
				  SPOOL_MEMORY / from->layer_count, err) < 0)
			return err->code;
	}
	return 0;
}

static int set_history(struct lam_image *image, struct lam_error *err)
{
	size_t *history = malloc(image->layer_count * sizeof *history);

	if (!history)
		return lam_fail_memory(err);
	lam_config_layer_history(&image->config, image->layer_count, history);
	for (size_t i = 0; i < image->layer_count; i++) {
		const struct lam_history *h =
			history[i] == SIZE_MAX ? NULL
					       : &image->config.history[history[i]];

		image->layers[i].info.created_by =
			h && h->created_by ? h->created_by : "";
	}
	free(history);
	return 0;
}

static void set_platform(struct lam_image *image)
{
	const struct lam_platform *p = &image->config.platform;

	snprintf(image->platform, sizeof image->platform, "%s/%s%s%s",
		 p->os ? p->os : "unknown", p->architecture ? p->architecture : "unknown",
		 p->variant ? "/" : "", p->variant ? p->variant : "");
}

static int make_manifest(struct lam_image *image, size_t config_size,
			 struct lam_error *err)
{
	struct lam_stack_layer *stack = calloc(image->layer_count, sizeof *stack);
	int code;

	if (!stack)
		return lam_fail_memory(err);
	for (size_t i = 0; i < image->layer_count; i++) {
		const struct lam_image_layer *layer = &image->layers[i];

		stack[i] = (struct lam_stack_layer){ .original = i,
						     .digest = layer->descriptor.digest,
						     .media_type = layer->info.media_type,
						     .size = layer->descriptor.size,
						     .diff_id = layer->diff_id };
	}
	code = lam_manifest_make(&image->config_digest, (int64_t)config_size, stack,
				 image->layer_count, &image->made_manifest, err);
	free(stack);
	if (code < 0)
		return code;
	return lam_digest_of(&image->manifest_digest, LAM_SHA256,
			     image->made_manifest.data, image->made_manifest.len, err);
}

const char *lam_image_manifest_bytes(const struct lam_image *image, size_t *out_len)
{
	if (image->manifest.doc)
		return lam_doc_bytes(image->manifest.doc, out_len);
	*out_len = image->made_manifest.len;
	return image->made_manifest.data;
}

/* What of each layer is not visible any more. */
static int count_waste(struct lam_image *image, struct lam_error *err)
{
	const struct lam_tree *tree = image->tree;
	uint8_t **used = calloc(image->layer_count, sizeof *used);
	int code = used ? 0 : lam_fail_memory(err);

	for (size_t i = 0; code == 0 && i < image->layer_count; i++) {
		used[i] = calloc((size_t)image->indexes[i]->inode_count + 1, 1);
		if (!used[i])
			code = lam_fail_memory(err);
	}
	for (uint32_t n = 0; code == 0 && n < tree->node_count; n++) {
		for (uint32_t v = tree->nodes[n].version; v != LAM_NODE_NONE;
		     v = tree->versions[v].previous) {
			const struct lam_version *version = &tree->versions[v];

			if (version->inode == LAM_INODE_NONE)
				continue;
			if (tree->nodes[n].live && v == tree->nodes[n].version)
				used[version->inode_layer][version->inode] = 1;
			else
				image->layers[version->layer].info.dead_count++;
		}
	}
	for (size_t i = 0; code == 0 && i < image->layer_count; i++) {
		for (uint32_t n = 0; n < image->indexes[i]->inode_count; n++) {
			const struct lam_inode *inode = &image->indexes[i]->inodes[n];

			if (inode->kind == LAM_KIND_FILE && !used[i][n])
				image->layers[i].info.waste_bytes += inode->size;
		}
	}
	for (size_t i = 0; used && i < image->layer_count; i++)
		free(used[i]);
	free(used);
	return code;
}

static int merge(struct opening *o, struct lam_error *err)
{
	struct lam_image *image = o->image;
	struct lam_notes meeting = { 0 };
	int code = lam_tree_merge(&image->tree, image->indexes, image->layer_count,
				  &meeting, o->progress, err);

	for (size_t i = 0; code == 0 && i < image->layer_count; i++)
		code = lam_notes_append(&image->notes, &image->indexes[i]->notes, err);
	if (code == 0)
		code = lam_notes_append(&image->notes, &meeting, err);
	lam_notes_fini(&meeting);
	return code < 0 ? code : count_waste(image, err);
}

static int note_image(struct lam_image *image, const char *rule, const char *text,
		      struct lam_error *err)
{
	return lam_notes_add(&image->notes, rule, LAM_NOTE_IMAGE, NULL, 0, text, err);
}

static int note_oddities(struct lam_image *image, struct lam_error *err)
{
	size_t with_layer = 0;

	for (size_t i = 0; i < image->config.history_count; i++)
		with_layer += !image->config.history[i].empty_layer;
	if (image->config.history_count && with_layer != image->layer_count &&
	    note_image(image, "history",
		       "the history has not one entry for each layer; kept as it is",
		       err) < 0)
		return err->code;
	if (image->layer_count > 127 &&
	    note_image(image, "many-layers",
		       "more than 127 layers: overlayfs runtimes cannot mount it",
		       err) < 0)
		return err->code;
	return 0;
}

static int read_documents(struct opening *o, struct lam_error *err)
{
	struct lam_image *image = o->image;
	const struct lam_source_image *from = lam_source_image(image->source);

	image->manifest_digest = from->manifest_digest;
	image->config_digest = from->config_digest;
	if (from->manifest.len &&
	    lam_manifest_parse(&image->manifest, from->manifest.data, from->manifest.len,
			       "manifest", from->manifest_media_type, err) < 0)
		return err->code;
	if (lam_config_parse(&image->config, from->config.data, from->config.len,
			     "config", err) < 0)
		return err->code;
	set_platform(image);
	if (set_layers(o, from, err) < 0 || read_layers(o, err) < 0 ||
	    set_history(image, err) < 0)
		return err->code;
	if (!image->manifest.doc && make_manifest(image, from->config.len, err) < 0)
		return err->code;
	lam_digest_format(&image->manifest_digest, image->manifest_text);
	lam_digest_format(&image->config_digest, image->config_text);
	return note_oddities(image, err) < 0 ? err->code : merge(o, err);
}

/* "os/arch[/variant]", cut in place. */
static int split_platform(char *text, struct lam_platform *out, struct lam_error *err)
{
	char *arch = strchr(text, '/'), *variant = arch ? strchr(arch + 1, '/') : NULL;

	if (!arch || arch == text || !arch[1])
		return lam_fail(err, LAM_EUSAGE,
				"platform: expected OS/ARCHITECTURE[/VARIANT], such as "
				"linux/arm64");
	*arch++ = '\0';
	if (variant)
		*variant++ = '\0';
	*out = (struct lam_platform){ text, arch, variant && *variant ? variant : NULL };
	return 0;
}

static int open_source(struct opening *o, const char *text, struct lam_error *err)
{
	struct lam_source_options options = {
		.temporary = o->options->temporary ? o->options->temporary : "/tmp",
		.progress = o->progress,
	};
	struct lam_reference reference = { 0 };
	char *platform = NULL;
	int code = 0;

	if (o->options->platform) {
		platform = strdup(o->options->platform);
		code = platform ? split_platform(platform, &options.platform, err)
				: lam_fail_memory(err);
	}
	if (code == 0)
		code = lam_reference_parse(&reference, text, false, err);
	if (code == 0)
		code = lam_source_open(&o->image->source, &reference, &options, err);
	lam_reference_fini(&reference);
	free(platform);
	return code;
}

int lam_image_open(struct lam_image **out, const char *reference,
		   const struct lam_open_options *options, struct lam_error *err)
{
	struct lam_image *image = calloc(1, sizeof *image);
	struct opening o = { image, options, options->progress };
	int code;

	*out = NULL;
	if (!image)
		return lam_fail_memory(err);
	image->made_manifest = LAM_BUF(LAM_MAX_MANIFEST);
	image->reference = strdup(reference);
	code = image->reference ? open_source(&o, reference, err) : lam_fail_memory(err);
	if (code == 0) {
		code = read_documents(&o, err);
		if (code < 0 && code != LAM_ESTOPPED && code != LAM_ENOMEM) {
			char text[LAM_PATH_TEXT];

			code = lam_wrap(
				err, "%s",
				lam_path_text(text, reference, strlen(reference), false));
		}
	}
	if (code < 0)
		lam_image_close(image);
	else
		*out = image;
	return code;
}

void lam_image_close(struct lam_image *image)
{
	if (!image)
		return;
	lam_tree_free(image->tree);
	for (size_t i = 0; i < image->layer_count; i++) {
		lam_spool_free(image->layers[i].spool);
		lam_layer_free((struct lam_layer *)(uintptr_t)image->indexes[i]);
	}
	free(image->layers);
	free(image->indexes);
	lam_manifest_fini(&image->manifest);
	lam_config_fini(&image->config);
	lam_buf_fini(&image->made_manifest);
	lam_notes_fini(&image->notes);
	lam_source_close(image->source);
	free(image->reference);
	free(image);
}

/* What others ask */

const char *lam_image_reference(const struct lam_image *image)
{
	return image->reference;
}

const char *lam_image_name(const struct lam_image *image)
{
	return lam_source_image(image->source)->name;
}

const char *lam_image_manifest_digest(const struct lam_image *image)
{
	return image->manifest_text;
}

const char *lam_image_config_digest(const struct lam_image *image)
{
	return image->config_text;
}

const char *lam_image_platform(const struct lam_image *image)
{
	return image->platform;
}

size_t lam_image_layer_count(const struct lam_image *image)
{
	return image->layer_count;
}

const struct lam_layer_info *lam_image_layer(const struct lam_image *image, size_t n)
{
	return &image->layers[n].info;
}

const struct lam_tree *lam_image_tree(const struct lam_image *image)
{
	return image->tree;
}

size_t lam_image_note_count(const struct lam_image *image)
{
	return image->notes.count;
}

uint64_t lam_image_note_total(const struct lam_image *image)
{
	return image->notes.total;
}

const struct lam_note *lam_image_note(const struct lam_image *image, size_t n)
{
	return &image->notes.items[n];
}
