/* The bar of the command line on a terminal: it never runs backwards. */
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "unit.h"

/* main.c has these. */
atomic_bool stop_asked;
int stop_signal;
const struct command *const COMMANDS[] = { NULL };

static void step(struct call *call, enum lam_stage stage, uint32_t layer, uint64_t done,
		 uint64_t total)
{
	const struct lam_step told = {
		.stage = stage, .layer = layer, .done = done, .total = total
	};

	usleep(110000); /* it is drawn anew ten times a second */
	call->progress.report(call->progress.context, &told);
}

/* The percents in what was drawn. */
static size_t percents(const char *text, int *out, size_t most)
{
	size_t count = 0;

	for (const char *at = text; (at = strchr(at, '%')) && count < most; at++) {
		const char *from = at;

		while (from > text && from[-1] >= '0' && from[-1] <= '9')
			from--;
		out[count++] = atoi(from);
	}
	return count;
}

/* What is in the terminal comes when it comes: up to six percents are waited for. */
static size_t read_all(int fd, char *text, size_t size, int *seen)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	size_t len = 0, count = 0;

	while (count < 6 && poll(&ready, 1, 10000) == 1) {
		ssize_t got = read(fd, text + len, size - 1 - len);

		if (got <= 0)
			break;
		len += (size_t)got;
		text[len] = '\0';
		count = percents(text, seen, 32);
	}
	return count;
}

static void two_images_have_one_bar(void **state)
{
	struct call call = { 0 };
	int master, slave, old, seen[32];
	char text[8192] = "";
	size_t count;

	(void)state;
	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	old = dup(STDERR_FILENO);
	dup2(slave, STDERR_FILENO);
	assert_int_equal(progress_setup(&call), 0);
	progress_parts(2);
	for (unsigned image = 0; image < 2; image++) {
		step(&call, LAM_STAGE_READ, 0, 0, 1000);
		step(&call, LAM_STAGE_READ, 0, 600, 1000);
		step(&call, LAM_STAGE_READ, 0, 1000, 1000);
		progress_next_part();
	}
	progress_clear();
	dup2(old, STDERR_FILENO);
	close(old);
	close(slave);
	count = read_all(master, text, sizeof text, seen);
	close(master);
	assert_int_equal(count, 6);
	for (size_t i = 1; i < count; i++)
		assert_true(seen[i] >= seen[i - 1]);
	assert_int_equal(seen[2], 50);
	assert_int_equal(seen[5], 100);
	assert_non_null(strstr(text, "image 2 of 2"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_images_have_one_bar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
