#include "layer/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"

#define PREFIX    "layer-"
#define SUFFIX    ".index"
#define TEMPORARY PREFIX "temporary-"
/* A temporary file of this age is nobody's any more; seconds. */
#define STALE 3600

int lam_cache_init(struct lam_cache *cache, const char *folder, struct lam_error *err)
{
	*cache = (struct lam_cache){ .max = LAM_MAX_CACHE };
	if (!folder)
		return 0;
	cache->folder = strdup(folder);
	return cache->folder ? 0 : lam_fail_memory(err);
}

void lam_cache_fini(struct lam_cache *cache)
{
	free(cache->folder);
	cache->folder = NULL;
}

/* The name says what it is asked for by; what is in the file is checked all the same. */
static bool name_of(const struct lam_cache *cache, const struct lam_digest *digest,
		    const struct lam_digest *diff_id, struct lam_buf *out)
{
	char both[2 * LAM_DIGEST_TEXT + 2], text[LAM_DIGEST_TEXT];
	struct lam_digest hash;
	struct lam_error err;
	int len;

	len = snprintf(both, sizeof both, "%s\n", lam_digest_format(digest, text));
	len += snprintf(both + len, sizeof both - (size_t)len, "%s",
			lam_digest_format(diff_id, text));
	return lam_digest_of(&hash, LAM_SHA256, both, (size_t)len, &err) == 0 &&
	       lam_buf_printf(out, &err, "%s/" PREFIX "v%u-%s" SUFFIX, cache->folder,
			      LAM_STORE_VERSION, lam_digest_hex(&hash, text)) == 0;
}

/* Reading */

static bool read_all(int fd, char *block, size_t size)
{
	for (size_t at = 0; at < size;) {
		ssize_t got = read(fd, block + at, size - at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		at += (size_t)got;
	}
	return true;
}

/* The whole file, if it is this user's own. */
static char *read_file(const struct lam_cache *cache, const char *name, size_t *out_size)
{
	int fd = open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char *block = NULL;
	struct stat st;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	    st.st_size > 0 && (uint64_t)st.st_size <= cache->max)
		block = lam_alloc_large((size_t)st.st_size);
	if (block && !read_all(fd, block, (size_t)st.st_size)) {
		free(block);
		block = NULL;
	}
	if (block) {
		/* used now: that is what keeps it */
		(void)futimens(fd, NULL);
		*out_size = (size_t)st.st_size;
	}
	close(fd);
	return block;
}

bool lam_cache_get(const struct lam_cache *cache, const struct lam_layer_key *key,
		   uint32_t number, struct lam_layer **out,
		   struct lam_layer_reading *out_reading)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf name = LAM_BUF(SIZE_MAX / 2);
	size_t size;
	char *block;

	if (!cache->folder || key->digest.algorithm == LAM_ALGORITHM_NONE ||
	    !name_of(cache, &key->digest, &key->diff_id, &name))
		return false;
	block = read_file(cache, name.data, &size);
	return block && lam_layer_load(out, out_reading, block, size, key, number);
}

/* Writing */

/* With all above it; only this user may look in. */
static void make_folder(const char *folder)
{
	char *path = strdup(folder);

	for (char *at = path ? strchr(path + 1, '/') : NULL; at;
	     at = strchr(at + 1, '/')) {
		*at = '\0';
		(void)mkdir(path, 0700);
		*at = '/';
	}
	(void)mkdir(folder, 0700);
	free(path);
}

static int open_temporary(const struct lam_cache *cache, struct lam_buf *out_name)
{
	struct lam_error err;
	int fd = -1;

	if (lam_buf_printf(out_name, &err, "%s/" TEMPORARY "XXXXXX", cache->folder) < 0)
		return -1;
	fd = mkostemp(out_name->data, O_CLOEXEC);
	if (fd >= 0 || errno != ENOENT)
		return fd;
	make_folder(cache->folder);
	memcpy(out_name->data + out_name->len - 6, "XXXXXX", 6);
	return mkostemp(out_name->data, O_CLOEXEC);
}

void lam_cache_put(const struct lam_cache *cache, const struct lam_layer *layer,
		   const struct lam_layer_reading *reading)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf name = LAM_BUF(SIZE_MAX / 2);
	LAM_CLEANUP(lam_buf_fini) struct lam_buf temporary = LAM_BUF(SIZE_MAX / 2);
	LAM_CLEANUP(lam_writer_close_ptr) struct lam_writer *to = NULL;
	struct lam_error err;
	int fd;

	if (!cache->folder || !name_of(cache, &reading->digest, &reading->diff_id, &name))
		return;
	fd = open_temporary(cache, &temporary);
	if (fd < 0)
		return;
	/* no sync: what a power cut leaves of it does not have its checksum */
	if (lam_writer_file(&to, fd, true, temporary.data, &err) < 0 ||
	    lam_layer_save(layer, reading, to, &err) < 0 || lam_finish(to, &err) < 0 ||
	    rename(temporary.data, name.data) < 0)
		(void)unlink(temporary.data);
}

/* Trimming */

struct file {
	char *name;
	uint64_t size;
	struct timespec used;
};

struct files {
	struct file *items;
	size_t count, cap;
	uint64_t size;
};

static int by_use(const void *a, const void *b)
{
	const struct file *x = a, *y = b;

	if (x->used.tv_sec != y->used.tv_sec)
		return x->used.tv_sec < y->used.tv_sec ? -1 : 1;
	return (x->used.tv_nsec > y->used.tv_nsec) - (x->used.tv_nsec < y->used.tv_nsec);
}

static bool is_index(const char *name)
{
	size_t len = strlen(name), end = strlen(SUFFIX);

	return strncmp(name, PREFIX, strlen(PREFIX)) == 0 && len > end &&
	       strcmp(name + len - end, SUFFIX) == 0;
}

static void look_at(DIR *dir, const char *name, struct files *files)
{
	bool temporary = strncmp(name, TEMPORARY, strlen(TEMPORARY)) == 0;
	struct lam_error err;
	struct stat st;

	if ((!temporary && !is_index(name)) ||
	    fstatat(dirfd(dir), name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISREG(st.st_mode))
		return;
	if (temporary) {
		if (time(NULL) - st.st_mtime > STALE)
			(void)unlinkat(dirfd(dir), name, 0);
		return;
	}
	if (LAM_GROW(files->items, files->count, files->cap, &err) < 0)
		return;
	files->items[files->count] =
		(struct file){ strdup(name), (uint64_t)st.st_size, st.st_mtim };
	if (!files->items[files->count].name)
		return;
	files->size += (uint64_t)st.st_size;
	files->count++;
}

void lam_cache_trim(const struct lam_cache *cache)
{
	DIR *dir = cache->folder ? opendir(cache->folder) : NULL;
	const struct dirent *entry;
	struct files files = { 0 };

	if (!dir)
		return;
	while ((entry = readdir(dir)))
		look_at(dir, entry->d_name, &files);
	if (files.count)
		qsort(files.items, files.count, sizeof *files.items, by_use);
	for (size_t i = 0; i < files.count; i++) {
		if (files.size > cache->max &&
		    unlinkat(dirfd(dir), files.items[i].name, 0) == 0)
			files.size -= files.items[i].size;
		free(files.items[i].name);
	}
	free(files.items);
	closedir(dir);
}
