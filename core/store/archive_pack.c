/* Outer archives: how a layout is packed. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "store/archive.h"
#include "store/libarchive.h"

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
	int problem = lam_lib.archive_errno(p->ar);

	if (problem > 0)
		return lam_fail_errno(err, LAM_EWRITE, problem, "%s: writing", p->shown);
	return lam_fail(err, LAM_EWRITE, "%s: writing: %s", p->shown,
			lam_lib.archive_error_string(p->ar));
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
	struct archive_entry *entry = lam_lib.archive_entry_new();
	bool folder = !m->bytes && !m->blob;
	int got;

	if (!entry)
		return lam_fail_memory(err);
	lam_lib.archive_entry_set_pathname(entry, m->name);
	lam_lib.archive_entry_set_filetype(entry, folder ? AE_IFDIR : AE_IFREG);
	lam_lib.archive_entry_set_perm(entry, folder ? 0755 : 0644);
	lam_lib.archive_entry_set_size(entry, (la_int64_t)m->size);
	lam_lib.archive_entry_set_mtime(entry, 0, 0);
	got = lam_lib.archive_write_header(p->ar, entry);
	lam_lib.archive_entry_free(entry);
	return got == ARCHIVE_OK ? 0 : fail_write(p, err);
}

static int put(void *context, const void *bytes, size_t len, struct lam_error *err)
{
	struct packing *p = context;
	const char *at = bytes;

	while (len > 0) {
		la_ssize_t wrote = lam_lib.archive_write_data(p->ar, at, len);

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
	return lam_lib.archive_write_close(p->ar) == ARCHIVE_OK ? 0 : fail_write(p, err);
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
	if (lam_libarchive_load(err) < 0)
		return err->code;
	p->ar = lam_lib.archive_write_new();
	if (!p->ar)
		return lam_fail_memory(err);
	lam_lib.archive_write_set_format_pax_restricted(p->ar);
	lam_lib.archive_write_add_filter_none(p->ar);
	lam_lib.archive_write_set_bytes_per_block(p->ar, 0);
	if (lam_lib.archive_write_open_fd(p->ar, p->fd) != ARCHIVE_OK)
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
		lam_lib.archive_write_free(p->ar);
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
