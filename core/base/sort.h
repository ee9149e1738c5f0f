/* Sorting that can be stopped, for what is as large as an image: a million items whose
 * comparison is long take most of a second. */
#ifndef LAM_SORT_H
#define LAM_SORT_H

#include <stdatomic.h>
#include <stddef.h>

#include <lamina/error.h>

/* As qsort_r(), and stable: items that are equal stay as they come. LAM_ESTOPPED (stop may
 * be NULL) or LAM_ENOMEM: they are in some order. */
int lam_sort(void *items, size_t count, size_t size,
	     int (*compare)(const void *a, const void *b, void *context), void *context,
	     const atomic_bool *stop, struct lam_error *err);

#endif
