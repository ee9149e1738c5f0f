/* What made a layer, as its history says, in the words that its author typed: without the
 * shell and the builder's own marks. */
#ifndef MODEL_MADEBY_H
#define MODEL_MADEBY_H

/* Raw bytes, in one line; a new string of the caller's. "" where nothing is known. */
char *made_by(const char *created_by);

#endif
