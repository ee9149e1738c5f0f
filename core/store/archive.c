/* Outer archives: where each member's bytes are, and how a layout is packed. */
#include "store/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/path.h"
#include "base/stop.h"
#include "codec/codec.h"
#include "io/spool.h"

#define PIECE (1u << 20)

struct source {
	int fd; /* plain tar; the spool's, or the archive's own */
	bool own_fd;
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

/* Opening what may be compressed, or no file */

static void free_reader(struct archive **ar)
{
	archive_read_free(*ar);
}

static int fail_archive(struct archive *ar, struct lam_error *err)
{
	const char *why = archive_error_string(ar);
	int number = archive_errno(ar);

	/* EILSEQ and EINVAL are what libarchive says of a format */
	if (number > 0 && number != EILSEQ && number != EINVAL)
		return lam_fail_errno(err, LAM_EREAD, number, "reading");
	if (why && strcmp(why, "Unrecognized archive format") == 0)
		return lam_fail(
			err, LAM_EFORMAT,
			"is no archive that can be read: no tar, as it is or packed by "
			"gzip, zstd, xz or bzip2");
	return lam_fail(err, LAM_EFORMAT,
			"is no archive that can be read: %s: save the image again",
			why ? why : "damaged");
}

/* Archives that are not read, by how they begin, and what makes them ones that are. */
static int refuse_other(const unsigned char *head, size_t len, struct lam_error *err)
{
	static const struct {
		const char *magic;
		size_t len;
		const char *name, *command;
	} others[] = {
		{ "\x04\x22\x4d\x18", 4, "lz4", "lz4 -d" },
		{ "7z\xbc\xaf\x27\x1c", 6, "7z", "7z x" },
		{ "PK\003\004", 4, "zip", "unzip" },
		{ "LZIP", 4, "lzip", "lzip -d" },
		{ "\x89LZO", 4, "lzop", "lzop -d" },
		{ "\x1f\x9d", 2, "compress", "gunzip" },
		{ "Rar!", 4, "RAR", "unrar x" },
	};

	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		if (len >= others[i].len &&
		    memcmp(head, others[i].magic, others[i].len) == 0)
			return lam_fail(
				err, LAM_EFORMAT,
				"is packed by %s; a tar is read, as it is or packed by gzip, zstd, "
				"xz or bzip2: unpack it first with %s",
				others[i].name, others[i].command);
	}
	return 0;
}

static int to_spool(struct source *a, const struct lam_source_options *options,
		    struct lam_error *err)
{
	LAM_CLEANUP(free_reader) struct archive *ar = archive_read_new();
	LAM_CLEANUP(lam_free_ptr) char *piece = lam_xmalloc(PIECE);
	struct archive_entry *entry;
	la_ssize_t got = 1;

	if (!ar)
		return lam_fail_memory(err);
	archive_read_support_format_raw(ar);
	archive_read_support_format_empty(ar);
	archive_read_support_filter_gzip(ar);
	archive_read_support_filter_zstd(ar);
	archive_read_support_filter_bzip2(ar);
	archive_read_support_filter_xz(ar);
	a->spool = lam_spool_new(options->temporary, LAM_ARCHIVE_SPOOL_MEMORY);
	if (archive_read_open_fd(ar, a->fd, PIECE) != ARCHIVE_OK ||
	    archive_read_next_header(ar, &entry) != ARCHIVE_OK)
		return fail_archive(ar, err);
	while (got > 0) {
		got = archive_read_data(ar, piece, PIECE);
		if (got < 0)
			return fail_archive(ar, err);
		if (lam_progress_stopped(options->progress))
			return lam_fail_stopped(err);
		if (lam_spool_append(a->spool, piece, (size_t)got, err) < 0)
			return err->code;
	}
	if (a->own_fd)
		close(a->fd);
	a->own_fd = false;
	return lam_spool_file(a->spool, &a->fd, err);
}

static int open_file(struct source *a, const char *path, bool *out_plain,
		     struct lam_error *err)
{
	LAM_CLEANUP(lam_reader_close_ptr) struct lam_reader *reader = NULL;
	char head[8] = "";
	struct stat st;
	size_t got = 0;

	*out_plain = false;
	if (!path) {
		a->fd = STDIN_FILENO;
		return 0;
	}
	a->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (a->fd < 0)
		return lam_fail_errno(err, LAM_EREAD, errno, "opening");
	a->own_fd = true;
	if (fstat(a->fd, &st) < 0)
		return lam_fail_errno(err, LAM_EREAD, errno, "opening");
	if (S_ISFIFO(st.st_mode))
		return lam_fail(
			err, LAM_EREAD,
			"is a pipe: an archive in one is read as -, from standard "
			"input");
	if (!S_ISREG(st.st_mode))
		return lam_fail(err, LAM_EREAD, "is no regular file");
	reader = lam_reader_file(a->fd, false, 0,
				 (uint64_t)st.st_size < sizeof head ? (uint64_t)st.st_size
								    : sizeof head,
				 "its begin");
	if (lam_read_full(reader, head, sizeof head, &got, err) < 0)
		return err->code;
	if (got == 0)
		return lam_fail(err, LAM_EFORMAT,
				"is an empty file: save the image again");
	*out_plain = lam_codec_is_plain(head, got);
	return refuse_other((const unsigned char *)head, got, err);
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
		got = got > 0 ? archive_read_data(ar, piece, len) : 0;
		if (got < 0)
			return fail_archive(ar, err);
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
	const char *name = archive_entry_pathname(entry),
		   *symlink = archive_entry_symlink(entry),
		   *hardlink = archive_entry_hardlink(entry);
	struct lam_member *m;

	if (!name || archive_entry_filetype(entry) == AE_IFDIR)
		return 0;
	if (a->count >= LAM_MAX_ARCHIVE_MEMBERS)
		return lam_fail(err, LAM_EFORMAT, "has more than %u members",
				LAM_MAX_ARCHIVE_MEMBERS);
	LAM_XGROW(a->members, a->count, a->cap);
	m = &a->members[a->count++];
	*m = (struct lam_member){ .offset = (uint64_t)archive_filter_bytes(ar, 0),
				  .size = (uint64_t)archive_entry_size(entry) };
	if (clean_name(a, name, &m->name, err) < 0)
		return err->code;
	if (!hardlink && !symlink)
		return archive_entry_sparse_reset(entry) > 0 ? write_out(a, ar, m, err)
							     : 0;
	return clean_target(a, m, hardlink ? hardlink : symlink, !hardlink, err);
}

static int list_members(struct source *a, struct lam_error *err)
{
	LAM_CLEANUP(free_reader) struct archive *ar = archive_read_new();
	struct archive_entry *entry;
	int got;

	if (!ar)
		return lam_fail_memory(err);
	archive_read_support_format_tar(ar);
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
	bool plain;

	*out = (struct lam_archive_documents){ .index = LAM_BUF(LAM_MAX_INDEX),
					       .saved = LAM_BUF(LAM_MAX_INDEX) };
	a->fd = -1;
	a->options = options;
	if (open_file(a, reference->path, &plain, err) < 0 ||
	    (!plain && to_spool(a, options, err) < 0) || list_members(a, err) < 0)
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
	if (lam_spool_file(spool, &a->fd, err) < 0 || list_members(a, err) < 0)
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
	if (a->own_fd)
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

/* Packing */

struct member {
	char name[LAM_BLOB_NAME];
	const void *bytes; /* or: */
	const struct lam_sink_blob *blob;
	uint64_t size;
};

struct packing {
	const struct lam_sink *sink;
	const char *shown;
	struct archive *ar;
	int fd;
	struct member *members;
	size_t count, cap;
	const struct lam_progress *progress;
};

static int fail_write(const struct packing *p, struct lam_error *err)
{
	int problem = archive_errno(p->ar);

	if (problem > 0)
		return lam_fail_errno(err, LAM_EWRITE, problem, "%s: writing", p->shown);
	return lam_fail(err, LAM_EWRITE, "%s: writing: %s", p->shown,
			archive_error_string(p->ar));
}

/* Neither bytes nor a blob: a folder. */
static void pack_later(struct packing *p, const char *name, const void *bytes,
		       uint64_t size, const struct lam_sink_blob *blob)
{
	struct member *m;

	LAM_XGROW(p->members, p->count, p->cap);
	m = &p->members[p->count++];
	*m = (struct member){ .bytes = bytes, .blob = blob, .size = size };
	memcpy(m->name, name, strlen(name) + 1);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct member *)a)->name, ((const struct member *)b)->name);
}

static int write_header(struct packing *p, const struct member *m, struct lam_error *err)
{
	struct archive_entry *entry = archive_entry_new();
	bool folder = !m->bytes && !m->blob;
	int got;

	if (!entry)
		return lam_fail_memory(err);
	archive_entry_set_pathname(entry, m->name);
	archive_entry_set_filetype(entry, folder ? AE_IFDIR : AE_IFREG);
	archive_entry_set_perm(entry, folder ? 0755 : 0644);
	archive_entry_set_size(entry, (la_int64_t)m->size);
	archive_entry_set_mtime(entry, 0, 0);
	got = archive_write_header(p->ar, entry);
	archive_entry_free(entry);
	return got == ARCHIVE_OK ? 0 : fail_write(p, err);
}

static int put(void *context, const void *bytes, size_t len, struct lam_error *err)
{
	struct packing *p = context;
	const char *at = bytes;

	while (len > 0) {
		la_ssize_t wrote = archive_write_data(p->ar, at, len);

		if (wrote <= 0)
			return fail_write(p, err);
		at += wrote;
		len -= (size_t)wrote;
	}
	return 0;
}

/* Hashes what goes by: the source may have changed, the disk may lie. */
static int put_blob(struct packing *p, const struct lam_sink_blob *b,
		    struct lam_error *err)
{
	LAM_CLEANUP(lam_reader_close_ptr) struct lam_reader *reader = NULL;

	if (!b->source)
		reader = lam_reader_file(b->fd, false, 0, b->size, p->shown);
	else if (lam_source_open_layer(b->source, b->layer, 0, &reader, err) < 0)
		return err->code;
	if (lam_sink_check_stream(reader, &b->digest, p->progress, put, p, err) == 0)
		return 0;
	/* a file of ours was written a moment ago */
	if (err->code == LAM_EFORMAT || (err->code == LAM_EREAD && !b->source))
		err->code = LAM_EWRITE;
	return err->code;
}

static int write_members(struct packing *p, struct lam_error *err)
{
	qsort(p->members, p->count, sizeof *p->members, compare_names);
	for (size_t i = 0; i < p->count; i++) {
		const struct member *m = &p->members[i];

		if (i > 0 && strcmp(m->name, p->members[i - 1].name) == 0)
			continue; /* one layer twice in the stack */
		if (write_header(p, m, err) < 0)
			return err->code;
		if ((m->blob ? put_blob(p, m->blob, err)
			     : put(p, m->bytes, (size_t)m->size, err)) < 0)
			return err->code;
	}
	return archive_write_close(p->ar) == ARCHIVE_OK ? 0 : fail_write(p, err);
}

static void list_blobs(struct packing *p)
{
	for (size_t i = 0; i < p->sink->blob_count; i++) {
		const struct lam_sink_blob *b = &p->sink->blobs[i];
		char name[LAM_BLOB_NAME];

		if (b->digest.algorithm != LAM_ALGORITHM_NONE)
			pack_later(p, lam_blob_name(&b->digest, name), NULL, b->size, b);
	}
}

static int pack(struct packing *p, struct lam_error *err)
{
	list_blobs(p);
	p->ar = archive_write_new();
	if (!p->ar)
		return lam_fail_memory(err);
	archive_write_set_format_pax_restricted(p->ar);
	archive_write_add_filter_none(p->ar);
	archive_write_set_bytes_per_block(p->ar, 0);
	if (archive_write_open_fd(p->ar, p->fd) != ARCHIVE_OK)
		return fail_write(p, err);
	return write_members(p, err);
}

/* As the file that is replaced was, where the system lets us. */
static void keep_owner(int fd, const struct stat *old)
{
	struct stat new;

	if (fstat(fd, &new) == 0 &&
	    ((new.st_uid == old->st_uid &&new.st_gid == old->st_gid) ||
	     fchown(fd, old->st_uid, old->st_gid) == 0))
		(void)fchmod(fd, old->st_mode & 07777);
}

static int pack_to_file(struct packing *p, struct lam_sink *sink, struct lam_error *err)
{
	const char *path = sink->reference->path, *slash = strrchr(path, '/');
	struct stat old;
	bool replaces = stat(path, &old) == 0;
	size_t file;

	if (lam_sink_temporary(sink, replaces ? old.st_mode & 0666 : 0666, &p->fd, &file,
			       err) < 0 ||
	    pack(p, err) < 0)
		return err->code;
	if (replaces)
		keep_owner(p->fd, &old);
	if (lam_sink_sync(p->fd, path, err) < 0 ||
	    lam_sink_rename(sink, file, slash ? slash + 1 : path, err) < 0)
		return err->code;
	return lam_sink_sync(sink->dir, sink->directory, err);
}

static int pack_all(struct packing *p, const struct lam_buf *index,
		    const struct lam_buf *saved, struct lam_sink *to_file,
		    struct lam_error *err)
{
	int code;

	if (saved)
		pack_later(p, "manifest.json", saved->data, saved->len, NULL);
	pack_later(p, "index.json", index->data, index->len, NULL);
	pack_later(p, "oci-layout", lam_oci_layout, strlen(lam_oci_layout), NULL);
	pack_later(p, "blobs/", NULL, 0, NULL);
	pack_later(p, "blobs/sha256/", NULL, 0, NULL);
	code = to_file ? pack_to_file(p, to_file, err) : pack(p, err);
	if (p->ar)
		archive_write_free(p->ar);
	free(p->members);
	return code;
}

int lam_archive_publish(struct lam_sink *sink, const struct lam_sink_image *image,
			const struct lam_buf *index, const struct lam_buf *saved,
			struct lam_error *err)
{
	const char *path = sink->reference->path;
	struct packing p = { .sink = sink,
			     .shown = path ? path : "standard output",
			     .fd = STDOUT_FILENO,
			     .progress = path ? image->progress : NULL };

	return pack_all(&p, index, saved, path ? sink : NULL, err);
}

int lam_archive_pack(struct lam_sink *sink, const struct lam_sink_image *image,
		     const struct lam_buf *index, const struct lam_buf *saved, int fd,
		     struct lam_error *err)
{
	struct packing p = { .sink = sink,
			     .shown = sink->reference->text,
			     .fd = fd,
			     .progress = image->progress };

	return pack_all(&p, index, saved, NULL, err);
}
