/* What a kind of store is: a row here that its file fills, and the common parts that it
 * stands on: source.c for reading, sink.c for writing, archive.c and archive_pack.c for
 * outer tars. To add one: its file, its row in reference.c, and its name in the README. */
#ifndef LAM_STORE_KIND_H
#define LAM_STORE_KIND_H

#include <pthread.h>

#include "store/store.h"

struct lam_offers;
struct lam_replaced;

struct lam_store {
	const char *prefix;   /* "oci:" */
	const char *syntax;   /* what stands behind it: "DIR[:TAG]" */
	bool docker;          /* Docker takes such images: no codec that is OCI's alone */
	bool first_colon;     /* the path ends at it, whatever is there */
	const char *no_blobs; /* why no layer is taken from there; NULL: they are */
	bool remote; /* on no filesystem here: a blob is looked for when it is read */
	/* Fills path and name where what stands behind the prefix is no path; NULL: it is. */
	int (*parse)(struct lam_reference *out, const char *rest, bool for_output,
		     struct lam_error *err);
	bool partial; /* its index may name images that were not saved in it */
	/* Whether such an image is at the path; NULL: there are no paths. */
	bool (*is_at)(const char *path);
	/* Refuses names that it cannot hold. */
	int (*check_name)(const struct lam_reference *reference, bool for_output,
			  struct lam_error *err);

	/* Fills source->own, and calls one of the choosing functions below. */
	int (*open)(struct lam_source *source, const struct lam_reference *reference,
		    const struct lam_source_options *options, struct lam_error *err);
	/* The same without an image: all blobs that are there, for lam_source_open_blobs.
	 * NULL: they are found through an image alone, or, for no_blobs, not at all. */
	int (*open_blobs)(struct lam_source *source,
			  const struct lam_reference *reference, struct lam_error *err);
	void (*close)(struct lam_source *source);
	/* Where a blob is, for open_blob, or NULL; LAM_EREAD where it is not, LAM_EFORMAT
	 * where it has another size. */
	int (*find_blob)(const struct lam_source *source,
			 const struct lam_descriptor *blob, const void **out_where,
			 struct lam_error *err);
	/* The blob's bytes from an offset on, at most its size. */
	int (*open_blob)(const struct lam_source *source,
			 const struct lam_descriptor *blob, const void *where,
			 uint64_t offset, struct lam_reader **out, struct lam_error *err);
	/* Adds what speaks of an image or an index to those of the source's image; NULL:
	 * the index that it was chosen in has all. */
	int (*ask_referrers)(struct lam_source *source, const struct lam_digest *of,
			     struct lam_error *err);

	/* Sets sink->directory, sink->dir and sink->own. */
	int (*open_sink)(struct lam_sink *sink, struct lam_error *err);
	bool renames_blobs; /* blobs become files of their own: temporary ones need names
			     */
	/* of those: what its file in the folder is called; out has LAM_BLOB_NAME */
	const char *(*blob_file)(const struct lam_descriptor *blob, char *out);
	int (*keep_layer)(struct lam_sink *sink, const struct lam_source *source,
			  size_t n, const struct lam_digest *digest,
			  const struct lam_progress *progress, struct lam_error *err);
	int (*publish)(struct lam_sink *sink, const struct lam_sink_image *image,
		       struct lam_error *err);
	/* lam_sink_replaces() */
	int (*replaces)(struct lam_replaced *out, const struct lam_reference *reference,
			const struct lam_sink_options *options, struct lam_error *err);
	/* Undoes what was not published; NULL: nothing. */
	void (*close_sink)(struct lam_sink *sink);
};

extern const struct lam_store lam_store_layout, lam_store_oci_archive,
	lam_store_docker_archive, lam_store_dir, lam_store_registry,
	lam_store_docker_daemon, lam_store_containers_storage;

/* Kinds that text may be the beginning of; returns the one that it has (reference.c). */
const struct lam_store *lam_reference_add_kinds(struct lam_offers *offers,
						const char *text);

/* Names, for check_name: names.c. OCI's ref.name; what docker loads. */
int lam_check_ref_name(const struct lam_reference *reference, bool for_output,
		       struct lam_error *err);
/* As docker normalises names: "app" is the same as "docker.io/library/app:latest". */
char *lam_docker_name(const char *name);
/* Whether it is one: [HOST[:PORT]/]NAME[:TAG]. */
bool lam_is_docker_name(const char *name);
bool lam_is_same_name(const char *a, const char *b);
int lam_check_docker_name(const struct lam_reference *reference, bool for_output,
			  struct lam_error *err);

/* "blobs/sha256/HEX" */
#define LAM_BLOB_NAME (LAM_DIGEST_TEXT + 16)
const char *lam_blob_name(const struct lam_digest *digest, char *out);
extern const char lam_oci_layout[]; /* the file that says what the folder is */

/* Reading: source.c */

struct lam_source {
	const struct lam_store *store;
	struct lam_source_image image;
	void *own; /* the kind's */
	char **names;
	size_t name_count, name_cap;
	struct lam_platform wanted; /* all NULL: this machine's; while it is opened */
	struct lam_digest only;     /* its manifest, where that is asked for; or NONE */
	bool own_index; /* what is chosen from is the index of one image, and no list of
			   images */
	struct lam_source_set *set;      /* NULL: one image is chosen */
	const struct lam_source_set *of; /* while it is opened: that holds the image, or
					    NULL */
	bool referrers;                  /* all are asked for */
	bool others; /* images that its index holds and that could be chosen too */
};

void lam_source_add_name(struct lam_source *source, const char *name);
/* A blob's bytes, checked against its descriptor. */
int lam_source_read_blob(const struct lam_source *source, const struct lam_descriptor *d,
			 size_t max, struct lam_buf *out, struct lam_error *err);
/* Reads the documents of this manifest's image. */
int lam_source_load(struct lam_source *source, const struct lam_descriptor *manifest,
		    struct lam_error *err);
/* Refuses an oci-layout of a version that is not known. */
int lam_oci_layout_check(const struct lam_buf *bytes, struct lam_error *err);

/* Choosing: choose.c */

/* Chooses an image in an index, and loads it. name: its tag, its name as containerd has
 * it, "@N", "@sha256:...", or NULL where there is one, or one for the platform. */
int lam_source_choose(struct lam_source *source, const struct lam_buf *index,
		      const char *name, struct lam_error *err);
/* The same by its config's bytes, for archives that are both OCI's and Docker's.
 * *out_found tells whether one has it, *out_any whether the index holds any other image.
 */
int lam_source_choose_config(struct lam_source *source, const struct lam_buf *index,
			     const struct lam_buf *config, bool *out_any, bool *out_found,
			     struct lam_error *err);
/* Whether an image of this platform is one that was asked for. */
bool lam_source_takes(const struct lam_source *source,
		      const struct lam_platform *platform);

/* Writing: sink.c */

struct lam_sink_blob {
	struct lam_digest digest; /* NONE until it is known */
	uint64_t size;
	const char *media_type; /* of a manifest or an index, static; NULL: of neither */
	int fd;                 /* of a temporary file, which is the sink's; or -1 */
	char *temporary;        /* its name in the folder; NULL: it has none */
	const struct lam_source *source; /* of a kept layer that is not copied */
	size_t layer;
	bool placed; /* is in the output now, put there by this run */
};

struct lam_sink {
	struct lam_sink *next; /* of all that are open */
	const struct lam_reference *reference;
	const struct lam_sink_options *options;
	struct lam_referrers told; /* what was said of what is replaced */
	struct lam_digest index;   /* that the image was put into; NONE: into none */
	char *directory;           /* where temporary files go */
	int dir;                   /* a descriptor of that */
	void *own;                 /* the kind's; freed with it */
	pthread_mutex_t lock;      /* of the blobs, until they are published */
	struct lam_sink_blob *blobs;
	size_t blob_count, blob_cap;
};

int lam_sink_open_directory(struct lam_sink *sink, struct lam_error *err);
/* A named temporary file in sink->dir, locked for as long as it is open. Its mode is
 * `mode` less the umask, as an ordinary file's. */
int lam_sink_temporary(struct lam_sink *sink, mode_t mode, int *out_fd, size_t *out_blob,
		       struct lam_error *err);
/* Gives it its name in sink->dir, over what has that. */
int lam_sink_rename(struct lam_sink *sink, size_t blob, const char *name,
		    struct lam_error *err);
/* Removes those of runs that are gone. */
void lam_sink_sweep(const struct lam_sink *sink);
/* A kept layer that is read when all is published, if at all. */
int lam_sink_keep_later(struct lam_sink *sink, const struct lam_source *source, size_t n,
			const struct lam_digest *digest,
			const struct lam_progress *progress, struct lam_error *err);
bool lam_sink_has_blob(struct lam_sink *sink, const struct lam_digest *digest);
/* The temporary file of a blob that was added. */
int lam_sink_sync_blob(struct lam_sink *sink, const struct lam_digest *digest,
		       struct lam_error *err);
/* Of sink->dir, until that is unlocked or closed. */
int lam_sink_lock(const struct lam_sink *sink, const struct lam_progress *progress,
		  struct lam_error *err);
int lam_sink_sync(int fd, const char *what, struct lam_error *err);
int lam_sink_write_all(int fd, const void *bytes, size_t len, const char *what,
		       struct lam_error *err);
/* That the bytes are the digest's; LAM_EFORMAT where they have changed. What goes by is
 * given to put(), where that is not NULL. */
int lam_sink_check_stream(struct lam_reader *reader, const struct lam_digest *digest,
			  const struct lam_progress *progress,
			  int (*put)(void *context, const void *bytes, size_t len,
				     struct lam_error *err),
			  void *context, struct lam_error *err);

/* An index.json (old; NULL: a new one) that names the image, too. */
int lam_sink_edit_index(const struct lam_sink *sink, const struct lam_sink_image *image,
			const struct lam_buf *old, struct lam_buf *out,
			struct lam_error *err);

#endif
