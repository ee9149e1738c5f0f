/* Numbers of tar headers, as Go's archive/tar reads them. */
#ifndef LAM_TAR_NUMBER_H
#define LAM_TAR_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A field: base-256 where the highest bit is set, else octal with spaces and zeros around
 * it, blank is 0. */
bool lam_tar_number(const unsigned char *field, size_t len, int64_t *out);
/* A whole decimal, "-" allowed in front. */
bool lam_tar_decimal(const char *text, size_t len, int64_t *out);
/* "[-]seconds[.fraction]", digits past the ninth cut off. */
bool lam_tar_time(const char *text, size_t len, int64_t *out_s, uint32_t *out_ns);

#endif
