/* What the kinds of sources share. */
#ifndef LAM_SOURCE_IMPL_H
#define LAM_SOURCE_IMPL_H

#include "store/archive.h"
#include "store/source.h"

struct lam_source {
	struct lam_source_image image;
	struct lam_arena arena; /* names and paths */
	const char **names;
	size_t name_count, name_cap;
	struct lam_platform wanted; /* all NULL: this machine's */
	char *wanted_text;          /* what wanted points into */
	const char *shown;          /* for messages */
	char *path;
	int dir;                    /* of a layout in a folder, or -1 */
	struct lam_archive archive; /* or of an archive */
	/* Where a blob is; LAM_EREAD where it is not. */
	int (*find_blob)(struct lam_source *source, const struct lam_digest *digest,
			 uint64_t size, struct lam_extent_of_file *out,
			 struct lam_error *err);
};

int lam_source_add_name(struct lam_source *source, const char *name,
			struct lam_error *err);
/* A blob's bytes, checked against its descriptor. */
int lam_source_read_blob(struct lam_source *source,
			 const struct lam_descriptor *descriptor, size_t max,
			 struct lam_buf *out, struct lam_error *err);
/* "a, b, c" of what the source has, for messages. */
int lam_source_list_names(const struct lam_source *source, struct lam_buf *out,
			  struct lam_error *err);

/* source_oci.c: chooses an image by its tag (may be NULL) in an index, and loads it. */
int lam_source_choose(struct lam_source *source, const char *index, size_t len,
		      const char *tag, struct lam_error *err);
/* The same by the digest of its config, for archives that are both OCI's and Docker's.
 * *out_found tells whether one has it, *out_any whether
 * the index holds an image at all. */
int lam_source_choose_config(struct lam_source *source, const char *index, size_t len,
			     const struct lam_digest *config, bool *out_any,
			     bool *out_found, struct lam_error *err);
int lam_source_check_layout(const char *bytes, size_t len, const char *shown,
			    struct lam_error *err);
int lam_source_open_folder(struct lam_source *source, const char *tag,
			   struct lam_error *err);
/* source_archive.c */
int lam_source_open_archive(struct lam_source *source,
			    const struct lam_reference *reference,
			    const struct lam_source_options *options,
			    struct lam_error *err);

#endif
