/* The documents of an image, read. */
#include "oci/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/text.h"
#include "codec/codec.h"
#include "oci/platform.h"

/* Descriptors */

static int look_at_data(struct lam_descriptor *d, const struct lam_json *data,
			struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf bytes = LAM_TEXT;
	struct lam_error inner;
	const char *text;

	if (lam_json_text(data, &text, err) < 0)
		return err->code;
	if (!lam_base64_decode(&bytes, text, strlen(text)))
		return lam_json_fail(data, err, LAM_EFORMAT, "is no base64");
	d->wrong_data = lam_descriptor_check(d, bytes.data ? bytes.data : "", bytes.len,
					     "", &inner) < 0;
	return 0;
}

int lam_descriptor_read(struct lam_descriptor *out, const struct lam_json *json,
			struct lam_error *err)
{
	static const char *const fields[] = {
		"tmediaType",   "tdigest",       "-size",     "tdata", "lurls",
		"mannotations", "tartifactType", "-platform", NULL
	};
	struct lam_json digest = lam_json_member(json, "digest"),
			size = lam_json_member(json, "size"),
			data = lam_json_member(json, "data");
	struct lam_error inner;
	const char *text;

	*out = (struct lam_descriptor){ .json = json->value };
	if (!json_is_object(json->value))
		return lam_json_fail(json, err, LAM_EFORMAT, "expected a descriptor");
	if (lam_doc_check_fields(json, fields, err) < 0 ||
	    lam_json_get_text(json, "mediaType", true, &out->media_type, err) < 0 ||
	    lam_json_get_text(json, "digest", true, &text, err) < 0)
		return err->code;
	if (lam_digest_parse(&out->digest, text, &inner) < 0)
		return lam_json_fail(&digest, err, LAM_EFORMAT, "%s", inner.text);
	if (!size.value)
		return lam_json_fail(json, err, LAM_EFORMAT, "size is missing");
	if (lam_json_int(&size, &out->size, err) < 0)
		return err->code;
	if (out->size < 0)
		return lam_json_fail(&size, err, LAM_EFORMAT, "is negative");
	return data.value ? look_at_data(out, &data, err) : 0;
}

int lam_descriptor_check(const struct lam_descriptor *d, const void *bytes, size_t len,
			 const char *what, struct lam_error *err)
{
	char is[LAM_DIGEST_TEXT], said[LAM_DIGEST_TEXT];
	struct lam_digest digest;

	if ((uint64_t)d->size != len)
		return lam_fail(
			err, LAM_EFORMAT,
			"%s: has %zu bytes, its descriptor says %lld: copy the image again",
			what, len, (long long)d->size);
	digest = lam_digest_of(d->digest.algorithm, bytes, len);
	if (!lam_digest_equal(&digest, &d->digest))
		return lam_fail(
			err, LAM_EFORMAT,
			"%s: has digest %s, its descriptor says %s: copy the image again",
			what, lam_digest_format(&digest, is),
			lam_digest_format(&d->digest, said));
	return 0;
}

/* Media types */

struct lam_layer_type lam_layer_type(const char *media_type)
{
	size_t len = strlen(media_type), suffix = strlen("+encrypted");
	const struct lam_codec_row *row;

	for (unsigned c = 0; (row = lam_codec_row(c)) != NULL; c++) {
		for (size_t i = 0; i < 4; i++) {
			if (strcmp(media_type, row->media_types[i]) == 0)
				return (struct lam_layer_type){ i < 2 ? LAM_LAYER_TAR
								      : LAM_LAYER_FOREIGN,
								(enum lam_codec)c,
								i % 2 };
		}
	}
	if (len > suffix && strcmp(media_type + len - suffix, "+encrypted") == 0)
		return (struct lam_layer_type){ LAM_LAYER_ENCRYPTED, LAM_CODEC_NONE,
						false };
	return (struct lam_layer_type){ LAM_LAYER_OTHER, LAM_CODEC_NONE, false };
}

const char *lam_layer_media_type(enum lam_codec codec, bool docker)
{
	const struct lam_codec_row *row = lam_codec_row(codec);

	return row->media_types[docker && !row->only_oci];
}

const char *lam_layer_oci_type(const char *media_type)
{
	const struct lam_layer_type type = lam_layer_type(media_type);

	if (!type.docker)
		return media_type;
	return lam_codec_row(type.codec)->media_types[type.kind == LAM_LAYER_TAR ? 0 : 2];
}

/* Documents */

static bool is_index_type(const char *type)
{
	return strcmp(type, LAM_MT_OCI_INDEX) == 0 ||
	       strcmp(type, LAM_MT_DOCKER_LIST) == 0;
}

/* Registries and clients of 2016 gave the configs of Docker's manifests other types, and
 * Docker reads these (distribution issue 1621). */
static bool is_config_type(const char *type, bool docker)
{
	static const char *const old[] = { "", "application/octet-stream",
					   "application/json", "text/html",
					   "text/plain; charset=utf-8" };
	bool known = strcmp(type, LAM_MT_OCI_CONFIG) == 0 ||
		     strcmp(type, LAM_MT_DOCKER_CONFIG) == 0;

	for (size_t i = 0; docker && i < sizeof old / sizeof *old && !known; i++)
		known = strcmp(type, old[i]) == 0;
	return known;
}

static bool has(const struct lam_json *object, const char *key)
{
	return lam_json_member(object, key).value != NULL;
}

/* What manifests and indexes have in common; *out_type is what the document says or, if
 * it says nothing, media_type. */
static int check_head(const struct lam_json *root, const char *media_type,
		      const char **out_type, struct lam_error *err)
{
	static const char *const fields[] = {
		"-schemaVersion", "tmediaType", "-config",       "-layers", "-manifests",
		"mannotations",   "-subject",   "tartifactType", NULL
	};
	struct lam_json version = lam_json_member(root, "schemaVersion"),
			type = lam_json_member(root, "mediaType");
	int64_t number;

	if (!json_is_object(root->value))
		return lam_json_fail(root, err, LAM_EFORMAT, "expected an object");
	if (lam_doc_check_fields(root, fields, err) < 0)
		return err->code;
	if (!version.value)
		return lam_json_fail(root, err, LAM_EFORMAT, "schemaVersion is missing");
	if (lam_json_int(&version, &number, err) < 0)
		return err->code;
	if (number != 2)
		return lam_json_fail(
			&version, err, LAM_EFORMAT,
			"schema version %lld is not read: copy the image with skopeo first",
			(long long)number);
	if (lam_json_get_text(root, "mediaType", false, out_type, err) < 0)
		return err->code;
	if (!*out_type || !**out_type) /* Go writes "" for none */
		*out_type = media_type;
	else if (media_type && strcmp(*out_type, media_type) != 0)
		return lam_json_fail(
			&type, err, LAM_EFORMAT,
			"is %.200s, and its descriptor says %.200s: make the image "
			"again",
			*out_type, media_type);
	if (has(root, "manifests") && (has(root, "layers") || has(root, "config")))
		return lam_json_fail(root, err, LAM_EFORMAT,
				     "is an index and a manifest at once: readers take "
				     "one or the other");
	return 0;
}

static int read_layers(struct lam_manifest *m, const struct lam_json *layers,
		       struct lam_error *err)
{
	size_t count = json_array_size(layers->value);

	if (!layers->value)
		return 0; /* an image without layers, as null and nothing at all say it */
	if (!json_is_array(layers->value))
		return lam_json_fail(layers, err, LAM_EFORMAT, "expected an array");
	if (count > LAM_MAX_LAYERS)
		return lam_json_fail(layers, err, LAM_EFORMAT,
				     "an image of %zu layers: at most %u are read", count,
				     LAM_MAX_LAYERS);
	m->layers = lam_xcalloc(count + 1, sizeof *m->layers);
	for (struct lam_json l = lam_json_first(layers); l.value; lam_json_step(&l)) {
		if (lam_descriptor_read(&m->layers[m->layer_count++], &l, err) < 0)
			return err->code;
	}
	return 0;
}

static int read_manifest(struct lam_manifest *m, const struct lam_json *root,
			 const char *media_type, struct lam_error *err)
{
	struct lam_json config, layers;
	const char *type;

	if (check_head(root, media_type, &type, err) < 0)
		return err->code;
	if ((type && is_index_type(type)) || has(root, "manifests"))
		return lam_json_fail(root, err, LAM_EFORMAT,
				     "is an index, where a manifest was expected");
	if (type && strcmp(type, LAM_MT_OCI_MANIFEST) != 0 &&
	    strcmp(type, LAM_MT_DOCKER_MANIFEST) != 0)
		return lam_json_fail(root, err, LAM_EFORMAT,
				     "media type %.200s is not one of an image", type);
	m->docker = type && strcmp(type, LAM_MT_DOCKER_MANIFEST) == 0;
	config = lam_json_member(root, "config");
	layers = lam_json_member(root, "layers");
	if (!config.value)
		return lam_json_fail(root, err, LAM_EFORMAT, "config is missing");
	if (lam_descriptor_read(&m->config, &config, err) < 0)
		return err->code;
	if (!is_config_type(m->config.media_type, m->docker))
		return lam_json_fail(
			&config, err, LAM_EFORMAT,
			"media type \"%.200s\" is not a container image's: this is another kind of artifact",
			m->config.media_type);
	return read_layers(m, &layers, err);
}

int lam_manifest_parse(struct lam_manifest *out, const char *bytes, size_t len,
		       const char *name, const char *media_type, struct lam_error *err)
{
	struct lam_json root;

	*out = (struct lam_manifest){ 0 };
	if (lam_doc_parse(&out->doc, bytes, len, LAM_MAX_MANIFEST, name, err) < 0)
		return err->code;
	root = lam_json_root(out->doc.root, name);
	if (read_manifest(out, &root, media_type, err) < 0) {
		lam_manifest_fini(out);
		return err->code;
	}
	return 0;
}

void lam_manifest_fini(struct lam_manifest *manifest)
{
	lam_doc_fini(&manifest->doc);
	free(manifest->layers);
	*manifest = (struct lam_manifest){ 0 };
}

bool lam_is_manifest_type(const char *type)
{
	return is_index_type(type) || strcmp(type, LAM_MT_OCI_MANIFEST) == 0 ||
	       strcmp(type, LAM_MT_DOCKER_MANIFEST) == 0;
}

int lam_manifest_type(const char **out, const char *bytes, size_t len, const char *name,
		      struct lam_error *err)
{
	static const char *const types[] = { LAM_MT_OCI_MANIFEST, LAM_MT_DOCKER_MANIFEST,
					     LAM_MT_OCI_INDEX, LAM_MT_DOCKER_LIST };
	LAM_CLEANUP(lam_doc_fini) struct lam_doc doc = { 0 };
	struct lam_json root;
	const char *said;

	*out = NULL;
	if (lam_doc_parse(&doc, bytes, len, LAM_MAX_INDEX, name, err) < 0)
		return err->code;
	root = lam_json_root(doc.root, name);
	if (check_head(&root, NULL, &said, err) < 0)
		return err->code;
	for (size_t i = 0; said && i < sizeof types / sizeof *types; i++)
		*out = strcmp(said, types[i]) == 0 ? types[i] : *out;
	if (!said)
		*out = has(&root, "manifests") ? LAM_MT_OCI_INDEX : LAM_MT_OCI_MANIFEST;
	if (*out)
		return 0;
	return lam_json_fail(&root, err, LAM_EFORMAT,
			     "media type %.200s is not one of an image", said);
}

/* Indexes */

static bool is(const char *text, const char *what)
{
	return text && strcmp(text, what) == 0;
}

#define COSIGN "dev.cosignproject.cosign/"

/* distribution-spec, "Referrers Tag Schema", and cosign's tags of the same form. */
static bool is_referrers_tag(const char *name)
{
	return name && strncmp(name, "sha256-", 7) == 0 &&
	       strspn(name + 7, "0123456789abcdef") == 64 &&
	       (!name[71] || strcmp(name + 71, ".sig") == 0 ||
		strcmp(name + 71, ".att") == 0 || strcmp(name + 71, ".sbom") == 0);
}

static int read_entry(struct lam_index_entry *out, const struct lam_json *json,
		      struct lam_error *err)
{
	struct lam_json platform = lam_json_member(json, "platform"),
			annotations = lam_json_member(json, "annotations");
	const char *kind, *cosign, *artifact;

	if (lam_descriptor_read(&out->descriptor, json, err) < 0 ||
	    lam_platform_read(&out->platform, &platform, err) < 0 ||
	    lam_json_get_text(&annotations, LAM_REF_NAME, false, &out->ref_name, err) <
		    0 ||
	    lam_json_get_text(&annotations, "io.containerd.image.name", false,
			      &out->image_name, err) < 0 ||
	    lam_json_get_text(&annotations, "kind", false, &cosign, err) < 0 ||
	    lam_json_get_text(json, "artifactType", false, &artifact, err) < 0 ||
	    lam_json_get_text(&annotations, "vnd.docker.reference.type", false, &kind,
			      err) < 0)
		return err->code;
	out->artifact = artifact || is_referrers_tag(out->ref_name) ||
			(cosign && lam_text_behind(cosign, COSIGN) &&
			 !lam_text_behind(cosign, COSIGN "image"));
	out->attestation = is(kind, "attestation-manifest") ||
			   (is(out->platform.os, "unknown") &&
			    is(out->platform.architecture, "unknown"));
	return 0;
}

static int read_index(struct lam_index *index, const struct lam_json *root,
		      const char *media_type, struct lam_error *err)
{
	struct lam_json manifests = lam_json_member(root, "manifests");
	const char *type;

	if (check_head(root, media_type, &type, err) < 0)
		return err->code;
	/* an index.json of no descriptor is read as one, whatever it calls itself */
	if (has(root, "layers") || has(root, "config") ||
	    (type && !is_index_type(type) && (media_type || !manifests.value)))
		return lam_json_fail(root, err, LAM_EFORMAT,
				     "is a manifest, where an index was expected");
	if (!manifests.value)
		return 0;
	if (!json_is_array(manifests.value))
		return lam_json_fail(&manifests, err, LAM_EFORMAT, "expected an array");
	index->entries =
		lam_xcalloc(json_array_size(manifests.value) + 1, sizeof *index->entries);
	for (struct lam_json m = lam_json_first(&manifests); m.value; lam_json_step(&m)) {
		if (read_entry(&index->entries[index->count++], &m, err) < 0)
			return err->code;
	}
	return 0;
}

int lam_index_parse(struct lam_index *out, const char *bytes, size_t len,
		    const char *name, const char *media_type, struct lam_error *err)
{
	struct lam_json root;

	*out = (struct lam_index){ 0 };
	if (lam_doc_parse(&out->doc, bytes, len, LAM_MAX_INDEX, name, err) < 0)
		return err->code;
	root = lam_json_root(out->doc.root, name);
	if (read_index(out, &root, media_type, err) < 0) {
		lam_index_fini(out);
		return err->code;
	}
	return 0;
}

bool lam_descriptor_is_index(const struct lam_descriptor *descriptor)
{
	return is_index_type(descriptor->media_type);
}

bool lam_index_entry_is_image(const struct lam_index_entry *entry)
{
	const char *type = entry->descriptor.media_type;

	return !entry->attestation && !entry->artifact && lam_is_manifest_type(type);
}

size_t lam_index_image_count(const struct lam_index *index)
{
	size_t images = 0;

	for (size_t i = 0; i < index->count; i++)
		images += lam_index_entry_is_image(&index->entries[i]);
	return images;
}

void lam_index_fini(struct lam_index *index)
{
	lam_doc_fini(&index->doc);
	free(index->entries);
	*index = (struct lam_index){ 0 };
}
