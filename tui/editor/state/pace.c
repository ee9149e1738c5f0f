/* How fast a job goes, and how long that will take. */
#include "editor/state/pace.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/size.h"

#define SPEED_MS 5000 /* speed is that of the last so many milliseconds */
#define LEFT_MS  3000 /* before that, nothing is said of the time that is left */

void pace_add(struct pace *pace, int64_t now_ms, uint64_t bytes)
{
	size_t at = pace->sample++ % (sizeof pace->samples / sizeof *pace->samples);

	pace->samples[at].ms = now_ms;
	pace->samples[at].bytes = bytes;
}

/* Bytes a second, of the samples of the last seconds. */
static double speed(const struct pace *pace, int64_t now_ms)
{
	size_t count = sizeof pace->samples / sizeof *pace->samples;
	int64_t oldest = INT64_MAX, newest = 0;
	uint64_t from = 0, to = 0;

	for (size_t i = 0; i < count; i++) {
		int64_t ms = pace->samples[i].ms;

		if (ms <= 0 || ms < now_ms - SPEED_MS)
			continue;
		if (ms < oldest) {
			oldest = ms;
			from = pace->samples[i].bytes;
		}
		if (ms > newest) {
			newest = ms;
			to = pace->samples[i].bytes;
		}
	}
	return newest > oldest && to > from
		       ? (double)(to - from) * 1000 / (double)(newest - oldest)
		       : 0;
}

static const char *clock_text(int64_t seconds, char out[24])
{
	if (seconds >= 3600)
		snprintf(out, 24, "%" PRId64 ":%02d:%02d", seconds / 3600,
			 (int)(seconds / 60 % 60), (int)(seconds % 60));
	else
		snprintf(out, 24, "%d:%02d", (int)(seconds / 60), (int)(seconds % 60));
	return out;
}

const char *pace_text(const struct pace *pace, int64_t now_ms, uint64_t rest,
		      char out[PACE_TEXT])
{
	int64_t used = now_ms - pace->begun_ms;
	double rate = speed(pace, now_ms);
	char size[LAM_SIZE_TEXT], a[24], b[24];
	int len = 0;

	if (rate > 0)
		len = snprintf(out, PACE_TEXT, "  %s/s",
			       lam_size_text((uint64_t)rate, size));
	len += snprintf(out + len, PACE_TEXT - (size_t)len, "  %s",
			clock_text(used > 0 ? used / 1000 : 0, a));
	if (rate > 0 && rest > 0 && used >= LEFT_MS)
		snprintf(out + len, PACE_TEXT - (size_t)len, " / %s left",
			 clock_text((int64_t)((double)rest / rate), b));
	return out;
}
