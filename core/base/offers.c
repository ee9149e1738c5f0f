/* What a text that is typed may become, gathered and sorted. */
#include "base/offers.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <lamina/path.h>

#include "base/buf.h"
#include "base/memory.h"
#include "base/text.h"

#define MOST 1000

void lam_offers_fini(struct lam_offers *o)
{
	for (size_t i = 0; i < o->count; i++)
		free(o->items[i]);
	free(o->items);
	*o = (struct lam_offers){ 0 };
}

void lam_offers_add(struct lam_offers *o, char *name)
{
	if (lam_path_is_escaped(name, strlen(name))) {
		free(name);
		return;
	}
	LAM_XGROW(o->items, o->count, o->cap);
	o->items[o->count++] = name;
}

static bool is_folder(int dir, const struct dirent *entry)
{
	struct stat st;

	return entry->d_type == DT_DIR ||
	       (entry->d_type != DT_REG && fstatat(dir, entry->d_name, &st, 0) == 0 &&
		S_ISDIR(st.st_mode));
}

void lam_offers_add_paths(struct lam_offers *o, const char *front, const char *typed,
			  bool folders_alone, bool (*is_leaf)(const char *path))
{
	const char *slash = strrchr(typed, '/'), *part = slash ? slash + 1 : typed;
	int len = (int)(part - typed);
	LAM_CLEANUP(lam_free_ptr) char *folder = lam_xmemdup(typed, (size_t)len);
	DIR *dir = opendir(len ? folder : ".");
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		const char *name = entry->d_name;
		LAM_CLEANUP(lam_free_ptr) char *path = NULL;
		bool opens;

		if (!lam_text_behind(name, part) || (*part != '.' && *name == '.'))
			continue;
		opens = is_folder(dirfd(dir), entry);
		if (folders_alone && !opens)
			continue;
		path = lam_xprintf("%s%s", folder, name);
		opens = opens && !(is_leaf && is_leaf(path));
		lam_offers_add(o, lam_xprintf("%s%s%s", front, path, opens ? "/" : ""));
	}
	if (dir)
		closedir(dir);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *lam_offers_lines(struct lam_offers *o)
{
	struct lam_buf out = LAM_TEXT;

	if (o->count)
		qsort(o->items, o->count, sizeof *o->items, by_name);
	lam_text_puts(&out, "");
	for (size_t i = 0; i < o->count && i < MOST; i++) {
		if (i == 0 || strcmp(o->items[i], o->items[i - 1]) != 0)
			lam_text_printf(&out, "%s%s", i ? "\n" : "", o->items[i]);
	}
	return lam_text_steal(&out);
}
