/* The documents of an image, edited: what changes is replaced, all else stays. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/text.h"
#include "oci/claims.h"
#include "oci/manifest.h"
#include "oci/platform.h"
#include "oci/settings.h"

static int write_doc(const json_t *root, struct lam_buf *out, struct lam_error *err)
{
	return lam_json_dump(root, JSON_COMPACT, out, err);
}

/* Descriptors */

static json_t *digest_text(const struct lam_digest *digest)
{
	char text[LAM_DIGEST_TEXT];

	return json_string(lam_digest_format(digest, text));
}

static json_t *make_descriptor(const char *media_type, const struct lam_digest *digest,
			       int64_t size)
{
	return json_pack("{s:s, s:o, s:I}", "mediaType", media_type, "digest",
			 digest_text(digest), "size", (json_int_t)size);
}

/* The same elsewhere: what nobody here knows stays, embedded data cannot. */
static json_t *redirect(json_t *descriptor, const struct lam_digest *digest, int64_t size)
{
	json_t *moved = json_copy(descriptor);

	json_object_set_new(moved, "digest", digest_text(digest));
	json_object_set_new(moved, "size", json_integer(size));
	json_object_del(moved, "data");
	return moved;
}

/* Configs */

static bool is_same_stack(const struct lam_stack_layer *layers, size_t count,
			  size_t originals)
{
	bool same = count == originals;

	for (size_t i = 0; i < count && same; i++)
		same = layers[i].kept && layers[i].original == i;
	return same;
}

struct history {
	const struct lam_config *config;
	const struct lam_stack_layer *layers;
	size_t count;
	const char *created;
	const json_t *old;
	json_t *out;
};

static void add_written(struct history *h, const struct lam_stack_layer *layer)
{
	const char *comment = layer->comment && layer->comment[0] ? layer->comment : NULL;

	json_array_append_new(h->out, json_pack("{s:s*, s:s*, s:s*}", "created",
						h->created, "created_by",
						layer->created_by, "comment", comment));
}

static void add_old(struct history *h, size_t entry)
{
	json_array_append(h->out, json_array_get(h->old, entry));
}

/* The place in the new stack that an original's empty entries stand behind: its own, else
 * that of the nearest below it, else the last. */
static size_t place_of(const struct history *h, size_t original)
{
	for (size_t i = original + 1; i-- > 0;) {
		for (size_t n = 0; n < h->count; n++) {
			if (h->layers[n].original == i)
				return n;
		}
	}
	return h->count - 1;
}

/* Empty entries behind the original `behind`; SIZE_MAX: those before the first. */
static void add_empty(struct history *h, size_t behind)
{
	size_t layer = SIZE_MAX;

	for (size_t i = 0; i < h->config->history_count; i++) {
		if (!h->config->history[i].empty_layer)
			layer++;
		else if (layer == behind)
			add_old(h, i);
	}
}

static void add_entries(struct history *h, const size_t *of_layer)
{
	add_empty(h, SIZE_MAX);
	for (size_t n = 0; n < h->count; n++) {
		const struct lam_stack_layer *layer = &h->layers[n];

		if (layer->kept)
			add_old(h, of_layer[layer->original]);
		else
			add_written(h, layer);
		for (size_t i = 0; i < h->config->diff_id_count; i++) {
			if (place_of(h, i) == n)
				add_empty(h, i);
		}
	}
}

/* A history that does not tell which entry is which layer's. */
static void add_to_odd(struct history *h)
{
	for (size_t i = 0; i < h->config->history_count; i++) {
		json_t *old = json_array_get(h->old, i),
		       *entry = json_is_object(old) ? json_copy(old) : json_object();

		json_object_set_new(entry, "empty_layer", json_true());
		json_array_append_new(h->out, entry);
	}
	for (size_t n = 0; n < h->count; n++)
		add_written(h, &h->layers[n]);
}

static json_t *edit_history(struct history *h)
{
	size_t layers = h->config->diff_id_count;
	LAM_CLEANUP(lam_free_ptr)
	size_t *of_layer = lam_xcalloc(layers + 1, sizeof *of_layer);

	lam_config_layer_history(h->config, layers, of_layer);
	h->out = json_array();
	if (lam_config_layer_entries(h->config) == layers)
		add_entries(h, of_layer);
	else
		add_to_odd(h);
	return h->out;
}

static void drop_labels(json_t *root)
{
	json_t *run = json_object_get(root, "config");

	if (!json_is_object(run))
		return;
	run = json_copy(run);
	lam_claims_drop(run, "Labels");
	json_object_set_new(root, "config", run);
}

static int edit_config(const struct lam_config *config,
		       const struct lam_stack_layer *layers, size_t count,
		       const struct lam_settings *settings, const char *created,
		       struct lam_clamp clamp, struct lam_buf *out, struct lam_error *err)
{
	json_auto_t *kept = json_copy(config->doc.root), *root = NULL;
	json_t *rootfs = json_copy(json_object_get(kept, "rootfs")), *ids = json_array();
	struct history h = { .config = config,
			     .layers = layers,
			     .count = count,
			     .created = created ? created : config->created,
			     .old = json_object_get(kept, "history") };

	for (size_t n = 0; n < count; n++)
		json_array_append_new(ids, digest_text(&layers[n].diff_id));
	json_object_set_new(rootfs, "diff_ids", ids);
	json_object_set_new(kept, "rootfs", rootfs);
	if (!is_same_stack(layers, count, config->diff_id_count))
		drop_labels(kept);
	root = lam_settings_change(kept, settings, false);
	if (json_is_array(h.old))
		json_object_set_new(root, "history", edit_history(&h));
	if (created)
		json_object_set_new(root, "created", json_string(created));
	lam_created_edit(root, clamp);
	return write_doc(root, out, err);
}

int lam_config_edit(const struct lam_config *config, const struct lam_stack_layer *layers,
		    size_t count, const struct lam_settings *settings,
		    const char *created, struct lam_clamp clamp, struct lam_buf *out,
		    struct lam_error *err)
{
	if (!created && !settings->count &&
	    is_same_stack(layers, count, config->diff_id_count))
		return lam_buf_append(out, config->doc.bytes, config->doc.len, err);
	return edit_config(config, layers, count, settings, created, clamp, out, err);
}

/* Manifests */

static void set_type(json_t *object, const char *media_type)
{
	json_object_set_new(object, "mediaType", json_string(media_type));
}

static json_t *edit_layers(const struct lam_manifest *m, bool docker,
			   const struct lam_stack_layer *layers, size_t count)
{
	json_t *stack = json_array();

	for (size_t n = 0; n < count; n++) {
		const struct lam_stack_layer *l = &layers[n];
		const struct lam_descriptor *old =
			l->kept ? &m->layers[l->original] : NULL;
		json_t *layer = old ? json_copy(old->json)
				    : make_descriptor(l->media_type, &l->digest, l->size);

		if (old && m->docker && !docker)
			set_type(layer, lam_layer_oci_type(old->media_type));
		json_array_append_new(stack, layer);
	}
	return stack;
}

static void annotate(json_t *root, const struct lam_annotation *annotations, size_t count)
{
	json_t *old = json_object_get(root, "annotations"),
	       *edited = json_is_object(old) ? json_copy(old) : json_object();

	for (size_t i = 0; i < count; i++) {
		json_object_del(edited, annotations[i].key);
		json_object_set_new(edited, annotations[i].key,
				    json_string(annotations[i].value));
	}
	json_object_set_new(root, "annotations", edited);
}

int lam_manifest_edit(const struct lam_manifest *m, const struct lam_manifest_change *c,
		      struct lam_buf *out, struct lam_error *err)
{
	json_auto_t *root = json_copy(m->doc.root), *changed = NULL;
	bool same_stack = is_same_stack(c->layers, c->count, m->layer_count);
	json_t *config;

	if (same_stack && lam_digest_equal(c->config, &m->config.digest) &&
	    !c->annotation_count && !c->settings->count)
		return lam_buf_append(out, m->doc.bytes, m->doc.len, err);
	config = redirect(m->config.json, c->config, c->config_size);
	if (m->docker && !c->docker) {
		set_type(root, LAM_MT_OCI_MANIFEST);
		set_type(config, LAM_MT_OCI_CONFIG);
	}
	json_object_set_new(root, "config", config);
	json_object_set_new(root, "layers",
			    edit_layers(m, c->docker, c->layers, c->count));
	if (!same_stack)
		lam_claims_drop(root, "annotations");
	changed = lam_settings_change(root, c->settings, true);
	if (c->annotation_count)
		annotate(changed, c->annotations, c->annotation_count);
	return write_doc(changed, out, err);
}

int lam_manifest_make(const struct lam_digest *config_digest, int64_t config_size,
		      const struct lam_stack_layer *layers, size_t count,
		      struct lam_buf *out, struct lam_error *err)
{
	json_t *stack = json_array();
	json_auto_t *root =
		json_pack("{s:i, s:s, s:o, s:o}", "schemaVersion", 2, "mediaType",
			  LAM_MT_OCI_MANIFEST, "config",
			  make_descriptor(LAM_MT_OCI_CONFIG, config_digest, config_size),
			  "layers", stack);

	for (size_t n = 0; n < count; n++)
		json_array_append_new(stack,
				      make_descriptor(layers[n].media_type,
						      &layers[n].digest, layers[n].size));
	return write_doc(root, out, err);
}

/* Indexes */

static bool has_name(const struct lam_index_entry *e, const char *name)
{
	return e->ref_name && strcmp(e->ref_name, name) == 0;
}

bool lam_index_has_several(const struct lam_index *index, const char *name)
{
	const struct lam_index_entry *first = NULL;

	for (size_t i = 0; i < index->count; i++) {
		const struct lam_index_entry *e = &index->entries[i];

		if (!lam_index_entry_is_image(e) || !has_name(e, name))
			continue;
		first = first ? first : e;
		if (!lam_digest_equal(&first->descriptor.digest, &e->descriptor.digest))
			return true;
	}
	return false;
}

bool lam_index_is_replaced(const struct lam_index *index, const struct lam_index_entry *e,
			   const char *name, const struct lam_platform *platform)
{
	if (!name)
		return !e->ref_name && lam_index_entry_is_image(e) &&
		       lam_index_image_count(index) == 1;
	return has_name(e, name) &&
	       (!platform || !platform->os || !lam_index_has_several(index, name) ||
		lam_platform_is_same(&e->platform, platform));
}

static bool is_same_platform(const struct lam_platform *a, const struct lam_platform *b)
{
	return lam_same_text(a->os, b->os) &&
	       lam_same_text(a->architecture, b->architecture) &&
	       lam_same_text(a->variant, b->variant) &&
	       (!b->os_version || lam_same_text(a->os_version, b->os_version)) &&
	       (!b->os_features || json_equal(a->os_features, b->os_features));
}

static void set_platform(json_t *descriptor, const struct lam_platform *p)
{
	json_object_del(descriptor, "platform");
	/* engines pass over what is for a platform without a name */
	if (p->os && *p->os && p->architecture && *p->architecture)
		json_object_set_new(descriptor, "platform",
				    json_pack("{s:s, s:s, s:s*, s:O*, s:s*}",
					      "architecture", p->architecture, "os",
					      p->os, "os.version", p->os_version,
					      "os.features", p->os_features, "variant",
					      p->variant));
}

/* What stood in the place of an image; a platform that says the same stays, with what
 * else it says. */
json_t *lam_index_entry_edit(const struct lam_index_entry *entry, const char *media_type,
			     const struct lam_digest *digest, int64_t size,
			     const struct lam_platform *platform)
{
	json_t *image = redirect(entry->descriptor.json, digest, size);

	if (!lam_digest_equal(&entry->descriptor.digest, digest))
		lam_claims_drop(image, "annotations");
	set_type(image, media_type);
	if (platform && !is_same_platform(&entry->platform, platform))
		set_platform(image, platform);
	return image;
}

json_t *lam_index_entry_make(const char *media_type, const struct lam_digest *digest,
			     int64_t size, const struct lam_platform *platform,
			     const char *ref_name)
{
	json_t *image = make_descriptor(media_type, digest, size);

	if (platform)
		set_platform(image, platform);
	if (ref_name)
		json_object_set_new(image, "annotations",
				    json_pack("{s:s}", LAM_REF_NAME, ref_name));
	return image;
}

const char *lam_index_settle_type(struct lam_index *index, const char *old,
				  const char *image)
{
	if (strcmp(old, LAM_MT_DOCKER_LIST) != 0 ||
	    strcmp(image, LAM_MT_DOCKER_MANIFEST) == 0)
		return strcmp(old, LAM_MT_DOCKER_LIST) == 0 ? LAM_MT_DOCKER_LIST
							    : LAM_MT_OCI_INDEX;
	set_type(index->doc.root, LAM_MT_OCI_INDEX);
	return LAM_MT_OCI_INDEX;
}

int lam_index_drop(struct lam_buf *bytes,
		   bool (*drops)(const void *context, const struct lam_digest *digest),
		   const void *context, struct lam_error *err)
{
	LAM_CLEANUP(lam_index_fini) struct lam_index index = { 0 };
	json_t *images;

	if (lam_index_parse(&index, bytes->data ? bytes->data : "", bytes->len,
			    "index.json", NULL, err) < 0)
		return err->code;
	images = json_array();
	for (size_t i = 0; i < index.count; i++) {
		if (!drops(context, &index.entries[i].descriptor.digest))
			json_array_append(images, index.entries[i].descriptor.json);
	}
	json_object_set_new(index.doc.root, "manifests", images);
	lam_buf_clear(bytes);
	return write_doc(index.doc.root, bytes, err);
}

/* Whether images have this name that stay. */
static bool has_others(const struct lam_index *index, const char *name,
		       const struct lam_platform *platform)
{
	for (size_t i = 0; i < index->count && name; i++) {
		const struct lam_index_entry *e = &index->entries[i];

		if (lam_index_entry_is_image(e) && has_name(e, name) &&
		    !lam_index_is_replaced(index, e, name, platform))
			return true;
	}
	return false;
}

int lam_index_edit(const char *bytes, size_t len, const struct lam_index_image *image,
		   struct lam_buf *out, struct lam_error *err)
{
	static const char empty[] =
		"{\"schemaVersion\":2,\"mediaType\":\"" LAM_MT_OCI_INDEX
		"\",\"manifests\":[]}";
	LAM_CLEANUP(lam_index_fini) struct lam_index index = { 0 };
	bool tells = image->tells_platform, done = false;
	json_t *images;

	if (lam_index_parse(&index, len ? bytes : empty, len ? len : sizeof empty - 1,
			    "index.json", NULL, err) < 0)
		return err->code;
	tells = tells || has_others(&index, image->ref_name, image->platform);
	images = json_array();
	for (size_t i = 0; i < index.count; i++) {
		const struct lam_index_entry *e = &index.entries[i];
		bool replaced = lam_index_is_replaced(&index, e, image->ref_name,
						      image->platform);

		if (!replaced)
			json_array_append(images, e->descriptor.json);
		else if (!done)
			json_array_append_new(
				images, lam_index_entry_edit(e, image->media_type,
							     image->digest, image->size,
							     tells || e->platform.os
								     ? image->platform
								     : NULL));
		done = done || replaced;
	}
	if (!done)
		json_array_append_new(
			images, lam_index_entry_make(
					image->media_type, image->digest, image->size,
					tells ? image->platform : NULL, image->ref_name));
	json_object_set_new(index.doc.root, "manifests", images);
	return write_doc(index.doc.root, out, err);
}
