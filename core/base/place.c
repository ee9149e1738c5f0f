#include "base/place.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <lamina/path.h>

int fail_file(struct lam_error *err, enum lam_code code, int errnum, const char *file)
{
	char *shown = lam_path_escape(file, strlen(file));

	lam_fail_errno(err, code, errnum, "%s", shown ? shown : "?");
	free(shown);
	return err->code;
}

static void give_up(struct place *p)
{
	if (p->fd >= 0) {
		close(p->fd);
		unlink(p->temporary);
	}
	free(p->file);
	free(p->folder);
	free(p->temporary);
	*p = (struct place){ .fd = -1 };
}

static mode_t mode_of(const char *file)
{
	mode_t mask = umask(0);
	struct stat st;

	umask(mask);
	return stat(file, &st) == 0 ? st.st_mode & 07777 : 0666 & ~mask;
}

/* A symlink stays one. */
static int set_names(struct place *p, const char *file, struct lam_error *err)
{
	char *real = realpath(file, NULL), *copy;

	p->file = real ? real : strdup(file);
	copy = p->file ? strdup(p->file) : NULL;
	if (copy)
		p->folder = strdup(dirname(copy));
	free(copy);
	if (!p->folder ||
	    asprintf(&p->temporary, "%s/.lamina-file-XXXXXX", p->folder) < 0) {
		p->temporary = NULL;
		return lam_fail_memory(err);
	}
	return 0;
}

/* A device or a pipe would be gone where a file takes its name. */
static int check_place(const char *file, struct lam_error *err)
{
	struct stat st;
	char *shown;

	if (stat(file, &st) < 0 || S_ISREG(st.st_mode))
		return 0;
	shown = lam_path_escape(file, strlen(file));
	lam_fail(err, LAM_EWRITE,
		 "%s: is there, and no regular file: choose another name",
		 shown ? shown : "?");
	free(shown);
	return err->code;
}

int place_begin(struct place *p, const char *file, struct lam_error *err)
{
	*p = (struct place){ .fd = -1 };
	if (check_place(file, err) < 0)
		return err->code;
	if (set_names(p, file, err) < 0) {
		give_up(p);
		return err->code;
	}
	p->fd = mkostemp(p->temporary, O_CLOEXEC);
	if (p->fd >= 0 && fchmod(p->fd, mode_of(p->file)) == 0)
		return 0;
	(void)fail_file(err, LAM_EWRITE, errno, p->file);
	give_up(p);
	return err->code;
}

int write_all(int fd, const void *bytes, size_t len)
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

static int publish(struct place *p, struct lam_error *err)
{
	int folder;

	if (fsync(p->fd) < 0 || rename(p->temporary, p->file) < 0)
		return fail_file(err, LAM_EWRITE, errno, p->file);
	close(p->fd);
	p->fd = -1; /* nothing is there to be removed */
	folder = open(p->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder >= 0) {
		fsync(folder);
		close(folder);
	}
	return 0;
}

int place_end(struct place *p, int code, struct lam_error *err)
{
	if (code == 0)
		code = publish(p, err);
	give_up(p);
	return code;
}

int place_text(const char *file, const char *text, struct lam_error *err)
{
	struct place place;
	int problem;

	if (place_begin(&place, file, err) < 0)
		return err->code;
	problem = write_all(place.fd, text, strlen(text));
	return place_end(&place,
			 problem ? fail_file(err, LAM_EWRITE, problem, place.file) : 0,
			 err);
}
