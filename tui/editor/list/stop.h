/* Long calls look at the caller's flag every few thousand nodes. */
#ifndef MODEL_STOP_H
#define MODEL_STOP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <lamina/error.h>

static inline bool stop_is_set(const atomic_bool *stop)
{
	return stop && atomic_load_explicit(stop, memory_order_relaxed);
}

/* For loops over nodes: a look now and then, far under a millisecond apart. */
static inline bool stop_at(const atomic_bool *stop, uint64_t n)
{
	return (n & 4095) == 0 && stop_is_set(stop);
}

static inline int stop_fail(struct lam_error *err)
{
	return lam_fail(err, LAM_ESTOPPED, "stopped");
}

#endif
