/* Archives: an OCI layout as a tar; with manifest.json beside it, what `docker load`
 * reads. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/path.h"
#include "store/archive.h"
#include "store/sink_impl.h"

#define PIECE (1u << 20)

static const char LAYOUT[] = "{\"imageLayoutVersion\":\"1.0.0\"}";

static bool is_docker(const struct lam_sink *sink)
{
	return sink->reference->transport == LAM_DOCKER_ARCHIVE;
}

/* Opening */

static int set_directory(struct lam_sink *sink, struct lam_error *err)
{
	char *slash;

	sink->directory = strdup(sink->path ? sink->path : "/tmp");
	if (!sink->directory)
		return lam_fail_memory(err);
	slash = sink->path ? strrchr(sink->directory, '/') : NULL;
	if (slash) {
		slash[slash == sink->directory] = '\0';
	} else if (sink->path) {
		free(sink->directory);
		sink->directory = strdup(".");
		if (!sink->directory)
			return lam_fail_memory(err);
	}
	return 0;
}

/* What a file of this name holds must be the image that is replaced, or other images
 * would be lost. */
static int check_existing(const struct lam_sink *sink, struct lam_error *err)
{
	struct lam_source_options options = { .temporary = sink->directory };
	struct lam_reference reference = { .transport = LAM_OCI_ARCHIVE,
					   .path = sink->path,
					   .text = sink->path };
	struct lam_source *source = NULL;
	const char *name = sink->reference->name;
	struct stat st;
	bool others;

	if (stat(sink->path, &st) < 0 && errno == ENOENT)
		return 0;
	if (stat(sink->path, &st) < 0)
		return lam_fail_errno(err, LAM_EWRITE, errno, "%s", sink->path);
	if (!S_ISREG(st.st_mode))
		return lam_fail(err, LAM_EWRITE,
				"%s: is there, and no regular file: choose another name",
				sink->path);
	if (st.st_size == 0)
		return 0;
	if (lam_source_open(&source, &reference, &options, err) < 0) {
		if (err->code == LAM_ENOTFOUND)
			return lam_fail(
				err, LAM_EWRITE,
				"%s: holds several images, which would be lost: remove it or "
				"choose another name",
				sink->path);
		if (err->code == LAM_EFORMAT)
			return lam_fail(
				err, LAM_EWRITE,
				"%s: is there, and no image archive: remove it or "
				"choose another name",
				sink->path);
		if (err->code == LAM_EREAD)
			err->code = LAM_EWRITE;
		return err->code;
	}
	others = lam_source_name_count(source) > 1;
	for (size_t i = 0; i < lam_source_name_count(source) && !others; i++) {
		const char *tag = lam_source_name(source, i),
			   *behind = name ? strrchr(name, ':') : NULL;

		others = !name || (strcmp(tag, name) != 0 &&
				   (!behind || strcmp(tag, behind + 1) != 0) &&
				   (strncmp(tag, name, strlen(name)) != 0 ||
				    strcmp(tag + strlen(name), ":latest") != 0));
	}
	lam_source_close(source);
	if (!others)
		return 0;
	return lam_fail(
		err, LAM_EWRITE,
		"%s: holds an image of another name, which would be lost: remove it or choose "
		"another name",
		sink->path);
}

int lam_sink_open_archive(struct lam_sink *sink, struct lam_error *err)
{
	if (set_directory(sink, err) < 0)
		return err->code;
	sink->dir = open(sink->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (sink->dir < 0)
		return lam_fail_errno(err, LAM_EWRITE, errno, "%s", sink->directory);
	if (!sink->path)
		return isatty(STDOUT_FILENO)
			       ? lam_fail(
					 err, LAM_EWRITE,
					 "standard output is a terminal: an archive goes "
					 "to a file or a pipe")
			       : 0;
	if (faccessat(sink->dir, ".", W_OK | X_OK, AT_EACCESS) < 0)
		return lam_fail_errno(err, LAM_EWRITE, errno, "%s", sink->directory);
	lam_sink_sweep(sink);
	return check_existing(sink, err);
}

/* Members */

struct member {
	char name[LAM_DIGEST_TEXT + 16];
	const void *bytes; /* or: */
	const struct lam_sink_blob *blob;
	uint64_t size;
	bool dir;
};

struct packing {
	const struct lam_sink *sink;
	struct archive *ar;
	int fd;
	struct member *members;
	size_t count, cap;
	const struct lam_progress *progress;
};

static const char *shown(const struct packing *p)
{
	return p->sink->path ? p->sink->path : "standard output";
}

static int fail_write(const struct packing *p, struct lam_error *err)
{
	int problem = archive_errno(p->ar);

	if (problem > 0)
		return lam_fail_errno(err, LAM_EWRITE, problem, "%s: writing", shown(p));
	return lam_fail(err, LAM_EWRITE, "%s: writing: %s", shown(p),
			archive_error_string(p->ar));
}

static int add_member(struct packing *p, const char *name, const void *bytes,
		      uint64_t size, const struct lam_sink_blob *blob,
		      struct lam_error *err)
{
	struct member m = {
		.bytes = bytes, .blob = blob, .size = size, .dir = !bytes && !blob
	};

	if (LAM_GROW(p->members, p->count, p->cap, err) < 0)
		return err->code;
	snprintf(m.name, sizeof m.name, "%s", name);
	p->members[p->count++] = m;
	return 0;
}

static int compare_members(const void *a, const void *b)
{
	return strcmp(((const struct member *)a)->name, ((const struct member *)b)->name);
}

static int write_header(struct packing *p, const struct member *m, struct lam_error *err)
{
	struct archive_entry *entry = archive_entry_new();
	int got;

	if (!entry)
		return lam_fail_memory(err);
	archive_entry_set_pathname(entry, m->name);
	archive_entry_set_filetype(entry, m->dir ? AE_IFDIR : AE_IFREG);
	archive_entry_set_perm(entry, m->dir ? 0755 : 0644);
	archive_entry_set_size(entry, (la_int64_t)m->size);
	archive_entry_set_mtime(entry, 0, 0);
	got = archive_write_header(p->ar, entry);
	archive_entry_free(entry);
	return got == ARCHIVE_OK ? 0 : fail_write(p, err);
}

static int put(struct packing *p, const void *bytes, size_t len, struct lam_error *err)
{
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
static int put_stream(struct packing *p, struct lam_reader *reader,
		      const struct lam_digest *digest, struct lam_error *err)
{
	char text[LAM_DIGEST_TEXT], *piece = malloc(PIECE);
	struct lam_digest is = { 0 };
	struct lam_hash hash;
	size_t got = 1;
	int code;

	if (!piece || lam_hash_init(&hash, digest->algorithm, err) < 0) {
		free(piece);
		return lam_fail_memory(err);
	}
	code = 0;
	while (code == 0 && got > 0) {
		if (lam_progress_stopped(p->progress))
			code = lam_fail(err, LAM_ESTOPPED, "stopped");
		else
			code = lam_read(reader, piece, PIECE, &got, err);
		if (code < 0)
			break;
		lam_hash_update(&hash, piece, got);
		code = put(p, piece, got, err);
	}
	lam_hash_final(&hash, &is);
	lam_hash_fini(&hash);
	free(piece);
	if (code < 0 || lam_digest_equal(&is, digest))
		return code;
	return lam_fail(err, LAM_EWRITE, "blob %s has changed since it was read",
			lam_digest_format(digest, text));
}

static int put_blob(struct packing *p, const struct lam_sink_blob *b,
		    struct lam_error *err)
{
	const char *name = b->is_kept ? b->from.path : shown(p);
	struct lam_reader *reader;
	int fd = b->fd, code;
	bool own = false;

	if (b->is_kept && lam_extent_open(&b->from, &fd, &own, err) < 0)
		return err->code;
	if (lam_reader_file(&reader, fd, own, b->is_kept ? b->from.offset : 0, b->size,
			    name ? name : "a blob of the source", err) < 0)
		return err->code;
	code = put_stream(p, reader, &b->digest, err);
	if (code == LAM_EREAD && !b->is_kept)
		err->code = code = LAM_EWRITE; /* it was written a moment ago */
	lam_reader_close(reader);
	return code;
}

static int write_members(struct packing *p, struct lam_error *err)
{
	qsort(p->members, p->count, sizeof *p->members, compare_members);
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

/* Documents */

/* "app" is "app:latest". */
static char *full_name(const struct lam_sink *sink)
{
	const char *name = sink->reference->name, *slash = strrchr(name, '/');
	bool tagged = strchr(slash ? slash : name, ':') != NULL;

	return lam_xprintf("%s%s", name, tagged ? "" : ":latest");
}

static json_t *blob_path(const struct lam_digest *digest)
{
	char hex[LAM_DIGEST_TEXT];

	return json_sprintf("blobs/%s/%s",
			    digest->algorithm == LAM_SHA512 ? "sha512" : "sha256",
			    lam_digest_hex(digest, hex));
}

static int make_saved(const struct lam_sink *sink, const struct lam_sink_image *image,
		      struct lam_buf *out, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr)
	char *name = sink->reference->name ? full_name(sink) : NULL;
	json_t *layers = json_array();
	json_auto_t *saved = json_pack(
		"[{s:o, s:o, s:o}]", "Config", blob_path(&image->config), "RepoTags",
		name ? json_pack("[s]", name) : json_null(), "Layers", layers);

	for (size_t i = 0; i < image->layer_count; i++)
		json_array_append_new(layers, blob_path(&image->layers[i]));
	return lam_json_dump(saved, JSON_COMPACT, out, err);
}

/* As Docker names images in an index: the tag, and the whole name. */
static int make_docker_index(const struct lam_sink *sink,
			     const struct lam_sink_image *image, struct lam_buf *out,
			     struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr)
	char *name = sink->reference->name ? full_name(sink) : NULL;
	char digest[LAM_DIGEST_TEXT];
	json_t *names = name ? json_pack("{s:s, s:s}", "io.containerd.image.name", name,
					 LAM_REF_NAME, strrchr(name, ':') + 1)
			     : NULL;
	json_auto_t *index = json_pack(
		"{s:i, s:s, s:[{s:s, s:s, s:I, s:o*}]}", "schemaVersion", 2, "mediaType",
		LAM_MT_OCI_INDEX, "manifests", "mediaType", image->media_type, "digest",
		lam_digest_format(&image->manifest, digest), "size",
		(json_int_t)image->manifest_size, "annotations", names);

	return lam_json_dump(index, JSON_COMPACT, out, err);
}

static int add_documents(struct packing *p, const struct lam_sink_image *image,
			 struct lam_buf *index, struct lam_buf *saved,
			 struct lam_error *err)
{
	const struct lam_sink *sink = p->sink;

	if (is_docker(sink)) {
		if (make_saved(sink, image, saved, err) < 0 ||
		    make_docker_index(sink, image, index, err) < 0 ||
		    add_member(p, "manifest.json", saved->data, saved->len, NULL, err) <
			    0)
			return err->code;
	} else if (lam_index_edit(NULL, 0, image->media_type, &image->manifest,
				  image->manifest_size, &image->platform,
				  sink->reference->name, index, err) < 0) {
		return err->code;
	}
	if (add_member(p, "index.json", index->data, index->len, NULL, err) < 0 ||
	    add_member(p, "oci-layout", LAYOUT, sizeof LAYOUT - 1, NULL, err) < 0 ||
	    add_member(p, "blobs/", NULL, 0, NULL, err) < 0)
		return err->code;
	return add_member(p, "blobs/sha256/", NULL, 0, NULL, err);
}

static int add_blobs(struct packing *p, struct lam_error *err)
{
	for (size_t i = 0; i < p->sink->blob_count; i++) {
		const struct lam_sink_blob *b = &p->sink->blobs[i];
		char name[LAM_DIGEST_TEXT + 16], hex[LAM_DIGEST_TEXT];

		if (b->digest.algorithm == LAM_ALGORITHM_NONE)
			continue;
		snprintf(name, sizeof name, "blobs/%s/%s",
			 b->digest.algorithm == LAM_SHA512 ? "sha512" : "sha256",
			 lam_digest_hex(&b->digest, hex));
		if (add_member(p, name, NULL, b->size, b, err) < 0)
			return err->code;
	}
	return 0;
}

static int pack(struct packing *p, const struct lam_sink_image *image,
		struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf index = LAM_BUF(LAM_MAX_INDEX);
	LAM_CLEANUP(lam_buf_fini) struct lam_buf saved = LAM_BUF(LAM_MAX_INDEX);

	p->ar = archive_write_new();
	if (!p->ar)
		return lam_fail_memory(err);
	archive_write_set_format_pax_restricted(p->ar);
	archive_write_add_filter_none(p->ar);
	archive_write_set_bytes_per_block(p->ar, 0);
	if (add_documents(p, image, &index, &saved, err) < 0 || add_blobs(p, err) < 0)
		return err->code;
	if (archive_write_open_fd(p->ar, p->fd) != ARCHIVE_OK)
		return fail_write(p, err);
	return write_members(p, err);
}

static int place(struct lam_sink *sink, int fd, const char *temporary,
		 struct lam_error *err)
{
	const char *slash = strrchr(sink->path, '/'),
		   *name = slash ? slash + 1 : sink->path;
	mode_t mask = umask(022);

	umask(mask);
	if (fchmod(fd, 0644 & ~(mask & 0133)) < 0)
		return lam_fail_errno(err, LAM_EWRITE, errno, "%s: its mode", sink->path);
	if (lam_sink_sync(fd, sink->path, err) < 0)
		return err->code;
	if (renameat(sink->dir, temporary, sink->dir, name) < 0)
		return lam_fail_errno(err, LAM_EWRITE, errno, "%s: putting it in place",
				      sink->path);
	return lam_sink_sync(sink->dir, sink->directory, err);
}

int lam_sink_publish_archive(struct lam_sink *sink, const struct lam_sink_image *image,
			     struct lam_error *err)
{
	struct packing p = { .sink = sink,
			     .fd = STDOUT_FILENO,
			     .progress = sink->path ? image->progress : NULL };
	char *temporary = NULL;
	int code = 0;

	if (sink->path)
		code = lam_sink_temporary(sink, &p.fd, &temporary, err);
	if (code == 0)
		code = pack(&p, image, err);
	if (code == 0 && sink->path)
		code = place(sink, p.fd, temporary, err);
	if (p.ar)
		archive_write_free(p.ar);
	if (code < 0 && temporary)
		unlinkat(sink->dir, temporary, 0);
	if (sink->path && p.fd >= 0 && temporary)
		close(p.fd);
	free(temporary);
	free(p.members);
	return code;
}
