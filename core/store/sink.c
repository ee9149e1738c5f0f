#include "store/sink.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "store/sink_impl.h"

#define FRONT ".lamina-"

static bool is_folder(const struct lam_sink *sink)
{
	return sink->reference->transport == LAM_OCI;
}

/* Temporary files: a lock on each says that its run is alive. */

static bool still_there(int dir, const char *name, int fd)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && fstatat(dir, name, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	       a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

int lam_sink_temporary(struct lam_sink *sink, int *out_fd, char **out_name,
		       struct lam_error *err)
{
	for (int tries = 0; tries < 100; tries++) {
		char name[32] = FRONT;
		uint64_t key[2];
		int fd;

		lam_random_key(key);
		snprintf(name + sizeof FRONT - 1, sizeof name - sizeof FRONT, "%016llx",
			 (unsigned long long)(key[0] + (uint64_t)tries));
		fd = openat(sink->dir, name,
			    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0 && errno == EEXIST)
			continue;
		if (fd < 0)
			return lam_fail_errno(err, LAM_EWRITE, errno,
					      "%s: making a temporary file",
					      sink->directory);
		/* another run may have taken it for a stray before it was locked */
		if (flock(fd, LOCK_EX | LOCK_NB) < 0 ||
		    !still_there(sink->dir, name, fd)) {
			close(fd);
			continue;
		}
		*out_name = strdup(name);
		if (!*out_name) {
			unlinkat(sink->dir, name, 0);
			close(fd);
			return lam_fail_memory(err);
		}
		*out_fd = fd;
		return 0;
	}
	return lam_fail(err, LAM_EWRITE, "%s: no name is free for a temporary file",
			sink->directory);
}

static bool is_ours(const char *name)
{
	const char *digits = name + sizeof FRONT - 1;

	return strncmp(name, FRONT, sizeof FRONT - 1) == 0 && strlen(digits) == 16 &&
	       strspn(digits, "0123456789abcdef") == 16;
}

void lam_sink_sweep(const struct lam_sink *sink)
{
	int again = fcntl(sink->dir, F_DUPFD_CLOEXEC, 0);
	DIR *dir = again < 0 ? NULL : fdopendir(again);
	struct dirent *entry;

	if (!dir) {
		if (again >= 0)
			close(again);
		return;
	}
	rewinddir(dir);
	while ((entry = readdir(dir)) != NULL) {
		int fd;

		if (!is_ours(entry->d_name))
			continue;
		fd = openat(sink->dir, entry->d_name,
			    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 &&
		    still_there(sink->dir, entry->d_name, fd))
			unlinkat(sink->dir, entry->d_name, 0);
		close(fd);
	}
	closedir(dir);
}

int lam_sink_sync(int fd, const char *what, struct lam_error *err)
{
	int got;

	do
		got = fsync(fd);
	while (got < 0 && errno == EINTR);
	if (got == 0)
		return 0;
	return lam_fail_errno(err, LAM_EWRITE, errno, "%s: syncing", what);
}

int lam_sink_write_all(int fd, const void *bytes, size_t len, const char *what,
		       struct lam_error *err)
{
	struct lam_writer *writer;
	int code;

	if (lam_writer_file(&writer, fd, false, what, err) < 0)
		return err->code;
	code = lam_write(writer, bytes, len, err);
	lam_writer_close(writer);
	return code;
}

/* Blobs */

/* Its number; blob_count where there is none. */
static size_t find(const struct lam_sink *sink, const struct lam_digest *digest)
{
	size_t i = 0;

	while (i < sink->blob_count && !lam_digest_equal(&sink->blobs[i].digest, digest))
		i++;
	return i;
}

/* One whose digest is known, and which is there already, is not added again. */
static int add(struct lam_sink *sink, struct lam_sink_blob blob, size_t *out_number,
	       struct lam_error *err)
{
	int code = 0;

	pthread_mutex_lock(&sink->lock);
	*out_number = blob.digest.algorithm == LAM_ALGORITHM_NONE
			      ? sink->blob_count
			      : find(sink, &blob.digest);
	if (*out_number == sink->blob_count)
		code = LAM_GROW(sink->blobs, sink->blob_count, sink->blob_cap, err);
	if (code == 0 && *out_number == sink->blob_count)
		sink->blobs[sink->blob_count++] = blob;
	pthread_mutex_unlock(&sink->lock);
	return code;
}

int lam_sink_new_blob(struct lam_sink *sink, int *out_fd, size_t *out_blob,
		      struct lam_error *err)
{
	struct lam_sink_blob blob = { .fd = -1 };

	if (is_folder(sink)) {
		if (lam_sink_temporary(sink, &blob.fd, &blob.temporary, err) < 0)
			return err->code;
	} else {
		blob.fd = openat(sink->dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
		if (blob.fd < 0 &&
		    (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
			if (lam_sink_temporary(sink, &blob.fd, &blob.temporary, err) < 0)
				return err->code;
		} else if (blob.fd < 0) {
			return lam_fail_errno(err, LAM_EWRITE, errno,
					      "%s: making a temporary file",
					      sink->directory);
		}
	}
	if (add(sink, blob, out_blob, err) < 0) {
		if (blob.temporary)
			unlinkat(sink->dir, blob.temporary, 0);
		free(blob.temporary);
		close(blob.fd);
		return err->code;
	}
	*out_fd = blob.fd;
	return 0;
}

void lam_sink_set_blob(struct lam_sink *sink, size_t blob,
		       const struct lam_digest *digest, uint64_t size)
{
	pthread_mutex_lock(&sink->lock);
	sink->blobs[blob].digest = *digest;
	sink->blobs[blob].size = size;
	pthread_mutex_unlock(&sink->lock);
}

static bool has_blob(struct lam_sink *sink, const struct lam_digest *digest,
		     uint64_t size)
{
	bool found;

	pthread_mutex_lock(&sink->lock);
	found = find(sink, digest) < sink->blob_count;
	pthread_mutex_unlock(&sink->lock);
	return found || (is_folder(sink) && lam_sink_folder_has(sink, digest, size));
}

int lam_sink_add_bytes(struct lam_sink *sink, const void *bytes, size_t len,
		       const struct lam_digest *digest, struct lam_error *err)
{
	size_t blob;
	int fd;

	if (has_blob(sink, digest, len))
		return 0;
	if (lam_sink_new_blob(sink, &fd, &blob, err) < 0 ||
	    lam_sink_write_all(fd, bytes, len, sink->directory, err) < 0)
		return err->code;
	lam_sink_set_blob(sink, blob, digest, len);
	return 0;
}

int lam_sink_add_file(struct lam_sink *sink, const struct lam_extent_of_file *from,
		      const struct lam_digest *digest,
		      const struct lam_progress *progress, struct lam_error *err)
{
	size_t blob;

	if (has_blob(sink, digest, from->size))
		return 0;
	if (is_folder(sink))
		return lam_sink_folder_add_file(sink, from, digest, progress, err);
	return add(sink,
		   (struct lam_sink_blob){ .fd = -1,
					   .digest = *digest,
					   .size = from->size,
					   .from = *from,
					   .is_kept = true },
		   &blob, err);
}

/* Opening, publishing, closing */

const char *lam_sink_directory(const struct lam_sink *sink)
{
	return sink->directory;
}

int lam_sink_open(struct lam_sink **out, const struct lam_reference *reference,
		  struct lam_error *err)
{
	struct lam_sink *sink = calloc(1, sizeof *sink);
	int code = 0;

	*out = NULL;
	if (!sink)
		return lam_fail_memory(err);
	pthread_mutex_init(&sink->lock, NULL);
	sink->reference = reference;
	sink->dir = -1;
	if (reference->path) {
		sink->path = strdup(reference->path);
		code = sink->path ? 0 : lam_fail_memory(err);
	}
	if (code == 0)
		code = is_folder(sink) ? lam_sink_open_folder(sink, err)
				       : lam_sink_open_archive(sink, err);
	if (code < 0)
		lam_sink_close(sink);
	else
		*out = sink;
	return code;
}

int lam_sink_replaces(bool *out, const struct lam_reference *reference,
		      struct lam_error *err)
{
	struct stat st;

	*out = false;
	if (reference->transport == LAM_OCI)
		return lam_sink_folder_replaces(out, reference, err);
	/* an empty file is no image */
	*out = reference->path && stat(reference->path, &st) == 0 && st.st_size > 0;
	return 0;
}

int lam_sink_publish(struct lam_sink *sink, const struct lam_sink_image *image,
		     struct lam_error *err)
{
	return is_folder(sink) ? lam_sink_publish_folder(sink, image, err)
			       : lam_sink_publish_archive(sink, image, err);
}

void lam_sink_close(struct lam_sink *sink)
{
	if (!sink)
		return;
	for (size_t i = 0; i < sink->blob_count; i++) {
		struct lam_sink_blob *b = &sink->blobs[i];

		if (b->temporary)
			unlinkat(sink->dir, b->temporary, 0);
		if (b->fd >= 0)
			close(b->fd);
		free(b->temporary);
	}
	if (sink->made)
		lam_sink_remove_folder(sink);
	if (sink->dir >= 0)
		close(sink->dir);
	pthread_mutex_destroy(&sink->lock);
	free(sink->blobs);
	free(sink->path);
	free(sink->directory);
	free(sink);
}
