/* Blobs and manifests of a registry, written. A blob goes in one request; in chunks where
 * the registry asks for that, or refuses one so large. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "registry/impl.h"
#include "registry/patience.h"

/* Of chunks, where the registry refuses to take all at once: the first, and the least. */
#define CHUNK       (64ull << 20)
#define CHUNK_LEAST (1ull << 20)
#define CHUNK_MOST  (1ull << 30)
#define CANCEL      5 /* seconds */
/* What may take long once all bytes are there: some move them then. Seconds. */
#define COMMIT 600

struct upload {
	struct lam_registry *registry;
	char digest[LAM_DIGEST_TEXT];
	uint64_t size;
	int (*read)(void *context, uint64_t at, void *buf, size_t cap, size_t *out_len,
		    struct lam_error *err);
	void *context;
	const struct lam_registry_progress *progress;
	char *url;           /* of the session; NULL: there is none */
	uint64_t chunk;      /* 0: all at once */
	uint64_t begin, end; /* what the request that runs sends */
	struct lam_patience patience;
};

static bool is_done(unsigned status)
{
	return status == 201 || status == 204;
}

static const atomic_bool *stop_of(const struct upload *u)
{
	return u->progress ? u->progress->stop : NULL;
}

/* Sessions */

static char *location_of(const struct lam_http_answer *answer)
{
	const char *location = lam_http_header(answer, "Location", 0);

	return location ? lam_http_resolve(lam_http_url(answer), location) : NULL;
}

/* Whatever comes of it: registries forget sessions in time. */
static void cancel(struct lam_registry *r, const char *url)
{
	const struct lam_registry_request request = {
		.method = "DELETE", .url = url, .once = true, .seconds = CANCEL
	};
	struct lam_http_answer *answer;
	struct lam_error hidden;

	if (!url)
		return;
	(void)lam_registry_send(&answer, r, &request, &hidden);
	lam_http_close(answer);
}

static uint64_t least_chunk(const struct lam_http_answer *answer)
{
	const char *text = lam_http_header(answer, "OCI-Chunk-Min-Length", 0);
	uint64_t least = text ? strtoull(text, NULL, 10) : 0;

	return least > CHUNK_MOST ? CHUNK_MOST : least;
}

static int begin_at(struct lam_registry *r, const char *path, const char *from,
		    char **out_url, uint64_t *out_chunk, unsigned *out_status,
		    const atomic_bool *stop, struct lam_error *err)
{
	const struct lam_registry_request request = {
		.method = "POST", .path = path, .from = from, .stop = stop
	};
	struct lam_http_answer *answer;
	int code = lam_registry_send(&answer, r, &request, err);

	*out_url = NULL;
	*out_status = code == 0 ? lam_http_status(answer) : 0;
	if (*out_status == 202) {
		*out_url = location_of(answer);
		*out_chunk = least_chunk(answer);
		if (!*out_url)
			code = lam_fail(err, LAM_EWRITE,
					"%s: begins an upload, and does not say where it "
					"goes",
					r->name);
	} else if (code == 0 && !from) {
		code = lam_registry_fail(r, answer, LAM_EWRITE, "beginning an upload",
					 err);
	}
	lam_http_close(answer);
	return code;
}

int lam_registry_check_push(struct lam_registry *r, const atomic_bool *stop,
			    struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *url = NULL;
	uint64_t chunk = 0;
	unsigned status;

	if (begin_at(r, "blobs/uploads/", NULL, &url, &chunk, &status, stop, err) < 0)
		return err->code;
	cancel(r, url);
	return 0;
}

/* What cannot be mounted is no failure: some have no such thing, or do not allow it. */
int lam_registry_mount(struct lam_registry *r, const struct lam_digest *digest,
		       const char *from, bool *out_there, const atomic_bool *stop,
		       struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf path = LAM_TEXT;
	LAM_CLEANUP(lam_free_ptr) char *url = NULL;
	char text[LAM_DIGEST_TEXT];
	uint64_t chunk = 0;
	unsigned status;

	if (lam_registry_has_blob(r, digest, out_there, stop, err) < 0)
		return err->code;
	if (*out_there || !from)
		return 0;
	lam_text_printf(&path,
			"blobs/uploads/?mount=%s&from=", lam_digest_format(digest, text));
	lam_http_escape(&path, from);
	if (begin_at(r, path.data, from, &url, &chunk, &status, stop, err) < 0)
		return err->code;
	cancel(r, url);
	*out_there = status == 201;
	return 0;
}

/* The body */

static int send_part(void *context, uint64_t at, void *buf, size_t cap, size_t *out_len,
		     struct lam_error *err)
{
	struct upload *u = context;
	uint64_t from = u->begin + at, left = u->end - from;

	*out_len = 0;
	if (u->progress && u->progress->sent)
		u->progress->sent(u->progress->context, from);
	if (left == 0)
		return 0;
	return u->read(u->context, from, buf, left < cap ? (size_t)left : cap, out_len,
		       err);
}

static char *with_digest(const struct upload *u)
{
	return lam_xprintf("%s%sdigest=%s", u->url, strchr(u->url, '?') ? "&" : "?",
			   u->digest);
}

static void take_location(struct upload *u, const struct lam_http_answer *answer)
{
	char *url = location_of(answer);

	if (!url)
		return;
	free(u->url);
	u->url = url;
}

static int send_bytes(struct upload *u, const char *method, const char *url,
		      const char *const *headers, struct lam_http_answer **out,
		      struct lam_error *err)
{
	const struct lam_registry_request request = {
		.method = method,
		.url = url,
		.headers = headers,
		.send = send_part,
		.context = u,
		.send_len = (int64_t)(u->end - u->begin),
		.once = true,
		.seconds = COMMIT,
		.stop = stop_of(u),
	};

	return lam_registry_send(out, u->registry, &request, err);
}

static int fail_upload(struct upload *u, struct lam_http_answer *answer,
		       struct lam_error *err)
{
	char what[LAM_DIGEST_TEXT + 40];

	snprintf(what, sizeof what, "sending blob %s", u->digest);
	return lam_registry_fail(u->registry, answer, LAM_EWRITE, what, err);
}

/* What came of a request: done, or how to go on. */
enum next { DONE, ON, ANEW, FAILED };

/* Too large for the registry, or for what stands in front of it. */
static enum next refuse_size(struct upload *u, struct lam_http_answer *answer,
			     struct lam_error *err)
{
	uint64_t sent = u->end - u->begin, half = (sent / 2) & ~(uint64_t)4095;

	if (sent <= CHUNK_LEAST) {
		(void)fail_upload(u, answer, err);
		return FAILED;
	}
	u->chunk = u->chunk || half > CHUNK ? CHUNK : half;
	while (u->chunk >= sent)
		u->chunk /= 2;
	return ANEW;
}

static enum next look_at(struct upload *u, struct lam_http_answer *answer, int code,
			 struct lam_error *err)
{
	unsigned status = code == 0 ? lam_http_status(answer) : 0;

	if (is_done(status) || status == 202)
		return status == 202 ? ON : DONE;
	if (status == 413)
		return refuse_size(u, answer, err);
	if (lam_patience_again(&u->patience, answer, &code, stop_of(u), err))
		return ANEW;
	if (code == 0)
		(void)fail_upload(u, answer, err);
	else if (err->code == LAM_EREAD && lam_http_is_transient(answer))
		err->code = LAM_EWRITE;
	return FAILED;
}

static enum next put_all(struct upload *u, struct lam_error *err)
{
	static const char *const headers[] = { "Content-Type: application/octet-stream",
					       NULL };
	LAM_CLEANUP(lam_free_ptr) char *url = with_digest(u);
	struct lam_http_answer *answer;
	enum next next;
	int code;

	u->begin = 0;
	u->end = u->size;
	code = send_bytes(u, "PUT", url, headers, &answer, err);
	next = look_at(u, answer, code, err);
	lam_http_close(answer);
	if (next != ON)
		return next;
	(void)lam_fail(err, LAM_EWRITE, "%s: took a blob, and did not keep it",
		       u->registry->name);
	return FAILED;
}

static enum next patch(struct upload *u, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr)
	char *range =
		lam_xprintf("Content-Range: %llu-%llu", (unsigned long long)u->begin,
			    (unsigned long long)u->end - 1);
	const char *const headers[] = { "Content-Type: application/octet-stream", range,
					NULL };
	struct lam_http_answer *answer;
	int code = send_bytes(u, "PATCH", u->url, headers, &answer, err);
	enum next next = look_at(u, answer, code, err);

	if (next == ON || next == DONE) {
		take_location(u, answer);
		u->patience = (struct lam_patience){ 0 };
	}
	lam_http_close(answer);
	return next == DONE ? ON : next; /* some say 201 */
}

static enum next put_end(struct upload *u, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *url = with_digest(u);
	const struct lam_registry_request request = { .method = "PUT",
						      .url = url,
						      .once = true,
						      .seconds = COMMIT,
						      .stop = stop_of(u) };
	struct lam_http_answer *answer;
	int code = lam_registry_send(&answer, u->registry, &request, err);
	enum next next = look_at(u, answer, code, err);

	lam_http_close(answer);
	return next;
}

static enum next put_chunks(struct upload *u, struct lam_error *err)
{
	enum next next = ON;

	for (uint64_t at = 0; next == ON && at < u->size; at = u->end) {
		u->begin = at;
		u->end = u->size - at < u->chunk ? u->size : at + u->chunk;
		next = patch(u, err);
	}
	return next == ON ? put_end(u, err) : next;
}

/* In a session of its own; one that is to be made anew is cancelled. */
static enum next try_upload(struct upload *u, struct lam_error *err)
{
	uint64_t least = 0;
	unsigned status;
	enum next next;

	if (begin_at(u->registry, "blobs/uploads/", NULL, &u->url, &least, &status,
		     stop_of(u), err) < 0)
		return FAILED;
	if (least && u->size > least && u->chunk < least)
		u->chunk = least > 16 * CHUNK_LEAST ? least : 16 * CHUNK_LEAST;
	next = u->chunk && u->size > u->chunk ? put_chunks(u, err) : put_all(u, err);
	if (next != DONE)
		cancel(u->registry, u->url);
	free(u->url);
	u->url = NULL;
	return next;
}

int lam_registry_put_blob(struct lam_registry *r, const struct lam_digest *digest,
			  uint64_t size,
			  int (*read)(void *context, uint64_t at, void *buf, size_t cap,
				      size_t *out_len, struct lam_error *err),
			  void *context, const struct lam_registry_progress *progress,
			  struct lam_error *err)
{
	struct upload u = { .registry = r,
			    .size = size,
			    .read = read,
			    .context = context,
			    .progress = progress };
	enum next next;

	lam_digest_format(digest, u.digest);
	do
		next = try_upload(&u, err);
	while (next == ANEW);
	return next == DONE ? 0 : err->code;
}

int lam_registry_put_manifest(struct lam_registry *r, const char *reference,
			      const char *media_type, const void *bytes, size_t len,
			      struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *path = lam_xprintf("manifests/%s", reference);
	LAM_CLEANUP(lam_free_ptr)
	char *type = lam_xprintf("Content-Type: %s", media_type);
	const char *const headers[] = { type, NULL };
	struct lam_http_bytes body = { bytes, len };
	const struct lam_registry_request request = { .method = "PUT",
						      .path = path,
						      .headers = headers,
						      .send = lam_http_send_bytes,
						      .context = &body,
						      .send_len = (int64_t)len };
	struct lam_http_answer *answer;
	int code = lam_registry_send(&answer, r, &request, err);

	if (code == 0 && !is_done(lam_http_status(answer)))
		code = lam_registry_fail(r, answer, LAM_EWRITE, "writing the manifest",
					 err);
	lam_http_close(answer);
	return code;
}
