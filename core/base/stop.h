/* The one flag that stops long calls: the caller's, of struct lam_progress. */
#ifndef LAM_STOP_H
#define LAM_STOP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <lamina/error.h>

/* For loops over nodes: whether to stop in step n, looked at in each 4,096th, far under a
 * millisecond apart; n is 0 for steps that are long themselves. stop may be NULL. */
static inline bool lam_stops(const atomic_bool *stop, uint64_t n)
{
	return (n & 4095) == 0 && stop &&
	       atomic_load_explicit(stop, memory_order_relaxed);
}

/* LAM_ESTOPPED with its usual text. */
int lam_fail_stopped(struct lam_error *err);

#endif
