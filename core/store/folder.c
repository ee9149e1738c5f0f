/* Folders that hold blobs as files: what is read of them. */
#include "store/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/memory.h"

struct source {
	int dir;
	struct lam_digest named; /* NONE: no blob has a name of its own */
	const char *name;
};

int lam_folder_open(struct lam_source *s, const struct lam_reference *reference,
		    struct lam_error *err)
{
	struct source *own = s->own = lam_xcalloc(1, sizeof *own);

	own->dir = open(reference->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (own->dir < 0 && errno == ENOENT)
		return lam_fail(err, LAM_ENOTFOUND, "there is no such folder");
	if (own->dir < 0)
		return lam_fail_errno(err, LAM_EREAD, errno, "opening");
	return 0;
}

int lam_folder_dir(const struct lam_source *s)
{
	return ((const struct source *)s->own)->dir;
}

void lam_folder_close(struct lam_source *s)
{
	struct source *own = s->own;

	if (own && own->dir >= 0)
		close(own->dir);
	free(own);
}

void lam_folder_name(struct lam_source *s, const struct lam_digest *digest,
		     const char *name)
{
	struct source *own = s->own;

	own->named = *digest;
	own->name = name;
}

/* "blobs/sha256/HEX", cut as it goes, along no symlink; -1 and errno. */
static int open_along(int dir, char *at)
{
	for (int folders = 0; at; folders++) {
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
		at = slash ? slash + 1 : NULL;
	}
	return dir;
}

/* A blob's file, which is a regular one of its size. */
static int open_named(int dir, char *name, const struct lam_descriptor *d, int *out_fd,
		      struct lam_error *err)
{
	char text[LAM_DIGEST_TEXT];
	struct stat st;
	int fd = open_along(dir, name);

	*out_fd = -1;
	lam_digest_format(&d->digest, text);
	if (fd < 0 && errno == ENOENT)
		return lam_fail(
			err, LAM_EREAD,
			"blob %s is missing: the image is incomplete: copy it again",
			text);
	if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
		return lam_fail(
			err, LAM_EREAD,
			"blob %s is no regular file, but a symlink or behind one: "
			"copy the folder with cp -rL first",
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

int lam_folder_open_file(const struct lam_store *store, int dir,
			 const struct lam_descriptor *d, int *out_fd,
			 struct lam_error *err)
{
	char name[LAM_BLOB_NAME];

	store->blob_file(d, name);
	return open_named(dir, name, d, out_fd, err);
}

static int open_own(const struct lam_source *s, const struct lam_descriptor *blob,
		    int *out_fd, struct lam_error *err)
{
	const struct source *own = s->own;
	char name[LAM_BLOB_NAME];

	if (!own->name || !lam_digest_equal(&blob->digest, &own->named))
		return lam_folder_open_file(s->store, own->dir, blob, out_fd, err);
	snprintf(name, sizeof name, "%s", own->name);
	return open_named(own->dir, name, blob, out_fd, err);
}

int lam_folder_find_blob(const struct lam_source *s, const struct lam_descriptor *blob,
			 const void **out_where, struct lam_error *err)
{
	int fd;

	*out_where = NULL;
	if (open_own(s, blob, &fd, err) < 0)
		return err->code;
	close(fd);
	return 0;
}

int lam_folder_open_blob(const struct lam_source *s, const struct lam_descriptor *blob,
			 const void *where, uint64_t offset, struct lam_reader **out,
			 struct lam_error *err)
{
	char name[LAM_DIGEST_TEXT + 8] = "blob ";
	int fd;

	(void)where;
	lam_digest_format(&blob->digest, name + strlen(name));
	if (open_own(s, blob, &fd, err) < 0)
		return err->code;
	*out = lam_reader_file(fd, true, offset, (uint64_t)blob->size - offset, name);
	return 0;
}

int lam_folder_read(int dir, const char *name, struct lam_buf *out, struct lam_error *err)
{
	int fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC), code;
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return lam_fail(err, LAM_ENOTFOUND,
				"has no %s: no image of this kind is here", name);
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

int lam_folder_read_blob(const struct lam_store *store, int dir,
			 const struct lam_descriptor *blob, struct lam_buf *out,
			 struct lam_error *err)
{
	char name[LAM_DIGEST_TEXT];
	int fd, code;

	lam_digest_format(&blob->digest, name);
	if (lam_folder_open_file(store, dir, blob, &fd, err) < 0)
		return err->code;
	if ((uint64_t)blob->size > out->max)
		code = lam_fail(err, LAM_EFORMAT, "%s: is larger than %zu bytes", name,
				out->max);
	else
		code = lam_file_read_fd(out, fd, name, err);
	close(fd);
	return code < 0 ? code
			: lam_descriptor_check(blob, out->data ? out->data : "", out->len,
					       name, err);
}
