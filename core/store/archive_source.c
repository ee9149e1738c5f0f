/* Archives: an OCI layout as a tar, what `docker save` wrote (moby, image/tarexport), or
 * both in one. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/path.h"
#include "store/source_impl.h"

static int find_in_archive(struct lam_source *s, const struct lam_digest *digest,
			   uint64_t size, struct lam_extent_of_file *out,
			   struct lam_error *err)
{
	const char *algorithm = digest->algorithm == LAM_SHA512 ? "sha512" : "sha256";
	char name[LAM_DIGEST_TEXT + 16] = "blobs/", hex[LAM_DIGEST_TEXT];
	const struct lam_member *m;

	memcpy(name + 6, algorithm, 6);
	name[12] = '/';
	lam_digest_hex(digest, hex);
	memcpy(name + 13, hex, strlen(hex) + 1);
	if (lam_archive_find(&s->archive, name, &m, err) < 0)
		return err->code;
	if (!m)
		return lam_fail(
			err, LAM_EREAD,
			"blob %s:%s is missing: the archive is incomplete: save the image again",
			algorithm, hex);
	if (m->size != size)
		return lam_fail(
			err, LAM_EFORMAT,
			"blob %s:%s has %llu bytes, its descriptor says %llu: save the image again",
			algorithm, hex, (unsigned long long)m->size,
			(unsigned long long)size);
	*out = (struct lam_extent_of_file){ .fd = s->archive.fd,
					    .offset = m->offset,
					    .size = m->size };
	return 0;
}

static int read_member(struct lam_source *s, const char *name, size_t max,
		       struct lam_buf *out, bool *out_there, struct lam_error *err)
{
	const struct lam_member *m;

	if (lam_archive_find(&s->archive, name, &m, err) < 0)
		return err->code;
	*out_there = m != NULL;
	return m ? lam_archive_read(&s->archive, m, max, out, err) : 0;
}

/* manifest.json */

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

struct saved { /* one image of manifest.json */
	struct lam_json json;
	const char *name; /* the tag that it was chosen by, or its first, or NULL */
};

static int look_at_tags(struct lam_source *s, const struct lam_json *image,
			const char *wanted, struct saved *out, size_t *matches,
			struct lam_error *err)
{
	struct lam_json tags = lam_json_member(image, "RepoTags");
	const char *first = NULL, *chosen = NULL, *tag;

	for (struct lam_json t = lam_json_first(&tags); t.value; lam_json_step(&t)) {
		if (lam_json_text(&t, &tag, err) < 0 ||
		    lam_source_add_name(s, tag, err) < 0)
			return err->code;
		if (!first)
			first = tag;
		if (wanted && !chosen && same_name(tag, wanted))
			chosen = tag;
	}
	if (wanted && !chosen)
		return 0;
	*out = (struct saved){ *image, chosen ? chosen : first };
	++*matches;
	return 0;
}

static int fail_choice(const struct lam_source *s, const char *wanted, size_t matches,
		       struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf list = LAM_BUF(LAM_ERROR_MAX);

	if (lam_source_list_names(s, &list, err) < 0)
		return err->code;
	if (matches > 1 && wanted)
		return lam_fail(err, LAM_EFORMAT, "has \"%s\" twice", wanted);
	if (wanted)
		return lam_fail(err, LAM_ENOTFOUND, "has no image \"%s\"; there is: %s",
				wanted, list.data);
	return lam_fail(err, LAM_ENOTFOUND, "holds several images; name one of: %s",
			list.data);
}

static int choose_saved(struct lam_source *s, const struct lam_json *root,
			const char *wanted, struct saved *out, struct lam_error *err)
{
	static const char *const keys[] = { "Config", "RepoTags", "Layers", NULL };
	size_t matches = 0;

	if (!json_is_array(root->value))
		return lam_json_fail(root, err, LAM_EFORMAT,
				     "expected an array of images");
	if (json_array_size(root->value) == 0)
		return lam_json_fail(root, err, LAM_ENOTFOUND, "holds no image");
	for (struct lam_json i = lam_json_first(root); i.value; lam_json_step(&i)) {
		if (!json_is_object(i.value))
			return lam_json_fail(&i, err, LAM_EFORMAT, "expected an object");
		if (lam_doc_check_case(&i, keys, err) < 0 ||
		    look_at_tags(s, &i, wanted, out, &matches, err) < 0)
			return err->code;
	}
	return matches == 1 ? 0 : fail_choice(s, wanted, matches, err);
}

/* Loading */

static int member_named(struct lam_source *s, const char *text,
			const struct lam_member **out, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf name = LAM_BUF(SIZE_MAX / 2);
	char shown[LAM_PATH_TEXT];
	bool clamped;

	if (lam_path_clean(text, strlen(text), &name, &clamped, err) < 0 ||
	    lam_archive_find(&s->archive, name.data ? name.data : "", out, err) < 0)
		return err->code;
	if (*out && !clamped)
		return 0;
	return lam_fail(
		err, LAM_EFORMAT,
		"manifest.json names %s, which is not in the archive: save the image again",
		lam_path_text(shown, text, strlen(text), false));
}

static int load_saved_layers(struct lam_source *s, const struct saved *saved,
			     struct lam_error *err)
{
	struct lam_json layers = lam_json_member(&saved->json, "Layers");

	if (!json_is_array(layers.value))
		return lam_json_fail(&saved->json, err, LAM_EFORMAT,
				     "Layers is missing or no array");
	s->image.layers =
		calloc(json_array_size(layers.value) + 1, sizeof *s->image.layers);
	if (!s->image.layers)
		return lam_fail_memory(err);
	for (struct lam_json l = lam_json_first(&layers); l.value; lam_json_step(&l)) {
		struct lam_source_layer *layer = &s->image.layers[s->image.layer_count];
		const struct lam_member *m;
		const char *name;

		if (lam_json_text(&l, &name, err) < 0 ||
		    member_named(s, name, &m, err) < 0)
			return lam_wrap(err, "layer %zu", s->image.layer_count);
		s->image.layer_count++;
		layer->descriptor.size = (int64_t)m->size;
		layer->blob = (struct lam_extent_of_file){ .fd = s->archive.fd,
							   .offset = m->offset,
							   .size = m->size };
	}
	return 0;
}

static int load_saved_config(struct lam_source *s, const struct saved *saved,
			     struct lam_error *err)
{
	const struct lam_member *m;
	const char *name;

	if (lam_json_get_text(&saved->json, "Config", true, &name, err) < 0 ||
	    member_named(s, name, &m, err) < 0 ||
	    lam_archive_read(&s->archive, m, LAM_MAX_CONFIG, &s->image.config, err) < 0)
		return err->code;
	return lam_digest_of(&s->image.config_digest, LAM_SHA256, s->image.config.data,
			     s->image.config.len, err);
}

/* Archives that are both: the layout knows more, and must be about the same image. */
static int load_from_layout(struct lam_source *s, bool *out_found, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf index = LAM_BUF(LAM_MAX_INDEX);
	struct lam_digest config = s->image.config_digest;
	bool there = false, any = false;

	*out_found = false;
	if (read_member(s, "index.json", LAM_MAX_INDEX, &index, &there, err) < 0 ||
	    !there)
		return there ? err->code : 0;
	if (lam_source_choose_config(s, index.data, index.len, &config, &any, out_found,
				     err) < 0)
		return err->code;
	/* an image that was saved by its id stands in no index */
	if (*out_found || !any)
		return 0;
	return lam_fail(
		err, LAM_EFORMAT,
		"index.json and manifest.json are about different images: save the image "
		"again");
}

static int load_saved(struct lam_source *s, const char *wanted,
		      const struct lam_buf *bytes, bool has_layout, struct lam_error *err)
{
	LAM_CLEANUP(lam_doc_fini) struct lam_doc doc = { 0 };
	struct saved saved = { 0 };
	struct lam_json root;
	bool found = false;
	int code;

	if (lam_doc_parse(&doc, bytes->data, bytes->len, LAM_MAX_INDEX, "manifest.json",
			  err) < 0)
		return err->code;
	root = lam_json_root(doc.root, "manifest.json");
	code = choose_saved(s, &root, wanted, &saved, err);
	if (code == 0)
		code = load_saved_config(s, &saved, err);
	if (code == 0 && has_layout)
		code = load_from_layout(s, &found, err);
	if (code == 0 && !found)
		code = load_saved_layers(s, &saved, err);
	if (code == 0 && saved.name) {
		s->image.name = lam_arena_copy(&s->arena, saved.name, strlen(saved.name));
		code = s->image.name ? 0 : lam_fail_memory(err);
	}
	return code;
}

int lam_source_open_archive(struct lam_source *s, const struct lam_reference *reference,
			    const struct lam_source_options *options,
			    struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf layout = LAM_BUF(LAM_MAX_OCI_LAYOUT);
	LAM_CLEANUP(lam_buf_fini) struct lam_buf index = LAM_BUF(LAM_MAX_INDEX);
	LAM_CLEANUP(lam_buf_fini) struct lam_buf saved = LAM_BUF(LAM_MAX_INDEX);
	bool has_layout, has_index = false, has_saved = false;

	s->find_blob = find_in_archive;
	if (lam_archive_open(&s->archive, s->path, options->temporary, options->progress,
			     err) < 0 ||
	    read_member(s, "oci-layout", LAM_MAX_OCI_LAYOUT, &layout, &has_layout, err) <
		    0 ||
	    read_member(s, "manifest.json", LAM_MAX_INDEX, &saved, &has_saved, err) < 0 ||
	    read_member(s, "index.json", LAM_MAX_INDEX, &index, &has_index, err) < 0)
		return err->code;
	if (has_layout &&
	    lam_source_check_layout(layout.data, layout.len, s->shown, err) < 0)
		return err->code;
	has_layout = has_layout && has_index;
	if (has_saved &&
	    (!has_layout || reference->transport != LAM_OCI_ARCHIVE || !reference->name))
		return load_saved(s, reference->name, &saved, has_layout, err);
	if (has_layout)
		return lam_source_choose(s, index.data, index.len, reference->name, err);
	return lam_fail(
		err, LAM_EFORMAT,
		"has neither index.json nor manifest.json: it is no image archive, or one that "
		"a Docker older than 1.10 wrote: load and save it with a newer one");
}
