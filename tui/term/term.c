/* The terminal: taken, given back, waited for. */
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/time.h"
#include "term/curses.h"
#include "term/keys.h"
#include "term/signals.h"

#define WIDTH_MAX  2000 /* more are nobody's, and would only cost memory */
#define HEIGHT_MAX 1000
#define WAIT_MAX   86400000 /* ms */

#define PASTE_ON  "\033[?2004h"
#define PASTE_OFF "\033[?2004l"
#define MOUSE_ON  "\033[?1000h\033[?1006h"
#define MOUSE_OFF "\033[?1006l\033[?1000l"
#define HINT      "`lamina ls IMAGE` lists without one"

struct term {
	struct screen *screen;
	struct term_keys keys;
	struct termios saved; /* the terminal as it was */
	int signal_fd;
	bool ascii, mouse;
	bool is_away;
	int width, height;
};

static int clamp(int value, int most)
{
	return value < 1 ? 1 : value > most ? most : value;
}

static void read_size(struct term *term)
{
	struct winsize size;

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col && size.ws_row) {
		term->width = size.ws_col;
		term->height = size.ws_row;
	} else {
		screen_default_size(term->screen, &term->width, &term->height);
	}
	term->width = clamp(term->width, WIDTH_MAX);
	term->height = clamp(term->height, HEIGHT_MAX);
	screen_resize(term->screen, term->width, term->height);
}

static void send(struct term *term, const char *text)
{
	screen_send(term->screen, text, strlen(text));
}

static void send_modes(struct term *term, bool on)
{
	if (!screen_has_csi(term->screen))
		return;
	send(term, on ? PASTE_ON : PASTE_OFF);
	if (term->mouse)
		send(term, on ? MOUSE_ON : MOUSE_OFF);
}

/* What a fatal signal writes: the line in which the cursor ends depends on the size. */
static void prepare_restore(struct term *term)
{
	char bytes[RESTORE_MAX] = "";
	size_t len = 0;

	if (screen_has_csi(term->screen))
		len = (size_t)snprintf(bytes, sizeof bytes, "%s%s",
				       term->mouse ? MOUSE_OFF : "", PASTE_OFF);
	len += screen_restore_bytes(term->screen, bytes + len, sizeof bytes - len);
	signals_set_restore(bytes, len);
}

static int check_terminal(struct termios *out_saved, struct lam_error *err)
{
	pid_t foreground;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
	    tcgetattr(STDIN_FILENO, out_saved) < 0)
		return lam_fail(err, LAM_EUSAGE,
				"the editor needs a terminal as standard %s; " HINT,
				isatty(STDIN_FILENO) ? "output" : "input");
	foreground = tcgetpgrp(STDIN_FILENO);
	if (foreground >= 0 && foreground != getpgrp())
		return lam_fail(err, LAM_EUSAGE,
				"the editor runs in the foreground alone; " HINT);
	return 0;
}

int term_open(struct term **out, const struct term_options *options,
	      struct lam_error *err)
{
	struct termios saved;
	struct term *term;

	if (check_terminal(&saved, err) < 0)
		return err->code;
	term = lam_xcalloc(1, sizeof *term);
	term->saved = saved;
	term->mouse = options->mouse;
	term->ascii = options->ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	term->keys.erase = saved.c_cc[VERASE];
	/* First, so that curses finds handlers and sets none of its own. */
	term->signal_fd = signals_open(STDIN_FILENO, &saved);
	if (term->signal_fd < 0) {
		free(term);
		return lam_fail_errno(err, LAM_EUSAGE, errno, "a pipe for signals");
	}
	if (screen_open(&term->screen, options->no_color, term->ascii, err) < 0) {
		signals_close();
		free(term);
		return err->code;
	}
	read_size(term);
	prepare_restore(term);
	send_modes(term, true);
	*out = term;
	return 0;
}

void term_close(struct term *term)
{
	if (!term)
		return;
	if (!term->is_away)
		send_modes(term, false);
	screen_close(term->screen);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &term->saved);
	signals_close();
	term_keys_fini(&term->keys);
	free(term);
}

enum palette term_palette(const struct term *term)
{
	return screen_palette(term->screen);
}

bool term_is_ascii(const struct term *term)
{
	return term->ascii;
}

void term_size(const struct term *term, int *out_width, int *out_height)
{
	*out_width = term->width;
	*out_height = term->height;
}

void term_draw(struct term *term, const struct canvas *canvas)
{
	if (!term->is_away)
		screen_draw(term->screen, canvas);
}

void term_redraw(struct term *term)
{
	screen_redraw(term->screen);
}

void term_leave(struct term *term)
{
	if (term->is_away)
		return;
	send_modes(term, false);
	screen_leave(term->screen);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &term->saved);
	term->is_away = true;
	signals_set_away(true);
}

void term_enter(struct term *term)
{
	if (!term->is_away)
		return;
	signals_set_away(false);
	term->is_away = false;
	screen_enter(term->screen);
	read_size(term);
	prepare_restore(term);
	send_modes(term, true);
}

static void stop(struct term *term, bool group)
{
	term_leave(term);
	signals_stop(group);
	term_enter(term);
}

void term_suspend(struct term *term)
{
	stop(term, true);
}

/* --- the clipboard: by tmux, or OSC 52 through what is in between --- */

#define COPY_MAX    74000 /* bytes; terminals take about 100,000 of base64 */
#define SCREEN_PART 240   /* GNU screen hands on strings up to 256 bytes */

static bool is_without(const char *name)
{
	return lam_text_behind(name, "linux") || lam_text_behind(name, "vt1") ||
	       lam_text_behind(name, "vt2");
}

static void become_tmux(int from)
{
	int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (dup2(from, 0) == 0 && dup2(nowhere, 1) == 1 && dup2(nowhere, 2) == 2)
		execlp("tmux", "tmux", "load-buffer", "-w", "-", (char *)NULL);
	_exit(127);
}

/* As it is set by default tmux hands on neither of the ways below; its own command does,
 * since 3.2. */
static bool tmux_copies(const char *text)
{
	FILE *held = getenv("TMUX") ? tmpfile() : NULL;
	bool written;
	int status = 0;
	pid_t child;

	if (!held)
		return false;
	written = fputs(text, held) >= 0 && fseek(held, 0, SEEK_SET) == 0;
	child = written ? fork() : -1;
	if (child == 0)
		become_tmux(fileno(held));
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
	fclose(held);
	return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* In tmux both ways: which of them it takes is a matter of its settings. */
static void wrap_for_tmux(struct lam_buf *out, const char *plain)
{
	lam_text_puts(out, plain);
	lam_text_puts(out, "\033Ptmux;");
	for (; *plain; plain++) {
		if (*plain == '\033')
			lam_text_putc(out, '\033');
		lam_text_putc(out, *plain);
	}
	lam_text_puts(out, "\033\\");
}

static void wrap_for_screen(struct lam_buf *out, const char *plain)
{
	for (size_t left = strlen(plain), part; left > 0; left -= part, plain += part) {
		part = left < SCREEN_PART ? left : SCREEN_PART;
		lam_text_puts(out, "\033P");
		lam_text_add(out, plain, part);
		lam_text_puts(out, "\033\\");
	}
}

bool term_copy(struct term *term, const char *text)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf plain = LAM_TEXT, wrapped = LAM_TEXT;
	const char *name = getenv("TERM");

	if (tmux_copies(text))
		return true;
	if (!screen_has_csi(term->screen) || is_without(name) || strlen(text) > COPY_MAX)
		return false;
	lam_text_puts(&plain, "\033]52;c;");
	lam_base64_encode(&plain, text, strlen(text));
	lam_text_putc(&plain, '\a');
	if (getenv("TMUX") || lam_text_behind(name, "tmux"))
		wrap_for_tmux(&wrapped, plain.data);
	else if (lam_text_behind(name, "screen"))
		wrap_for_screen(&wrapped, plain.data);
	send(term, wrapped.data ? wrapped.data : plain.data);
	return true;
}

/* --- waiting --- */

/* One event for what signals told, the weightiest first; the others stay for later. */
static bool next_of_signals(struct term *term, struct term_event *out)
{
	unsigned seen = signals_take();

	*out = (struct term_event){ .kind = TERM_NOTHING };
	if (seen & SEEN_STOP) {
		stop(term, false);
		out->kind = TERM_RESUMED;
	} else if (seen & SEEN_CONTINUE) {
		/* By SIGSTOP: whoever had the terminal meanwhile may have changed it. */
		term_leave(term);
		term_enter(term);
		out->kind = TERM_RESUMED;
	} else if (seen & SEEN_RESIZE) {
		read_size(term);
		prepare_restore(term);
		out->kind = TERM_RESIZE;
	}
	if (seen & SEEN_END)
		*out = (struct term_event){ .kind = TERM_STOPPED,
					    .signal = signals_ended_by() };
	return out->kind != TERM_NOTHING;
}

/* False where the terminal is gone. */
static bool read_keys(struct term *term)
{
	unsigned char bytes[TERM_KEYS_ROOM];
	size_t room = TERM_KEYS_ROOM - term->keys.len;
	ssize_t len = read(STDIN_FILENO, bytes, room);

	if (len > 0)
		term_keys_feed(&term->keys, bytes, (size_t)len, lam_now_ms());
	return len > 0 || (len < 0 && (errno == EINTR || errno == EAGAIN));
}

static int shorter(int a, int b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a < b ? a : b;
}

static int time_left(int64_t deadline, int64_t now)
{
	int64_t left = deadline - now;

	if (deadline < 0)
		return -1;
	return left < 0 ? 0 : left > WAIT_MAX ? WAIT_MAX : (int)left;
}

/* Sleeps until something is there; *out tells what but keys and signals. */
static void sleep_until(struct term *term, int wake_fd, int timeout_ms,
			struct term_event *out)
{
	struct pollfd fds[] = {
		{ .fd = term->signal_fd, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = wake_fd, .events = POLLIN },
	};

	out->kind = TERM_NOTHING;
	if (poll(fds, 3, timeout_ms) <= 0 || fds[0].revents)
		return;
	if (fds[1].revents && (!(fds[1].revents & POLLIN) || !read_keys(term)))
		out->kind = TERM_CLOSED;
	else if (!fds[1].revents && fds[2].revents)
		out->kind = TERM_WAKE;
}

void term_wait(struct term *term, int wake_fd, int timeout_ms, struct term_event *out)
{
	int64_t now = lam_now_ms();
	int64_t deadline = timeout_ms < 0 ? -1 : now + timeout_ms;
	bool last = false;

	do {
		int left = time_left(deadline, now);

		if (next_of_signals(term, out) || term_keys_next(&term->keys, now, out))
			return;
		if (last)
			break;
		last = left == 0;
		sleep_until(term, wake_fd,
			    shorter(left, term_keys_patience(&term->keys, now)), out);
		if (out->kind != TERM_NOTHING)
			return;
		now = lam_now_ms();
	} while (true);
	*out = (struct term_event){ .kind = TERM_NOTHING };
}
