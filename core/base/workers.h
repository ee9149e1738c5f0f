/* A few threads, and work whose results come back in the order in which it was given.
 * With 0 threads every job runs at once in the thread that gives it; nothing else
 * changes, so results never depend on the number. */
#ifndef LAM_WORKERS_H
#define LAM_WORKERS_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include <lamina/error.h>

struct lam_workers;

/* A thread in which all signals are blocked: those are for threads that the program made
 * itself. 0, or an errno. */
int lam_thread_start(pthread_t *out, void *(*run)(void *context), void *context);
/* For threads that another library starts meanwhile. */
void lam_signals_block(sigset_t *out_before);
void lam_signals_restore(const sigset_t *before);

/* threads: 0 for none (see above); where the system has no more to give, fewer. */
struct lam_workers *lam_workers_new(unsigned threads);
/* Waits for the jobs that run. All queues must be freed before. */
void lam_workers_free(struct lam_workers *workers);
unsigned lam_workers_count(const struct lam_workers *workers);

/* A queue of jobs over the shared threads; several queues share them fairly enough. One
 * thread uses a queue. */
struct lam_queue;

/* depth: how many jobs may be given before one must be taken. */
struct lam_queue *lam_queue_new(struct lam_workers *workers, size_t depth);
/* Waits for jobs that run, drops those that wait; jobs not taken are the caller's loss,
 * so drain first: jobs themselves are the caller's memory. */
void lam_queue_free(struct lam_queue *queue);
bool lam_queue_is_full(const struct lam_queue *queue);
bool lam_queue_is_empty(const struct lam_queue *queue);
/* Not when full (assert). run() gets the job, and its error. */
void lam_queue_give(struct lam_queue *queue, int (*run)(void *job, struct lam_error *err),
		    void *job);
/* Waits for the oldest job and returns what its run() returned; *out_job is set in any
 * case. Not when empty. */
int lam_queue_take(struct lam_queue *queue, void **out_job, struct lam_error *err);
/* Takes all that were given: what went wrong first, and LAM_ESTOPPED only where nothing
 * else did, as others stop because of it. */
int lam_queue_take_all(struct lam_queue *queue, struct lam_error *err);

/* How many threads are meant: 0 means the machine's. */
unsigned lam_thread_count(unsigned asked);

#endif
