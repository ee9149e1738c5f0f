#include "vt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <vterm.h>

#include "base/utf8.h"
#include "ui/text.h"
#include "vt_job.h"

struct vt {
	int master;
	struct vt_job job;
	pid_t pid;
	int status; /* of the last report */
	bool stopped, ended;
	struct termios before;
	VTerm *vterm;
	VTermScreen *screen;
	int width, height;
	VTermPos cursor;
	bool cursor_visible, alternate;
	unsigned bells;
	char sequence[64]; /* a control sequence that has not ended yet */
	size_t sequence_len;
	char last;    /* byte before it */
	char *output; /* all of it */
	size_t output_len, output_cap;
};

static void die(const char *what)
{
	perror(what);
	exit(99);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- the screen --- */

static int on_move(VTermPos pos, VTermPos old, int visible, void *data)
{
	struct vt *vt = data;

	(void)old;
	(void)visible;
	vt->cursor = pos;
	return 1;
}

static int on_property(VTermProp property, VTermValue *value, void *data)
{
	struct vt *vt = data;

	if (property == VTERM_PROP_CURSORVISIBLE)
		vt->cursor_visible = value->boolean;
	else if (property == VTERM_PROP_ALTSCREEN)
		vt->alternate = value->boolean;
	return 1;
}

static int on_bell(void *data)
{
	struct vt *vt = data;

	vt->bells++;
	return 1;
}

static const VTermScreenCallbacks CALLBACKS = {
	.movecursor = on_move,
	.settermprop = on_property,
	.bell = on_bell,
};

static void open_screen(struct vt *vt)
{
	vt->vterm = vterm_new(vt->height, vt->width);
	if (!vt->vterm)
		die("vterm");
	vt->cursor_visible = true;
	vterm_set_utf8(vt->vterm, 1);
	vt->screen = vterm_obtain_screen(vt->vterm);
	vterm_screen_enable_altscreen(vt->screen, 1);
	vterm_screen_set_callbacks(vt->screen, &CALLBACKS, vt);
	vterm_screen_reset(vt->screen, 1);
}

static int color_index(VTermColor color)
{
	if (VTERM_COLOR_IS_DEFAULT_FG(&color) || VTERM_COLOR_IS_DEFAULT_BG(&color))
		return -1;
	return VTERM_COLOR_IS_INDEXED(&color) ? color.indexed.idx : -2;
}

struct vt_cell vt_cell(const struct vt *vt, int x, int y)
{
	VTermScreenCell cell = { 0 };
	struct vt_cell out;
	size_t len = 0;

	vterm_screen_get_cell(vt->screen, (VTermPos){ .row = y, .col = x }, &cell);
	out = (struct vt_cell){
		.width = cell.width,
		.fg = color_index(cell.fg),
		.bg = color_index(cell.bg),
		.bold = cell.attrs.bold,
		.underline = cell.attrs.underline,
		.reverse = cell.attrs.reverse,
	};
	if (cell.chars[0] == (uint32_t)-1)
		return out;
	for (size_t i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i]; i++)
		len += lam_utf8_encode(cell.chars[i], out.text + len);
	if (len == 0)
		out.text[0] = ' ';
	return out;
}

char *vt_row(const struct vt *vt, int y)
{
	char *row = calloc((size_t)vt->width + 1, sizeof(struct vt_cell));
	size_t len = 0, end = 0;

	if (!row)
		die("row");
	for (int x = 0; x < vt->width; x++) {
		struct vt_cell cell = vt_cell(vt, x, y);

		len += (size_t)sprintf(row + len, "%s", cell.text);
		if (strcmp(cell.text, " ") != 0)
			end = len;
	}
	row[end] = '\0';
	return row;
}

char *vt_screen(const struct vt *vt)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		die("screen");
	for (int y = 0; y < vt->height; y++) {
		char *row = vt_row(vt, y);

		fprintf(out, "%s\n", row);
		free(row);
	}
	fclose(out);
	return text;
}

bool vt_find(const struct vt *vt, const char *text, int *out_x, int *out_y)
{
	for (int y = 0; y < vt->height; y++) {
		char *row = vt_row(vt, y);
		char *found = strstr(row, text);

		if (found) {
			*found = '\0';
			*out_x = text_width(row);
			*out_y = y;
		}
		free(row);
		if (found)
			return true;
	}
	return false;
}

bool vt_has_text(const struct vt *vt, const char *text)
{
	int x, y;

	return vt_find(vt, text, &x, &y);
}

bool vt_cursor(const struct vt *vt, int *out_x, int *out_y)
{
	*out_x = vt->cursor.col;
	*out_y = vt->cursor.row;
	return vt->cursor_visible;
}

bool vt_alternate(const struct vt *vt)
{
	return vt->alternate;
}

unsigned vt_bells(const struct vt *vt)
{
	return vt->bells;
}

bool vt_has_sent(const struct vt *vt, const char *bytes)
{
	return vt->output && memmem(vt->output, vt->output_len, bytes, strlen(bytes));
}

static size_t last_of(const struct vt *vt, const char *bytes)
{
	size_t len = strlen(bytes), last = 0;
	const char *at = vt->output, *found;

	while (at && (found = memmem(at, vt->output_len - (size_t)(at - vt->output),
				     bytes, len))) {
		last = (size_t)(found - vt->output) + 1;
		at = found + len;
	}
	return last;
}

bool vt_mode(const struct vt *vt, int mode)
{
	char on[32], off[32];

	snprintf(on, sizeof on, "\033[?%dh", mode);
	snprintf(off, sizeof off, "\033[?%dl", mode);
	return last_of(vt, on) > last_of(vt, off);
}

/* --- reading and writing --- */

static void keep_output(struct vt *vt, const char *bytes, size_t len)
{
	if (vt->output_len + len > vt->output_cap) {
		size_t cap = (vt->output_len + len) * 2;
		char *grown = realloc(vt->output, cap);

		if (!grown)
			die("output");
		vt->output = grown;
		vt->output_cap = cap;
	}
	memcpy(vt->output + vt->output_len, bytes, len);
	vt->output_len += len;
}

static void take_report(struct vt *vt)
{
	struct vt_report report;

	if (read(vt->job.reports, &report, sizeof report) != (ssize_t)sizeof report) {
		vt->ended = true;
		return;
	}
	vt->pid = report.pid;
	if (report.status == -1)
		return;
	vt->status = report.status;
	vt->stopped = WIFSTOPPED(report.status);
	vt->ended = !vt->stopped;
}

static void repeat(struct vt *vt)
{
	unsigned long count = strtoul(vt->sequence + 2, NULL, 10);

	for (unsigned long n = 0; n < count && n < 10000; n++)
		vterm_input_write(vt->vterm, &vt->last, 1);
}

/* A byte of "ESC [ ... letter", which is held back up to its end. */
static void hold(struct vt *vt, char byte)
{
	size_t len = ++vt->sequence_len;
	bool goes_on =
		len == 1 || (len == 2 && byte == '[') ||
		(len > 2 && len < sizeof vt->sequence - 1 && byte >= ' ' && byte < '@');

	vt->sequence[len - 1] = byte;
	vt->sequence[len] = '\0';
	if (goes_on)
		return;
	if (byte == 'b')
		repeat(vt);
	else
		vterm_input_write(vt->vterm, vt->sequence, vt->sequence_len);
	vt->sequence_len = 0;
}

/* libvterm 0.1 miscounts where a repeated character comes near the edge, so it is not
 * told to repeat. */
static void show(struct vt *vt, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		size_t plain = i;

		while (vt->sequence_len == 0 && i < len && bytes[i] != '\033')
			i++;
		if (i > plain)
			vterm_input_write(vt->vterm, bytes + plain, i - plain);
		if (i > plain)
			vt->last = bytes[i - 1];
		if (i < len)
			hold(vt, bytes[i]);
	}
}

static bool read_output(struct vt *vt)
{
	char bytes[65536], answer[256];
	ssize_t len = read(vt->master, bytes, sizeof bytes);
	size_t answer_len;

	if (len <= 0)
		return false;
	keep_output(vt, bytes, (size_t)len);
	show(vt, bytes, (size_t)len);
	vterm_screen_flush_damage(vt->screen);
	answer_len = vterm_output_read(vt->vterm, answer, sizeof answer);
	if (answer_len > 0 && write(vt->master, answer, answer_len) < 0)
		return false;
	return true;
}

/* Takes in what there is, after waiting no longer than time_ms for it. False: nothing. */
static bool pump(struct vt *vt, int time_ms, short events)
{
	struct pollfd fds[] = {
		{ .fd = vt->master, .events = (short)(POLLIN | events) },
		{ .fd = vt->ended ? -1 : vt->job.reports, .events = POLLIN },
	};

	if (poll(fds, 2, time_ms) <= 0)
		return false;
	if (fds[0].revents & POLLIN)
		read_output(vt);
	else if (fds[1].revents)
		take_report(vt);
	else if (!(fds[0].revents & events))
		poll(NULL, 0, 10); /* hung up: its end is to come */
	return true;
}

void vt_read_for(struct vt *vt, int time_ms)
{
	int64_t deadline = now_ms() + time_ms;

	for (int64_t left = time_ms; left > 0; left = deadline - now_ms())
		pump(vt, (int)left, 0);
}

void vt_send_bytes(struct vt *vt, const char *bytes, size_t len)
{
	int64_t deadline = now_ms() + VT_PATIENCE_MS;

	while (len > 0 && now_ms() < deadline) {
		ssize_t written = write(vt->master, bytes, len);

		if (written > 0) {
			bytes += written;
			len -= (size_t)written;
		} else if (errno != EAGAIN) {
			return;
		}
		if (len > 0)
			pump(vt, 100, POLLOUT);
	}
}

void vt_send(struct vt *vt, const char *text)
{
	vt_send_bytes(vt, text, strlen(text));
}

void vt_paste(struct vt *vt, const char *text)
{
	vt_send(vt, "\033[200~");
	vt_send(vt, text);
	vt_send(vt, "\033[201~");
}

static void send_mouse(struct vt *vt, int button, int x, int y, char last)
{
	char bytes[64];

	snprintf(bytes, sizeof bytes, "\033[<%d;%d;%d%c", button, x + 1, y + 1, last);
	vt_send(vt, bytes);
}

void vt_click(struct vt *vt, int x, int y)
{
	send_mouse(vt, 0, x, y, 'M');
	send_mouse(vt, 0, x, y, 'm');
}

void vt_wheel(struct vt *vt, int x, int y, bool down)
{
	send_mouse(vt, down ? 65 : 64, x, y, 'M');
}

void vt_resize(struct vt *vt, int width, int height)
{
	struct winsize size = { .ws_row = (unsigned short)height,
				.ws_col = (unsigned short)width };

	while (pump(vt, 0, 0))
		;
	vt->width = width;
	vt->height = height;
	vterm_set_size(vt->vterm, height, width);
	ioctl(vt->master, TIOCSWINSZ, &size);
}

/* --- waiting --- */

static bool wait_for(struct vt *vt, bool (*done)(struct vt *, void *), void *data,
		     const char *what)
{
	int64_t deadline = now_ms() + VT_PATIENCE_MS;
	char *screen;

	while (!done(vt, data)) {
		int64_t left = deadline - now_ms();

		if (left <= 0 || (vt->ended && !pump(vt, 50, 0) && !done(vt, data))) {
			screen = vt_screen(vt);
			fprintf(stderr, "waited in vain for %s%s; the screen:\n%s\n",
				what, vt->ended ? " (the program has ended)" : "",
				screen);
			free(screen);
			return false;
		}
		pump(vt, (int)left, 0);
	}
	return true;
}

bool vt_wait(struct vt *vt, bool (*done)(struct vt *vt, void *data), void *data)
{
	return wait_for(vt, done, data, "a condition");
}

struct wanted {
	const char *text;
	int y; /* -1: any row */
	bool absent;
};

static bool is_wanted(struct vt *vt, void *data)
{
	const struct wanted *wanted = data;
	char *row;
	bool found;

	if (wanted->y < 0)
		return vt_has_text(vt, wanted->text) != wanted->absent;
	row = vt_row(vt, wanted->y);
	found = strstr(row, wanted->text) != NULL;
	free(row);
	return found != wanted->absent;
}

bool vt_wait_text(struct vt *vt, const char *text)
{
	return wait_for(vt, is_wanted, &(struct wanted){ text, -1, false }, text);
}

bool vt_wait_no_text(struct vt *vt, const char *text)
{
	return wait_for(vt, is_wanted, &(struct wanted){ text, -1, true },
			"no such text");
}

bool vt_wait_row(struct vt *vt, int y, const char *text)
{
	return wait_for(vt, is_wanted, &(struct wanted){ text, y, false }, text);
}

static bool has_stopped(struct vt *vt, void *data)
{
	(void)data;
	return vt->stopped;
}

bool vt_wait_stopped(struct vt *vt)
{
	return wait_for(vt, has_stopped, NULL, "a stop");
}

static bool has_ended(struct vt *vt, void *data)
{
	(void)data;
	return vt->ended;
}

int vt_wait_exit(struct vt *vt)
{
	if (!wait_for(vt, has_ended, NULL, "the end"))
		return -1;
	while (pump(vt, 0, 0))
		;
	return WIFEXITED(vt->status) ? WEXITSTATUS(vt->status)
				     : 128 + WTERMSIG(vt->status);
}

/* --- the process --- */

static bool has_pid(struct vt *vt, void *data)
{
	(void)data;
	return vt->pid > 0;
}

struct vt *vt_start(const struct vt_options *options, const char *const *argv)
{
	struct winsize size = {
		.ws_row = (unsigned short)(options->height ? options->height : 24),
		.ws_col = (unsigned short)(options->width ? options->width : 80)
	};
	const char *env[32] = { 0 };
	char term[128], locale[128];
	struct vt *vt = calloc(1, sizeof *vt);
	size_t count = 0;
	int slave = -1;

	if (!vt || openpty(&vt->master, &slave, NULL, NULL, &size) < 0)
		die("openpty");
	fcntl(vt->master, F_SETFD, FD_CLOEXEC);
	fcntl(vt->master, F_SETFL, O_NONBLOCK);
	tcgetattr(slave, &vt->before);
	snprintf(term, sizeof term, "TERM=%s",
		 options->term ? options->term : "xterm-256color");
	snprintf(locale, sizeof locale, "LC_ALL=%s",
		 options->locale ? options->locale : "C.UTF-8");
	env[count++] = options->term && !*options->term ? "TERM" : term;
	env[count++] = locale;
	env[count++] = "TMUX";
	env[count++] = "NO_COLOR";
	env[count++] = "LINES";
	env[count++] = "COLUMNS";
	for (size_t i = 0; options->env && options->env[i] && count < 31; i++)
		env[count++] = options->env[i];
	vt->width = size.ws_col;
	vt->height = size.ws_row;
	open_screen(vt);
	if (vt_job_start(&vt->job, slave, argv, env) < 0)
		die("fork");
	close(slave);
	wait_for(vt, has_pid, NULL, "the start");
	return vt;
}

void vt_free(struct vt *vt)
{
	if (!vt->ended)
		kill(-vt->pid, SIGKILL);
	if (vt->master >= 0)
		close(vt->master);
	vt_job_end(&vt->job);
	vterm_free(vt->vterm);
	free(vt->output);
	free(vt);
}

pid_t vt_pid(const struct vt *vt)
{
	return vt->pid;
}

void vt_signal(struct vt *vt, int number)
{
	kill(vt->pid, number);
}

void vt_continue(struct vt *vt)
{
	vt->stopped = false;
	if (write(vt->job.commands, "c", 1) != 1)
		die("continue");
}

void vt_hang_up(struct vt *vt)
{
	close(vt->master);
	vt->master = -1;
}

static bool settings_equal(const struct termios *a, const struct termios *b)
{
	return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag &&
	       a->c_cflag == b->c_cflag && a->c_lflag == b->c_lflag &&
	       memcmp(a->c_cc, b->c_cc, sizeof a->c_cc) == 0;
}

static bool check(bool good, const char *what)
{
	if (!good)
		fprintf(stderr, "the terminal is not as it was: %s\n", what);
	return good;
}

bool vt_is_restored(const struct vt *vt)
{
	struct termios now;
	bool good = check(tcgetattr(vt->master, &now) == 0 &&
				  settings_equal(&now, &vt->before),
			  "its settings");

	good &= check(!vt->alternate, "the alternate screen is on");
	good &= check(vt->cursor_visible, "the cursor is off");
	good &= check(!vt_mode(vt, 1000), "the mouse is on");
	good &= check(!vt_mode(vt, 2004), "bracketed paste is on");
	return good;
}

long vt_wake_ups(const struct vt *vt)
{
	char command[128], line[128];
	long sum = -1;
	FILE *in;

	snprintf(command, sizeof command, "cat /proc/%d/task/*/status 2>/dev/null",
		 (int)vt->pid);
	in = popen(command, "r");
	while (in && fgets(line, sizeof line, in)) {
		long switches;

		if (sscanf(line, "voluntary_ctxt_switches: %ld", &switches) == 1)
			sum = (sum < 0 ? 0 : sum) + switches;
	}
	if (in)
		pclose(in);
	return sum;
}
