/* Reading from a store of any kind: an image's documents, and the bytes of its layers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/path.h"
#include "store/kind.h"

/* Loading */

int lam_source_read_blob(const struct lam_source *s, const struct lam_descriptor *d,
			 size_t max, struct lam_buf *out, struct lam_error *err)
{
	LAM_CLEANUP(lam_reader_close_ptr) struct lam_reader *reader = NULL;
	char digest[LAM_DIGEST_TEXT];
	const void *where;

	lam_digest_format(&d->digest, digest);
	if ((uint64_t)d->size > max)
		return lam_fail(err, LAM_EFORMAT, "%s: is larger than %zu bytes", digest,
				max);
	out->max = max;
	lam_buf_clear(out);
	if (s->store->find_blob(s, d, &where, err) < 0 ||
	    s->store->open_blob(s, d, where, 0, &reader, err) < 0 ||
	    lam_buf_reserve(out, (size_t)d->size, err) < 0 ||
	    lam_read_full(reader, out->data, (size_t)d->size, &out->len, err) < 0)
		return err->code;
	out->data[out->len] = '\0';
	return lam_descriptor_check(d, out->data, out->len, digest, err);
}

static int load_layers(struct lam_source *s, const struct lam_manifest *m,
		       struct lam_error *err)
{
	s->image.layers = lam_xcalloc(m->layer_count + 1, sizeof *s->image.layers);
	for (size_t i = 0; i < m->layer_count; i++) {
		struct lam_source_layer *layer = &s->image.layers[s->image.layer_count++];

		layer->descriptor = m->layers[i];
		layer->descriptor.json = NULL;
		s->image.wrong_data |= m->layers[i].wrong_data;
		layer->descriptor.media_type = lam_xstrdup(m->layers[i].media_type);
		if (s->store->find_blob(s, &layer->descriptor, &layer->where, err) == 0)
			continue;
		if (lam_layer_type(m->layers[i].media_type).kind != LAM_LAYER_FOREIGN)
			return lam_wrap(err, "layer %zu", i);
		layer->missing = true;
	}
	return 0;
}

int lam_source_load(struct lam_source *s, const struct lam_descriptor *d,
		    struct lam_error *err)
{
	LAM_CLEANUP(lam_manifest_fini) struct lam_manifest m = { 0 };
	char name[LAM_DIGEST_TEXT + 16] = "manifest ";

	lam_digest_format(&d->digest, name + strlen(name));
	if (lam_source_read_blob(s, d, LAM_MAX_MANIFEST, &s->image.manifest, err) < 0)
		return lam_wrap(err, "the manifest");
	if (lam_manifest_parse(&m, s->image.manifest.data, s->image.manifest.len, name,
			       d->media_type, err) < 0)
		return err->code;
	s->image.manifest_digest = d->digest;
	s->image.manifest_media_type =
		m.docker ? LAM_MT_DOCKER_MANIFEST : LAM_MT_OCI_MANIFEST;
	s->image.config_digest = m.config.digest;
	s->image.wrong_data = d->wrong_data || m.config.wrong_data;
	if (lam_source_read_blob(s, &m.config, LAM_MAX_CONFIG, &s->image.config, err) < 0)
		return lam_wrap(err, "the config");
	return load_layers(s, &m, err);
}

const char lam_oci_layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}";

int lam_oci_layout_check(const struct lam_buf *bytes, struct lam_error *err)
{
	static const char *const fields[] = { "timageLayoutVersion", NULL };
	LAM_CLEANUP(lam_doc_fini) struct lam_doc doc = { 0 };
	struct lam_json root;
	const char *version;

	if (lam_doc_parse(&doc, bytes->data, bytes->len, LAM_MAX_OCI_LAYOUT, "oci-layout",
			  err) < 0)
		return err->code;
	root = lam_json_root(doc.root, "oci-layout");
	if (lam_doc_check_fields(&root, fields, err) < 0 ||
	    lam_json_get_text(&root, "imageLayoutVersion", true, &version, err) < 0)
		return err->code;
	if (strncmp(version, "1.", 2) != 0)
		return lam_json_fail(&root, err, LAM_EFORMAT,
				     "layout version %.40s is not known: 1.0.0 is",
				     version);
	return 0;
}

const char *lam_blob_name(const struct lam_digest *digest, char *out)
{
	char hex[LAM_DIGEST_TEXT];

	snprintf(out, LAM_BLOB_NAME, "blobs/%s/%s",
		 digest->algorithm == LAM_SHA512 ? "sha512" : "sha256",
		 lam_digest_hex(digest, hex));
	return out;
}

/* Names */

void lam_source_add_name(struct lam_source *s, const char *name)
{
	LAM_XGROW(s->names, s->name_count, s->name_cap);
	s->names[s->name_count++] = lam_xstrdup(name);
}

/* Opening, reading, closing */

/* Gives what was opened, or closes it and says of which reference it was. */
static int end_opening(struct lam_source *s, int code,
		       const struct lam_reference *reference, struct lam_source **out,
		       struct lam_error *err)
{
	char text[LAM_PATH_TEXT];

	*out = NULL;
	if (code == 0) {
		s->wanted = (struct lam_platform){ 0 };
		s->set = NULL;
		s->of = NULL;
		*out = s;
		return 0;
	}
	lam_source_close(s);
	if (err->code == LAM_ESTOPPED || err->code == LAM_ENOMEM)
		return err->code;
	return lam_wrap(
		err, "%s",
		lam_path_text(text, reference->text, strlen(reference->text), false));
}

static struct lam_source *new_source(const struct lam_reference *reference,
				     const struct lam_source_options *options)
{
	struct lam_source *s = lam_xcalloc(1, sizeof *s);

	s->store = reference->store;
	s->wanted = options->platform;
	s->only = options->only;
	s->set = options->set;
	s->referrers = options->referrers;
	s->of = options->of;
	s->image.manifest = LAM_BUF(LAM_MAX_MANIFEST);
	s->image.config = LAM_BUF(LAM_MAX_CONFIG);
	return s;
}

int lam_source_open(struct lam_source **out, const struct lam_reference *reference,
		    const struct lam_source_options *options, struct lam_error *err)
{
	struct lam_source *s = new_source(reference, options);

	return end_opening(s, s->store->open(s, reference, options, err), reference, out,
			   err);
}

static int fail_no_blobs(const struct lam_reference *r, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *kinds = lam_reference_kinds_of_blobs();

	return lam_fail(err, LAM_ENOTFOUND,
			"%s: layers are not taken from there, as %s: name what is on a "
			"disk here, %s",
			r->text, r->store->no_blobs, kinds);
}

int lam_source_open_blobs(struct lam_source **out, const struct lam_reference *reference,
			  const struct lam_source_options *options, struct lam_error *err)
{
	struct lam_source *s;

	*out = NULL;
	if (reference->store->no_blobs)
		return fail_no_blobs(reference, err);
	if (!reference->store->open_blobs)
		return lam_source_open(out, reference, options, err);
	s = new_source(reference, options);
	return end_opening(s, s->store->open_blobs(s, reference, err), reference, out,
			   err);
}

bool lam_source_find_layer(struct lam_source *s, const struct lam_descriptor *blob,
			   size_t *out_n)
{
	struct lam_source_layer found = { .descriptor = { .digest = blob->digest,
							  .size = blob->size } };
	struct lam_source_image *image = &s->image;
	struct lam_error err;

	for (*out_n = 0; *out_n < image->layer_count; ++*out_n) {
		const struct lam_source_layer *layer = &image->layers[*out_n];

		if (!layer->missing && layer->descriptor.size == blob->size &&
		    lam_digest_equal(&layer->descriptor.digest, &blob->digest))
			return true;
	}
	if (!s->store->open_blobs ||
	    s->store->find_blob(s, &found.descriptor, &found.where, &err) < 0)
		return false;
	image->layers = lam_xrealloc(image->layers,
				     (image->layer_count + 1) * sizeof *image->layers);
	image->layers[image->layer_count++] = found;
	return true;
}

void lam_source_close(struct lam_source *s)
{
	if (!s)
		return;
	s->store->close(s);
	for (size_t i = 0; i < s->image.layer_count; i++)
		free((void *)(uintptr_t)s->image.layers[i].descriptor.media_type);
	for (size_t i = 0; i < s->name_count; i++)
		free(s->names[i]);
	lam_buf_fini(&s->image.manifest);
	lam_buf_fini(&s->image.config);
	free(s->image.layers);
	lam_referrers_fini(&s->image.referrers);
	free((void *)(uintptr_t)s->image.name);
	free(s->names);
	free(s);
}

const struct lam_source_image *lam_source_image(const struct lam_source *source)
{
	return &source->image;
}

int lam_source_read_document(const struct lam_source *source,
			     const struct lam_descriptor *d, struct lam_buf *out,
			     struct lam_error *err)
{
	return lam_source_read_blob(source, d, out->max, out, err);
}

bool lam_source_is_remote(const struct lam_source *source)
{
	return source->store->remote;
}

int lam_source_open_layer(const struct lam_source *source, size_t n, uint64_t offset,
			  struct lam_reader **out, struct lam_error *err)
{
	const struct lam_source_layer *layer = &source->image.layers[n];

	*out = NULL;
	if (layer->missing)
		return lam_fail(
			err, LAM_EREAD,
			"its blob is not there: copy the image again, with its foreign layers");
	if (offset > (uint64_t)layer->descriptor.size)
		return lam_fail(err, LAM_EREAD, "the layer has become shorter");
	return source->store->open_blob(source, &layer->descriptor, layer->where, offset,
					out, err);
}
