#include "image_build.h"

#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/names.h"
#include "buf_writer.h"
#include "codec/encoder.h"
#include "io/stream.h"
#include "tar/entry.h"
#include "tar/write.h"

struct blob {
	char digest[LAM_DIGEST_TEXT], diff_id[LAM_DIGEST_TEXT];
	uint64_t size;
};

/* A test that cannot build its image has nothing to test, with NDEBUG or without. */
static void need(bool done, const struct lam_error *err, const char *what)
{
	if (done)
		return;
	fprintf(stderr, "image_build: %s: %s\n", what, err ? err->text : "failed");
	abort();
}

static void make_dir(const char *dir, const char *name)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	need(mkdir(path, 0755) == 0 || access(path, W_OK) == 0, NULL, path);
}

static void put_file(const char *dir, const char *name, const void *bytes, size_t len)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	file = fopen(path, "w");
	need(file && fwrite(bytes, 1, len, file) == len && fclose(file) == 0, NULL, path);
}

static void put_blob(const char *dir, const void *bytes, size_t len, struct blob *out)
{
	char name[LAM_DIGEST_TEXT + 32], hex[LAM_DIGEST_TEXT];
	struct lam_digest digest;

	digest = lam_digest_of(LAM_SHA256, bytes, len);
	lam_digest_format(&digest, out->digest);
	snprintf(name, sizeof name, "blobs/sha256/%s", lam_digest_hex(&digest, hex));
	put_file(dir, name, bytes, len);
	out->size = len;
}

/* Layers */

static uint64_t seed_of(const struct image_entry *e)
{
	static const uint64_t key[2] = { 1, 2 };

	return (e->seed ? e->seed : lam_siphash(key, e->path, strlen(e->path))) | 1;
}

static void put_content(struct lam_writer *tar, const struct image_entry *e,
			uint64_t size)
{
	static const char zeros[512];
	uint64_t seed = seed_of(e), block[64];
	struct lam_error err;

	for (uint64_t at = 0; at < size && !e->body; at += sizeof block) {
		uint64_t left = size - at;

		for (size_t i = 0; i < 64; i++) {
			seed ^= seed >> 12;
			seed ^= seed << 25;
			seed ^= seed >> 27;
			block[i] = seed * 0x2545f4914f6cdd1du;
		}
		need(lam_write(tar, block, left < sizeof block ? left : sizeof block,
			       &err) == 0,
		     &err, e->path);
	}
	if (e->body)
		need(lam_write(tar, e->body, size, &err) == 0, &err, e->path);
	need(lam_write(tar, zeros, lam_tar_padding(size), &err) == 0, &err, e->path);
}

static enum lam_type type_of(char kind)
{
	switch (kind) {
	case 'd': return LAM_TYPE_DIR;
	case 'l': return LAM_TYPE_SYMLINK;
	case 'h': return LAM_TYPE_LINK;
	case 'c': return LAM_TYPE_CHAR;
	case 'b': return LAM_TYPE_BLOCK;
	case 'p': return LAM_TYPE_FIFO;
	default: return LAM_TYPE_FILE;
	}
}

static struct lam_str text(const char *bytes)
{
	return (struct lam_str){ bytes ? bytes : "", bytes ? strlen(bytes) : 0 };
}

static void put_entry(struct lam_writer *tar, struct lam_buf *header,
		      const struct image_entry *e)
{
	const char *equals = e->attribute ? strchr(e->attribute, '=') : NULL;
	struct lam_record record = { { e->attribute,
				       equals ? (size_t)(equals - e->attribute) : 0 },
				     text(equals ? equals + 1 : NULL) };
	struct lam_entry entry = {
		.type = type_of(e->kind),
		.path = text(e->path),
		.target = text(e->target),
		.mode = e->mode          ? e->mode
			: e->kind == 'd' ? 0755
					 : 0644,
		.uid = e->uid,
		.gid = e->gid,
		.mtime_s = e->mtime,
		.dev_major = e->kind == 'c' || e->kind == 'b',
		.records = &record,
		.record_count = equals ? 1 : 0,
	};
	struct lam_error err;

	if (entry.type == LAM_TYPE_FILE)
		entry.size = e->body && !e->size ? strlen(e->body) : e->size;
	lam_buf_clear(header);
	need(lam_tar_append_header(header, &entry, &err) == 0 &&
		     lam_write(tar, header->data, header->len, &err) == 0,
	     &err, e->path);
	if (entry.type == LAM_TYPE_FILE)
		put_content(tar, e, entry.size);
}

static void put_entries(struct lam_writer *tar, const struct image_layer *layer)
{
	static const char end[LAM_TAR_END];
	struct lam_buf header = LAM_BUF(1u << 22);
	struct lam_error err;

	for (size_t i = 0; i < layer->count; i++) {
		struct image_entry e = { 0 };

		if (layer->make)
			layer->make(layer->context, i, &e);
		else
			e = layer->entries[i];
		put_entry(tar, &header, &e);
	}
	need(lam_write(tar, end, sizeof end, &err) == 0 && lam_finish(tar, &err) == 0,
	     &err, "tar");
	lam_buf_fini(&header);
}

static void put_layer(const char *dir, const struct image_layer *layer, struct blob *out)
{
	struct lam_buf bytes = LAM_BUF((size_t)4 << 30);
	struct lam_encoder_options options = { .compression = layer->compression,
					       .workers = lam_workers_new(0),
					       .pool = lam_chunk_pool_new(0, 2) };
	struct lam_writer *tar;
	struct lam_digest diff_id;
	struct lam_hash hash;

	lam_hash_init(&hash, LAM_SHA256);
	tar = lam_encoder_new(buf_writer(&bytes), &options);
	tar = lam_writer_tap(tar, &hash, NULL);
	put_entries(tar, layer);
	lam_hash_final(&hash, &diff_id);
	lam_hash_fini(&hash);
	lam_writer_close(tar);
	lam_workers_free(options.workers);
	lam_chunk_pool_free(options.pool);
	put_blob(dir, bytes.data, bytes.len, out);
	lam_digest_format(&diff_id, out->diff_id);
	lam_buf_fini(&bytes);
}

/* The documents */

__attribute__((format(printf, 2, 3))) static void put(struct lam_buf *out,
						      const char *format, ...)
{
	char piece[4096];
	struct lam_error err;
	va_list args;

	va_start(args, format);
	vsnprintf(piece, sizeof piece, format, args);
	va_end(args);
	need(lam_buf_append_text(out, piece, &err) == 0, &err, "json");
}

static void put_config(const char *dir, const struct image_layer *layers,
		       const struct blob *blobs, size_t count, struct blob *out)
{
	struct lam_buf json = LAM_BUF(8u << 20);

	put(&json,
	    "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"User\":\"1000\"},"
	    "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[");
	for (size_t i = 0; i < count; i++)
		put(&json, "%s\"%s\"", i ? "," : "", blobs[i].diff_id);
	put(&json, "]},\"history\":[");
	for (size_t i = 0; i < count; i++) {
		put(&json, "%s{\"created_by\":\"", i ? "," : "");
		if (layers[i].created_by)
			put(&json, "%s\"}", layers[i].created_by);
		else
			put(&json, "layer %zu\"}", i);
	}
	put(&json, "]}");
	put_blob(dir, json.data, json.len, out);
	lam_buf_fini(&json);
}

static void put_manifest(const char *dir, const struct image_layer *layers,
			 const struct blob *blobs, size_t count,
			 const struct blob *config, struct blob *out)
{
	static const char *const suffixes[] = { "", "+gzip", "+zstd" };
	struct lam_buf json = LAM_BUF(4u << 20);

	put(&json,
	    "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
	    "\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\","
	    "\"digest\":\"%s\",\"size\":%zu},\"layers\":[",
	    config->digest, (size_t)config->size);
	for (size_t i = 0; i < count; i++)
		put(&json,
		    "%s{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar%s\","
		    "\"digest\":\"%s\",\"size\":%zu}",
		    i ? "," : "", suffixes[layers[i].compression.codec], blobs[i].digest,
		    (size_t)blobs[i].size);
	put(&json, "]}");
	put_blob(dir, json.data, json.len, out);
	lam_buf_fini(&json);
}

static void put_index(const char *dir, const struct blob *manifest)
{
	static const char layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
	struct lam_buf json = LAM_BUF(1u << 16);

	put(&json,
	    "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\","
	    "\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
	    "\"digest\":\"%s\",\"size\":%zu,\"annotations\":"
	    "{\"org.opencontainers.image.ref.name\":\"latest\"}}]}",
	    manifest->digest, (size_t)manifest->size);
	put_file(dir, "index.json", json.data, json.len);
	put_file(dir, "oci-layout", layout, sizeof layout - 1);
	lam_buf_fini(&json);
}

void image_build(const char *dir, const struct image_layer *layers, size_t layer_count)
{
	struct blob *blobs = calloc(layer_count + 1, sizeof *blobs), config, manifest;

	need(blobs, NULL, "memory");
	make_dir(dir, "");
	make_dir(dir, "blobs");
	make_dir(dir, "blobs/sha256");
	for (size_t i = 0; i < layer_count; i++)
		put_layer(dir, &layers[i], &blobs[i]);
	put_config(dir, layers, blobs, layer_count, &config);
	put_manifest(dir, layers, blobs, layer_count, &config, &manifest);
	put_index(dir, &manifest);
	free(blobs);
}

/* Folders */

char *image_temporary(void)
{
	const char *below = getenv("TMPDIR");
	char *dir = malloc(4096);

	need(dir, NULL, "memory");
	snprintf(dir, 4096, "%s/lamina-test-XXXXXX", below && *below ? below : "/tmp");
	need(mkdtemp(dir), NULL, dir);
	return dir;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

void image_remove(const char *dir)
{
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void built_open(struct built *built, const struct image_layer *layers, size_t layer_count)
{
	struct lam_open_options options = { .platform = "linux/amd64", .threads = 1 };
	char spool[4096];
	struct lam_error err;

	built->dir = image_temporary();
	image_build(built->dir, layers, layer_count);
	make_dir(built->dir, "spool");
	snprintf(spool, sizeof spool, "%s/spool", built->dir);
	options.spool = spool;
	options.temporary = spool;
	need(lam_image_open(&built->image, built->dir, &options, &err) == 0, &err,
	     built->dir);
}

void built_close(struct built *built)
{
	lam_image_close(built->image);
	image_remove(built->dir);
	free(built->dir);
	*built = (struct built){ 0 };
}
