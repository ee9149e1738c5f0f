/* The layers of an image that is written: new ones packed, compressed and read back, kept
 * ones copied, all beside each other. */
#include <stdlib.h>

#include "base/memory.h"
#include "base/stop.h"
#include "codec/codec.h"
#include "write/pack.h"
#include "write/readback.h"
#include "write/write_impl.h"

struct layer_job {
	struct lam_writing *writing;
	const struct lam_layout_target *target;
	size_t number; /* in the stack */
	/* of a written one: */
	int fd;
	size_t blob; /* the sink's number of it */
	struct lam_hash blob_hash, tar_hash;
	uint64_t blob_size, tar_size;
	struct lam_meter meter;
	struct lam_writer *stream;
	struct lam_pieces *pieces; /* NULL: its codec has none */
	size_t piece_count;        /* that are written */
	struct lam_readback *readback;
};

static struct lam_step step_of(const struct layer_job *job, enum lam_stage stage)
{
	return (struct lam_step){ .stage = stage,
				  .layer = job->number,
				  .layer_count = job->writing->count,
				  .total = job->target->info.tar_size };
}

/* One written layer */

static int open_readback(struct layer_job *job, struct lam_error *err)
{
	struct lam_writing *w = job->writing;
	const struct lam_readback_options options = {
		.fd = job->fd,
		.layout = w->layout,
		.target = job->target,
		.one_at_a_time = w->threads == 1,
		.progress = w->options->progress,
		.step = step_of(job, LAM_STAGE_VERIFY),
		.points = &w->points[job->number],
	};

	return lam_readback_new(&job->readback, &options, err);
}

/* Where each piece is in the blob, for those who come after. */
static int piece_written(void *context, struct lam_chunk *chunk, uint64_t end,
			 struct lam_error *err)
{
	struct layer_job *job = context;

	if (job->pieces && job->piece_count < job->pieces->count) {
		struct lam_piece *piece = &job->pieces->items[job->piece_count++];

		piece->packed = (uint32_t)chunk->out_len;
		piece->at = end - chunk->out_len;
		piece->crc = chunk->crc;
	}
	if (job->readback)
		return lam_readback_written(job->readback, chunk, end, err);
	lam_chunk_give_back(chunk);
	return 0;
}

static void open_encoder(struct layer_job *job)
{
	struct lam_writing *w = job->writing;
	const struct lam_target *t = &job->target->info;
	bool chunks = lam_codec_row(t->compression.codec)->chunks != NULL;
	const struct lam_encoder_options options = {
		.compression = t->compression,
		.size = t->tar_size,
		.workers = w->workers,
		.pool = w->chunks,
		.meter = &job->meter,
		.hash = chunks ? &job->tar_hash : NULL,
		.count = &job->tar_size,
		.written = piece_written,
		.context = job,
		.points = &w->points[job->number],
	};

	job->meter = (struct lam_meter){ .progress = w->options->progress,
					 .failed = &w->failed,
					 .step = step_of(job, LAM_STAGE_WRITE) };
	lam_hash_init(&job->blob_hash, LAM_SHA256);
	lam_hash_init(&job->tar_hash, LAM_SHA256);
	job->stream = lam_writer_file(job->fd, false, t->name);
	job->stream = lam_writer_tap(job->stream, &job->blob_hash, &job->blob_size);
	job->stream = lam_encoder_new(job->stream, &options);
	if (!chunks)
		job->stream = lam_writer_tap(job->stream, &job->tar_hash, &job->tar_size);
}

static int copy_piece(void *context, const struct lam_piece *piece, struct lam_error *err)
{
	struct layer_job *job = context;
	struct lam_copied copied = { .at = piece->at,
				     .packed = piece->packed,
				     .len = piece->len,
				     .crc = piece->crc };

	lam_reuse_set_reader(job->writing->reuse, piece, &copied);
	job->pieces->copied += piece->len;
	return lam_encoder_copy(job->stream, &copied, err);
}

static int encode(struct layer_job *job, struct lam_error *err)
{
	const struct lam_contents *contents = job->writing->contents;

	open_encoder(job);
	if ((job->pieces ? lam_pack_pieces(contents, job->target, job->pieces,
					   job->stream, copy_piece, job, &job->meter, err)
			 : lam_pack(contents, job->target, job->stream, &job->meter,
				    err)) < 0 ||
	    lam_finish(job->stream, err) < 0)
		return err->code;
	lam_meter_end(&job->meter);
	return 0;
}

/* What the reading back found wrong counts more than that writing was stopped by it; that
 * a tar ends which was not written to its end is nothing wrong. */
static int end_readback(struct layer_job *job, int code, struct lam_error *err)
{
	struct lam_error wrong = { 0 };
	int found = lam_readback_finish(job->readback, &wrong);

	if (found == 0 || (code < 0 && !lam_readback_stopped_writer(job->readback)))
		return code;
	if (found != LAM_ESTOPPED)
		atomic_store(&job->writing->wrong, true);
	*err = wrong;
	return found;
}

static int write_and_verify(struct layer_job *job, struct lam_error *err)
{
	int code = 0;

	if (!job->writing->options->no_verify)
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
	struct lam_writing *w = job->writing;
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
	return code == LAM_ESTOPPED
		       ? code
		       : lam_wrap(err, "writing layer \"%s\"", job->target->info.name);
}

/* One kept layer */

static int keep_layer(void *data, struct lam_error *err)
{
	struct layer_job *job = data;
	struct lam_writing *w = job->writing;
	const struct lam_image_layer *original = &w->image->layers[job->target->original];
	struct lam_step step = step_of(job, LAM_STAGE_WRITE);
	int code;

	w->tar_sizes[job->number] = original->info.tar_size;
	if (atomic_load(&w->failed))
		return lam_fail_stopped(err);
	code = lam_sink_keep_layer(w->sink, w->image->source, job->target->original,
				   &original->descriptor.digest, w->options->progress,
				   err);
	if (code == 0) {
		step.done = step.total;
		lam_progress_report(w->options->progress, &step);
		return 0;
	}
	atomic_store(&w->failed, true);
	return code == LAM_ESTOPPED
		       ? code
		       : lam_wrap(err, "keeping layer \"%s\"", job->target->info.name);
}

/* All layers */

static int compare_jobs(const void *a, const void *b)
{
	const struct layer_job *x = a, *y = b;
	uint64_t x_size = x->target->info.tar_size, y_size = y->target->info.tar_size;

	if (x_size != y_size)
		return x_size < y_size ? 1 : -1;
	return (x->number > y->number) - (x->number < y->number);
}

static bool is_written(const struct layer_job *job)
{
	return !job->target->kept && !job->writing->reused[job->number].taken;
}

static struct lam_pieces *pieces_of(const struct lam_writing *w, size_t n)
{
	const struct lam_layout_target *t = &w->layout->stack[w->targets[n]];
	const struct lam_codec_row *row = lam_codec_row(t->info.compression.codec);

	return !t->kept && row->chunks && row->chunks->unpack ? &w->reused[n].pieces
							      : NULL;
}

/* A job for each layer, the largest first: what is left for the end is short. */
static int make_jobs(struct lam_writing *w, struct layer_job *jobs, struct lam_error *err)
{
	for (size_t n = 0; n < w->count; n++) {
		jobs[n] = (struct layer_job){ .writing = w,
					      .target = &w->layout->stack[w->targets[n]],
					      .number = n,
					      .pieces = pieces_of(w, n) };
		if (is_written(&jobs[n]) &&
		    lam_sink_new_blob(w->sink, &jobs[n].fd, &jobs[n].blob, err) < 0)
			return err->code;
	}
	qsort(jobs, w->count, sizeof *jobs, compare_jobs);
	return 0;
}

/* What there is to do is told first, so that what is done never becomes a smaller part. */
static void announce(const struct lam_writing *w, const struct layer_job *jobs)
{
	for (size_t i = 0; i < w->count; i++) {
		struct lam_step step = step_of(&jobs[i], LAM_STAGE_WRITE);

		if (w->reused[jobs[i].number].taken)
			step.done = step.total;
		lam_progress_report(w->options->progress, &step);
		step.done = 0;
		step.stage = LAM_STAGE_VERIFY;
		if (is_written(&jobs[i]) && !w->options->no_verify)
			lam_progress_report(w->options->progress, &step);
	}
}

/* Kept layers are copied by the threads that compress the written ones. */
static int run_jobs(struct lam_writing *w, struct layer_job *jobs,
		    struct lam_queue *packing, struct lam_queue *keeping,
		    struct lam_error *err)
{
	struct lam_error other = { 0 };
	int code;

	announce(w, jobs);
	for (size_t i = 0; i < w->count && !atomic_load(&w->failed); i++) {
		bool kept = jobs[i].target->kept;

		if (w->reused[jobs[i].number].taken)
			continue;
		lam_queue_give(kept ? keeping : packing, kept ? keep_layer : run_layer,
			       &jobs[i]);
	}
	code = lam_queue_take_all(keeping, err);
	if (lam_queue_take_all(packing, &other) < 0 &&
	    (code == 0 || code == LAM_ESTOPPED))
		*err = other;
	return code < 0 ? err->code : other.code;
}

int lam_write_layers(struct lam_writing *w, struct lam_error *err)
{
	struct layer_job *jobs = lam_xcalloc(w->count + 1, sizeof *jobs);
	struct lam_workers *packers = lam_workers_new(w->threads > 1 ? LAM_PACKERS : 0);
	struct lam_queue *packing = lam_queue_new(packers, w->count),
			 *keeping = lam_queue_new(w->workers, w->count);
	int code = make_jobs(w, jobs, err);

	if (code == 0)
		code = run_jobs(w, jobs, packing, keeping, err);
	for (size_t i = 0; code == 0 && i < w->count; i++) {
		if (is_written(&jobs[i]))
			lam_sink_set_blob(w->sink, jobs[i].blob,
					  &w->stack[jobs[i].number].digest,
					  jobs[i].blob_size);
	}
	lam_queue_free(keeping);
	lam_queue_free(packing);
	lam_workers_free(packers);
	free(jobs);
	return code;
}
