/* Progress of work, and whether to go on. */
#include "io/meter.h"

#include <pthread.h>

#include "base/stop.h"
#include "base/time.h"

#define REPORT_EVERY 40 /* milliseconds */

/* Reports come one at a time, those of one meter in order. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void report(const struct lam_progress *progress, const struct lam_step *step)
{
	if (progress && progress->report)
		progress->report(progress->context, step);
}

void lam_progress_report(const struct lam_progress *progress, const struct lam_step *step)
{
	pthread_mutex_lock(&lock);
	report(progress, step);
	pthread_mutex_unlock(&lock);
}

bool lam_progress_stopped(const struct lam_progress *progress)
{
	return progress && lam_stops(progress->stop, 0);
}

int lam_meter_check(const struct lam_meter *m, struct lam_error *err)
{
	return lam_stops(m->failed, 0) || lam_progress_stopped(m->progress)
		       ? lam_fail_stopped(err)
		       : 0;
}

int lam_meter_add(struct lam_meter *m, uint64_t done, struct lam_error *err)
{
	int64_t time = lam_now_ms();

	pthread_mutex_lock(&lock);
	m->step.done += done;
	if (time - m->reported >= REPORT_EVERY) {
		m->reported = time;
		report(m->progress, &m->step);
	}
	pthread_mutex_unlock(&lock);
	return lam_meter_check(m, err);
}

void lam_meter_end(struct lam_meter *m)
{
	pthread_mutex_lock(&lock);
	m->step.done = m->step.total;
	report(m->progress, &m->step);
	pthread_mutex_unlock(&lock);
}
