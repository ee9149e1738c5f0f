/* A program in a terminal: runs it under a pseudo-terminal with a shell's job control
 * around it, shows what it draws (libvterm), types, resizes, sends signals and tells how
 * it left the terminal. Nothing here sleeps for a fixed time: each wait ends when what it
 * waits for is there, or fails after VT_PATIENCE_MS with the screen on standard error.
 *
 *	struct vt *vt = vt_start(&(struct vt_options){ .width = 80, .height = 24 }, argv);
 *	assert_true(vt_wait_text(vt, "Files"));
 *	vt_keys(vt, "Down Down Space a");
 *	assert_true(vt_wait_text(vt, "Assign to layer"));
 *	vt_keys(vt, "Esc q");
 *	assert_int_equal(vt_wait_exit(vt), 0);
 *	assert_true(vt_is_restored(vt));
 *	vt_free(vt);
 */
#ifndef VT_H
#define VT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define VT_PATIENCE_MS 20000

struct vt;

struct vt_options {
	int width, height;      /* 0: 80 and 24 */
	const char *term;       /* TERM; NULL: xterm-256color; "": not set */
	const char *locale;     /* LC_ALL; NULL: C.UTF-8 */
	const char *const *env; /* "NAME=value" to be set as well; ends with NULL */
};

struct vt_cell {
	char text[32]; /* UTF-8; " " for a blank, "" for the right half of a wide one */
	int width;
	int fg, bg; /* index; -1: the terminal's default; -2: a direct colour */
	bool bold, underline, reverse;
};

/* argv ends with NULL; argv[0] is searched for in PATH. Ends the test program on failures
 * of the system. */
struct vt *vt_start(const struct vt_options *options, const char *const *argv);
void vt_free(struct vt *vt); /* kills what still runs */

/* Typing: bytes as they are, or keys by their names ("Down Space gg ^D Alt-x F5"). With
 * Esc in front of a key, wait for its effect before that key. */
void vt_send(struct vt *vt, const char *text);
void vt_send_bytes(struct vt *vt, const char *bytes, size_t len);
void vt_keys(struct vt *vt, const char *names);
void vt_paste(struct vt *vt, const char *text); /* bracketed */
void vt_click(struct vt *vt, int x, int y);     /* SGR mouse, left button */
void vt_wheel(struct vt *vt, int x, int y, bool down);
void vt_resize(struct vt *vt, int width, int height);

/* Waiting. */
bool vt_wait_text(struct vt *vt, const char *text); /* within a row, anywhere */
bool vt_wait_no_text(struct vt *vt, const char *text);
bool vt_wait_row(struct vt *vt, int y, const char *text); /* within row y */
bool vt_wait(struct vt *vt, bool (*done)(struct vt *vt, void *data), void *data);
bool vt_wait_stopped(struct vt *vt); /* by SIGTSTP or SIGSTOP */
int vt_wait_exit(struct vt *vt);     /* exit code, or 128 + signal; -1: still runs */
void vt_read_for(struct vt *vt, int time_ms); /* takes in what comes, for so long */

/* Looking; of what has been read so far. */
bool vt_has_text(const struct vt *vt, const char *text);
char *vt_screen(const struct vt *vt);     /* rows with newlines; the caller's */
char *vt_row(const struct vt *vt, int y); /* without trailing blanks; the caller's */
struct vt_cell vt_cell(const struct vt *vt, int x, int y);
bool vt_cursor(const struct vt *vt, int *out_x, int *out_y); /* true: it is visible */
bool vt_find(const struct vt *vt, const char *text, int *out_x, int *out_y);
bool vt_alternate(const struct vt *vt); /* the alternate screen is on */
bool vt_mode(const struct vt *vt,
	     int mode); /* private mode `mode` was switched on last */
bool vt_has_sent(const struct vt *vt, const char *bytes); /* among all output */
unsigned vt_bells(const struct vt *vt);

/* The process. */
pid_t vt_pid(const struct vt *vt);
void vt_signal(struct vt *vt, int number);
void vt_continue(struct vt *vt); /* as `fg` does */
void vt_hang_up(struct vt *vt);  /* the terminal goes away */
/* The terminal's settings are those from before the start, alternate screen, mouse and
 * bracketed paste are off, and the cursor is on. Tells what is not on standard error. */
bool vt_is_restored(const struct vt *vt);
long vt_wake_ups(const struct vt *vt); /* of all threads so far; -1: not known */

#endif
