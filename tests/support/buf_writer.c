/* A writer into memory. */
#include "buf_writer.h"

#include "base/memory.h"

struct buf_writer {
	struct lam_writer base;
	struct lam_buf *buf;
};

static int buf_write(struct lam_writer *self, const void *bytes, size_t len,
		     struct lam_error *err)
{
	return lam_buf_append(((struct buf_writer *)self)->buf, bytes, len, err);
}

static int buf_finish(struct lam_writer *self, struct lam_error *err)
{
	(void)self;
	(void)err;
	return 0;
}

struct lam_writer *buf_writer(struct lam_buf *buf)
{
	static const struct lam_writer_ops ops = { .write = buf_write,
						   .finish = buf_finish };
	struct buf_writer *b = lam_xmalloc(sizeof *b);

	*b = (struct buf_writer){ { &ops, NULL }, buf };
	return &b->base;
}
