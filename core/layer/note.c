#include "layer/note.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/path.h"

void lam_notes_fini(struct lam_notes *notes)
{
	lam_arena_fini(&notes->arena);
	free(notes->items);
	*notes = (struct lam_notes){ 0 };
}

int lam_notes_add(struct lam_notes *notes, const char *rule, uint32_t layer,
		  const char *path, size_t path_len, const char *text,
		  struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf shown = LAM_BUF(SIZE_MAX / 2);
	char *copy = NULL;

	notes->total++;
	if (notes->count >= LAM_MAX_NOTES)
		return 0;
	if (LAM_GROW(notes->items, notes->count, notes->cap, err) < 0)
		return err->code;
	if (path) {
		if (lam_buf_append_char(&shown, '/', err) < 0 ||
		    lam_path_append_escaped(&shown, path, path_len, err) < 0)
			return err->code;
		copy = lam_arena_copy(&notes->arena, shown.data, shown.len);
		if (!copy)
			return lam_fail_memory(err);
	}
	notes->items[notes->count++] = (struct lam_note){
		.rule = rule, .layer = layer, .path = copy, .text = text
	};
	return 0;
}

int lam_notes_append(struct lam_notes *notes, const struct lam_notes *more,
		     struct lam_error *err)
{
	uint64_t dropped = more->total - more->count;

	for (size_t i = 0; i < more->count; i++) {
		struct lam_note note = more->items[i];

		notes->total++;
		if (notes->count >= LAM_MAX_NOTES)
			continue;
		if (LAM_GROW(notes->items, notes->count, notes->cap, err) < 0)
			return err->code;
		if (note.path) {
			note.path = lam_arena_copy(&notes->arena, note.path,
						   strlen(note.path));
			if (!note.path)
				return lam_fail_memory(err);
		}
		notes->items[notes->count++] = note;
	}
	notes->total += dropped;
	return 0;
}
