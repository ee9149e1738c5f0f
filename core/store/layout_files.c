/* The files of an OCI layout, opened for reading. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/layout.h"

/* A whole file of the layout, of at most out->max bytes. */
int lam_layout_read(int dir, const char *name, struct lam_buf *out, struct lam_error *err)
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
int lam_layout_open_blob(int dir, const struct lam_descriptor *d, int *out_fd,
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
	if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
		return lam_fail(
			err, LAM_EREAD,
			"blob %s is no regular file, but a symlink or behind one: "
			"copy the layout with cp -rL first",
			text);
	if (fd < 0)
		return lam_fail_errno(err, LAM_EREAD, errno, "blob %s", text);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
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
