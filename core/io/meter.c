#include "io/meter.h"

#include <pthread.h>
#include <time.h>

#include "io/stream.h"

#define REPORT_EVERY 40000000 /* nanoseconds */

/* Reports of one meter come in order, those of several one at a time. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static bool is_set(const atomic_bool *flag)
{
	return flag && atomic_load_explicit(flag, memory_order_relaxed);
}

int lam_meter_check(const struct lam_meter *m, struct lam_error *err)
{
	if (is_set(m->failed) || (m->progress && is_set(m->progress->stop)))
		return lam_fail(err, LAM_ESTOPPED, "stopped");
	return 0;
}

int lam_meter_add(struct lam_meter *m, uint64_t done, struct lam_error *err)
{
	int64_t time = now();

	pthread_mutex_lock(&lock);
	m->step.done += done;
	if (time - m->reported >= REPORT_EVERY) {
		m->reported = time;
		lam_progress_report(m->progress, &m->step);
	}
	pthread_mutex_unlock(&lock);
	return lam_meter_check(m, err);
}

void lam_meter_end(struct lam_meter *m)
{
	pthread_mutex_lock(&lock);
	m->step.done = m->step.total;
	lam_progress_report(m->progress, &m->step);
	pthread_mutex_unlock(&lock);
}
