/* Where images are read from: an OCI layout in a folder, or an archive that holds an OCI
 * layout, what `docker save` wrote, or both. One source, one chosen image in it. Nothing
 * is unpacked to the filesystem. */
#ifndef LAM_SOURCE_H
#define LAM_SOURCE_H

#include "io/stream.h"
#include "oci/manifest.h"
#include "store/reference.h"

struct lam_source;

/* A blob, or a member of an archive, as a part of an open file. */
struct lam_extent_of_file {
	int fd; /* the source's; -1: open `path` for it */
	uint64_t offset, size;
	const char *path; /* of a blob in a folder: its own file; NULL with fd -1: the
			     blob is missing */
};

/* A descriptor to read the part from; *out_own tells that the caller closes it. Follows
 * no symlink; a file that is none, or not of `size`, is LAM_EREAD. */
int lam_extent_open(const struct lam_extent_of_file *extent, int *out_fd, bool *out_own,
		    struct lam_error *err);

struct lam_source_layer {
	struct lam_descriptor
		descriptor; /* digest.algorithm NONE and media_type NULL where the source
			       does not say (docker-archive); size is always known */
	struct lam_extent_of_file blob;
};

struct lam_source_image {
	const char *name;        /* the tag, or NAME:TAG of docker-archive; NULL: none */
	struct lam_buf manifest; /* its bytes; len 0 where there is none (docker-archive
				    alone) */
	struct lam_digest manifest_digest; /* NONE where there is none */
	const char *manifest_media_type;
	struct lam_buf config;
	struct lam_digest config_digest;
	struct lam_source_layer *layers;
	size_t layer_count;
	char *index_digest; /* where the tag named an index that was gone through, its
			       digest as text; else NULL */
};

struct lam_source_options {
	struct lam_platform
		platform; /* all NULL: this machine's, where a choice is needed */
	const char
		*temporary; /* folder for the spool of stdin and of compressed archives */
	const struct lam_progress *progress;
};

/* Opens, chooses the image and reads its manifest and config, all checked: oci-layout's
 * version, index.json, digests and sizes, one ref.name twice, index in index, manifests
 * of other types passed over. Several images and no name, or several platforms of which
 * none fits, is LAM_ENOTFOUND, with the names that are there. Blobs are opened
 * O_NOFOLLOW|O_NONBLOCK and must be regular files of the descriptor's size.
 *
 * docker-archive (moby image/tarexport, manifest.json): `Layers` may name members that
 * are symlinks within the archive, be gzip or plain, "./" prefixes and OCI's blobs/
 * paths; a manifest.json twice, or missing, or null is LAM_EFORMAT. With an index.json in
 * the same archive (Docker 25) the index wins, and that the config of the image is one of
 * manifest.json's is checked. Outer archives may be compressed (what libarchive's gzip,
 * zstd, bzip2 and xz filters read): these and stdin are spooled. A layer member that
 * stands in the archive twice by the same name is refused. */
int lam_source_open(struct lam_source **out, const struct lam_reference *reference,
		    const struct lam_source_options *options, struct lam_error *err);
void lam_source_close(struct lam_source *source);
const struct lam_source_image *lam_source_image(const struct lam_source *source);

/* Names in the source, for messages and for completion. */
size_t lam_source_name_count(const struct lam_source *source);
const char *lam_source_name(const struct lam_source *source, size_t n);

/* The bytes of layer n as stored; any thread, several at once. */
int lam_source_open_layer(const struct lam_source *source, size_t n,
			  struct lam_reader **out, struct lam_error *err);
/* The same without the first ones; past the end is LAM_EREAD. */
int lam_source_open_layer_from(const struct lam_source *source, size_t n, uint64_t offset,
			       struct lam_reader **out, struct lam_error *err);

#endif
