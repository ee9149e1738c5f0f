/* The contents of the files that written layers are packed from. What the image was
 * opened with spools for is there already; of the other layers those that a written
 * target takes files from are read now, once each, side by side. Their blobs' sizes and
 * digests are checked; that the tar of such a blob has its diff_id was found when it was
 * indexed. Only what is needed of them is kept. */
#ifndef LAM_CONTENTS_H
#define LAM_CONTENTS_H

#include "layout.h"
#include "workers.h"

struct lam_contents;

/* folder: for what does not fit in memory. The layout must outlive it. LAM_EREAD,
 * LAM_EFORMAT with the layer's number and digest; LAM_EWRITE: the folder has no space. */
int lam_contents_new(struct lam_contents **out, const struct lam_layout *layout,
		     const char *folder, struct lam_workers *workers,
		     const struct lam_progress *progress, struct lam_error *err);
void lam_contents_free(struct lam_contents *contents);

const struct lam_image *lam_contents_image(const struct lam_contents *contents);
/* Bytes [offset, offset + len) of a layer's tar, which must belong to a file that a
 * written target holds. Any thread. */
int lam_contents_read(const struct lam_contents *contents, uint32_t layer,
		      uint64_t offset, void *buf, size_t len, struct lam_error *err);

#endif
