/* A writer into memory. */
#ifndef BUF_WRITER_H
#define BUF_WRITER_H

#include "base/buf.h"
#include "io/stream.h"

struct lam_writer *buf_writer(struct lam_buf *buf);

#endif
