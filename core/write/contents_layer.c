/* One layer of the source, inflated once for what is needed of it. */
#include "write/contents_layer.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/stop.h"
#include "codec/codec.h"

#define CHUNK (64u << 10)
/* Bytes of tar that are worth a new decoder. */
#define JUMP (1u << 20)

void lam_contents_layer_init(struct lam_contents_layer *c)
{
	pthread_mutex_init(&c->lock, NULL);
}

static void close_stream(struct lam_contents_layer *c)
{
	lam_reader_close(LAM_STEAL(c->stream));
	free(LAM_STEAL(c->chunk));
}

void lam_contents_layer_fini(struct lam_contents_layer *c)
{
	close_stream(c);
	lam_hash_fini(&c->blob_hash);
	lam_spool_free(c->spool);
	free(c->ranges);
	free(c->kept);
	pthread_mutex_destroy(&c->lock);
}

static const struct lam_image_layer *layer_of(const struct lam_contents_layer *c)
{
	return &c->image->layers[c->number];
}

/* What goes wrong */

static int check_blob(const struct lam_image_layer *layer, struct lam_hash *hash,
		      uint64_t size, struct lam_error *err)
{
	char is[LAM_DIGEST_TEXT];
	struct lam_digest digest;

	lam_hash_final(hash, &digest);
	if (size == (uint64_t)layer->descriptor.size &&
	    lam_digest_equal(&digest, &layer->descriptor.digest))
		return 0;
	return lam_fail(err, LAM_EFORMAT,
			"its content is damaged: its digest is %s: copy the image again",
			lam_digest_format(&digest, is));
}

/* A blob whose content is not what its digest says is damaged, whatever else is wrong
 * with it. */
static int blame(const struct lam_contents_layer *c, struct lam_error *err)
{
	struct lam_error first = *err, second;
	struct lam_reader *blob = NULL;
	struct lam_hash hash = { 0 };
	uint64_t size;
	int code;

	if (first.code != LAM_EFORMAT)
		return first.code;
	lam_hash_init(&hash, layer_of(c)->descriptor.digest.algorithm);
	code = lam_source_open_layer(c->image->source, c->number, 0, &blob, &second);
	if (code == 0) {
		blob = lam_reader_tap(blob, &hash, NULL, NULL);
		code = lam_read_drain(blob, &size, &second);
	}
	lam_reader_close(blob);
	*err = first;
	if (code == 0)
		(void)check_blob(layer_of(c), &hash, size, err);
	lam_hash_fini(&hash);
	return err->code;
}

/* Keeps the reason, for lam_contents_layer_finish(). */
static int fail(struct lam_contents_layer *c, struct lam_error *err)
{
	close_stream(c);
	(void)blame(c, err);
	if (err->code != LAM_ESTOPPED && err->code != LAM_ENOMEM)
		(void)lam_wrap(err, "%s: layer %u (%s)", c->image->reference, c->number,
			       layer_of(c)->digest_text);
	c->failed = *err;
	return err->code;
}

/* The stream */

/* The blob from where its hash is. Each constructor owns what it wraps, also on failure.
 */
static int open_blob(struct lam_contents_layer *c, struct lam_error *err)
{
	const struct lam_step step = { .stage = LAM_STAGE_READ,
				       .layer = c->number,
				       .layer_count = c->image->layer_count,
				       .done = c->blob_size,
				       .total = (uint64_t)layer_of(c)->descriptor.size };

	if (lam_source_open_layer(c->image->source, c->number, c->blob_size, &c->stream,
				  err) < 0)
		return err->code;
	c->stream = lam_reader_progress(c->stream, c->reported, &step);
	c->stream = lam_reader_tap(c->stream, &c->blob_hash, &c->blob_size, NULL);
	return 0;
}

/* Of a tar, the ranges that are needed, one after the other. What lies between them is
 * passed by whoever reads this, which may be a thread that is ahead. */
struct needed_reader {
	struct lam_reader base;  /* the inner one inflates the blob */
	struct lam_reader *blob; /* hashed as it goes */
	const uint64_t *blob_at;
	enum lam_codec codec;
	const struct lam_checkpoints *points;
	const struct lam_span *next, *end;
	uint64_t at;
	char *passed; /* CHUNK */
};

/* A reader that leaves the one below open. */
struct lent_reader {
	struct lam_reader base;
	struct lam_reader *below;
};

static int lent_read(struct lam_reader *self, void *buf, size_t cap, size_t *out_len,
		     struct lam_error *err)
{
	return lam_read(((struct lent_reader *)self)->below, buf, cap, out_len, err);
}

static const struct lam_reader_ops LENT_READER = { .read = lent_read };

static struct lam_reader *lend(struct lam_reader *below)
{
	struct lent_reader *l = lam_xcalloc(1, sizeof *l);

	*l = (struct lent_reader){ { &LENT_READER, NULL }, below };
	return &l->base;
}

/* The blob up to there, which is hashed alone. */
static int pass_blob(struct needed_reader *n, uint64_t to, struct lam_error *err)
{
	size_t got = 1;

	while (*n->blob_at < to && got > 0) {
		uint64_t left = to - *n->blob_at;

		if (lam_read(n->blob, n->passed, left < CHUNK ? (size_t)left : CHUNK,
			     &got, err) < 0)
			return err->code;
	}
	return 0;
}

/* Inflates on from the checkpoint before the next range, where that spares much. */
static int jump(struct needed_reader *n, struct lam_error *err)
{
	const struct lam_decoder_start start =
		lam_decoder_start(n->codec, n->points, n->next->from);

	if (!start.point || start.out < n->at + JUMP || start.in < *n->blob_at)
		return 0;
	lam_reader_close(LAM_STEAL(n->base.inner));
	if (pass_blob(n, start.in, err) < 0 ||
	    lam_decoder_resume(&n->base.inner, lend(n->blob), n->codec, n->points, &start,
			       err) < 0)
		return err->code;
	n->at = start.out;
	return 0;
}

/* To where the next range begins, or the tar ends. */
static int pass_gap(struct needed_reader *n, struct lam_error *err)
{
	size_t got = 1;

	if (n->at < n->next->from && jump(n, err) < 0)
		return err->code;
	while (n->at < n->next->from && got > 0) {
		uint64_t gap = n->next->from - n->at;

		if (lam_read(n->base.inner, n->passed, gap < CHUNK ? (size_t)gap : CHUNK,
			     &got, err) < 0)
			return err->code;
		n->at += got;
	}
	return 0;
}

static int needed_read(struct lam_reader *self, void *buf, size_t cap, size_t *out_len,
		       struct lam_error *err)
{
	struct needed_reader *n = (struct needed_reader *)self;

	*out_len = 0;
	if (n->next < n->end && n->at == n->next->to)
		n->next++;
	if (n->next == n->end)
		return 0;
	if (pass_gap(n, err) < 0)
		return err->code;
	if (n->at < n->next->from)
		return 0;
	if (cap > n->next->to - n->at)
		cap = (size_t)(n->next->to - n->at);
	if (lam_read(n->base.inner, buf, cap, out_len, err) < 0)
		return err->code;
	n->at += *out_len;
	return 0;
}

static void needed_close(struct lam_reader *self)
{
	struct needed_reader *n = (struct needed_reader *)self;

	lam_reader_close(n->blob);
	free(n->passed);
}

static const struct lam_reader_ops NEEDED_READER = { .read = needed_read,
						     .close = needed_close };

static struct lam_reader *open_needed(struct lam_reader *blob,
				      const struct lam_contents_layer *c)
{
	struct needed_reader *n = lam_xcalloc(1, sizeof *n);
	enum lam_codec codec = layer_of(c)->info.codec;

	*n = (struct needed_reader){ .base = { &NEEDED_READER,
					       lam_decoder_new(lend(blob), codec) },
				     .blob = blob,
				     .blob_at = &c->blob_size,
				     .codec = codec,
				     .points = &c->image->indexes[c->number]->points,
				     .next = c->ranges,
				     .end = c->ranges + c->count,
				     .passed = lam_xmalloc(CHUNK) };
	return &n->base;
}

static int open_stream(struct lam_contents_layer *c, unsigned chunks, size_t size,
		       struct lam_error *err)
{
	const struct lam_image_layer *layer = layer_of(c);

	lam_hash_init(&c->blob_hash, layer->descriptor.digest.algorithm);
	if (open_blob(c, err) < 0)
		return err->code;
	c->stream = open_needed(c->stream, c);
	if (chunks)
		return lam_reader_ahead(&c->stream, LAM_STEAL(c->stream), chunks, size,
					err);
	return 0;
}

/* Of a range; past everything for what is behind the last. */
static uint64_t begin_of(const struct lam_contents_layer *c, size_t range)
{
	return range < c->count ? c->ranges[range].from : UINT64_MAX;
}

int lam_contents_layer_open(struct lam_contents_layer *c, unsigned chunks, size_t size,
			    bool reports, struct lam_error *err)
{
	c->quiet.stop = c->progress ? c->progress->stop : NULL;
	c->reported = reports ? c->progress : &c->quiet;
	c->chunk = lam_xmalloc(CHUNK);
	c->at = begin_of(c, 0);
	return open_stream(c, chunks, size, err) < 0 ? fail(c, err) : 0;
}

static int fail_short(struct lam_error *err)
{
	return lam_fail(err, LAM_EFORMAT, "its tar is shorter than its index");
}

static void advance(struct lam_contents_layer *c, size_t len)
{
	c->at += len;
	if (c->at == c->ranges[c->next].to)
		c->at = begin_of(c, ++c->next);
}

/* What passes next, into the spool. */
static int keep(struct lam_contents_layer *c, size_t len, struct lam_error *err)
{
	struct lam_kept *last = c->kept_count ? &c->kept[c->kept_count - 1] : NULL;
	uint64_t at = lam_spool_size(c->spool);

	if (lam_spool_append(c->spool, c->chunk, len, err) < 0)
		return err->code;
	if (last && last->to == c->at) {
		last->to += len;
		return 0;
	}
	if (LAM_GROW(c->kept, c->kept_count, c->kept_cap, err) < 0)
		return err->code;
	c->kept[c->kept_count++] = (struct lam_kept){ c->at, c->at + len, at };
	return 0;
}

/* Up to there, and of that what is needed. */
static int pass(struct lam_contents_layer *c, uint64_t to, struct lam_error *err)
{
	while (c->at < to) {
		uint64_t end = c->ranges[c->next].to < to ? c->ranges[c->next].to : to;
		size_t cap = end - c->at < CHUNK ? (size_t)(end - c->at) : CHUNK, got;

		if (lam_read(c->stream, c->chunk, cap, &got, err) < 0)
			return err->code;
		if (got == 0)
			return fail_short(err);
		if (keep(c, got, err) < 0)
			return err->code;
		advance(c, got);
	}
	return 0;
}

/* Straight from the stream. */
static int take(struct lam_contents_layer *c, char *buf, size_t len,
		struct lam_error *err)
{
	size_t got;

	if (lam_read_full(c->stream, buf, len, &got, err) < 0)
		return err->code;
	if (got < len)
		return fail_short(err);
	advance(c, len);
	return 0;
}

static int fail_not_needed(struct lam_error *err)
{
	return lam_fail(err, LAM_EFORMAT,
			"bytes are asked for that were not said to be needed");
}

static int read_kept(const struct lam_contents_layer *c, uint64_t offset, char *buf,
		     size_t len, struct lam_error *err)
{
	size_t low = 0, high = c->kept_count;

	while (low < high) { /* the first that ends behind it */
		size_t middle = low + (high - low) / 2;

		if (c->kept[middle].to <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == c->kept_count || c->kept[low].from > offset ||
	    len > c->kept[low].to - offset)
		return fail_not_needed(err);
	return lam_spool_read(c->spool, c->kept[low].at + (offset - c->kept[low].from),
			      buf, len, err);
}

static int read_now(struct lam_contents_layer *c, uint64_t offset, char *buf, size_t len,
		    struct lam_error *err)
{
	uint64_t passed = offset < c->at ? c->at - offset : 0;
	size_t old = passed < len ? (size_t)passed : len;

	if (old > 0 && read_kept(c, offset, buf, old, err) < 0)
		return err->code;
	if (old == len)
		return 0;
	if (pass(c, offset + old, err) < 0)
		return err->code;
	if (c->at != offset + old || c->ranges[c->next].to - c->at < len - old)
		return fail_not_needed(err);
	return take(c, buf + old, len - old, err);
}

int lam_contents_layer_read(struct lam_contents_layer *c, uint64_t offset, void *buf,
			    size_t len, struct lam_error *err)
{
	int code;

	pthread_mutex_lock(&c->lock);
	code = c->failed.code;
	if (code == 0) {
		code = read_now(c, offset, buf, len, err);
		if (code < 0)
			code = fail(c, err);
	}
	pthread_mutex_unlock(&c->lock);
	return code == 0 ? 0 : lam_fail_stopped(err);
}

/* What is still needed; the rest of the blob is hashed, and not inflated for nothing. */
static int read_rest(struct lam_contents_layer *c, struct lam_error *err)
{
	uint64_t size;

	if (pass(c, UINT64_MAX, err) < 0)
		return err->code;
	close_stream(c);
	if (open_blob(c, err) < 0 || lam_read_drain(c->stream, &size, err) < 0)
		return err->code;
	close_stream(c);
	return check_blob(layer_of(c), &c->blob_hash, c->blob_size, err);
}

int lam_contents_layer_finish(struct lam_contents_layer *c, struct lam_error *err)
{
	if (c->failed.code != LAM_OK) {
		*err = c->failed;
		return err->code;
	}
	if (!c->stream)
		return 0;
	return read_rest(c, err) < 0 ? fail(c, err) : 0;
}
