#include "editor/plan/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <lamina/path.h>

#include "editor/plan/journal_file.h"

struct journal {
	char *dir, *digest, *reference, *plan_file;
	char *path; /* NULL: nothing is on disk */
	int fd;     /* holds the lock */
	off_t size;
	bool dirty;
	bool renamed; /* plan_file is not what the file on disk says */
};

static bool copy_text(char **out, const char *text)
{
	*out = text ? strdup(text) : NULL;
	return *out || !text;
}

int journal_new(struct journal **out, const char *dir, const char *manifest_digest,
		const char *reference, const char *plan_file, struct lam_error *err)
{
	struct journal *j = calloc(1, sizeof *j);

	*out = NULL;
	if (!j)
		return lam_fail_memory(err);
	j->fd = -1;
	if (!copy_text(&j->dir, dir) || !copy_text(&j->digest, manifest_digest) ||
	    !copy_text(&j->reference, reference) ||
	    !copy_text(&j->plan_file, plan_file)) {
		journal_close(j);
		return lam_fail_memory(err);
	}
	*out = j;
	return 0;
}

int journal_set_plan_file(struct journal *j, const char *plan_file, struct lam_error *err)
{
	char *copy;

	if (plan_file && j->plan_file ? strcmp(plan_file, j->plan_file) == 0
				      : plan_file == j->plan_file)
		return 0;
	if (!copy_text(&copy, plan_file))
		return lam_fail_memory(err);
	free(j->plan_file);
	j->plan_file = copy;
	j->renamed = j->path;
	return 0;
}

static int fail(const struct journal *j, int errnum, struct lam_error *err)
{
	char *shown = lam_path_escape(j->dir, strlen(j->dir));
	int code = lam_fail_errno(err, LAM_EWRITE, errnum, "journal in %.500s",
				  shown ? shown : "");

	free(shown);
	return code;
}

/* All of it or, as far as the system lets us, nothing. */
static int put(int fd, const char *line, off_t *size)
{
	size_t len = strlen(line), at = 0;

	while (at < len) {
		ssize_t wrote = write(fd, line + at, len - at);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0) {
			int errnum = errno;

			/* a torn line at the end would be passed over, but not one in
			 * the middle */
			while (at && ftruncate(fd, *size) < 0 && errno == EINTR)
				;
			return errnum;
		}
		at += (size_t)wrote;
	}
	*size += (off_t)len;
	return 0;
}

static void sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)fsync(fd);
	close(fd);
}

/* Never onto another; errno where it fails. */
static int move_file(const char *from, const char *to)
{
	if (link(from, to) == 0)
		return unlink(from);
	if (errno == EEXIST)
		return -1;
	/* a file system without links */
	if (access(to, F_OK) == 0) {
		errno = EEXIST;
		return -1;
	}
	return rename(from, to);
}

/* Gives a file its name, where no other has it: a number that the system has used before
 * may stand in the name of an orphan. */
static int name_file(struct journal *j, const char *pending)
{
	for (unsigned n = 0; n < 1000; n++) {
		char name[512], more[16] = "";
		char *path;

		if (n)
			snprintf(more, sizeof more, ".%u", n);
		snprintf(name, sizeof name, "%.300s-%ld%s" JOURNAL_SUFFIX, j->digest,
			 (long)getpid(), more);
		path = journal_path(j->dir, name);
		if (!path)
			return ENOMEM;
		if (move_file(pending, path) == 0) {
			j->path = path;
			return 0;
		}
		free(path);
		if (errno != EEXIST)
			return errno;
	}
	return EEXIST;
}

/* Locked before it has its name, so that nobody takes it for an orphan. */
static int open_file(struct journal *j, const char *pending, const char *first,
		     const char *line)
{
	int fd = open(pending,
		      O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		      0600),
	    errnum;
	off_t size = 0;

	if (fd < 0)
		return errno;
	/* where there are no locks a journal is still better than none */
	(void)flock(fd, LOCK_EX | LOCK_NB);
	errnum = put(fd, first, &size);
	if (errnum == 0)
		errnum = put(fd, line, &size);
	if (errnum == 0)
		errnum = name_file(j, pending);
	if (errnum) {
		(void)unlink(pending);
		close(fd);
		return errnum;
	}
	j->fd = fd;
	j->size = size;
	return 0;
}

static int begin(struct journal *j, const char *line, struct lam_error *err)
{
	char *first = journal_first_line(j->reference, j->plan_file, time(NULL)),
	     *pending = NULL;
	char name[512];
	int errnum = ENOMEM;

	snprintf(name, sizeof name, "%.300s-%ld" JOURNAL_PENDING, j->digest,
		 (long)getpid());
	pending = journal_path(j->dir, name);
	if (first && pending) {
		if (journal_make_dir(j->dir, err) < 0) {
			free(first);
			free(pending);
			return err->code;
		}
		/* of a process that had our number and died early */
		(void)unlink(pending);
		errnum = open_file(j, pending, first, line);
	}
	free(first);
	free(pending);
	if (errnum)
		return fail(j, errnum, err);
	sync_dir(j->dir);
	return 0;
}

/* The file is large, or of another plan file: another takes its place, with what stands
 * now alone. */
static int begin_again(struct journal *j, const char *line, struct lam_error *err)
{
	struct journal old = *j;

	j->path = NULL;
	j->fd = -1;
	if (begin(j, line, err) < 0) {
		*j = old;
		return err->code;
	}
	j->renamed = false;
	(void)unlink(old.path);
	free(old.path);
	close(old.fd);
	return 0;
}

static int add_line(struct journal *j, const char *line, struct lam_error *err)
{
	int errnum = put(j->fd, line, &j->size);

	return errnum ? fail(j, errnum, err) : 0;
}

int journal_append(struct journal *j, const char *name, const struct lam_plan *plan,
		   struct lam_error *err)
{
	char *line = journal_state_line(name, time(NULL), plan, err);
	int code = 0;

	if (!line)
		return err->code;
	if (j->fd < 0)
		code = begin(j, line, err);
	else if (j->renamed || (size_t)j->size + strlen(line) > JOURNAL_MOST_BYTES)
		code = begin_again(j, line, err);
	else
		code = add_line(j, line, err);
	free(line);
	j->dirty = j->dirty || code == 0;
	return code;
}

bool journal_is_dirty(const struct journal *j)
{
	return j->dirty;
}

bool journal_is_kept(const struct journal *j)
{
	return j->path;
}

int journal_sync(struct journal *j, struct lam_error *err)
{
	if (!j->dirty)
		return 0;
	j->dirty = false;
	/* once: what could not be stored then is told, and not each second */
	return fdatasync(j->fd) == 0 ? 0 : fail(j, errno, err);
}

void journal_reset(struct journal *j)
{
	if (j->path)
		(void)unlink(j->path);
	if (j->fd >= 0)
		close(j->fd);
	free(j->path);
	j->path = NULL;
	j->fd = -1;
	j->size = 0;
	j->dirty = false;
	j->renamed = false;
}

void journal_close(struct journal *j)
{
	if (!j)
		return;
	if (j->fd >= 0) {
		if (j->dirty)
			(void)fdatasync(j->fd);
		close(j->fd);
	}
	free(j->path);
	free(j->dir);
	free(j->digest);
	free(j->reference);
	free(j->plan_file);
	free(j);
}
