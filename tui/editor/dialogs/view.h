/* Where the parts of a dialog stand. */
#ifndef APP_VIEW_DIALOG_H
#define APP_VIEW_DIALOG_H

#include "editor/frame/view.h"

struct parts {
	struct rect box;                       /* with its frame */
	struct rect inside;                    /* without it and a blank at both sides */
	struct rect text, list, prompt, hints; /* height 0: not shown */
};

struct parts dialog_parts(const struct app *app, const struct dialog *dialog);
bool dialog_has_prompt(const struct dialog *dialog);
int dialog_wrapped(const char *text, int width); /* rows that it takes */
/* Rows for the hints, broken between two of them; drawn where canvas is not NULL. */
int view_hints(struct canvas *canvas, struct rect area, const char *hints);

/* What the dialog of a write shows above its hints. */
#define PROGRESS_TAIL 2 /* rows below those of the layers: total and verification */
void view_progress(const struct view *view, const struct parts *parts);

#endif
