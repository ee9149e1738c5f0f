/* What the files of the store of OCI layouts share: layout_output.c judges what is there
 * as an output, layout_sink.c writes, layout.c reads and has the row. */
#ifndef LAM_STORE_LAYOUT_H
#define LAM_STORE_LAYOUT_H

#include "store/folder.h"
#include "store/replace.h"

/* A layout that is looked at as an output. */
struct lam_layout_output {
	const struct lam_reference *reference;
	int dir;
	const struct lam_sink_options *options;
	const struct lam_sink_image *image; /* NULL: not there yet */
};

extern const struct lam_folder_kind lam_layout_kind;

/* What the new image takes the place of, which may be one image, or one of an index.
 * *out_only is that where no tag is named; NONE: there is none. index.json is read into
 * *bytes. */
int lam_layout_check_replaced(const struct lam_layout_output *o, struct lam_buf *bytes,
			      struct lam_digest *out_only, struct lam_replaced *out,
			      struct lam_error *err);

/* For the row. */
int lam_layout_replaces(struct lam_replaced *out, const struct lam_reference *reference,
			const struct lam_sink_options *options, struct lam_error *err);
int lam_layout_open_sink(struct lam_sink *sink, struct lam_error *err);
int lam_layout_publish(struct lam_sink *sink, const struct lam_sink_image *image,
		       struct lam_error *err);
void lam_layout_close_sink(struct lam_sink *sink);

#endif
