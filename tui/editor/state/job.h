/* Long work: one job of a kind at a time, each on a thread of its own, on values that
 * nobody changes meanwhile. job_run() is all that the thread does; a test calls it
 * instead. What a job takes and brings stands in the struct of its own that begins with
 * struct job, in the file that asks for it. */
#ifndef JOB_H
#define JOB_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <lamina/progress.h>

enum job_kind {
	JOB_OPEN,
	JOB_ORDER,
	JOB_EFFECT,
	JOB_FILTER,
	JOB_SEARCH,
	JOB_PATTERN, /* how much a glob is about */
	JOB_PREVIEW,
	JOB_PAGER, /* reads a file for $PAGER */
	JOB_WASTE,
	JOB_SUGGEST,
	JOB_LOOK, /* at the place to write to */
	JOB_WRITE,
	JOB_KEEP, /* the journal */
	JOB_FREE, /* what is not needed any more: a large plan's effect takes a while */
	JOB_COUNT
};

#define JOB_LAYERS 512 /* of which progress is told one by one */

struct job_stage {
	size_t layer_count;
	uint64_t done[JOB_LAYERS], total[JOB_LAYERS]; /* of its layers */
};
/* Sums over the layers. */
void job_stage_sum(const struct job_stage *stage, uint64_t *out_done,
		   uint64_t *out_total);

/* Layers are read, written and verified beside each other. */
struct job_progress {
	enum lam_stage stage; /* of the latest step */
	struct job_stage of[LAM_STAGE_PUBLISH + 1];
	uint64_t serial; /* changes with every step */
};

struct garbage {
	void *value;
	void (*free)(void *);
};

struct app;
struct job;
struct job_ops {
	enum job_kind kind;
	int (*run)(struct job *job); /* its error goes to job->err */
	/* On the screen's thread. Failures are told without it, but for those that
	 * `takes_failures`. */
	void (*done)(struct app *app, struct job *job);
	void (*free)(struct job *job); /* what its own struct holds */
	bool takes_failures;
};

struct job {
	const struct job_ops *ops;
	enum job_kind kind;
	atomic_bool stop;
	int code;
	struct lam_error err;
	pthread_mutex_t mutex;
	struct job_progress progress; /* of those that tell it */
	void (*heard)(void *context); /* called after each step; may be NULL */
	void *context;
};

void *job_new(size_t size, const struct job_ops *ops); /* all zero behind struct job */
void job_run(struct job *job);
void job_free(struct job *job); /* NULL is fine */
/* For lam_progress, with the job as its context. */
void job_hear(void *job, const struct lam_step *step);
void job_progress(struct job *job, struct job_progress *out); /* a copy; any thread */

#endif
