/* What `docker save` writes: manifest.json (moby, image/tarexport) beside an OCI layout,
 * as Docker 25 does, or alone. */
#include "store/docker_archive.h"

#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/path.h"

/* Choosing in manifest.json */

struct choosing {
	struct lam_source *source;
	const char *wanted;    /* a name, or NULL */
	struct lam_json image; /* the last one that matches */
	const char *name;      /* the tag that it was chosen by, or its first, or NULL */
	size_t matches;
};

/* Without a tag it is latest; Docker's own images may be given without what its names
 * begin with. */
static bool same_name(const char *have, const char *want)
{
	static const char library[] = "/library/";
	const char *front = strstr(have, library), *slash = strrchr(want, '/');
	bool tagged = strchr(slash ? slash : want, ':') != NULL;
	size_t len = strlen(want);

	if (front && !slash)
		have = front + sizeof library - 1;
	if (tagged || strcmp(have, want) == 0)
		return strcmp(have, want) == 0;
	return strncmp(have, want, len) == 0 && strcmp(have + len, ":latest") == 0;
}

static int look_at_image(struct choosing *c, const struct lam_json *image,
			 struct lam_error *err)
{
	static const char *const keys[] = { "Config", "RepoTags", "Layers", NULL };
	const char *first = NULL, *chosen = NULL, *tag;
	struct lam_json tags;

	if (!json_is_object(image->value))
		return lam_json_fail(image, err, LAM_EFORMAT, "expected an object");
	if (lam_doc_check_case(image, keys, err) < 0)
		return err->code;
	tags = lam_json_member(image, "RepoTags");
	for (struct lam_json t = lam_json_first(&tags); t.value; lam_json_step(&t)) {
		if (lam_json_text(&t, &tag, err) < 0)
			return err->code;
		lam_source_add_name(c->source, tag);
		if (!first)
			first = tag;
		if (c->wanted && !chosen && same_name(tag, c->wanted))
			chosen = tag;
	}
	if (c->wanted && !chosen)
		return 0;
	c->image = *image;
	c->name = chosen ? chosen : first;
	c->matches++;
	return 0;
}

static int choose(struct choosing *c, const struct lam_json *root, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf list = LAM_TEXT;

	if (!json_is_array(root->value))
		return lam_json_fail(root, err, LAM_EFORMAT,
				     "expected an array of images");
	if (json_array_size(root->value) == 0)
		return lam_json_fail(root, err, LAM_ENOTFOUND, "holds no image");
	for (struct lam_json i = lam_json_first(root); i.value; lam_json_step(&i)) {
		if (look_at_image(c, &i, err) < 0)
			return err->code;
	}
	if (c->matches == 1)
		return 0;
	lam_source_list_names(c->source, &list);
	if (c->matches > 1 && c->wanted)
		return lam_fail(err, LAM_EFORMAT, "has \"%s\" twice", c->wanted);
	if (c->wanted)
		return lam_fail(err, LAM_ENOTFOUND, "has no image \"%s\"; there is: %s",
				c->wanted, list.data);
	return lam_fail(err, LAM_ENOTFOUND, "holds several images; name one of: %s",
			list.data);
}

/* Loading */

static int member_named(const struct lam_source *s, const char *text,
			const struct lam_member **out, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf name = LAM_BUF(SIZE_MAX / 2);
	char shown[LAM_PATH_TEXT];
	bool clamped;

	if (lam_path_clean(text, strlen(text), &name, &clamped, err) < 0 ||
	    lam_archive_find(s, name.data ? name.data : "", out, err) < 0)
		return err->code;
	if (*out && !clamped)
		return 0;
	return lam_fail(
		err, LAM_EFORMAT,
		"manifest.json names %s, which is not in the archive: save the image again",
		lam_path_text(shown, text, strlen(text), false));
}

static int load_layers(const struct choosing *c, struct lam_error *err)
{
	struct lam_source_image *into = &c->source->image;
	struct lam_json layers = lam_json_member(&c->image, "Layers");

	if (!json_is_array(layers.value))
		return lam_json_fail(&c->image, err, LAM_EFORMAT,
				     "Layers is missing or no array");
	into->layers =
		lam_xcalloc(json_array_size(layers.value) + 1, sizeof *into->layers);
	for (struct lam_json l = lam_json_first(&layers); l.value; lam_json_step(&l)) {
		struct lam_source_layer *layer = &into->layers[into->layer_count];
		const struct lam_member *m;
		const char *name;

		if (lam_json_text(&l, &name, err) < 0 ||
		    member_named(c->source, name, &m, err) < 0)
			return lam_wrap(err, "layer %zu", into->layer_count);
		into->layer_count++;
		layer->descriptor.size = (int64_t)m->size;
		layer->where = m;
	}
	return 0;
}

static int load_config(const struct choosing *c, struct lam_error *err)
{
	struct lam_source_image *into = &c->source->image;
	const struct lam_member *m;
	const char *name;

	if (lam_json_get_text(&c->image, "Config", true, &name, err) < 0 ||
	    member_named(c->source, name, &m, err) < 0 ||
	    lam_archive_read(c->source, m, &into->config, err) < 0)
		return err->code;
	into->config_digest =
		lam_digest_of(LAM_SHA256, into->config.data, into->config.len);
	return 0;
}

/* Archives that are both: the layout knows more, and must be about the same image. */
static int load_from_layout(struct lam_source *s, const struct lam_buf *index,
			    bool *out_found, struct lam_error *err)
{
	const struct lam_digest config = s->image.config_digest;
	bool any;

	if (lam_source_choose_config(s, index, &config, &any, out_found, err) < 0)
		return err->code;
	/* an image that was saved by its id stands in no index */
	if (*out_found || !any)
		return 0;
	return lam_fail(
		err, LAM_EFORMAT,
		"index.json and manifest.json are about different images: save the image "
		"again");
}

int lam_docker_archive_choose(struct lam_source *s, const char *name,
			      const struct lam_archive_documents *d,
			      struct lam_error *err)
{
	LAM_CLEANUP(lam_doc_fini) struct lam_doc doc = { 0 };
	struct choosing c = { .source = s, .wanted = name };
	struct lam_json root;
	bool found = false;

	if (lam_doc_parse(&doc, d->saved.data, d->saved.len, LAM_MAX_INDEX,
			  "manifest.json", err) < 0)
		return err->code;
	root = lam_json_root(doc.root, "manifest.json");
	if (choose(&c, &root, err) < 0 || load_config(&c, err) < 0 ||
	    (d->has_index && load_from_layout(s, &d->index, &found, err) < 0) ||
	    (!found && load_layers(&c, err) < 0))
		return err->code;
	if (c.name)
		s->image.name = lam_xstrdup(c.name);
	return 0;
}

static int open_source(struct lam_source *s, const struct lam_reference *reference,
		       const struct lam_source_options *options, struct lam_error *err)
{
	LAM_CLEANUP(lam_archive_documents_fini) struct lam_archive_documents d = { 0 };

	if (lam_archive_open(s, reference, options, &d, err) < 0)
		return err->code;
	return d.has_saved ? lam_docker_archive_choose(s, reference->name, &d, err)
			   : lam_source_choose(s, &d.index, reference->name, err);
}

/* Writing */

/* "app" is "app:latest"; NULL where there is no name. */
static char *full_name(const struct lam_sink *sink)
{
	const char *name = sink->reference->name, *slash = name ? strrchr(name, '/') : "";

	if (!name)
		return NULL;
	return lam_xprintf("%s%s", name,
			   strchr(slash ? slash : name, ':') ? "" : ":latest");
}

static json_t *blob_path(const struct lam_digest *digest)
{
	char name[LAM_BLOB_NAME];

	return json_string(lam_blob_name(digest, name));
}

static int make_saved(const struct lam_sink_image *image, const char *name,
		      struct lam_buf *out, struct lam_error *err)
{
	json_t *layers = json_array();
	json_auto_t *saved = json_pack(
		"[{s:o, s:o, s:o}]", "Config", blob_path(&image->config), "RepoTags",
		name ? json_pack("[s]", name) : json_null(), "Layers", layers);

	for (size_t i = 0; i < image->layer_count; i++)
		json_array_append_new(layers, blob_path(&image->layers[i]));
	return lam_json_dump(saved, JSON_COMPACT, out, err);
}

/* As Docker names images in an index: the tag, and the whole name. */
static int make_index(const struct lam_sink_image *image, const char *name,
		      struct lam_buf *out, struct lam_error *err)
{
	char digest[LAM_DIGEST_TEXT];
	json_t *names = name ? json_pack("{s:s, s:s}", "io.containerd.image.name", name,
					 LAM_REF_NAME, strrchr(name, ':') + 1)
			     : NULL;
	json_auto_t *index = json_pack(
		"{s:i, s:s, s:[{s:s, s:s, s:I, s:o*}]}", "schemaVersion", 2, "mediaType",
		LAM_MT_OCI_INDEX, "manifests", "mediaType", image->media_type, "digest",
		lam_digest_format(&image->manifest, digest), "size",
		(json_int_t)image->manifest_size, "annotations", names);

	return lam_json_dump(index, JSON_COMPACT, out, err);
}

static int publish(struct lam_sink *sink, const struct lam_sink_image *image,
		   struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf index = LAM_TEXT;
	LAM_CLEANUP(lam_buf_fini) struct lam_buf saved = LAM_TEXT;
	LAM_CLEANUP(lam_free_ptr) char *name = full_name(sink);

	if (make_index(image, name, &index, err) < 0 ||
	    make_saved(image, name, &saved, err) < 0)
		return err->code;
	return lam_archive_publish(sink, image, &index, &saved, err);
}

const struct lam_store lam_store_docker_archive = {
	.prefix = "docker-archive:",
	.syntax = "FILE[:NAME:TAG]",
	.first_colon = true,
	.is_at = lam_archive_is_at,
	.check_name = lam_check_docker_name,
	.open = open_source,
	.close = lam_archive_close,
	.find_blob = lam_archive_find_blob,
	.open_blob = lam_archive_open_blob,
	.open_sink = lam_archive_open_sink,
	.keep_layer = lam_sink_keep_later,
	.publish = publish,
	.replaces = lam_archive_replaces,
};
