/* Writing to a store of any kind: temporary files, and the blobs that they become. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/names.h"
#include "base/stop.h"
#include "codec/codec.h"
#include "store/kind.h"

#define FRONT ".lamina-"

/* Temporary files: a lock on each says that its run is alive. */

static bool still_there(int dir, const char *name, int fd)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && fstatat(dir, name, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	       a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

/* 0, or errno. A file system without locks has one run at a time, or strays. */
static int try_lock(int fd)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	return errno == EWOULDBLOCK || errno == EINTR ? EWOULDBLOCK : ENOLCK;
}

/* A new one, which is locked; NULL and the reason. */
static char *make_file(const struct lam_sink *sink, mode_t mode, int *out_fd,
		       struct lam_error *err)
{
	for (int tries = 0; tries < 100; tries++) {
		LAM_CLEANUP(lam_free_ptr) char *name = NULL;
		uint64_t key[2];
		int fd;

		lam_random_key(key);
		name = lam_xprintf(FRONT "%016llx",
				   (unsigned long long)(key[0] + (uint64_t)tries));
		fd = openat(sink->dir, name,
			    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
		*out_fd = fd;
		/* another run may have taken it for a stray before it was locked */
		if (fd >= 0 && try_lock(fd) != EWOULDBLOCK &&
		    still_there(sink->dir, name, fd))
			return LAM_STEAL(name);
		if (fd < 0 && errno != EEXIST) {
			(void)lam_fail_errno(err, LAM_EWRITE, errno,
					     "%s: making a temporary file",
					     sink->directory);
			return NULL;
		}
		if (fd >= 0) {
			unlinkat(sink->dir, name, 0);
			close(fd);
		}
	}
	(void)lam_fail(err, LAM_EWRITE, "%s: no name is free for a temporary file",
		       sink->directory);
	return NULL;
}

static bool is_ours(const char *name)
{
	const char *digits = name + sizeof FRONT - 1;

	return strncmp(name, FRONT, sizeof FRONT - 1) == 0 && strlen(digits) == 16 &&
	       strspn(digits, "0123456789abcdef") == 16;
}

static void remove_stray(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return;
	if (try_lock(fd) == 0 && still_there(dir, name, fd))
		unlinkat(dir, name, 0);
	close(fd);
}

void lam_sink_sweep(const struct lam_sink *sink)
{
	int again = openat(sink->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = again < 0 ? NULL : fdopendir(again);
	struct dirent *entry;

	if (!dir) {
		if (again >= 0)
			close(again);
		return;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (is_ours(entry->d_name))
			remove_stray(sink->dir, entry->d_name);
	}
	closedir(dir);
}

/* What kinds do with files */

int lam_sink_lock(const struct lam_sink *sink, const struct lam_progress *progress,
		  struct lam_error *err)
{
	const struct timespec moment = { .tv_nsec = 20000000 };

	while (try_lock(sink->dir) == EWOULDBLOCK) {
		if (lam_progress_stopped(progress))
			return lam_fail_stopped(err);
		nanosleep(&moment, NULL);
	}
	return 0;
}

int lam_sink_sync(int fd, const char *what, struct lam_error *err)
{
	struct stat st;
	int got;

	do
		got = fsync(fd);
	while (got < 0 && errno == EINTR);
	/* there are file systems whose folders cannot be synced */
	if (got == 0 || ((errno == EINVAL || errno == EOPNOTSUPP) &&
			 fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)))
		return 0;
	return lam_fail_errno(err, LAM_EWRITE, errno, "%s: syncing", what);
}

int lam_sink_write_all(int fd, const void *bytes, size_t len, const char *what,
		       struct lam_error *err)
{
	int problem = lam_write_all(fd, bytes, len);

	return problem ? lam_fail_errno(err, LAM_EWRITE, problem, "%s: writing", what)
		       : 0;
}

int lam_sink_check_stream(struct lam_reader *reader, const struct lam_digest *digest,
			  const struct lam_progress *progress,
			  int (*put)(void *context, const void *bytes, size_t len,
				     struct lam_error *err),
			  void *context, struct lam_error *err)
{
	const struct lam_passing passing = { progress ? progress->stop : NULL, put,
					     context };
	char text[LAM_DIGEST_TEXT];
	struct lam_digest is;

	if (lam_read_digest(reader, digest->algorithm, &passing, &is, err) < 0)
		return err->code;
	if (lam_digest_equal(&is, digest))
		return 0;
	return lam_fail(err, LAM_EFORMAT, "blob %s has changed since it was read",
			lam_digest_format(digest, text));
}

/* Blobs */

/* Its number; blob_count where there is none. */
static size_t find(const struct lam_sink *sink, const struct lam_digest *digest)
{
	size_t i = 0;

	while (i < sink->blob_count && !lam_digest_equal(&sink->blobs[i].digest, digest))
		i++;
	return i;
}

/* One whose digest is known, and which is there already, is not added again. */
static size_t add(struct lam_sink *sink, struct lam_sink_blob blob)
{
	size_t number;

	pthread_mutex_lock(&sink->lock);
	number = blob.digest.algorithm == LAM_ALGORITHM_NONE ? sink->blob_count
							     : find(sink, &blob.digest);
	if (number == sink->blob_count) {
		LAM_XGROW(sink->blobs, sink->blob_count, sink->blob_cap);
		sink->blobs[sink->blob_count++] = blob;
	}
	pthread_mutex_unlock(&sink->lock);
	return number;
}

/* It has its place before it is there: where there is no memory for one, no file is left. */
int lam_sink_temporary(struct lam_sink *sink, mode_t mode, int *out_fd, size_t *out_blob,
		       struct lam_error *err)
{
	char *name;

	*out_blob = add(sink, (struct lam_sink_blob){ .fd = -1 });
	name = make_file(sink, mode, out_fd, err);
	if (!name)
		return err->code;
	pthread_mutex_lock(&sink->lock);
	sink->blobs[*out_blob].temporary = name;
	sink->blobs[*out_blob].fd = *out_fd;
	pthread_mutex_unlock(&sink->lock);
	return 0;
}

int lam_sink_rename(struct lam_sink *sink, size_t blob, const char *name,
		    struct lam_error *err)
{
	struct lam_sink_blob *b = &sink->blobs[blob];

	if (renameat(sink->dir, b->temporary, sink->dir, name) < 0)
		return lam_fail_errno(err, LAM_EWRITE, errno,
				      "%s/%s: putting it in place", sink->directory,
				      name);
	free(LAM_STEAL(b->temporary));
	return 0;
}

int lam_sink_new_blob(struct lam_sink *sink, int *out_fd, size_t *out_blob,
		      struct lam_error *err)
{
	struct lam_sink_blob blob = { .fd = -1 };

	if (sink->reference->store->renames_blobs)
		return lam_sink_temporary(sink, 0666, out_fd, out_blob, err);
	blob.fd = lam_file_nameless(sink->directory);
	if (blob.fd < 0)
		return lam_fail_errno(err, LAM_EWRITE, errno,
				      "%s: making a temporary file", sink->directory);
	*out_blob = add(sink, blob);
	*out_fd = blob.fd;
	return 0;
}

void lam_sink_set_blob(struct lam_sink *sink, size_t blob,
		       const struct lam_digest *digest, uint64_t size)
{
	pthread_mutex_lock(&sink->lock);
	sink->blobs[blob].digest = *digest;
	sink->blobs[blob].size = size;
	pthread_mutex_unlock(&sink->lock);
}

bool lam_sink_has_blob(struct lam_sink *sink, const struct lam_digest *digest)
{
	bool found;

	pthread_mutex_lock(&sink->lock);
	found = find(sink, digest) < sink->blob_count;
	pthread_mutex_unlock(&sink->lock);
	return found;
}

int lam_sink_add_bytes(struct lam_sink *sink, const void *bytes, size_t len,
		       const struct lam_digest *digest, struct lam_error *err)
{
	size_t blob;
	int fd;

	if (lam_sink_has_blob(sink, digest))
		return 0;
	if (lam_sink_new_blob(sink, &fd, &blob, err) < 0 ||
	    lam_sink_write_all(fd, bytes, len, sink->directory, err) < 0)
		return err->code;
	lam_sink_set_blob(sink, blob, digest, len);
	return 0;
}

int lam_sink_add_manifest(struct lam_sink *sink, const char *media_type,
			  const void *bytes, size_t len, const struct lam_digest *digest,
			  struct lam_error *err)
{
	if (lam_sink_add_bytes(sink, bytes, len, digest, err) < 0)
		return err->code;
	pthread_mutex_lock(&sink->lock);
	sink->blobs[find(sink, digest)].media_type = media_type;
	pthread_mutex_unlock(&sink->lock);
	return 0;
}

int lam_sink_sync_blob(struct lam_sink *sink, const struct lam_digest *digest,
		       struct lam_error *err)
{
	size_t n = find(sink, digest);

	return n < sink->blob_count && sink->blobs[n].fd >= 0
		       ? lam_sink_sync(sink->blobs[n].fd, sink->directory, err)
		       : 0;
}

static uint64_t layer_size(const struct lam_source *source, size_t n)
{
	return (uint64_t)source->image.layers[n].descriptor.size;
}

int lam_sink_keep_layer(struct lam_sink *sink, const struct lam_source *source, size_t n,
			const struct lam_digest *digest,
			const struct lam_progress *progress, struct lam_error *err)
{
	if (lam_sink_has_blob(sink, digest))
		return 0;
	return sink->reference->store->keep_layer(sink, source, n, digest, progress, err);
}

int lam_sink_keep_later(struct lam_sink *sink, const struct lam_source *source, size_t n,
			const struct lam_digest *digest,
			const struct lam_progress *progress, struct lam_error *err)
{
	(void)progress;
	(void)err;
	add(sink, (struct lam_sink_blob){ .fd = -1,
					  .digest = *digest,
					  .size = layer_size(source, n),
					  .source = source,
					  .layer = n });
	return 0;
}

/* Opening, publishing, closing */

int lam_sink_open_directory(struct lam_sink *sink, struct lam_error *err)
{
	sink->dir = open(sink->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (sink->dir < 0)
		return lam_fail_errno(err, LAM_EWRITE, errno, "%s", sink->directory);
	return 0;
}

/* All that are open, for the end of a program that has no memory: the one thing here that
 * is not of one sink. */
static struct lam_sink *opened;
static pthread_mutex_t opened_lock = PTHREAD_MUTEX_INITIALIZER;

static void remove_temporaries(const struct lam_sink *sink)
{
	for (size_t i = 0; i < sink->blob_count; i++) {
		if (sink->blobs[i].temporary)
			unlinkat(sink->dir, sink->blobs[i].temporary, 0);
	}
}

static void remove_all(void)
{
	for (const struct lam_sink *sink = opened; sink; sink = sink->next)
		remove_temporaries(sink);
}

static void enlist(struct lam_sink *sink)
{
	pthread_mutex_lock(&opened_lock);
	lam_out_of_memory_files = remove_all;
	sink->next = opened;
	opened = sink;
	pthread_mutex_unlock(&opened_lock);
}

static void delist(struct lam_sink *sink)
{
	struct lam_sink **at = &opened;

	pthread_mutex_lock(&opened_lock);
	while (*at != sink)
		at = &(*at)->next;
	*at = sink->next;
	pthread_mutex_unlock(&opened_lock);
}

int lam_sink_open(struct lam_sink **out, const struct lam_reference *reference,
		  const struct lam_sink_options *options, struct lam_error *err)
{
	struct lam_sink *sink = lam_xcalloc(1, sizeof *sink);

	*out = NULL;
	if (reference->store->docker && options->platform_count) {
		free(sink);
		return lam_fail(err, LAM_EUSAGE,
				"%s holds images of one platform: all of them go to "
				"oci-archive: or oci:",
				reference->store->prefix);
	}
	pthread_mutex_init(&sink->lock, NULL);
	sink->reference = reference;
	sink->options = options;
	sink->dir = -1;
	enlist(sink);
	if (reference->store->open_sink(sink, err) < 0)
		lam_sink_close(sink);
	else
		*out = sink;
	return *out ? 0 : err->code;
}

int lam_store_check_codec(const struct lam_store *store, enum lam_codec codec,
			  const char *layer, struct lam_error *err)
{
	if (!store->docker || !lam_codec_row(codec)->only_oci)
		return 0;
	return lam_fail(err, LAM_EWRITE,
			"layer \"%s\" is compressed with %s, which Docker and skopeo do "
			"not read in what %s makes: compress it with gzip, or write an "
			"OCI archive",
			layer, lam_codec_name(codec), store->prefix);
}

int lam_store_check_annotations(const struct lam_store *store, struct lam_error *err)
{
	if (!store->docker)
		return 0;
	return lam_fail(err, LAM_EWRITE,
			"the plan sets annotations, and there are none in what %s makes: "
			"use labels, or write an OCI archive",
			store->prefix);
}

int lam_sink_check_config(const struct lam_sink *sink, const struct lam_config *config,
			  struct lam_error *err)
{
	if (!sink->reference->store->docker || !lam_config_has_odd_times(config))
		return 0;
	return lam_fail(
		err, LAM_EWRITE,
		"the config says a time of creation that is none, and Docker and "
		"skopeo do not read it in what %s makes: a plan that changes anything "
		"makes a new config, without it",
		sink->reference->store->prefix);
}

const struct lam_referrers *lam_sink_referrers(const struct lam_sink *sink)
{
	return &sink->told;
}

struct lam_digest lam_sink_index(const struct lam_sink *sink)
{
	return sink->index;
}

int lam_sink_publish(struct lam_sink *sink, const struct lam_sink_image *image,
		     struct lam_error *err)
{
	return sink->reference->store->publish(sink, image, err);
}

void lam_sink_close(struct lam_sink *sink)
{
	if (!sink)
		return;
	remove_temporaries(sink);
	delist(sink);
	if (sink->reference->store->close_sink)
		sink->reference->store->close_sink(sink);
	for (size_t i = 0; i < sink->blob_count; i++) {
		if (sink->blobs[i].fd >= 0)
			close(sink->blobs[i].fd);
		free(sink->blobs[i].temporary);
	}
	if (sink->dir >= 0)
		close(sink->dir);
	pthread_mutex_destroy(&sink->lock);
	lam_referrers_fini(&sink->told);
	free(sink->blobs);
	free(sink->directory);
	free(sink->own);
	free(sink);
}

int lam_sink_edit_index(const struct lam_sink *sink, const struct lam_sink_image *image,
			const struct lam_buf *old, struct lam_buf *out,
			struct lam_error *err)
{
	return lam_index_edit(
		old ? old->data : NULL, old ? old->len : 0,
		&(struct lam_index_image){ .media_type = image->media_type,
					   .digest = &image->manifest,
					   .size = image->manifest_size,
					   .platform = &image->platform,
					   .tells_platform = image->tells_platform,
					   .ref_name = sink->reference->name },
		out, err);
}
