/* Times as RFC 3339 writes them, and Go decodes them; and the clock that never goes back. */
#ifndef LAM_TIME_H
#define LAM_TIME_H

#include <stdbool.h>
#include <stdint.h>

#define LAM_TIME_TEXT 40

/* "2026-01-02T03:04:05.678+09:00" as seconds since 1970 and nanoseconds behind these; what
 * is finer is cut off. False: it is none. */
bool lam_time_parse(const char *text, int64_t *out_s, uint32_t *out_ns);
/* "2026-01-02T03:04:05Z"; the bare number where a year has no place in an int. */
const char *lam_time_format(int64_t s, char out[LAM_TIME_TEXT]);

/* Milliseconds of the clock that only counts. */
int64_t lam_now_ms(void);

#endif
