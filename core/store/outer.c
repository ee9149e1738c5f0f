/* Opening outer archives that may be compressed, or no file. */
#include "store/outer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <lamina/progress.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/stop.h"
#include "codec/codec.h"
#include "io/meter.h"
#include "store/libarchive.h"

#define PIECE (1u << 20)
#define TICK  20 /* milliseconds */

/* The archive as it comes: a file, or a pipe that can be waited for */

struct packed {
	struct lam_reader base;
	int fd;
	const struct lam_progress *progress;
	char head[8];
	size_t head_len, used; /* which were looked at, and are given again */
};

static int read_packed(struct lam_reader *self, void *buf, size_t cap, size_t *out_len,
		       struct lam_error *err)
{
	struct packed *p = (struct packed *)self;
	struct pollfd wait = { .fd = p->fd, .events = POLLIN };
	size_t left = p->head_len - p->used;
	ssize_t got;

	*out_len = left < cap ? left : cap;
	memcpy(buf, p->head + p->used, *out_len);
	p->used += *out_len;
	if (*out_len)
		return 0;
	do {
		if (lam_progress_stopped(p->progress))
			return lam_fail_stopped(err);
		errno = EAGAIN;
		got = poll(&wait, 1, TICK) <= 0 ? -1 : read(p->fd, buf, cap);
	} while (got < 0 && (errno == EINTR || errno == EAGAIN));
	if (got < 0)
		return lam_fail_errno(err, LAM_EREAD, errno, "reading");
	*out_len = (size_t)got;
	return 0;
}

static const struct lam_reader_ops PACKED = { .read = read_packed };

/* By libarchive */

struct foreign {
	struct lam_reader base;
	struct archive *ar;
	struct lam_error failed; /* what is packed could not be read */
	char piece[64 << 10];
};

static la_ssize_t give_packed(struct archive *ar, void *context, const void **out)
{
	struct foreign *f = context;
	size_t got;

	(void)ar;
	*out = f->piece;
	return lam_read(f->base.inner, f->piece, sizeof f->piece, &got, &f->failed) < 0
		       ? -1
		       : (la_ssize_t)got;
}

static int fail_foreign(struct foreign *f, struct lam_error *err)
{
	if (f->failed.code == LAM_OK)
		return lam_libarchive_fail(f->ar, err);
	*err = f->failed;
	return err->code;
}

static int start_foreign(struct foreign *f, struct lam_error *err)
{
	struct archive_entry *entry;

	f->ar = lam_lib.archive_read_new();
	if (!f->ar)
		return lam_fail_memory(err);
	lam_lib.archive_read_support_format_raw(f->ar);
	lam_lib.archive_read_support_format_empty(f->ar);
	lam_lib.archive_read_support_filter_bzip2(f->ar);
	lam_lib.archive_read_support_filter_xz(f->ar);
	if (lam_lib.archive_read_open(f->ar, f, NULL, give_packed, NULL) != ARCHIVE_OK ||
	    lam_lib.archive_read_next_header(f->ar, &entry) != ARCHIVE_OK)
		return fail_foreign(f, err);
	return 0;
}

static int read_foreign(struct lam_reader *self, void *buf, size_t cap, size_t *out_len,
			struct lam_error *err)
{
	struct foreign *f = (struct foreign *)self;
	la_ssize_t got;

	*out_len = 0;
	if (!f->ar && start_foreign(f, err) < 0)
		return err->code;
	got = lam_lib.archive_read_data(f->ar, buf, cap);
	if (got < 0)
		return fail_foreign(f, err);
	*out_len = (size_t)got;
	return 0;
}

static void close_foreign(struct lam_reader *self)
{
	struct foreign *f = (struct foreign *)self;

	if (f->ar)
		lam_lib.archive_read_free(f->ar);
}

static const struct lam_reader_ops FOREIGN = { .read = read_foreign,
					       .close = close_foreign };

static struct lam_reader *foreign_reader(struct lam_reader *inner)
{
	struct foreign *f = lam_xcalloc(1, sizeof *f);

	f->base = (struct lam_reader){ &FOREIGN, inner };
	return &f->base;
}

/* All kinds */

/* Archives that are not read, by how they begin, and what makes them ones that are. */
static int refuse_other(const unsigned char *head, size_t len, struct lam_error *err)
{
	static const struct {
		const char *magic;
		size_t len;
		const char *name, *command;
	} others[] = {
		{ "\x04\x22\x4d\x18", 4, "lz4", "lz4 -d" },
		{ "7z\xbc\xaf\x27\x1c", 6, "7z", "7z x" },
		{ "PK\003\004", 4, "zip", "unzip" },
		{ "LZIP", 4, "lzip", "lzip -d" },
		{ "\x89LZO", 4, "lzop", "lzop -d" },
		{ "\x1f\x9d", 2, "compress", "gunzip" },
		{ "Rar!", 4, "RAR", "unrar x" },
	};

	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		if (len >= others[i].len &&
		    memcmp(head, others[i].magic, others[i].len) == 0)
			return lam_fail(
				err, LAM_EFORMAT,
				"is packed by %s; a tar is read, as it is or packed by gzip, zstd, "
				"xz or bzip2: unpack it first with %s",
				others[i].name, others[i].command);
	}
	return 0;
}

static int to_spool(struct lam_reader *reader, struct lam_spool *spool,
		    const struct lam_progress *progress, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *piece = lam_xmalloc(PIECE);
	size_t got = 1;

	while (got > 0) {
		if (lam_progress_stopped(progress))
			return lam_fail_stopped(err);
		if (lam_read(reader, piece, PIECE, &got, err) < 0 ||
		    lam_spool_append(spool, piece, got, err) < 0)
			return err->code;
	}
	return 0;
}

/* What packs it says what is wrong; what to do is the same for all. */
static int unpack(struct lam_reader *reader, struct lam_spool *spool,
		  const struct lam_progress *progress, struct lam_error *err)
{
	struct lam_error failed = { 0 };

	if (to_spool(reader, spool, progress, &failed) == 0)
		return 0;
	*err = failed;
	return failed.code == LAM_EFORMAT && reader->ops != &FOREIGN
		       ? lam_fail(
				 err, LAM_EFORMAT,
				 "is no archive that can be read: %s: save the image again",
				 failed.text)
		       : failed.code;
}

static int open_file(int *out, const char *path, struct lam_error *err)
{
	struct stat st;

	*out = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (*out < 0 || fstat(*out, &st) < 0)
		return lam_fail_errno(err, LAM_EREAD, errno, "opening");
	if (S_ISFIFO(st.st_mode))
		return lam_fail(
			err, LAM_EREAD,
			"is a pipe: an archive in one is read as -, from standard "
			"input");
	if (!S_ISREG(st.st_mode))
		return lam_fail(err, LAM_EREAD, "is no regular file");
	if (st.st_size == 0)
		return lam_fail(err, LAM_EFORMAT,
				"is an empty file: save the image again");
	return 0;
}

/* *out_reader is NULL where it is a plain tar in a file. */
static int open_reader(struct lam_reader **out_reader, int fd, bool is_file,
		       const struct lam_progress *progress, struct lam_error *err)
{
	struct packed *p = lam_xcalloc(1, sizeof *p);
	const char *foreign;
	enum lam_codec codec;

	*p = (struct packed){ .base.ops = &PACKED, .fd = fd, .progress = progress };
	*out_reader = &p->base;
	if (lam_read_full(&p->base, p->head, sizeof p->head, &p->head_len, err) < 0 ||
	    refuse_other((const unsigned char *)p->head, p->head_len, err) < 0)
		return err->code;
	codec = lam_codec_detect(p->head, p->head_len, &foreign);
	if (codec != LAM_CODEC_NONE) {
		*out_reader = lam_decoder_new(&p->base, codec);
	} else if (foreign) {
		*out_reader = foreign_reader(&p->base);
	} else if (is_file) {
		lam_reader_close(&p->base);
		*out_reader = NULL;
	}
	return 0;
}

int lam_outer_open(int *out_fd, struct lam_spool **out_spool, const char *path,
		   const struct lam_source_options *options, struct lam_error *err)
{
	LAM_CLEANUP(lam_reader_close_ptr) struct lam_reader *reader = NULL;
	int fd = STDIN_FILENO, code = path ? open_file(&fd, path, err) : 0;

	if (code == 0)
		code = open_reader(&reader, fd, path, options->progress, err);
	if (code == 0 && reader) {
		*out_spool = lam_spool_new(options->temporary, LAM_ARCHIVE_SPOOL_MEMORY);
		code = unpack(reader, *out_spool, options->progress, err);
	}
	if (path && code == 0 && !reader)
		*out_fd = fd;
	else if (path && fd >= 0)
		close(fd);
	return code == 0 && reader ? lam_spool_file(*out_spool, out_fd, err) : code;
}
