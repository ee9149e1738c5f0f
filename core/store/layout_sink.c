/* Writing into an OCI layout. Under the layout's lock blobs are put in place, and
 * index.json, read anew, is replaced: other tags stay as they were. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/memory.h"
#include "store/layout.h"

struct sink {
	bool made;              /* its folder was not there before */
	bool made_layout;       /* nor its oci-layout */
	struct lam_digest only; /* without a tag: the one image of the layout as it was
				   opened, to be replaced; NONE: it held none */
};

int lam_layout_open_sink(struct lam_sink *sink, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf index = LAM_BUF(LAM_MAX_INDEX);
	struct sink *own = sink->own = lam_xcalloc(1, sizeof *own);
	LAM_CLEANUP(lam_replaced_fini) struct lam_replaced replaced = { 0 };
	struct lam_layout_output o = { .reference = sink->reference,
				       .options = sink->options };

	if (lam_folder_open_sink(sink, &lam_layout_kind, &own->made, err) < 0)
		return err->code;
	o.dir = sink->dir;
	return lam_layout_check_replaced(&o, &index, &own->only, &replaced, err);
}

/* Publishing */

static int make_folder(const struct lam_sink *sink, const char *name,
		       struct lam_error *err)
{
	if (mkdirat(sink->dir, name, 0777) == 0 || errno == EEXIST)
		return 0;
	return lam_fail_errno(err, LAM_EWRITE, errno, "%s/%s: making the folder",
			      sink->reference->path, name);
}

static bool has_sha512(const struct lam_sink *sink)
{
	for (size_t i = 0; i < sink->blob_count; i++) {
		if (sink->blobs[i].digest.algorithm == LAM_SHA512)
			return true;
	}
	return false;
}

static int place_blobs(struct lam_sink *sink, const struct lam_progress *progress,
		       struct lam_error *err)
{
	const char *path = sink->reference->path;
	bool sha512 = has_sha512(sink);

	if (make_folder(sink, "blobs", err) < 0 ||
	    make_folder(sink, "blobs/sha256", err) < 0 ||
	    (sha512 && make_folder(sink, "blobs/sha512", err) < 0) ||
	    lam_folder_place_blobs(sink, NULL, progress, err) < 0 ||
	    lam_folder_sync(sink->dir, "blobs/sha256", path, err) < 0 ||
	    (sha512 && lam_folder_sync(sink->dir, "blobs/sha512", path, err) < 0) ||
	    lam_folder_sync(sink->dir, "blobs", path, err) < 0)
		return err->code;
	return lam_sink_sync(sink->dir, path, err);
}

/* Without a tag it is the image that was there at opening that is replaced, and none that
 * another run has put there since. */
static int check_only(const struct lam_sink *sink, const struct lam_digest *only,
		      const struct lam_digest *new, struct lam_error *err)
{
	const struct sink *own = sink->own;
	const char *path = sink->reference->path;

	if (lam_digest_equal(only, &own->only) || lam_digest_equal(only, new))
		return 0;
	return lam_fail(err, LAM_EWRITE,
			"%s: holds another image than when it was opened: do it again, "
			"or name a tag: %s:TAG",
			path, path);
}

static bool is_dropped(const void *sink, const struct lam_digest *digest)
{
	const struct lam_referrers *told = &((const struct lam_sink *)sink)->told;
	char text[LAM_DIGEST_TEXT];

	lam_digest_format(digest, text);
	for (size_t i = 0; i < told->count; i++) {
		const struct lam_referrer *r = &told->items[i];

		if (!r->inside && r->fate == LAM_REFERRER_DROPPED &&
		    strcmp(r->digest, text) == 0)
			return true;
	}
	return false;
}

static int place_index(struct lam_sink *sink, const struct lam_sink_image *image,
		       const struct lam_buf *old, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf new = LAM_BUF(LAM_MAX_INDEX);

	if (lam_sink_edit_index(sink, image, old, &new, err) < 0 ||
	    (sink->told.count && lam_index_drop(&new, is_dropped, sink, err) < 0))
		return lam_wrap(err, "%s", sink->reference->path);
	if (old->len == new.len && memcmp(old->data, new.data, new.len) == 0)
		return 0;
	return lam_folder_place_file(sink, "index.json", new.data, new.len, err);
}

/* Under the lock: two runs lose no tag of each other's, and no blob. */
static int place_all(struct lam_sink *sink, const struct lam_sink_image *image,
		     struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf old = LAM_BUF(LAM_MAX_INDEX);
	LAM_CLEANUP(lam_replaced_fini) struct lam_replaced replaced = { 0 };
	const struct lam_layout_output o = { sink->reference, sink->dir, sink->options,
					     image };
	struct sink *own = sink->own;
	struct lam_digest only;

	if (lam_layout_check_replaced(&o, &old, &only, &replaced, err) < 0 ||
	    check_only(sink, &only, &replaced.top.manifest, err) < 0 ||
	    lam_replace_settle(sink, &replaced, err) < 0 ||
	    place_blobs(sink, image->progress, err) < 0)
		return err->code;
	if (!lam_folder_has(o.dir, "oci-layout")) {
		own->made_layout = true;
		if (lam_folder_place_file(sink, "oci-layout", lam_oci_layout,
					  strlen(lam_oci_layout), err) < 0)
			return err->code;
	}
	return place_index(sink, &replaced.top, &old, err);
}

static void take_back(const struct lam_sink *sink)
{
	const struct sink *own = sink->own;

	if (own->made_layout)
		unlinkat(sink->dir, "oci-layout", 0);
}

int lam_layout_publish(struct lam_sink *sink, const struct lam_sink_image *image,
		       struct lam_error *err)
{
	static const struct lam_folder_publishing how = { "index.json", place_all,
							  take_back };
	struct sink *own = sink->own;

	return lam_folder_publish(sink, image, &how, &own->made, err);
}

/* A folder that this run made, and then could not make a layout of, goes again, unless
 * another run is at work in it: its mark or its files are there then, or its lock. */
void lam_layout_close_sink(struct lam_sink *sink)
{
	const struct sink *own = sink->own;
	bool locked = own->made &&
		      (flock(sink->dir, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK);

	if (locked && !lam_folder_has(sink->dir, "index.json") &&
	    !lam_folder_has(sink->dir, "oci-layout")) {
		unlinkat(sink->dir, "blobs/sha256", AT_REMOVEDIR);
		unlinkat(sink->dir, "blobs/sha512", AT_REMOVEDIR);
		unlinkat(sink->dir, "blobs", AT_REMOVEDIR);
		rmdir(sink->reference->path);
	}
}
