/* Streams around streams. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/thread.h"
#include "io/spool.h"
#include "io/stream.h"

#define PIECE        (1u << 20)
#define REPORT_EVERY 40000000 /* nanoseconds */

/* Hashing and counting */

struct hashing_reader {
	struct lam_reader base;
	struct lam_reader *inner;
	struct lam_hash *hash;
	uint64_t *count;
};

static int hashing_read(struct lam_reader *self, void *buf, size_t cap, size_t *out_len,
			struct lam_error *err)
{
	struct hashing_reader *h = (struct hashing_reader *)self;

	if (lam_read(h->inner, buf, cap, out_len, err) < 0)
		return err->code;
	if (h->hash)
		lam_hash_update(h->hash, buf, *out_len);
	if (h->count)
		*h->count += *out_len;
	return 0;
}

static void hashing_close(struct lam_reader *self)
{
	lam_reader_close(((struct hashing_reader *)self)->inner);
	free(self);
}

static const struct lam_reader_ops HASHING_READER = { hashing_read, hashing_close };

int lam_reader_hashing(struct lam_reader **out, struct lam_reader *inner,
		       struct lam_hash *hash, uint64_t *count, struct lam_error *err)
{
	struct hashing_reader *h = calloc(1, sizeof *h);

	*out = NULL;
	if (!h) {
		lam_reader_close(inner);
		return lam_fail_memory(err);
	}
	*h = (struct hashing_reader){ { &HASHING_READER }, inner, hash, count };
	*out = &h->base;
	return 0;
}

struct hashing_writer {
	struct lam_writer base;
	struct lam_writer *inner;
	struct lam_hash *hash;
	uint64_t *count;
};

static int hashing_write(struct lam_writer *self, const void *bytes, size_t len,
			 struct lam_error *err)
{
	struct hashing_writer *h = (struct hashing_writer *)self;

	if (h->hash)
		lam_hash_update(h->hash, bytes, len);
	if (h->count)
		*h->count += len;
	return lam_write(h->inner, bytes, len, err);
}

static int hashing_finish(struct lam_writer *self, struct lam_error *err)
{
	return lam_finish(((struct hashing_writer *)self)->inner, err);
}

static void hashing_writer_close(struct lam_writer *self)
{
	lam_writer_close(((struct hashing_writer *)self)->inner);
	free(self);
}

static const struct lam_writer_ops HASHING_WRITER = { hashing_write, hashing_finish,
						      hashing_writer_close };

int lam_writer_hashing(struct lam_writer **out, struct lam_writer *inner,
		       struct lam_hash *hash, uint64_t *count, struct lam_error *err)
{
	struct hashing_writer *h = calloc(1, sizeof *h);

	*out = NULL;
	if (!h) {
		lam_writer_close(inner);
		return lam_fail_memory(err);
	}
	*h = (struct hashing_writer){ { &HASHING_WRITER }, inner, hash, count };
	*out = &h->base;
	return 0;
}

/* A copy for a spool */

struct tee_reader {
	struct lam_reader base;
	struct lam_reader *inner;
	struct lam_spool *spool;
};

static int tee_read(struct lam_reader *self, void *buf, size_t cap, size_t *out_len,
		    struct lam_error *err)
{
	struct tee_reader *t = (struct tee_reader *)self;

	if (lam_read(t->inner, buf, cap, out_len, err) < 0)
		return err->code;
	return *out_len ? lam_spool_append(t->spool, buf, *out_len, err) : 0;
}

static void tee_close(struct lam_reader *self)
{
	lam_reader_close(((struct tee_reader *)self)->inner);
	free(self);
}

static const struct lam_reader_ops TEE_READER = { tee_read, tee_close };

int lam_reader_tee(struct lam_reader **out, struct lam_reader *inner,
		   struct lam_spool *spool, struct lam_error *err)
{
	struct tee_reader *t = calloc(1, sizeof *t);

	*out = NULL;
	if (!t) {
		lam_reader_close(inner);
		return lam_fail_memory(err);
	}
	*t = (struct tee_reader){ { &TEE_READER }, inner, spool };
	*out = &t->base;
	return 0;
}

/* Progress */

static pthread_mutex_t report_lock = PTHREAD_MUTEX_INITIALIZER;

void lam_progress_report(const struct lam_progress *progress, const struct lam_step *step)
{
	if (!progress || !progress->report)
		return;
	pthread_mutex_lock(&report_lock);
	progress->report(progress->context, step);
	pthread_mutex_unlock(&report_lock);
}

bool lam_progress_stopped(const struct lam_progress *progress)
{
	return progress && progress->stop &&
	       atomic_load_explicit(progress->stop, memory_order_relaxed);
}

struct progress_reader {
	struct lam_reader base;
	struct lam_reader *inner;
	const struct lam_progress *progress;
	struct lam_step step;
	int64_t reported; /* nanoseconds */
};

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int progress_read(struct lam_reader *self, void *buf, size_t cap, size_t *out_len,
			 struct lam_error *err)
{
	struct progress_reader *p = (struct progress_reader *)self;
	int64_t time;

	if (lam_progress_stopped(p->progress))
		return lam_fail(err, LAM_ESTOPPED, "stopped");
	if (lam_read(p->inner, buf, cap < PIECE ? cap : PIECE, out_len, err) < 0)
		return err->code;
	if (!p->progress || !p->progress->report)
		return 0;
	p->step.done += *out_len;
	time = now();
	if (time - p->reported >= REPORT_EVERY || *out_len == 0) {
		p->reported = time;
		lam_progress_report(p->progress, &p->step);
	}
	return 0;
}

static void progress_close(struct lam_reader *self)
{
	lam_reader_close(((struct progress_reader *)self)->inner);
	free(self);
}

static const struct lam_reader_ops PROGRESS_READER = { progress_read, progress_close };

int lam_reader_progress(struct lam_reader **out, struct lam_reader *inner,
			const struct lam_progress *progress, const struct lam_step *step,
			struct lam_error *err)
{
	struct progress_reader *p = calloc(1, sizeof *p);

	*out = NULL;
	if (!p) {
		lam_reader_close(inner);
		return lam_fail_memory(err);
	}
	*p = (struct progress_reader){
		{ &PROGRESS_READER }, inner, progress, *step, now()
	};
	*out = &p->base;
	return 0;
}

/* A thread that reads ahead */

struct piece {
	size_t len;
	char bytes[];
};

struct ahead_reader {
	struct lam_reader base;
	struct lam_reader *inner;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct piece **pieces;
	unsigned count;
	size_t size;            /* of a piece, at most */
	unsigned filled, taken; /* how many, in all; filled - taken are waiting */
	size_t used;            /* of the piece that is being taken */
	bool end, quit;
	struct lam_error err; /* why it ended, or LAM_OK */
};

static void *ahead_run(void *context)
{
	struct ahead_reader *a = context;
	struct lam_error err = { 0 };
	bool end = false;

	while (!end) {
		struct piece *piece;

		pthread_mutex_lock(&a->lock);
		while (a->filled - a->taken == a->count && !a->quit)
			pthread_cond_wait(&a->changed, &a->lock);
		end = a->quit;
		piece = a->pieces[a->filled % a->count];
		pthread_mutex_unlock(&a->lock);
		if (end)
			break;
		end = lam_read_full(a->inner, piece->bytes, a->size, &piece->len, &err) <
			      0 ||
		      piece->len < a->size;
		pthread_mutex_lock(&a->lock);
		if (err.code == LAM_OK && piece->len > 0)
			a->filled++;
		a->end = end;
		a->err = err;
		pthread_cond_broadcast(&a->changed);
		pthread_mutex_unlock(&a->lock);
	}
	return NULL;
}

static int ahead_read(struct lam_reader *self, void *buf, size_t cap, size_t *out_len,
		      struct lam_error *err)
{
	struct ahead_reader *a = (struct ahead_reader *)self;
	struct piece *piece;

	*out_len = 0;
	pthread_mutex_lock(&a->lock);
	while (a->filled == a->taken && !a->end)
		pthread_cond_wait(&a->changed, &a->lock);
	if (a->filled == a->taken) {
		pthread_mutex_unlock(&a->lock);
		if (a->err.code != LAM_OK)
			*err = a->err;
		return a->err.code;
	}
	piece = a->pieces[a->taken % a->count];
	pthread_mutex_unlock(&a->lock);
	*out_len = piece->len - a->used < cap ? piece->len - a->used : cap;
	memcpy(buf, piece->bytes + a->used, *out_len);
	a->used += *out_len;
	if (a->used < piece->len)
		return 0;
	pthread_mutex_lock(&a->lock);
	a->taken++;
	a->used = 0;
	/* a thread that fills several at once is woken less often */
	if (a->filled - a->taken == a->count / 2)
		pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->lock);
	return 0;
}

static void ahead_free(struct ahead_reader *a)
{
	for (unsigned i = 0; a->pieces && i < a->count; i++)
		free(a->pieces[i]);
	free(a->pieces);
	lam_reader_close(a->inner);
	pthread_mutex_destroy(&a->lock);
	pthread_cond_destroy(&a->changed);
	free(a);
}

static void ahead_close(struct lam_reader *self)
{
	struct ahead_reader *a = (struct ahead_reader *)self;

	pthread_mutex_lock(&a->lock);
	a->quit = true;
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->lock);
	pthread_join(a->thread, NULL);
	ahead_free(a);
}

static const struct lam_reader_ops AHEAD_READER = { ahead_read, ahead_close };

int lam_reader_ahead(struct lam_reader **out, struct lam_reader *inner, unsigned pieces,
		     size_t size, struct lam_error *err)
{
	struct ahead_reader *a = calloc(1, sizeof *a);
	bool all = true;
	int problem;

	*out = NULL;
	if (!a) {
		lam_reader_close(inner);
		return lam_fail_memory(err);
	}
	a->base.ops = &AHEAD_READER;
	a->inner = inner;
	a->count = pieces;
	a->size = size;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->changed, NULL);
	a->pieces = calloc(pieces, sizeof *a->pieces);
	for (unsigned i = 0; a->pieces && i < pieces; i++) {
		a->pieces[i] = malloc(sizeof **a->pieces + size);
		all = all && a->pieces[i];
	}
	if (!a->pieces || !all) {
		ahead_free(a);
		return lam_fail_memory(err);
	}
	problem = lam_thread_start(&a->thread, ahead_run, a);
	if (problem) {
		ahead_free(a);
		return lam_fail_errno(err, LAM_EREAD, problem, "starting a thread");
	}
	*out = &a->base;
	return 0;
}
