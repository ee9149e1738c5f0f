#include "write/readback.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/workers.h"
#include "codec/codec.h"

/* What is compared at once: it stays in the core's own cache. */
#define CHUNK (128u << 10)

struct lam_readback {
	struct lam_readback_options options;
	pthread_t thread;
	bool started;
	uint64_t offset; /* in the file, of the next piece */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct lam_piece *first, **last; /* not yet given to the lane */
	size_t waiting;                  /* pieces that the thread is not done with */
	bool end, failed;
	bool told; /* the writer knows that it failed */
	/* the thread's own: */
	struct lam_lane *lane;
	struct lam_piece *current;
	size_t used; /* of the current piece */
	struct lam_error err;
};

/* Passes through what is equal to the bytes that should come. */
struct comparing {
	struct lam_reader base;
	struct lam_reader *inner;
	const char *want;
	size_t left;
};

static int fail_different(struct lam_error *err)
{
	return lam_fail(err, LAM_EWRITE,
			"what was read back is not what was written: the disk or the "
			"memory is not to be trusted");
}

static int comparing_read(struct lam_reader *self, void *buf, size_t cap, size_t *out_len,
			  struct lam_error *err)
{
	struct comparing *c = (struct comparing *)self;

	if (lam_read(c->inner, buf, cap, out_len, err) < 0)
		return err->code;
	if (*out_len > c->left || (*out_len == 0 && c->left > 0) ||
	    (*out_len && memcmp(buf, c->want, *out_len) != 0))
		return fail_different(err);
	c->want += *out_len;
	c->left -= *out_len;
	return 0;
}

static void comparing_close(struct lam_reader *self)
{
	lam_reader_close(((struct comparing *)self)->inner);
	free(self);
}

static const struct lam_reader_ops COMPARING = { comparing_read, comparing_close };

static int compare_with(struct lam_reader **stream, const struct lam_buf *want,
			struct lam_error *err)
{
	struct comparing *c = calloc(1, sizeof *c);

	if (!c)
		return lam_fail_memory(err);
	*c = (struct comparing){ { &COMPARING }, *stream, want->data, want->len };
	*stream = &c->base;
	return 0;
}

static int drain(struct lam_reader *stream, struct lam_error *err)
{
	char *chunk = malloc(CHUNK);
	size_t got = 1;
	int code = chunk ? 0 : lam_fail_memory(err);

	while (code == 0 && got > 0)
		code = lam_read(stream, chunk, CHUNK, &got, err);
	free(chunk);
	return code;
}

/* Workers' side: one piece. */

/* What the file has must be `stored`, bytes that inflate to the piece; inflated on the
 * way unless codec is NONE. */
static int check_stream(const struct lam_piece *p, const struct lam_buf *stored,
			enum lam_codec codec, struct lam_error *err)
{
	struct lam_readback *r = p->owner;
	struct lam_reader *stream = lam_reader_file(r->options.fd, false, p->offset,
						    stored->len, "what was written");
	int code = compare_with(&stream, stored, err);

	if (code == 0 && codec != LAM_CODEC_NONE)
		code = lam_decoder_new(&stream, LAM_STEAL(stream), codec, err);
	if (code == 0 && codec != LAM_CODEC_NONE)
		code = compare_with(&stream, &p->in, err);
	if (code == 0)
		code = drain(stream, err);
	lam_reader_close(stream);
	return code;
}

/* A frame is inflated as a whole, from memory that the file was found equal to. */
static int check_frame(const struct lam_piece *p, struct lam_error *err)
{
	struct lam_readback *r = p->owner;
	struct lam_inflater *inflater = NULL;
	const char *bytes = NULL;
	int code = check_stream(p, &p->out, LAM_CODEC_NONE, err);

	if (code == 0)
		code = lam_inflater_borrow(r->options.inflaters, &inflater, err);
	if (code == 0)
		code = lam_inflater_run(inflater, p->out.data, p->out.len, p->in.len,
					&bytes, err);
	if (code == 0 && p->in.len && memcmp(bytes, p->in.data, p->in.len) != 0)
		code = fail_different(err);
	lam_inflater_give_back(inflater);
	return code;
}

static int check_piece(void *job, struct lam_error *err)
{
	const struct lam_piece *p = job;
	struct lam_readback *r = p->owner;
	int code = lam_meter_check(r->options.meter, err);

	if (code < 0)
		return code;
	switch (r->options.target->info.compression.codec) {
	case LAM_CODEC_NONE: code = check_stream(p, &p->in, LAM_CODEC_NONE, err); break;
	case LAM_CODEC_GZIP: code = check_stream(p, &p->out, LAM_CODEC_GZIP, err); break;
	case LAM_CODEC_ZSTD: code = check_frame(p, err); break;
	}
	return code < 0 ? code : lam_meter_add(r->options.meter, p->in.len, err);
}

/* The thread that reads the tar */

static void release(struct lam_readback *r, struct lam_piece *piece)
{
	lam_piece_give_back(piece);
	pthread_mutex_lock(&r->lock);
	r->waiting--;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
}

/* Gives the lane what there is; waits where there is nothing at all. */
static void feed(struct lam_readback *r)
{
	pthread_mutex_lock(&r->lock);
	while (!r->first && !r->end && lam_lane_is_empty(r->lane))
		pthread_cond_wait(&r->changed, &r->lock);
	while (r->first && !lam_lane_is_full(r->lane)) {
		struct lam_piece *piece = r->first;

		r->first = piece->next;
		if (!r->first)
			r->last = &r->first;
		pthread_mutex_unlock(&r->lock);
		lam_lane_give(r->lane, check_piece, piece);
		pthread_mutex_lock(&r->lock);
	}
	pthread_mutex_unlock(&r->lock);
}

/* The next piece that was found right; NULL at the end. */
static int next_piece(struct lam_readback *r, struct lam_piece **out,
		      struct lam_error *err)
{
	void *job;
	int code;

	*out = NULL;
	feed(r);
	if (lam_lane_is_empty(r->lane))
		return 0;
	code = lam_lane_take(r->lane, &job, err);
	if (code == 0)
		*out = job;
	else
		release(r, job);
	return code;
}

struct tar_reader { /* what the pieces hold, as one stream */
	struct lam_reader base;
	struct lam_readback *readback;
};

static int tar_read(struct lam_reader *self, void *buf, size_t cap, size_t *out_len,
		    struct lam_error *err)
{
	struct lam_readback *r = ((struct tar_reader *)self)->readback;

	*out_len = 0;
	if (r->current && r->used == r->current->in.len)
		release(r, LAM_STEAL(r->current));
	if (!r->current) {
		r->used = 0;
		if (next_piece(r, &r->current, err) < 0)
			return err->code;
		/* after a stop the end came early, which is nobody's mistake */
		if (!r->current)
			return lam_meter_check(r->options.meter, err);
	}
	*out_len =
		r->current->in.len - r->used < cap ? r->current->in.len - r->used : cap;
	if (*out_len)
		memcpy(buf, r->current->in.data + r->used, *out_len);
	r->used += *out_len;
	return 0;
}

static void nothing_to_close(struct lam_reader *self)
{
	(void)self;
}

static const struct lam_reader_ops TAR_READER = { tar_read, nothing_to_close };

static void *run(void *context)
{
	struct lam_readback *r = context;
	struct tar_reader tar = { { &TAR_READER }, r };
	struct lam_piece *piece;
	struct lam_error ignored;
	int code = lam_verify(r->options.layout, r->options.target, &tar.base, &r->err);

	if (r->current)
		release(r, LAM_STEAL(r->current));
	pthread_mutex_lock(&r->lock);
	r->failed = code < 0;
	pthread_mutex_unlock(&r->lock);
	/* whatever is still on its way has to come back */
	do {
		code = next_piece(r, &piece, &ignored);
		if (piece)
			release(r, piece);
	} while (piece || code < 0);
	return NULL;
}

/* The writer's side */

int lam_readback_new(struct lam_readback **out,
		     const struct lam_readback_options *options, struct lam_error *err)
{
	struct lam_readback *r = calloc(1, sizeof *r);
	unsigned threads = lam_workers_count(options->workers);
	int problem;

	*out = NULL;
	if (!r)
		return lam_fail_memory(err);
	r->options = *options;
	r->last = &r->first;
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->changed, NULL);
	r->lane = lam_lane_new(options->workers, threads + 1);
	problem = lam_thread_start(&r->thread, run, r);
	r->started = problem == 0;
	if (problem) {
		lam_readback_free(r);
		return lam_fail_errno(err, LAM_EWRITE, problem, "starting a thread");
	}
	*out = r;
	return 0;
}

int lam_readback_piece(void *readback, struct lam_piece *piece, struct lam_error *err)
{
	struct lam_readback *r = readback;
	bool one_at_a_time = lam_workers_count(r->options.workers) == 0, failed;

	piece->owner = r;
	piece->next = NULL;
	piece->offset = r->offset;
	r->offset += r->options.target->info.compression.codec == LAM_CODEC_NONE
			     ? piece->in.len
			     : piece->out.len;
	pthread_mutex_lock(&r->lock);
	*r->last = piece;
	r->last = &piece->next;
	r->waiting++;
	pthread_cond_broadcast(&r->changed);
	while (one_at_a_time && r->waiting > 0)
		pthread_cond_wait(&r->changed, &r->lock);
	failed = r->failed;
	pthread_mutex_unlock(&r->lock);
	r->told = failed; /* what it was stands in r->err, which finish() gives */
	return failed ? lam_fail(err, LAM_ESTOPPED, "stopped") : 0;
}

static void join(struct lam_readback *r)
{
	pthread_mutex_lock(&r->lock);
	r->end = true;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
	pthread_join(r->thread, NULL);
	r->started = false;
}

bool lam_readback_stopped_writer(const struct lam_readback *r)
{
	return r->told;
}

int lam_readback_finish(struct lam_readback *r, struct lam_error *err)
{
	join(r);
	if (r->failed) {
		*err = r->err;
		if (err->code == LAM_EFORMAT || err->code == LAM_EREAD)
			err->code = LAM_EWRITE; /* of our own making */
		return err->code;
	}
	return 0;
}

void lam_readback_free(struct lam_readback *r)
{
	if (!r)
		return;
	if (r->started)
		join(r);
	lam_lane_free(r->lane);
	pthread_mutex_destroy(&r->lock);
	pthread_cond_destroy(&r->changed);
	free(r);
}
