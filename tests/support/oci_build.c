#include "oci_build.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf_writer.h"
#include "codec/encoder.h"

static struct lam_error err;

char *oci_folder(void)
{
	const char *base = getenv("TMPDIR");
	char *name = malloc(4096);

	snprintf(name, 4096, "%s/lamina-test-XXXXXX", base ? base : "/tmp");
	if (!mkdtemp(name))
		abort();
	return name;
}

void oci_remove(const char *folder)
{
	char command[4200];

	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	if (system(command) != 0)
		abort();
}

static void write_file(const char *path, const void *bytes, size_t len)
{
	FILE *file = fopen(path, "wb");

	if (!file || fwrite(bytes, 1, len, file) != len || fclose(file) != 0)
		abort();
}

const char *oci_blob(const char *folder, const char *digest)
{
	static char path[4200];

	snprintf(path, sizeof path, "%s/blobs/sha256/%s", folder,
		 digest + strlen("sha256:"));
	return path;
}

static void add_blob(const char *folder, const struct lam_buf *bytes,
		     char out[LAM_DIGEST_TEXT])
{
	struct lam_digest digest;

	digest = lam_digest_of(LAM_SHA256, bytes->data, bytes->len);
	lam_digest_format(&digest, out);
	write_file(oci_blob(folder, out), bytes->data, bytes->len);
}

static void compress(struct lam_buf *out, const struct lam_buf *tar, enum lam_codec codec)
{
	struct lam_compression how = { codec, codec == LAM_CODEC_NONE ? 0 : 1 };
	struct lam_encoder_options options = { .compression = how,
					       .workers = lam_workers_new(0),
					       .pool = lam_chunk_pool_new(0, 2) };
	struct lam_writer *writer = lam_encoder_new(buf_writer(out), &options);

	if (lam_write(writer, tar->data, tar->len, &err) < 0 ||
	    lam_finish(writer, &err) < 0)
		abort();
	lam_writer_close(writer);
	lam_workers_free(options.workers);
	lam_chunk_pool_free(options.pool);
}

/* One layer: its blob, and what config and manifest say of it. */
static void add_layer(const char *folder, const struct lam_buf *tar, enum lam_codec codec,
		      struct lam_buf *diff_ids, struct lam_buf *layers)
{
	static const char *const types[] = { [LAM_CODEC_NONE] = "",
					     [LAM_CODEC_GZIP] = "+gzip",
					     [LAM_CODEC_ZSTD] = "+zstd" };
	struct lam_buf blob = LAM_BUF(SIZE_MAX / 2);
	char digest[LAM_DIGEST_TEXT], diff_id[LAM_DIGEST_TEXT];
	struct lam_digest d;

	compress(&blob, tar, codec);
	add_blob(folder, &blob, digest);
	d = lam_digest_of(LAM_SHA256, tar->data, tar->len);
	if (lam_buf_printf(diff_ids, &err, "%s\"%s\"", diff_ids->len ? "," : "",
			   lam_digest_format(&d, diff_id)) < 0 ||
	    lam_buf_printf(
		    layers, &err,
		    "%s{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar%s\","
		    "\"digest\":\"%s\",\"size\":%zu}",
		    layers->len ? "," : "", types[codec], digest, blob.len) < 0)
		abort();
	lam_buf_fini(&blob);
}

static void make_folders(const char *folder)
{
	static const char *const names[] = { "", "/blobs", "/blobs/sha256" };
	char path[4200];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s%s", folder, names[i]);
		mkdir(path, 0777);
	}
	snprintf(path, sizeof path, "%s/oci-layout", folder);
	write_file(path, "{\"imageLayoutVersion\":\"1.0.0\"}", 30);
}

void oci_build(const char *folder, const struct lam_buf *tars, size_t count,
	       enum lam_codec codec)
{
	struct lam_buf diff_ids = LAM_BUF(1u << 20), layers = LAM_BUF(1u << 20);
	struct lam_buf doc = LAM_BUF(1u << 20);
	char digest[LAM_DIGEST_TEXT], path[4200];
	size_t config_len;

	make_folders(folder);
	for (size_t i = 0; i < count; i++)
		add_layer(folder, &tars[i], codec, &diff_ids, &layers);
	if (lam_buf_printf(&doc, &err,
			   "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{},"
			   "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[%.*s]}}",
			   (int)diff_ids.len, diff_ids.data) < 0)
		abort();
	config_len = doc.len;
	add_blob(folder, &doc, digest);
	lam_buf_clear(&doc);
	if (lam_buf_printf(
		    &doc, &err,
		    "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"application/vnd.oci.image."
		    "config.v1+json\",\"digest\":\"%s\",\"size\":%zu},\"layers\":[%.*s]}",
		    digest, config_len, (int)layers.len, layers.data) < 0)
		abort();
	add_blob(folder, &doc, digest);
	config_len = doc.len;
	lam_buf_clear(&doc);
	if (lam_buf_printf(
		    &doc, &err,
		    "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"application/vnd.oci."
		    "image.manifest.v1+json\",\"digest\":\"%s\",\"size\":%zu,\"annotations\":{"
		    "\"org.opencontainers.image.ref.name\":\"latest\"}}]}",
		    digest, config_len) < 0)
		abort();
	snprintf(path, sizeof path, "%s/index.json", folder);
	write_file(path, doc.data, doc.len);
	lam_buf_fini(&doc);
	lam_buf_fini(&layers);
	lam_buf_fini(&diff_ids);
}

void oci_damage(const char *path)
{
	FILE *file = fopen(path, "r+b");
	int byte;

	if (!file || fseek(file, 0, SEEK_END) != 0 ||
	    fseek(file, ftell(file) / 2, SEEK_SET) != 0)
		abort();
	byte = fgetc(file);
	if (fseek(file, -1, SEEK_CUR) != 0 || fputc(byte ^ 0x55, file) == EOF ||
	    fclose(file) != 0)
		abort();
}

int oci_count(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int count = 0;

	if (!dir)
		return -1;
	while ((entry = readdir(dir)) != NULL)
		count += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
	closedir(dir);
	return count;
}
