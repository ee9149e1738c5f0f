#include "store/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/path.h"
#include "codec/codec.h"

#define SPOOL_MEMORY (8u << 20)
#define PIECE        (1u << 20)

static int fail_archive(struct archive *ar, struct lam_error *err)
{
	const char *why = archive_error_string(ar);
	int number = archive_errno(ar);

	/* EILSEQ and EINVAL are what libarchive says of a format */
	if (number > 0 && number != EILSEQ && number != EINVAL)
		return lam_fail_errno(err, LAM_EREAD, number, "reading");
	return lam_fail(err, LAM_EFORMAT, "is no archive that can be read: %s",
			why ? why : "damaged");
}

/* Opening what may be compressed, or no file */

static int spool_stream(struct lam_archive *a, struct archive *ar,
			const struct lam_progress *progress, struct lam_error *err)
{
	struct archive_entry *entry;
	char *piece;
	la_ssize_t got = 1;
	int code = 0;

	if (archive_read_open_fd(ar, a->fd, PIECE) != ARCHIVE_OK ||
	    archive_read_next_header(ar, &entry) != ARCHIVE_OK)
		return fail_archive(ar, err);
	piece = malloc(PIECE);
	if (!piece)
		return lam_fail_memory(err);
	while (code == 0 && got > 0) {
		got = archive_read_data(ar, piece, PIECE);
		if (got < 0)
			code = fail_archive(ar, err);
		else if (lam_progress_stopped(progress))
			code = lam_fail(err, LAM_ESTOPPED, "stopped");
		else
			code = lam_spool_append(a->spool, piece, (size_t)got, err);
	}
	free(piece);
	return code;
}

static int to_spool(struct lam_archive *a, const char *temporary,
		    const struct lam_progress *progress, struct lam_error *err)
{
	struct archive *ar = archive_read_new();
	int code;

	if (!ar)
		return lam_fail_memory(err);
	archive_read_support_format_raw(ar);
	archive_read_support_format_empty(ar);
	archive_read_support_filter_gzip(ar);
	archive_read_support_filter_zstd(ar);
	archive_read_support_filter_bzip2(ar);
	archive_read_support_filter_xz(ar);
	code = lam_spool_new(&a->spool, temporary, SPOOL_MEMORY, err);
	if (code == 0)
		code = spool_stream(a, ar, progress, err);
	archive_read_free(ar);
	if (code < 0)
		return code;
	if (a->own_fd)
		close(a->fd);
	a->own_fd = false;
	return lam_spool_file(a->spool, &a->fd, err);
}

static int open_file(struct lam_archive *a, const char *path, bool *out_plain,
		     struct lam_error *err)
{
	const char *foreign;
	struct lam_reader *reader;
	char head[8] = "";
	struct stat st;
	size_t got = 0;
	int code;

	if (!path) {
		a->fd = STDIN_FILENO;
		*out_plain = false;
		return 0;
	}
	a->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (a->fd < 0)
		return lam_fail_errno(err, LAM_EREAD, errno, "opening");
	a->own_fd = true;
	if (fstat(a->fd, &st) < 0)
		return lam_fail_errno(err, LAM_EREAD, errno, "opening");
	if (!S_ISREG(st.st_mode))
		return lam_fail(err, LAM_EREAD, "is no regular file");
	if (lam_reader_file(&reader, a->fd, false, 0,
			    (uint64_t)st.st_size < sizeof head ? (uint64_t)st.st_size
							       : sizeof head,
			    "its begin", err) < 0)
		return err->code;
	code = lam_read_full(reader, head, sizeof head, &got, err);
	lam_reader_close(reader);
	*out_plain = code == 0 &&
		     lam_codec_detect(head, got, &foreign) == LAM_CODEC_NONE && !foreign;
	return code;
}

/* Members */

static int compare_members(const void *a, const void *b)
{
	return strcmp(((const struct lam_member *)a)->name,
		      ((const struct lam_member *)b)->name);
}

static const char *clean_name(struct lam_archive *a, const char *name,
			      struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf buf = LAM_BUF(SIZE_MAX / 2);
	const char *copy;
	bool clamped;

	if (lam_path_clean(name, strlen(name), &buf, &clamped, err) < 0)
		return NULL;
	copy = lam_arena_copy(&a->arena, buf.data ? buf.data : "", buf.len);
	if (!copy && lam_fail_memory(err) < 0)
		return NULL;
	return copy;
}

/* A symlink's target is relative to where it stands. */
static const char *clean_target(struct lam_archive *a, const char *name,
				const char *target, bool symlink, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf buf = LAM_BUF(SIZE_MAX / 2);
	const char *slash = strrchr(name, '/');

	if (symlink && target[0] != '/' && slash &&
	    lam_buf_append(&buf, name, (size_t)(slash - name) + 1, err) < 0)
		return NULL;
	if (lam_buf_append_text(&buf, target, err) < 0)
		return NULL;
	return clean_name(a, buf.data, err);
}

static int add_member(struct lam_archive *a, struct archive *ar,
		      struct archive_entry *entry, struct lam_error *err)
{
	const char *name = archive_entry_pathname(entry),
		   *symlink = archive_entry_symlink(entry);
	const char *hardlink = archive_entry_hardlink(entry);
	struct lam_member m = { 0 };

	if (!name || archive_entry_filetype(entry) == AE_IFDIR)
		return 0;
	if (a->count >= LAM_MAX_ARCHIVE_MEMBERS)
		return lam_fail(err, LAM_EFORMAT, "has more than %u members",
				LAM_MAX_ARCHIVE_MEMBERS);
	if (LAM_GROW(a->members, a->count, a->cap, err) < 0)
		return err->code;
	m.name = clean_name(a, name, err);
	if (!m.name)
		return err->code;
	if (hardlink || symlink) {
		m.target = clean_target(a, m.name, hardlink ? hardlink : symlink,
					!hardlink, err);
		if (!m.target)
			return err->code;
	}
	m.offset = (uint64_t)archive_filter_bytes(ar, 0);
	m.size = (uint64_t)archive_entry_size(entry);
	a->members[a->count++] = m;
	return 0;
}

static int list_members(struct lam_archive *a, struct archive *ar, struct lam_error *err)
{
	struct archive_entry *entry;
	int got;

	if (lseek(a->fd, 0, SEEK_SET) < 0)
		return lam_fail_errno(err, LAM_EREAD, errno, "reading");
	if (archive_read_open_fd(ar, a->fd, 64 << 10) != ARCHIVE_OK)
		return fail_archive(ar, err);
	while ((got = archive_read_next_header(ar, &entry)) == ARCHIVE_OK ||
	       got == ARCHIVE_WARN) {
		if (add_member(a, ar, entry, err) < 0)
			return err->code;
	}
	if (got != ARCHIVE_EOF)
		return fail_archive(ar, err);
	if (a->count == 0)
		return lam_fail(err, LAM_EFORMAT,
				"is no image archive: nothing is in it");
	qsort(a->members, a->count, sizeof *a->members, compare_members);
	for (size_t i = 0; i + 1 < a->count; i++) {
		if (strcmp(a->members[i].name, a->members[i + 1].name) == 0)
			a->members[i].twice = a->members[i + 1].twice = true;
	}
	return 0;
}

int lam_archive_open(struct lam_archive *out, const char *path, const char *temporary,
		     const struct lam_progress *progress, struct lam_error *err)
{
	struct archive *ar;
	bool plain = false;
	int code;

	*out = (struct lam_archive){ .fd = -1 };
	code = open_file(out, path, &plain, err);
	if (code == 0 && !plain)
		code = to_spool(out, temporary, progress, err);
	if (code == 0) {
		ar = archive_read_new();
		code = ar ? 0 : lam_fail_memory(err);
		if (ar) {
			archive_read_support_format_tar(ar);
			code = list_members(out, ar, err);
			archive_read_free(ar);
		}
	}
	if (code < 0)
		lam_archive_close(out);
	return code;
}

void lam_archive_close(struct lam_archive *a)
{
	if (a->own_fd)
		close(a->fd);
	lam_spool_free(a->spool);
	free(a->members);
	lam_arena_fini(&a->arena);
	*a = (struct lam_archive){ .fd = -1 };
}

int lam_archive_find(const struct lam_archive *a, const char *name,
		     const struct lam_member **out, struct lam_error *err)
{
	struct lam_member key = { .name = name };
	const struct lam_member *m = NULL;
	char text[LAM_PATH_TEXT];

	*out = NULL;
	for (int links = 0; links <= LAM_MAX_LINKS; links++) {
		m = bsearch(&key, a->members, a->count, sizeof *a->members,
			    compare_members);
		if (!m)
			return 0;
		if (m->twice)
			return lam_fail(
				err, LAM_EFORMAT,
				"%s stands in it twice: readers take one or the other",
				lam_path_text(text, m->name, strlen(m->name), false));
		if (!m->target) {
			*out = m;
			return 0;
		}
		key.name = m->target;
	}
	return lam_fail(err, LAM_EFORMAT, "%s links in a circle",
			lam_path_text(text, name, strlen(name), false));
}

int lam_archive_read(const struct lam_archive *a, const struct lam_member *m, size_t max,
		     struct lam_buf *out, struct lam_error *err)
{
	char text[LAM_PATH_TEXT];
	struct lam_reader *reader;
	size_t got = 0;
	int code;

	lam_path_text(text, m->name, strlen(m->name), false);
	if (m->size > max)
		return lam_fail(err, LAM_EFORMAT, "%s is larger than %zu bytes", text,
				max);
	out->max = max;
	lam_buf_clear(out);
	if (lam_buf_reserve(out, (size_t)m->size, err) < 0)
		return err->code;
	if (lam_reader_file(&reader, a->fd, false, m->offset, m->size, text, err) < 0)
		return err->code;
	code = lam_read_full(reader, out->data, (size_t)m->size, &got, err);
	lam_reader_close(reader);
	out->len = got;
	out->data[got] = '\0';
	return code;
}
