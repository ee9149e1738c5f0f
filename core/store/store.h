/* Stores: where images are read from and written to. What kinds there are, only
 * reference.c knows; a kind is a row there and a file beside it (kind.h). */
#ifndef LAM_STORE_H
#define LAM_STORE_H

#include <lamina/referrer.h>

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
	bool wrong_data;     /* a descriptor's embedded data is not its blob */
	bool tells_platform; /* its entry in index.json does, and not its config alone */
	struct lam_source_layer *layers;
	size_t layer_count;
	struct lam_referrers referrers; /* of it, and of the indexes that it stands in */
};

/* All images that a name means, one for each platform. */
struct lam_listed {
	struct lam_digest manifest;
	struct lam_platform platform; /* strings of its own; NULL: not known */
};
struct lam_source_set {
	struct lam_listed *images;
	size_t count, cap;
	struct lam_buf index;   /* that names them; empty where it is one image without */
	const char *media_type; /* of that */
	struct lam_digest digest;
	struct lam_referrers referrers; /* of the indexes, where options asked for them */
};
void lam_source_set_fini(struct lam_source_set *set);

struct lam_source_options {
	struct lam_platform
		platform;       /* all NULL: this machine's, where a choice is needed */
	struct lam_digest only; /* the manifest that is meant, or NONE */
	struct lam_source_set *set; /* not NULL: filled instead of choosing an image, of
				       which the source has none then; it is the caller's,
				       empty before, to be given back also after failure
				     */
	const struct lam_source_set *of; /* that holds the image: what it knows is not
					    asked for again; or NULL */
	bool referrers; /* also those that it takes requests of their own to know */
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

/* A document of the place that is no image's: checked, of at most out->max bytes. */
int lam_source_read_document(const struct lam_source *source,
			     const struct lam_descriptor *document, struct lam_buf *out,
			     struct lam_error *err);

/* Whether its layers come over a network: that they are there is seen when they are read. */
bool lam_source_is_remote(const struct lam_source *source);

/* The bytes of layer n as stored, without the first `offset`; past the end is LAM_EREAD.
 * Any thread, several at once. */
int lam_source_open_layer(const struct lam_source *source, size_t n, uint64_t offset,
			  struct lam_reader **out, struct lam_error *err);

/* Writing: temporary, sync, rename; what points to content comes last. Until
 * lam_sink_publish() nothing of the output is changed; killed at any moment, the output
 * is what it was or all of the new image.
 *
 *	lam_sink_open(&sink, &reference, &options, err);
 *	lam_sink_new_blob(sink, &fd, &blob, err);
 *	... write to fd, hash ...
 *	lam_sink_set_blob(sink, blob, &digest, size);
 *	lam_sink_add_bytes(...); lam_sink_keep_layer(...);
 *	lam_sink_publish(sink, &image, err);
 *	lam_sink_close(sink);   gives up what was not published, and removes it */

struct lam_sink;

/* What of the new image must be known before it is there. */
struct lam_sink_options {
	/* the manifest that it is made of; its place in an index is what is replaced */
	struct lam_digest source;
	struct lam_platform platform; /* its own; of an index all NULL */
	/* an index is written, with images for these platforms */
	const struct lam_platform *platforms;
	size_t platform_count;
	/* manifests that come out as they are */
	const struct lam_digest *unchanged;
	size_t unchanged_count;
	bool drop_attestations;              /* what speaks of what is replaced */
	const struct lam_progress *progress; /* while it is opened; or NULL */
	/* whether a file is known to have this digest; or NULL */
	bool (*knows)(void *context, const struct lam_digest *digest, int fd);
	void *context;
};

/* A layout's folder is made where it is missing (one level, not its parents); stray
 * temporary files of runs that are gone are removed. LAM_EWRITE at once for what can be
 * known: no permission, a file in the folder's place, a folder that is no layout and not
 * empty, an archive file that exists and is no archive, or that holds images of other
 * names, as these would be lost (a file that holds only what is replaced is replaced);
 * attestations of what is replaced, unless options say that they go. In an index the image
 * of the same platform is replaced, and the others stay (replace.h). Without a tag the only
 * image of a layout is replaced, if it has none either; others are LAM_EWRITE. The
 * reference and the options outlive it. */
int lam_sink_open(struct lam_sink **out, const struct lam_reference *reference,
		  const struct lam_sink_options *options, struct lam_error *err);
void lam_sink_close(struct lam_sink *sink);
/* Whether publishing would replace an image, and what speaks of that and would be lost;
 * nothing is changed or made. LAM_EWRITE where the options do not let it go, and where
 * lam_sink_open() would refuse. */
int lam_sink_replaces(bool *out, struct lam_referrers *out_lost,
		      const struct lam_reference *reference,
		      const struct lam_sink_options *options, struct lam_error *err);

/* LAM_EWRITE where those who take such images cannot read a layer of this codec. */
int lam_store_check_codec(const struct lam_store *store, enum lam_codec codec,
			  const char *layer, struct lam_error *err);

/* The same for annotations that a plan sets, and for a config whose times are none. */
int lam_store_check_annotations(const struct lam_store *store, struct lam_error *err);
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

/* A further one beside it, with all that it leads to: an attestation of an image that is
 * kept. */
int lam_sink_copy_manifest(struct lam_sink *sink, const struct lam_source *source,
			   const struct lam_descriptor *manifest,
			   const struct lam_progress *progress, struct lam_error *err);
/* What was said of what was replaced, once it is published; the sink's. */
const struct lam_referrers *lam_sink_referrers(const struct lam_sink *sink);
/* Where the image went into an index that was there: that index's digest; else NONE. */
struct lam_digest lam_sink_index(const struct lam_sink *sink);

struct lam_sink_image {
	const char *media_type; /* of the manifest; or of an index that is written */
	struct lam_digest manifest, config;
	int64_t manifest_size, config_size;
	struct lam_platform platform;
	bool tells_platform; /* in index.json, also where nothing there needs it */
	const struct lam_digest *layers; /* for docker's manifest.json */
	size_t layer_count;
	const struct lam_digest *named; /* of an index: all that it names */
	size_t named_count;
	const struct lam_progress *progress; /* for stops, while one still leaves all as
						it was; or NULL */
};
int lam_sink_publish(struct lam_sink *sink, const struct lam_sink_image *image,
		     struct lam_error *err);

#endif
