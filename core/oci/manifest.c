#include "oci/manifest.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/limits.h"

#define REF_NAME "org.opencontainers.image.ref.name"

/* Descriptors */

static int check_data(const struct lam_descriptor *d, const struct lam_doc *doc,
		      const struct lam_json *data, struct lam_error *err)
{
	const char *text;
	unsigned char *bytes;
	size_t len;
	int code, got;

	if (lam_json_string(doc, data, &text, &len, err) < 0)
		return err->code;
	bytes = malloc(len + 4);
	if (!bytes)
		return lam_fail_memory(err);
	got = len % 4 == 0 && len < LAM_MAX_INDEX
		      ? EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)len)
		      : -1;
	for (size_t i = len; got > 0 && i > 0 && i > len - 2 && text[i - 1] == '='; i--)
		got--;
	code = got < 0 ? lam_json_fail(doc, data, err, LAM_EFORMAT, "is no base64")
		       : lam_descriptor_check(d, bytes, (size_t)got, "the embedded data",
					      err);
	free(bytes);
	return code;
}

int lam_descriptor_read(struct lam_descriptor *out, const struct lam_doc *doc,
			const struct lam_json *json, struct lam_error *err)
{
	static const char *const keys[] = { "mediaType", "digest", "size", "data", NULL };
	const struct lam_json *size = lam_json_get(json, "size"),
			      *data = lam_json_get(json, "data");
	struct lam_error inner;
	const char *text;

	*out = (struct lam_descriptor){ .json = json };
	if (lam_json_type(json) != LAM_JSON_OBJECT)
		return lam_json_fail(doc, json, err, LAM_EFORMAT,
				     "expected a descriptor");
	if (lam_json_check_case(doc, json, keys, err) < 0 ||
	    lam_json_get_string(doc, json, "mediaType", true, &out->media_type, err) <
		    0 ||
	    lam_json_get_string(doc, json, "digest", true, &text, err) < 0)
		return err->code;
	if (lam_digest_parse(&out->digest, text, &inner) < 0)
		return lam_json_fail(doc, lam_json_get(json, "digest"), err, LAM_EFORMAT,
				     "%s", inner.text);
	if (!size)
		return lam_json_fail(doc, json, err, LAM_EFORMAT, "size is missing");
	if (lam_json_int(doc, size, &out->size, err) < 0)
		return err->code;
	if (out->size < 0)
		return lam_json_fail(doc, size, err, LAM_EFORMAT, "is negative");
	return data ? check_data(out, doc, data, err) : 0;
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
	if (lam_digest_of(&digest, d->digest.algorithm, bytes, len, err) < 0)
		return err->code;
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
	static const struct {
		const char *name;
		struct lam_layer_type type;
	} types[] = {
		{ LAM_MT_OCI_LAYER, { LAM_LAYER_TAR, LAM_CODEC_NONE, false } },
		{ LAM_MT_OCI_LAYER "+gzip", { LAM_LAYER_TAR, LAM_CODEC_GZIP, false } },
		{ LAM_MT_OCI_LAYER "+zstd", { LAM_LAYER_TAR, LAM_CODEC_ZSTD, false } },
		{ LAM_MT_DOCKER_LAYER, { LAM_LAYER_TAR, LAM_CODEC_NONE, true } },
		{ LAM_MT_DOCKER_LAYER ".gzip", { LAM_LAYER_TAR, LAM_CODEC_GZIP, true } },
		{ LAM_MT_DOCKER_LAYER ".zstd", { LAM_LAYER_TAR, LAM_CODEC_ZSTD, true } },
		{ "application/vnd.oci.image.layer.nondistributable.v1.tar",
		  { LAM_LAYER_FOREIGN, LAM_CODEC_NONE, false } },
		{ "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
		  { LAM_LAYER_FOREIGN, LAM_CODEC_GZIP, false } },
		{ "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
		  { LAM_LAYER_FOREIGN, LAM_CODEC_ZSTD, false } },
		{ "application/vnd.docker.image.rootfs.foreign.diff.tar",
		  { LAM_LAYER_FOREIGN, LAM_CODEC_NONE, true } },
		{ "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
		  { LAM_LAYER_FOREIGN, LAM_CODEC_GZIP, true } },
	};
	size_t len = strlen(media_type), suffix = strlen("+encrypted");

	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		if (strcmp(media_type, types[i].name) == 0)
			return types[i].type;
	}
	if (len > suffix && strcmp(media_type + len - suffix, "+encrypted") == 0)
		return (struct lam_layer_type){ LAM_LAYER_ENCRYPTED, LAM_CODEC_NONE,
						false };
	return (struct lam_layer_type){ LAM_LAYER_OTHER, LAM_CODEC_NONE, false };
}

const char *lam_layer_media_type(enum lam_codec codec, bool docker)
{
	if (codec == LAM_CODEC_ZSTD)
		return LAM_MT_OCI_LAYER "+zstd";
	if (docker)
		return codec == LAM_CODEC_GZIP ? LAM_MT_DOCKER_LAYER ".gzip"
					       : LAM_MT_DOCKER_LAYER;
	return codec == LAM_CODEC_GZIP ? LAM_MT_OCI_LAYER "+gzip" : LAM_MT_OCI_LAYER;
}

/* Documents */

static bool is_index_type(const char *type)
{
	return strcmp(type, LAM_MT_OCI_INDEX) == 0 ||
	       strcmp(type, LAM_MT_DOCKER_LIST) == 0;
}

/* What manifests and indexes have in common; *out_type is what the document says or, if
 * it says nothing, media_type. */
static int check_head(const struct lam_doc *doc, const char *media_type,
		      const char **out_type, struct lam_error *err)
{
	static const char *const keys[] = {
		"schemaVersion", "mediaType", "config",       "layers", "manifests",
		"annotations",   "subject",   "artifactType", NULL
	};
	const struct lam_json *root = lam_doc_root(doc),
			      *version = lam_json_get(root, "schemaVersion");
	int64_t number;

	if (lam_json_type(root) != LAM_JSON_OBJECT)
		return lam_json_fail(doc, root, err, LAM_EFORMAT, "expected an object");
	if (lam_json_check_case(doc, root, keys, err) < 0)
		return err->code;
	if (!version)
		return lam_json_fail(doc, root, err, LAM_EFORMAT,
				     "schemaVersion is missing");
	if (lam_json_int(doc, version, &number, err) < 0)
		return err->code;
	if (number != 2)
		return lam_json_fail(
			doc, version, err, LAM_EFORMAT,
			"schema version %lld is not read: copy the image with skopeo first",
			(long long)number);
	if (lam_json_get_string(doc, root, "mediaType", false, out_type, err) < 0)
		return err->code;
	if (!*out_type)
		*out_type = media_type;
	else if (media_type && strcmp(*out_type, media_type) != 0)
		return lam_json_fail(doc, lam_json_get(root, "mediaType"), err,
				     LAM_EFORMAT,
				     "is %.200s, and its descriptor says %.200s",
				     *out_type, media_type);
	if (lam_json_get(root, "manifests") &&
	    (lam_json_get(root, "layers") || lam_json_get(root, "config")))
		return lam_json_fail(doc, root, err, LAM_EFORMAT,
				     "is an index and a manifest at once: readers take "
				     "one or the other");
	return 0;
}

static int read_layers(struct lam_manifest *m, const struct lam_json *layers,
		       struct lam_error *err)
{
	size_t count = lam_json_count(layers);

	if (lam_json_type(layers) != LAM_JSON_ARRAY)
		return lam_json_fail(m->doc, layers, err, LAM_EFORMAT,
				     "expected an array");
	if (count == 0 || count > LAM_MAX_LAYERS)
		return lam_json_fail(m->doc, layers, err, LAM_EFORMAT,
				     "an image of %zu layers: 1 to %u are read", count,
				     LAM_MAX_LAYERS);
	m->layers = calloc(count, sizeof *m->layers);
	if (!m->layers)
		return lam_fail_memory(err);
	for (const struct lam_json *l = lam_json_first(layers); l; l = lam_json_next(l)) {
		if (lam_descriptor_read(&m->layers[m->layer_count++], m->doc, l, err) < 0)
			return err->code;
	}
	return 0;
}

static int read_manifest(struct lam_manifest *m, const char *media_type,
			 struct lam_error *err)
{
	const struct lam_json *root = lam_doc_root(m->doc), *config, *layers;
	const char *type;

	if (check_head(m->doc, media_type, &type, err) < 0)
		return err->code;
	if ((type && is_index_type(type)) || lam_json_get(root, "manifests"))
		return lam_json_fail(m->doc, root, err, LAM_EFORMAT,
				     "is an index, where a manifest was expected");
	if (type && strcmp(type, LAM_MT_OCI_MANIFEST) != 0 &&
	    strcmp(type, LAM_MT_DOCKER_MANIFEST) != 0)
		return lam_json_fail(m->doc, root, err, LAM_EFORMAT,
				     "media type %.200s is not one of an image", type);
	m->docker = type && strcmp(type, LAM_MT_DOCKER_MANIFEST) == 0;
	config = lam_json_get(root, "config");
	layers = lam_json_get(root, "layers");
	if (!config || !layers)
		return lam_json_fail(m->doc, root, err, LAM_EFORMAT, "%s is missing",
				     config ? "layers" : "config");
	if (lam_descriptor_read(&m->config, m->doc, config, err) < 0)
		return err->code;
	if (strcmp(m->config.media_type, LAM_MT_OCI_CONFIG) != 0 &&
	    strcmp(m->config.media_type, LAM_MT_DOCKER_CONFIG) != 0)
		return lam_json_fail(
			m->doc, config, err, LAM_EFORMAT,
			"media type %.200s is not a container image's: this is another kind of artifact",
			m->config.media_type);
	return read_layers(m, layers, err);
}

int lam_manifest_parse(struct lam_manifest *out, const char *bytes, size_t len,
		       const char *name, const char *media_type, struct lam_error *err)
{
	*out = (struct lam_manifest){ 0 };
	if (len > LAM_MAX_MANIFEST)
		return lam_fail(err, LAM_EFORMAT, "%s: is larger than %u bytes", name,
				LAM_MAX_MANIFEST);
	if (lam_doc_parse(&out->doc, bytes, len, name, err) < 0)
		return err->code;
	if (read_manifest(out, media_type, err) < 0) {
		lam_manifest_fini(out);
		return err->code;
	}
	return 0;
}

void lam_manifest_fini(struct lam_manifest *manifest)
{
	lam_doc_free(manifest->doc);
	free(manifest->layers);
	*manifest = (struct lam_manifest){ 0 };
}

/* Indexes */

static int read_platform(struct lam_platform *out, const struct lam_doc *doc,
			 const struct lam_json *json, struct lam_error *err)
{
	*out = (struct lam_platform){ 0 };
	if (!json)
		return 0;
	if (lam_json_get_string(doc, json, "os", false, &out->os, err) < 0 ||
	    lam_json_get_string(doc, json, "architecture", false, &out->architecture,
				err) < 0)
		return err->code;
	return lam_json_get_string(doc, json, "variant", false, &out->variant, err);
}

static int read_entry(struct lam_index_entry *out, const struct lam_doc *doc,
		      const struct lam_json *json, struct lam_error *err)
{
	const struct lam_json *annotations, *platform;
	const char *kind = NULL;

	if (lam_descriptor_read(&out->descriptor, doc, json, err) < 0)
		return err->code;
	platform = lam_json_get(json, "platform");
	annotations = lam_json_get(json, "annotations");
	if (read_platform(&out->platform, doc, platform, err) < 0)
		return err->code;
	if (annotations &&
	    (lam_json_get_string(doc, annotations, REF_NAME, false, &out->ref_name, err) <
		     0 ||
	     lam_json_get_string(doc, annotations, "vnd.docker.reference.type", false,
				 &kind, err) < 0))
		return err->code;
	out->attestation =
		(kind && strcmp(kind, "attestation-manifest") == 0) ||
		(out->platform.os && strcmp(out->platform.os, "unknown") == 0 &&
		 out->platform.architecture &&
		 strcmp(out->platform.architecture, "unknown") == 0);
	return 0;
}

static int read_index(struct lam_index *index, const char *media_type,
		      struct lam_error *err)
{
	const struct lam_json *root = lam_doc_root(index->doc), *manifests;
	const char *type;

	if (check_head(index->doc, media_type, &type, err) < 0)
		return err->code;
	if (lam_json_get(root, "layers") || lam_json_get(root, "config") ||
	    (type && !is_index_type(type)))
		return lam_json_fail(index->doc, root, err, LAM_EFORMAT,
				     "is a manifest, where an index was expected");
	manifests = lam_json_get(root, "manifests");
	if (!manifests)
		return 0;
	if (lam_json_type(manifests) != LAM_JSON_ARRAY)
		return lam_json_fail(index->doc, manifests, err, LAM_EFORMAT,
				     "expected an array");
	index->entries = calloc(lam_json_count(manifests) + 1, sizeof *index->entries);
	if (!index->entries)
		return lam_fail_memory(err);
	for (const struct lam_json *m = lam_json_first(manifests); m;
	     m = lam_json_next(m)) {
		if (read_entry(&index->entries[index->count++], index->doc, m, err) < 0)
			return err->code;
	}
	return 0;
}

int lam_index_parse(struct lam_index *out, const char *bytes, size_t len,
		    const char *name, const char *media_type, struct lam_error *err)
{
	*out = (struct lam_index){ 0 };
	if (len > LAM_MAX_INDEX)
		return lam_fail(err, LAM_EFORMAT, "%s: is larger than %u bytes", name,
				LAM_MAX_INDEX);
	if (lam_doc_parse(&out->doc, bytes, len, name, err) < 0)
		return err->code;
	if (read_index(out, media_type, err) < 0) {
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

	return !entry->attestation &&
	       (is_index_type(type) || strcmp(type, LAM_MT_OCI_MANIFEST) == 0 ||
		strcmp(type, LAM_MT_DOCKER_MANIFEST) == 0);
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
	lam_doc_free(index->doc);
	free(index->entries);
	*index = (struct lam_index){ 0 };
}

/* Configs */

static int read_diff_ids(struct lam_config *c, const struct lam_json *rootfs,
			 struct lam_error *err)
{
	static const char *const keys[] = { "type", "diff_ids", NULL };
	const struct lam_json *ids;
	struct lam_error inner;
	const char *type, *text;

	if (!rootfs)
		return lam_json_fail(c->doc, lam_doc_root(c->doc), err, LAM_EFORMAT,
				     "rootfs is missing");
	if (lam_json_check_case(c->doc, rootfs, keys, err) < 0 ||
	    lam_json_get_string(c->doc, rootfs, "type", true, &type, err) < 0)
		return err->code;
	if (strcmp(type, "layers") != 0)
		return lam_json_fail(c->doc, lam_json_get(rootfs, "type"), err,
				     LAM_EFORMAT, "expected \"layers\"");
	ids = lam_json_get(rootfs, "diff_ids");
	if (!ids || lam_json_type(ids) != LAM_JSON_ARRAY)
		return lam_json_fail(c->doc, rootfs, err, LAM_EFORMAT,
				     "diff_ids is missing or no array");
	c->diff_ids = calloc(lam_json_count(ids) + 1, sizeof *c->diff_ids);
	if (!c->diff_ids)
		return lam_fail_memory(err);
	for (const struct lam_json *id = lam_json_first(ids); id;
	     id = lam_json_next(id)) {
		if (lam_json_string(c->doc, id, &text, NULL, err) < 0)
			return err->code;
		if (lam_digest_parse(&c->diff_ids[c->diff_id_count++], text, &inner) < 0)
			return lam_json_fail(c->doc, id, err, LAM_EFORMAT, "%s",
					     inner.text);
	}
	return 0;
}

static int read_history(struct lam_config *c, const struct lam_json *history,
			struct lam_error *err)
{
	if (!history)
		return 0;
	if (lam_json_type(history) != LAM_JSON_ARRAY)
		return lam_json_fail(c->doc, history, err, LAM_EFORMAT,
				     "expected an array");
	c->history = calloc(lam_json_count(history) + 1, sizeof *c->history);
	if (!c->history)
		return lam_fail_memory(err);
	for (const struct lam_json *h = lam_json_first(history); h;
	     h = lam_json_next(h)) {
		struct lam_history *out = &c->history[c->history_count++];
		const struct lam_json *empty = lam_json_get(h, "empty_layer");

		if (lam_json_type(h) != LAM_JSON_OBJECT)
			return lam_json_fail(c->doc, h, err, LAM_EFORMAT,
					     "expected an object");
		lam_json_span(h, &out->begin, &out->end);
		if (lam_json_get_string(c->doc, h, "created_by", false, &out->created_by,
					err) < 0 ||
		    lam_json_get_string(c->doc, h, "comment", false, &out->comment, err) <
			    0 ||
		    (empty && lam_json_bool(c->doc, empty, &out->empty_layer, err) < 0))
			return err->code;
	}
	return 0;
}

static int read_config(struct lam_config *c, struct lam_error *err)
{
	static const char *const keys[] = { "rootfs",       "history", "created", "os",
					    "architecture", "variant", "config",  NULL };
	const struct lam_json *root = lam_doc_root(c->doc);

	if (lam_json_type(root) != LAM_JSON_OBJECT)
		return lam_json_fail(c->doc, root, err, LAM_EFORMAT,
				     "expected an object");
	if (lam_json_check_case(c->doc, root, keys, err) < 0 ||
	    read_platform(&c->platform, c->doc, root, err) < 0 ||
	    lam_json_get_string(c->doc, root, "created", false, &c->created, err) < 0 ||
	    read_diff_ids(c, lam_json_get(root, "rootfs"), err) < 0)
		return err->code;
	return read_history(c, lam_json_get(root, "history"), err);
}

int lam_config_parse(struct lam_config *out, const char *bytes, size_t len,
		     const char *name, struct lam_error *err)
{
	*out = (struct lam_config){ 0 };
	if (len > LAM_MAX_CONFIG)
		return lam_fail(err, LAM_EFORMAT, "%s: is larger than %u bytes", name,
				LAM_MAX_CONFIG);
	if (lam_doc_parse(&out->doc, bytes, len, name, err) < 0)
		return err->code;
	if (read_config(out, err) < 0) {
		lam_config_fini(out);
		return err->code;
	}
	return 0;
}

void lam_config_fini(struct lam_config *config)
{
	lam_doc_free(config->doc);
	free(config->diff_ids);
	free(config->history);
	*config = (struct lam_config){ 0 };
}

void lam_config_layer_history(const struct lam_config *config, size_t layer_count,
			      size_t *out_of)
{
	size_t layer = 0;

	for (size_t i = 0; i < config->history_count && layer < layer_count; i++) {
		if (!config->history[i].empty_layer)
			out_of[layer++] = i;
	}
	while (layer < layer_count)
		out_of[layer++] = SIZE_MAX;
}
