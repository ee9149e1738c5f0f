/* What signals do while the terminal is ours: some are noted and wake a poll, those that
 * end the process put the terminal back first, as a lack of memory does. State of the process, so there is one. */
#ifndef TERM_TERM_SIGNALS_H
#define TERM_TERM_SIGNALS_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

enum {
	SEEN_RESIZE = 1,
	SEEN_END = 2,  /* SIGINT, SIGTERM or SIGHUP */
	SEEN_STOP = 4, /* SIGTSTP: has not stopped us yet */
	SEEN_CONTINUE = 8,
};

#define RESTORE_MAX 256

/* Sets the handlers; `saved` is how the terminal was. Returns a descriptor that is
 * readable once something was seen, or -1 with errno. */
int signals_open(int terminal, const struct termios *saved);
void signals_close(void); /* puts back what the handlers were before */
unsigned signals_take(void);
int signals_ended_by(void); /* the last of SEEN_END */
/* What brings the terminal back when the process ends by a signal. */
void signals_set_restore(const char *bytes, size_t len);
/* Another program has the terminal: SIGTSTP stops us as usual, SIGINT and SIGQUIT are
 * for it. */
void signals_set_away(bool away);
/* Stops the process, or all of its group, as SIGTSTP does; returns when it goes on. */
void signals_stop(bool group);

#endif
