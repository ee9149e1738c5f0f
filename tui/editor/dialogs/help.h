/* The help, out of the table of actions and the keys that are bound. */
#ifndef APP_HELP_H
#define APP_HELP_H

#include <stdio.h>

#include "editor/app.h"

/* Adds lines to a dialog to read: what has the focus first, then the rest, by group. */
void help_lines(const struct app *app, struct dialog *dialog);
/* All actions with the table's own keys, as tables in Markdown, a group each. False on no
 * memory. */
bool help_print_keys(FILE *out);

#endif
