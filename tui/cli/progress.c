/* Progress: a bar on a terminal, a line now and then elsewhere. */
#include <string.h>
#include <unistd.h>

#include "base/size.h"
#include "base/time.h"
#include "cli/print.h"

#define CLEAR "\r\033[K"

enum { BAR, LINES };

static struct {
	int how;
	bool shown;
	int64_t since;        /* the last report, in ms */
	enum lam_stage stage; /* that is shown */
	unsigned part, parts; /* images that were read, of how many; 0: of one */
	struct {
		uint64_t done[4096], total[4096]; /* of its layers */
	} of[LAM_STAGE_PUBLISH + 1];
} state;

void progress_clear(void)
{
	if (state.shown)
		print_own(stderr, CLEAR);
	state.shown = false;
}

static void show(uint64_t done, uint64_t total)
{
	static const char *const words[] = { "reading", "writing", "verifying", "sending",
					     "publishing" };
	static const char full[] = "##############################",
			  empty[] = "------------------------------";
	char a[LAM_SIZE_TEXT], b[LAM_SIZE_TEXT], part[40] = "";
	unsigned parts = state.parts ? state.parts : 1;
	double share = total ? (double)done / (double)total : 0;
	int filled;

	share = share > 1 ? 1 : share;
	share = (state.part + share) / parts;
	filled = (int)(share * 30);
	lam_size_text(done, a);
	lam_size_text(total, b);
	if (parts > 1)
		snprintf(part, sizeof part, ", image %u of %u", state.part + 1, parts);
	if (state.how == LINES) {
		print_line(stderr, "lamina: %s: %s of %s%s", words[state.stage], a, b,
			   part);
		return;
	}
	print_own(stderr, CLEAR);
	print(stderr, "%-10s [%.*s%.*s] %3d%%  %s of %s%s", words[state.stage], filled,
	      full, 30 - filled, empty, (int)(share * 100), a, b, part);
	fflush(stderr);
	state.shown = true;
}

void progress_parts(unsigned count)
{
	state.parts = count;
}

void progress_next_part(void)
{
	state.part++;
	state.stage = LAM_STAGE_READ;
	memset(state.of, 0, sizeof state.of);
}

static bool sum(enum lam_stage stage, uint64_t *done, uint64_t *total)
{
	*done = *total = 0;
	for (size_t i = 0; i < 4096; i++) {
		*done += state.of[stage].done[i];
		*total += state.of[stage].total[i];
	}
	return *done == *total;
}

/* Stages overlap: one is shown up to its end, and the next from there on. */
static void report(void *context, const struct lam_step *step)
{
	int64_t now = lam_now_ms();
	uint64_t done, total;

	(void)context;
	if (step->layer >= 4096)
		return;
	state.of[step->stage].done[step->layer] = step->done;
	state.of[step->stage].total[step->layer] = step->total;
	if (now - state.since < (state.how == BAR ? 100 : 5000))
		return;
	state.since = now;
	while (sum(state.stage, &done, &total) && state.stage < step->stage)
		state.stage++;
	show(done, total);
}

int progress_setup(struct call *call)
{
	const char *how = call_value(call, "progress");

	call->progress = (struct lam_progress){ .stop = &stop_asked };
	if (how && strcmp(how, "auto") != 0 && strcmp(how, "plain") != 0 &&
	    strcmp(how, "none") != 0)
		return usage_error(call->command->name,
				   "--progress is auto, plain or none");
	if (how && strcmp(how, "none") == 0)
		return 0;
	state.how = isatty(STDERR_FILENO) && !(how && strcmp(how, "plain") == 0) ? BAR
										 : LINES;
	state.since = lam_now_ms();
	call->progress.report = report;
	return 0;
}
