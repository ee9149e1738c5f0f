/* The folder of blobs that were fetched. */
#include "registry/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/trim.h"

#define PREFIX    "blob-"
#define TEMPORARY PREFIX "temporary-"

/* A new string. */
static char *name_of(const char *folder, const struct lam_digest *digest)
{
	char hex[LAM_DIGEST_TEXT];

	return lam_xprintf("%s/" PREFIX "%s-%s", folder,
			   digest->algorithm == LAM_SHA512 ? "sha512" : "sha256",
			   lam_digest_hex(digest, hex));
}

static bool is_right(int fd, const struct lam_digest *digest, uint64_t size,
		     const atomic_bool *stop)
{
	LAM_CLEANUP(lam_reader_close_ptr)
	struct lam_reader *reader = lam_reader_file(fd, false, 0, size, "a kept blob");
	struct lam_digest is;
	struct lam_error err;

	return lam_read_digest(reader, digest->algorithm,
			       &(struct lam_passing){ .stop = stop }, &is, &err) == 0 &&
	       lam_digest_equal(&is, digest);
}

int lam_kept_open(const char *folder, const struct lam_digest *digest, uint64_t size,
		  const atomic_bool *stop)
{
	LAM_CLEANUP(lam_free_ptr) char *name = name_of(folder, digest);
	int fd = open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	    (uint64_t)st.st_size == size && is_right(fd, digest, size, stop)) {
		/* used now: that is what keeps it */
		(void)futimens(fd, NULL);
		return fd;
	}
	close(fd);
	if (!lam_stops(stop, 0))
		(void)unlink(name);
	return -1;
}

/* Keeping */

struct kept_reader {
	struct lam_reader base;
	char *folder, *name, *temporary;
	int fd; /* -1: it is not kept */
	uint64_t size, at;
};

static void begin(struct kept_reader *k)
{
	size_t len = strlen(k->temporary);

	k->fd = mkostemp(k->temporary, O_CLOEXEC);
	if (k->fd >= 0 || errno != ENOENT || lam_folders_make(k->folder) != 0)
		return;
	memcpy(k->temporary + len - 6, "XXXXXX", 6);
	k->fd = mkostemp(k->temporary, O_CLOEXEC);
}

static void give_up(struct kept_reader *k)
{
	if (k->fd < 0)
		return;
	(void)unlink(k->temporary);
	close(k->fd);
	k->fd = -1;
}

/* No sync: what a power cut leaves of it does not have its digest. */
static void end(struct kept_reader *k)
{
	static const char *const prefixes[] = { PREFIX, NULL };
	const struct lam_trim trim = { prefixes, "", TEMPORARY, LAM_MAX_KEPT_BLOBS };

	if (k->fd < 0)
		return;
	if (rename(k->temporary, k->name) < 0)
		(void)unlink(k->temporary);
	close(k->fd);
	k->fd = -1;
	lam_folder_trim(k->folder, &trim);
}

static int kept_read(struct lam_reader *self, void *buf, size_t cap, size_t *out_len,
		     struct lam_error *err)
{
	struct kept_reader *k = (struct kept_reader *)self;

	if (lam_read(self->inner, buf, cap, out_len, err) < 0)
		return err->code;
	if (k->at == 0 && *out_len)
		begin(k);
	k->at += *out_len;
	if (k->fd >= 0 && lam_write_all(k->fd, buf, *out_len) != 0)
		give_up(k);
	if (k->at == k->size)
		end(k);
	return 0;
}

static void kept_close(struct lam_reader *self)
{
	struct kept_reader *k = (struct kept_reader *)self;

	give_up(k);
	free(k->folder);
	free(k->name);
	free(k->temporary);
}

static void kept_stop(struct lam_reader *self, const atomic_bool *stop)
{
	lam_reader_stop(self->inner, stop);
}

static const struct lam_reader_ops KEPT = { kept_read, kept_close, kept_stop };

struct lam_reader *lam_kept_reader(struct lam_reader *inner, const char *folder,
				   const struct lam_digest *digest, uint64_t size)
{
	struct kept_reader *k;

	if (size > LAM_MAX_KEPT_BLOBS)
		return inner;
	k = lam_xcalloc(1, sizeof *k);
	k->base = (struct lam_reader){ &KEPT, inner };
	k->folder = lam_xstrdup(folder);
	k->name = name_of(folder, digest);
	k->temporary = lam_xprintf("%s/" TEMPORARY "XXXXXX", folder);
	k->fd = -1;
	k->size = size;
	return &k->base;
}
