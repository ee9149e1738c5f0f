#ifndef CANVAS_DUMP_H
#define CANVAS_DUMP_H

#include "ui/canvas.h"

/* The grid as text for goldens: a line a row, trailing blanks cut; with `styles`, a
 * second block: for each row runs "from-to role+attributes" as style_look() gives them in
 * `palette`. A new string of the caller's. */
char *canvas_dump(const struct canvas *canvas, bool styles, enum palette palette);

#endif
