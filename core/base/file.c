/* Files of the system: read whole, replaced whole, or without a name. */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <lamina/path.h>

#include "base/memory.h"
#include "base/names.h"

int lam_file_fail(struct lam_error *err, enum lam_code code, int errnum, const char *file)
{
	char *shown = lam_path_escape(file, strlen(file));

	lam_fail_errno(err, code, errnum, "%s", shown ? shown : "?");
	free(shown);
	return err->code;
}

static int fail_kind(struct lam_error *err, enum lam_code code, const char *file,
		     const char *how)
{
	char *shown = lam_path_escape(file, strlen(file));

	lam_fail(err, code, "%s: %s", shown ? shown : "?", how);
	free(shown);
	return err->code;
}

/* Reading */

static ssize_t read_some(int fd, void *bytes, size_t len)
{
	ssize_t got;

	do
		got = read(fd, bytes, len);
	while (got < 0 && errno == EINTR);
	return got;
}

/* What stays of a file, as far as its size tells; no less than a piece. */
static size_t expected(int fd, const struct lam_buf *out)
{
	const size_t piece = 64 << 10, room = out->max - out->len;
	struct stat st;
	size_t size = piece;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (size_t)st.st_size > piece)
		size = (size_t)st.st_size;
	return size < room ? size : room;
}

int lam_file_read_fd(struct lam_buf *out, int fd, const char *file, struct lam_error *err)
{
	size_t more = expected(fd, out);
	ssize_t got;
	char one;

	while (out->len < out->max) {
		if (lam_buf_reserve(out, more, err) < 0)
			return err->code;
		more = out->cap - 1 - out->len;
		if (more > out->max - out->len)
			more = out->max - out->len;
		got = read_some(fd, out->data + out->len, more);
		if (got < 0)
			return lam_file_fail(err, LAM_EREAD, errno, file);
		out->len += (size_t)got;
		out->data[out->len] = '\0';
		if (got == 0)
			return 0;
		more = 1;
	}
	got = read_some(fd, &one, 1);
	if (got == 0)
		return 0;
	return lam_file_fail(err, LAM_EREAD, got < 0 ? errno : EFBIG, file);
}

int lam_file_read(struct lam_buf *out, const char *file, struct lam_error *err)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool absent = fd < 0 && (errno == ENOENT || errno == ENOTDIR);
	struct stat st;
	int code;

	if (fd < 0)
		return lam_file_fail(err, absent ? LAM_ENOTFOUND : LAM_EREAD, errno,
				     file);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		code = fail_kind(err, LAM_EREAD, file, "is no regular file");
	else
		code = lam_file_read_fd(out, fd, file, err);
	close(fd);
	return code;
}

/* Replacing */

#define STRAY "/.lamina-file-"

static void give_up(struct lam_new_file *n)
{
	if (n->fd >= 0) {
		if (n->temporary)
			unlink(n->temporary);
		close(n->fd);
	}
	free(n->file);
	free(n->folder);
	free(n->temporary);
	*n = (struct lam_new_file){ .fd = -1 };
}

/* A symlink stays one. */
static void set_names(struct lam_new_file *n, const char *file)
{
	char *copy;

	n->file = realpath(file, NULL);
	if (!n->file)
		n->file = lam_xstrdup(file);
	copy = lam_xstrdup(n->file);
	n->folder = lam_xstrdup(dirname(copy));
	free(copy);
}

/* A device or a pipe would be gone where a file takes its name. */
static int check_place(const char *file, struct lam_error *err)
{
	struct stat st;

	if (stat(file, &st) < 0 || S_ISREG(st.st_mode))
		return 0;
	return fail_kind(err, LAM_EWRITE, file,
			 "is there, and no regular file: choose another name");
}

/* What writers left that were killed while their file had a name: nobody has the lock of
 * it. */
static void sweep(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	struct stat st;

	while (dir && (entry = readdir(dir))) {
		int fd;

		if (strncmp(entry->d_name, &STRAY[1], strlen(&STRAY[1])) != 0)
			continue;
		fd = openat(dirfd(dir), entry->d_name,
			    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
		    st.st_uid == geteuid() && flock(fd, LOCK_EX | LOCK_NB) == 0)
			unlinkat(dirfd(dir), entry->d_name, 0);
		close(fd);
	}
	if (dir)
		closedir(dir);
}

static char *stray_name(const char *folder)
{
	uint64_t random[2];

	lam_random_key(random);
	return lam_xprintf("%s" STRAY "%016llx", folder, (unsigned long long)random[0]);
}

static bool lacks_nameless(int errnum)
{
	return errnum == EOPNOTSUPP || errnum == EISDIR || errnum == EINVAL ||
	       errnum == ENOENT;
}

/* With a name from the begin; locked, before somebody else takes it for a stray. */
static int open_named(struct lam_new_file *n)
{
	struct stat st = { .st_nlink = 0 };

	while (st.st_nlink == 0) {
		free(n->temporary);
		n->temporary = stray_name(n->folder);
		n->fd = open(n->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (n->fd < 0)
			return -1;
		if ((flock(n->fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) ||
		    fstat(n->fd, &st) < 0 || st.st_nlink == 0) {
			close(n->fd);
			n->fd = -1;
		}
	}
	return 0;
}

/* Its mode is what the umask leaves. Where it can be it has no name until it is whole, so
 * that whoever is killed leaves nothing. */
static int open_new(struct lam_new_file *n)
{
	if (access("/proc/self/fd", X_OK) < 0)
		return open_named(n);
	n->fd = open(n->folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
	if (n->fd < 0)
		return lacks_nameless(errno) ? open_named(n) : -1;
	(void)flock(n->fd, LOCK_EX | LOCK_NB);
	return 0;
}

/* Of the file that is replaced: its mode, and its owner where that may be given. */
static int keep_owner(const struct lam_new_file *n)
{
	struct stat old, new;

	if (stat(n->file, &old) < 0)
		return 0;
	if (fchown(n->fd, old.st_uid, old.st_gid) < 0)
		(void)!fchown(n->fd, (uid_t)-1, old.st_gid);
	if (fchmod(n->fd, old.st_mode & 07777) == 0)
		return 0;
	/* file systems where all files have one mode */
	return fstat(n->fd, &new) == 0 && new.st_mode == old.st_mode ? 0 : -1;
}

int lam_file_begin(struct lam_new_file *n, const char *file, struct lam_error *err)
{
	*n = (struct lam_new_file){ .fd = -1 };
	if (check_place(file, err) < 0)
		return err->code;
	set_names(n, file);
	sweep(n->folder);
	if (open_new(n) == 0 && keep_owner(n) == 0)
		return 0;
	(void)lam_file_fail(err, LAM_EWRITE, errno, n->file);
	give_up(n);
	return err->code;
}

int lam_write_all(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len > 0) {
		ssize_t put = write(fd, at, len);

		if (put < 0 && errno != EINTR)
			return errno;
		at += put > 0 ? put : 0;
		len -= put > 0 ? (size_t)put : 0;
	}
	return 0;
}

static int give_name(struct lam_new_file *n)
{
	char *open = lam_xprintf("/proc/self/fd/%d", n->fd);
	int code;

	n->temporary = stray_name(n->folder);
	code = linkat(AT_FDCWD, open, AT_FDCWD, n->temporary, AT_SYMLINK_FOLLOW);
	free(open);
	return code;
}

static int publish(struct lam_new_file *n, struct lam_error *err)
{
	int folder;

	if (fsync(n->fd) < 0 || (!n->temporary && give_name(n) < 0) ||
	    rename(n->temporary, n->file) < 0)
		return lam_file_fail(err, LAM_EWRITE, errno, n->file);
	close(n->fd);
	n->fd = -1; /* nothing is there to be removed */
	folder = open(n->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder >= 0) {
		fsync(folder);
		close(folder);
	}
	return 0;
}

int lam_file_end(struct lam_new_file *n, int code, struct lam_error *err)
{
	if (code == 0)
		code = publish(n, err);
	give_up(n);
	return code;
}

int lam_file_replace(const char *file, const void *bytes, size_t len,
		     struct lam_error *err)
{
	struct lam_new_file n;
	int problem;

	if (lam_file_begin(&n, file, err) < 0)
		return err->code;
	problem = lam_write_all(n.fd, bytes, len);
	return lam_file_end(
		&n, problem ? lam_file_fail(err, LAM_EWRITE, problem, n.file) : 0, err);
}

/* Folders, and files without a name */

int lam_file_nameless(const char *folder)
{
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	char *name;

	if (fd >= 0 || !lacks_nameless(errno))
		return fd;
	/* file systems without files that have no name */
	name = lam_xprintf("%s/.lamina-spool-XXXXXX", folder);
	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		unlink(name);
	free(name);
	return fd;
}

int lam_folders_make(const char *folder)
{
	char *path = lam_xstrdup(folder);

	for (char *at = path; at && *at && (at = strchr(at + 1, '/')); *at = '/') {
		*at = '\0';
		/* what is wrong with it shows at the last one */
		(void)mkdir(path, 0700);
	}
	free(path);
	return mkdir(folder, 0700) == 0 || errno == EEXIST ? 0 : errno;
}
