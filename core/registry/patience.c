/* Waiting before a request is made again. */
#include "registry/patience.h"

#include <time.h>

#include "base/names.h"
#include "base/stop.h"

#define TRIES   5
#define LONGEST 60000 /* milliseconds */

/* Not all at once, of several that were told the same. */
static int64_t usual(unsigned tries)
{
	uint64_t key[2];

	lam_random_key(key);
	return (500 << (tries - 1)) + (int64_t)(key[0] % 250);
}

static bool may_pass(const struct lam_http_answer *answer, int code)
{
	switch (code < 0 ? 0 : lam_http_status(answer)) {
	case 0: return code == LAM_EREAD && lam_http_is_transient(answer);
	case 408:
	case 429:
	case 500:
	case 502:
	case 503:
	case 504: return true;
	default: return false;
	}
}

bool lam_patience_again(struct lam_patience *p, const struct lam_http_answer *answer,
			int *code, const atomic_bool *stop, struct lam_error *err)
{
	const struct timespec tick = { .tv_nsec = 20000000 };
	int64_t left;

	if (!may_pass(answer, *code) || ++p->tries >= TRIES)
		return false;
	left = *code < 0 ? -1 : lam_http_retry_after(answer);
	if (left < 0)
		left = usual(p->tries);
	if (left > LONGEST)
		return false;
	for (; left > 0 && !lam_stops(stop, 0); left -= 20)
		nanosleep(&tick, NULL);
	if (lam_stops(stop, 0))
		*code = lam_fail_stopped(err);
	return *code != LAM_ESTOPPED;
}
