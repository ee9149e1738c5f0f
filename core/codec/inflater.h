/* Inflates frames of zstd as a whole, which is far cheaper than as a stream. What that
 * needs is kept from one frame to the next, as the kernel clears new memory each time. */
#ifndef LAM_INFLATER_H
#define LAM_INFLATER_H

#include <stddef.h>

#include <lamina/error.h>

struct lam_inflater;  /* for one thread at a time */
struct lam_inflaters; /* as many as were in use at once; for several threads */

int lam_inflaters_new(struct lam_inflaters **out, struct lam_error *err);
/* All must be back. */
void lam_inflaters_free(struct lam_inflaters *inflaters); /* NULL is fine */

int lam_inflater_borrow(struct lam_inflaters *inflaters, struct lam_inflater **out,
			struct lam_error *err);
void lam_inflater_give_back(struct lam_inflater *inflater); /* NULL is fine */

/* One frame of exactly len bytes. They live until the next call, or until the inflater is
 * given back. LAM_EFORMAT where it is no such frame. */
int lam_inflater_run(struct lam_inflater *inflater, const void *in, size_t in_len,
		     size_t len, const char **out, struct lam_error *err);

#endif
