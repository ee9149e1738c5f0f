/* An OCI layout in a folder. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/path.h"
#include "store/sink_impl.h"

#define PIECE (1u << 20)

static const char LAYOUT[] = "{\"imageLayoutVersion\":\"1.0.0\"}";

/* "blobs/sha256/HEX" */
static const char *blob_name(const struct lam_digest *digest,
			     char out[LAM_DIGEST_TEXT + 16])
{
	char hex[LAM_DIGEST_TEXT];

	snprintf(out, LAM_DIGEST_TEXT + 16, "blobs/%s/%s",
		 digest->algorithm == LAM_SHA512 ? "sha512" : "sha256",
		 lam_digest_hex(digest, hex));
	return out;
}

bool lam_sink_folder_has(const struct lam_sink *sink, const struct lam_digest *digest,
			 uint64_t size)
{
	char name[LAM_DIGEST_TEXT + 16];
	struct stat st;

	return fstatat(sink->dir, blob_name(digest, name), &st, AT_SYMLINK_NOFOLLOW) ==
		       0 &&
	       S_ISREG(st.st_mode) && (uint64_t)st.st_size == size;
}

/* What is there */

static int read_file(const struct lam_sink *sink, const char *name, struct lam_buf *out,
		     struct lam_error *err)
{
	int fd = openat(sink->dir, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC), code;
	struct lam_reader *reader;
	struct stat st;
	size_t got = 0;

	if (fd < 0 || fstat(fd, &st) < 0) {
		code = lam_fail_errno(err, LAM_EWRITE, errno, "%s/%s", sink->path, name);
		if (fd >= 0)
			close(fd);
		return code;
	}
	if (st.st_size > LAM_MAX_INDEX) {
		close(fd);
		return lam_fail(err, LAM_EWRITE, "%s/%s: is larger than %u bytes",
				sink->path, name, LAM_MAX_INDEX);
	}
	if (lam_reader_file(&reader, fd, true, 0, (uint64_t)st.st_size, name, err) < 0)
		return err->code;
	code = lam_buf_reserve(out, (size_t)st.st_size, err);
	if (code == 0)
		code = lam_read_full(reader, out->data, (size_t)st.st_size, &got, err);
	lam_reader_close(reader);
	out->len = got;
	return code;
}

static int read_index(const struct lam_sink *sink, struct lam_buf *out,
		      struct lam_error *err)
{
	if (faccessat(sink->dir, "index.json", F_OK, 0) < 0 && errno == ENOENT)
		return 0;
	return read_file(sink, "index.json", out, err);
}

/* It is the output that is damaged. */
static int fail_damaged(const struct lam_sink *sink, struct lam_error *err)
{
	if (err->code == LAM_EFORMAT)
		err->code = LAM_EWRITE;
	return lam_wrap(err, "%s", sink->path);
}

/* Replacing an index takes all that it holds: more than one image would be lost, and an
 * index in it counts as several. Attestations are of the image that is replaced. */
static int check_index(const struct lam_sink *sink, const struct lam_descriptor *d,
		       struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf bytes = LAM_BUF(LAM_MAX_INDEX);
	char name[LAM_DIGEST_TEXT + 16];
	struct lam_index index;
	size_t held = 0;

	if (read_file(sink, blob_name(&d->digest, name), &bytes, err) < 0)
		return err->code;
	if (lam_descriptor_check(d, bytes.data, bytes.len, name, err) < 0 ||
	    lam_index_parse(&index, bytes.data, bytes.len, name, d->media_type, err) < 0)
		return fail_damaged(sink, err);
	for (size_t i = 0; i < index.count; i++) {
		const struct lam_index_entry *e = &index.entries[i];

		if (!e->attestation)
			held += lam_descriptor_is_index(&e->descriptor) ? 2 : 1;
	}
	lam_index_fini(&index);
	if (held <= 1)
		return 0;
	if (sink->reference->name)
		return lam_fail(
			err, LAM_EWRITE,
			"%s: \"%s\" is an index of several images, which would be lost: "
			"choose another tag",
			sink->path, sink->reference->name);
	return lam_fail(
		err, LAM_EWRITE,
		"%s: holds an index of several images, which would be lost: name a new "
		"tag: %s:TAG",
		sink->path, sink->path);
}

/* What the new image takes the place of, if anything, is one image. *out_only is that
 * where no tag is named; NONE: there is none. */
static int check_replaced(const struct lam_sink *sink, const struct lam_buf *bytes,
			  struct lam_digest *out_only, bool *out_any,
			  struct lam_error *err)
{
	const char *tag = sink->reference->name;
	char text[LAM_PATH_TEXT];
	struct lam_index index;
	int code = 0;

	*out_only = (struct lam_digest){ .algorithm = LAM_ALGORITHM_NONE };
	*out_any = false;
	if (bytes->len == 0)
		return 0;
	if (lam_index_parse(&index, bytes->data, bytes->len, "index.json", NULL, err) < 0)
		return fail_damaged(sink, err);
	if (!tag && lam_index_image_count(&index) > 1)
		code = lam_fail(
			err, LAM_EWRITE,
			"%s: holds several images: name the one to be replaced, or a new "
			"tag: %s:TAG",
			sink->path, sink->path);
	for (size_t i = 0; code == 0 && i < index.count; i++) {
		const struct lam_index_entry *e = &index.entries[i];

		if (!tag && e->ref_name && lam_index_entry_is_image(e))
			code = lam_fail(
				err, LAM_EWRITE,
				"%s: holds the image \"%s\": name it to have it replaced, or "
				"a new tag: %s:TAG",
				sink->path,
				lam_path_text(text, e->ref_name, strlen(e->ref_name),
					      false),
				sink->path);
		if (code < 0 || !lam_index_is_replaced(&index, e, tag))
			continue;
		*out_any = true;
		if (!tag)
			*out_only = e->descriptor.digest;
		if (lam_descriptor_is_index(&e->descriptor))
			code = check_index(sink, &e->descriptor, err);
	}
	lam_index_fini(&index);
	return code;
}

/* Opening */

static int sync_parent(const struct lam_sink *sink, struct lam_error *err)
{
	int fd = openat(sink->dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC), code;

	if (fd < 0)
		return lam_fail_errno(err, LAM_EWRITE, errno, "%s: its folder",
				      sink->path);
	code = lam_sink_sync(fd, sink->path, err);
	close(fd);
	return code;
}

/* What a run that was killed may have left before it wrote oci-layout. */
static bool is_stray(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	       strcmp(name, "blobs") == 0 || strncmp(name, ".lamina-", 8) == 0;
}

/* A folder that is there must be a layout, or hold nothing of anyone else's. */
static int check_folder(const struct lam_sink *sink, struct lam_error *err)
{
	struct dirent *entry;
	struct stat st;
	DIR *dir;

	if (faccessat(sink->dir, ".", W_OK | X_OK, AT_EACCESS) < 0)
		return lam_fail_errno(err, LAM_EWRITE, errno, "%s", sink->path);
	if (fstatat(sink->dir, "oci-layout", &st, 0) == 0)
		return 0;
	dir = opendir(sink->path);
	if (!dir)
		return lam_fail_errno(err, LAM_EWRITE, errno, "%s", sink->path);
	while ((entry = readdir(dir)) != NULL && is_stray(entry->d_name))
		;
	closedir(dir);
	if (!entry)
		return 0;
	return lam_fail(
		err, LAM_EWRITE,
		"%s: is a folder with other things in it, and no OCI layout: choose another",
		sink->path);
}

static int open_dir(struct lam_sink *sink, struct lam_error *err)
{
	sink->dir = open(sink->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (sink->dir < 0)
		return lam_fail_errno(err, LAM_EWRITE, errno, "%s", sink->path);
	return 0;
}

int lam_sink_open_folder(struct lam_sink *sink, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf index = LAM_BUF(LAM_MAX_INDEX);
	bool any;

	sink->directory = strdup(sink->path);
	if (!sink->directory)
		return lam_fail_memory(err);
	if (mkdir(sink->path, 0777) == 0)
		sink->made = true;
	else if (errno != EEXIST)
		return lam_fail_errno(err, LAM_EWRITE, errno, "%s: making the folder",
				      sink->path);
	if (open_dir(sink, err) < 0)
		return err->code;
	if (sink->made)
		return sync_parent(sink, err);
	if (check_folder(sink, err) < 0)
		return err->code;
	lam_sink_sweep(sink);
	if (read_index(sink, &index, err) < 0)
		return err->code;
	return check_replaced(sink, &index, &sink->only, &any, err);
}

/* Kept blobs */

static int copy_piece(int from, off_t *at, int to, size_t len, bool *kernel, char *piece,
		      size_t *out_len)
{
	ssize_t got;

	if (*kernel) {
		got = copy_file_range(from, at, to, NULL, len, 0);
		if (got >= 0) {
			*out_len = (size_t)got;
			return 0;
		}
		if (errno != EXDEV && errno != ENOSYS && errno != EINVAL &&
		    errno != EOPNOTSUPP && errno != EBADF)
			return errno == EINTR ? (*out_len = SIZE_MAX, 0) : -1;
		*kernel = false;
	}
	got = pread(from, piece, len, *at);
	if (got <= 0) {
		*out_len = got < 0 && errno == EINTR ? SIZE_MAX : 0;
		return got < 0 && errno != EINTR ? -1 : 0;
	}
	for (ssize_t put = 0; put < got;) {
		ssize_t now = write(to, piece + put, (size_t)(got - put));

		if (now < 0 && errno != EINTR)
			return -1;
		put += now < 0 ? 0 : now;
	}
	*at += got;
	*out_len = (size_t)got;
	return 0;
}

static int copy_extent(int from, const struct lam_extent_of_file *extent, int to,
		       const char *what, const struct lam_progress *progress,
		       struct lam_error *err)
{
	uint64_t left = extent->size;
	off_t at = (off_t)extent->offset;
	char *piece = malloc(PIECE);
	bool kernel = true;
	int code = piece ? 0 : lam_fail_memory(err);

	while (code == 0 && left > 0) {
		/* the kernel copies large pieces well; stops are looked for between them
		 */
		size_t len = left < 16 * PIECE ? (size_t)left : 16 * PIECE, got = 0;

		if (!kernel && len > PIECE)
			len = PIECE;
		if (lam_progress_stopped(progress))
			code = lam_fail(err, LAM_ESTOPPED, "stopped");
		else if (copy_piece(from, &at, to,
				    kernel        ? len
				    : len < PIECE ? len
						  : PIECE,
				    &kernel, piece, &got) < 0)
			code = lam_fail_errno(err, LAM_EWRITE, errno,
					      "%s: copying a blob", what);
		else if (got == 0)
			code = lam_fail(err, LAM_EREAD,
					"a blob of the source has become shorter");
		else if (got != SIZE_MAX) {
			/* a hint: the sync at the end has less left to wait for */
			(void)sync_file_range(to, (off_t)(extent->size - left),
					      (off_t)got, SYNC_FILE_RANGE_WRITE);
			left -= got;
		}
	}
	free(piece);
	return code;
}

static int check_copy(int fd, uint64_t size, const struct lam_digest *digest,
		      const char *what, const struct lam_progress *progress,
		      struct lam_error *err)
{
	/* whoever reports knows which layer this is */
	const struct lam_progress quiet = { .stop = progress ? progress->stop : NULL };
	const struct lam_step step = { 0 };
	struct lam_reader *reader = NULL;
	struct lam_digest is = { 0 };
	char text[LAM_DIGEST_TEXT];
	struct lam_hash hash;
	uint64_t len;
	int code;

	if (lam_hash_init(&hash, digest->algorithm, err) < 0)
		return err->code;
	code = lam_reader_file(&reader, fd, false, 0, size, what, err);
	if (code == 0)
		code = lam_reader_progress(&reader, LAM_STEAL(reader), &quiet, &step,
					   err);
	if (code == 0)
		code = lam_reader_hashing(&reader, LAM_STEAL(reader), &hash, NULL, err);
	if (code == 0)
		code = lam_read_drain(reader, &len, err);
	lam_reader_close(reader);
	if (code == 0)
		lam_hash_final(&hash, &is);
	lam_hash_fini(&hash);
	if (code == LAM_EREAD)
		err->code = code = LAM_EWRITE; /* it is the copy that is read */
	if (code < 0 || lam_digest_equal(&is, digest))
		return code;
	return lam_fail(err, LAM_EFORMAT, "blob %s has changed since it was read",
			lam_digest_format(digest, text));
}

int lam_sink_folder_add_file(struct lam_sink *sink, const struct lam_extent_of_file *from,
			     const struct lam_digest *digest,
			     const struct lam_progress *progress, struct lam_error *err)
{
	size_t blob;
	int fd, source, code = 0;
	bool own;

	if (lam_extent_open(from, &source, &own, err) < 0)
		return err->code;
	code = lam_sink_new_blob(sink, &fd, &blob, err);
	if (code == 0 && (from->offset != 0 || ioctl(fd, FICLONE, source) < 0))
		code = copy_extent(source, from, fd, sink->path, progress, err);
	if (code == 0)
		code = check_copy(fd, from->size, digest, sink->path, progress, err);
	if (code == 0)
		lam_sink_set_blob(sink, blob, digest, from->size);
	if (own)
		close(source);
	return code;
}

/* Publishing */

static int make_dir(const struct lam_sink *sink, const char *name, struct lam_error *err)
{
	if (mkdirat(sink->dir, name, 0777) == 0 || errno == EEXIST)
		return 0;
	return lam_fail_errno(err, LAM_EWRITE, errno, "%s/%s: making the folder",
			      sink->path, name);
}

static int sync_dir(const struct lam_sink *sink, const char *name, struct lam_error *err)
{
	int fd = openat(sink->dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), code;

	if (fd < 0)
		return lam_fail_errno(err, LAM_EWRITE, errno, "%s/%s", sink->path, name);
	code = lam_sink_sync(fd, sink->path, err);
	close(fd);
	return code;
}

/* 0644 less the umask, as an ordinary file gets it. */
static int set_mode(const struct lam_sink *sink, int fd, struct lam_error *err)
{
	mode_t mask = umask(022);

	umask(mask);
	if (fchmod(fd, 0644 & ~(mask & 0133)) == 0)
		return 0;
	return lam_fail_errno(err, LAM_EWRITE, errno, "%s: a temporary file's mode",
			      sink->path);
}

/* Puts a temporary file in its place. */
static int put_in_place(const struct lam_sink *sink, const char *temporary,
			const char *name, struct lam_error *err)
{
	if (renameat(sink->dir, temporary, sink->dir, name) == 0)
		return 0;
	return lam_fail_errno(err, LAM_EWRITE, errno, "%s/%s: putting it in place",
			      sink->path, name);
}

static int place_blob(struct lam_sink *sink, struct lam_sink_blob *b,
		      struct lam_error *err)
{
	char name[LAM_DIGEST_TEXT + 16];

	if (!b->temporary || b->digest.algorithm == LAM_ALGORITHM_NONE)
		return 0;
	if (lam_sink_folder_has(sink, &b->digest, b->size))
		return 0; /* closing removes ours */
	if (put_in_place(sink, b->temporary, blob_name(&b->digest, name), err) < 0)
		return err->code;
	free(LAM_STEAL(b->temporary));
	b->placed = true;
	return 0;
}

/* A folder that this run made, and then could not make a layout of, goes again. */
void lam_sink_remove_folder(const struct lam_sink *sink)
{
	char name[LAM_DIGEST_TEXT + 16];

	for (size_t i = 0; i < sink->blob_count; i++) {
		if (sink->blobs[i].placed)
			unlinkat(sink->dir, blob_name(&sink->blobs[i].digest, name), 0);
	}
	unlinkat(sink->dir, "oci-layout", 0);
	unlinkat(sink->dir, "blobs/sha256", AT_REMOVEDIR);
	unlinkat(sink->dir, "blobs/sha512", AT_REMOVEDIR);
	unlinkat(sink->dir, "blobs", AT_REMOVEDIR);
	rmdir(sink->path);
}

static int place_file(struct lam_sink *sink, const char *name, const void *bytes,
		      size_t len, struct lam_error *err)
{
	char *temporary;
	int fd, code;

	if (lam_sink_temporary(sink, &fd, &temporary, err) < 0)
		return err->code;
	code = lam_sink_write_all(fd, bytes, len, sink->path, err);
	if (code == 0)
		code = set_mode(sink, fd, err);
	if (code == 0)
		code = lam_sink_sync(fd, sink->path, err);
	if (code == 0)
		code = put_in_place(sink, temporary, name, err);
	if (code < 0)
		unlinkat(sink->dir, temporary, 0);
	free(temporary);
	close(fd);
	return code < 0 ? code : lam_sink_sync(sink->dir, sink->path, err);
}

static int place_blobs(struct lam_sink *sink, const struct lam_progress *progress,
		       struct lam_error *err)
{
	bool sha512 = false;

	for (size_t i = 0; i < sink->blob_count; i++) {
		struct lam_sink_blob *b = &sink->blobs[i];

		if (lam_progress_stopped(progress))
			return lam_fail(err, LAM_ESTOPPED, "stopped");
		sha512 = sha512 || b->digest.algorithm == LAM_SHA512;
		if (b->fd >= 0 && (set_mode(sink, b->fd, err) < 0 ||
				   lam_sink_sync(b->fd, sink->path, err) < 0))
			return err->code;
	}
	if (make_dir(sink, "blobs", err) < 0 || make_dir(sink, "blobs/sha256", err) < 0 ||
	    (sha512 && make_dir(sink, "blobs/sha512", err) < 0))
		return err->code;
	for (size_t i = 0; i < sink->blob_count; i++) {
		if (place_blob(sink, &sink->blobs[i], err) < 0)
			return err->code;
	}
	if (sync_dir(sink, "blobs/sha256", err) < 0 ||
	    (sha512 && sync_dir(sink, "blobs/sha512", err) < 0) ||
	    sync_dir(sink, "blobs", err) < 0)
		return err->code;
	return lam_sink_sync(sink->dir, sink->path, err);
}

/* Without a tag it is the image that was there at opening that is replaced, and none that
 * another run has put there since. */
static int check_only(const struct lam_sink *sink, const struct lam_digest *only,
		      const struct lam_digest *new, struct lam_error *err)
{
	if (lam_digest_equal(only, &sink->only) || lam_digest_equal(only, new))
		return 0;
	return lam_fail(err, LAM_EWRITE,
			"%s: holds another image than when it was opened: do it again, "
			"or name a tag: %s:TAG",
			sink->path, sink->path);
}

int lam_sink_folder_replaces(bool *out, const struct lam_reference *reference,
			     struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf index = LAM_BUF(LAM_MAX_INDEX);
	struct lam_sink sink = { .reference = reference,
				 .path = reference->path,
				 .dir = -1 };
	struct lam_digest only;
	int code;

	*out = false;
	sink.dir = open(sink.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (sink.dir < 0)
		return errno == ENOENT
			       ? 0
			       : lam_fail_errno(err, LAM_EWRITE, errno, "%s", sink.path);
	code = read_index(&sink, &index, err);
	if (code == 0)
		code = check_replaced(&sink, &index, &only, out, err);
	close(sink.dir);
	return code;
}

/* Under the lock, so that two runs lose no tag of each other's. */
static int place_index(struct lam_sink *sink, const struct lam_sink_image *image,
		       struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf old = LAM_BUF(LAM_MAX_INDEX);
	LAM_CLEANUP(lam_buf_fini) struct lam_buf new = LAM_BUF(LAM_MAX_INDEX);
	struct lam_digest only;
	bool any;

	if (read_index(sink, &old, err) < 0 ||
	    check_replaced(sink, &old, &only, &any, err) < 0 ||
	    check_only(sink, &only, &image->manifest, err) < 0)
		return err->code;
	if (lam_index_edit(old.data, old.len, image->media_type, &image->manifest,
			   image->manifest_size, &image->platform, sink->reference->name,
			   &new, err) < 0)
		return lam_wrap(err, "%s", sink->path);
	if (old.len == new.len && memcmp(old.data, new.data, old.len) == 0)
		return 0;
	return place_file(sink, "index.json", new.data, new.len, err);
}

static int lock(const struct lam_sink *sink, struct lam_error *err)
{
	int got;

	do
		got = flock(sink->dir, LOCK_EX);
	while (got < 0 && errno == EINTR);
	return got == 0 ? 0
			: lam_fail_errno(err, LAM_EWRITE, errno, "%s: locking",
					 sink->path);
}

int lam_sink_publish_folder(struct lam_sink *sink, const struct lam_sink_image *image,
			    struct lam_error *err)
{
	struct stat st;
	int code = place_blobs(sink, image->progress, err);

	if (code == 0)
		code = lock(sink, err);
	if (code == 0 && fstatat(sink->dir, "oci-layout", &st, 0) < 0)
		code = place_file(sink, "oci-layout", LAYOUT, sizeof LAYOUT - 1, err);
	if (code == 0)
		code = place_index(sink, image, err);
	flock(sink->dir, LOCK_UN);
	if (code == 0)
		sink->made = false;
	return code;
}
