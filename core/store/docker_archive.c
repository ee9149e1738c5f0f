/* What `docker save` writes: manifest.json (moby, image/tarexport) beside an OCI layout,
 * as Docker 25 does, or alone. */
#include "store/docker_archive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/path.h"
#include "base/text.h"

/* Choosing in manifest.json */

struct choosing {
	struct lam_source *source;
	const char *wanted;     /* a name, "@N", "@sha256:..." of a config, or NULL */
	struct lam_json image;  /* the first one that matches */
	const char *name;       /* the tag that it was chosen by, or its first, or NULL */
	size_t matches, others; /* and those of another platform */
	char other_text[3][64]; /* of that */
};

static const char *config_of(const struct lam_json *image)
{
	const char *name = json_string_value(json_object_get(image->value, "Config"));

	return name ? name : "";
}

/* By its number, or by the digits of its config's digest, which Docker names that by. */
static bool is_addressed(const struct choosing *c, const struct lam_json *image)
{
	const char *text = c->wanted + 1;

	if (lam_text_behind(text, "sha256:"))
		return strlen(text) == 71 && strstr(config_of(image), text + 7);
	return *text && strspn(text, "0123456789") == strlen(text) &&
	       strtoul(text, NULL, 10) == image->index;
}

static bool has_tag(const struct lam_json *image, const char *tag)
{
	const struct lam_json tags = lam_json_member(image, "RepoTags");

	for (struct lam_json t = lam_json_first(&tags); t.value; lam_json_step(&t)) {
		const char *text = json_string_value(t.value);

		if (text && strcmp(text, tag) == 0)
			return true;
	}
	return false;
}

/* No other image has the tag. */
static bool is_alone(const struct lam_json *root, const struct lam_json *image,
		     const char *tag)
{
	for (struct lam_json i = lam_json_first(root); i.value; lam_json_step(&i)) {
		if (i.index != image->index &&
		    strcmp(config_of(&i), config_of(image)) != 0 && has_tag(&i, tag))
			return false;
	}
	return true;
}

/* What each image can be asked for by, for messages. */
static void list_labels(const struct lam_json *root, struct lam_buf *out)
{
	char shown[LAM_PATH_TEXT];

	for (struct lam_json i = lam_json_first(root); i.value && out->len < 2000;
	     lam_json_step(&i)) {
		const struct lam_json tags = lam_json_member(&i, "RepoTags");
		bool any = false;

		for (struct lam_json t = lam_json_first(&tags); t.value;
		     lam_json_step(&t)) {
			const char *tag = json_string_value(t.value);

			if (!tag || strcmp(tag, "<none>:<none>") == 0 ||
			    !is_alone(root, &i, tag))
				continue;
			any = true;
			lam_text_printf(out, "%s%s", out->len ? ", " : "",
					lam_path_text(shown, tag, strlen(tag), false));
		}
		if (!any)
			lam_text_printf(out, "%s@%zu", out->len ? ", " : "", i.index);
	}
}

/* The first of its tags, and the one that is asked for. */
static int look_at_tags(struct choosing *c, const struct lam_json *image,
			const char **out_first, const char **out_chosen,
			struct lam_error *err)
{
	const struct lam_json tags = lam_json_member(image, "RepoTags");
	const char *tag;

	*out_first = *out_chosen = NULL;
	for (struct lam_json t = lam_json_first(&tags); t.value; lam_json_step(&t)) {
		if (lam_json_text(&t, &tag, err) < 0)
			return err->code;
		if (strcmp(tag, "<none>:<none>") == 0)
			continue;
		lam_source_add_name(c->source, tag);
		if (!*out_first)
			*out_first = tag;
		if (c->wanted && !*out_chosen && lam_is_same_name(tag, c->wanted))
			*out_chosen = tag;
	}
	return 0;
}

static int read_config(const struct choosing *c, const struct lam_json *image,
		       struct lam_buf *out, struct lam_error *err);

/* Whether the image is of the platform that is asked for. */
static int look_at_platform(struct choosing *c, const struct lam_json *image, bool *out,
			    struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf bytes = LAM_BUF(LAM_MAX_CONFIG);
	LAM_CLEANUP(lam_config_fini) struct lam_config config = { 0 };
	const char *parts[3];

	*out = true;
	if (!c->source->wanted.os)
		return 0;
	if (read_config(c, image, &bytes, err) < 0 ||
	    lam_config_parse(&config, bytes.data, bytes.len, "config", err) < 0)
		return err->code;
	*out = lam_source_takes(c->source, &config.platform);
	if (*out)
		return 0;
	parts[0] = config.platform.os;
	parts[1] = config.platform.architecture;
	parts[2] = config.platform.variant;
	for (size_t i = 0; i < 3; i++)
		snprintf(c->other_text[i], sizeof c->other_text[i], "%s%s",
			 i == 2 && parts[i] ? "/" : "", parts[i] ? parts[i] : "");
	c->others++;
	return 0;
}

static int look_at_image(struct choosing *c, const struct lam_json *image,
			 struct lam_error *err)
{
	static const char *const fields[] = { "tConfig", "lRepoTags", "lLayers", NULL };
	const char *first, *chosen;
	bool right;

	if (!json_is_object(image->value))
		return lam_json_fail(image, err, LAM_EFORMAT, "expected an object");
	if (lam_doc_check_fields(image, fields, err) < 0 ||
	    look_at_tags(c, image, &first, &chosen, err) < 0)
		return err->code;
	if (c->wanted && !(c->wanted[0] == '@' ? is_addressed(c, image) : chosen != NULL))
		return 0;
	if (look_at_platform(c, image, &right, err) < 0)
		return err->code;
	/* one image may stand there under several names */
	if (!right || (c->matches && strcmp(config_of(&c->image), config_of(image)) == 0))
		return 0;
	if (c->matches++ == 0) {
		c->image = *image;
		c->name = chosen ? chosen : first;
	}
	return 0;
}

static int choose(struct choosing *c, const struct lam_json *root, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf labels = LAM_TEXT;

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
	list_labels(root, &labels);
	if (c->matches > 1 && c->wanted)
		return lam_fail(err, LAM_EFORMAT, "has \"%s\" twice: name one of: %s",
				c->wanted, labels.data);
	if (c->matches == 0 && c->others)
		return lam_fail(err, LAM_ENOTFOUND,
				"has no image for %s/%s; --platform takes one of: "
				"%s/%s%s",
				c->source->wanted.os, c->source->wanted.architecture,
				c->other_text[0], c->other_text[1], c->other_text[2]);
	if (c->wanted)
		return lam_fail(err, LAM_ENOTFOUND, "has no image \"%s\"; there is: %s",
				c->wanted, labels.data);
	return lam_fail(err, LAM_ENOTFOUND, "holds several images; name one of: %s",
			labels.data);
}

/* Loading */

static int member_named(const struct lam_source *s, const char *text,
			const struct lam_member **out, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf name = LAM_BUF(SIZE_MAX / 2);
	char shown[LAM_PATH_TEXT];
	bool clamped;

	if (!text[0])
		return lam_fail(err, LAM_EFORMAT,
				"manifest.json names a file \"\": save the image again");
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

static int read_config(const struct choosing *c, const struct lam_json *image,
		       struct lam_buf *out, struct lam_error *err)
{
	const struct lam_member *m;
	const char *name;

	if (lam_json_get_text(image, "Config", true, &name, err) < 0 ||
	    member_named(c->source, name, &m, err) < 0)
		return err->code;
	return lam_archive_read(c->source, m, out, err);
}

static int load_config(const struct choosing *c, struct lam_error *err)
{
	struct lam_source_image *into = &c->source->image;

	if (read_config(c, &c->image, &into->config, err) < 0)
		return err->code;
	into->config_digest =
		lam_digest_of(LAM_SHA256, into->config.data, into->config.len);
	return 0;
}

/* Archives that are both: the layout knows more, and must be about the same image. */
static int load_from_layout(struct lam_source *s, const struct lam_buf *index,
			    bool *out_found, struct lam_error *err)
{
	bool any;

	if (lam_source_choose_config(s, index, &s->image.config, &any, out_found, err) <
	    0)
		return err->code;
	/* an image that was saved by its id stands in no index */
	if (*out_found || !any)
		return 0;
	return lam_fail(
		err, LAM_EFORMAT,
		"index.json and manifest.json are about different images: save the image "
		"again");
}

/* Docker 25.0.0 wrote manifests without their layers; manifest.json has them. */
static bool is_cut(const struct choosing *c)
{
	struct lam_json layers = lam_json_member(&c->image, "Layers");

	return c->source->image.layer_count == 0 && json_array_size(layers.value) > 0;
}

static void drop_manifest(struct lam_source_image *image)
{
	lam_buf_clear(&image->manifest);
	image->manifest_digest = (struct lam_digest){ .algorithm = LAM_ALGORITHM_NONE };
	image->manifest_media_type = NULL;
	free(LAM_STEAL(image->layers));
}

int lam_docker_archive_choose(struct lam_source *s, const char *name,
			      const struct lam_archive_documents *d,
			      struct lam_error *err)
{
	LAM_CLEANUP(lam_doc_fini) struct lam_doc doc = { 0 };
	struct choosing c = { .source = s, .wanted = name };
	struct lam_json root;
	bool found = false;

	/* manifest.json knows no manifests and no platforms */
	if ((s->set || s->only.algorithm != LAM_ALGORITHM_NONE) && d->has_index)
		return lam_source_choose(s, &d->index, name, err);
	if (s->set)
		return lam_fail(err, LAM_EUSAGE,
				"is an archive of one platform: name that one, or none");
	if (lam_doc_parse(&doc, d->saved.data, d->saved.len, LAM_MAX_INDEX,
			  "manifest.json", err) < 0)
		return err->code;
	root = lam_json_root(doc.root, "manifest.json");
	if (choose(&c, &root, err) < 0 || load_config(&c, err) < 0 ||
	    (d->has_index && load_from_layout(s, &d->index, &found, err) < 0))
		return err->code;
	if (found && is_cut(&c)) {
		drop_manifest(&s->image);
		found = false;
	}
	if (!found && load_layers(&c, err) < 0)
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

/* As Docker shows a name that it has normalised. */
static const char *familiar(const char *name)
{
	const char *path = lam_text_behind(name, "docker.io/"),
		   *alone = path ? lam_text_behind(path, "library/") : NULL;

	return alone ? alone : path ? path : name;
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
		name ? json_pack("[s]", familiar(name)) : json_null(), "Layers", layers);

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

int lam_docker_archive_documents(const struct lam_sink_image *image, const char *name,
				 struct lam_buf *out_index, struct lam_buf *out_saved,
				 struct lam_error *err)
{
	return make_index(image, name, out_index, err) < 0 ||
			       make_saved(image, name, out_saved, err) < 0
		       ? err->code
		       : 0;
}

static int publish(struct lam_sink *sink, const struct lam_sink_image *image,
		   struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf index = LAM_TEXT;
	LAM_CLEANUP(lam_buf_fini) struct lam_buf saved = LAM_TEXT;
	LAM_CLEANUP(lam_free_ptr)
	char *name =
		sink->reference->name ? lam_docker_name(sink->reference->name) : NULL;

	if (lam_docker_archive_documents(image, name, &index, &saved, err) < 0)
		return err->code;
	return lam_archive_publish(sink, image, &index, &saved, err);
}

const struct lam_store lam_store_docker_archive = {
	.prefix = "docker-archive:",
	.syntax = "FILE[:NAME:TAG]",
	.first_colon = true,
	.docker = true,
	.partial = true,
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
