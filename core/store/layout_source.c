/* OCI layouts (image-spec, image-layout.md): in a folder, or as the members of an
 * archive. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/path.h"
#include "store/source_impl.h"

/* Platforms, as containerd normalises them */

static const char *normal_os(const char *os)
{
	return os && strcmp(os, "macos") == 0 ? "darwin" : os;
}

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

	p->os = normal_os(p->os);
	for (size_t i = 0; p->architecture && i < sizeof names / sizeof *names; i++) {
		if (strcmp(p->architecture, names[i][0]) == 0)
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

static int list_platforms(const struct lam_index *index, struct lam_buf *out,
			  struct lam_error *err)
{
	for (size_t i = 0; i < index->count; i++) {
		const struct lam_platform *p = &index->entries[i].platform;
		char text[LAM_PATH_TEXT];

		if (index->entries[i].attestation || !p->os || !p->architecture)
			continue;
		if (lam_buf_printf(out, err, "%s%.60s/%.60s", out->len ? ", " : "", p->os,
				   p->architecture) < 0 ||
		    (p->variant && lam_buf_printf(out, err, "/%.60s", p->variant) < 0))
			return err->code;
		(void)text;
	}
	return out->len ? 0
			: lam_buf_append_text(out, "none that says its platform", err);
}

/* Choosing in indexes */

static struct lam_platform wanted(const struct lam_source *s, struct utsname *machine)
{
	struct lam_platform p = s->wanted;

	if (!p.os) {
		uname(machine);
		p = (struct lam_platform){ "linux", machine->machine, NULL };
	}
	normalise(&p);
	return p;
}

/* The one image of an index, or the one for the platform; of another variant only where
 * none was asked for. */
static int pick_platform(struct lam_source *s, const struct lam_index *index,
			 const struct lam_index_entry **out, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf list = LAM_BUF(LAM_ERROR_MAX);
	struct utsname machine;
	struct lam_platform want = wanted(s, &machine);
	const struct lam_index_entry *only = NULL;
	size_t images = 0;

	*out = NULL;
	for (size_t i = 0; i < index->count; i++) {
		if (lam_index_entry_is_image(&index->entries[i])) {
			only = &index->entries[i];
			images++;
		}
	}
	if (images == 0)
		return lam_fail(err, LAM_ENOTFOUND, "holds no image");
	if (images == 1 && !s->wanted.os) {
		*out = only;
		return 0;
	}
	for (int exactly = 1; exactly >= (s->wanted.variant != NULL) && !*out;
	     exactly--) {
		for (size_t i = 0; i < index->count && !*out; i++) {
			if (lam_index_entry_is_image(&index->entries[i]) &&
			    fits(index->entries[i].platform, want, exactly))
				*out = &index->entries[i];
		}
	}
	if (!*out && images == 1 && !only->platform.os)
		*out = only; /* it does not say: its config will */
	if (*out)
		return 0;
	if (list_platforms(index, &list, err) < 0)
		return err->code;
	return lam_fail(err, LAM_ENOTFOUND,
			"has no image for %s/%s%s%s; --platform takes one of: %s",
			want.os, want.architecture, want.variant ? "/" : "",
			want.variant ? want.variant : "", list.data);
}

static int fail_tag(const struct lam_source *s, const char *tag, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf list = LAM_BUF(LAM_ERROR_MAX);

	if (lam_source_list_names(s, &list, err) < 0)
		return err->code;
	if (!tag)
		return lam_fail(err, LAM_ENOTFOUND,
				"holds several images; name one of: %s", list.data);
	return lam_fail(err, LAM_ENOTFOUND, "has no tag \"%s\"; there is: %s", tag,
			list.data);
}

static int pick_tag(struct lam_source *s, const struct lam_index *index, const char *tag,
		    const struct lam_index_entry **out, struct lam_error *err)
{
	char a[LAM_DIGEST_TEXT], b[LAM_DIGEST_TEXT];
	size_t images = 0, named = 0;

	*out = NULL;
	for (size_t i = 0; i < index->count; i++) {
		const struct lam_index_entry *e = &index->entries[i];

		images += lam_index_entry_is_image(e);
		named += lam_index_entry_is_image(e) && e->ref_name;
		if (tag ? !e->ref_name || strcmp(e->ref_name, tag) != 0
			: !lam_index_entry_is_image(e))
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

static int load_layers(struct lam_source *s, const struct lam_manifest *m,
		       struct lam_error *err)
{
	s->image.layers = calloc(m->layer_count + 1, sizeof *s->image.layers);
	if (!s->image.layers)
		return lam_fail_memory(err);
	s->image.layer_count = m->layer_count;
	for (size_t i = 0; i < m->layer_count; i++) {
		struct lam_source_layer *layer = &s->image.layers[i];

		layer->descriptor = m->layers[i];
		layer->descriptor.json = NULL;
		layer->descriptor.media_type =
			lam_arena_copy(&s->arena, m->layers[i].media_type,
				       strlen(m->layers[i].media_type));
		if (!layer->descriptor.media_type)
			return lam_fail_memory(err);
		layer->blob.fd = -1;
		if (s->find_blob(s, &m->layers[i].digest, (uint64_t)m->layers[i].size,
				 &layer->blob, err) == 0)
			continue;
		if (lam_layer_type(m->layers[i].media_type).kind != LAM_LAYER_FOREIGN)
			return lam_wrap(err, "layer %zu", i);
		layer->blob = (struct lam_extent_of_file){
			.fd = -1, .size = (uint64_t)m->layers[i].size
		};
	}
	return 0;
}

static int load_manifest(struct lam_source *s, const struct lam_descriptor *d,
			 struct lam_error *err)
{
	char name[LAM_DIGEST_TEXT + 16];
	struct lam_manifest m;
	int code;

	memcpy(name, "manifest ", 9);
	lam_digest_format(&d->digest, name + 9);
	if (lam_source_read_blob(s, d, LAM_MAX_MANIFEST, &s->image.manifest, err) < 0)
		return lam_wrap(err, "the manifest");
	if (lam_manifest_parse(&m, s->image.manifest.data, s->image.manifest.len, name,
			       d->media_type, err) < 0)
		return err->code;
	s->image.manifest_digest = d->digest;
	s->image.manifest_media_type =
		m.docker ? LAM_MT_DOCKER_MANIFEST : LAM_MT_OCI_MANIFEST;
	s->image.config_digest = m.config.digest;
	code = lam_source_read_blob(s, &m.config, LAM_MAX_CONFIG, &s->image.config, err);
	if (code < 0)
		code = lam_wrap(err, "the config");
	else
		code = load_layers(s, &m, err);
	lam_manifest_fini(&m);
	return code;
}

/* Follows indexes to a manifest. */
static int load(struct lam_source *s, struct lam_descriptor d, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf bytes = LAM_BUF(LAM_MAX_INDEX);
	struct lam_index index = { 0 };
	int code = 0;

	for (int depth = 0; code == 0 && lam_descriptor_is_index(&d); depth++) {
		const struct lam_index_entry *entry;
		struct lam_index inner;
		char name[LAM_DIGEST_TEXT + 16];

		if (depth == LAM_MAX_INDEX_DEPTH) {
			code = lam_fail(err, LAM_EFORMAT,
					"indexes in indexes, deeper than %d",
					LAM_MAX_INDEX_DEPTH);
			break;
		}
		memcpy(name, "index ", 6);
		lam_digest_format(&d.digest, name + 6);
		code = lam_source_read_blob(s, &d, LAM_MAX_INDEX, &bytes, err);
		if (code == 0)
			code = lam_index_parse(&inner, bytes.data, bytes.len, name,
					       d.media_type, err);
		if (code < 0)
			break;
		lam_index_fini(&index);
		index = inner;
		code = pick_platform(s, &index, &entry, err);
		if (code == 0)
			d = entry->descriptor;
	}
	if (code == 0)
		code = load_manifest(s, &d, err);
	lam_index_fini(&index);
	return code;
}

static int add_names(struct lam_source *s, const struct lam_index *index,
		     struct lam_error *err)
{
	for (size_t i = 0; i < index->count; i++) {
		if (index->entries[i].ref_name &&
		    lam_source_add_name(s, index->entries[i].ref_name, err) < 0)
			return err->code;
	}
	return 0;
}

int lam_source_choose(struct lam_source *s, const char *bytes, size_t len,
		      const char *tag, struct lam_error *err)
{
	const struct lam_index_entry *entry;
	struct lam_index index;
	int code;

	if (lam_index_parse(&index, bytes, len, "index.json", NULL, err) < 0)
		return err->code;
	code = add_names(s, &index, err);
	if (code == 0)
		code = pick_tag(s, &index, tag, &entry, err);
	if (code == 0 && entry->ref_name) {
		s->image.name = lam_arena_copy(&s->arena, entry->ref_name,
					       strlen(entry->ref_name));
		code = s->image.name ? 0 : lam_fail_memory(err);
	}
	if (code == 0 && !lam_index_entry_is_image(entry)) {
		char text[LAM_PATH_TEXT];

		code = lam_fail(err, LAM_EFORMAT, "media type %s is not one of an image",
				lam_path_text(text, entry->descriptor.media_type,
					      strlen(entry->descriptor.media_type),
					      false));
	}
	if (code == 0)
		code = load(s, entry->descriptor, err);
	lam_index_fini(&index);
	return code;
}

/* Whether a manifest's config is the one; errors mean no. */
static bool has_config(struct lam_source *s, const struct lam_descriptor *d,
		       const struct lam_digest *config)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf bytes = LAM_BUF(LAM_MAX_MANIFEST);
	struct lam_manifest m;
	struct lam_error err;
	bool found;

	if (lam_source_read_blob(s, d, LAM_MAX_MANIFEST, &bytes, &err) < 0 ||
	    lam_manifest_parse(&m, bytes.data, bytes.len, "manifest", d->media_type,
			       &err) < 0)
		return false;
	found = lam_digest_equal(&m.config.digest, config);
	lam_manifest_fini(&m);
	return found;
}

int lam_source_choose_config(struct lam_source *s, const char *bytes, size_t len,
			     const struct lam_digest *config, bool *out_any,
			     bool *out_found, struct lam_error *err)
{
	struct lam_index index;
	int code = 0;

	*out_any = *out_found = false;
	if (lam_index_parse(&index, bytes, len, "index.json", NULL, err) < 0)
		return err->code;
	for (size_t i = 0; i < index.count && !*out_found && code == 0; i++) {
		const struct lam_index_entry *e = &index.entries[i];

		if (!lam_index_entry_is_image(e))
			continue;
		*out_any = true;
		*out_found = lam_descriptor_is_index(&e->descriptor) ||
			     has_config(s, &e->descriptor, config);
		if (!*out_found)
			continue;
		code = load(s, e->descriptor, err);
		if (code == 0 && !lam_digest_equal(&s->image.config_digest, config))
			*out_found = false;
	}
	lam_index_fini(&index);
	return code;
}

int lam_source_check_layout(const char *bytes, size_t len, const char *shown,
			    struct lam_error *err)
{
	LAM_CLEANUP(lam_doc_fini) struct lam_doc doc = { 0 };
	struct lam_json root;
	const char *version;

	(void)shown;
	if (lam_doc_parse(&doc, bytes, len, LAM_MAX_OCI_LAYOUT, "oci-layout", err) < 0)
		return err->code;
	root = lam_json_root(doc.root, "oci-layout");
	if (!json_is_object(root.value))
		return lam_json_fail(&root, err, LAM_EFORMAT, "expected an object");
	if (lam_json_get_text(&root, "imageLayoutVersion", true, &version, err) < 0)
		return err->code;
	return strncmp(version, "1.", 2) == 0
		       ? 0
		       : lam_json_fail(&root, err, LAM_EFORMAT,
				       "layout version %.40s is not known: 1.0.0 is",
				       version);
}

/* Folders */

static int open_dir(int at, const char *name)
{
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int find_in_folder(struct lam_source *s, const struct lam_digest *digest,
			  uint64_t size, struct lam_extent_of_file *out,
			  struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf path = LAM_BUF(SIZE_MAX / 2);
	const char *algorithm = digest->algorithm == LAM_SHA512 ? "sha512" : "sha256";
	char hex[LAM_DIGEST_TEXT];
	int blobs = open_dir(s->dir, "blobs"),
	    in = blobs < 0 ? -1 : open_dir(blobs, algorithm), problem = errno;
	struct stat st;
	int code = 0;

	lam_digest_hex(digest, hex);
	if (in < 0)
		code = lam_fail_errno(err, LAM_EREAD, problem, "blobs/%s", algorithm);
	else if (fstatat(in, hex, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		code = lam_fail(
			err, LAM_EREAD,
			"blob %s:%s is missing: the layout is incomplete: copy the image again",
			algorithm, hex);
	else if (fstatat(in, hex, &st, AT_SYMLINK_NOFOLLOW) < 0)
		code = lam_fail_errno(err, LAM_EREAD, errno, "blob %s:%s", algorithm,
				      hex);
	else if (!S_ISREG(st.st_mode))
		code = lam_fail(err, LAM_EREAD, "blob %s:%s is no regular file",
				algorithm, hex);
	else if ((uint64_t)st.st_size != size)
		code = lam_fail(
			err, LAM_EFORMAT,
			"blob %s:%s has %lld bytes, its descriptor says %llu: copy the image again",
			algorithm, hex, (long long)st.st_size, (unsigned long long)size);
	if (in >= 0)
		close(in);
	if (blobs >= 0)
		close(blobs);
	if (code == 0)
		code = lam_buf_printf(&path, err, "%s/blobs/%s/%s", s->path, algorithm,
				      hex);
	*out = (struct lam_extent_of_file){ .fd = -1, .size = size };
	if (code == 0) {
		out->path = lam_arena_copy(&s->arena, path.data, path.len);
		code = out->path ? 0 : lam_fail_memory(err);
	}
	return code;
}

static int read_file(struct lam_source *s, const char *name, size_t max,
		     struct lam_buf *out, struct lam_error *err)
{
	int fd = openat(s->dir, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct lam_reader *reader;
	struct stat st;
	size_t got = 0;
	int code;

	if (fd < 0 && errno == ENOENT)
		return lam_fail(err, LAM_ENOTFOUND, "has no %s: it is no OCI layout",
				name);
	if (fd < 0)
		return lam_fail_errno(err, LAM_EREAD, errno, "%s", name);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return lam_fail(err, LAM_EREAD, "%s: is no regular file", name);
	}
	if ((uint64_t)st.st_size > max) {
		close(fd);
		return lam_fail(err, LAM_EFORMAT, "%s: is larger than %zu bytes", name,
				max);
	}
	if (lam_reader_file(&reader, fd, true, 0, (uint64_t)st.st_size, name, err) < 0)
		return err->code;
	out->max = max;
	code = lam_buf_reserve(out, (size_t)st.st_size, err);
	if (code == 0)
		code = lam_read_full(reader, out->data, (size_t)st.st_size, &got, err);
	lam_reader_close(reader);
	if (code == 0) {
		out->len = got;
		out->data[got] = '\0';
	}
	return code;
}

int lam_source_open_folder(struct lam_source *s, const char *tag, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf layout = LAM_BUF(LAM_MAX_OCI_LAYOUT);
	LAM_CLEANUP(lam_buf_fini) struct lam_buf index = LAM_BUF(LAM_MAX_INDEX);

	s->dir = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir < 0 && errno == ENOENT)
		return lam_fail(err, LAM_ENOTFOUND, "there is no such folder");
	if (s->dir < 0)
		return lam_fail_errno(err, LAM_EREAD, errno, "opening");
	s->find_blob = find_in_folder;
	if (read_file(s, "oci-layout", LAM_MAX_OCI_LAYOUT, &layout, err) < 0 ||
	    lam_source_check_layout(layout.data, layout.len, s->shown, err) < 0 ||
	    read_file(s, "index.json", LAM_MAX_INDEX, &index, err) < 0)
		return err->code;
	return lam_source_choose(s, index.data, index.len, tag, err);
}
