/* A folder of stored files: found, kept, and the least used removed. */
#include "layer/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/trim.h"
#include "layer/written.h"

#define SUFFIX    ".index"
#define TEMPORARY "layer-temporary-"

void lam_cache_init(struct lam_cache *cache, const char *folder)
{
	*cache = (struct lam_cache){ .max = LAM_MAX_CACHE, .folder = lam_xcopy(folder) };
}

void lam_cache_fini(struct lam_cache *cache)
{
	free(cache->folder);
	cache->folder = NULL;
}

/* A new string. The name says what an index is asked for by; what is in the file is
 * checked all the same. */
static char *name_of(const struct lam_digest *digest, const struct lam_digest *diff_id)
{
	char both[2 * LAM_DIGEST_TEXT + 2], text[LAM_DIGEST_TEXT];
	struct lam_digest hash;
	int len;

	len = snprintf(both, sizeof both, "%s\n", lam_digest_format(digest, text));
	len += snprintf(both + len, sizeof both - (size_t)len, "%s",
			lam_digest_format(diff_id, text));
	hash = lam_digest_of(LAM_SHA256, both, (size_t)len);
	return lam_xprintf("layer-v%u-%s" SUFFIX, LAM_STORE_VERSION,
			   lam_digest_hex(&hash, text));
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

char *lam_cache_read(const struct lam_cache *cache, const char *name, size_t *out_size)
{
	LAM_CLEANUP(lam_free_ptr) char *path = NULL;
	char *block = NULL;
	struct stat st;
	int fd;

	if (!cache->folder)
		return NULL;
	path = lam_xprintf("%s/%s", cache->folder, name);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	/* this user's own alone */
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	    st.st_size > 0 && (uint64_t)st.st_size <= cache->max)
		block = lam_alloc_large((size_t)st.st_size);
	if (block && !read_all(fd, block, (size_t)st.st_size)) {
		free(block);
		block = NULL;
	}
	if (block)
		*out_size = (size_t)st.st_size;
	close(fd);
	return block;
}

void lam_cache_use(const struct lam_cache *cache, const char *name)
{
	LAM_CLEANUP(lam_free_ptr) char *path = lam_xprintf("%s/%s", cache->folder, name);

	(void)utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW);
}

bool lam_cache_get(const struct lam_cache *cache, const struct lam_layer_key *key,
		   uint32_t number, struct lam_layer **out,
		   struct lam_layer_reading *out_reading)
{
	LAM_CLEANUP(lam_free_ptr) char *name = NULL;
	size_t size;
	char *block;

	if (key->digest.algorithm == LAM_ALGORITHM_NONE)
		return false;
	name = name_of(&key->digest, &key->diff_id);
	block = lam_cache_read(cache, name, &size);
	if (!block || !lam_layer_load(out, out_reading, block, size, key, number))
		return false;
	lam_cache_use(cache, name);
	return true;
}

void lam_cache_remove(const struct lam_cache *cache, const char *name)
{
	LAM_CLEANUP(lam_free_ptr) char *path = lam_xprintf("%s/%s", cache->folder, name);

	(void)unlink(path);
}

/* Writing */

/* Only this user may look into the folder. */
static int open_temporary(const struct lam_cache *cache, char *name)
{
	int fd = mkostemp(name, O_CLOEXEC);

	if (fd >= 0 || errno != ENOENT || lam_folders_make(cache->folder) != 0)
		return fd;
	memcpy(name + strlen(name) - 6, "XXXXXX", 6);
	return mkostemp(name, O_CLOEXEC);
}

void lam_cache_write(const struct lam_cache *cache, const char *name,
		     int (*save)(const void *context, struct lam_writer *to,
				 struct lam_error *err),
		     const void *context)
{
	LAM_CLEANUP(lam_free_ptr) char *path = NULL;
	LAM_CLEANUP(lam_free_ptr) char *temporary = NULL;
	LAM_CLEANUP(lam_writer_close_ptr) struct lam_writer *to = NULL;
	struct lam_error err;
	int fd;

	if (!cache->folder)
		return;
	path = lam_xprintf("%s/%s", cache->folder, name);
	temporary = lam_xprintf("%s/" TEMPORARY "XXXXXX", cache->folder);
	fd = open_temporary(cache, temporary);
	if (fd < 0)
		return;
	/* no more than would stay, and no sync: what a power cut leaves of it does not
	 * have its checksum */
	to = lam_writer_file(fd, true, temporary);
	if (save(context, to, &err) < 0 || lam_finish(to, &err) < 0 ||
	    rename(temporary, path) < 0)
		(void)unlink(temporary);
}

struct putting {
	const struct lam_layer *layer;
	const struct lam_layer_reading *reading;
	uint64_t max;
};

static int save_layer(const void *context, struct lam_writer *to, struct lam_error *err)
{
	const struct putting *p = context;

	return lam_layer_save(p->layer, p->reading, p->max, to, err);
}

void lam_cache_put(const struct lam_cache *cache, const struct lam_layer *layer,
		   const struct lam_layer_reading *reading)
{
	LAM_CLEANUP(lam_free_ptr)
	char *name = name_of(&reading->digest, &reading->diff_id);
	const struct putting putting = { layer, reading, cache->max };

	lam_cache_write(cache, name, save_layer, &putting);
}

/* All files together */

static const char *const INDEXES[] = { "layer-", LAM_WRITTEN_PREFIX, NULL };

size_t lam_cache_latest(const struct lam_cache *cache, const char *prefix, size_t most,
			char ***out)
{
	const char *const prefixes[] = { prefix, NULL };
	const struct lam_trim which = { prefixes, SUFFIX, TEMPORARY, cache->max };

	return lam_folder_latest(cache->folder, &which, most, out);
}

void lam_cache_trim(const struct lam_cache *cache)
{
	const struct lam_trim trim = { INDEXES, SUFFIX, TEMPORARY, cache->max };

	if (cache->folder)
		lam_folder_trim(cache->folder, &trim);
}
