/* The layers of an image that is opened, side by side. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/path.h"
#include "base/stop.h"
#include "base/workers.h"
#include "codec/codec.h"
#include "image/image.h"

/* Layers from this size on are read by two threads: one inflates, one hashes and parses.
 */
#define AHEAD_FROM (8u << 20)

/* Layers that come over a network are read so many at a time, by default and at least. */
#define REMOTE_THREADS 4

struct batch {
	struct lam_image *image;
	const struct lam_open_options *options;
	const struct lam_progress *progress;
	struct lam_cache cache;
};

struct layer_job {
	struct batch *opening;
	size_t number;
	struct lam_layer_reading reading;
	struct lam_layer *layer;
	bool claimed_otherwise; /* its media type says another compression */
	bool read;              /* not cached */
	bool missing;           /* a foreign layer, whose blob is not there */
};

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
			"media type %s is no layer of files: this is another kind of "
			"artifact, or one for another engine",
			lam_path_text(text, d->media_type, strlen(d->media_type), false));
	case LAM_LAYER_TAR:
	case LAM_LAYER_FOREIGN: break;
	}
	return 0;
}

/* What is wrong with a layer's own bytes, nobody but who packs it can mend. */
#define PACK_AGAIN "pack the layer again"

/* A blob whose content is not what its digest says is damaged, whatever else is wrong
 * with it. */
static int blame_digest(const struct layer_job *job, struct lam_error *err)
{
	const struct lam_image_layer *layer = &job->opening->image->layers[job->number];
	struct lam_error first = *err, second;
	struct lam_reader *blob = NULL;
	struct lam_hash hash = { 0 };
	struct lam_digest digest = { 0 };
	uint64_t len;
	int code;

	if (first.code != LAM_EFORMAT)
		return first.code;
	if (layer->descriptor.digest.algorithm == LAM_ALGORITHM_NONE)
		return lam_advise(err, PACK_AGAIN);
	lam_hash_init(&hash, layer->descriptor.digest.algorithm);
	code = lam_source_open_layer(job->opening->image->source, job->number, 0, &blob,
				     &second);
	if (code == 0) {
		blob = lam_reader_tap(blob, &hash, NULL, NULL);
		code = lam_read_drain(blob, &len, &second);
	}
	lam_reader_close(blob);
	if (code == 0)
		lam_hash_final(&hash, &digest);
	lam_hash_fini(&hash);
	*err = first;
	if (code < 0 || lam_digest_equal(&digest, &layer->descriptor.digest))
		return lam_advise(err, PACK_AGAIN);
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
				"image is inconsistent: build it again",
				lam_digest_format(&job->reading.diff_id, is),
				lam_digest_format(&layer->diff_id, said));
	return 0;
}

static struct lam_step step_of(const struct layer_job *job, uint64_t done)
{
	const struct lam_image *image = job->opening->image;

	return (struct lam_step){
		.stage = LAM_STAGE_READ,
		.layer = job->number,
		.layer_count = image->layer_count,
		.done = done,
		.total = (uint64_t)image->layers[job->number].descriptor.size
	};
}

static void report_layer(const struct layer_job *job, uint64_t done)
{
	struct lam_step step = step_of(job, done);

	lam_progress_report(job->opening->progress, &step);
}

static int open_blob(struct layer_job *job, struct lam_reader **out,
		     struct lam_error *err)
{
	struct batch *o = job->opening;
	struct lam_step step = step_of(job, 0);
	struct lam_reader *blob = NULL;

	if (lam_source_open_layer(o->image->source, job->number, 0, &blob, err) < 0)
		return err->code;
	*out = lam_reader_progress(blob, o->progress, &step);
	return 0;
}

static int read_layer(struct layer_job *job, struct lam_error *err)
{
	struct batch *o = job->opening;
	struct lam_image_layer *layer = &o->image->layers[job->number];
	struct lam_layer_blob blob = {
		.number = (uint32_t)job->number,
		.ahead = layer->descriptor.size >= AHEAD_FROM &&
			 lam_thread_count(o->options->threads) > 1,
		.algorithm = layer->descriptor.digest.algorithm,
		.tar_algorithm = layer->diff_id.algorithm,
		.stop = o->progress ? o->progress->stop : NULL,
	};

	if (o->options->spool)
		layer->spool = lam_spool_new(o->options->spool,
					     lam_spool_share(o->image->layer_count));
	blob.spool = layer->spool;
	if (open_blob(job, &blob.reader, err) < 0)
		return err->code;
	if (lam_layer_read_blob(&job->layer, &blob, &job->reading, err) < 0)
		return blame_digest(job, err);
	job->read = true;
	return check_reading(job, err);
}

/* That the blob is there, and as long as it should be: this much is checked of those that
 * are not read. *out_plain: it is not compressed. */
static int look_at_blob(const struct layer_job *job, bool *out_plain,
			struct lam_error *err)
{
	struct lam_reader *blob = NULL;
	char head[8];
	size_t len = 0;
	int code = lam_source_open_layer(job->opening->image->source, job->number, 0,
					 &blob, err);

	if (code == 0)
		code = lam_read_full(blob, head, sizeof head, &len, err);
	lam_reader_close(blob);
	*out_plain = code == 0 && len > 0 && lam_codec_is_plain(head, len);
	return code;
}

/* Archives of docker do not say what digest a blob has; that of one that is not
 * compressed is its tar's. */
static struct lam_layer_key key_of(const struct lam_image_layer *layer, bool plain)
{
	struct lam_layer_key key = { .digest = layer->descriptor.digest,
				     .diff_id = layer->diff_id,
				     .blob_size = (uint64_t)layer->descriptor.size };

	if (key.digest.algorithm == LAM_ALGORITHM_NONE && plain)
		key.digest = key.diff_id;
	return key;
}

/* An empty layer, for a foreign one that is not there: the rest can be shown. */
static int stand_in(struct layer_job *job, struct lam_error *err)
{
	const struct lam_image_layer *layer = &job->opening->image->layers[job->number];
	struct lam_reader *nothing = lam_reader_memory("", 0);
	int code = lam_layer_read(&job->layer, nothing, (uint32_t)job->number, NULL, NULL,
				  err);

	lam_reader_close(nothing);
	job->missing = true;
	job->reading.codec = lam_layer_type(layer->descriptor.media_type).codec;
	job->reading.blob_size = (uint64_t)layer->descriptor.size;
	return code;
}

static int get_layer(struct layer_job *job, struct lam_error *err)
{
	struct batch *o = job->opening;
	struct lam_image_layer *layer = &o->image->layers[job->number];
	struct lam_layer_key key;
	bool plain = false;

	if (lam_progress_stopped(o->progress))
		return lam_fail_stopped(err);
	if (check_type(&layer->descriptor, err) < 0)
		return err->code;
	if (lam_source_image(o->image->source)->layers[job->number].missing)
		return stand_in(job, err);
	if (!lam_source_is_remote(o->image->source) && look_at_blob(job, &plain, err) < 0)
		return err->code;
	key = key_of(layer, plain);
	if (lam_cache_get(&o->cache, &key, (uint32_t)job->number, &job->layer,
			  &job->reading)) {
		layer->descriptor.digest = key.digest;
		report_layer(job, (uint64_t)layer->descriptor.size);
	} else {
		if (read_layer(job, err) < 0)
			return err->code;
		lam_cache_put(&o->cache, job->layer, &job->reading);
	}
	if (layer->descriptor.media_type) {
		struct lam_layer_type type = lam_layer_type(layer->descriptor.media_type);

		job->claimed_otherwise = type.codec != job->reading.codec;
	}
	return 0;
}

static int run_layer_job(void *data, struct lam_error *err)
{
	struct layer_job *job = data;
	const struct lam_image_layer *layer = &job->opening->image->layers[job->number];
	char digest[LAM_DIGEST_TEXT];

	if (get_layer(job, err) == 0)
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
	info->missing = job->missing;
}

/* Of the layers that are there so far. */
static int check_held(const struct lam_image *image, struct lam_error *err)
{
	uint64_t held = 0, most = (uint64_t)LAM_MAX_HELD * LAM_MAX_HELD_LAYERS;

	for (size_t i = 0; i < image->layer_count; i++) {
		if (!image->indexes[i])
			continue;
		held += lam_layer_held(image->indexes[i]);
		most += (uint64_t)LAM_MAX_HELD_ENTRY * image->indexes[i]->entry_count;
	}
	if (held <= most)
		return 0;
	return lam_fail(err, LAM_EFORMAT,
			"names, link targets and attributes of more than %llu MiB in the "
			"layers so far",
			(unsigned long long)(most >> 20));
}

static int take_job(struct lam_queue *queue, struct lam_image *image,
		    struct lam_error *err)
{
	void *done;
	int code = lam_queue_take(queue, &done, err);
	struct layer_job *job = done;

	if (code < 0)
		return code;
	image->indexes[job->number] = job->layer;
	fill_info(&image->layers[job->number], job);
	return check_held(image, err);
}

struct sized {
	size_t number;
	int64_t size;
};

static int by_size(const void *a, const void *b)
{
	const struct sized *x = a, *y = b;

	if (x->size != y->size)
		return x->size > y->size ? -1 : 1;
	return x->number < y->number ? -1 : 1;
}

/* The biggest first: whatever comes last is short, and no thread waits long for it. */
static void make_jobs(struct batch *o, struct layer_job *jobs)
{
	size_t count = o->image->layer_count;
	struct sized *order = lam_xcalloc(count, sizeof *order);

	for (size_t i = 0; i < count; i++)
		order[i] = (struct sized){ i, o->image->layers[i].descriptor.size };
	qsort(order, count, sizeof *order, by_size);
	for (size_t i = 0; i < count; i++)
		jobs[i] = (struct layer_job){ .opening = o, .number = order[i].number };
	free(order);
	/* told first, so that what is done never becomes a smaller part */
	for (size_t i = 0; i < count; i++)
		report_layer(&jobs[i], 0);
}

/* Of several layers that are wrong the lowest is told, where it was come to. */
static int read_all(struct batch *o, struct layer_job *jobs, struct lam_queue *queue,
		    struct lam_error *err)
{
	struct lam_error first = { 0 };
	size_t count = o->image->layer_count, next = 0, taken = 0, worst = SIZE_MAX;

	/* after an error, what runs is waited for, and what has not begun stays undone */
	while ((worst == SIZE_MAX && next < count) || !lam_queue_is_empty(queue)) {
		if (worst == SIZE_MAX && next < count && !lam_queue_is_full(queue)) {
			lam_queue_give(queue, run_layer_job, &jobs[next++]);
			continue;
		}
		size_t number = jobs[taken++].number;

		if (take_job(queue, o->image, err) < 0 && number < worst) {
			worst = number;
			first = *err;
		}
	}
	if (worst != SIZE_MAX)
		*err = first;
	return first.code;
}

static unsigned thread_count(const struct batch *o)
{
	unsigned threads = lam_thread_count(o->options->threads);

	return lam_source_is_remote(o->image->source) && !o->options->threads &&
			       threads < REMOTE_THREADS
		       ? REMOTE_THREADS
		       : threads;
}

static int run_jobs(struct batch *o, struct layer_job *jobs, struct lam_error *err)
{
	unsigned threads = thread_count(o);
	struct lam_workers *workers = lam_workers_new(threads > 1 ? threads : 0);
	struct lam_queue *queue = lam_queue_new(workers, threads);
	int code = read_all(o, jobs, queue, err);

	lam_queue_free(queue);
	lam_workers_free(workers);
	return code;
}

/* Notes are in order of layer, whatever the order of reading. */
static void note_blobs(struct lam_image *image, const struct layer_job *jobs)
{
	bool *otherwise = lam_xcalloc(image->layer_count, sizeof *otherwise);

	for (size_t i = 0; i < image->layer_count; i++)
		otherwise[jobs[i].number] = jobs[i].claimed_otherwise;
	for (size_t i = 0; i < image->layer_count; i++) {
		if (image->layers[i].info.missing)
			lam_notes_add(&image->notes, LAM_ODD_FOREIGN, (uint32_t)i, NULL,
				      0);
		if (otherwise[i])
			lam_notes_add(&image->notes, LAM_ODD_MEDIA_TYPE, (uint32_t)i,
				      NULL, 0);
	}
	free(otherwise);
}

static void finish_jobs(struct batch *o, const struct layer_job *jobs)
{
	for (size_t i = 0; i < o->image->layer_count; i++) {
		if (jobs[i].read) {
			lam_cache_trim(&o->cache);
			break;
		}
	}
	note_blobs(o->image, jobs);
}

int lam_image_read_layers(struct lam_image *image, const struct lam_open_options *options,
			  struct lam_error *err)
{
	struct batch o = { image, options, options->progress, { 0 } };
	struct layer_job *jobs = lam_xcalloc(image->layer_count, sizeof *jobs);
	int code;

	lam_cache_init(&o.cache, options->cache);
	make_jobs(&o, jobs);
	code = run_jobs(&o, jobs, err);
	if (code == 0)
		finish_jobs(&o, jobs);
	for (size_t i = 0; i < image->layer_count; i++) {
		if (jobs[i].layer && !image->indexes[jobs[i].number])
			lam_layer_free(jobs[i].layer);
	}
	lam_cache_fini(&o.cache);
	free(jobs);
	return code;
}
