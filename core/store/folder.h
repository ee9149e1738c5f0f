/* Folders that hold each blob as a file of its own: how such files are read, copied, and
 * put in place. An OCI layout and what skopeo calls dir: share it; their rows in the table
 * tell the names of the files (lam_store.blob_file). */
#ifndef LAM_FOLDER_H
#define LAM_FOLDER_H

#include "store/kind.h"

/* Makes source->own: the folder's descriptor. */
int lam_folder_open(struct lam_source *source, const struct lam_reference *reference,
		    struct lam_error *err);
void lam_folder_close(struct lam_source *source);
int lam_folder_dir(const struct lam_source *source);
/* One blob that stands under a name of its own; the name is static. */
void lam_folder_name(struct lam_source *source, const struct lam_digest *digest,
		     const char *name);
/* A whole file of it, of at most out->max bytes; LAM_ENOTFOUND where there is none. */
int lam_folder_read(int dir, const char *name, struct lam_buf *out,
		    struct lam_error *err);
int lam_folder_find_blob(const struct lam_source *source,
			 const struct lam_descriptor *blob, const void **out_where,
			 struct lam_error *err);
int lam_folder_open_blob(const struct lam_source *source,
			 const struct lam_descriptor *blob, const void *where,
			 uint64_t offset, struct lam_reader **out, struct lam_error *err);
/* The file of a blob of an output, of the descriptor's size, for reading. */
int lam_folder_open_file(const struct lam_store *store, int dir,
			 const struct lam_descriptor *blob, int *out_fd,
			 struct lam_error *err);
/* Its bytes, checked against its descriptor. */
int lam_folder_read_blob(const struct lam_store *store, int dir,
			 const struct lam_descriptor *blob, struct lam_buf *out,
			 struct lam_error *err);

/* Writing: folder_sink.c */

/* A layer that the output has, and whose bytes are right, is not copied. */
int lam_folder_keep_layer(struct lam_sink *sink, const struct lam_source *source,
			  size_t n, const struct lam_digest *digest,
			  const struct lam_progress *progress, struct lam_error *err);
struct lam_folder_kind {
	const char *mark; /* the file that such an image has */
	const char *what; /* it is called in messages */
};
/* A folder that may be an output, as it is: one that holds the mark, or nothing of anyone
 * else's; *out -1: there is none yet, and it can be made. */
int lam_folder_open_output(const struct lam_reference *reference,
			   const struct lam_folder_kind *kind, int *out,
			   struct lam_error *err);
/* Makes the folder, or takes one that may be an output. *out_made: this run made it. */
int lam_folder_open_sink(struct lam_sink *sink, const struct lam_folder_kind *kind,
			 bool *out_made, struct lam_error *err);
bool lam_folder_has(int dir, const char *name);
int lam_folder_sync(int dir, const char *name, const char *path, struct lam_error *err);
/* Blobs get their names, over whatever has them; `but` may be NULL. */
int lam_folder_place_blobs(struct lam_sink *sink, const struct lam_digest *but,
			   const struct lam_progress *progress, struct lam_error *err);
struct lam_folder_publishing {
	const char *index; /* what points to all else */
	int (*place)(struct lam_sink *sink, const struct lam_sink_image *image,
		     struct lam_error *err); /* puts all in place, the index last */
	void (*take_back)(const struct lam_sink *sink); /* files that are no blobs */
};
/* Syncs the blobs, and places all under the output's lock. A run that made the folder
 * takes its own back where that fails and no index stands: nobody else can have been told
 * of it. *made: this run made the folder, and nothing has come of it yet. */
int lam_folder_publish(struct lam_sink *sink, const struct lam_sink_image *image,
		       const struct lam_folder_publishing *how, bool *made,
		       struct lam_error *err);
/* A document, whole or not at all, and on the disk. */
int lam_folder_place_file(struct lam_sink *sink, const char *name, const char *bytes,
			  size_t len, struct lam_error *err);

#endif
