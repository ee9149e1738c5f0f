/* An OCI layout in a folder (image-spec, image-layout.md), as a source, and its row as a
 * store. */
#include "store/layout.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "base/memory.h"

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

	(void)options;
	if (lam_folder_open(s, reference, err) < 0 ||
	    lam_folder_read(lam_folder_dir(s), "oci-layout", &layout, err) < 0 ||
	    lam_oci_layout_check(&layout, err) < 0 ||
	    lam_folder_read(lam_folder_dir(s), "index.json", &index, err) < 0)
		return err->code;
	return lam_source_choose(s, &index, reference->name, err);
}

static const char *blob_file(const struct lam_descriptor *blob, char *out)
{
	return lam_blob_name(&blob->digest, out);
}

const struct lam_store lam_store_layout = {
	.prefix = "oci:",
	.syntax = "DIR[:TAG]",
	.is_at = is_at,
	.check_name = lam_check_ref_name,
	.open = open_source,
	.open_blobs = lam_folder_open,
	.close = lam_folder_close,
	.find_blob = lam_folder_find_blob,
	.open_blob = lam_folder_open_blob,
	.open_sink = lam_layout_open_sink,
	.renames_blobs = true,
	.blob_file = blob_file,
	.keep_layer = lam_folder_keep_layer,
	.publish = lam_layout_publish,
	.replaces = lam_layout_replaces,
	.close_sink = lam_layout_close_sink,
};
