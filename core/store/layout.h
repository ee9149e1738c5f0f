/* What the files of the store of OCI layouts share: layout_files.c opens what is there,
 * layout_output.c judges it as an output, layout_sink.c writes, layout.c reads and has the
 * row. */
#ifndef LAM_STORE_LAYOUT_H
#define LAM_STORE_LAYOUT_H

#include "store/kind.h"

/* A whole file of the layout, of at most out->max bytes. */
int lam_layout_read(int dir, const char *name, struct lam_buf *out,
		    struct lam_error *err);
/* A blob's file, which is a regular one of its size, along no symlink. */
int lam_layout_open_blob(int dir, const struct lam_descriptor *d, int *out_fd,
			 struct lam_error *err);

/* A layout that is looked at as an output. */
struct lam_layout_output {
	const struct lam_reference *reference;
	int dir;
};

/* Whether it has such a file or folder. */
bool lam_layout_is_there(const struct lam_layout_output *o, const char *name);
/* That what the new image takes the place of, if anything, is one image. *out_only is that
 * where no tag is named; NONE: there is none. The index is read into *bytes. */
int lam_layout_check_replaced(const struct lam_layout_output *o, struct lam_buf *bytes,
			      struct lam_digest *out_only, bool *out_any,
			      struct lam_error *err);

/* For the row. */
int lam_layout_replaces(bool *out, const struct lam_reference *reference,
			struct lam_error *err);
int lam_layout_open_sink(struct lam_sink *sink, struct lam_error *err);
int lam_layout_keep_layer(struct lam_sink *sink, const struct lam_source *source,
			  size_t n, const struct lam_digest *digest,
			  const struct lam_progress *progress, struct lam_error *err);
int lam_layout_publish(struct lam_sink *sink, const struct lam_sink_image *image,
		       struct lam_error *err);
void lam_layout_close_sink(struct lam_sink *sink);

#endif
