/* The layers' pane, for what stands above it. */
#ifndef LAYERS_H
#define LAYERS_H

#include "editor/frame/view.h"

void layers_fini(struct layers *layers);
void layers_mark(struct app *app);           /* the cursor's */
size_t layers_marked(const struct app *app); /* how many of the plan's are */
void layers_marks_clear(struct app *app);
/* Goes to the next one that is called so, or was made so. */
void layers_search(struct app *app, const char *pattern);
void layers_fit(struct app *app);
void layers_draw(const struct view *view);

#endif
