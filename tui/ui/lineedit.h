/* One line of text that is typed: a value with a cursor. Readline's and the plain keys:
 * arrows, Home, End, ^A ^E ^B ^F, Backspace ^H, Delete ^D, ^W ^U ^K, Alt-B Alt-F, paste
 * (its newlines and tabs become blanks; control characters are left out). */
#ifndef UI_LINEEDIT_H
#define UI_LINEEDIT_H

#include "ui/canvas.h"
#include "ui/key.h"

#define LINEEDIT_MAX 8192 /* bytes */

struct lineedit {
	char *text; /* UTF-8, '\0'-terminated; NULL while it is empty and new */
	size_t len, cap;
	size_t cursor; /* a byte offset at a character's start */
	bool offered; /* the text is a proposal: typing replaces it, any other key takes it
			  as it is */
};

void lineedit_fini(struct lineedit *edit);
const char *lineedit_text(const struct lineedit *edit); /* never NULL */
/* The cursor goes to the end. */
void lineedit_set(struct lineedit *edit, const char *text);
void lineedit_offer(struct lineedit *edit, const char *text);
/* True where the key is one of the above or a character, and was taken. paste: the text
 * of K_PASTE. */
bool lineedit_key(struct lineedit *edit, struct key key, const char *paste);
/* Draws so that the cursor is in view, and puts the canvas's cursor there. */
void lineedit_draw(const struct lineedit *edit, struct canvas *canvas, int x, int y,
		   int width, style_t style);

#endif
