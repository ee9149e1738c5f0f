#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"

struct lam_spool {
	char *dir;
	size_t memory_max;
	char *memory;
	size_t memory_cap;
	uint64_t size;
	int fd; /* -1: all of it is in memory */
};

int lam_spool_new(struct lam_spool **out, const char *dir, size_t memory_max,
		  struct lam_error *err)
{
	struct lam_spool *s = calloc(1, sizeof *s);

	*out = NULL;
	if (!s)
		return lam_fail_memory(err);
	s->fd = -1;
	s->memory_max = memory_max;
	s->dir = strdup(dir);
	if (!s->dir) {
		free(s);
		return lam_fail_memory(err);
	}
	*out = s;
	return 0;
}

void lam_spool_free(struct lam_spool *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	free(s->memory);
	free(s->dir);
	free(s);
}

static int open_file(struct lam_spool *s, struct lam_error *err)
{
	char name[4096];

	s->fd = open(s->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (s->fd >= 0)
		return 0;
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOENT)
		return lam_fail_errno(err, LAM_EWRITE, errno,
				      "%s: making a temporary file", s->dir);
	/* filesystems without files that have no name */
	if (snprintf(name, sizeof name, "%s/.lamina-spool-XXXXXX", s->dir) >=
	    (int)sizeof name)
		return lam_fail(err, LAM_EWRITE, "%s: the folder's name is too long",
				s->dir);
	s->fd = mkostemp(name, O_CLOEXEC);
	if (s->fd < 0)
		return lam_fail_errno(err, LAM_EWRITE, errno,
				      "%s: making a temporary file", s->dir);
	unlink(name);
	return 0;
}

static int put(struct lam_spool *s, const void *bytes, size_t len, uint64_t offset,
	       struct lam_error *err)
{
	const char *at = bytes;

	while (len > 0) {
		ssize_t wrote = pwrite(s->fd, at, len, (off_t)offset);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return lam_fail_errno(err, LAM_EWRITE, errno,
					      "%s: writing a temporary file", s->dir);
		at += wrote;
		offset += (uint64_t)wrote;
		len -= (size_t)wrote;
	}
	return 0;
}

static int spill(struct lam_spool *s, struct lam_error *err)
{
	if (s->fd >= 0)
		return 0;
	if (open_file(s, err) < 0)
		return err->code;
	if (put(s, s->memory, (size_t)s->size, 0, err) < 0)
		return err->code;
	free(s->memory);
	s->memory = NULL;
	return 0;
}

static int keep(struct lam_spool *s, const void *bytes, size_t len, struct lam_error *err)
{
	size_t want = (size_t)s->size + len, cap = s->memory_cap ? s->memory_cap : 4096;

	while (cap < want)
		cap *= 2;
	if (cap != s->memory_cap) {
		char *memory = realloc(s->memory, cap);

		if (!memory)
			return lam_fail_memory(err);
		s->memory = memory;
		s->memory_cap = cap;
	}
	memcpy(s->memory + s->size, bytes, len);
	s->size += len;
	return 0;
}

int lam_spool_append(struct lam_spool *s, const void *bytes, size_t len,
		     struct lam_error *err)
{
	if (len == 0)
		return 0;
	if (s->fd < 0 && len <= s->memory_max && s->size <= s->memory_max - len)
		return keep(s, bytes, len, err);
	if (spill(s, err) < 0 || put(s, bytes, len, s->size, err) < 0)
		return err->code;
	s->size += len;
	return 0;
}

int lam_spool_skip(struct lam_spool *s, uint64_t len, struct lam_error *err)
{
	static const char nothing[4096];

	/* in memory a hole costs as much as bytes do */
	if (s->fd < 0 && len > sizeof nothing && spill(s, err) < 0)
		return err->code;
	if (s->fd < 0)
		return lam_spool_append(s, nothing, (size_t)len, err);
	s->size += len;
	return 0;
}

uint64_t lam_spool_size(const struct lam_spool *s)
{
	return s->size;
}

int lam_spool_read(const struct lam_spool *s, uint64_t offset, void *buf, size_t len,
		   struct lam_error *err)
{
	char *at = buf;

	if (offset > s->size || len > s->size - offset)
		return lam_fail(err, LAM_EREAD,
				"%s: a temporary file is read past its end", s->dir);
	if (s->fd < 0) {
		if (len)
			memcpy(buf, s->memory + offset, len);
		return 0;
	}
	while (len > 0) {
		ssize_t got = pread(s->fd, at, len, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return lam_fail_errno(err, LAM_EREAD, errno,
					      "%s: reading a temporary file", s->dir);
		if (got == 0)
			return lam_fail(err, LAM_EREAD,
					"%s: a temporary file has become shorter",
					s->dir);
		at += got;
		offset += (uint64_t)got;
		len -= (size_t)got;
	}
	return 0;
}

int lam_spool_file(struct lam_spool *s, int *out_fd, struct lam_error *err)
{
	if (spill(s, err) < 0)
		return err->code;
	*out_fd = s->fd;
	return 0;
}
