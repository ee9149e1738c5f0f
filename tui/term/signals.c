/* Signals: noted for a poll, or the end with the terminal put back. */
#include "term/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

struct watched {
	int number;
	unsigned seen; /* 0: ends the process */
	struct sigaction before;
	bool is_set;
};

static struct watched watched[] = {
	{ .number = SIGWINCH, .seen = SEEN_RESIZE },
	{ .number = SIGINT, .seen = SEEN_END },
	{ .number = SIGTERM, .seen = SEEN_END },
	{ .number = SIGTSTP, .seen = SEEN_STOP },
	{ .number = SIGCONT, .seen = SEEN_CONTINUE },
	{ .number = SIGHUP, .seen = SEEN_END },
	{ .number = SIGQUIT },
	{ .number = SIGSEGV },
	{ .number = SIGBUS },
	{ .number = SIGABRT },
	{ .number = SIGFPE },
};
#define WATCHED_COUNT (sizeof watched / sizeof *watched)

static atomic_uint seen;
static atomic_int ended_by;
static atomic_bool away;
static int pipe_ends[2] = { -1, -1 };
static int terminal_fd = -1;
static struct termios terminal_saved;
/* Two of them, so that a handler never sees one that is being written. */
static char restore_bytes[2][RESTORE_MAX];
static size_t restore_lens[2];
static atomic_uint restore_now;
/* SIGSEGV may mean that there is no stack left. */
static char handler_stack[64 << 10];
static bool stack_is_set;

static struct watched *watched_of(int number)
{
	for (size_t i = 0; i < WATCHED_COUNT; i++) {
		if (watched[i].number == number)
			return &watched[i];
	}
	return NULL;
}

static void note(int number)
{
	const struct watched *w = watched_of(number);
	int error = errno;
	ssize_t written;

	if (w && !(number == SIGINT && atomic_load(&away))) {
		atomic_fetch_or(&seen, w->seen);
		if (w->seen == SEEN_END)
			atomic_store(&ended_by, number);
		/* A full pipe wakes the poll as well. */
		written = write(pipe_ends[1], "", 1);
		(void)written;
	}
	errno = error;
}

/* Async-signal-safe calls alone. */
static void give_back(void)
{
	unsigned now = atomic_load(&restore_now);
	ssize_t written;

	if (atomic_load(&away))
		return;
	written = write(terminal_fd, restore_bytes[now], restore_lens[now]);
	(void)written;
	tcsetattr(terminal_fd, TCSANOW, &terminal_saved);
}

/* The same. */
static void end(int number)
{
	const struct watched *w = watched_of(number);

	if (atomic_load(&away) && number == SIGQUIT)
		return;
	give_back();
	/* It is blocked up to the return from here. */
	if (w)
		sigaction(number, &w->before, NULL);
	raise(number);
}

static void set_stack(void)
{
	stack_t before,
		ours = { .ss_sp = handler_stack, .ss_size = sizeof handler_stack };

	if (sigaltstack(NULL, &before) == 0 && before.ss_flags & SS_DISABLE)
		stack_is_set = sigaltstack(&ours, NULL) == 0;
}

static void set_handler(struct watched *w)
{
	struct sigaction action = { .sa_flags = SA_RESTART | SA_ONSTACK };

	action.sa_handler = w->seen ? note : end;
	sigfillset(&action.sa_mask);
	/* nohup and the like: what was ignored stays so. */
	if (sigaction(w->number, NULL, &w->before) < 0 ||
	    (w->before.sa_handler == SIG_IGN && w->number != SIGWINCH))
		return;
	w->is_set = sigaction(w->number, &action, NULL) == 0;
}

int signals_open(int terminal, const struct termios *saved)
{
	if (pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	terminal_fd = terminal;
	terminal_saved = *saved;
	atomic_store(&seen, 0);
	atomic_store(&away, false);
	set_stack();
	for (size_t i = 0; i < WATCHED_COUNT; i++)
		set_handler(&watched[i]);
	lam_out_of_memory_hook = give_back;
	return pipe_ends[0];
}

void signals_close(void)
{
	stack_t none = { .ss_flags = SS_DISABLE };

	lam_out_of_memory_hook = NULL;
	for (size_t i = 0; i < WATCHED_COUNT; i++) {
		if (watched[i].is_set)
			sigaction(watched[i].number, &watched[i].before, NULL);
		watched[i].is_set = false;
	}
	if (stack_is_set)
		sigaltstack(&none, NULL);
	stack_is_set = false;
	close(pipe_ends[0]);
	close(pipe_ends[1]);
	pipe_ends[0] = pipe_ends[1] = -1;
}

unsigned signals_take(void)
{
	char bytes[64];

	while (read(pipe_ends[0], bytes, sizeof bytes) > 0)
		;
	return atomic_exchange(&seen, 0);
}

int signals_ended_by(void)
{
	return atomic_load(&ended_by);
}

void signals_set_restore(const char *bytes, size_t len)
{
	unsigned next = 1 - atomic_load(&restore_now);

	len = len < RESTORE_MAX ? len : RESTORE_MAX;
	memcpy(restore_bytes[next], bytes, len);
	restore_lens[next] = len;
	atomic_store(&restore_now, next);
}

static void set_stop_handler(bool ours)
{
	const struct watched *w = watched_of(SIGTSTP);
	struct sigaction action = { .sa_handler = note, .sa_flags = SA_RESTART };

	if (!w || !w->is_set)
		return;
	if (!ours)
		action.sa_handler = SIG_DFL;
	sigfillset(&action.sa_mask);
	sigaction(SIGTSTP, &action, NULL);
}

void signals_set_away(bool now_away)
{
	atomic_store(&away, now_away);
	set_stop_handler(!now_away);
}

void signals_stop(bool group)
{
	set_stop_handler(false);
	kill(group ? 0 : getpid(), SIGTSTP);
	set_stop_handler(true);
	atomic_fetch_and(&seen, ~(unsigned)(SEEN_STOP | SEEN_CONTINUE));
}
