/* What the files of the store of OCI layouts share: layout_output.c judges what is there
 * as an output, layout_sink.c writes, layout.c reads and has the row. */
#ifndef LAM_STORE_LAYOUT_H
#define LAM_STORE_LAYOUT_H

#include "store/folder.h"

/* A layout that is looked at as an output. */
struct lam_layout_output {
	const struct lam_reference *reference;
	int dir;
};

/* That what the new image takes the place of, if anything, is one image. *out_only is that
 * where no tag is named; NONE: there is none. The index is read into *bytes. */
int lam_layout_check_replaced(const struct lam_layout_output *o, struct lam_buf *bytes,
			      struct lam_digest *out_only, bool *out_any,
			      struct lam_error *err);

/* For the row. */
int lam_layout_replaces(bool *out, const struct lam_reference *reference,
			struct lam_error *err);
int lam_layout_open_sink(struct lam_sink *sink, struct lam_error *err);
int lam_layout_publish(struct lam_sink *sink, const struct lam_sink_image *image,
		       struct lam_error *err);
void lam_layout_close_sink(struct lam_sink *sink);

#endif
