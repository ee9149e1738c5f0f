/* Memory that cannot reasonably be lacking: paths, names, rules, one struct. These never
 * return NULL; where the system has none left they end the program in one place, with one
 * line and exit code 3. Nothing is lost by that: an output is temporary files until it is
 * published, and the editor's plan is on disk before a change shows.
 *
 * What an image sizes (all its nodes, a file's content) is not asked for here: that is
 * bounded by limits.h and reported (lam_alloc_large, LAM_GROW, lam_buf_append). */
#ifndef LAM_MEMORY_H
#define LAM_MEMORY_H

#include <stdarg.h>
#include <stddef.h>

void *lam_xmalloc(size_t size);
void *lam_xcalloc(size_t count, size_t size);
void *lam_xrealloc(void *old, size_t size);
char *lam_xstrdup(const char *text);
/* The same; NULL of NULL. */
char *lam_xcopy(const char *text);
/* A copy with a closing '\0'; the bytes may hold others. */
char *lam_xmemdup(const void *bytes, size_t len);
char *lam_xprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *lam_xvprintf(const char *format, va_list args)
	__attribute__((format(printf, 1, 0)));

/* Makes room for one more in a growing array: `LAM_XGROW(a->items, a->count, a->cap)`. */
void *lam_xgrow(void *array, size_t count, size_t *cap, size_t size);
#define LAM_XGROW(array, count, cap) \
	((array) = lam_xgrow((array), (count), &(cap), sizeof *(array)))

/* Called first when the program ends for lack of memory, from the thread that lacks it:
 * gives the terminal back. At most once; NULL: nothing. */
extern void (*lam_out_of_memory_hook)(void);
/* The same for temporary files, that they do not stay. */
extern void (*lam_out_of_memory_files)(void);
_Noreturn void lam_out_of_memory(void);

#endif
