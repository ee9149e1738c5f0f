/* Where images are written to: temporary, sync, rename; what points to content comes
 *last. Until lam_sink_publish() nothing of the output is changed; killed at any moment,
 *the output is what it was or all of the new image.
 *
 *	lam_sink_open(&sink, &reference, err);
 *	lam_sink_new_blob(sink, &fd, &blob, err);  ... write to fd, hash ...
 *lam_sink_set_blob(sink, blob, &digest, size) lam_sink_add_bytes / lam_sink_add_file ...
 *	lam_sink_publish(sink, &image, err);
 *	lam_sink_close(sink);   // gives up what was not published and removes it
 */
#ifndef LAM_SINK_H
#define LAM_SINK_H

#include "oci/manifest.h"
#include "store/reference.h"
#include "store/source.h"

struct lam_sink;

/* The layout's folder is made where it is missing (one level, not its parents); stray
 * temporary files of runs that are gone are removed. LAM_EWRITE at once for what can be
 * known: no permission, a file in the folder's place, a folder that is no layout and not
 * empty, an archive file that exists and is no archive, or that holds images of other
 * names, as these would be lost (a file that holds only what is replaced is replaced), a
 * tag that is an index of several images. Without a tag the only image of a layout is
 * replaced, if it has none either; others are LAM_EWRITE. */
int lam_sink_open(struct lam_sink **out, const struct lam_reference *reference,
		  struct lam_error *err);
void lam_sink_close(struct lam_sink *sink);
/* Whether publishing would replace an image; nothing is changed or made. */
int lam_sink_replaces(bool *out, const struct lam_reference *reference,
		      struct lam_error *err);

/* The folder for spools and temporary files: on the same filesystem as the output
 * ($TMPDIR or /tmp for stdout). */
const char *lam_sink_directory(const struct lam_sink *sink);

/* A temporary file for a blob that is yet to be named; read-write, the sink's. */
int lam_sink_new_blob(struct lam_sink *sink, int *out_fd, size_t *out_blob,
		      struct lam_error *err);
/* Its name is known now. A blob that the output has already (same digest) is dropped at
 * publishing, not before. */
void lam_sink_set_blob(struct lam_sink *sink, size_t blob,
		       const struct lam_digest *digest, uint64_t size);

int lam_sink_add_bytes(struct lam_sink *sink, const void *bytes, size_t len,
		       const struct lam_digest *digest, struct lam_error *err);
/* A kept blob: cloned (FICLONE), copy_file_range'd or copied, and then read and hashed;
 * not touched where the output has it already. Any thread, several at once. */
int lam_sink_add_file(struct lam_sink *sink, const struct lam_extent_of_file *from,
		      const struct lam_digest *digest,
		      const struct lam_progress *progress, struct lam_error *err);

struct lam_sink_image {
	const char *media_type; /* of the manifest */
	struct lam_digest manifest, config;
	int64_t manifest_size, config_size;
	struct lam_platform platform;
	const struct lam_digest *layers; /* for docker's manifest.json */
	size_t layer_count;
	const struct lam_progress *progress; /* for stops, while one still leaves all as
						it was; or NULL */
};
/* All blobs synced, then renamed into place, then the folder synced, then index.json
 * (under the layout's lock, read anew, other tags as they were) or the archive. An
 * oci-archive is an OCI layout as a tar; a docker-archive is the same plus manifest.json,
 * as Docker 25 writes it. Archives: members sorted, mtime 0, owner 0:0, modes 0755 and
 * 0644. */
int lam_sink_publish(struct lam_sink *sink, const struct lam_sink_image *image,
		     struct lam_error *err);

#endif
