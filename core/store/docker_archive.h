/* manifest.json, of archives of any kind that Docker wrote. */
#ifndef LAM_DOCKER_ARCHIVE_H
#define LAM_DOCKER_ARCHIVE_H

#include "store/archive.h"

/* moby, image/tarexport: `Layers` may name members that are symlinks within the archive,
 * be gzip or plain, "./" prefixes and OCI's blobs/ paths; a manifest.json that is null is
 * LAM_EFORMAT. With an index.json in the same archive (Docker 25) the index wins, and that
 * the config of the image is one of manifest.json's is checked. name: NAME:TAG, or NULL.
 */
int lam_docker_archive_choose(struct lam_source *source, const char *name,
			      const struct lam_archive_documents *documents,
			      struct lam_error *err);

/* What stands in an archive beside the blobs; name: as docker normalises it, or NULL. */
int lam_docker_archive_documents(const struct lam_sink_image *image, const char *name,
				 struct lam_buf *out_index, struct lam_buf *out_saved,
				 struct lam_error *err);

#endif
