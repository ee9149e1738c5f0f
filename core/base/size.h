/* Sizes and counts as text, the same wherever the program reads or shows them. */
#ifndef LAM_SIZE_H
#define LAM_SIZE_H

#include <stddef.h>
#include <stdint.h>

#include <lamina/error.h>

/* "12", "1.5M": a number with k, M, G or T of either case behind it, powers of 1,024.
 * LAM_EUSAGE. */
int lam_size_parse(uint64_t *out, const char *text, struct lam_error *err);

/* "12" or "1.5" at the begin of a text: where it ends, or NULL where there is none. */
const char *lam_size_number(double *out, const char *text);

#define LAM_SIZE_TEXT 16
/* "12.3M"; fewer than 1,024 bytes without a letter. */
const char *lam_size_text(uint64_t bytes, char out[LAM_SIZE_TEXT]);

#define LAM_COUNT_TEXT 32
/* "500M", "1025": what lam_size_parse takes for that many bytes, with the largest letter
 * that says them all. */
const char *lam_size_exact(uint64_t bytes, char out[LAM_COUNT_TEXT]);
/* "41,203" */
const char *lam_count_text(uint64_t count, char out[LAM_COUNT_TEXT]);

#endif
