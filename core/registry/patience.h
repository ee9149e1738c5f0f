/* Whether and when a request is made again: connections that broke, and answers that ask
 * for it. */
#ifndef LAM_PATIENCE_H
#define LAM_PATIENCE_H

#include "io/http.h"

struct lam_patience {
	unsigned tries; /* that failed */
};

/* What send() has left: an answer of 408, 429 or 5xx, or a failure that may pass. Waits and
 * returns true where the request should be made again; false where it should not, with
 * LAM_ESTOPPED in *code and err where `stop` ended the wait. Waits as long as Retry-After says, a minute at most, or 0.5, 1, 2, 4 seconds. */
bool lam_patience_again(struct lam_patience *patience,
			const struct lam_http_answer *answer, int *code,
			const atomic_bool *stop, struct lam_error *err);

#endif
