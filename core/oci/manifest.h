/* The three JSON documents of an image (image-spec v1.1: manifest.md, config.md,
 * image-index.md) and Docker's schema 2 twins: read strictly, edited by replacing only
 * what changes. Where nothing changes the bytes stay; where something does the document is
 * written anew, compact, with all members in their order and all numbers as they were
 * spelled. */
#ifndef LAM_MANIFEST_H
#define LAM_MANIFEST_H

#include <lamina/compression.h>
#include <lamina/setting.h>
#include <lamina/stat.h>

#include "base/digest.h"
#include "oci/doc.h"

#define LAM_MT_OCI_INDEX       "application/vnd.oci.image.index.v1+json"
#define LAM_MT_OCI_MANIFEST    "application/vnd.oci.image.manifest.v1+json"
#define LAM_MT_OCI_CONFIG      "application/vnd.oci.image.config.v1+json"
#define LAM_MT_OCI_LAYER       "application/vnd.oci.image.layer.v1.tar"
#define LAM_MT_DOCKER_LIST     "application/vnd.docker.distribution.manifest.list.v2+json"
#define LAM_MT_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define LAM_MT_DOCKER_CONFIG   "application/vnd.docker.container.image.v1+json"

/* The annotation that names an image in index.json. */
#define LAM_REF_NAME "org.opencontainers.image.ref.name"
/* Annotations of manifests that are made: the digests of the source's, and of the plan. */
#define LAM_ANNOTATION_PREFIX "dev.lamina."
#define LAM_ANNOTATION_SOURCE LAM_ANNOTATION_PREFIX "source.manifest"
#define LAM_ANNOTATION_PLAN   LAM_ANNOTATION_PREFIX "plan"

struct lam_descriptor {
	const char *media_type; /* the document's memory, or static */
	struct lam_digest digest;
	int64_t size; /* >= 0 */
	json_t *json; /* in its document, for fields nobody here knows; NULL: made up */
	bool wrong_data; /* what is embedded is not the blob, which alone is read */
};

/* Reads a descriptor object. */
int lam_descriptor_read(struct lam_descriptor *out, const struct lam_json *json,
			struct lam_error *err);
/* Fails unless len and the digest of the bytes are the descriptor's. `what` names the
 * blob in messages. */
int lam_descriptor_check(const struct lam_descriptor *descriptor, const void *bytes,
			 size_t len, const char *what, struct lam_error *err);

/* What a layer's media type says. */
enum lam_layer_kind {
	LAM_LAYER_TAR,     /* tar, with .codec */
	LAM_LAYER_FOREIGN, /* nondistributable or foreign: tar too, but the blob may be
			      elsewhere */
	LAM_LAYER_ENCRYPTED,
	LAM_LAYER_OTHER,
};
struct lam_layer_type {
	enum lam_layer_kind kind;
	enum lam_codec codec; /* as the media type claims */
	bool docker;
};
struct lam_layer_type lam_layer_type(const char *media_type);
/* The media type of a layer that is written; Docker has none for zstd: the OCI one is
 * used then (as buildkit does). */
const char *lam_layer_media_type(enum lam_codec codec, bool docker);
/* What OCI calls a layer of Docker's; others stay what they are. */
const char *lam_layer_oci_type(const char *media_type);

struct lam_manifest {
	struct lam_doc doc;
	bool docker;
	struct lam_descriptor config;
	struct lam_descriptor *layers;
	size_t layer_count;
};

/* LAM_EFORMAT for a schemaVersion other than 2, for an index in a manifest's place, for
 * `manifests` beside `layers`, for a mediaType other than media_type (what the descriptor
 * said; NULL: not known), for no layers at all, for a config that is no image's. */
int lam_manifest_parse(struct lam_manifest *out, const char *bytes, size_t len,
		       const char *name, const char *media_type, struct lam_error *err);
void lam_manifest_fini(struct lam_manifest *manifest);

/* Which of the four kinds of document it is, one of LAM_MT_*: as it says or, where it does
 * not, as its members show. LAM_EFORMAT for anything else. */
int lam_manifest_type(const char **out, const char *bytes, size_t len, const char *name,
		      struct lam_error *err);

/* One of an image or an index. */
bool lam_is_manifest_type(const char *media_type);

struct lam_platform { /* strings of the caller's or the document's; NULL: not given */
	const char *os, *architecture, *variant;
	/* of Windows: which build, and what of it is needed; the choice does not ask */
	const char *os_version;
	json_t *os_features; /* borrowed */
};

struct lam_index_entry {
	struct lam_descriptor descriptor;
	struct lam_platform platform;
	const char *ref_name;   /* org.opencontainers.image.ref.name, or NULL */
	const char *image_name; /* io.containerd.image.name, or NULL */
	bool artifact;    /* no image: has an artifactType, is a signature of cosign's, or
			  what a registry without referrers keeps for those */
	bool attestation; /* vnd.docker.reference.type = attestation-manifest, or platform
			     unknown/unknown: no platform */
};
struct lam_index {
	struct lam_doc doc;
	struct lam_index_entry *entries;
	size_t count;
};
int lam_index_parse(struct lam_index *out, const char *bytes, size_t len,
		    const char *name, const char *media_type, struct lam_error *err);
void lam_index_fini(struct lam_index *index);

bool lam_descriptor_is_index(const struct lam_descriptor *descriptor);
/* An image, or an index of images; no attestation, and nothing of unknown type. */
bool lam_index_entry_is_image(const struct lam_index_entry *entry);
size_t lam_index_image_count(const struct lam_index *index);

struct lam_config {
	struct lam_doc doc;
	struct lam_platform platform;
	struct lam_digest *diff_ids;
	size_t diff_id_count;
	struct lam_history_entry *history;
	size_t history_count;
	const char *created; /* NULL: not given */
};
/* created.c: whether it or its history says a time that is none. */
bool lam_config_has_odd_times(const struct lam_config *config);
/* Takes such ones out of a config that is made, and sets later ones back to the clamp; its
 * history is its own. */
void lam_created_edit(json_t *config, struct lam_clamp clamp);
/* LAM_EFORMAT unless rootfs.type is "layers". The number of diff_ids is the caller's to
 * compare. */
int lam_config_parse(struct lam_config *out, const char *bytes, size_t len,
		     const char *name, struct lam_error *err);
void lam_config_fini(struct lam_config *config);

/* The history entry of each layer: the n-th that is no empty_layer; out_of[n] is its
 * index in config->history. SIZE_MAX for all where history has not one for each: which
 * are missing nobody knows (docker build counts from a base that has none). */
void lam_config_layer_history(const struct lam_config *config, size_t layer_count,
			      size_t *out_of);

/* How many entries say that they have a layer. */
size_t lam_config_layer_entries(const struct lam_config *config);

/* One layer of the new stack, for the two editors below. */
struct lam_stack_layer {
	bool kept;
	size_t original;          /* of a kept layer: its number in the source */
	const char *media_type;   /* of a written layer */
	struct lam_digest digest; /* of the blob; set for all */
	int64_t size;
	struct lam_digest diff_id;
	const char *created_by; /* "lamina: NAME", for a written layer, and for a kept one
				   whose entry is not known */
	const char *comment;    /* where its files came from: "from layers 0-3, 5" */
};

/* The config with rootfs.diff_ids and history following the new stack, all else as it
 * was. Kept layers keep their history entry; empty_layer entries
 * stay, each behind the layer that it stood behind (the one with the highest target
 * position at or below, where that is gone; those before the first layer stay first);
 * written ones get
 * {"created":…,"created_by":…,"comment":…}, "created" being that of the config (left out
 * where the config has none). created: NULL, or an RFC 3339 time that replaces the
 * config's `created` (SOURCE_DATE_EPOCH) and stands in new history entries. clamp: of all
 * these times, where the stack is not as it was. History stays
 * absent where the source had none. Of one that has not one entry for each layer nobody
 * knows whose is whose, and Docker refuses more entries than layers: it stays as entries
 * without a layer, and behind it each layer has a new one. settings: what else changes. */
int lam_config_edit(const struct lam_config *config, const struct lam_stack_layer *layers,
		    size_t count, const struct lam_settings *settings,
		    const char *created, struct lam_clamp clamp, struct lam_buf *out,
		    struct lam_error *err);

struct lam_annotation {
	const char *key, *value;
};
struct lam_manifest_change {
	bool docker; /* it stays Docker's, if it is */
	const struct lam_stack_layer *layers;
	size_t count;
	const struct lam_settings *settings;
	const struct lam_digest *config;
	int64_t config_size;
	const struct lam_annotation *annotations;
	size_t annotation_count;
};
/* The manifest with config and layers following the new stack, and annotations added or
 * replaced; with the media types of OCI throughout where it was Docker's and is not to be
 * (skopeo and Podman refuse a mix). Kept descriptors stay. The config's descriptor keeps its
 * unknown fields, but for `data`. `subject` stays. */
int lam_manifest_edit(const struct lam_manifest *manifest,
		      const struct lam_manifest_change *change, struct lam_buf *out,
		      struct lam_error *err);

/* A manifest for an image that came without one (docker-archive): OCI media types,
 * canonical bytes. layer media types by codec. */
int lam_manifest_make(const struct lam_digest *config_digest, int64_t config_size,
		      const struct lam_stack_layer *layers, size_t count,
		      struct lam_buf *out, struct lam_error *err);

/* Whether several images have this name, one for each platform. */
bool lam_index_has_several(const struct lam_index *index, const char *ref_name);
/* Whether an image of this name (NULL: without a tag) takes the place of this entry: the
 * one of that name, and of that platform (NULL, or without an os: of any) where several
 * have it; without a tag the only image that there is, where it has none. */
bool lam_index_is_replaced(const struct lam_index *index,
			   const struct lam_index_entry *entry, const char *ref_name,
			   const struct lam_platform *platform);

/* The descriptor of another image in the entry's place: it keeps what nobody here knows,
 * and gets the platform (NULL: it stays). */
json_t *lam_index_entry_edit(const struct lam_index_entry *entry, const char *media_type,
			     const struct lam_digest *digest, int64_t size,
			     const struct lam_platform *platform);
json_t *lam_index_entry_make(const char *media_type, const struct lam_digest *digest,
			     int64_t size, const struct lam_platform *platform,
			     const char *ref_name);
/* What an index of the type `old` is, once it holds an image of that type: a list of
 * Docker's with a manifest of OCI's becomes an index of OCI's. */
const char *lam_index_settle_type(struct lam_index *index, const char *old,
				  const char *image);
/* Takes entries out of it. */
int lam_index_drop(struct lam_buf *bytes,
		   bool (*drops)(const void *context, const struct lam_digest *digest),
		   const void *context, struct lam_error *err);

struct lam_index_image {
	const char *media_type;
	const struct lam_digest *digest;
	int64_t size;
	const struct lam_platform *platform; /* NULL: what it had */
	bool tells_platform;
	const char *ref_name; /* NULL: none */
};
/* index.json with one more image: `bytes` NULL or empty: a new one. The descriptor that
 * is replaced keeps its name and what nobody here knows; where none is, one is appended.
 * Everything else stays. It has the platform if it had one, if another image has its name,
 * or if `tells_platform`: containerd passes over an image that says to be for another
 * machine, and other tools say it of none. */
int lam_index_edit(const char *bytes, size_t len, const struct lam_index_image *image,
		   struct lam_buf *out, struct lam_error *err);

#endif
