#include "io/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE (1u << 20)

int lam_read(struct lam_reader *reader, void *buf, size_t cap, size_t *out_len,
	     struct lam_error *err)
{
	return reader->ops->read(reader, buf, cap, out_len, err);
}

int lam_read_full(struct lam_reader *reader, void *buf, size_t cap, size_t *out_len,
		  struct lam_error *err)
{
	size_t got;

	*out_len = 0;
	while (*out_len < cap) {
		if (lam_read(reader, (char *)buf + *out_len, cap - *out_len, &got, err) <
		    0)
			return err->code;
		if (got == 0)
			break;
		*out_len += got;
	}
	return 0;
}

int lam_read_drain(struct lam_reader *reader, uint64_t *out_len, struct lam_error *err)
{
	char *piece = malloc(PIECE);
	size_t got = 1;
	int code = piece ? 0 : lam_fail_memory(err);

	*out_len = 0;
	while (code == 0 && got > 0) {
		code = lam_read(reader, piece, PIECE, &got, err);
		if (code == 0)
			*out_len += got;
	}
	free(piece);
	return code;
}

void lam_reader_close(struct lam_reader *reader)
{
	if (reader)
		reader->ops->close(reader);
}

void lam_reader_close_ptr(struct lam_reader **reader)
{
	lam_reader_close(*reader);
}

int lam_write(struct lam_writer *writer, const void *bytes, size_t len,
	      struct lam_error *err)
{
	return len ? writer->ops->write(writer, bytes, len, err) : 0;
}

int lam_finish(struct lam_writer *writer, struct lam_error *err)
{
	return writer->ops->finish(writer, err);
}

void lam_writer_close(struct lam_writer *writer)
{
	if (writer)
		writer->ops->close(writer);
}

void lam_writer_close_ptr(struct lam_writer **writer)
{
	lam_writer_close(*writer);
}

int lam_copy(struct lam_reader *from, struct lam_writer *to, struct lam_error *err)
{
	char *piece = malloc(PIECE);
	size_t got = 1;
	int code = piece ? 0 : lam_fail_memory(err);

	while (code == 0 && got > 0) {
		code = lam_read(from, piece, PIECE, &got, err);
		if (code == 0)
			code = lam_write(to, piece, got, err);
	}
	free(piece);
	return code;
}

/* Files */

struct file_reader {
	struct lam_reader base;
	int fd;
	bool own_fd;
	uint64_t offset, left, len;
	char *name;
};

static int file_read(struct lam_reader *self, void *buf, size_t cap, size_t *out_len,
		     struct lam_error *err)
{
	struct file_reader *f = (struct file_reader *)self;
	size_t want = f->left < cap ? (size_t)f->left : cap;
	ssize_t got;

	*out_len = 0;
	if (want == 0)
		return 0;
	do
		got = pread(f->fd, buf, want, (off_t)f->offset);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return lam_fail_errno(err, LAM_EREAD, errno, "%s: reading", f->name);
	if (got == 0)
		return lam_fail(err, LAM_EREAD, "%s: ends after %llu of %llu bytes",
				f->name, (unsigned long long)(f->len - f->left),
				(unsigned long long)f->len);
	f->offset += (uint64_t)got;
	f->left -= (uint64_t)got;
	*out_len = (size_t)got;
	return 0;
}

static void file_close(struct lam_reader *self)
{
	struct file_reader *f = (struct file_reader *)self;

	if (f->own_fd)
		close(f->fd);
	free(f->name);
	free(f);
}

static const struct lam_reader_ops FILE_READER = { file_read, file_close };

int lam_reader_file(struct lam_reader **out, int fd, bool own_fd, uint64_t offset,
		    uint64_t len, const char *name, struct lam_error *err)
{
	struct file_reader *f = calloc(1, sizeof *f);
	char *copy = strdup(name);

	*out = NULL;
	if (!f || !copy) {
		free(f);
		free(copy);
		if (own_fd)
			close(fd);
		return lam_fail_memory(err);
	}
	*f = (struct file_reader){ { &FILE_READER }, fd, own_fd, offset, len, len, copy };
	*out = &f->base;
	return 0;
}

bool lam_reader_is_file(const struct lam_reader *reader, int *out_fd,
			uint64_t *out_offset, uint64_t *out_len)
{
	const struct file_reader *f = (const struct file_reader *)reader;

	if (reader->ops != &FILE_READER)
		return false;
	*out_fd = f->fd;
	*out_offset = f->offset;
	*out_len = f->left;
	return true;
}

/* The disk is told to begin with what was written, so often; so a sync at the end has
 * little left to wait for. */
#define PUSH_EVERY (8u << 20)

struct file_writer {
	struct lam_writer base;
	int fd;
	bool own_fd;
	char *name;
	off_t written, pushed; /* bytes */
};

static void push(struct file_writer *f)
{
	if (f->written - f->pushed < PUSH_EVERY)
		return;
	/* only a hint: what goes wrong is seen by the sync */
	(void)sync_file_range(f->fd, f->pushed, f->written - f->pushed,
			      SYNC_FILE_RANGE_WRITE);
	f->pushed = f->written;
}

static int file_write(struct lam_writer *self, const void *bytes, size_t len,
		      struct lam_error *err)
{
	struct file_writer *f = (struct file_writer *)self;
	const char *at = bytes;

	while (len > 0) {
		ssize_t put = write(f->fd, at, len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return lam_fail_errno(err, LAM_EWRITE, errno, "%s: writing",
					      f->name);
		at += put;
		len -= (size_t)put;
		f->written += put;
	}
	push(f);
	return 0;
}

static int file_finish(struct lam_writer *self, struct lam_error *err)
{
	(void)self;
	(void)err;
	return 0;
}

static void file_writer_close(struct lam_writer *self)
{
	struct file_writer *f = (struct file_writer *)self;

	if (f->own_fd)
		close(f->fd);
	free(f->name);
	free(f);
}

static const struct lam_writer_ops FILE_WRITER = { file_write, file_finish,
						   file_writer_close };

int lam_writer_file(struct lam_writer **out, int fd, bool own_fd, const char *name,
		    struct lam_error *err)
{
	struct file_writer *f = calloc(1, sizeof *f);
	char *copy = strdup(name);

	*out = NULL;
	if (!f || !copy) {
		free(f);
		free(copy);
		if (own_fd)
			close(fd);
		return lam_fail_memory(err);
	}
	*f = (struct file_writer){ { &FILE_WRITER }, fd, own_fd, copy, 0, 0 };
	*out = &f->base;
	return 0;
}

/* Memory */

struct memory_reader {
	struct lam_reader base;
	const char *at;
	size_t left;
};

static int memory_read(struct lam_reader *self, void *buf, size_t cap, size_t *out_len,
		       struct lam_error *err)
{
	struct memory_reader *m = (struct memory_reader *)self;

	(void)err;
	*out_len = m->left < cap ? m->left : cap;
	if (*out_len)
		memcpy(buf, m->at, *out_len);
	m->at += *out_len;
	m->left -= *out_len;
	return 0;
}

static void memory_close(struct lam_reader *self)
{
	free(self);
}

static const struct lam_reader_ops MEMORY_READER = { memory_read, memory_close };

int lam_reader_memory(struct lam_reader **out, const void *bytes, size_t len,
		      struct lam_error *err)
{
	struct memory_reader *m = calloc(1, sizeof *m);

	*out = NULL;
	if (!m)
		return lam_fail_memory(err);
	*m = (struct memory_reader){ { &MEMORY_READER }, bytes, len };
	*out = &m->base;
	return 0;
}

struct buf_writer {
	struct lam_writer base;
	struct lam_buf *buf;
};

static int buf_write(struct lam_writer *self, const void *bytes, size_t len,
		     struct lam_error *err)
{
	return lam_buf_append(((struct buf_writer *)self)->buf, bytes, len, err);
}

static void plain_writer_close(struct lam_writer *self)
{
	free(self);
}

static const struct lam_writer_ops BUF_WRITER = { buf_write, file_finish,
						  plain_writer_close };

int lam_writer_buf(struct lam_writer **out, struct lam_buf *buf, struct lam_error *err)
{
	struct buf_writer *b = calloc(1, sizeof *b);

	*out = NULL;
	if (!b)
		return lam_fail_memory(err);
	*b = (struct buf_writer){ { &BUF_WRITER }, buf };
	*out = &b->base;
	return 0;
}

static int null_write(struct lam_writer *self, const void *bytes, size_t len,
		      struct lam_error *err)
{
	(void)self;
	(void)bytes;
	(void)len;
	(void)err;
	return 0;
}

static const struct lam_writer_ops NULL_WRITER = { null_write, file_finish,
						   plain_writer_close };

int lam_writer_null(struct lam_writer **out, struct lam_error *err)
{
	struct lam_writer *w = calloc(1, sizeof *w);

	*out = w;
	if (!w)
		return lam_fail_memory(err);
	w->ops = &NULL_WRITER;
	return 0;
}
