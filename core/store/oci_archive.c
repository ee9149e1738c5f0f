/* An OCI layout as a tar. */
#include "base/limits.h"
#include "store/archive.h"
#include "store/docker_archive.h"

/* What Docker wrote beside a layout decides unless the layout's tags are asked for. */
static int open_source(struct lam_source *s, const struct lam_reference *reference,
		       const struct lam_source_options *options, struct lam_error *err)
{
	LAM_CLEANUP(lam_archive_documents_fini) struct lam_archive_documents d = { 0 };

	if (lam_archive_open(s, reference, options, &d, err) < 0)
		return err->code;
	if (d.has_saved && !(d.has_index && reference->name))
		return lam_docker_archive_choose(s, reference->name, &d, err);
	return lam_source_choose(s, &d.index, reference->name, err);
}

static int publish(struct lam_sink *sink, const struct lam_sink_image *image,
		   struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf index = LAM_BUF(LAM_MAX_INDEX);

	if (lam_sink_edit_index(sink, image, NULL, &index, err) < 0)
		return err->code;
	return lam_archive_publish(sink, image, &index, NULL, err);
}

const struct lam_store lam_store_oci_archive = {
	.prefix = "oci-archive:",
	.syntax = "FILE[:TAG]",
	.partial = true,
	.is_at = lam_archive_is_at,
	.check_name = lam_check_ref_name,
	.open = open_source,
	.close = lam_archive_close,
	.find_blob = lam_archive_find_blob,
	.open_blob = lam_archive_open_blob,
	.open_sink = lam_archive_open_sink,
	.keep_layer = lam_sink_keep_later,
	.publish = publish,
	.replaces = lam_archive_replaces,
};
