/* Streams of bytes: readers and writers as small vtables that wrap each other. A wrapper
 * owns what it wraps; closing the outermost closes and frees all, also where its constructor
 * failed. All of them are used by one thread at a time. */
#ifndef LAM_STREAM_H
#define LAM_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <lamina/error.h>

#include "base/digest.h"
#include "io/meter.h"

struct lam_reader;
struct lam_writer;
struct lam_spool;

struct lam_reader_ops {
	/* At most cap bytes (cap > 0) into buf; *out_len == 0 at the end, and again at
	 * every later call. */
	int (*read)(struct lam_reader *self, void *buf, size_t cap, size_t *out_len,
		    struct lam_error *err);
	/* Gives up what it has besides `inner`; NULL: nothing. */
	void (*close)(struct lam_reader *self);
	/* Of those that may wait long; NULL: never. */
	void (*stop)(struct lam_reader *self, const atomic_bool *stop);
};

struct lam_reader {
	const struct lam_reader_ops *ops;
	struct lam_reader *inner; /* what it wraps, or NULL */
};

struct lam_writer_ops {
	int (*write)(struct lam_writer *self, const void *bytes, size_t len,
		     struct lam_error *err); /* all of it */
	/* Flushes what is held back, and finishes what is wrapped; nothing may be written
	 * after it. NULL: there is nothing to do. */
	int (*finish)(struct lam_writer *self, struct lam_error *err);
	/* As a reader's; without finish: gives up. */
	void (*close)(struct lam_writer *self);
};

struct lam_writer {
	const struct lam_writer_ops *ops;
	struct lam_writer *inner;
};

int lam_read(struct lam_reader *reader, void *buf, size_t cap, size_t *out_len,
	     struct lam_error *err);
/* Makes reading end with LAM_ESTOPPED once the flag is set, also while it waits. Where the
 * bytes are at hand it does nothing; lam_reader_progress() does it to what it wraps. */
void lam_reader_stop(struct lam_reader *reader, const atomic_bool *stop);
/* Reads until cap is full or the end. */
int lam_read_full(struct lam_reader *reader, void *buf, size_t cap, size_t *out_len,
		  struct lam_error *err);
/* Reads to the end, throwing away. */
int lam_read_drain(struct lam_reader *reader, uint64_t *out_len, struct lam_error *err);
/* Reads to the end, and says what digest that has. LAM_ESTOPPED. */
struct lam_passing {
	const atomic_bool *stop; /* or NULL */
	int (*put)(void *context, const void *bytes, size_t len, struct lam_error *err);
	void *context; /* of put, which gets all that is read; or NULL */
};
int lam_read_digest(struct lam_reader *reader, enum lam_algorithm algorithm,
		    const struct lam_passing *passing, struct lam_digest *out,
		    struct lam_error *err);
void lam_reader_close(struct lam_reader *reader);      /* NULL is fine */
void lam_reader_close_ptr(struct lam_reader **reader); /* for LAM_CLEANUP */

int lam_write(struct lam_writer *writer, const void *bytes, size_t len,
	      struct lam_error *err);
int lam_finish(struct lam_writer *writer, struct lam_error *err);
void lam_writer_close(struct lam_writer *writer);
void lam_writer_close_ptr(struct lam_writer **writer);

/* Reads everything into a writer, in pieces of 1 MiB. Neither is finished nor closed. */
int lam_copy(struct lam_reader *from, struct lam_writer *to, struct lam_error *err);

/* Bytes [offset, offset + len) of a file, by pread; a file that ends before is LAM_EREAD
 * ("...: ends after N of M bytes"). `name` is for messages and copied. Where own_fd is
 * set the descriptor is closed with the reader. */
struct lam_reader *lam_reader_file(int fd, bool own_fd, uint64_t offset, uint64_t len,
				   const char *name);
/* Whether it is one of those: where what is left of it stands in the file. */
bool lam_reader_is_file(const struct lam_reader *reader, int *out_fd,
			uint64_t *out_offset, uint64_t *out_len);
/* Bytes that the caller keeps for as long as the reader lives. */
struct lam_reader *lam_reader_memory(const void *bytes, size_t len);
/* Passes through; what passed is hashed, counted and appended to a spool. All three
 * belong to the caller and may be NULL. */
struct lam_reader *lam_reader_tap(struct lam_reader *inner, struct lam_hash *hash,
				  uint64_t *count, struct lam_spool *spool);
/* Passes through; reports the bytes passed as steps of `step` (done counts up), and fails
 * with LAM_ESTOPPED once progress->stop is set. progress may be NULL. */
struct lam_reader *lam_reader_progress(struct lam_reader *inner,
				       const struct lam_progress *progress,
				       const struct lam_step *step);
/* A thread of its own reads ahead of the caller, in up to `pieces` buffers of `size`
 * bytes. */
int lam_reader_ahead(struct lam_reader **out, struct lam_reader *inner, unsigned pieces,
		     size_t size, struct lam_error *err);

/* To a file, by write(); own_fd as above; finish does not sync. LAM_EWRITE. */
struct lam_writer *lam_writer_file(int fd, bool own_fd, const char *name);
/* Small writes go on together, up to size bytes of them; finishing passes on what is held. */
struct lam_writer *lam_writer_gather(struct lam_writer *inner, size_t size);
struct lam_writer *lam_writer_tap(struct lam_writer *inner, struct lam_hash *hash,
				  uint64_t *count);

#endif
