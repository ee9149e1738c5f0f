/* The layers' pane, for what stands above it. */
#ifndef LAYERS_H
#define LAYERS_H

#include "editor/frame/view.h"

void layers_mark(struct app *app); /* the cursor's */
void layers_fit(struct app *app);
void layers_draw(const struct view *view);

#endif
