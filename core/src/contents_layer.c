#include "contents_layer.h"

#include <stdlib.h>
#include <string.h>

#include "codec.h"

#define PIECE (128u << 10)

void lam_contents_layer_init(struct lam_contents_layer *c)
{
	pthread_mutex_init(&c->lock, NULL);
}

static void close_stream(struct lam_contents_layer *c)
{
	lam_reader_close(LAM_STEAL(c->stream));
	free(LAM_STEAL(c->piece));
}

void lam_contents_layer_fini(struct lam_contents_layer *c)
{
	close_stream(c);
	lam_hash_fini(&c->blob_hash);
	lam_spool_free(c->spool);
	free(c->ranges);
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
	code = lam_hash_init(&hash, layer_of(c)->descriptor.digest.algorithm, &second);
	if (code == 0)
		code = lam_source_open_layer(c->image->source, c->number, &blob, &second);
	if (code == 0)
		code = lam_reader_hashing(&blob, LAM_STEAL(blob), &hash, NULL, &second);
	if (code == 0)
		code = lam_read_drain(blob, &size, &second);
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

/* Each constructor owns what it wraps, also on failure. */
/* The blob from where its hash is. */
static int open_blob(struct lam_contents_layer *c, struct lam_error *err)
{
	const struct lam_step step = { .stage = LAM_STAGE_READ,
				       .layer = c->number,
				       .layer_count = c->image->layer_count,
				       .done = c->blob_size,
				       .total = (uint64_t)layer_of(c)->descriptor.size };

	if (lam_source_open_layer_from(c->image->source, c->number, c->blob_size,
				       &c->stream, err) < 0 ||
	    lam_reader_progress(&c->stream, LAM_STEAL(c->stream), c->told, &step, err) <
		    0)
		return err->code;
	return lam_reader_hashing(&c->stream, LAM_STEAL(c->stream), &c->blob_hash,
				  &c->blob_size, err);
}

static int open_stream(struct lam_contents_layer *c, unsigned pieces, size_t size,
		       struct lam_error *err)
{
	const struct lam_image_layer *layer = layer_of(c);

	if (lam_hash_init(&c->blob_hash, layer->descriptor.digest.algorithm, err) < 0 ||
	    open_blob(c, err) < 0 ||
	    lam_decoder_new(&c->stream, LAM_STEAL(c->stream), layer->info.codec, err) < 0)
		return err->code;
	if (pieces)
		return lam_reader_ahead(&c->stream, LAM_STEAL(c->stream), pieces, size,
					err);
	return 0;
}

int lam_contents_layer_open(struct lam_contents_layer *c, unsigned pieces, size_t size,
			    bool reports, struct lam_error *err)
{
	c->quiet.stop = c->progress ? c->progress->stop : NULL;
	c->told = reports ? c->progress : &c->quiet;
	c->piece = malloc(PIECE);
	if ((c->piece ? open_stream(c, pieces, size, err) : lam_fail_memory(err)) < 0)
		return fail(c, err);
	return 0;
}

/* What the spool needs of the bytes that pass; the others become a hole. */
static int keep(struct lam_contents_layer *c, size_t len, struct lam_error *err)
{
	uint64_t end = c->at + len;

	for (; c->next < c->count && c->ranges[c->next].from < end; c->next++) {
		const struct lam_span *r = &c->ranges[c->next];
		uint64_t from = r->from > c->at ? r->from : c->at,
			 to = r->to < end ? r->to : end;

		if (lam_spool_skip(c->spool, from - lam_spool_size(c->spool), err) < 0 ||
		    lam_spool_append(c->spool, c->piece + (from - c->at),
				     (size_t)(to - from), err) < 0)
			return err->code;
		if (r->to > end)
			break;
	}
	return 0;
}

/* Up to there, or to the end of the tar, if that comes first. */
static int pass(struct lam_contents_layer *c, uint64_t to, struct lam_error *err)
{
	while (c->at < to) {
		size_t cap = to - c->at < PIECE ? (size_t)(to - c->at) : PIECE, got;

		if (lam_read(c->stream, c->piece, cap, &got, err) < 0)
			return err->code;
		if (got == 0)
			break;
		if (keep(c, got, err) < 0)
			return err->code;
		c->at += got;
	}
	return 0;
}

static int fail_short(struct lam_error *err)
{
	return lam_fail(err, LAM_EFORMAT, "its tar is shorter than its index");
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
	c->at += len;
	while (c->next < c->count && c->ranges[c->next].to <= c->at)
		c->next++;
	return 0;
}

static int read_now(struct lam_contents_layer *c, uint64_t offset, char *buf, size_t len,
		    struct lam_error *err)
{
	uint64_t passed = offset < c->at ? c->at - offset : 0;
	size_t old = passed < len ? (size_t)passed : len;

	if (old > 0 && lam_spool_read(c->spool, offset, buf, old, err) < 0)
		return err->code;
	if (old == len)
		return 0;
	if (!c->stream)
		return fail_short(err);
	if (pass(c, offset + old, err) < 0)
		return err->code;
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
	return code == 0 ? 0 : lam_fail(err, LAM_ESTOPPED, "stopped");
}

/* What is still needed; the rest of the blob is hashed, and not inflated for nothing. */
static int read_rest(struct lam_contents_layer *c, struct lam_error *err)
{
	uint64_t size;

	if (c->next < c->count && pass(c, c->ranges[c->count - 1].to, err) < 0)
		return err->code;
	if (c->next < c->count)
		return fail_short(err);
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
