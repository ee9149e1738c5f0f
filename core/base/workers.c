/* Threads, and work whose results come back in order. */
#include "base/workers.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>

#include "base/memory.h"

struct work {
	struct work *next; /* in the workers' queue */
	struct lam_queue *queue;
	int (*run)(void *job, struct lam_error *err);
	void *job;
	struct lam_error err;
	int code;
	bool done;
};

struct lam_workers {
	pthread_mutex_t lock;
	pthread_cond_t given, done;
	struct work *first, *last; /* waiting */
	pthread_t *threads;
	unsigned count;
	bool quit;
};

struct lam_queue {
	struct lam_workers *workers;
	struct work *ring;
	size_t depth, given, taken; /* given - taken are in the ring */
};

static void *run_worker(void *context)
{
	struct lam_workers *w = context;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		struct work *work;

		while (!w->first && !w->quit)
			pthread_cond_wait(&w->given, &w->lock);
		work = w->first;
		if (!work)
			break;
		w->first = work->next;
		if (!w->first)
			w->last = NULL;
		pthread_mutex_unlock(&w->lock);
		work->code = work->run(work->job, &work->err);
		pthread_mutex_lock(&w->lock);
		work->done = true;
		pthread_cond_broadcast(&w->done);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

void lam_signals_block(sigset_t *out_before)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, out_before);
}

void lam_signals_restore(const sigset_t *before)
{
	pthread_sigmask(SIG_SETMASK, before, NULL);
}

int lam_thread_start(pthread_t *out, void *(*run)(void *context), void *context)
{
	sigset_t before;
	int problem;

	lam_signals_block(&before);
	problem = pthread_create(out, NULL, run, context);
	lam_signals_restore(&before);
	return problem;
}

struct lam_workers *lam_workers_new(unsigned threads)
{
	struct lam_workers *w = lam_xcalloc(1, sizeof *w);

	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->given, NULL);
	pthread_cond_init(&w->done, NULL);
	w->threads = lam_xcalloc(threads, sizeof *w->threads);
	while (w->count < threads &&
	       lam_thread_start(&w->threads[w->count], run_worker, w) == 0)
		w->count++;
	return w;
}

void lam_workers_free(struct lam_workers *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->quit = true;
	pthread_cond_broadcast(&w->given);
	pthread_mutex_unlock(&w->lock);
	for (unsigned i = 0; i < w->count; i++)
		pthread_join(w->threads[i], NULL);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->given);
	pthread_cond_destroy(&w->done);
	free(w->threads);
	free(w);
}

unsigned lam_workers_count(const struct lam_workers *w)
{
	return w->count;
}

struct lam_queue *lam_queue_new(struct lam_workers *workers, size_t depth)
{
	struct lam_queue *queue = lam_xcalloc(1, sizeof *queue);

	queue->workers = workers;
	queue->depth = depth ? depth : 1;
	queue->ring = lam_xcalloc(queue->depth, sizeof *queue->ring);
	return queue;
}

/* Takes out of the queue what has not begun. */
static void drop_waiting(struct lam_queue *queue)
{
	struct lam_workers *w = queue->workers;
	struct work **at = &w->first;

	w->last = NULL;
	while (*at) {
		struct work *work = *at;

		if (work->queue == queue) {
			work->done = true;
			*at = work->next;
			continue;
		}
		w->last = work;
		at = &work->next;
	}
}

void lam_queue_free(struct lam_queue *queue)
{
	if (!queue)
		return;
	pthread_mutex_lock(&queue->workers->lock);
	drop_waiting(queue);
	for (size_t i = queue->taken; i < queue->given; i++) {
		while (!queue->ring[i % queue->depth].done)
			pthread_cond_wait(&queue->workers->done, &queue->workers->lock);
	}
	pthread_mutex_unlock(&queue->workers->lock);
	free(queue->ring);
	free(queue);
}

bool lam_queue_is_full(const struct lam_queue *queue)
{
	return queue->given - queue->taken == queue->depth;
}

bool lam_queue_is_empty(const struct lam_queue *queue)
{
	return queue->given == queue->taken;
}

void lam_queue_give(struct lam_queue *queue, int (*run)(void *job, struct lam_error *err),
		    void *job)
{
	struct lam_workers *w = queue->workers;
	struct work *work = &queue->ring[queue->given % queue->depth];

	assert(!lam_queue_is_full(queue));
	queue->given++;
	work->next = NULL;
	work->queue = queue;
	work->run = run;
	work->job = job;
	work->done = false;
	if (w->count == 0) {
		work->code = run(job, &work->err);
		work->done = true;
		return;
	}
	pthread_mutex_lock(&w->lock);
	if (w->last)
		w->last->next = work;
	else
		w->first = work;
	w->last = work;
	pthread_cond_signal(&w->given);
	pthread_mutex_unlock(&w->lock);
}

int lam_queue_take(struct lam_queue *queue, void **out_job, struct lam_error *err)
{
	struct work *work = &queue->ring[queue->taken % queue->depth];

	assert(!lam_queue_is_empty(queue));
	pthread_mutex_lock(&queue->workers->lock);
	while (!work->done)
		pthread_cond_wait(&queue->workers->done, &queue->workers->lock);
	pthread_mutex_unlock(&queue->workers->lock);
	queue->taken++;
	*out_job = work->job;
	if (work->code < 0)
		*err = work->err;
	return work->code;
}

int lam_queue_take_all(struct lam_queue *queue, struct lam_error *err)
{
	struct lam_error first = { 0 }, now;
	void *job;

	while (!lam_queue_is_empty(queue)) {
		if (lam_queue_take(queue, &job, &now) < 0 &&
		    (first.code == LAM_OK || first.code == LAM_ESTOPPED))
			first = now;
	}
	if (first.code != LAM_OK)
		*err = first;
	return first.code;
}

unsigned lam_thread_count(unsigned asked)
{
	long online = asked ? (long)asked : sysconf(_SC_NPROCESSORS_ONLN);

	return online < 1 ? 1 : online > 256 ? 256 : (unsigned)online;
}
