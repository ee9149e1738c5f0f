/* Compresses a stream in chunks, on all cores, in order. */
#include "codec/encoder.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"
#include "codec/codec.h"

/* The chunks' memory */

struct lam_chunk_pool {
	pthread_mutex_t lock;
	pthread_cond_t returned;
	struct lam_chunk *free;
	size_t bytes, bytes_max; /* of input, in chunks that are out */
	size_t out, least;
};

struct lam_chunk_pool *lam_chunk_pool_new(size_t bytes, size_t least)
{
	struct lam_chunk_pool *p = lam_xcalloc(1, sizeof *p);

	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->returned, NULL);
	p->bytes_max = bytes;
	p->least = least;
	return p;
}

void lam_chunk_pool_free(struct lam_chunk_pool *p)
{
	if (!p)
		return;
	while (p->free) {
		struct lam_chunk *chunk = p->free;

		p->free = chunk->next;
		lam_buf_fini(&chunk->in);
		lam_buf_fini(&chunk->out);
		free(chunk);
	}
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->returned);
	free(p);
}

/* With room for size bytes of input; NULL where there is none and nobody waits. */
static struct lam_chunk *take_chunk(struct lam_chunk_pool *p, size_t size, bool wait)
{
	struct lam_chunk *chunk = NULL;

	pthread_mutex_lock(&p->lock);
	while (p->out >= p->least && p->bytes + size > p->bytes_max) {
		if (!wait) {
			pthread_mutex_unlock(&p->lock);
			return NULL;
		}
		pthread_cond_wait(&p->returned, &p->lock);
	}
	chunk = p->free;
	if (chunk)
		p->free = chunk->next;
	p->out++;
	p->bytes += size;
	pthread_mutex_unlock(&p->lock);
	if (!chunk) {
		chunk = lam_xcalloc(1, sizeof *chunk);
		*chunk = (struct lam_chunk){ .in = LAM_TEXT, .out = LAM_TEXT, .pool = p };
	}
	chunk->size = size;
	chunk->first = false;
	chunk->copied = (struct lam_copied){ 0 };
	lam_buf_clear(&chunk->in);
	lam_buf_clear(&chunk->out);
	return chunk;
}

void lam_chunk_give_back(struct lam_chunk *chunk)
{
	struct lam_chunk_pool *p = chunk ? chunk->pool : NULL;

	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	chunk->next = p->free;
	p->free = chunk;
	p->out--;
	p->bytes -= chunk->size;
	pthread_cond_broadcast(&p->returned);
	pthread_mutex_unlock(&p->lock);
}

/* The workers' side */

/* Packers are large; there are as many as are in use at once. */
struct idle {
	struct idle *next;
	void *packer;
};

struct encoder {
	struct lam_writer base;
	struct lam_encoder_options options;
	const struct lam_chunks *how;
	struct lam_queue *queue;
	struct lam_chunk *current;
	size_t chunk_size;
	uint64_t given, written; /* chunks to be compressed; bytes to inner */
	uint64_t taken;          /* bytes of input that are written */
	uint32_t crc;            /* of these */
	pthread_mutex_t lock;
	struct idle *idle;
};

static struct idle *borrow_packer(struct encoder *e)
{
	struct idle *idle;

	pthread_mutex_lock(&e->lock);
	idle = e->idle;
	if (idle)
		e->idle = idle->next;
	pthread_mutex_unlock(&e->lock);
	if (!idle) {
		idle = lam_xcalloc(1, sizeof *idle);
		idle->packer = e->how->packer_new(e->options.compression.level);
	}
	return idle;
}

static void give_packer_back(struct encoder *e, struct idle *idle)
{
	pthread_mutex_lock(&e->lock);
	idle->next = e->idle;
	e->idle = idle;
	pthread_mutex_unlock(&e->lock);
}

static int unpack(struct encoder *e, void *packer, struct lam_chunk *chunk,
		  struct lam_error *err)
{
	const struct lam_copied *c = &chunk->copied;

	if (lam_buf_reserve(&chunk->out, c->packed, err) < 0 ||
	    c->read(c->context, c->at, chunk->out.data, c->packed, err) < 0)
		return err->code;
	chunk->out.len = c->packed;
	return e->how->unpack(packer, chunk, err);
}

static int pack(void *job, struct lam_error *err)
{
	struct lam_chunk *chunk = job;
	struct encoder *e = chunk->owner;
	struct lam_meter *meter = e->options.meter;

	if (meter && lam_meter_check(meter, err) < 0)
		return err->code;
	if (e->how->pack) {
		struct idle *idle = borrow_packer(e);
		int code = chunk->copied.len ? unpack(e, idle->packer, chunk, err)
					     : e->how->pack(idle->packer, chunk, err);

		give_packer_back(e, idle);
		if (code < 0)
			return code;
	}
	return meter ? lam_meter_add(meter, chunk->in.len, err) : 0;
}

/* The writer's side */

/* Between two chunks: none refers to one before. */
static void note_point(const struct encoder *e)
{
	struct lam_checkpoints *points = e->options.points;
	const struct lam_checkpoint point = { .out = e->taken,
					      .in = e->written,
					      .crc = e->crc,
					      .size = (uint32_t)e->taken,
					      .in_member = 1 };

	if (points && e->how->pack && lam_checkpoints_due(points, e->taken))
		lam_checkpoints_add(points, point, NULL, 0);
}

static int write_chunk(struct encoder *e, struct lam_chunk *chunk, struct lam_error *err)
{
	const struct lam_buf *bytes = e->how->pack ? &chunk->out : &chunk->in;
	int code = lam_write(e->base.inner, bytes->data, bytes->len, err);

	if (e->options.hash) {
		lam_hash_update(e->options.hash, chunk->in.data, chunk->in.len);
		*e->options.count += chunk->in.len;
	}
	if (e->how->sum)
		e->crc = e->how->sum(e->crc, chunk->in.data, chunk->in.len);
	e->written += bytes->len;
	e->taken += chunk->in.len;
	note_point(e);
	if (code == 0 && e->options.written)
		return e->options.written(e->options.context, chunk, e->written, err);
	lam_chunk_give_back(chunk);
	return code;
}

static int take_packed(struct encoder *e, struct lam_error *err)
{
	void *chunk;
	int code = lam_queue_take(e->queue, &chunk, err);

	if (code == 0)
		return write_chunk(e, chunk, err);
	lam_chunk_give_back(chunk);
	return code;
}

static int give_chunk(struct encoder *e, struct lam_error *err)
{
	if (lam_queue_is_full(e->queue) && take_packed(e, err) < 0)
		return err->code;
	e->current->owner = e;
	e->current->first = e->given++ == 0;
	lam_queue_give(e->queue, pack, LAM_STEAL(e->current));
	return 0;
}

/* Where all chunks are out, ours come first: others wait for them as we do for theirs. */
static int new_chunk(struct encoder *e, struct lam_error *err)
{
	while (!e->current) {
		e->current = take_chunk(e->options.pool, e->chunk_size,
					lam_queue_is_empty(e->queue));
		if (!e->current && take_packed(e, err) < 0)
			return err->code;
	}
	return lam_buf_reserve(&e->current->in, e->chunk_size, err);
}

static int encoder_write(struct lam_writer *self, const void *bytes, size_t len,
			 struct lam_error *err)
{
	struct encoder *e = (struct encoder *)self;
	const char *at = bytes;

	while (len > 0) {
		size_t room;

		if (!e->current && new_chunk(e, err) < 0)
			return err->code;
		room = e->chunk_size - e->current->in.len;
		if (room > len)
			room = len;
		lam_text_add(&e->current->in, at, room);
		at += room;
		len -= room;
		if (e->current->in.len == e->chunk_size && give_chunk(e, err) < 0)
			return err->code;
	}
	return 0;
}

int lam_encoder_cut(struct lam_writer *self, struct lam_error *err)
{
	struct encoder *e = (struct encoder *)self;

	return e->current ? give_chunk(e, err) : 0;
}

int lam_encoder_copy(struct lam_writer *self, const struct lam_copied *copied,
		     struct lam_error *err)
{
	struct encoder *e = (struct encoder *)self;

	if (lam_encoder_cut(self, err) < 0 || new_chunk(e, err) < 0)
		return err->code;
	e->current->copied = *copied;
	return give_chunk(e, err);
}

static int write_end(struct encoder *e, struct lam_error *err)
{
	if (new_chunk(e, err) < 0)
		return err->code;
	e->current->crc = 0;
	e->how->end(&e->current->out, e->crc, (uint32_t)e->taken);
	return write_chunk(e, LAM_STEAL(e->current), err);
}

static int encoder_finish(struct lam_writer *self, struct lam_error *err)
{
	struct encoder *e = (struct encoder *)self;

	if (!e->current && e->given == 0 && e->how->pack && new_chunk(e, err) < 0)
		return err->code;
	if (e->current && give_chunk(e, err) < 0)
		return err->code;
	while (!lam_queue_is_empty(e->queue)) {
		if (take_packed(e, err) < 0)
			return err->code;
	}
	if (e->how->end && write_end(e, err) < 0)
		return err->code;
	return lam_finish(self->inner, err);
}

static void encoder_close(struct lam_writer *self)
{
	struct encoder *e = (struct encoder *)self;
	struct lam_error ignored;
	void *chunk;

	while (!lam_queue_is_empty(e->queue)) {
		(void)lam_queue_take(e->queue, &chunk, &ignored);
		lam_chunk_give_back(chunk);
	}
	lam_queue_free(e->queue);
	lam_chunk_give_back(e->current);
	while (e->idle) {
		struct idle *idle = e->idle;

		e->idle = idle->next;
		e->how->packer_free(idle->packer);
		free(idle);
	}
	pthread_mutex_destroy(&e->lock);
}

static const struct lam_writer_ops ENCODER = { encoder_write, encoder_finish,
					       encoder_close };

struct lam_writer *lam_chunk_encoder_new(struct lam_writer *inner,
					 const struct lam_encoder_options *options)
{
	struct encoder *e = lam_xcalloc(1, sizeof *e);

	e->base = (struct lam_writer){ &ENCODER, inner };
	e->options = *options;
	e->how = lam_codec_row(options->compression.codec)->chunks;
	e->chunk_size = e->how->size(options->compression.level);
	pthread_mutex_init(&e->lock, NULL);
	e->queue = lam_queue_new(options->workers,
				 lam_workers_count(options->workers) * 2 + 1);
	return &e->base;
}
