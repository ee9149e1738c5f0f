/* Reading from a store of any kind: one image is chosen in its index, and the image's
 * documents are read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/path.h"
#include "store/kind.h"

/* Platforms, as containerd normalises them */

static bool same(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static void normalise(struct lam_platform *p)
{
	static const char *const names[][2] = {
		{ "x86_64", "amd64" }, { "x86-64", "amd64" }, { "aarch64", "arm64" },
		{ "armhf", "arm" },    { "armv7l", "arm" },   { "i386", "386" },
		{ "i686", "386" }
	};
	static const struct {
		const char *architecture, *variant, *normal;
	} variants[] = { { "arm64", NULL, "v8" }, { "arm64", "8", "v8" },
			 { "arm", NULL, "v7" },   { "arm", "7", "v7" },
			 { "arm", "6", "v6" },    { "arm", "5", "v5" },
			 { "amd64", "v1", NULL } };

	if (same(p->os, "macos"))
		p->os = "darwin";
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (same(p->architecture, names[i][0]))
			p->architecture = names[i][1];
	}
	for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
		if (same(p->architecture, variants[i].architecture) &&
		    same(p->variant, variants[i].variant)) {
			p->variant = variants[i].normal;
			return;
		}
	}
}

static bool fits(struct lam_platform have, struct lam_platform want, bool exactly)
{
	normalise(&have);
	return same(have.os, want.os) && same(have.architecture, want.architecture) &&
	       (!exactly || same(have.variant, want.variant));
}

static void list_platforms(const struct lam_index *index, struct lam_buf *text)
{
	for (size_t i = 0; i < index->count; i++) {
		const struct lam_platform *p = &index->entries[i].platform;

		if (index->entries[i].attestation || !p->os || !p->architecture)
			continue;
		lam_text_printf(text, "%s%.60s/%.60s", text->len ? ", " : "", p->os,
				p->architecture);
		if (p->variant)
			lam_text_printf(text, "/%.60s", p->variant);
	}
	if (!text->len)
		lam_text_puts(text, "none that says its platform");
}

static struct lam_platform wanted(const struct lam_source *s, struct utsname *machine)
{
	struct lam_platform p = s->wanted;

	if (!p.os) {
		uname(machine);
		p = (struct lam_platform){ .os = "linux",
					   .architecture = machine->machine };
	}
	normalise(&p);
	return p;
}

/* Choosing in indexes */

static const struct lam_index_entry *find_platform(const struct lam_index *index,
						   struct lam_platform want, bool exactly)
{
	for (size_t i = 0; i < index->count; i++) {
		if (lam_index_entry_is_image(&index->entries[i]) &&
		    fits(index->entries[i].platform, want, exactly))
			return &index->entries[i];
	}
	return NULL;
}

/* The one image of an index, or the one for the platform; of another variant only where
 * none was asked for. */
static int pick_platform(const struct lam_source *s, const struct lam_index *index,
			 const struct lam_index_entry **out, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf list = LAM_TEXT;
	struct utsname machine;
	struct lam_platform want = wanted(s, &machine);
	const struct lam_index_entry *only = NULL;
	size_t images = lam_index_image_count(index);

	*out = NULL;
	for (size_t i = 0; i < index->count; i++) {
		if (lam_index_entry_is_image(&index->entries[i]))
			only = &index->entries[i];
	}
	if (images == 0)
		return lam_fail(err, LAM_ENOTFOUND, "holds no image");
	if (images == 1 && (!s->wanted.os || !only->platform.os)) {
		*out = only; /* if it does not say, its config will */
		return 0;
	}
	*out = find_platform(index, want, true);
	if (!*out && !s->wanted.variant)
		*out = find_platform(index, want, false);
	if (*out)
		return 0;
	list_platforms(index, &list);
	return lam_fail(err, LAM_ENOTFOUND,
			"has no image for %s/%s%s%s; --platform takes one of: %s",
			want.os, want.architecture, want.variant ? "/" : "",
			want.variant ? want.variant : "", list.data);
}

static int fail_tag(const struct lam_source *s, const char *tag, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf list = LAM_TEXT;

	lam_source_list_names(s, &list);
	if (!tag)
		return lam_fail(err, LAM_ENOTFOUND,
				"holds several images; name one of: %s", list.data);
	return lam_fail(err, LAM_ENOTFOUND, "has no tag \"%s\"; there is: %s", tag,
			list.data);
}

static int pick_tag(const struct lam_source *s, const struct lam_index *index,
		    const char *tag, const struct lam_index_entry **out,
		    struct lam_error *err)
{
	char a[LAM_DIGEST_TEXT], b[LAM_DIGEST_TEXT];
	size_t images = 0, named = 0;

	*out = NULL;
	for (size_t i = 0; i < index->count; i++) {
		const struct lam_index_entry *e = &index->entries[i];

		images += lam_index_entry_is_image(e);
		named += lam_index_entry_is_image(e) && e->ref_name;
		if (tag ? !same(e->ref_name, tag) : !lam_index_entry_is_image(e))
			continue;
		if (*out && tag)
			return lam_fail(
				err, LAM_EFORMAT,
				"has the tag \"%s\" twice, for %s and %s: remove one",
				tag, lam_digest_format(&(*out)->descriptor.digest, a),
				lam_digest_format(&e->descriptor.digest, b));
		if (!*out)
			*out = e;
		else if (!lam_digest_equal(&(*out)->descriptor.digest,
					   &e->descriptor.digest))
			named += images; /* not one image under several names */
	}
	if (images == 0)
		return lam_fail(err, LAM_ENOTFOUND, "holds no image");
	if (tag)
		return *out ? 0 : fail_tag(s, tag, err);
	if (images == 1 || named <= images)
		return named || images == 1 ? 0 : pick_platform(s, index, out, err);
	return fail_tag(s, NULL, err);
}

/* Loading */

static int read_blob(const struct lam_source *s, const struct lam_descriptor *d,
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
		layer->descriptor.media_type = lam_xstrdup(m->layers[i].media_type);
		if (s->store->find_blob(s, &layer->descriptor, &layer->where, err) == 0)
			continue;
		if (lam_layer_type(m->layers[i].media_type).kind != LAM_LAYER_FOREIGN)
			return lam_wrap(err, "layer %zu", i);
		layer->missing = true;
	}
	return 0;
}

static int load_manifest(struct lam_source *s, const struct lam_descriptor *d,
			 struct lam_error *err)
{
	LAM_CLEANUP(lam_manifest_fini) struct lam_manifest m = { 0 };
	char name[LAM_DIGEST_TEXT + 16] = "manifest ";

	lam_digest_format(&d->digest, name + strlen(name));
	if (read_blob(s, d, LAM_MAX_MANIFEST, &s->image.manifest, err) < 0)
		return lam_wrap(err, "the manifest");
	if (lam_manifest_parse(&m, s->image.manifest.data, s->image.manifest.len, name,
			       d->media_type, err) < 0)
		return err->code;
	s->image.manifest_digest = d->digest;
	s->image.manifest_media_type =
		m.docker ? LAM_MT_DOCKER_MANIFEST : LAM_MT_OCI_MANIFEST;
	s->image.config_digest = m.config.digest;
	if (read_blob(s, &m.config, LAM_MAX_CONFIG, &s->image.config, err) < 0)
		return lam_wrap(err, "the config");
	return load_layers(s, &m, err);
}

/* Follows indexes to a manifest. */
static int load(struct lam_source *s, const struct lam_descriptor *d, int depth,
		struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf bytes = LAM_BUF(LAM_MAX_INDEX);
	LAM_CLEANUP(lam_index_fini) struct lam_index index = { 0 };
	char name[LAM_DIGEST_TEXT + 16] = "index ";
	const struct lam_index_entry *entry;

	if (!lam_descriptor_is_index(d))
		return load_manifest(s, d, err);
	if (depth == LAM_MAX_INDEX_DEPTH)
		return lam_fail(err, LAM_EFORMAT, "indexes in indexes, deeper than %d",
				LAM_MAX_INDEX_DEPTH);
	lam_digest_format(&d->digest, name + strlen(name));
	if (read_blob(s, d, LAM_MAX_INDEX, &bytes, err) < 0 ||
	    lam_index_parse(&index, bytes.data, bytes.len, name, d->media_type, err) <
		    0 ||
	    pick_platform(s, &index, &entry, err) < 0)
		return err->code;
	return load(s, &entry->descriptor, depth + 1, err);
}

int lam_source_choose(struct lam_source *s, const struct lam_buf *bytes, const char *tag,
		      struct lam_error *err)
{
	LAM_CLEANUP(lam_index_fini) struct lam_index index = { 0 };
	const struct lam_index_entry *entry;
	char text[LAM_PATH_TEXT];

	if (lam_index_parse(&index, bytes->data, bytes->len, "index.json", NULL, err) < 0)
		return err->code;
	for (size_t i = 0; i < index.count; i++) {
		if (index.entries[i].ref_name)
			lam_source_add_name(s, index.entries[i].ref_name);
	}
	if (pick_tag(s, &index, tag, &entry, err) < 0)
		return err->code;
	if (entry->ref_name)
		s->image.name = lam_xstrdup(entry->ref_name);
	if (!lam_index_entry_is_image(entry))
		return lam_fail(err, LAM_EFORMAT, "media type %s is not one of an image",
				lam_path_text(text, entry->descriptor.media_type,
					      strlen(entry->descriptor.media_type),
					      false));
	return load(s, &entry->descriptor, 0, err);
}

/* Whether a manifest's config is the one; errors mean no. */
static bool has_config(const struct lam_source *s, const struct lam_descriptor *d,
		       const struct lam_digest *config)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf bytes = LAM_BUF(LAM_MAX_MANIFEST);
	LAM_CLEANUP(lam_manifest_fini) struct lam_manifest m = { 0 };
	struct lam_error err;

	return read_blob(s, d, LAM_MAX_MANIFEST, &bytes, &err) == 0 &&
	       lam_manifest_parse(&m, bytes.data, bytes.len, "manifest", d->media_type,
				  &err) == 0 &&
	       lam_digest_equal(&m.config.digest, config);
}

int lam_source_choose_config(struct lam_source *s, const struct lam_buf *bytes,
			     const struct lam_digest *config, bool *out_any,
			     bool *out_found, struct lam_error *err)
{
	LAM_CLEANUP(lam_index_fini) struct lam_index index = { 0 };

	*out_any = *out_found = false;
	if (lam_index_parse(&index, bytes->data, bytes->len, "index.json", NULL, err) < 0)
		return err->code;
	for (size_t i = 0; i < index.count && !*out_found; i++) {
		const struct lam_index_entry *e = &index.entries[i];

		if (!lam_index_entry_is_image(e))
			continue;
		*out_any = true;
		if (!lam_descriptor_is_index(&e->descriptor) &&
		    !has_config(s, &e->descriptor, config))
			continue;
		if (load(s, &e->descriptor, 0, err) < 0)
			return err->code;
		*out_found = lam_digest_equal(&s->image.config_digest, config);
	}
	return 0;
}

const char lam_oci_layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}";

int lam_oci_layout_check(const struct lam_buf *bytes, struct lam_error *err)
{
	LAM_CLEANUP(lam_doc_fini) struct lam_doc doc = { 0 };
	struct lam_json root;
	const char *version;

	if (lam_doc_parse(&doc, bytes->data, bytes->len, LAM_MAX_OCI_LAYOUT, "oci-layout",
			  err) < 0)
		return err->code;
	root = lam_json_root(doc.root, "oci-layout");
	if (!json_is_object(root.value))
		return lam_json_fail(&root, err, LAM_EFORMAT, "expected an object");
	if (lam_json_get_text(&root, "imageLayoutVersion", true, &version, err) < 0)
		return err->code;
	if (strncmp(version, "1.", 2) != 0)
		return lam_json_fail(&root, err, LAM_EFORMAT,
				     "layout version %.40s is not known: 1.0.0 is",
				     version);
	return 0;
}

const char *lam_blob_name(const struct lam_digest *digest, char out[LAM_BLOB_NAME])
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

void lam_source_list_names(const struct lam_source *s, struct lam_buf *text)
{
	const size_t most = 20;

	for (size_t i = 0; i < s->name_count && i < most; i++) {
		char name[LAM_PATH_TEXT];

		lam_text_printf(
			text, "%s%s", i ? ", " : "",
			lam_path_text(name, s->names[i], strlen(s->names[i]), false));
	}
	if (s->name_count > most)
		lam_text_printf(text, " and %zu more", s->name_count - most);
	if (s->name_count == 0)
		lam_text_puts(text, "nothing with a name");
}

/* Opening, reading, closing */

int lam_source_open(struct lam_source **out, const struct lam_reference *reference,
		    const struct lam_source_options *options, struct lam_error *err)
{
	struct lam_source *s = lam_xcalloc(1, sizeof *s);
	char text[LAM_PATH_TEXT];

	*out = NULL;
	s->store = reference->store;
	s->reference = reference;
	s->wanted = options->platform;
	s->image.manifest = LAM_BUF(LAM_MAX_MANIFEST);
	s->image.config = LAM_BUF(LAM_MAX_CONFIG);
	if (s->store->open(s, reference, options, err) == 0) {
		s->reference = NULL;
		s->wanted = (struct lam_platform){ 0 };
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
	free((void *)(uintptr_t)s->image.name);
	free(s->names);
	free(s);
}

const struct lam_source_image *lam_source_image(const struct lam_source *source)
{
	return &source->image;
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
