/* How fast a job goes, and how long that will take. */
#ifndef PACE_H
#define PACE_H

#include <stddef.h>
#include <stdint.h>

struct pace {
	int64_t begun_ms;
	struct {
		int64_t ms;
		uint64_t bytes;
	} samples[32]; /* a ring: speed over 5 s */
	size_t sample;
};

/* So many bytes are done by now. */
void pace_add(struct pace *pace, int64_t now_ms, uint64_t bytes);
/* Of a run, of which `rest` bytes are left: "  12M/s  0:09 / 0:21 left", or as much of it
 * as is known. */
#define PACE_TEXT 80
const char *pace_text(const struct pace *pace, int64_t now_ms, uint64_t rest,
		      char out[PACE_TEXT]);

#endif
