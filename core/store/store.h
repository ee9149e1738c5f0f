/* Stores: where images are read from and written to. What kinds there are, only
 * reference.c knows; a kind is a row there and a file beside it (kind.h). */
#ifndef LAM_STORE_H
#define LAM_STORE_H

#include "io/stream.h"
#include "oci/manifest.h"
#include "store/reference.h"

/* Reading: one source, one chosen image in it. Nothing is unpacked to the filesystem. */

struct lam_source;

struct lam_source_layer {
	struct lam_descriptor
		descriptor; /* digest.algorithm NONE and media_type NULL where the source
			       does not say (docker-archive); size is always known */
	const void *where;  /* the store's own */
	bool missing;       /* a foreign layer, which is not in the store */
};

struct lam_source_image {
	const char *name;        /* the tag, or NAME:TAG of docker-archive; NULL: none */
	struct lam_buf manifest; /* its bytes; len 0 where there is none (docker-archive
				    alone) */
	struct lam_digest manifest_digest; /* NONE where there is none */
	const char *manifest_media_type;
	struct lam_buf config;
	struct lam_digest config_digest;
	bool wrong_data; /* a descriptor's embedded data is not its blob */
	struct lam_source_layer *layers;
	size_t layer_count;
};

struct lam_source_options {
	struct lam_platform
		platform; /* all NULL: this machine's, where a choice is needed */
	const char
		*temporary; /* folder for the spool of stdin and of compressed archives */
	const struct lam_progress *progress;
};

/* Opens, chooses the image and reads its manifest and config, all checked: oci-layout's
 * version, index.json, digests and sizes, one ref.name twice, index in index, manifests
 * of other types passed over. Several images and no name, or several platforms of which
 * none fits, is LAM_ENOTFOUND, with the names that are there. Layers are there, and have
 * the size that is said of them. */
int lam_source_open(struct lam_source **out, const struct lam_reference *reference,
		    const struct lam_source_options *options, struct lam_error *err);
void lam_source_close(struct lam_source *source);
const struct lam_source_image *lam_source_image(const struct lam_source *source);

/* A source of no image, to which layers are added that may be there: all that a folder
 * holds, of whatever image; of other places, those of the image that the reference names,
 * where it is found. LAM_ENOTFOUND, LAM_EREAD, LAM_EFORMAT. */
int lam_source_open_blobs(struct lam_source **out, const struct lam_reference *reference,
			  const struct lam_source_options *options,
			  struct lam_error *err);
/* Whether it has a blob of this digest and size; *out_n is its layer's number then. Not
 * while another thread uses the source. */
bool lam_source_find_layer(struct lam_source *source, const struct lam_descriptor *blob,
			   size_t *out_n);

/* The bytes of layer n as stored, without the first `offset`; past the end is LAM_EREAD.
 * Any thread, several at once. */
int lam_source_open_layer(const struct lam_source *source, size_t n, uint64_t offset,
			  struct lam_reader **out, struct lam_error *err);

/* Writing: temporary, sync, rename; what points to content comes last. Until
 * lam_sink_publish() nothing of the output is changed; killed at any moment, the output
 * is what it was or all of the new image.
 *
 *	lam_sink_open(&sink, &reference, err);
 *	lam_sink_new_blob(sink, &fd, &blob, err);
 *	... write to fd, hash ...
 *	lam_sink_set_blob(sink, blob, &digest, size);
 *	lam_sink_add_bytes(...); lam_sink_keep_layer(...);
 *	lam_sink_publish(sink, &image, err);
 *	lam_sink_close(sink);   gives up what was not published, and removes it */

struct lam_sink;

/* A layout's folder is made where it is missing (one level, not its parents); stray
 * temporary files of runs that are gone are removed. LAM_EWRITE at once for what can be
 * known: no permission, a file in the folder's place, a folder that is no layout and not
 * empty, an archive file that exists and is no archive, or that holds images of other
 * names, as these would be lost (a file that holds only what is replaced is replaced), a
 * tag that is an index of several images. Without a tag the only image of a layout is
 * replaced, if it has none either; others are LAM_EWRITE. The reference outlives it. */
int lam_sink_open(struct lam_sink **out, const struct lam_reference *reference,
		  struct lam_error *err);
void lam_sink_close(struct lam_sink *sink);
/* Whether publishing would replace an image; nothing is changed or made. */
int lam_sink_replaces(bool *out, const struct lam_reference *reference,
		      struct lam_error *err);

/* LAM_EWRITE where those who take such images cannot read a layer of this codec. */
int lam_sink_check_codec(const struct lam_sink *sink, enum lam_codec codec,
			 const char *layer, struct lam_error *err);

/* The same for a config whose times are none. */
int lam_sink_check_config(const struct lam_sink *sink, const struct lam_config *config,
			  struct lam_error *err);

/* A temporary file for a blob that is yet to be named; read-write, the sink's. */
int lam_sink_new_blob(struct lam_sink *sink, int *out_fd, size_t *out_blob,
		      struct lam_error *err);
/* Its name is known now. A blob that the output has already (same digest) is dropped at
 * publishing, not before. */
void lam_sink_set_blob(struct lam_sink *sink, size_t blob,
		       const struct lam_digest *digest, uint64_t size);
int lam_sink_add_bytes(struct lam_sink *sink, const void *bytes, size_t len,
		       const struct lam_digest *digest, struct lam_error *err);
/* The same of a manifest or an index, which some kinds keep elsewhere than blobs; the type
 * is static. */
int lam_sink_add_manifest(struct lam_sink *sink, const char *media_type,
			  const void *bytes, size_t len, const struct lam_digest *digest,
			  struct lam_error *err);
/* Layer n of a source, which outlives the sink, byte for byte: what is copied is hashed;
 * not touched where the output has it already. Any thread, several at once. */
int lam_sink_keep_layer(struct lam_sink *sink, const struct lam_source *source, size_t n,
			const struct lam_digest *digest,
			const struct lam_progress *progress, struct lam_error *err);

struct lam_sink_image {
	const char *media_type; /* of the manifest */
	struct lam_digest manifest, config;
	int64_t manifest_size, config_size;
	struct lam_platform platform;
	const struct lam_digest *layers; /* for docker's manifest.json */
	size_t layer_count;
	const struct lam_progress *progress; /* for stops, while one still leaves all as
						it was; or NULL */
};
int lam_sink_publish(struct lam_sink *sink, const struct lam_sink_image *image,
		     struct lam_error *err);

#endif
