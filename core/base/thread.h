/* Threads of the library's own: signals are for those that the program made itself. */
#ifndef LAM_THREAD_H
#define LAM_THREAD_H

#include <pthread.h>

/* 0, or an errno. */
int lam_thread_start(pthread_t *out, void *(*run)(void *context), void *context);

#endif
