/* Bytes that are written once and read back at any offset. */
#include "io/spool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/memory.h"

struct lam_spool {
	char *dir;
	struct lam_buf memory; /* the last bytes, which are not in the file */
	uint64_t in_file;
	int fd; /* -1: nothing is */
};

struct lam_spool *lam_spool_new(const char *dir, size_t memory_max)
{
	struct lam_spool *s = lam_xmalloc(sizeof *s);

	*s = (struct lam_spool){ .dir = lam_xstrdup(dir),
				 .memory = LAM_BUF(memory_max),
				 .fd = -1 };
	return s;
}

size_t lam_spool_share(size_t count)
{
	size_t share = LAM_SPOOLS_MEMORY / count;

	return share > LAM_SPOOL_LEAST ? share : LAM_SPOOL_LEAST;
}

void lam_spool_free(struct lam_spool *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	lam_buf_fini(&s->memory);
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
	int problem;

	if (s->fd < 0 && open_file(s, err) < 0)
		return err->code;
	problem = lam_write_all(s->fd, bytes, len);
	if (problem)
		return lam_fail_errno(err, LAM_EWRITE, problem,
				      "%s: writing a temporary file", s->dir);
	s->in_file += len;
	return 0;
}

static int flush(struct lam_spool *s, struct lam_error *err)
{
	if (put(s, s->memory.data, s->memory.len, err) < 0)
		return err->code;
	lam_buf_clear(&s->memory);
	return 0;
}

int lam_spool_append(struct lam_spool *s, const void *bytes, size_t len,
		     struct lam_error *err)
{
	if (len == 0)
		return 0;
	if (len > s->memory.max - s->memory.len && flush(s, err) < 0)
		return err->code;
	return len <= s->memory.max ? lam_buf_append(&s->memory, bytes, len, err)
				    : put(s, bytes, len, err);
}

uint64_t lam_spool_size(const struct lam_spool *s)
{
	return s->in_file + s->memory.len;
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
		memcpy((char *)buf + filed,
		       s->memory.data + (offset + filed - s->in_file), len - filed);
	return 0;
}

int lam_spool_file(struct lam_spool *s, int *out_fd, struct lam_error *err)
{
	if (flush(s, err) < 0)
		return err->code;
	*out_fd = s->fd;
	return 0;
}
