/* An OCI layout in a folder (image-spec, image-layout.md). All blobs are synced, then
 * renamed into place, then their folder synced, then index.json is replaced, under the
 * layout's lock and read anew: other tags stay as they were. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/path.h"
#include "store/kind.h"

/* Reading */

struct source {
	int dir;
};

static bool is_at(const char *path)
{
	LAM_CLEANUP(lam_free_ptr) char *layout = lam_xprintf("%s/oci-layout", path);
	struct stat st;

	return stat(layout, &st) == 0 && !S_ISDIR(st.st_mode);
}

/* A whole file of the layout, of at most out->max bytes. */
static int read_file(int dir, const char *name, struct lam_buf *out,
		     struct lam_error *err)
{
	int fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC), code;
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return lam_fail(err, LAM_ENOTFOUND, "has no %s: it is no OCI layout",
				name);
	if (fd < 0)
		return lam_fail_errno(err, LAM_EREAD, errno, "%s", name);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		code = lam_fail(err, LAM_EREAD, "%s: is no regular file", name);
	else if ((uint64_t)st.st_size > out->max)
		code = lam_fail(err, LAM_EFORMAT, "%s: is larger than %zu bytes", name,
				out->max);
	else
		code = lam_file_read_fd(out, fd, name, err);
	close(fd);
	return code;
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
	if (read_file(own->dir, "oci-layout", &layout, err) < 0 ||
	    lam_oci_layout_check(&layout, err) < 0 ||
	    read_file(own->dir, "index.json", &index, err) < 0)
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

/* "blobs/sha256/HEX", along no symlink; -1 and errno. */
static int open_file_of(int dir, const struct lam_digest *digest)
{
	char text[LAM_BLOB_NAME], *at = text;

	lam_blob_name(digest, text);
	for (int folders = 0; folders < 3; folders++) {
		char *slash = strchr(at, '/');
		int next, problem;

		if (slash)
			*slash = '\0';
		next = openat(dir, at,
			      O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC |
				      (slash ? O_DIRECTORY : 0));
		problem = errno;
		if (folders > 0)
			close(dir);
		errno = problem;
		if (next < 0)
			return -1;
		dir = next;
		at = slash ? slash + 1 : at;
	}
	return dir;
}

/* A blob's file, which is a regular one of its size. */
static int open_blob_file(int dir, const struct lam_descriptor *d, int *out_fd,
			  struct lam_error *err)
{
	char text[LAM_DIGEST_TEXT];
	struct stat st;
	int fd = open_file_of(dir, &d->digest);

	*out_fd = -1;
	lam_digest_format(&d->digest, text);
	if (fd < 0 && errno == ENOENT)
		return lam_fail(
			err, LAM_EREAD,
			"blob %s is missing: the layout is incomplete: copy the image again",
			text);
	if (fd < 0 && errno != ELOOP)
		return lam_fail_errno(err, LAM_EREAD, errno, "blob %s", text);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		if (fd >= 0)
			close(fd);
		return lam_fail(err, LAM_EREAD, "blob %s is no regular file", text);
	}
	if (st.st_size != d->size) {
		close(fd);
		return lam_fail(
			err, LAM_EFORMAT,
			"blob %s has %lld bytes, its descriptor says %lld: copy the image again",
			text, (long long)st.st_size, (long long)d->size);
	}
	*out_fd = fd;
	return 0;
}

static int find_blob(const struct lam_source *s, const struct lam_descriptor *blob,
		     const void **out_where, struct lam_error *err)
{
	const struct source *own = s->own;
	int fd;

	*out_where = NULL;
	if (open_blob_file(own->dir, blob, &fd, err) < 0)
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
	if (open_blob_file(own->dir, blob, &fd, err) < 0)
		return err->code;
	*out = lam_reader_file(fd, true, offset, (uint64_t)blob->size - offset, name);
	return 0;
}

/* The output as it is */

struct sink {
	bool made;              /* its folder was not there before */
	struct lam_digest only; /* without a tag: the one image of the layout as it was
				   opened, to be replaced; NONE: it held none */
};

/* A layout that is looked at as an output. */
struct output {
	const struct lam_reference *reference;
	int dir;
};

static int fail_output(const struct output *o, struct lam_error *err)
{
	if (err->code != LAM_ENOMEM)
		err->code = LAM_EWRITE;
	return lam_wrap(err, "%s", o->reference->path);
}

static int read_index(const struct output *o, struct lam_buf *out, struct lam_error *err)
{
	if (faccessat(o->dir, "index.json", F_OK, 0) < 0 && errno == ENOENT)
		return 0;
	if (read_file(o->dir, "index.json", out, err) < 0)
		return fail_output(o, err);
	return 0;
}

/* Replacing an index takes all that it holds: more than one image would be lost, and an
 * index in it counts as several. Attestations are of the image that is replaced. */
static int check_index(const struct output *o, const struct lam_descriptor *d,
		       struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf bytes = LAM_BUF(LAM_MAX_INDEX);
	LAM_CLEANUP(lam_index_fini) struct lam_index index = { 0 };
	const char *path = o->reference->path, *tag = o->reference->name;
	char name[LAM_BLOB_NAME];
	size_t held = 0;

	lam_blob_name(&d->digest, name);
	if (read_file(o->dir, name, &bytes, err) < 0 ||
	    lam_descriptor_check(d, bytes.data, bytes.len, name, err) < 0 ||
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
static int check_untagged(const struct output *o, const struct lam_index *index,
			  struct lam_error *err)
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

/* What the new image takes the place of, if anything, is one image. *out_only is that
 * where no tag is named; NONE: there is none. */
static int check_replaced(const struct output *o, const struct lam_buf *bytes,
			  struct lam_digest *out_only, bool *out_any,
			  struct lam_error *err)
{
	LAM_CLEANUP(lam_index_fini) struct lam_index index = { 0 };
	const char *tag = o->reference->name;

	*out_only = (struct lam_digest){ .algorithm = LAM_ALGORITHM_NONE };
	*out_any = false;
	if (bytes->len == 0)
		return 0;
	if (lam_index_parse(&index, bytes->data, bytes->len, "index.json", NULL, err) < 0)
		return fail_output(o, err);
	if (!tag && check_untagged(o, &index, err) < 0)
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

static int replaces(bool *out, const struct lam_reference *reference,
		    struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf index = LAM_BUF(LAM_MAX_INDEX);
	struct output o = { reference,
			    open(reference->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
	struct lam_digest only;
	int code;

	if (o.dir < 0)
		return errno == ENOENT ? 0
				       : lam_fail_errno(err, LAM_EWRITE, errno, "%s",
							reference->path);
	code = read_index(&o, &index, err);
	if (code == 0)
		code = check_replaced(&o, &index, &only, out, err);
	close(o.dir);
	return code;
}

/* Opening the output */

static int sync_folder(int dir, const char *name, const char *path, struct lam_error *err)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), code;

	if (fd < 0)
		return lam_fail_errno(err, LAM_EWRITE, errno, "%s/%s", path, name);
	code = lam_sink_sync(fd, path, err);
	close(fd);
	return code;
}

/* What a run that was killed may have left before it wrote oci-layout. */
static bool is_stray(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	       strcmp(name, "blobs") == 0 || strncmp(name, ".lamina-", 8) == 0;
}

/* A folder that is there must be a layout, or hold nothing of anyone else's. */
static int check_folder(const struct lam_sink *sink, struct lam_error *err)
{
	const char *path = sink->reference->path;
	struct dirent *entry;
	struct stat st;
	DIR *dir;

	if (faccessat(sink->dir, ".", W_OK | X_OK, AT_EACCESS) < 0)
		return lam_fail_errno(err, LAM_EWRITE, errno, "%s", path);
	if (fstatat(sink->dir, "oci-layout", &st, 0) == 0)
		return 0;
	dir = opendir(path);
	if (!dir)
		return lam_fail_errno(err, LAM_EWRITE, errno, "%s", path);
	while ((entry = readdir(dir)) != NULL && is_stray(entry->d_name))
		;
	closedir(dir);
	if (!entry)
		return 0;
	return lam_fail(
		err, LAM_EWRITE,
		"%s: is a folder with other things in it, and no OCI layout: choose another",
		path);
}

static int open_sink(struct lam_sink *sink, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf index = LAM_BUF(LAM_MAX_INDEX);
	const char *path = sink->reference->path;
	struct sink *own = sink->own = lam_xcalloc(1, sizeof *own);
	struct output o = { .reference = sink->reference };
	bool any;

	sink->directory = lam_xstrdup(path);
	if (mkdir(path, 0777) == 0)
		own->made = true;
	else if (errno != EEXIST)
		return lam_fail_errno(err, LAM_EWRITE, errno, "%s: making the folder",
				      path);
	if (lam_sink_open_directory(sink, err) < 0)
		return err->code;
	if (own->made)
		return sync_folder(sink->dir, "..", path, err);
	if (check_folder(sink, err) < 0)
		return err->code;
	lam_sink_sweep(sink);
	o.dir = sink->dir;
	if (read_index(&o, &index, err) < 0)
		return err->code;
	return check_replaced(&o, &index, &own->only, &any, err);
}

static bool has_blob(const struct lam_sink *sink, const struct lam_digest *digest,
		     uint64_t size)
{
	char name[LAM_BLOB_NAME];
	struct stat st;

	return fstatat(sink->dir, lam_blob_name(digest, name), &st,
		       AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode) && (uint64_t)st.st_size == size;
}

/* Kept layers */

/* By the kernel, which may share the blocks; false where it did not do all of it. */
static bool copy_by_kernel(int from, uint64_t offset, uint64_t size, int to,
			   const struct lam_progress *progress)
{
	off_t at = (off_t)offset;

	if (offset == 0 && ioctl(to, FICLONE, from) == 0)
		return true;
	while (size > 0 && !lam_progress_stopped(progress)) {
		/* large pieces go well; stops are looked for between them */
		size_t len = size < (16u << 20) ? (size_t)size : 16u << 20;
		off_t begin = at;
		ssize_t got = copy_file_range(from, &at, to, NULL, len, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		/* a hint: the sync at the end has less left to wait for */
		(void)sync_file_range(to, begin - (off_t)offset, got,
				      SYNC_FILE_RANGE_WRITE);
		size -= (uint64_t)got;
	}
	return size == 0;
}

/* A copy that the kernel could not make is made by hand, which tells what is wrong. */
static int copy_layer(struct lam_reader *from, int to, const char *path,
		      const struct lam_progress *progress, struct lam_error *err)
{
	LAM_CLEANUP(lam_writer_close_ptr) struct lam_writer *writer = NULL;
	const struct lam_progress quiet = { .stop = progress ? progress->stop : NULL };
	const struct lam_step step = { 0 };
	uint64_t offset, size;
	int fd;

	if (lam_reader_is_file(from, &fd, &offset, &size) &&
	    copy_by_kernel(fd, offset, size, to, progress)) {
		lam_reader_close(from);
		return 0;
	}
	if (ftruncate(to, 0) < 0 || lseek(to, 0, SEEK_SET) < 0) {
		lam_reader_close(from);
		return lam_fail_errno(err, LAM_EWRITE, errno, "%s: copying a blob", path);
	}
	from = lam_reader_progress(from, &quiet, &step);
	writer = lam_writer_file(to, false, path);
	if (lam_copy(from, writer, err) < 0) {
		lam_reader_close(from);
		return err->code;
	}
	lam_reader_close(from);
	return 0;
}

static int keep_layer(struct lam_sink *sink, const struct lam_source *source, size_t n,
		      const struct lam_digest *digest,
		      const struct lam_progress *progress, struct lam_error *err)
{
	LAM_CLEANUP(lam_reader_close_ptr) struct lam_reader *copy = NULL;
	const char *path = sink->reference->path;
	uint64_t size = (uint64_t)source->image.layers[n].descriptor.size;
	struct lam_reader *from;
	size_t blob;
	int fd;

	if (lam_sink_new_blob(sink, &fd, &blob, err) < 0 ||
	    lam_source_open_layer(source, n, 0, &from, err) < 0 ||
	    copy_layer(from, fd, path, progress, err) < 0)
		return err->code;
	copy = lam_reader_file(fd, false, 0, size, path);
	if (lam_sink_check_stream(copy, digest, progress, NULL, NULL, err) < 0) {
		if (err->code == LAM_EREAD)
			err->code = LAM_EWRITE; /* it is the copy that is read */
		return err->code;
	}
	lam_sink_set_blob(sink, blob, digest, size);
	return 0;
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

/* Puts a temporary file in its place. */
static int put_in_place(const struct lam_sink *sink, const char *temporary,
			const char *name, struct lam_error *err)
{
	if (renameat(sink->dir, temporary, sink->dir, name) == 0)
		return 0;
	return lam_fail_errno(err, LAM_EWRITE, errno, "%s/%s: putting it in place",
			      sink->reference->path, name);
}

static int write_file(const struct lam_sink *sink, int fd, const char *bytes, size_t len,
		      struct lam_error *err)
{
	const char *path = sink->reference->path;

	if (lam_sink_write_all(fd, bytes, len, path, err) < 0 ||
	    lam_sink_set_mode(fd, path, err) < 0)
		return err->code;
	return lam_sink_sync(fd, path, err);
}

static int place_file(const struct lam_sink *sink, const char *name, const char *bytes,
		      size_t len, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *temporary = NULL;
	int fd, code;

	if (lam_sink_temporary(sink, &fd, &temporary, err) < 0)
		return err->code;
	code = write_file(sink, fd, bytes, len, err);
	if (code == 0)
		code = put_in_place(sink, temporary, name, err);
	if (code < 0)
		unlinkat(sink->dir, temporary, 0);
	close(fd);
	return code < 0 ? code : lam_sink_sync(sink->dir, sink->reference->path, err);
}

static int place_blob(const struct lam_sink *sink, struct lam_sink_blob *b,
		      struct lam_error *err)
{
	char name[LAM_BLOB_NAME];

	if (!b->temporary || b->digest.algorithm == LAM_ALGORITHM_NONE)
		return 0;
	if (has_blob(sink, &b->digest, b->size))
		return 0; /* closing removes ours */
	if (put_in_place(sink, b->temporary, lam_blob_name(&b->digest, name), err) < 0)
		return err->code;
	free(LAM_STEAL(b->temporary));
	b->placed = true;
	return 0;
}

static int sync_blobs(const struct lam_sink *sink, const struct lam_progress *progress,
		      bool *out_sha512, struct lam_error *err)
{
	const char *path = sink->reference->path;

	*out_sha512 = false;
	for (size_t i = 0; i < sink->blob_count; i++) {
		const struct lam_sink_blob *b = &sink->blobs[i];

		if (lam_progress_stopped(progress))
			return lam_fail(err, LAM_ESTOPPED, "stopped");
		*out_sha512 = *out_sha512 || b->digest.algorithm == LAM_SHA512;
		if (lam_sink_set_mode(b->fd, path, err) < 0 ||
		    lam_sink_sync(b->fd, path, err) < 0)
			return err->code;
	}
	return 0;
}

static int place_blobs(struct lam_sink *sink, const struct lam_progress *progress,
		       struct lam_error *err)
{
	const char *path = sink->reference->path;
	bool sha512;

	if (sync_blobs(sink, progress, &sha512, err) < 0 ||
	    make_folder(sink, "blobs", err) < 0 ||
	    make_folder(sink, "blobs/sha256", err) < 0 ||
	    (sha512 && make_folder(sink, "blobs/sha512", err) < 0))
		return err->code;
	for (size_t i = 0; i < sink->blob_count; i++) {
		if (place_blob(sink, &sink->blobs[i], err) < 0)
			return err->code;
	}
	if (sync_folder(sink->dir, "blobs/sha256", path, err) < 0 ||
	    (sha512 && sync_folder(sink->dir, "blobs/sha512", path, err) < 0) ||
	    sync_folder(sink->dir, "blobs", path, err) < 0)
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

static int place_index(const struct lam_sink *sink, const struct lam_sink_image *image,
		       struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf old = LAM_BUF(LAM_MAX_INDEX);
	LAM_CLEANUP(lam_buf_fini) struct lam_buf new = LAM_BUF(LAM_MAX_INDEX);
	const struct output o = { sink->reference, sink->dir };
	struct lam_digest only;
	bool any;

	if (read_index(&o, &old, err) < 0 ||
	    check_replaced(&o, &old, &only, &any, err) < 0 ||
	    check_only(sink, &only, &image->manifest, err) < 0)
		return err->code;
	if (lam_index_edit(old.data, old.len, image->media_type, &image->manifest,
			   image->manifest_size, &image->platform, sink->reference->name,
			   &new, err) < 0)
		return lam_wrap(err, "%s", sink->reference->path);
	if (old.len == new.len && memcmp(old.data, new.data, old.len) == 0)
		return 0;
	return place_file(sink, "index.json", new.data, new.len, err);
}

static int lock(const struct lam_sink *sink, struct lam_error *err)
{
	int got;

	do
		got = flock(sink->dir, LOCK_EX);
	while (got < 0 && errno == EINTR);
	return got == 0 ? 0
			: lam_fail_errno(err, LAM_EWRITE, errno, "%s: locking",
					 sink->reference->path);
}

/* Under the lock, so that two runs lose no tag of each other's. */
static int place_documents(const struct lam_sink *sink,
			   const struct lam_sink_image *image, struct lam_error *err)
{
	struct stat st;

	if (fstatat(sink->dir, "oci-layout", &st, 0) < 0 &&
	    place_file(sink, "oci-layout", lam_oci_layout, strlen(lam_oci_layout), err) <
		    0)
		return err->code;
	return place_index(sink, image, err);
}

static int publish(struct lam_sink *sink, const struct lam_sink_image *image,
		   struct lam_error *err)
{
	struct sink *own = sink->own;
	int code;

	if (place_blobs(sink, image->progress, err) < 0 || lock(sink, err) < 0)
		return err->code;
	code = place_documents(sink, image, err);
	flock(sink->dir, LOCK_UN);
	if (code == 0)
		own->made = false;
	return code;
}

/* A folder that this run made, and then could not make a layout of, goes again. */
static void close_sink(struct lam_sink *sink)
{
	const struct sink *own = sink->own;
	char name[LAM_BLOB_NAME];

	if (!own->made)
		return;
	for (size_t i = 0; i < sink->blob_count; i++) {
		if (sink->blobs[i].placed)
			unlinkat(sink->dir, lam_blob_name(&sink->blobs[i].digest, name),
				 0);
	}
	unlinkat(sink->dir, "oci-layout", 0);
	unlinkat(sink->dir, "blobs/sha256", AT_REMOVEDIR);
	unlinkat(sink->dir, "blobs/sha512", AT_REMOVEDIR);
	unlinkat(sink->dir, "blobs", AT_REMOVEDIR);
	rmdir(sink->reference->path);
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
	.open_sink = open_sink,
	.renames_blobs = true,
	.has_blob = has_blob,
	.keep_layer = keep_layer,
	.publish = publish,
	.replaces = replaces,
	.close_sink = close_sink,
};
