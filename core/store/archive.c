/* Outer archives: where each member's bytes are. */
#include "store/archive.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/path.h"
#include "base/stop.h"
#include "io/spool.h"
#include "store/libarchive.h"
#include "store/outer.h"

#define PIECE (1u << 20)

struct source {
	int fd;                  /* plain tar; the spool's, or the archive's own */
	struct lam_spool *spool; /* of standard input, and of a compressed archive */
	struct lam_spool *dense; /* what members with holes are, written out */
	int dense_fd;
	const struct lam_source_options *options; /* while it is opened */
	struct lam_arena arena;
	struct lam_member *members;
	size_t count, cap;
};

bool lam_archive_is_at(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

static void free_reader(struct archive **ar)
{
	lam_lib.archive_read_free(*ar);
}

/* Members */

static int compare_members(const void *a, const void *b)
{
	return strcmp(((const struct lam_member *)a)->name,
		      ((const struct lam_member *)b)->name);
}

static int clean_name(struct source *a, const char *name, const char **out,
		      struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf buf = LAM_BUF(SIZE_MAX / 2);
	bool clamped;

	if (lam_path_clean(name, strlen(name), &buf, &clamped, err) < 0)
		return err->code;
	*out = lam_arena_copy(&a->arena, buf.data ? buf.data : "", buf.len);
	return *out ? 0 : lam_fail_memory(err);
}

/* A symlink's target is relative to where it stands. */
static int clean_target(struct source *a, struct lam_member *m, const char *target,
			bool symlink, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf buf = LAM_TEXT;
	const char *slash = strrchr(m->name, '/');

	if (symlink && target[0] != '/' && slash)
		lam_text_add(&buf, m->name, (size_t)(slash - m->name) + 1);
	lam_text_puts(&buf, target);
	return clean_name(a, buf.data, &m->target, err);
}

/* A member with holes stands in the archive without them. */
static int write_out(struct source *a, struct archive *ar, struct lam_member *m,
		     struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *piece = lam_xcalloc(1, PIECE);
	uint64_t left = m->size;
	la_ssize_t got = 1;

	if (!a->dense)
		a->dense = lam_spool_new(a->options->temporary, LAM_ARCHIVE_SPOOL_MEMORY);
	m->offset = lam_spool_size(a->dense);
	m->dense = true;
	if (m->size > LAM_MAX_DENSE - m->offset)
		return lam_fail(err, LAM_EFORMAT,
				"holds sparse files of more than %llu bytes: pack it "
				"without -S",
				LAM_MAX_DENSE);
	while (left > 0) {
		size_t len = left < PIECE ? (size_t)left : PIECE;

		if (lam_progress_stopped(a->options->progress))
			return lam_fail_stopped(err);
		got = got > 0 ? lam_lib.archive_read_data(ar, piece, len) : 0;
		if (got < 0)
			return lam_libarchive_fail(ar, err);
		if (got == 0)
			memset(piece, 0, len); /* a hole at the end */
		else
			len = (size_t)got;
		if (lam_spool_append(a->dense, piece, len, err) < 0)
			return err->code;
		left -= len;
	}
	return 0;
}

static int fd_of(const struct source *a, const struct lam_member *m)
{
	return m->dense ? a->dense_fd : a->fd;
}

static int add_member(struct source *a, struct archive *ar, struct archive_entry *entry,
		      struct lam_error *err)
{
	const char *name = lam_lib.archive_entry_pathname(entry),
		   *symlink = lam_lib.archive_entry_symlink(entry),
		   *hardlink = lam_lib.archive_entry_hardlink(entry);
	struct lam_member *m;

	if (!name || lam_lib.archive_entry_filetype(entry) == AE_IFDIR)
		return 0;
	if (a->count >= LAM_MAX_ARCHIVE_MEMBERS)
		return lam_fail(err, LAM_EFORMAT, "has more than %u members",
				LAM_MAX_ARCHIVE_MEMBERS);
	LAM_XGROW(a->members, a->count, a->cap);
	m = &a->members[a->count++];
	*m = (struct lam_member){ .offset = (uint64_t)lam_lib.archive_filter_bytes(ar, 0),
				  .size = (uint64_t)lam_lib.archive_entry_size(entry) };
	if (clean_name(a, name, &m->name, err) < 0)
		return err->code;
	if (!hardlink && !symlink)
		return lam_lib.archive_entry_sparse_reset(entry) > 0
			       ? write_out(a, ar, m, err)
			       : 0;
	return clean_target(a, m, hardlink ? hardlink : symlink, !hardlink, err);
}

static int list_members(struct source *a, struct lam_error *err)
{
	LAM_CLEANUP(free_reader) struct archive *ar = lam_lib.archive_read_new();
	struct archive_entry *entry;
	int got;

	if (!ar)
		return lam_fail_memory(err);
	lam_lib.archive_read_support_format_tar(ar);
	if (lseek(a->fd, 0, SEEK_SET) < 0)
		return lam_fail_errno(err, LAM_EREAD, errno, "reading");
	if (lam_lib.archive_read_open_fd(ar, a->fd, 64 << 10) != ARCHIVE_OK)
		return lam_libarchive_fail(ar, err);
	while ((got = lam_lib.archive_read_next_header(ar, &entry)) == ARCHIVE_OK ||
	       got == ARCHIVE_WARN) {
		if (add_member(a, ar, entry, err) < 0)
			return err->code;
	}
	if (got != ARCHIVE_EOF)
		return lam_libarchive_fail(ar, err);
	if (a->dense && lam_spool_file(a->dense, &a->dense_fd, err) < 0)
		return err->code;
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

static int read_at(const struct source *a, const struct lam_member *m, uint64_t at,
		   char *into, size_t len, struct lam_error *err)
{
	LAM_CLEANUP(lam_reader_close_ptr)
	struct lam_reader *reader =
		lam_reader_file(fd_of(a, m), false, m->offset + at, len, "a member");
	size_t got;

	return lam_read_full(reader, into, len, &got, err);
}

/* Some archivers write what they need twice, twice. */
static int check_same(const struct source *a, const struct lam_member *one,
		      const struct lam_member *two, bool *out, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *pieces = lam_xmalloc(2 * (size_t)PIECE);

	*out = one->target && two->target
		       ? strcmp(one->target, two->target) == 0
		       : one->size == two->size && !one->target && !two->target;
	for (uint64_t at = 0; *out && !one->target && at < one->size; at += PIECE) {
		size_t len = one->size - at < PIECE ? (size_t)(one->size - at) : PIECE;

		if (read_at(a, one, at, pieces, len, err) < 0 ||
		    read_at(a, two, at, pieces + PIECE, len, err) < 0)
			return err->code;
		*out = memcmp(pieces, pieces + PIECE, len) == 0;
	}
	return 0;
}

/* A member of this name; all that have it must be the same. */
static int find_one(const struct source *a, const char *name,
		    const struct lam_member **out, struct lam_error *err)
{
	const struct lam_member key = { .name = name };
	const struct lam_member *m =
		bsearch(&key, a->members, a->count, sizeof *a->members, compare_members);
	char text[LAM_PATH_TEXT];
	bool same = true;

	*out = m;
	if (!m || !m->twice)
		return 0;
	while (m > a->members && strcmp(m[-1].name, name) == 0)
		m--;
	*out = m;
	for (m++; same && m < a->members + a->count && strcmp(m->name, name) == 0; m++) {
		if (check_same(a, *out, m, &same, err) < 0)
			return err->code;
	}
	if (same)
		return 0;
	return lam_fail(err, LAM_EFORMAT,
			"%s stands in it twice: readers take one or the other",
			lam_path_text(text, name, strlen(name), false));
}

int lam_archive_find(const struct lam_source *s, const char *name,
		     const struct lam_member **out, struct lam_error *err)
{
	const char *at = name;
	char text[LAM_PATH_TEXT];

	for (int links = 0; links <= LAM_MAX_LINKS; links++) {
		if (find_one(s->own, at, out, err) < 0)
			return err->code;
		if (!*out || !(*out)->target)
			return 0;
		at = (*out)->target;
	}
	return lam_fail(err, LAM_EFORMAT, "%s links in a circle: pack the archive again",
			lam_path_text(text, name, strlen(name), false));
}

int lam_archive_read(const struct lam_source *s, const struct lam_member *m,
		     struct lam_buf *out, struct lam_error *err)
{
	LAM_CLEANUP(lam_reader_close_ptr) struct lam_reader *reader = NULL;
	const struct source *a = s->own;
	char text[LAM_PATH_TEXT];

	lam_path_text(text, m->name, strlen(m->name), false);
	if (m->size > out->max)
		return lam_fail(err, LAM_EFORMAT, "%s is larger than %zu bytes", text,
				out->max);
	lam_buf_clear(out);
	reader = lam_reader_file(fd_of(a, m), false, m->offset, m->size, text);
	if (lam_buf_reserve(out, (size_t)m->size, err) < 0 ||
	    lam_read_full(reader, out->data, (size_t)m->size, &out->len, err) < 0)
		return err->code;
	out->data[out->len] = '\0';
	return 0;
}

/* Reading images */

static int read_document(const struct lam_source *s, const char *name,
			 struct lam_buf *out, bool *out_there, struct lam_error *err)
{
	const struct lam_member *m;

	if (lam_archive_find(s, name, &m, err) < 0)
		return err->code;
	*out_there = m != NULL;
	return m ? lam_archive_read(s, m, out, err) : 0;
}

/* A document of the layout, or manifest.json, in a folder of the archive. */
static const struct lam_member *member_below(const struct source *a)
{
	for (size_t i = 0; i < a->count; i++) {
		const char *slash = strrchr(a->members[i].name, '/');

		if (slash && (strcmp(slash, "/index.json") == 0 ||
			      strcmp(slash, "/manifest.json") == 0))
			return &a->members[i];
	}
	return NULL;
}

static int fail_no_image(const struct source *a, struct lam_error *err)
{
	const struct lam_member *below = member_below(a);
	char text[LAM_PATH_TEXT];

	if (below)
		return lam_fail(
			err, LAM_EFORMAT,
			"has neither index.json nor manifest.json, but %s: pack what is in that "
			"folder: tar -C FOLDER -cf FILE .",
			lam_path_text(text, below->name, strlen(below->name), false));
	return lam_fail(
		err, LAM_EFORMAT,
		"has neither index.json nor manifest.json: it is no image archive, or one that "
		"a Docker older than 1.10 wrote: load and save it with a newer one");
}

static int read_documents(const struct lam_source *s, struct lam_archive_documents *out,
			  struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf layout = LAM_BUF(LAM_MAX_OCI_LAYOUT);
	bool has_layout;

	if (read_document(s, "oci-layout", &layout, &has_layout, err) < 0 ||
	    read_document(s, "manifest.json", &out->saved, &out->has_saved, err) < 0 ||
	    read_document(s, "index.json", &out->index, &out->has_index, err) < 0 ||
	    (has_layout && lam_oci_layout_check(&layout, err) < 0))
		return err->code;
	out->has_index = out->has_index && has_layout;
	if (out->has_index || out->has_saved)
		return 0;
	return fail_no_image(s->own, err);
}

int lam_archive_open(struct lam_source *s, const struct lam_reference *reference,
		     const struct lam_source_options *options,
		     struct lam_archive_documents *out, struct lam_error *err)
{
	struct source *a = s->own = lam_xcalloc(1, sizeof *a);

	*out = (struct lam_archive_documents){ .index = LAM_BUF(LAM_MAX_INDEX),
					       .saved = LAM_BUF(LAM_MAX_INDEX) };
	a->fd = -1;
	a->options = options;
	if (lam_libarchive_load(err) < 0 ||
	    lam_outer_open(&a->fd, &a->spool, reference->path, options, err) < 0 ||
	    list_members(a, err) < 0)
		return err->code;
	return read_documents(s, out, err);
}

int lam_archive_open_spool(struct lam_source *s, struct lam_spool *spool,
			   const struct lam_source_options *options,
			   struct lam_archive_documents *out, struct lam_error *err)
{
	struct source *a = s->own = lam_xcalloc(1, sizeof *a);

	*out = (struct lam_archive_documents){ .index = LAM_BUF(LAM_MAX_INDEX),
					       .saved = LAM_BUF(LAM_MAX_INDEX) };
	a->spool = spool;
	a->options = options;
	if (lam_libarchive_load(err) < 0 || lam_spool_file(spool, &a->fd, err) < 0 ||
	    list_members(a, err) < 0)
		return err->code;
	return read_documents(s, out, err);
}

void lam_archive_documents_fini(struct lam_archive_documents *documents)
{
	lam_buf_fini(&documents->index);
	lam_buf_fini(&documents->saved);
}

void lam_archive_close(struct lam_source *s)
{
	struct source *a = s->own;

	if (!a)
		return;
	if (!a->spool && a->fd >= 0)
		close(a->fd);
	lam_spool_free(a->spool);
	lam_spool_free(a->dense);
	free(a->members);
	lam_arena_fini(&a->arena);
	free(a);
}

int lam_archive_find_blob(const struct lam_source *s, const struct lam_descriptor *blob,
			  const void **out_where, struct lam_error *err)
{
	char name[LAM_BLOB_NAME], text[LAM_DIGEST_TEXT];
	const struct lam_member *m;

	if (lam_archive_find(s, lam_blob_name(&blob->digest, name), &m, err) < 0)
		return err->code;
	lam_digest_format(&blob->digest, text);
	if (!m)
		return lam_fail(
			err, LAM_EREAD,
			"blob %s is missing: the archive is incomplete: save the image again",
			text);
	if (m->size != (uint64_t)blob->size)
		return lam_fail(
			err, LAM_EFORMAT,
			"blob %s has %llu bytes, its descriptor says %lld: save the image again",
			text, (unsigned long long)m->size, (long long)blob->size);
	*out_where = m;
	return 0;
}

int lam_archive_open_blob(const struct lam_source *s, const struct lam_descriptor *blob,
			  const void *where, uint64_t offset, struct lam_reader **out,
			  struct lam_error *err)
{
	const struct source *a = s->own;
	const struct lam_member *m = where;
	char text[LAM_PATH_TEXT];

	(void)blob;
	(void)err;
	*out = lam_reader_file(fd_of(a, m), false, m->offset + offset, m->size - offset,
			       lam_path_text(text, m->name, strlen(m->name), false));
	return 0;
}
