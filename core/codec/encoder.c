#include "codec/encoder.h"

#include <pthread.h>
#include <stdlib.h>

/* Compressors are large; there are as many as are in use at once. */
struct idle {
	struct idle *next;
	struct lam_compressor *compressor;
};

struct encoder {
	struct lam_writer base;
	struct lam_writer *inner;
	struct lam_encoder_options options;
	struct lam_lane *lane;
	struct lam_piece *current;
	size_t piece_size;
	bool any; /* a piece was given to be compressed */
	pthread_mutex_t lock;
	struct idle *idle;
};

/* Workers' side */

static int borrow(struct encoder *e, struct idle **out, struct lam_error *err)
{
	struct idle *idle;

	pthread_mutex_lock(&e->lock);
	idle = e->idle;
	if (idle)
		e->idle = idle->next;
	pthread_mutex_unlock(&e->lock);
	if (!idle) {
		idle = calloc(1, sizeof *idle);
		if (!idle)
			return lam_fail_memory(err);
		if (lam_compressor_new(&idle->compressor, e->options.compression, err) <
		    0) {
			free(idle);
			return err->code;
		}
	}
	*out = idle;
	return 0;
}

static void give_compressor_back(struct encoder *e, struct idle *idle)
{
	pthread_mutex_lock(&e->lock);
	idle->next = e->idle;
	e->idle = idle;
	pthread_mutex_unlock(&e->lock);
}

static int run_piece(void *job, struct lam_error *err)
{
	struct lam_piece *p = job;
	struct encoder *e = p->owner;
	struct lam_meter *meter = e->options.meter;
	struct idle *idle = NULL;
	int code;

	if (meter && lam_meter_check(meter, err) < 0)
		return err->code;
	if (e->options.compression.codec == LAM_CODEC_NONE)
		return meter ? lam_meter_add(meter, p->in.len, err) : 0;
	if (borrow(e, &idle, err) < 0)
		return err->code;
	code = lam_compressor_run(idle->compressor, &p->out, p->in.data ? p->in.data : "",
				  p->in.len, meter, err);
	give_compressor_back(e, idle);
	return code;
}

/* The writer's side */

static int write_piece(struct encoder *e, struct lam_piece *p, struct lam_error *err)
{
	const struct lam_buf *bytes =
		e->options.compression.codec == LAM_CODEC_NONE ? &p->in : &p->out;

	int code = lam_write(e->inner, bytes->data, bytes->len, err);

	if (code == 0 && e->options.written)
		return e->options.written(e->options.context, p, err);
	lam_piece_give_back(p);
	return code;
}

static int take_piece(struct encoder *e, struct lam_error *err)
{
	void *job;
	int code = lam_lane_take(e->lane, &job, err);

	if (code == 0)
		return write_piece(e, job, err);
	lam_piece_give_back(job);
	return code;
}

static int give_piece(struct encoder *e, struct lam_error *err)
{
	if (lam_lane_is_full(e->lane) && take_piece(e, err) < 0)
		return err->code;
	e->current->owner = e;
	lam_lane_give(e->lane, run_piece, LAM_STEAL(e->current));
	e->any = true;
	return 0;
}

/* Where all pieces are out, ours come first: others wait for them as we do for theirs. */
static int new_piece(struct encoder *e, struct lam_error *err)
{
	while (!e->current) {
		bool waits = lam_lane_is_empty(e->lane);

		if (lam_pieces_take(e->options.pieces, e->piece_size, waits, &e->current,
				    err) < 0)
			return err->code;
		if (!e->current && take_piece(e, err) < 0)
			return err->code;
	}
	return 0;
}

static int encoder_write(struct lam_writer *self, const void *bytes, size_t len,
			 struct lam_error *err)
{
	struct encoder *e = (struct encoder *)self;
	const char *at = bytes;

	while (len > 0) {
		size_t room;

		if (!e->current && new_piece(e, err) < 0)
			return err->code;
		room = e->piece_size - e->current->in.len;
		if (room > len)
			room = len;
		if (lam_buf_append(&e->current->in, at, room, err) < 0)
			return err->code;
		at += room;
		len -= room;
		if (e->current->in.len == e->piece_size && give_piece(e, err) < 0)
			return err->code;
	}
	return 0;
}

static int encoder_finish(struct lam_writer *self, struct lam_error *err)
{
	struct encoder *e = (struct encoder *)self;
	bool empty = !e->any && e->options.compression.codec != LAM_CODEC_NONE;

	if (!e->current && empty && new_piece(e, err) < 0)
		return err->code;
	if (e->current && give_piece(e, err) < 0)
		return err->code;
	while (!lam_lane_is_empty(e->lane)) {
		if (take_piece(e, err) < 0)
			return err->code;
	}
	return lam_finish(e->inner, err);
}

static void encoder_close(struct lam_writer *self)
{
	struct encoder *e = (struct encoder *)self;
	struct lam_error ignored;
	void *job;

	while (e->lane && !lam_lane_is_empty(e->lane)) {
		(void)lam_lane_take(e->lane, &job, &ignored);
		lam_piece_give_back(job);
	}
	lam_lane_free(e->lane);
	lam_piece_give_back(e->current);
	while (e->idle) {
		struct idle *idle = e->idle;

		e->idle = idle->next;
		lam_compressor_free(idle->compressor);
		free(idle);
	}
	pthread_mutex_destroy(&e->lock);
	lam_writer_close(e->inner);
	free(e);
}

static const struct lam_writer_ops ENCODER = { encoder_write, encoder_finish,
					       encoder_close };

int lam_encoder_new(struct lam_writer **out, struct lam_writer *inner,
		    const struct lam_encoder_options *options, struct lam_error *err)
{
	struct encoder *e = calloc(1, sizeof *e);

	*out = NULL;
	if (!e) {
		lam_writer_close(inner);
		return lam_fail_memory(err);
	}
	e->base.ops = &ENCODER;
	e->inner = inner;
	e->options = *options;
	e->piece_size = lam_piece_size(options->compression);
	pthread_mutex_init(&e->lock, NULL);
	e->lane = lam_lane_new(options->workers,
			       lam_workers_count(options->workers) * 2 + 1);
	*out = &e->base;
	return 0;
}
