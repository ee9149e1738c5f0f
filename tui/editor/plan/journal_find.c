/* Journals that nobody holds any more. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "editor/plan/journal.h"
#include "editor/plan/journal_file.h"

#define MOST_NAMES 8
/* A journal, and the largest line behind its end; more is not ours. */
#define MOST_READ (2 * JOURNAL_MOST_BYTES + (1u << 20))

/* What an orphan is in: the lock goes with it. */
struct held {
	struct orphan orphan;
	int fd;
};

struct candidate {
	char *path;
	int64_t time; /* of the last change, ns */
};

struct candidates {
	struct candidate *items;
	size_t count, cap;
};

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static void free_candidates(struct candidates *c)
{
	for (size_t i = 0; i < c->count; i++)
		free(c->items[i].path);
	free(c->items);
}

static int add_candidate(struct candidates *c, char *path, struct lam_error *err)
{
	struct stat st;

	if (!path)
		return lam_fail_memory(err);
	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode)) {
		free(path);
		return 0;
	}
	if (c->count == c->cap) {
		size_t cap = c->cap ? 2 * c->cap : 16;
		struct candidate *items = realloc(c->items, cap * sizeof *items);

		if (!items) {
			free(path);
			return lam_fail_memory(err);
		}
		c->items = items;
		c->cap = cap;
	}
	c->items[c->count++] =
		(struct candidate){ path, st.st_mtim.tv_sec * INT64_C(1000000000) +
						  st.st_mtim.tv_nsec };
	return 0;
}

static int compare_candidates(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->time != y->time)
		return x->time > y->time ? -1 : 1;
	return strcmp(y->path, x->path);
}

/* Newest first. A folder that is not there has none. */
static int list_candidates(struct candidates *c, const char *dir, const char *digest,
			   struct lam_error *err)
{
	size_t len = strlen(digest);
	DIR *stream = opendir(dir);
	struct dirent *entry;
	int code = 0;

	if (!stream)
		return 0;
	while (code == 0 && (entry = readdir(stream))) {
		const char *name = entry->d_name;

		if (strncmp(name, digest, len) == 0 && name[len] == '-' &&
		    (ends_with(name, JOURNAL_SUFFIX) || ends_with(name, JOURNAL_PENDING)))
			code = add_candidate(c, journal_path(dir, name), err);
	}
	closedir(stream);
	if (c->count)
		qsort(c->items, c->count, sizeof *c->items, compare_candidates);
	return code;
}

/* An open file that nobody else holds, still under its name; or -1. */
static int hold(const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat open_st, named_st;

	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &open_st) == 0 &&
	    lstat(path, &named_st) == 0 && S_ISREG(open_st.st_mode) &&
	    open_st.st_uid == geteuid() && open_st.st_ino == named_st.st_ino &&
	    open_st.st_dev == named_st.st_dev)
		return fd;
	close(fd);
	return -1;
}

/* NULL on no memory; what cannot be read is empty. */
static char *read_all(int fd, size_t *out_len)
{
	struct stat st;
	size_t size, len = 0;
	char *bytes;

	*out_len = 0;
	if (fstat(fd, &st) < 0)
		st.st_size = 0;
	size = (uint64_t)st.st_size < MOST_READ ? (size_t)st.st_size : MOST_READ;
	bytes = malloc(size + 1);
	while (bytes && len < size) {
		ssize_t got = pread(fd, bytes + len, size - len, (off_t)len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		len += (size_t)got;
	}
	*out_len = len;
	return bytes;
}

/* The first line. */
static bool read_first(struct orphan *o, const char *line, size_t len)
{
	json_t *object = journal_parse_line(line, len);
	bool ours = object &&
		    json_integer_value(json_object_get(object, "lamina-journal")) == 1;

	if (ours) {
		o->reference = journal_text(object, "reference", false);
		o->plan_file = journal_plan_file(object);
	}
	json_decref(object);
	return ours && o->reference;
}

/* A state, the last of the file first: the first that is right gives the plan. */
static void read_state(struct orphan *o, const char *line, size_t len)
{
	json_t *object = journal_parse_line(line, len);
	char *name = object ? journal_text(object, "name", false) : NULL;
	struct lam_plan *plan = name && !o->plan ? journal_plan(object) : NULL;

	if (plan) {
		o->plan = plan;
		o->time = json_integer_value(json_object_get(object, "time"));
	}
	if (name && o->plan)
		o->names[o->name_count++] = name;
	else
		free(name);
	json_decref(object);
}

/* Lines from the end; what has no newline is none. False where no plan is in it. */
static bool read_lines(struct orphan *o, const char *bytes, size_t len)
{
	const char *first = memchr(bytes, '\n', len), *end;

	o->names = calloc(MOST_NAMES, sizeof *o->names);
	if (!o->names || !first || !read_first(o, bytes, (size_t)(first - bytes)))
		return false;
	end = memrchr(bytes, '\n', len);
	while (end > first) {
		const char *before = memrchr(bytes, '\n', (size_t)(end - bytes));

		if (o->name_count < MOST_NAMES)
			read_state(o, before + 1, (size_t)(end - before - 1));
		o->changes += o->plan ? 1 : 0;
		end = before;
	}
	return o->plan;
}

/* *out NULL: nothing of worth is in it. */
static int read_orphan(struct orphan **out, const char *path, int fd,
		       struct lam_error *err)
{
	struct held *held = calloc(1, sizeof *held);
	size_t len;
	char *bytes = held ? read_all(fd, &len) : NULL;

	*out = NULL;
	if (held)
		held->fd = -1;
	if (bytes)
		held->orphan.file = strdup(path);
	if (!bytes || !held->orphan.file) {
		free(bytes);
		orphan_free(held ? &held->orphan : NULL);
		return lam_fail_memory(err);
	}
	if (read_lines(&held->orphan, bytes, len)) {
		held->fd = fd;
		*out = &held->orphan;
	} else {
		orphan_free(&held->orphan);
	}
	free(bytes);
	return 0;
}

int journal_find(struct orphan **out, const char *dir, const char *manifest_digest,
		 struct lam_error *err)
{
	struct candidates c = { 0 };
	int code = list_candidates(&c, dir, manifest_digest, err);

	*out = NULL;
	for (size_t i = 0; code == 0 && !*out && i < c.count; i++) {
		const char *path = c.items[i].path;
		int fd = hold(path);

		if (fd < 0)
			continue;
		if (ends_with(path, JOURNAL_SUFFIX))
			code = read_orphan(out, path, fd, err);
		if (code == 0 && !*out)
			(void)unlink(path);
		if (!*out)
			close(fd);
	}
	free_candidates(&c);
	return code;
}

void orphan_remove(struct orphan *orphan)
{
	(void)unlink(orphan->file);
	orphan_free(orphan);
}

void orphan_free(struct orphan *orphan)
{
	/* the first member of what it is in */
	struct held *held = (struct held *)orphan;

	if (!orphan)
		return;
	if (held->fd >= 0)
		close(held->fd);
	for (size_t i = 0; i < orphan->name_count; i++)
		free(orphan->names[i]);
	free(orphan->names);
	free(orphan->file);
	free(orphan->reference);
	free(orphan->plan_file);
	lam_plan_free(orphan->plan);
	free(held);
}
