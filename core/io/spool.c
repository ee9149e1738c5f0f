#include "io/spool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"

struct lam_spool {
	char *dir;
	char *memory; /* the last bytes, which are not in the file */
	size_t memory_len, memory_cap, memory_max;
	uint64_t in_file;
	int fd; /* -1: nothing is */
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
	s->fd = lam_file_nameless(s->dir);
	return s->fd >= 0 ? 0
			  : lam_fail_errno(err, LAM_EWRITE, errno,
					   "%s: making a temporary file", s->dir);
}

static int put(struct lam_spool *s, const void *bytes, size_t len, struct lam_error *err)
{
	const char *at = bytes;

	if (s->fd < 0 && open_file(s, err) < 0)
		return err->code;
	while (len > 0) {
		ssize_t wrote = pwrite(s->fd, at, len, (off_t)s->in_file);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return lam_fail_errno(err, LAM_EWRITE, errno,
					      "%s: writing a temporary file", s->dir);
		at += wrote;
		s->in_file += (uint64_t)wrote;
		len -= (size_t)wrote;
	}
	return 0;
}

static int flush(struct lam_spool *s, struct lam_error *err)
{
	if (put(s, s->memory, s->memory_len, err) < 0)
		return err->code;
	s->memory_len = 0;
	return 0;
}

static int keep(struct lam_spool *s, const void *bytes, size_t len, struct lam_error *err)
{
	size_t want = s->memory_len + len, cap = s->memory_cap ? s->memory_cap : 4096;

	while (cap < want)
		cap *= 2;
	if (cap != s->memory_cap) {
		char *memory = realloc(s->memory, cap);

		if (!memory)
			return lam_fail_memory(err);
		s->memory = memory;
		s->memory_cap = cap;
	}
	memcpy(s->memory + s->memory_len, bytes, len);
	s->memory_len += len;
	return 0;
}

int lam_spool_append(struct lam_spool *s, const void *bytes, size_t len,
		     struct lam_error *err)
{
	if (len == 0)
		return 0;
	if (len > s->memory_max - s->memory_len && flush(s, err) < 0)
		return err->code;
	return len <= s->memory_max ? keep(s, bytes, len, err) : put(s, bytes, len, err);
}

uint64_t lam_spool_size(const struct lam_spool *s)
{
	return s->in_file + s->memory_len;
}

static int read_file(const struct lam_spool *s, uint64_t offset, char *at, size_t len,
		     struct lam_error *err)
{
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

int lam_spool_read(const struct lam_spool *s, uint64_t offset, void *buf, size_t len,
		   struct lam_error *err)
{
	uint64_t size = lam_spool_size(s);
	size_t filed;

	if (offset > size || len > size - offset)
		return lam_fail(err, LAM_EREAD,
				"%s: a temporary file is read past its end", s->dir);
	filed = offset >= s->in_file        ? 0
		: len > s->in_file - offset ? (size_t)(s->in_file - offset)
					    : len;
	if (read_file(s, offset, buf, filed, err) < 0)
		return err->code;
	if (len > filed)
		memcpy((char *)buf + filed, s->memory + (offset + filed - s->in_file),
		       len - filed);
	return 0;
}

int lam_spool_file(struct lam_spool *s, int *out_fd, struct lam_error *err)
{
	if (flush(s, err) < 0)
		return err->code;
	*out_fd = s->fd;
	return 0;
}
