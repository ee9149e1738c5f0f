/* A manifest of any kind, with all that it leads to, copied from a source into a sink. */
#include "base/limits.h"
#include "store/kind.h"

struct copy_target {
	const struct lam_sink *sink;
	int fd;
};

static int put_copy(void *context, const void *bytes, size_t len, struct lam_error *err)
{
	const struct copy_target *to = context;

	return lam_sink_write_all(to->fd, bytes, len, to->sink->directory, err);
}

/* What a manifest of any kind leads to. */
static int copy_blob(struct lam_sink *sink, const struct lam_source *source,
		     const struct lam_json *json, const struct lam_progress *progress,
		     struct lam_error *err)
{
	LAM_CLEANUP(lam_reader_close_ptr) struct lam_reader *reader = NULL;
	struct copy_target to = { .sink = sink };
	struct lam_descriptor d;
	const void *where;
	size_t blob;

	if (lam_descriptor_read(&d, json, err) < 0)
		return err->code;
	if (lam_sink_has_blob(sink, &d.digest))
		return 0;
	if (source->store->find_blob(source, &d, &where, err) < 0 ||
	    source->store->open_blob(source, &d, where, 0, &reader, err) < 0 ||
	    lam_sink_new_blob(sink, &to.fd, &blob, err) < 0 ||
	    lam_sink_check_stream(reader, &d.digest, progress, put_copy, &to, err) < 0)
		return err->code;
	lam_sink_set_blob(sink, blob, &d.digest, (uint64_t)d.size);
	return 0;
}

int lam_sink_copy_manifest(struct lam_sink *sink, const struct lam_source *source,
			   const struct lam_descriptor *manifest,
			   const struct lam_progress *progress, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf bytes = LAM_BUF(LAM_MAX_MANIFEST);
	LAM_CLEANUP(lam_doc_fini) struct lam_doc doc = { 0 };
	char digest[LAM_DIGEST_TEXT];
	struct lam_json root, config, layers;
	const char *type;

	lam_digest_format(&manifest->digest, digest);
	if (lam_source_read_blob(source, manifest, LAM_MAX_MANIFEST, &bytes, err) < 0 ||
	    lam_doc_parse(&doc, bytes.data ? bytes.data : "", bytes.len, LAM_MAX_MANIFEST,
			  digest, err) < 0 ||
	    lam_manifest_type(&type, bytes.data, bytes.len, digest, err) < 0)
		return err->code;
	root = lam_json_root(doc.root, digest);
	config = lam_json_member(&root, "config");
	layers = lam_json_member(&root, "layers");
	if (config.value && copy_blob(sink, source, &config, progress, err) < 0)
		return lam_wrap(err, "%s", digest);
	for (struct lam_json l = lam_json_first(&layers); l.value; lam_json_step(&l)) {
		if (copy_blob(sink, source, &l, progress, err) < 0)
			return lam_wrap(err, "%s", digest);
	}
	return lam_sink_add_manifest(sink, type, bytes.data, bytes.len, &manifest->digest,
				     err);
}
