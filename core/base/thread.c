#include "base/thread.h"

#include <signal.h>

int lam_thread_start(pthread_t *out, void *(*run)(void *context), void *context)
{
	sigset_t all, before;
	int problem;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	problem = pthread_create(out, NULL, run, context);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return problem;
}
