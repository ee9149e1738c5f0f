/* An OCI layout looked at as an output: whether it may be written to, and which image the
 * new one takes the place of. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/path.h"
#include "store/layout.h"

const struct lam_folder_kind lam_layout_kind = { "oci-layout", "OCI layout" };

static int fail_output(const struct lam_layout_output *o, struct lam_error *err)
{
	if (err->code != LAM_ENOMEM)
		err->code = LAM_EWRITE;
	return lam_wrap(err, "%s", o->reference->path);
}

/* By the reader's rules: what it would not read is not written to. */
static int check_layout(const struct lam_layout_output *o, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf layout = LAM_BUF(LAM_MAX_OCI_LAYOUT);
	static const char *const names[] = { "oci-layout", "index.json", "blobs",
					     "blobs/sha256", "blobs/sha512" };
	struct stat st;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (fstatat(o->dir, names[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (S_ISLNK(st.st_mode))
			return lam_fail(
				err, LAM_EWRITE,
				"%s/%s: is a symlink: copy the layout with cp -rL "
				"first",
				o->reference->path, names[i]);
		if (i >= 2 && !S_ISDIR(st.st_mode))
			return lam_fail(err, LAM_EWRITE, "%s/%s: is no folder",
					o->reference->path, names[i]);
	}
	if (lam_folder_read(o->dir, "oci-layout", &layout, err) < 0 ||
	    lam_oci_layout_check(&layout, err) < 0)
		return fail_output(o, err);
	return 0;
}

/* Nothing where there is no layout yet. */
static int read_index(const struct lam_layout_output *o, struct lam_buf *out,
		      bool *out_there, struct lam_error *err)
{
	*out_there = lam_folder_has(o->dir, "index.json");
	if (!*out_there && !lam_folder_has(o->dir, "oci-layout"))
		return 0;
	if (check_layout(o, err) < 0)
		return err->code;
	if (*out_there && lam_folder_read(o->dir, "index.json", out, err) < 0)
		return fail_output(o, err);
	return 0;
}

/* Without a tag nothing that has one, and not one of several, is replaced. */
static int check_untagged(const struct lam_layout_output *o,
			  const struct lam_index *index, struct lam_error *err)
{
	const char *path = o->reference->path;
	char text[LAM_PATH_TEXT];

	if (lam_index_image_count(index) > 1)
		return lam_fail(
			err, LAM_EWRITE,
			"%s: holds several images: name the one to be replaced, or a new "
			"tag: %s:TAG",
			path, path);
	for (size_t i = 0; i < index->count; i++) {
		const struct lam_index_entry *e = &index->entries[i];

		if (e->ref_name && lam_index_entry_is_image(e))
			return lam_fail(
				err, LAM_EWRITE,
				"%s: holds the image \"%s\": name it to have it replaced, or "
				"a new tag: %s:TAG",
				path,
				lam_path_text(text, e->ref_name, strlen(e->ref_name),
					      false),
				path);
	}
	return 0;
}

/* A tag may be that of several images, one for each platform: the one of ours is replaced,
 * or all of them by an index. */
static int check_tagged(const struct lam_layout_output *o, const struct lam_index *index,
			struct lam_error *err)
{
	const char *tag = o->reference->name;

	if (!lam_index_has_several(index, tag))
		return 0;
	for (size_t i = 0; i < index->count; i++) {
		const struct lam_index_entry *e = &index->entries[i];

		if (!lam_index_entry_is_image(e) || !e->ref_name ||
		    strcmp(e->ref_name, tag) != 0 ||
		    (e->platform.os && !o->options->platform_count) ||
		    lam_replace_covers(o->options, e))
			continue;
		return lam_fail(err, LAM_EWRITE,
				"%s: \"%s\" names several images, which would be lost: "
				"choose another tag",
				o->reference->path, tag);
	}
	return 0;
}

static int read_blob(const void *context, const struct lam_descriptor *d,
		     struct lam_buf *out, struct lam_error *err)
{
	const struct lam_layout_output *o = context;

	return lam_folder_read_blob(o->reference->store, o->dir, d, out, err);
}

static bool is_named(const struct lam_index *index, const struct lam_digest *digest,
		     const struct lam_index_entry *but)
{
	for (size_t i = 0; i < index->count; i++) {
		if (&index->entries[i] != but &&
		    lam_digest_equal(&index->entries[i].descriptor.digest, digest))
			return true;
	}
	return false;
}

/* What stands in the layout beside the image and speaks of it; of an image that has another
 * tag besides, it does so still. */
static void look_beside(const struct lam_layout_output *o, const struct lam_index *index,
			const struct lam_index_entry *old, struct lam_replaced *out)
{
	const struct lam_blob_reader reader = { read_blob, o };
	enum lam_referrer_fate fate =
		o->options->drop_attestations ? LAM_REFERRER_DROPPED : LAM_REFERRER_LEFT;

	if (!old || out->gone[0].algorithm == LAM_ALGORITHM_NONE ||
	    is_named(index, &old->descriptor.digest, old))
		return;
	for (size_t i = 0; i < index->count; i++) {
		struct lam_referrer found;

		if (!lam_referrer_read(&found, &index->entries[i], &reader))
			continue;
		for (size_t g = 0; g < 2; g++) {
			if (lam_referrer_speaks_of(&found, &out->gone[g]))
				lam_referrers_copy(&out->referrers, &found, fate);
		}
		lam_referrer_fini(&found);
	}
}

static int check(const struct lam_layout_output *o, const struct lam_index *index,
		 struct lam_replaced *out, struct lam_error *err)
{
	const char *tag = o->reference->name;
	LAM_CLEANUP(lam_free_ptr)
	char *place =
		lam_xprintf("%s%s%s", o->reference->path, tag ? ":" : "", tag ? tag : "");
	const struct lam_index_entry *old = NULL;
	const struct lam_replace r = { .place = place,
				       .options = o->options,
				       .image = o->image,
				       .reader = { read_blob, o } };

	for (size_t i = 0; i < index->count && !old; i++) {
		if (lam_index_is_replaced(index, &index->entries[i], tag,
					  &o->options->platform))
			old = &index->entries[i];
	}
	if (lam_replace(out, &r, old ? &old->descriptor : NULL, err) < 0 ||
	    lam_replace_check(out, &r, err) < 0)
		return err->code;
	look_beside(o, index, old, out);
	return 0;
}

int lam_layout_check_replaced(const struct lam_layout_output *o, struct lam_buf *bytes,
			      struct lam_digest *out_only, struct lam_replaced *out,
			      struct lam_error *err)
{
	LAM_CLEANUP(lam_index_fini) struct lam_index index = { 0 };
	const char *tag = o->reference->name;
	bool there;

	*out = (struct lam_replaced){ 0 };
	*out_only = (struct lam_digest){ .algorithm = LAM_ALGORITHM_NONE };
	if (o->image)
		out->top = *o->image;
	if (read_index(o, bytes, &there, err) < 0)
		return err->code;
	if (!there)
		return 0;
	if (lam_index_parse(&index, bytes->data ? bytes->data : "", bytes->len,
			    "index.json", NULL, err) < 0)
		return fail_output(o, err);
	if ((tag ? check_tagged(o, &index, err) : check_untagged(o, &index, err)) < 0)
		return err->code;
	for (size_t i = 0; i < index.count && !tag; i++) {
		if (lam_index_is_replaced(&index, &index.entries[i], NULL, NULL))
			*out_only = index.entries[i].descriptor.digest;
	}
	return check(o, &index, out, err);
}

int lam_layout_replaces(struct lam_replaced *out, const struct lam_reference *reference,
			const struct lam_sink_options *options, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf index = LAM_BUF(LAM_MAX_INDEX);
	struct lam_layout_output o = { .reference = reference, .options = options };
	struct lam_digest only;
	int code;

	if (lam_folder_open_output(reference, &lam_layout_kind, &o.dir, err) < 0)
		return err->code;
	if (o.dir < 0)
		return 0;
	code = lam_layout_check_replaced(&o, &index, &only, out, err);
	close(o.dir);
	return code;
}
