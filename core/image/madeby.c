/* What made a layer, shortened. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <lamina/image.h>

#include "base/memory.h"
#include "base/text.h"

/* "|2 A=1 B=2 /bin/sh -c make": the build's arguments stand before the shell. */
static const char *past_arguments(const char *text)
{
	const char *shell = *text == '|' ? strstr(text, "/bin/sh -c ") : NULL;

	return shell ? shell : text;
}

/* Runs of blanks, tabs and line ends become one blank; a line's "\" at its end goes. */
static void fold_blanks(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		bool blank = strchr(" \t\r\n", *from) ||
			     (*from == '\\' && (from[1] == '\n' || from[1] == '\r'));

		if (!blank)
			*to++ = *from;
		else if (to > text && to[-1] != ' ')
			*to++ = ' ';
	}
	while (to > text && to[-1] == ' ')
		to--;
	*to = '\0';
}

char *lam_made_by(const char *created_by)
{
	const char *text = past_arguments(created_by), *rest, *end;
	char *out;

	if ((rest = lam_text_behind(text, "/bin/sh -c #(nop) ")))
		text = rest + strspn(rest, " ");
	else if ((rest = lam_text_behind(text, "/bin/sh -c ")) ||
		 (rest = lam_text_behind(text, "RUN /bin/sh -c ")))
		text = rest;
	else if ((rest = lam_text_behind(text, "RUN ")))
		text = past_arguments(rest);
	if (text != created_by && (rest = lam_text_behind(text, "/bin/sh -c ")))
		text = rest;
	end = strstr(text, " # buildkit");
	out = lam_xmemdup(text, end ? (size_t)(end - text) : strlen(text));
	fold_blanks(out);
	return out;
}
