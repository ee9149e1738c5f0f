/* Progress: counts work that is done, by any number of threads, reports it now and then,
 * and says when to stop. */
#ifndef LAM_METER_H
#define LAM_METER_H

#include <stdbool.h>

#include <lamina/error.h>
#include <lamina/progress.h>

struct lam_meter {
	const struct lam_progress *progress; /* may be NULL */
	const atomic_bool *failed; /* another part of the work has; may be NULL */
	struct lam_step step;
	int64_t reported; /* nanoseconds */
};

/* LAM_ESTOPPED where the caller asked for it, or where another part failed. */
int lam_meter_check(const struct lam_meter *meter, struct lam_error *err);
/* That, and counts. */
int lam_meter_add(struct lam_meter *meter, uint64_t done, struct lam_error *err);
/* Reports that all is done. */
void lam_meter_end(struct lam_meter *meter);

/* A report at once, where there is somebody to report to; never two at the same time. */
void lam_progress_report(const struct lam_progress *progress,
			 const struct lam_step *step);
bool lam_progress_stopped(const struct lam_progress *progress);

#endif
