/* An OCI layout in a folder (image-spec, image-layout.md), as a source, and its row as a
 * store. */
#include "store/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/memory.h"

struct source {
	int dir;
};

static bool is_at(const char *path)
{
	LAM_CLEANUP(lam_free_ptr) char *layout = lam_xprintf("%s/oci-layout", path);
	struct stat st;

	return stat(layout, &st) == 0 && !S_ISDIR(st.st_mode);
}

static int open_source(struct lam_source *s, const struct lam_reference *reference,
		       const struct lam_source_options *options, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf layout = LAM_BUF(LAM_MAX_OCI_LAYOUT);
	LAM_CLEANUP(lam_buf_fini) struct lam_buf index = LAM_BUF(LAM_MAX_INDEX);
	struct source *own = s->own = lam_xcalloc(1, sizeof *own);

	(void)options;
	own->dir = open(reference->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (own->dir < 0 && errno == ENOENT)
		return lam_fail(err, LAM_ENOTFOUND, "there is no such folder");
	if (own->dir < 0)
		return lam_fail_errno(err, LAM_EREAD, errno, "opening");
	if (lam_layout_read(own->dir, "oci-layout", &layout, err) < 0 ||
	    lam_oci_layout_check(&layout, err) < 0 ||
	    lam_layout_read(own->dir, "index.json", &index, err) < 0)
		return err->code;
	return lam_source_choose(s, &index, reference->name, err);
}

static void close_source(struct lam_source *s)
{
	struct source *own = s->own;

	if (own && own->dir >= 0)
		close(own->dir);
	free(own);
}

static int find_blob(const struct lam_source *s, const struct lam_descriptor *blob,
		     const void **out_where, struct lam_error *err)
{
	const struct source *own = s->own;
	int fd;

	*out_where = NULL;
	if (lam_layout_open_blob(own->dir, blob, &fd, err) < 0)
		return err->code;
	close(fd);
	return 0;
}

static int open_blob(const struct lam_source *s, const struct lam_descriptor *blob,
		     const void *where, uint64_t offset, struct lam_reader **out,
		     struct lam_error *err)
{
	const struct source *own = s->own;
	char name[LAM_DIGEST_TEXT + 8] = "blob ";
	int fd;

	(void)where;
	lam_digest_format(&blob->digest, name + strlen(name));
	if (lam_layout_open_blob(own->dir, blob, &fd, err) < 0)
		return err->code;
	*out = lam_reader_file(fd, true, offset, (uint64_t)blob->size - offset, name);
	return 0;
}

const struct lam_store lam_store_layout = {
	.prefix = "oci:",
	.syntax = "DIR[:TAG]",
	.is_at = is_at,
	.check_name = lam_check_ref_name,
	.open = open_source,
	.close = close_source,
	.find_blob = find_blob,
	.open_blob = open_blob,
	.open_sink = lam_layout_open_sink,
	.renames_blobs = true,
	.keep_layer = lam_layout_keep_layer,
	.publish = lam_layout_publish,
	.replaces = lam_layout_replaces,
	.close_sink = lam_layout_close_sink,
};
