#include "contents.h"

#include <stdlib.h>
#include <string.h>

#include "codec.h"

#define PIECE (1u << 20)
/* What all spools may hold in memory. */
#define SPOOL_MEMORY (4u << 20)
/* Blobs from this size on are read by two threads: one inflates, one keeps. */
#define AHEAD_FROM   (8u << 20)
#define AHEAD_PIECES 4
/* What lies between two files, when it is shorter, is kept with them: one write. */
#define GAP (64u << 10)

struct range { /* of a layer's tar */
	uint64_t from, to;
};

struct layer_job {
	struct lam_contents *contents;
	uint32_t number;
	struct range *ranges; /* ascending, apart */
	size_t count, cap;
	struct lam_spool *spool;
};

struct lam_contents {
	const struct lam_layout *layout;
	const struct lam_image *image;
	const struct lam_progress *progress;
	struct layer_job *jobs; /* of each layer of the source */
	bool ahead;
};

/* What is needed */

static uint64_t stored_size(const struct lam_layer *layer, const struct lam_inode *inode)
{
	struct lam_extent whole;
	size_t count;
	const struct lam_extent *extents =
		lam_layer_extents(layer, inode, &whole, &count);
	uint64_t size = 0;

	for (size_t i = 0; i < count; i++)
		size += extents[i].length;
	return size;
}

static int need(struct lam_contents *c, uint32_t node, struct lam_error *err)
{
	const struct lam_layer *layer;
	struct layer_job *job;
	struct lam_stat stat;
	uint64_t from, size;

	lam_tree_stat(c->layout->tree, node, &stat);
	if (stat.kind != LAM_KIND_FILE || c->image->layers[stat.layer].spool)
		return 0;
	layer = c->image->indexes[stat.layer];
	size = stored_size(layer, &layer->inodes[stat.inode]);
	if (size == 0)
		return 0;
	job = &c->jobs[stat.layer];
	from = layer->inodes[stat.inode].offset;
	if (LAM_GROW(job->ranges, job->count, job->cap, err) < 0)
		return err->code;
	job->ranges[job->count++] = (struct range){ from, from + size };
	return 0;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return (x->from > y->from) - (x->from < y->from);
}

/* In order, and joined where little lies between them. */
static void join(struct layer_job *job)
{
	size_t count = 0;

	if (job->count == 0)
		return;
	qsort(job->ranges, job->count, sizeof *job->ranges, compare_ranges);
	for (size_t i = 1; i < job->count; i++) {
		struct range *last = &job->ranges[count];

		if (job->ranges[i].from > last->to + GAP)
			job->ranges[++count] = job->ranges[i];
		else if (job->ranges[i].to > last->to)
			last->to = job->ranges[i].to;
	}
	job->count = count + 1;
}

static int find_needs(struct lam_contents *c, struct lam_error *err)
{
	for (size_t t = 0; t < c->layout->target_count; t++) {
		const struct lam_layout_target *target = &c->layout->stack[t];

		for (size_t i = 0; !target->kept && i < target->item_count; i++) {
			if (target->items[i].kind == LAM_ITEM_ENTRY &&
			    need(c, target->items[i].node, err) < 0)
				return err->code;
		}
	}
	for (size_t i = 0; i < c->image->layer_count; i++)
		join(&c->jobs[i]);
	return 0;
}

/* Reading one layer */

struct pipe {
	struct lam_reader *stream; /* the outermost */
	struct lam_hash blob_hash;
	uint64_t blob_size;
};

/* Each constructor owns what it wraps, also on failure. */
static int build(struct pipe *p, const struct layer_job *job, struct lam_error *err)
{
	const struct lam_contents *c = job->contents;
	const struct lam_image_layer *layer = &c->image->layers[job->number];
	struct lam_step step = { .stage = LAM_STAGE_READ,
				 .layer = job->number,
				 .layer_count = c->image->layer_count,
				 .total = (uint64_t)layer->descriptor.size };

	if (lam_hash_init(&p->blob_hash, layer->descriptor.digest.algorithm, err) < 0 ||
	    lam_source_open_layer(c->image->source, job->number, &p->stream, err) < 0 ||
	    lam_reader_progress(&p->stream, LAM_STEAL(p->stream), c->progress, &step,
				err) < 0 ||
	    lam_reader_hashing(&p->stream, LAM_STEAL(p->stream), &p->blob_hash,
			       &p->blob_size, err) < 0 ||
	    lam_decoder_new(&p->stream, LAM_STEAL(p->stream), layer->info.codec, err) < 0)
		return err->code;
	if (c->ahead && layer->descriptor.size >= AHEAD_FROM)
		return lam_reader_ahead(&p->stream, LAM_STEAL(p->stream), AHEAD_PIECES,
					err);
	return 0;
}

/* Puts of the bytes at `at` those into the spool that are needed; the others become a
 * hole. */
static int keep(struct layer_job *job, size_t *next, uint64_t at, const char *bytes,
		size_t len, struct lam_error *err)
{
	uint64_t end = at + len;

	while (*next < job->count && job->ranges[*next].from < end) {
		const struct range *r = &job->ranges[*next];
		uint64_t from = r->from > at ? r->from : at,
			 to = r->to < end ? r->to : end;

		if (lam_spool_skip(job->spool, from - lam_spool_size(job->spool), err) <
			    0 ||
		    lam_spool_append(job->spool, bytes + (from - at), (size_t)(to - from),
				     err) < 0)
			return err->code;
		if (r->to > end)
			break;
		++*next;
	}
	return 0;
}

static int drain(struct layer_job *job, struct lam_reader *stream, struct lam_error *err)
{
	char *piece = malloc(PIECE);
	size_t got = 1, next = 0;
	uint64_t at = 0;
	int code = piece ? 0 : lam_fail_memory(err);

	while (code == 0 && got > 0) {
		code = lam_read(stream, piece, PIECE, &got, err);
		if (code == 0)
			code = keep(job, &next, at, piece, got, err);
		at += got;
	}
	free(piece);
	if (code == 0 && next < job->count)
		code = lam_fail(err, LAM_EFORMAT, "its tar is shorter than its index");
	return code;
}

static int check_blob(const struct lam_image_layer *layer, struct pipe *p,
		      struct lam_error *err)
{
	char is[LAM_DIGEST_TEXT];
	struct lam_digest digest;

	lam_hash_final(&p->blob_hash, &digest);
	if (p->blob_size == (uint64_t)layer->descriptor.size &&
	    lam_digest_equal(&digest, &layer->descriptor.digest))
		return 0;
	return lam_fail(err, LAM_EFORMAT,
			"its content is damaged: its digest is %s: copy the image again",
			lam_digest_format(&digest, is));
}

/* A blob whose content is not what its digest says is damaged, whatever else is wrong
 * with it. */
static int blame(const struct layer_job *job, struct lam_error *err)
{
	const struct lam_image *image = job->contents->image;
	const struct lam_image_layer *layer = &image->layers[job->number];
	struct lam_error first = *err, second;
	struct lam_reader *blob = NULL;
	struct pipe p = { 0 };
	int code;

	if (first.code != LAM_EFORMAT)
		return first.code;
	code = lam_hash_init(&p.blob_hash, layer->descriptor.digest.algorithm, &second);
	if (code == 0)
		code = lam_source_open_layer(image->source, job->number, &blob, &second);
	if (code == 0)
		code = lam_reader_hashing(&p.stream, LAM_STEAL(blob), &p.blob_hash, NULL,
					  &second);
	if (code == 0)
		code = lam_read_drain(p.stream, &p.blob_size, &second);
	lam_reader_close(p.stream);
	*err = first;
	if (code == 0)
		(void)check_blob(layer, &p, err);
	lam_hash_fini(&p.blob_hash);
	return err->code;
}

static int read_layer(struct layer_job *job, struct lam_error *err)
{
	const struct lam_image_layer *layer = &job->contents->image->layers[job->number];
	struct pipe p = { 0 };
	int code = build(&p, job, err);

	if (code == 0)
		code = drain(job, p.stream, err);
	lam_reader_close(p.stream);
	if (code < 0)
		code = blame(job, err);
	if (code == 0)
		code = check_blob(layer, &p, err);
	lam_hash_fini(&p.blob_hash);
	return code;
}

static int run_layer(void *data, struct lam_error *err)
{
	struct layer_job *job = data;
	const struct lam_image *image = job->contents->image;

	if (lam_progress_stopped(job->contents->progress))
		return lam_fail(err, LAM_ESTOPPED, "stopped");
	if (read_layer(job, err) == 0)
		return 0;
	if (err->code == LAM_ESTOPPED || err->code == LAM_ENOMEM)
		return err->code;
	return lam_wrap(err, "%s: layer %u (%s)", image->reference, job->number,
			image->layers[job->number].digest_text);
}

/* All layers */

/* The largest first: what is left for the end is short then. */
static struct layer_job *next_job(struct lam_contents *c)
{
	struct layer_job *best = NULL;

	for (size_t i = 0; i < c->image->layer_count; i++) {
		struct layer_job *job = &c->jobs[i];

		if (job->count > 0 && !job->spool &&
		    (!best || c->image->layers[job->number].info.tar_size >
				      c->image->layers[best->number].info.tar_size))
			best = job;
	}
	return best;
}

static size_t count_jobs(const struct lam_contents *c)
{
	size_t count = 0;

	for (size_t i = 0; i < c->image->layer_count; i++)
		count += c->jobs[i].count > 0;
	return count;
}

static int read_all(struct lam_contents *c, const char *folder, struct lam_lane *lane,
		    struct lam_error *err)
{
	size_t count = count_jobs(c), given = 0;
	struct lam_error first = { 0 };
	void *done;

	/* after an error, what runs is waited for, and what has not begun stays undone */
	while ((given < count && first.code == LAM_OK) || !lam_lane_is_empty(lane)) {
		if (given < count && first.code == LAM_OK && !lam_lane_is_full(lane)) {
			struct layer_job *job = next_job(c);

			if (lam_spool_new(&job->spool, folder, SPOOL_MEMORY / count,
					  &first) < 0)
				continue;
			lam_lane_give(lane, run_layer, job);
			given++;
			continue;
		}
		if (lam_lane_take(lane, &done, err) < 0 && first.code == LAM_OK)
			first = *err;
	}
	if (first.code != LAM_OK)
		*err = first;
	return first.code;
}

static int fill(struct lam_contents *c, const char *folder, struct lam_workers *workers,
		struct lam_error *err)
{
	unsigned threads = lam_workers_count(workers);
	struct lam_lane *lane = NULL;
	int code;

	c->jobs = calloc(c->image->layer_count, sizeof *c->jobs);
	if (!c->jobs)
		return lam_fail_memory(err);
	for (size_t i = 0; i < c->image->layer_count; i++) {
		c->jobs[i].contents = c;
		c->jobs[i].number = (uint32_t)i;
	}
	c->ahead = threads > 0;
	if (find_needs(c, err) < 0 ||
	    lam_lane_new(&lane, workers, threads ? threads : 1, err) < 0)
		return err->code;
	code = read_all(c, folder, lane, err);
	lam_lane_free(lane);
	return code;
}

int lam_contents_new(struct lam_contents **out, const struct lam_layout *layout,
		     const char *folder, struct lam_workers *workers,
		     const struct lam_progress *progress, struct lam_error *err)
{
	struct lam_contents *c = calloc(1, sizeof *c);

	*out = NULL;
	if (!c)
		return lam_fail_memory(err);
	*c = (struct lam_contents){ .layout = layout,
				    .image = layout->image,
				    .progress = progress };
	if (fill(c, folder, workers, err) < 0) {
		lam_contents_free(c);
		return err->code;
	}
	*out = c;
	return 0;
}

void lam_contents_free(struct lam_contents *c)
{
	if (!c)
		return;
	for (size_t i = 0; c->jobs && i < c->image->layer_count; i++) {
		lam_spool_free(c->jobs[i].spool);
		free(c->jobs[i].ranges);
	}
	free(c->jobs);
	free(c);
}

const struct lam_image *lam_contents_image(const struct lam_contents *c)
{
	return c->image;
}

int lam_contents_read(const struct lam_contents *c, uint32_t layer, uint64_t offset,
		      void *buf, size_t len, struct lam_error *err)
{
	const struct lam_spool *own = c->image->layers[layer].spool;

	return lam_spool_read(own ? own : c->jobs[layer].spool, offset, buf, len, err);
}
