/* Images in a registry. Documents are fetched when it is opened, a layer when it is read:
 * what the cache has an index of never is. A layer that is read from its begin is kept where
 * its bytes may soon be needed again, to write. */
#include "store/registry.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/path.h"
#include "base/stop.h"
#include "registry/kept.h"

/* References */

static int fail_name(const struct lam_reference *r, struct lam_error *err)
{
	char shown[LAM_PATH_TEXT];

	return lam_fail(
		err, LAM_EUSAGE,
		"%s: is no image of a registry: docker://HOST[:PORT]/NAME[:TAG] is, "
		"such as docker://example.com/team/my-app:1.0, NAME in small letters "
		"and digits",
		lam_path_text(shown, r->text, strlen(r->text), false));
}

/* "HOST/NAME:TAG", "HOST/NAME@sha256:...", and as Docker shortens them. Where there are
 * a tag and a digest, the digest says more. */
static int parse(struct lam_reference *out, const char *rest, bool for_output,
		 struct lam_error *err)
{
	const char *at = strchr(rest, '@');
	size_t len = at ? (size_t)(at - rest) : strlen(rest);
	LAM_CLEANUP(lam_free_ptr) char *short_name = lam_xmemdup(rest, len);
	struct lam_digest digest;
	char *name, *colon;

	if (!lam_is_docker_name(short_name))
		return fail_name(out, err);
	name = lam_docker_name(short_name);
	colon = strrchr(name, ':');
	*colon = '\0';
	out->path = name;
	out->name = lam_xstrdup(at ? at : colon + 1);
	if (!at)
		return 0;
	if (lam_digest_parse(&digest, at + 1, err) < 0)
		return fail_name(out, err);
	if (!for_output)
		return 0;
	return lam_fail(err, LAM_EUSAGE,
			"%s: an image gets its digest by being written: name a tag",
			out->text);
}

const char *lam_registry_reference(const struct lam_reference *r)
{
	return r->name[0] == '@' ? r->name + 1 : r->name;
}

/* Opening */

struct document {
	struct document *next;
	struct lam_digest digest;
	struct lam_buf bytes;
};

/* A layer whose bytes are kept here, and have been checked. */
struct kept {
	struct kept *next;
	struct lam_digest digest;
	int fd;
};

struct source {
	struct lam_registry *registry;
	const struct lam_access *access;
	const atomic_bool *stop;    /* while it is opened */
	struct document *documents; /* manifests and configs, from when it was opened */
	pthread_mutex_t lock;       /* of what follows */
	struct kept *kept;
};

struct lam_registry *lam_registry_of_source(const struct lam_source *s)
{
	const struct source *own = s->own;

	return s->store == &lam_store_registry ? own->registry : NULL;
}

static void add_document(struct source *own, const struct lam_digest *digest,
			 struct lam_buf *bytes)
{
	struct document *d = lam_xcalloc(1, sizeof *d);

	*d = (struct document){ own->documents, *digest, *bytes };
	*bytes = (struct lam_buf){ 0 };
	own->documents = d;
}

static const struct document *find_document(const struct source *own,
					    const struct lam_digest *digest)
{
	const struct document *d = own->documents;

	while (d && !lam_digest_equal(&d->digest, digest))
		d = d->next;
	return d;
}

/* By way of an index of the one document that the name leads to: the choice among what
 * that holds is made as in any other store. */
static int choose(struct lam_source *s, const char *media_type,
		  const struct lam_digest *digest, size_t size, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf index = LAM_BUF(LAM_MAX_INDEX);

	if (lam_index_edit(
		    NULL, 0,
		    &(struct lam_index_image){
			    .media_type = *media_type ? media_type : LAM_MT_OCI_MANIFEST,
			    .digest = digest,
			    .size = (int64_t)size },
		    &index, err) < 0)
		return err->code;
	return lam_source_choose(s, &index, NULL, err);
}

static int open_named(struct lam_source *s, const struct lam_reference *reference,
		      struct lam_error *err)
{
	LAM_CLEANUP(lam_registry_document_fini) struct lam_registry_document d = { 0 };
	struct source *own = s->own;
	size_t size;

	if (lam_registry_get_manifest(own->registry, lam_registry_reference(reference),
				      &d, own->stop, err) < 0)
		return err->code;
	size = d.bytes.len;
	add_document(own, &d.digest, &d.bytes);
	return choose(s, d.media_type, &d.digest, size, err);
}

static int open_source(struct lam_source *s, const struct lam_reference *reference,
		       const struct lam_source_options *options, struct lam_error *err)
{
	struct source *own = s->own = lam_xcalloc(1, sizeof *own);

	pthread_mutex_init(&own->lock, NULL);
	own->access = reference->access;
	own->stop = options->progress ? options->progress->stop : NULL;
	if (lam_registry_new(&own->registry, reference->path, false, own->access, err) <
		    0 ||
	    open_named(s, reference, err) < 0)
		return err->code;
	own->stop = NULL;
	if (reference->name[0] != '@')
		s->image.name = lam_xstrdup(reference->name);
	return 0;
}

static void close_source(struct lam_source *s)
{
	struct source *own = s->own;

	if (!own)
		return;
	while (own->documents) {
		struct document *d = own->documents;

		own->documents = d->next;
		lam_buf_fini(&d->bytes);
		free(d);
	}
	while (own->kept) {
		struct kept *k = own->kept;

		own->kept = k->next;
		close(k->fd);
		free(k);
	}
	lam_registry_free(own->registry);
	pthread_mutex_destroy(&own->lock);
	free(own);
}

/* Blobs */

/* Foreign layers may be elsewhere; all others are looked for when they are read. */
static int find_blob(const struct lam_source *s, const struct lam_descriptor *blob,
		     const void **out_where, struct lam_error *err)
{
	const struct source *own = s->own;
	char text[LAM_DIGEST_TEXT];
	bool there;

	*out_where = NULL;
	if (!blob->media_type ||
	    lam_layer_type(blob->media_type).kind != LAM_LAYER_FOREIGN)
		return 0;
	if (lam_registry_has_blob(own->registry, &blob->digest, &there, own->stop, err) <
	    0)
		return err->code;
	return there ? 0
		     : lam_fail(err, LAM_EREAD, "blob %s is not in the registry",
				lam_digest_format(&blob->digest, text));
}

static bool is_manifest(const struct lam_descriptor *d)
{
	return d->media_type && (lam_descriptor_is_index(d) ||
				 strcmp(d->media_type, LAM_MT_OCI_MANIFEST) == 0 ||
				 strcmp(d->media_type, LAM_MT_DOCKER_MANIFEST) == 0);
}

static bool is_config(const struct lam_descriptor *d)
{
	return d->media_type && (strcmp(d->media_type, LAM_MT_OCI_CONFIG) == 0 ||
				 strcmp(d->media_type, LAM_MT_DOCKER_CONFIG) == 0);
}

/* Both may be asked for twice while an image is chosen. */
static int fetch_document(struct source *own, const struct lam_descriptor *d,
			  struct lam_error *err)
{
	LAM_CLEANUP(lam_registry_document_fini)
	struct lam_registry_document got = { .bytes = LAM_BUF(LAM_MAX_CONFIG) };
	LAM_CLEANUP(lam_reader_close_ptr) struct lam_reader *reader = NULL;
	char text[LAM_DIGEST_TEXT];

	if (is_manifest(d)) {
		lam_digest_format(&d->digest, text);
		if (lam_registry_get_manifest(own->registry, text, &got, own->stop, err) <
		    0)
			return err->code;
	} else {
		reader = lam_registry_blob(own->registry, &d->digest, (uint64_t)d->size,
					   0);
		lam_reader_stop(reader, own->stop);
		if (lam_buf_reserve(&got.bytes, (size_t)d->size, err) < 0 ||
		    lam_read_full(reader, got.bytes.data, (size_t)d->size, &got.bytes.len,
				  err) < 0)
			return err->code;
	}
	add_document(own, &d->digest, &got.bytes);
	return 0;
}

/* A layer. Whether its bytes are kept here is seen when they are read: all of them are
 * looked at then, which takes time and can be stopped. */
struct layer_reader {
	struct lam_reader base; /* the inner one is NULL before the first read */
	struct source *own;
	struct lam_digest digest;
	uint64_t size, offset;
	const atomic_bool *stop;
};

/* A descriptor of what is kept of it, or -1. */
static int find_kept(const struct layer_reader *l)
{
	struct source *own = l->own;
	struct kept *k;
	int fd = -1;

	pthread_mutex_lock(&own->lock);
	for (k = own->kept; k && fd < 0; k = k->next)
		fd = lam_digest_equal(&k->digest, &l->digest) ? k->fd : -1;
	pthread_mutex_unlock(&own->lock);
	if (fd >= 0)
		return fd;
	fd = lam_kept_open(own->access->blobs, &l->digest, l->size, l->stop);
	if (fd < 0)
		return -1;
	k = lam_xcalloc(1, sizeof *k);
	pthread_mutex_lock(&own->lock);
	*k = (struct kept){ own->kept, l->digest, fd };
	own->kept = k;
	pthread_mutex_unlock(&own->lock);
	return fd;
}

static struct lam_reader *open_inner(const struct layer_reader *l)
{
	const struct lam_access *access = l->own->access;
	const char *folder = access ? access->blobs : NULL;
	int fd = folder ? find_kept(l) : -1;
	struct lam_reader *reader;

	if (fd >= 0)
		return lam_reader_file(fd, false, l->offset, l->size - l->offset,
				       "a kept blob");
	reader = lam_registry_blob(l->own->registry, &l->digest, l->size, l->offset);
	if (folder && access->keeps_blobs && l->offset == 0)
		reader = lam_kept_reader(reader, folder, &l->digest, l->size);
	lam_reader_stop(reader, l->stop);
	return reader;
}

static int layer_read(struct lam_reader *self, void *buf, size_t cap, size_t *out_len,
		      struct lam_error *err)
{
	struct layer_reader *l = (struct layer_reader *)self;

	if (!self->inner)
		self->inner = open_inner(l);
	if (lam_stops(l->stop, 0))
		return lam_fail_stopped(err);
	return lam_read(self->inner, buf, cap, out_len, err);
}

static void layer_stop(struct lam_reader *self, const atomic_bool *stop)
{
	struct layer_reader *l = (struct layer_reader *)self;

	l->stop = stop;
	if (self->inner)
		lam_reader_stop(self->inner, stop);
}

static const struct lam_reader_ops LAYER = { .read = layer_read, .stop = layer_stop };

static struct lam_reader *open_layer(struct source *own,
				     const struct lam_descriptor *blob, uint64_t offset)
{
	struct layer_reader *l = lam_xcalloc(1, sizeof *l);

	*l = (struct layer_reader){ .base.ops = &LAYER,
				    .own = own,
				    .digest = blob->digest,
				    .size = (uint64_t)blob->size,
				    .offset = offset };
	return &l->base;
}

static int open_blob(const struct lam_source *s, const struct lam_descriptor *blob,
		     const void *where, uint64_t offset, struct lam_reader **out,
		     struct lam_error *err)
{
	struct source *own = s->own;
	const struct document *d;

	(void)where;
	if (!is_manifest(blob) && !is_config(blob)) {
		*out = open_layer(own, blob, offset);
		return 0;
	}
	d = find_document(own, &blob->digest);
	if (!d && fetch_document(own, blob, err) < 0)
		return err->code;
	d = d ? d : own->documents;
	*out = lam_reader_memory(
		d->bytes.data + offset,
		d->bytes.len < (size_t)offset ? 0 : d->bytes.len - (size_t)offset);
	return 0;
}

static int ask_referrers(struct lam_source *s, const struct lam_digest *of,
			 struct lam_error *err)
{
	const struct source *own = s->own;

	return lam_registry_add_referrers(own->registry, of, LAM_REFERRER_THERE,
					  &s->image.referrers, own->stop, err);
}

const struct lam_store lam_store_registry = {
	.prefix = "docker://",
	.syntax = "HOST/NAME[:TAG|@DIGEST]",
	.remote = true,
	.no_blobs = "each would have to be asked for",
	.parse = parse,
	.open = open_source,
	.close = close_source,
	.find_blob = find_blob,
	.open_blob = open_blob,
	.ask_referrers = ask_referrers,
	.open_sink = lam_registry_open_sink,
	.keep_layer = lam_registry_keep_layer,
	.publish = lam_registry_publish,
	.replaces = lam_registry_replaces,
	.close_sink = lam_registry_close_sink,
};
