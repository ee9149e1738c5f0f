/* OSC 52: text for the clipboard of the terminal, through what is in between. */
#ifndef TERM_TERM_COPY_H
#define TERM_TERM_COPY_H

#include <stdbool.h>
#include <stddef.h>

#define TERM_COPY_MAX 74000 /* bytes; terminals take about 100,000 of base64 */

/* What is to be written for a terminal of the type `name`, in tmux or not: a new string
 * of the caller's. NULL where the terminal is known not to do it, text is too long, or
 * there is no memory. */
char *term_copy_sequence(const char *name, bool in_tmux, const char *text);

#endif
