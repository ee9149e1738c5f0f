/* What skopeo calls dir: (containers-transports(5)): a folder with one manifest or index,
 * and its blobs by the digits of their digests. An index's manifests are HEX.manifest.json
 * there; the folder has no names of images. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/path.h"
#include "store/folder.h"
#include "store/replace.h"

#define MANIFEST "manifest.json"
#define VERSION  "version"
#define MARK     "Directory Transport Version: 1.1\n"

static bool is_at(const char *path)
{
	LAM_CLEANUP(lam_free_ptr) char *mark = lam_xprintf("%s/" VERSION, path);
	LAM_CLEANUP(lam_free_ptr) char *manifest = lam_xprintf("%s/" MANIFEST, path);

	return access(mark, F_OK) == 0 && access(manifest, F_OK) == 0;
}

static const char *blob_file(const struct lam_descriptor *blob, char *out)
{
	char hex[LAM_DIGEST_TEXT];

	snprintf(out, LAM_BLOB_NAME, "%s%s", lam_digest_hex(&blob->digest, hex),
		 blob->media_type && lam_is_manifest_type(blob->media_type) ? "." MANIFEST
									    : "");
	return out;
}

/* All that stands behind the prefix is the path. */
static int parse(struct lam_reference *out, const char *rest, bool for_output,
		 struct lam_error *err)
{
	(void)for_output;
	if (!rest[0])
		return lam_fail(err, LAM_EUSAGE, "%s: names no folder", out->text);
	out->path = lam_xstrdup(rest);
	return 0;
}

/* Reading */

static int check_version(int dir, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf text = LAM_BUF(LAM_MAX_OCI_LAYOUT);
	static const char front[] = "Directory Transport Version: 1.";
	char shown[LAM_PATH_TEXT];

	if (lam_folder_read(dir, VERSION, &text, err) < 0)
		return err->code;
	if (text.len >= sizeof front - 1 &&
	    memcmp(text.data, front, sizeof front - 1) == 0)
		return 0;
	return lam_fail(err, LAM_EFORMAT, VERSION ": \"%s\" is not known: 1.1 is",
			lam_path_text(shown, text.data ? text.data : "",
				      text.len < 60 ? text.len : 60, false));
}

/* The one document, as an index that names it; or itself where it is an index. */
static int read_top(int dir, struct lam_descriptor *out, struct lam_buf *bytes,
		    struct lam_error *err)
{
	if (check_version(dir, err) < 0 ||
	    lam_folder_read(dir, MANIFEST, bytes, err) < 0 ||
	    lam_manifest_type(&out->media_type, bytes->data ? bytes->data : "",
			      bytes->len, MANIFEST, err) < 0)
		return err->code;
	out->digest = lam_digest_of(LAM_SHA256, bytes->data, bytes->len);
	out->size = (int64_t)bytes->len;
	return 0;
}

static int open_source(struct lam_source *s, const struct lam_reference *reference,
		       const struct lam_source_options *options, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf bytes = LAM_BUF(LAM_MAX_INDEX);
	LAM_CLEANUP(lam_buf_fini) struct lam_buf index = LAM_BUF(LAM_MAX_INDEX);
	struct lam_descriptor top = { 0 };

	(void)options;
	if (lam_folder_open(s, reference, err) < 0 ||
	    read_top(lam_folder_dir(s), &top, &bytes, err) < 0)
		return err->code;
	lam_folder_name(s, &top.digest, MANIFEST);
	s->own_index = lam_descriptor_is_index(&top);
	if (s->own_index)
		return lam_source_choose(s, &bytes, reference->name, err);
	if (lam_index_edit(NULL, 0,
			   &(struct lam_index_image){ .media_type = top.media_type,
						      .digest = &top.digest,
						      .size = top.size },
			   &index, err) < 0)
		return err->code;
	return lam_source_choose(s, &index, reference->name, err);
}

/* Writing */

static const struct lam_folder_kind KIND = { VERSION, "image as skopeo's dir: has them" };

struct sink {
	bool made; /* its folder was not there before */
};

static int read_old(const void *dir, const struct lam_descriptor *d, struct lam_buf *out,
		    struct lam_error *err)
{
	struct lam_descriptor top;

	/* the index itself is the one document with a name of its own */
	if (lam_descriptor_is_index(d))
		return read_top(*(const int *)dir, &top, out, err);
	return lam_folder_read_blob(&lam_store_dir, *(const int *)dir, d, out, err);
}

/* Signatures of the simple kind are files beside the image. */
static void add_signatures(int dir, const struct lam_digest *gone,
			   struct lam_replaced *out)
{
	for (int n = 1; gone->algorithm != LAM_ALGORITHM_NONE; n++) {
		LAM_CLEANUP(lam_free_ptr) char *name = lam_xprintf("signature-%d", n);
		struct lam_referrer r = { .kind = "signature",
					  .fate = LAM_REFERRER_DROPPED };
		LAM_CLEANUP(lam_buf_fini)
		struct lam_buf bytes = LAM_BUF(LAM_MAX_MANIFEST);
		struct lam_digest digest;
		struct lam_error err;

		if (!lam_folder_has(dir, name) ||
		    lam_folder_read(dir, name, &bytes, &err) < 0)
			return;
		digest = lam_digest_of(LAM_SHA256, bytes.data, bytes.len);
		lam_digest_format(&digest, r.digest);
		lam_digest_format(gone, r.of);
		r.name = LAM_STEAL(name);
		lam_referrers_add(&out->referrers, r);
	}
}

static int check_output(int dir, const char *path, const struct lam_sink_options *options,
			const struct lam_sink_image *image, struct lam_replaced *out,
			struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf bytes = LAM_BUF(LAM_MAX_INDEX);
	const struct lam_replace r = { .place = path,
				       .options = options,
				       .image = image,
				       .reader = { read_old, &dir } };
	struct lam_descriptor top;
	bool there = lam_folder_has(dir, MANIFEST);

	*out = (struct lam_replaced){ 0 };
	if ((there && read_top(dir, &top, &bytes, err) < 0) ||
	    (!there && lam_folder_has(dir, VERSION) && check_version(dir, err) < 0)) {
		if (err->code != LAM_ENOMEM)
			err->code = LAM_EWRITE;
		return lam_wrap(err, "%s", path);
	}
	if (lam_replace(out, &r, there ? &top : NULL, err) < 0)
		return err->code;
	add_signatures(dir, &out->gone[0], out);
	return lam_replace_check(out, &r, err);
}

static int replaces(struct lam_replaced *out, const struct lam_reference *reference,
		    const struct lam_sink_options *options, struct lam_error *err)
{
	const char *path = reference->path;
	int dir, code;

	*out = (struct lam_replaced){ 0 };
	if (lam_folder_open_output(reference, &KIND, &dir, err) < 0)
		return err->code;
	if (dir < 0)
		return 0;
	code = check_output(dir, path, options, NULL, out, err);
	close(dir);
	return code;
}

static int open_sink(struct lam_sink *sink, struct lam_error *err)
{
	LAM_CLEANUP(lam_replaced_fini) struct lam_replaced replaced = { 0 };
	struct sink *own = sink->own = lam_xcalloc(1, sizeof *own);

	if (lam_folder_open_sink(sink, &KIND, &own->made, err) < 0)
		return err->code;
	return check_output(sink->dir, sink->reference->path, sink->options, NULL,
			    &replaced, err);
}

/* What points to all else comes last. */
static int place_top(struct lam_sink *sink, const struct lam_digest *digest,
		     struct lam_error *err)
{
	for (size_t i = 0; i < sink->blob_count; i++) {
		if (lam_digest_equal(&sink->blobs[i].digest, digest))
			return lam_sink_rename(sink, i, MANIFEST, err);
	}
	return 0;
}

static int place_all(struct lam_sink *sink, const struct lam_sink_image *image,
		     struct lam_error *err)
{
	LAM_CLEANUP(lam_replaced_fini) struct lam_replaced replaced = { 0 };
	const char *path = sink->reference->path;
	const struct lam_digest *top = &replaced.top.manifest;

	if (check_output(sink->dir, path, sink->options, image, &replaced, err) < 0 ||
	    lam_replace_settle(sink, &replaced, err) < 0 ||
	    (!lam_folder_has(sink->dir, VERSION) &&
	     lam_folder_place_file(sink, VERSION, MARK, sizeof MARK - 1, err) < 0) ||
	    lam_folder_place_blobs(sink, top, image->progress, err) < 0 ||
	    lam_sink_sync(sink->dir, path, err) < 0)
		return err->code;
	/* they would be taken for the new image's */
	for (size_t i = 0; i < sink->told.count; i++) {
		if (strcmp(sink->told.items[i].kind, "signature") == 0)
			unlinkat(sink->dir, sink->told.items[i].name, 0);
	}
	if (place_top(sink, top, err) < 0)
		return err->code;
	return lam_sink_sync(sink->dir, path, err);
}

static void take_back(const struct lam_sink *sink)
{
	unlinkat(sink->dir, VERSION, 0);
}

static int publish(struct lam_sink *sink, const struct lam_sink_image *image,
		   struct lam_error *err)
{
	static const struct lam_folder_publishing how = { MANIFEST, place_all,
							  take_back };
	struct sink *own = sink->own;

	return lam_folder_publish(sink, image, &how, &own->made, err);
}

/* A folder that this run made goes again where nothing came of it. */
static void close_sink(struct lam_sink *sink)
{
	const struct sink *own = sink->own;

	if (own->made)
		rmdir(sink->reference->path);
}

const struct lam_store lam_store_dir = {
	.prefix = "dir:",
	.syntax = "DIR",
	.parse = parse,
	.is_at = is_at,
	.open = open_source,
	.close = lam_folder_close,
	.find_blob = lam_folder_find_blob,
	.open_blob = lam_folder_open_blob,
	.open_sink = open_sink,
	.renames_blobs = true,
	.blob_file = blob_file,
	.keep_layer = lam_folder_keep_layer,
	.publish = publish,
	.replaces = replaces,
	.close_sink = close_sink,
};
