/* Folders that hold blobs as files, as outputs. All blobs are synced first; then they get their
 * names, over whatever had them, and their folder is synced. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/text.h"
#include "store/folder.h"

/* Opening an output */

int lam_folder_sync(int dir, const char *name, const char *path, struct lam_error *err)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), code;

	if (fd < 0)
		return lam_fail_errno(err, LAM_EWRITE, errno, "%s/%s", path, name);
	code = lam_sink_sync(fd, path, err);
	close(fd);
	return code;
}

bool lam_folder_has(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* What a run that was killed may have left before it wrote the mark. */
static bool is_stray(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	       strcmp(name, "blobs") == 0 || lam_text_behind(name, ".lamina-");
}

/* A folder that is there must be such an image, or hold nothing of anyone else's. */
static int check_folder(int fd, const char *path, const struct lam_folder_kind *kind,
			struct lam_error *err)
{
	struct dirent *entry;
	DIR *dir;

	if (faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) < 0)
		return lam_fail_errno(err, LAM_EWRITE, errno, "%s", path);
	if (lam_folder_has(fd, kind->mark))
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
		"%s: is a folder with other things in it, and no %s: choose another",
		path, kind->what);
}

/* Who made the link may count on what it leads to. */
static int refuse_link(const char *path, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *name = lam_xstrdup(path);
	struct stat st;

	for (size_t len = strlen(name); len > 1 && name[len - 1] == '/'; len--)
		name[len - 1] = '\0';
	if (lstat(name, &st) < 0 || !S_ISLNK(st.st_mode))
		return 0;
	return lam_fail(
		err, LAM_EWRITE,
		"%s: is a symlink, through which nothing is written: name the folder "
		"that it leads to, or copy that with cp -rL first",
		path);
}

int lam_folder_open_output(const struct lam_reference *reference,
			   const struct lam_folder_kind *kind, int *out,
			   struct lam_error *err)
{
	const char *path = reference->path;

	*out = -1;
	if (refuse_link(path, err) < 0)
		return err->code;
	*out = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*out < 0 && errno == ENOENT)
		return lam_reference_check_folder(reference, err);
	if (*out < 0)
		return lam_fail_errno(err, LAM_EWRITE, errno, "%s", path);
	if (check_folder(*out, path, kind, err) == 0)
		return 0;
	close(*out);
	*out = -1;
	return err->code;
}

static int fail_making(const struct lam_reference *reference, int problem,
		       struct lam_error *err)
{
	if (lam_reference_check_folder(reference, err) < 0)
		return err->code;
	return lam_fail_errno(err, LAM_EWRITE, problem, "%s: making the folder",
			      reference->path);
}

static int open_folder(struct lam_sink *sink, const struct lam_folder_kind *kind,
		       bool *made, struct lam_error *err)
{
	const char *path = sink->reference->path;
	size_t in_use;
	int fd;

	if (mkdir(path, 0777) == 0)
		*made = true;
	else if (errno != EEXIST)
		return fail_making(sink->reference, errno, err);
	if (lam_sink_open_directory(sink, err) < 0)
		return err->code;
	if (*made)
		return lam_folder_sync(sink->dir, "..", path, err);
	if (check_folder(sink->dir, path, kind, err) < 0)
		return err->code;
	/* a sign for who made the folder */
	return lam_sink_temporary(sink, 0600, &fd, &in_use, err);
}

int lam_folder_open_sink(struct lam_sink *sink, const struct lam_folder_kind *kind,
			 bool *out_made, struct lam_error *err)
{
	struct stat st;

	if (refuse_link(sink->reference->path, err) < 0)
		return err->code;
	sink->directory = lam_xstrdup(sink->reference->path);
	/* who made the folder may give it up before we have put our sign into it */
	for (int tries = 0; open_folder(sink, kind, out_made, err) < 0; tries++) {
		if (tries == 10 || stat(sink->directory, &st) == 0)
			return err->code;
		if (sink->dir >= 0)
			close(sink->dir);
		sink->dir = -1;
	}
	lam_sink_sweep(sink);
	return 0;
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
	const struct lam_sink_options *o = sink->options;
	const char *path = sink->reference->path;
	struct lam_error err;
	int fd;

	if (lam_folder_open_file(sink->reference->store, sink->dir, d, &fd, &err) < 0)
		return false;
	reader = lam_reader_file(fd, true, 0, (uint64_t)d->size, path);
	return ((o->knows && o->knows(o->context, &d->digest, fd)) ||
		lam_sink_check_stream(reader, &d->digest, progress, NULL, NULL, &err) ==
			0) &&
	       lam_sink_sync(fd, path, &err) == 0;
}

int lam_folder_keep_layer(struct lam_sink *sink, const struct lam_source *source,
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

int lam_folder_place_file(struct lam_sink *sink, const char *name, const char *bytes,
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

static const char *file_name(const struct lam_sink *sink, const struct lam_sink_blob *b,
			     char *out)
{
	const struct lam_descriptor blob = { .digest = b->digest,
					     .media_type = b->media_type };

	/* cppcheck-suppress returnDanglingLifetime; it is in out */
	return sink->reference->store->blob_file(&blob, out);
}

/* A layer that the output had may be gone, with the run that had put it there. */
static int copy_again(struct lam_sink *sink, size_t n,
		      const struct lam_progress *progress, struct lam_error *err)
{
	const struct lam_sink_blob b = sink->blobs[n];
	char name[LAM_BLOB_NAME];
	struct stat st;

	if (fstatat(sink->dir, file_name(sink, &b, name), &st, AT_SYMLINK_NOFOLLOW) == 0)
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
	if (lam_sink_rename(sink, n, file_name(sink, b, name), err) < 0)
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

int lam_folder_place_blobs(struct lam_sink *sink, const struct lam_digest *but,
			   const struct lam_progress *progress, struct lam_error *err)
{
	for (size_t i = 0; i < sink->blob_count; i++) {
		if (but && lam_digest_equal(&sink->blobs[i].digest, but))
			continue;
		if (place_blob(sink, i, progress, err) < 0)
			return err->code;
	}
	return 0;
}

static void take_back_blobs(const struct lam_sink *sink)
{
	char name[LAM_BLOB_NAME];

	for (size_t i = 0; i < sink->blob_count; i++) {
		if (sink->blobs[i].placed)
			unlinkat(sink->dir, file_name(sink, &sink->blobs[i], name), 0);
	}
}

int lam_folder_publish(struct lam_sink *sink, const struct lam_sink_image *image,
		       const struct lam_folder_publishing *how, bool *made,
		       struct lam_error *err)
{
	int code;

	if (sync_blobs(sink, image->progress, err) < 0 ||
	    lam_sink_lock(sink, image->progress, err) < 0)
		return err->code;
	code = how->place(sink, image, err);
	if (code == 0) {
		*made = false;
	} else if (*made && !lam_folder_has(sink->dir, how->index)) {
		take_back_blobs(sink);
		how->take_back(sink);
	}
	flock(sink->dir, LOCK_UN);
	return code;
}
