/* Notes: what was odd but readable. */
#ifndef LAMINA_NOTE_H
#define LAMINA_NOTE_H

#include <stdint.h>

/* Constructs that runtimes read differently, repaired names, entries left out. */
struct lam_note {
	const char *rule; /* a short stable name of the kind: "implied-parent",
			     "duplicate", ... */
	uint32_t layer;   /* UINT32_MAX: the image as a whole */
	const char *path; /* text form, absolute, or NULL */
	const char *text; /* one sentence: what it is, how it is read here, and who reads
			     it otherwise */
};

#endif
