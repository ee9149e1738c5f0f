/* Writing into an OCI layout. All blobs are synced first. Then, under the layout's lock,
 * they get their names, over whatever had them, their folder is synced, and index.json,
 * read anew, is replaced: other tags stay as they were. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/stop.h"
#include "store/layout.h"

struct sink {
	bool made;              /* its folder was not there before */
	bool made_layout;       /* nor its oci-layout */
	struct lam_digest only; /* without a tag: the one image of the layout as it was
				   opened, to be replaced; NONE: it held none */
};

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
	if (fstatat(sink->dir, "oci-layout", &st, AT_SYMLINK_NOFOLLOW) == 0)
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

static int open_folder(struct lam_sink *sink, struct lam_error *err)
{
	const char *path = sink->reference->path;
	struct sink *own = sink->own;
	size_t mark;
	int fd;

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
	/* a mark for who made the folder: it is in use */
	return lam_sink_temporary(sink, 0600, &fd, &mark, err);
}

int lam_layout_open_sink(struct lam_sink *sink, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf index = LAM_BUF(LAM_MAX_INDEX);
	struct sink *own = sink->own = lam_xcalloc(1, sizeof *own);
	struct lam_layout_output o = { .reference = sink->reference };
	struct stat st;
	bool any;

	sink->directory = lam_xstrdup(sink->reference->path);
	/* who made the folder may give it up before we have marked it */
	for (int tries = 0; open_folder(sink, err) < 0; tries++) {
		if (tries == 10 || stat(sink->directory, &st) == 0)
			return err->code;
		if (sink->dir >= 0)
			close(sink->dir);
		sink->dir = -1;
	}
	lam_sink_sweep(sink);
	o.dir = sink->dir;
	return lam_layout_check_replaced(&o, &index, &own->only, &any, err);
}

/* Kept layers */

/* By the kernel, which may share the blocks; false where it did not do all of it. */
static bool copy_by_kernel(int from, uint64_t offset, uint64_t size, int to,
			   const struct lam_progress *progress)
{
	off_t at = (off_t)offset;
	struct stat st;

	/* it clones all of the file, which may hold more than the blob */
	if (offset == 0 && fstat(from, &st) == 0 && (uint64_t)st.st_size == size &&
	    ioctl(to, FICLONE, from) == 0)
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

static int copy_kept(struct lam_sink *sink, const struct lam_source *source, size_t n,
		     const struct lam_digest *digest, const struct lam_progress *progress,
		     struct lam_error *err)
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

/* Whether the output has the very bytes, and on the disk. */
static bool holds_blob(const struct lam_sink *sink, const struct lam_descriptor *d,
		       const struct lam_progress *progress)
{
	LAM_CLEANUP(lam_reader_close_ptr) struct lam_reader *reader = NULL;
	const char *path = sink->reference->path;
	struct lam_error err;
	int fd;

	if (lam_layout_open_blob(sink->dir, d, &fd, &err) < 0)
		return false;
	reader = lam_reader_file(fd, true, 0, (uint64_t)d->size, path);
	return lam_sink_check_stream(reader, &d->digest, progress, NULL, NULL, &err) ==
		       0 &&
	       lam_sink_sync(fd, path, &err) == 0;
}

int lam_layout_keep_layer(struct lam_sink *sink, const struct lam_source *source,
			  size_t n, const struct lam_digest *digest,
			  const struct lam_progress *progress, struct lam_error *err)
{
	const struct lam_descriptor d = {
		.digest = *digest, .size = source->image.layers[n].descriptor.size
	};

	if (holds_blob(sink, &d, progress))
		return lam_sink_keep_later(sink, source, n, digest, progress, err);
	return copy_kept(sink, source, n, digest, progress, err);
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

static int place_file(struct lam_sink *sink, const char *name, const char *bytes,
		      size_t len, struct lam_error *err)
{
	const char *path = sink->reference->path;
	size_t file;
	int fd;

	if (lam_sink_temporary(sink, 0666, &fd, &file, err) < 0 ||
	    lam_sink_write_all(fd, bytes, len, path, err) < 0 ||
	    lam_sink_sync(fd, path, err) < 0 ||
	    lam_sink_rename(sink, file, name, err) < 0)
		return err->code;
	return lam_sink_sync(sink->dir, path, err);
}

/* A layer that the output had may be gone, with the run that had put it there. */
static int copy_again(struct lam_sink *sink, size_t n,
		      const struct lam_progress *progress, struct lam_error *err)
{
	const struct lam_sink_blob b = sink->blobs[n];
	char name[LAM_BLOB_NAME];
	struct stat st;

	if (fstatat(sink->dir, lam_blob_name(&b.digest, name), &st,
		    AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (copy_kept(sink, b.source, b.layer, &b.digest, progress, err) < 0)
		return err->code;
	return lam_sink_sync(sink->blobs[sink->blob_count - 1].fd, sink->reference->path,
			     err);
}

static int place_blob(struct lam_sink *sink, size_t n,
		      const struct lam_progress *progress, struct lam_error *err)
{
	struct lam_sink_blob *b = &sink->blobs[n];
	char name[LAM_BLOB_NAME];

	if (b->source)
		return copy_again(sink, n, progress, err);
	if (b->digest.algorithm == LAM_ALGORITHM_NONE)
		return 0;
	if (lam_sink_rename(sink, n, lam_blob_name(&b->digest, name), err) < 0)
		return err->code;
	b->placed = true;
	return 0;
}

static int sync_blobs(const struct lam_sink *sink, const struct lam_progress *progress,
		      struct lam_error *err)
{
	for (size_t i = 0; i < sink->blob_count; i++) {
		const struct lam_sink_blob *b = &sink->blobs[i];

		if (lam_progress_stopped(progress))
			return lam_fail_stopped(err);
		if (b->digest.algorithm != LAM_ALGORITHM_NONE && b->fd >= 0 &&
		    lam_sink_sync(b->fd, sink->reference->path, err) < 0)
			return err->code;
	}
	return 0;
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
	    (sha512 && make_folder(sink, "blobs/sha512", err) < 0))
		return err->code;
	for (size_t i = 0; i < sink->blob_count; i++) {
		if (place_blob(sink, i, progress, err) < 0)
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

static int place_index(struct lam_sink *sink, const struct lam_sink_image *image,
		       const struct lam_buf *old, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf new = LAM_BUF(LAM_MAX_INDEX);

	if (lam_index_edit(old->data, old->len, image->media_type, &image->manifest,
			   image->manifest_size, &image->platform, sink->reference->name,
			   &new, err) < 0)
		return lam_wrap(err, "%s", sink->reference->path);
	if (old->len == new.len && memcmp(old->data, new.data, new.len) == 0)
		return 0;
	return place_file(sink, "index.json", new.data, new.len, err);
}

/* Under the lock: two runs lose no tag of each other's, and no blob. */
static int place_all(struct lam_sink *sink, const struct lam_sink_image *image,
		     struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf old = LAM_BUF(LAM_MAX_INDEX);
	const struct lam_layout_output o = { sink->reference, sink->dir };
	struct sink *own = sink->own;
	struct lam_digest only;
	bool any;

	if (lam_layout_check_replaced(&o, &old, &only, &any, err) < 0 ||
	    check_only(sink, &only, &image->manifest, err) < 0 ||
	    place_blobs(sink, image->progress, err) < 0)
		return err->code;
	if (!lam_layout_is_there(&o, "oci-layout")) {
		own->made_layout = true;
		if (place_file(sink, "oci-layout", lam_oci_layout, strlen(lam_oci_layout),
			       err) < 0)
			return err->code;
	}
	return place_index(sink, image, &old, err);
}

/* While no index stands: nobody else can have been told of what this run has placed. */
static void take_back(const struct lam_sink *sink)
{
	const struct sink *own = sink->own;
	char name[LAM_BLOB_NAME];

	for (size_t i = 0; i < sink->blob_count; i++) {
		if (sink->blobs[i].placed)
			unlinkat(sink->dir, lam_blob_name(&sink->blobs[i].digest, name),
				 0);
	}
	if (own->made_layout)
		unlinkat(sink->dir, "oci-layout", 0);
}

int lam_layout_publish(struct lam_sink *sink, const struct lam_sink_image *image,
		       struct lam_error *err)
{
	const struct lam_layout_output o = { sink->reference, sink->dir };
	struct sink *own = sink->own;
	int code;

	if (sync_blobs(sink, image->progress, err) < 0 ||
	    lam_sink_lock(sink, image->progress, err) < 0)
		return err->code;
	code = place_all(sink, image, err);
	if (code == 0)
		own->made = false;
	else if (own->made && !lam_layout_is_there(&o, "index.json"))
		take_back(sink);
	flock(sink->dir, LOCK_UN);
	return code;
}

/* A folder that this run made, and then could not make a layout of, goes again, unless
 * another run is at work in it: its mark or its files are there then, or its lock. */
void lam_layout_close_sink(struct lam_sink *sink)
{
	const struct sink *own = sink->own;
	const struct lam_layout_output o = { sink->reference, sink->dir };
	bool locked = own->made &&
		      (flock(sink->dir, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK);

	if (locked && !lam_layout_is_there(&o, "index.json") &&
	    !lam_layout_is_there(&o, "oci-layout")) {
		unlinkat(sink->dir, "blobs/sha256", AT_REMOVEDIR);
		unlinkat(sink->dir, "blobs/sha512", AT_REMOVEDIR);
		unlinkat(sink->dir, "blobs", AT_REMOVEDIR);
		rmdir(sink->reference->path);
	}
}
