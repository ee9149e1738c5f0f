/* The contents of the files that written layers are packed from. What the image was
 * opened with spools for is there already. Each other layer that a written target takes
 * files from is inflated once: as its files are asked for where they are asked for in the
 * order of its tar, or else at once, side by side, and what is needed of it is kept in a
 * spool. Blobs' sizes and digests are checked; that the tar of such a blob has its
 * diff_id was found when it was indexed.
 *
 *	lam_contents_new(&contents, layout, folder, workers, progress, err);
 *	lam_contents_read(contents, layer, offset, buf, len, err);   each byte once
 *	lam_contents_finish(contents, workers, err);   nothing that was read counts before
 */
#ifndef LAM_CONTENTS_H
#define LAM_CONTENTS_H

#include "base/workers.h"
#include "layout/layout.h"
#include "write/pieces.h"

struct lam_contents;

struct lam_needs {                       /* of a written target */
	bool none;                       /* it is there already */
	const struct lam_pieces *pieces; /* what is not copied of these */
};

/* needs: of each target; the pieces must outlive it. folder: for what does not fit in memory. The layout must outlive it. LAM_EREAD,
 * LAM_EFORMAT with the layer's number and digest; LAM_EWRITE: the folder has no space. */
int lam_contents_new(struct lam_contents **out, const struct lam_layout *layout,
		     const struct lam_needs *needs, const char *folder,
		     struct lam_workers *workers, const struct lam_progress *progress,
		     struct lam_error *err);
void lam_contents_free(struct lam_contents *contents);

const struct lam_layout *lam_contents_layout(const struct lam_contents *contents);
/* Bytes [offset, offset + len) of a layer's tar, which must belong to a file that a
 * written target holds. Any thread. LAM_ESTOPPED: see lam_contents_failed(). */
int lam_contents_read(const struct lam_contents *contents, uint32_t layer,
		      uint64_t offset, void *buf, size_t len, struct lam_error *err);
/* Once all has been read: whether it was right. Errors as above, and LAM_ESTOPPED. */
int lam_contents_finish(struct lam_contents *contents, struct lam_workers *workers,
			struct lam_error *err);
/* Why reading failed, or 0 where it did not or was stopped from outside. */
int lam_contents_failed(const struct lam_contents *contents, struct lam_error *err);

#endif
