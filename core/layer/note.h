/* Notes: what was odd but readable, each kind with the sentence that is always the same. A
 * bounded list, made by one thread, appended to others in order. */
#ifndef LAM_NOTE_H
#define LAM_NOTE_H

#include <lamina/error.h>
#include <lamina/note.h>

#include "base/arena.h"

#define LAM_NOTE_IMAGE UINT32_MAX

/* Cached indexes say these by number: who changes the order changes the version of the
 * cache. */
enum lam_odd {
	LAM_ODD_CLAMPED,
	LAM_ODD_THROUGH_LINK,
	LAM_ODD_DUPLICATE,
	LAM_ODD_CHILD_OF_FILE,
	LAM_ODD_WH_INVALID,
	LAM_ODD_WH_RESERVED,
	LAM_ODD_WH_AND_ENTRY,
	LAM_ODD_OPAQUE_ROOT,
	LAM_ODD_DEVICE_0,
	LAM_ODD_UNKNOWN,
	LAM_ODD_GLOBAL,
	LAM_ODD_CONTIGUOUS,
	LAM_ODD_SPARSE,
	LAM_ODD_LINK_METADATA,
	LAM_ODD_LINK_DIRECTORY,
	LAM_ODD_XATTR_OVERLAY,
	LAM_ODD_XATTR_USER,
	LAM_ODD_XATTR_TRUSTED,
	LAM_ODD_XATTR_SELINUX,
	LAM_ODD_BEFORE_1970,
	LAM_ODD_ROOT,
	LAM_ODD_LINK_LOOP,
	LAM_ODD_NAME_LONG,
	LAM_ODD_WH_NESTED,
	LAM_ODD_TRAILER,
	LAM_ODD_WH_THEN_DIR,
	LAM_ODD_WH_TWICE,
	LAM_ODD_OVERLAY_OPAQUE,
	LAM_ODD_XATTR_EMPTY,
	LAM_ODD_AFTER_2262,
	LAM_ODD_PATH_EMPTY,
	LAM_ODD_ROOT_KIND,
	LAM_ODD_HEADER_TWICE,
	LAM_ODD_GZIP_NAME,
	LAM_ODD_WINDOW_256,
	LAM_ODD_WINDOW_512,
	/* these show only when layers meet, or of the image */
	LAM_ODD_IMPLIED_OVER,
	LAM_ODD_DIRECTORY_OVER,
	LAM_ODD_LINK_BELOW,
	LAM_ODD_LINK_NOWHERE,
	LAM_ODD_LINK_THROUGH,
	LAM_ODD_WH_LISTED,
	LAM_ODD_IMPLIED_IN_OPAQUE,
	LAM_ODD_XATTR_LOWER,
	LAM_ODD_MEDIA_TYPE,
	LAM_ODD_HISTORY,
	LAM_ODD_MANY_LAYERS,
	LAM_ODD_FOREIGN,
	LAM_ODD_DATA,
	LAM_ODD_CREATED,
	LAM_ODD_SHA512,
	LAM_ODD_NO_HISTORY,
	LAM_ODD_COUNT,
};

const char *lam_odd_name(enum lam_odd odd);
const char *lam_odd_text(enum lam_odd odd);
/* LAM_ODD_COUNT where none has the name. */
enum lam_odd lam_odd_find(const char *name);

struct lam_notes {
	struct lam_note *items;
	size_t count, cap;
	uint64_t total;
};

/* All-zero is an empty list. */
void lam_notes_fini(struct lam_notes *notes);
/* path: canonical bytes, or NULL; it is escaped here. */
void lam_notes_add(struct lam_notes *notes, enum lam_odd odd, uint32_t layer,
		   const char *path, size_t path_len);
void lam_notes_append(struct lam_notes *notes, const struct lam_notes *more);

#endif
