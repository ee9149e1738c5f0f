/* The unsaved plan on disk: written whole, found again, and whose it is. */
#include "editor/plan/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <lamina/path.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/path.h"

#define SUFFIX  ".json"
#define VERSION 2
/* A plan has at most 64 MiB, and JSON writes a byte as six at most. */
#define MOST_BYTES ((size_t)400 << 20)

struct journal {
	char *dir, *digest;
	struct draft draft; /* the screen's: all but the plan */
	/* the writer's */
	char *path; /* NULL: nothing is on disk */
	int fd;     /* holds the lock */
	bool kept;
};

static void drop_names(struct draft *draft)
{
	for (size_t i = 0; i < draft->name_count; i++)
		free(draft->names[i]);
	draft->name_count = 0;
}

void draft_free(struct draft *draft)
{
	if (!draft)
		return;
	drop_names(draft);
	free(draft->reference);
	free(draft->plan_file);
	free(draft->on_disk);
	lam_plan_free(draft->plan);
	free(draft->file);
	if (draft->fd >= 0)
		close(draft->fd);
	free(draft);
}

void draft_remove(struct draft *draft)
{
	(void)unlink(draft->file);
	draft_free(draft);
}

struct journal *journal_new(const char *dir, const char *manifest_digest,
			    const char *reference)
{
	struct journal *j = lam_xcalloc(1, sizeof *j);

	*j = (struct journal){ .dir = lam_xstrdup(dir),
			       .digest = lam_xstrdup(manifest_digest),
			       .draft.reference = lam_xstrdup(reference),
			       .fd = -1 };
	return j;
}

void journal_close(struct journal *j)
{
	if (!j)
		return;
	if (j->fd >= 0)
		close(j->fd);
	drop_names(&j->draft);
	free(j->draft.reference);
	free(j->path);
	free(j->dir);
	free(j->digest);
	free(j);
}

void journal_note(struct journal *j, const char *name)
{
	struct draft *d = &j->draft;

	if (d->name_count == DRAFT_NAMES)
		free(d->names[--d->name_count]);
	memmove(d->names + 1, d->names, d->name_count * sizeof *d->names);
	d->names[0] = lam_xstrdup(name);
	d->name_count++;
	d->changes++;
	d->time = time(NULL);
}

void journal_forget(struct journal *j)
{
	drop_names(&j->draft);
	j->draft.changes = 0;
}

void journal_take_names(struct journal *j, const struct draft *draft)
{
	struct draft *d = &j->draft;

	drop_names(d);
	for (size_t i = 0; i < draft->name_count; i++)
		d->names[d->name_count++] = lam_xstrdup(draft->names[i]);
	d->changes = draft->changes;
	d->time = draft->time;
}

struct draft *journal_draft(const struct journal *j, const char *plan_file,
			    const char *on_disk, const struct lam_plan *plan)
{
	struct draft *d;

	if (j->draft.changes == 0)
		return NULL;
	d = lam_xmalloc(sizeof *d);
	*d = j->draft;
	d->reference = lam_xstrdup(d->reference);
	d->plan_file = lam_xcopy(plan_file);
	d->on_disk = lam_xcopy(on_disk);
	for (size_t i = 0; i < d->name_count; i++)
		d->names[i] = lam_xstrdup(d->names[i]);
	d->fd = -1;
	d->plan = lam_plan_copy(plan);
	return d;
}

/* Writing */

/* Any bytes, in their text form; null for NULL. */
static json_t *json_of_bytes(const char *bytes)
{
	LAM_CLEANUP(lam_free_ptr)
	char *text = bytes ? lam_path_escape(bytes, strlen(bytes)) : NULL;

	return text ? json_string(text) : json_null();
}

static int format(char **out, const struct draft *d, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *here = getcwd(NULL, 0), *plan = NULL;
	json_t *names = json_array(), *value;

	if (lam_plan_format(d->plan, &plan, err) < 0) {
		json_decref(names);
		return err->code;
	}
	for (size_t i = 0; i < d->name_count; i++) {
		json_t *name = json_string(d->names[i]); /* NULL: no UTF-8 */

		json_array_append_new(names, name ? name : json_of_bytes(d->names[i]));
	}
	value = json_pack("{s:i, s:o, s:o, s:o, s:s?, s:I, s:I, s:o, s:s}",
			  "lamina-journal", VERSION, "reference",
			  json_of_bytes(d->reference), "plan-file",
			  json_of_bytes(d->plan_file), "folder", json_of_bytes(here),
			  "on-disk", d->on_disk, "time", (json_int_t)d->time, "changes",
			  (json_int_t)d->changes, "names", names, "plan", plan);
	*out = value ? json_dumps(value, JSON_COMPACT) : NULL;
	json_decref(value);
	return *out ? 0 : lam_fail_memory(err);
}

/* An empty file of a name that none has: a number that the system has used before may
 * stand in the name of an orphan. */
static int claim(struct journal *j, struct lam_error *err)
{
	int problem = lam_folders_make(j->dir);

	if (problem)
		return lam_file_fail(err, LAM_EWRITE, problem, j->dir);
	for (unsigned n = 0;; n++) {
		char *path = lam_xprintf(n ? "%s/%.300s-%ld.%u" SUFFIX
					   : "%s/%.300s-%ld" SUFFIX,
					 j->dir, j->digest, (long)getpid(), n);

		j->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			     0600);
		if (j->fd >= 0) {
			/* where there are no locks a journal is still better than none */
			(void)flock(j->fd, LOCK_EX | LOCK_NB);
			j->path = path;
			return 0;
		}
		problem = errno;
		free(path);
		if (problem != EEXIST || n == 1000)
			return lam_file_fail(err, LAM_EWRITE, problem, j->dir);
	}
}

static void remove_file(struct journal *j)
{
	if (!j->path)
		return;
	(void)unlink(j->path);
	close(j->fd);
	free(j->path);
	j->path = NULL;
	j->fd = -1;
}

/* The new file is locked before it has its name, so that nobody takes it for an orphan. */
static int replace(struct journal *j, const char *text, struct lam_error *err)
{
	struct lam_new_file file;
	int fd, problem;

	if (lam_file_begin(&file, j->path, err) < 0)
		return err->code;
	fd = fcntl(file.fd, F_DUPFD_CLOEXEC, 0);
	(void)flock(file.fd, LOCK_EX | LOCK_NB);
	problem = fd < 0 ? errno : lam_write_all(file.fd, text, strlen(text));
	if (lam_file_end(&file,
			 problem ? lam_file_fail(err, LAM_EWRITE, problem, j->path) : 0,
			 err) < 0) {
		if (fd >= 0)
			close(fd);
		return err->code;
	}
	close(j->fd);
	j->fd = fd;
	return 0;
}

int journal_write(struct journal *j, const struct draft *draft, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *text = NULL;
	bool first = !j->path;

	j->kept = false;
	if (!draft) {
		remove_file(j);
		return 0;
	}
	if (format(&text, draft, err) < 0 || (first && claim(j, err) < 0))
		return lam_wrap(err, "journal");
	if (replace(j, text, err) < 0) {
		if (first)
			remove_file(j);
		return lam_wrap(err, "journal");
	}
	j->kept = true;
	return 0;
}

bool journal_is_kept(const struct journal *j)
{
	return j->kept;
}

/* Finding */

/* An open file that nobody else holds, still under its name; or -1. */
static int hold(const char *path, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat named;

	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, st) == 0 &&
	    lstat(path, &named) == 0 && S_ISREG(st->st_mode) && st->st_uid == geteuid() &&
	    st->st_ino == named.st_ino && st->st_dev == named.st_dev)
		return fd;
	close(fd);
	return -1;
}

/* Names of ours may hold escaped paths, whose backslashes stay; but a file can be written
 * by others. */
static char *text_of(const json_t *value)
{
	const char *text = json_string_value(value);

	if (!text)
		return NULL;
	return lam_path_may_show(text, strlen(text))
		       ? lam_xstrdup(text)
		       : lam_path_escape(text, strlen(text));
}

/* The bytes that a text was made from; NULL: there are none. */
static char *bytes_of(const json_t *value)
{
	const char *text = json_string_value(value);
	struct lam_error why;
	char *bytes;
	size_t len;

	if (!text || lam_path_unescape(&bytes, &len, text, &why) < 0)
		return NULL;
	if (strlen(bytes) == len)
		return bytes;
	free(bytes);
	return NULL;
}

/* The plan file as seen from here; NULL: none. */
static char *plan_file_of(const json_t *value)
{
	LAM_CLEANUP(lam_free_ptr)
	char *folder = bytes_of(json_object_get(value, "folder")),
	     *here = getcwd(NULL, 0);
	char *file = bytes_of(json_object_get(value, "plan-file")), *path;
	bool is_here = here && folder && strcmp(here, folder) == 0;

	if (!file || file[0] == '/' || !folder || is_here)
		return file;
	path = lam_xprintf("%s/%s", folder, file);
	free(file);
	return path;
}

static bool fill(struct draft *d, const json_t *value)
{
	const json_t *names = json_object_get(value, "names");
	const char *plan = json_string_value(json_object_get(value, "plan"));
	struct lam_error why;

	if (json_integer_value(json_object_get(value, "lamina-journal")) != VERSION ||
	    !plan ||
	    lam_plan_parse(&d->plan, plan, strlen(plan), "journal", NULL, &why) < 0)
		return false;
	d->reference = text_of(json_object_get(value, "reference"));
	d->plan_file = plan_file_of(value);
	d->on_disk = lam_xcopy(json_string_value(json_object_get(value, "on-disk")));
	d->time = json_integer_value(json_object_get(value, "time"));
	d->changes = (size_t)json_integer_value(json_object_get(value, "changes"));
	for (size_t i = 0; i < json_array_size(names) && d->name_count < DRAFT_NAMES;
	     i++) {
		char *name = text_of(json_array_get(names, i));

		if (name)
			d->names[d->name_count++] = name;
	}
	return d->reference;
}

/* Takes fd over. NULL: nothing that can be read now, and is understood. */
static struct draft *read_draft(const char *path, int fd)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf text = LAM_BUF(MOST_BYTES);
	struct draft *d = lam_xcalloc(1, sizeof *d);
	json_auto_t *value = NULL;
	struct lam_error why;

	d->fd = fd;
	d->file = lam_xstrdup(path);
	if (lam_file_read_fd(&text, fd, path, &why) == 0)
		value = lam_json_load(text.data, text.len, path, NULL, &why);
	if (!fill(d, value)) {
		draft_free(d);
		d = NULL;
	}
	return d;
}

static bool is_ours(const char *name, const char *digest)
{
	size_t len = strlen(name), digest_len = strlen(digest), end = strlen(SUFFIX);

	return len > digest_len + end && memcmp(name, digest, digest_len) == 0 &&
	       name[digest_len] == '-' && strcmp(name + len - end, SUFFIX) == 0;
}

static bool is_newer(const struct stat *a, const struct stat *b)
{
	return a->st_mtim.tv_sec != b->st_mtim.tv_sec
		       ? a->st_mtim.tv_sec > b->st_mtim.tv_sec
		       : a->st_mtim.tv_nsec > b->st_mtim.tv_nsec;
}

/* The one at path, where it is newer than the best so far. */
static void consider(struct draft **best, struct stat *best_st, const char *path)
{
	struct draft *d;
	struct stat st;
	int fd = hold(path, &st);

	if (fd < 0)
		return;
	if (st.st_size == 0)
		(void)unlink(path); /* claimed, and never written */
	if (st.st_size == 0 || (*best && !is_newer(&st, best_st))) {
		close(fd);
		return;
	}
	d = read_draft(path, fd);
	if (!d)
		return;
	draft_free(*best);
	*best = d;
	*best_st = st;
}

struct draft *journal_find(const char *dir, const char *manifest_digest)
{
	DIR *stream = opendir(dir);
	struct draft *best = NULL;
	struct dirent *entry;
	struct stat st = { 0 };

	while (stream && (entry = readdir(stream))) {
		LAM_CLEANUP(lam_free_ptr) char *path = NULL;

		if (!is_ours(entry->d_name, manifest_digest))
			continue;
		path = lam_xprintf("%s/%s", dir, entry->d_name);
		consider(&best, &st, path);
	}
	if (stream)
		closedir(stream);
	return best;
}
