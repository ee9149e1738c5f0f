/* An OCI layout looked at as an output: whether it may be written to, and which image the
 * new one takes the place of. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/path.h"
#include "store/layout.h"

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

/* Replacing an index takes all that it holds: more than one image would be lost, and an
 * index in it counts as several. Attestations are of the image that is replaced. */
static int check_index(const struct lam_layout_output *o, const struct lam_descriptor *d,
		       struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf bytes = LAM_BUF(LAM_MAX_INDEX);
	LAM_CLEANUP(lam_index_fini) struct lam_index index = { 0 };
	const char *path = o->reference->path, *tag = o->reference->name;
	char name[LAM_DIGEST_TEXT];
	size_t held = 0;

	lam_digest_format(&d->digest, name);
	if (lam_folder_read_blob(o->reference->store, o->dir, d, &bytes, err) < 0 ||
	    lam_index_parse(&index, bytes.data, bytes.len, name, d->media_type, err) < 0)
		return fail_output(o, err);
	for (size_t i = 0; i < index.count; i++) {
		const struct lam_index_entry *e = &index.entries[i];

		if (!e->attestation)
			held += lam_descriptor_is_index(&e->descriptor) ? 2 : 1;
	}
	if (held <= 1)
		return 0;
	if (tag)
		return lam_fail(
			err, LAM_EWRITE,
			"%s: \"%s\" is an index of several images, which would be lost: "
			"choose another tag",
			path, tag);
	return lam_fail(
		err, LAM_EWRITE,
		"%s: holds an index of several images, which would be lost: name a new "
		"tag: %s:TAG",
		path, path);
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

/* A tag may be that of several images, one for each platform. */
static int check_tagged(const struct lam_layout_output *o, const struct lam_index *index,
			struct lam_error *err)
{
	const struct lam_index_entry *first = NULL;
	const char *tag = o->reference->name;

	for (size_t i = 0; i < index->count; i++) {
		const struct lam_index_entry *e = &index->entries[i];

		if (!lam_index_entry_is_image(e) || !lam_index_is_replaced(index, e, tag))
			continue;
		first = first ? first : e;
		if (!lam_digest_equal(&first->descriptor.digest, &e->descriptor.digest))
			return lam_fail(
				err, LAM_EWRITE,
				"%s: \"%s\" names several images, which would be lost: "
				"choose another tag",
				o->reference->path, tag);
	}
	return 0;
}

/* What the new image takes the place of, if anything, is one image. *out_only is that
 * where no tag is named; NONE: there is none. */
int lam_layout_check_replaced(const struct lam_layout_output *o, struct lam_buf *bytes,
			      struct lam_digest *out_only, bool *out_any,
			      struct lam_error *err)
{
	LAM_CLEANUP(lam_index_fini) struct lam_index index = { 0 };
	const char *tag = o->reference->name;
	bool there;

	*out_only = (struct lam_digest){ .algorithm = LAM_ALGORITHM_NONE };
	*out_any = false;
	if (read_index(o, bytes, &there, err) < 0)
		return err->code;
	if (!there)
		return 0;
	if (lam_index_parse(&index, bytes->data ? bytes->data : "", bytes->len,
			    "index.json", NULL, err) < 0)
		return fail_output(o, err);
	if (!tag && check_untagged(o, &index, err) < 0)
		return err->code;
	if (tag && check_tagged(o, &index, err) < 0)
		return err->code;
	for (size_t i = 0; i < index.count; i++) {
		const struct lam_index_entry *e = &index.entries[i];

		if (!lam_index_is_replaced(&index, e, tag))
			continue;
		*out_any = true;
		if (!tag)
			*out_only = e->descriptor.digest;
		if (lam_descriptor_is_index(&e->descriptor) &&
		    check_index(o, &e->descriptor, err) < 0)
			return err->code;
	}
	return 0;
}

int lam_layout_replaces(bool *out, const struct lam_reference *reference,
			struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf index = LAM_BUF(LAM_MAX_INDEX);
	struct lam_layout_output o = { .reference = reference };
	struct lam_digest only;
	int code;

	if (lam_folder_open_output(reference, &o.dir, err) < 0)
		return err->code;
	if (o.dir < 0)
		return 0;
	code = lam_layout_check_replaced(&o, &index, &only, out, err);
	close(o.dir);
	return code;
}
