/* Notes: what was odd but readable. A bounded list, made by one thread, appended to
 * others in order. */
#ifndef LAM_NOTE_H
#define LAM_NOTE_H

#include <lamina/error.h>
#include <lamina/note.h>

#include "base/arena.h"

#define LAM_NOTE_IMAGE UINT32_MAX

struct lam_notes {
	struct lam_arena arena;
	struct lam_note *items;
	size_t count, cap;
	uint64_t total;
};

/* All-zero is an empty list. */
void lam_notes_fini(struct lam_notes *notes);
/* path: canonical bytes, or NULL; it is escaped here. rule and text are static strings:
 * what a note says of its kind is always the same sentence. */
int lam_notes_add(struct lam_notes *notes, const char *rule, uint32_t layer,
		  const char *path, size_t path_len, const char *text,
		  struct lam_error *err);
int lam_notes_append(struct lam_notes *notes, const struct lam_notes *more,
		     struct lam_error *err);

#endif
