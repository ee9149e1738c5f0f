/* Streams of bytes: files, memory, and what stands around another stream. */
#include "io/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/workers.h"
#include "io/spool.h"

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
	LAM_CLEANUP(lam_free_ptr) char *piece = lam_xmalloc(PIECE);
	size_t got = 1;

	for (*out_len = 0; got > 0; *out_len += got) {
		if (lam_read(reader, piece, PIECE, &got, err) < 0)
			return err->code;
	}
	return 0;
}

void lam_reader_stop(struct lam_reader *reader, const atomic_bool *stop)
{
	if (reader->ops->stop)
		reader->ops->stop(reader, stop);
}

void lam_reader_close(struct lam_reader *reader)
{
	for (struct lam_reader *inner; reader; reader = inner) {
		inner = reader->inner;
		if (reader->ops->close)
			reader->ops->close(reader);
		free(reader);
	}
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
	return writer->ops->finish ? writer->ops->finish(writer, err) : 0;
}

void lam_writer_close(struct lam_writer *writer)
{
	for (struct lam_writer *inner; writer; writer = inner) {
		inner = writer->inner;
		if (writer->ops->close)
			writer->ops->close(writer);
		free(writer);
	}
}

void lam_writer_close_ptr(struct lam_writer **writer)
{
	lam_writer_close(*writer);
}

int lam_copy(struct lam_reader *from, struct lam_writer *to, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *piece = lam_xmalloc(PIECE);
	size_t got = 1;

	while (got > 0) {
		if (lam_read(from, piece, PIECE, &got, err) < 0 ||
		    lam_write(to, piece, got, err) < 0)
			return err->code;
	}
	return 0;
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
}

static const struct lam_reader_ops FILE_READER = { .read = file_read,
						   .close = file_close };

struct lam_reader *lam_reader_file(int fd, bool own_fd, uint64_t offset, uint64_t len,
				   const char *name)
{
	struct file_reader *f = lam_xmalloc(sizeof *f);

	*f = (struct file_reader){ { &FILE_READER, NULL }, fd, own_fd, offset, len, len,
				   lam_xstrdup(name) };
	return &f->base;
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
	int problem = lam_write_all(f->fd, bytes, len);

	if (problem)
		return lam_fail_errno(err, LAM_EWRITE, problem, "%s: writing", f->name);
	f->written += (off_t)len;
	push(f);
	return 0;
}

static void file_writer_close(struct lam_writer *self)
{
	struct file_writer *f = (struct file_writer *)self;

	if (f->own_fd)
		close(f->fd);
	free(f->name);
}

static const struct lam_writer_ops FILE_WRITER = { .write = file_write,
						   .close = file_writer_close };

struct lam_writer *lam_writer_file(int fd, bool own_fd, const char *name)
{
	struct file_writer *f = lam_xmalloc(sizeof *f);

	*f = (struct file_writer){ { &FILE_WRITER, NULL }, fd, own_fd,
				   lam_xstrdup(name),      0,  0 };
	return &f->base;
}

/* Gathered */

struct gather_writer {
	struct lam_writer base;
	size_t size, held;
	char bytes[];
};

static int give_held(struct gather_writer *g, struct lam_error *err)
{
	size_t len = g->held;

	g->held = 0;
	return lam_write(g->base.inner, g->bytes, len, err);
}

static int gather_write(struct lam_writer *self, const void *bytes, size_t len,
			struct lam_error *err)
{
	struct gather_writer *g = (struct gather_writer *)self;

	if (len > g->size - g->held && give_held(g, err) < 0)
		return err->code;
	if (len > g->size)
		return lam_write(self->inner, bytes, len, err);
	memcpy(g->bytes + g->held, bytes, len);
	g->held += len;
	return 0;
}

static int gather_finish(struct lam_writer *self, struct lam_error *err)
{
	if (give_held((struct gather_writer *)self, err) < 0)
		return err->code;
	return lam_finish(self->inner, err);
}

static const struct lam_writer_ops GATHER_WRITER = { .write = gather_write,
						     .finish = gather_finish };

struct lam_writer *lam_writer_gather(struct lam_writer *inner, size_t size)
{
	struct gather_writer *g = lam_xmalloc(sizeof *g + size);

	g->base = (struct lam_writer){ &GATHER_WRITER, inner };
	g->size = size;
	g->held = 0;
	return &g->base;
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
	if (*out_len == 0)
		return 0;
	memcpy(buf, m->at, *out_len);
	m->at += *out_len;
	m->left -= *out_len;
	return 0;
}

static const struct lam_reader_ops MEMORY_READER = { .read = memory_read };

struct lam_reader *lam_reader_memory(const void *bytes, size_t len)
{
	struct memory_reader *m = lam_xmalloc(sizeof *m);

	*m = (struct memory_reader){ { &MEMORY_READER, NULL }, bytes, len };
	return &m->base;
}

struct progress_reader {
	struct lam_reader base;
	struct lam_meter meter;
};

static int progress_read(struct lam_reader *self, void *buf, size_t cap, size_t *out_len,
			 struct lam_error *err)
{
	struct progress_reader *p = (struct progress_reader *)self;

	if (lam_meter_check(&p->meter, err) < 0 ||
	    lam_read(self->inner, buf, cap < PIECE ? cap : PIECE, out_len, err) < 0)
		return err->code;
	if (*out_len)
		return lam_meter_add(&p->meter, *out_len, err);
	lam_progress_report(p->meter.progress, &p->meter.step);
	return 0;
}

static const struct lam_reader_ops PROGRESS_READER = { .read = progress_read };

struct lam_reader *lam_reader_progress(struct lam_reader *inner,
				       const struct lam_progress *progress,
				       const struct lam_step *step)
{
	struct progress_reader *p = lam_xmalloc(sizeof *p);

	*p = (struct progress_reader){ { &PROGRESS_READER, inner },
				       { .progress = progress, .step = *step } };
	lam_reader_stop(inner, progress ? progress->stop : NULL);
	return &p->base;
}

/* A thread that reads ahead */

struct piece {
	size_t len;
	char bytes[];
};

struct ahead_reader {
	struct lam_reader base;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct piece **pieces;
	unsigned count;
	size_t size;            /* of a piece, at most */
	unsigned filled, taken; /* how many, in all; filled - taken are waiting */
	size_t used;            /* of the piece that is being taken */
	bool runs, end, quit;
	struct lam_error err; /* why it ended, or LAM_OK */
};

static void *ahead_run(void *context)
{
	struct ahead_reader *a = context;
	struct lam_error err = { 0 };
	bool end = false;

	while (!end) {
		struct piece *piece;

		pthread_mutex_lock(&a->lock);
		while (a->filled - a->taken == a->count && !a->quit)
			pthread_cond_wait(&a->changed, &a->lock);
		end = a->quit;
		piece = a->pieces[a->filled % a->count];
		pthread_mutex_unlock(&a->lock);
		if (end)
			break;
		end = lam_read_full(a->base.inner, piece->bytes, a->size, &piece->len,
				    &err) < 0 ||
		      piece->len < a->size;
		pthread_mutex_lock(&a->lock);
		if (err.code == LAM_OK && piece->len > 0)
			a->filled++;
		a->end = end;
		a->err = err;
		pthread_cond_broadcast(&a->changed);
		pthread_mutex_unlock(&a->lock);
	}
	return NULL;
}

static int ahead_read(struct lam_reader *self, void *buf, size_t cap, size_t *out_len,
		      struct lam_error *err)
{
	struct ahead_reader *a = (struct ahead_reader *)self;
	struct piece *piece;

	*out_len = 0;
	pthread_mutex_lock(&a->lock);
	while (a->filled == a->taken && !a->end)
		pthread_cond_wait(&a->changed, &a->lock);
	if (a->filled == a->taken) {
		pthread_mutex_unlock(&a->lock);
		if (a->err.code != LAM_OK)
			*err = a->err;
		return a->err.code;
	}
	piece = a->pieces[a->taken % a->count];
	pthread_mutex_unlock(&a->lock);
	*out_len = piece->len - a->used < cap ? piece->len - a->used : cap;
	memcpy(buf, piece->bytes + a->used, *out_len);
	a->used += *out_len;
	if (a->used < piece->len)
		return 0;
	pthread_mutex_lock(&a->lock);
	a->taken++;
	a->used = 0;
	/* a thread that fills several at once is woken less often */
	if (a->filled - a->taken == a->count / 2)
		pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->lock);
	return 0;
}

static void ahead_close(struct lam_reader *self)
{
	struct ahead_reader *a = (struct ahead_reader *)self;

	if (a->runs) {
		pthread_mutex_lock(&a->lock);
		a->quit = true;
		pthread_cond_broadcast(&a->changed);
		pthread_mutex_unlock(&a->lock);
		pthread_join(a->thread, NULL);
	}
	for (unsigned i = 0; i < a->count; i++)
		free(a->pieces[i]);
	free(a->pieces);
	pthread_mutex_destroy(&a->lock);
	pthread_cond_destroy(&a->changed);
}

static const struct lam_reader_ops AHEAD_READER = { .read = ahead_read,
						    .close = ahead_close };

int lam_reader_ahead(struct lam_reader **out, struct lam_reader *inner, unsigned pieces,
		     size_t size, struct lam_error *err)
{
	struct ahead_reader *a = lam_xcalloc(1, sizeof *a);
	int problem;

	*out = &a->base;
	a->base = (struct lam_reader){ &AHEAD_READER, inner };
	a->count = pieces;
	a->size = size;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->changed, NULL);
	a->pieces = lam_xcalloc(pieces, sizeof *a->pieces);
	for (unsigned i = 0; i < pieces; i++)
		a->pieces[i] = lam_xmalloc(sizeof **a->pieces + size);
	problem = lam_thread_start(&a->thread, ahead_run, a);
	a->runs = problem == 0;
	if (problem)
		return lam_fail_errno(err, LAM_EREAD, problem, "starting a thread");
	return 0;
}
