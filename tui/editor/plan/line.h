/* Where in the text of a plan an error is. */
#ifndef APP_PLAN_LINE_H
#define APP_PLAN_LINE_H

#include <stddef.h>

/* The line, from 1, that a message is about: "NAME:3:5: ..." says it; "NAME:
 * assign[2].to:
 * ..." is looked for. 1 where the message names no place. */
size_t plan_error_line(const char *text, const char *message);

#endif
