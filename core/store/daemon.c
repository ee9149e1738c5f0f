/* Images of Docker's and of Podman's engine: read as what `docker save` writes, written as
 * what `docker load` takes. Both are rows here, as they differ in whom they ask. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/path.h"
#include "store/archive.h"
#include "store/docker_archive.h"
#include "store/engine.h"
#include "store/podman.h"
#include "store/replace.h"

#define SPOOL_MEMORY (8u << 20)

struct daemon {
	const char *prefix, *what; /* "Docker" */
	/* Where an unqualified name is looked for, and found. */
	const char *host;
	const char *(*place)(const struct lam_access *access);
};

static const char *docker_host(const struct lam_access *access)
{
	return access && access->docker_host ? access->docker_host
					     : "unix:///var/run/docker.sock";
}

static const char *podman_host(const struct lam_access *access)
{
	return access ? access->podman_host : NULL;
}

static const struct daemon DOCKER = { "docker-daemon:", "Docker", "", docker_host };
static const struct daemon PODMAN = { "containers-storage:", "Podman", "localhost/",
				      podman_host };

static const struct daemon *daemon_of(const struct lam_reference *r)
{
	return r->store == &lam_store_docker_daemon ? &DOCKER : &PODMAN;
}

static bool is_tagged(const char *name)
{
	const char *slash = strrchr(name, '/');

	return strchr(slash ? slash : name, ':') != NULL;
}

/* The name stands in a URL, and on a command line. */
static int parse(struct lam_reference *out, const char *rest, bool for_output,
		 struct lam_error *err)
{
	(void)for_output;
	if (!rest[0])
		return lam_fail(err, LAM_EUSAGE, "%s: names no image", out->text);
	out->name = is_tagged(rest) ? lam_xstrdup(rest) : lam_xprintf("%s:latest", rest);
	return lam_check_docker_name(out, true, err);
}

/* Either there is a socket, or programs are asked. */
static int open_engine(struct lam_engine **out, const struct lam_reference *r,
		       const struct lam_progress *progress, struct lam_error *err)
{
	const char *host = daemon_of(r)->place(r->access),
		   *certs = daemon_of(r) == &DOCKER && r->access ? r->access->docker_certs
								 : NULL;

	*out = NULL;
	return host ? lam_engine_open(out, host, certs, progress, err) : 0;
}

/* Reading */

static int save(const struct lam_reference *r, struct lam_spool *into,
		const struct lam_progress *progress, struct lam_error *err)
{
	struct lam_engine *engine;
	int code = open_engine(&engine, r, progress, err);

	if (code == 0)
		code = engine ? lam_engine_save(engine, r->name, into, err)
			      : lam_podman_save(r->name, into, progress, err);
	lam_engine_close(engine);
	return code;
}

static int open_source(struct lam_source *s, const struct lam_reference *r,
		       const struct lam_source_options *options, struct lam_error *err)
{
	LAM_CLEANUP(lam_archive_documents_fini) struct lam_archive_documents d = { 0 };
	struct lam_spool *spool = lam_spool_new(options->temporary, SPOOL_MEMORY);

	if (save(r, spool, options->progress, err) < 0) {
		lam_spool_free(spool);
		return err->code;
	}
	if (lam_archive_open_spool(s, spool, options, &d, err) < 0 ||
	    (d.has_saved ? lam_docker_archive_choose(s, NULL, &d, err)
			 : lam_source_choose(s, &d.index, NULL, err)) < 0)
		return err->code;
	free((void *)(uintptr_t)s->image.name);
	s->image.name = lam_xstrdup(r->name);
	return 0;
}

/* Writing */

struct sink {
	struct lam_engine *engine;
};

static int replaces(struct lam_replaced *out, const struct lam_reference *r,
		    const struct lam_sink_options *options, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *id = NULL;
	struct lam_engine *engine;
	int code = open_engine(&engine, r, NULL, err);

	(void)options;
	*out = (struct lam_replaced){ 0 };
	if (code == 0 && engine)
		code = lam_engine_find(engine, r->name, &id, err);
	else if (code == 0)
		code = lam_podman_find(r->name, &out->any, err);
	out->any = out->any || id;
	lam_engine_close(engine);
	return code;
}

static int open_sink(struct lam_sink *sink, struct lam_error *err)
{
	struct sink *own = sink->own = lam_xcalloc(1, sizeof *own);

	sink->directory = lam_reference_folder(sink->reference);
	if (lam_sink_open_directory(sink, err) < 0)
		return err->code;
	if (open_engine(&own->engine, sink->reference, NULL, err) < 0) {
		if (err->code == LAM_EREAD)
			err->code = LAM_EWRITE;
		return err->code;
	}
	return own->engine ? 0 : lam_podman_is_there(err);
}

static void close_sink(struct lam_sink *sink)
{
	struct sink *own = sink->own;

	if (own)
		lam_engine_close(own->engine);
}

struct loading {
	struct lam_sink *sink;
	const struct lam_sink_image *image;
	struct lam_buf index, saved;
};

static int write_archive(void *context, int fd, struct lam_error *err)
{
	struct loading *l = context;

	return lam_archive_pack(l->sink, l->image, &l->index, &l->saved, fd, err);
}

/* An engine of either kind calls an image by its config or, where it keeps manifests, by
 * that. */
static int check_loaded(struct lam_engine *engine, const struct lam_reference *r,
			const struct lam_sink_image *image, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *id = NULL;
	char config[LAM_DIGEST_TEXT], manifest[LAM_DIGEST_TEXT];

	if (lam_engine_find(engine, r->name, &id, err) < 0)
		return err->code;
	lam_digest_hex(&image->config, config);
	lam_digest_hex(&image->manifest, manifest);
	if (id && (strstr(id, config) || strstr(id, manifest)))
		return 0;
	return lam_fail(err, LAM_EWRITE,
			"%s has %s under this name, and not what it was given",
			daemon_of(r)->what, id ? id : "nothing");
}

static int publish(struct lam_sink *sink, const struct lam_sink_image *image,
		   struct lam_error *err)
{
	const struct lam_reference *r = sink->reference;
	const char *host = strchr(r->name, '/') ? "" : daemon_of(r)->host;
	LAM_CLEANUP(lam_free_ptr) char *qualified = lam_xprintf("%s%s", host, r->name);
	LAM_CLEANUP(lam_free_ptr) char *name = lam_docker_name(qualified);
	struct loading l = {
		.sink = sink, .image = image, .index = LAM_TEXT, .saved = LAM_TEXT
	};
	struct sink *own = sink->own;
	int code = lam_docker_archive_documents(image, name, &l.index, &l.saved, err);

	if (code == 0)
		code = own->engine ? lam_engine_load(own->engine, write_archive, &l, err)
				   : lam_podman_load(write_archive, &l, err);
	if (code == 0 && own->engine)
		code = check_loaded(own->engine, r, image, err);
	lam_buf_fini(&l.index);
	lam_buf_fini(&l.saved);
	return code;
}

#define ROW                                                                              \
	.docker = true, .parse = parse, .open = open_source, .close = lam_archive_close, \
	.find_blob = lam_archive_find_blob, .open_blob = lam_archive_open_blob,          \
	.no_blobs = "it gives whole images alone", .open_sink = open_sink,               \
	.keep_layer = lam_sink_keep_later, .publish = publish, .replaces = replaces,     \
	.close_sink = close_sink

const struct lam_store lam_store_docker_daemon = {
	.prefix = "docker-daemon:", .syntax = "NAME[:TAG]", .partial = true, ROW
};
const struct lam_store lam_store_containers_storage = {
	.prefix = "containers-storage:", .syntax = "NAME[:TAG]", ROW
};
