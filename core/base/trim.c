/* The files of a folder by their use: the latest, and the least used, which are removed. */
#include "base/trim.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"

/* A temporary file of this age is nobody's any more; seconds. */
#define STALE 3600

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

static bool is_kept(const char *name, const struct lam_trim *trim)
{
	size_t len = strlen(name), end = strlen(trim->suffix);
	bool ours = false;

	for (size_t i = 0; trim->prefixes[i]; i++)
		ours = ours || lam_text_behind(name, trim->prefixes[i]);
	return ours && len > end && strcmp(name + len - end, trim->suffix) == 0;
}

static void look_at(DIR *dir, const char *name, const struct lam_trim *trim,
		    struct files *files)
{
	bool temporary = lam_text_behind(name, trim->temporary) != NULL;
	struct stat st;

	if ((!temporary && !is_kept(name, trim)) ||
	    fstatat(dirfd(dir), name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISREG(st.st_mode))
		return;
	if (temporary) {
		if (time(NULL) - st.st_mtime > STALE)
			(void)unlinkat(dirfd(dir), name, 0);
		return;
	}
	LAM_XGROW(files->items, files->count, files->cap);
	files->items[files->count++] =
		(struct file){ lam_xstrdup(name), (uint64_t)st.st_size, st.st_mtim };
	files->size += (uint64_t)st.st_size;
}

/* The longest unused first. */
static void list(DIR *dir, const struct lam_trim *trim, struct files *files)
{
	const struct dirent *entry;

	while ((entry = readdir(dir)))
		look_at(dir, entry->d_name, trim, files);
	if (files->count)
		qsort(files->items, files->count, sizeof *files->items, by_use);
}

size_t lam_folder_latest(const char *folder, const struct lam_trim *which, size_t most,
			 char ***out)
{
	DIR *dir = folder ? opendir(folder) : NULL;
	struct files files = { 0 };
	size_t count = 0;

	if (dir) {
		list(dir, which, &files);
		closedir(dir);
	}
	*out = lam_xcalloc(files.count + 1, sizeof **out);
	for (size_t i = files.count; i-- > 0;) {
		if (count < most)
			(*out)[count++] = files.items[i].name;
		else
			free(files.items[i].name);
	}
	free(files.items);
	return count;
}

void lam_folder_trim(const char *folder, const struct lam_trim *trim)
{
	DIR *dir = opendir(folder);
	struct files files = { 0 };

	if (!dir)
		return;
	list(dir, trim, &files);
	for (size_t i = 0; i < files.count; i++) {
		if (files.size > trim->max &&
		    unlinkat(dirfd(dir), files.items[i].name, 0) == 0)
			files.size -= files.items[i].size;
		free(files.items[i].name);
	}
	free(files.items);
	closedir(dir);
}
