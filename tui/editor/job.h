/* Long work: one job of a kind at a time, each on a thread of its own, on values that
 * nobody changes meanwhile. job_run() is all that the thread does; a test calls it
 * instead. */
#ifndef APP_JOB_H
#define APP_JOB_H

#include <pthread.h>
#include <stdatomic.h>

#include <lamina/edit.h>
#include <lamina/write.h>

#include "editor/analysis/effect.h"
#include "editor/analysis/preview.h"
#include "editor/analysis/suggest.h"
#include "editor/analysis/waste.h"
#include "editor/find/filter.h"
#include "editor/find/search.h"
#include "editor/list/order.h"
#include "editor/plan/journal.h"

enum job_kind {
	JOB_OPEN, /* image, facts, owners, order */
	JOB_ORDER,
	JOB_EFFECT,
	JOB_FILTER,
	JOB_SEARCH,
	JOB_PATTERN, /* how much a glob is about */
	JOB_PREVIEW,
	JOB_WASTE,
	JOB_SUGGEST,
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

struct job {
	enum job_kind kind;
	atomic_bool stop;
	/* progress of OPEN and WRITE */
	pthread_mutex_t mutex;
	struct job_progress progress;
	void (*heard)(void *context); /* called after each step; may be NULL */
	void *context;

	/* in: borrowed, but for plan, filter, search and text */
	const struct facts *facts;
	const struct order *order;
	const struct effect *effect;
	const struct lam_image *image;
	struct lam_plan *plan;
	struct filter *filter;
	struct search *search;
	char *text; /* reference; output; glob */
	const char *platform, *cache_dir, *temporary, *state_dir, *created;
	unsigned threads;
	enum sort sort;
	bool reverse, ghosts;
	bool mark, unmark; /* of FILTER: what to do with the result */
	uint32_t node;     /* root; of PREVIEW the file */
	enum suggest_how how;
	uint32_t target;
	uint64_t size;
	struct garbage *garbage; /* of FREE: its own */
	size_t garbage_count;
	struct journal *journal; /* of KEEP */
	struct draft *draft;     /* its own; NULL: the journal's file goes */

	/* out */
	int code;
	struct lam_error err;
	struct lam_image *out_image;
	struct facts *out_facts;
	struct owners *out_owners;
	struct draft *out_orphan;
	struct order *out_order;
	struct effect *out_effect;
	struct filter_result *out_filtered;
	struct hits *out_hits;
	struct pattern_sum out_matched;
	struct preview *out_preview;
	struct waste *out_waste;
	struct suggestions *out_suggestions;
	struct lam_write_result out_written;
};

struct job *job_new(enum job_kind kind); /* NULL on no memory */
void job_run(struct job *job);
void job_free(struct job *job); /* with whatever of `out` is still in it */
void job_progress(struct job *job, struct job_progress *out); /* a copy; any thread */

#endif
