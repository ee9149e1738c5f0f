/* Layers that were written before: found, proven, taken, and remembered. */
#include "write/reuse.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/workers.h"
#include "io/meter.h"
#include "layer/same.h"

/* The output, and what else was named. */
#define PLACES 2

struct lam_reuse {
	struct lam_reuse_options options;
	struct lam_cache cache;
	struct lam_reference other;
	struct lam_source *places[PLACES]; /* NULL: nothing is there */
	struct lam_reuse_layer *layers;
	size_t count;
	struct lam_sink *sink;
};

/* Finding */

static int find_record(void *job, struct lam_error *err)
{
	struct lam_reuse_layer *l = job;
	const struct lam_reuse *r = l->reuse;

	if (lam_progress_stopped(r->options.progress))
		return lam_fail_stopped(err);
	if (lam_pieces_cut(&l->pieces, r->options.layout, l->target, err) < 0)
		return err->code;
	l->known = lam_written_get(&r->cache, l->pieces.recipe, &l->written) &&
		   l->written.reading.tar_size == l->target->info.tar_size &&
		   l->written.reading.codec == l->target->info.compression.codec;
	return 0;
}

static int run_all(struct lam_reuse *r, int (*run)(void *job, struct lam_error *err),
		   struct lam_error *err)
{
	struct lam_lane *lane = lam_lane_new(r->options.workers, r->count + 1);
	int code;

	for (size_t i = 0; i < r->count; i++) {
		if (r->layers[i].target)
			lam_lane_give(lane, run, &r->layers[i]);
	}
	code = lam_lane_take_all(lane, err);
	lam_lane_free(lane);
	return code;
}

/* An output that is not there, or cannot be read, has nothing to take. */
static int open_places(struct lam_reuse *r, struct lam_error *err)
{
	const struct lam_reference *output = r->options.reference;
	const struct lam_source_options options = { .temporary = r->options.temporary,
						    .progress = r->options.progress };
	struct lam_error ignored;

	if (output->path)
		(void)lam_source_open_blobs(&r->places[0], output, &options, &ignored);
	if (!r->options.other)
		return 0;
	if (lam_reference_parse(&r->other, r->options.other, false, err) < 0)
		return err->code;
	r->other.access = output->access;
	return lam_source_open_blobs(&r->places[1], &r->other, &options, err);
}

static void find_blob(struct lam_reuse *r, struct lam_reuse_layer *l)
{
	const struct lam_layer_reading *reading = &l->written.reading;
	const struct lam_descriptor blob = { .digest = reading->digest,
					     .size = (int64_t)reading->blob_size };

	for (size_t p = 0; l->known && !l->there && p < PLACES; p++) {
		l->place = p;
		l->there = r->places[p] &&
			   lam_source_find_layer(r->places[p], &blob, &l->number);
	}
}

int lam_reuse_new(struct lam_reuse **out, const struct lam_reuse_options *options,
		  struct lam_reuse_layer *layers, size_t count, struct lam_error *err)
{
	struct lam_reuse *r = lam_xcalloc(1, sizeof *r);

	*out = r;
	r->options = *options;
	r->layers = layers;
	r->count = count;
	lam_cache_init(&r->cache, options->cache);
	for (size_t i = 0; i < count; i++)
		layers[i].reuse = r;
	if (open_places(r, err) < 0 || run_all(r, find_record, err) < 0)
		return err->code;
	for (size_t i = 0; i < count; i++)
		find_blob(r, &layers[i]);
	return 0;
}

/* Taking */

/* Reads the blob, once for all runs to come. */
static bool make_index(const struct lam_reuse_layer *l, struct lam_layer **out)
{
	const struct lam_reuse *r = l->reuse;
	const struct lam_progress *progress = r->options.progress;
	const struct lam_layer_reading *want = &l->written.reading;
	struct lam_layer_reading is;
	struct lam_reader *blob;
	struct lam_error err;

	*out = NULL;
	if (lam_source_open_layer(r->places[l->place], l->number, 0, &blob, &err) < 0 ||
	    lam_layer_read_blob(out, blob, 0, lam_workers_count(r->options.workers) > 0,
				LAM_SHA256, LAM_SHA256, NULL,
				progress ? progress->stop : NULL, &is, &err) < 0)
		return false;
	if (!lam_digest_equal(&is.digest, &want->digest) ||
	    !lam_digest_equal(&is.diff_id, &want->diff_id) ||
	    is.blob_size != want->blob_size || is.tar_size != want->tar_size ||
	    is.codec != want->codec)
		return false;
	lam_cache_put(&r->cache, *out, &is);
	return true;
}

/* Whether the blob of this digest is of a tar that holds what the layer should. */
static bool is_right(const struct lam_reuse_layer *l)
{
	const struct lam_layer_reading *want = &l->written.reading;
	const struct lam_layer_key key = { .digest = want->digest,
					   .diff_id = want->diff_id,
					   .blob_size = want->blob_size };
	struct lam_layer_reading is;
	struct lam_layer *index = NULL;
	bool right;

	if (!l->target->layer)
		return false;
	right = lam_cache_get(&l->reuse->cache, &key, 0, &index, &is)
			? is.tar_size == want->tar_size && is.codec == want->codec
			: make_index(l, &index);
	right = right && lam_layer_same(l->target->layer, index);
	lam_layer_free(index);
	return right;
}

static int take(void *job, struct lam_error *err)
{
	struct lam_reuse_layer *l = job;
	const struct lam_reuse *r = l->reuse;

	if (lam_progress_stopped(r->options.progress))
		return lam_fail_stopped(err);
	if (!l->there || !is_right(l))
		return 0;
	l->taken = lam_sink_keep_layer(r->sink, r->places[l->place], l->number,
				       &l->written.reading.digest, r->options.progress,
				       err) == 0;
	return !l->taken && (err->code == LAM_ESTOPPED || err->code == LAM_ENOMEM)
		       ? err->code
		       : 0;
}

int lam_reuse_take(struct lam_reuse *r, struct lam_sink *sink, struct lam_error *err)
{
	r->sink = sink;
	return run_all(r, take, err);
}

void lam_reuse_remember(const struct lam_reuse *r, const struct lam_reuse_layer *l,
			const struct lam_layer_reading *reading)
{
	const struct lam_written written = { .reading = *reading };

	lam_written_put(&r->cache, l->pieces.recipe, &written);
}

void lam_reuse_free(struct lam_reuse *r)
{
	if (!r)
		return;
	for (size_t p = 0; p < PLACES; p++)
		lam_source_close(r->places[p]);
	for (size_t i = 0; i < r->count; i++)
		lam_pieces_fini(&r->layers[i].pieces);
	lam_reference_fini(&r->other);
	lam_cache_fini(&r->cache);
	free(r);
}
