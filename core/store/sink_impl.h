/* What the kinds of sinks share. */
#ifndef LAM_SINK_IMPL_H
#define LAM_SINK_IMPL_H

#include <pthread.h>

#include "base/arena.h"
#include "store/sink.h"

struct lam_sink_blob {
	struct lam_digest digest; /* NONE until it is known */
	uint64_t size;
	int fd;          /* of a temporary file, which is the sink's; or -1 */
	char *temporary; /* its name in the folder; NULL: it has none */
	struct lam_extent_of_file
		from; /* of a kept blob that an archive copies when it is written */
	bool is_kept;
	bool placed; /* is in the layout now, put there by this run */
};

struct lam_sink {
	const struct lam_reference *reference;
	char *path;             /* of the layout or the archive; NULL: standard output */
	char *directory;        /* where temporary files go */
	int dir;                /* a descriptor of that */
	bool made;              /* the layout's folder was not there before */
	struct lam_digest only; /* without a tag: the one image of the layout as it was
				   opened, to be replaced; NONE: it held none */
	pthread_mutex_t lock;   /* of the blobs, until they are published */
	struct lam_sink_blob *blobs;
	size_t blob_count, blob_cap;
};

/* A named temporary file in sink->dir, locked for as long as it is open. */
int lam_sink_temporary(struct lam_sink *sink, int *out_fd, char **out_name,
		       struct lam_error *err);
/* Removes those of runs that are gone. */
void lam_sink_sweep(const struct lam_sink *sink);
int lam_sink_sync(int fd, const char *what, struct lam_error *err);
int lam_sink_write_all(int fd, const void *bytes, size_t len, const char *what,
		       struct lam_error *err);

int lam_sink_open_folder(struct lam_sink *sink, struct lam_error *err);
int lam_sink_folder_replaces(bool *out, const struct lam_reference *reference,
			     struct lam_error *err);
void lam_sink_remove_folder(const struct lam_sink *sink);
bool lam_sink_folder_has(const struct lam_sink *sink, const struct lam_digest *digest,
			 uint64_t size);
int lam_sink_folder_add_file(struct lam_sink *sink, const struct lam_extent_of_file *from,
			     const struct lam_digest *digest,
			     const struct lam_progress *progress, struct lam_error *err);
int lam_sink_publish_folder(struct lam_sink *sink, const struct lam_sink_image *image,
			    struct lam_error *err);

int lam_sink_open_archive(struct lam_sink *sink, struct lam_error *err);
int lam_sink_publish_archive(struct lam_sink *sink, const struct lam_sink_image *image,
			     struct lam_error *err);

#endif
