/* Documents and blobs of a registry, read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/path.h"
#include "oci/manifest.h"
#include "registry/impl.h"
#include "registry/patience.h"

/* Documents */

void lam_registry_document_fini(struct lam_registry_document *d)
{
	free(d->media_type);
	lam_buf_fini(&d->bytes);
	*d = (struct lam_registry_document){ 0 };
}

static const char *const ACCEPT[] = { "Accept: " LAM_MT_OCI_INDEX,
				      "Accept: " LAM_MT_OCI_MANIFEST,
				      "Accept: " LAM_MT_DOCKER_LIST,
				      "Accept: " LAM_MT_DOCKER_MANIFEST, NULL };

static char *media_type_of(const struct lam_http_answer *answer)
{
	const char *type = lam_http_header(answer, "Content-Type", 0);

	return type ? lam_xmemdup(type, strcspn(type, "; \t")) : lam_xstrdup("");
}

static bool is_digest(const char *reference)
{
	return strchr(reference, ':') != NULL;
}

/* Of the bytes as they came: what was asked for, and what the registry says they are. */
static int check_document(struct lam_registry *r, const char *reference,
			  const struct lam_http_answer *answer,
			  struct lam_registry_document *d, struct lam_error *err)
{
	const char *said = lam_http_header(answer, "Docker-Content-Digest", 0);
	char text[LAM_DIGEST_TEXT];
	struct lam_digest want;
	struct lam_error hidden;
	bool asked = is_digest(reference);

	if (asked && lam_digest_parse(&want, reference, err) < 0)
		return err->code;
	d->digest = lam_digest_of(asked ? want.algorithm : LAM_SHA256, d->bytes.data,
				  d->bytes.len);
	lam_digest_format(&d->digest, text);
	if (asked && !lam_digest_equal(&want, &d->digest))
		return lam_fail(
			err, LAM_EFORMAT,
			"%s: what it gives for %s has digest %s: it is damaged, or "
			"not to be trusted",
			r->name, reference, text);
	if (!asked && said && lam_digest_parse(&want, said, &hidden) == 0 &&
	    want.algorithm == LAM_SHA256 && !lam_digest_equal(&want, &d->digest))
		return lam_fail(
			err, LAM_EFORMAT,
			"%s: says that %s has digest %s, and gives what has %s: it "
			"is damaged, or not to be trusted",
			r->name, reference, said, text);
	return 0;
}

static int fail_document(struct lam_registry *r, const char *reference,
			 struct lam_http_answer *answer, struct lam_error *err)
{
	char what[LAM_PATH_TEXT + 40];

	if (lam_http_status(answer) == 404)
		return lam_fail(err, LAM_ENOTFOUND, "%s: has no image %s%s", r->name,
				is_digest(reference) ? "@" : "", reference);
	snprintf(what, sizeof what, "reading %s", reference);
	return lam_registry_fail(r, answer, LAM_EREAD, what, err);
}

int lam_registry_get_manifest(struct lam_registry *r, const char *reference,
			      struct lam_registry_document *out, const atomic_bool *stop,
			      struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *path = lam_xprintf("manifests/%s", reference);
	const struct lam_registry_request request = { .path = path,
						      .headers = ACCEPT,
						      .stop = stop };
	struct lam_http_answer *answer;
	int code = lam_registry_send(&answer, r, &request, err);

	*out = (struct lam_registry_document){ .bytes = LAM_BUF(LAM_MAX_INDEX) };
	if (code == 0 && lam_http_status(answer) != 200)
		code = fail_document(r, reference, answer, err);
	if (code == 0)
		code = lam_http_read(answer, &out->bytes, err);
	if (code == 0) {
		out->media_type = media_type_of(answer);
		code = check_document(r, reference, answer, out, err);
	}
	lam_http_close(answer);
	return code;
}

/* Blobs */

static char *blob_path(const struct lam_digest *digest)
{
	char text[LAM_DIGEST_TEXT];

	return lam_xprintf("blobs/%s", lam_digest_format(digest, text));
}

int lam_registry_has_blob(struct lam_registry *r, const struct lam_digest *digest,
			  bool *out, const atomic_bool *stop, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *path = blob_path(digest);
	const struct lam_registry_request request = { .method = "HEAD",
						      .path = path,
						      .stop = stop };
	struct lam_http_answer *answer;
	int code = lam_registry_send(&answer, r, &request, err);
	unsigned status = code == 0 ? lam_http_status(answer) : 0;

	*out = status == 200;
	if (code == 0 && status != 200 && status != 404)
		code = lam_registry_fail(r, answer, LAM_EREAD, "looking for a blob", err);
	lam_http_close(answer);
	return code;
}

struct blob_reader {
	struct lam_reader base;
	struct lam_registry *registry;
	struct lam_digest digest;
	uint64_t size, at;
	struct lam_http_answer *answer;
	struct lam_patience patience;
	const atomic_bool *stop;
};

static int fail_blob(struct blob_reader *b, const char *format, struct lam_error *err)
{
	char text[LAM_DIGEST_TEXT];

	return lam_fail(err, LAM_EREAD, "%s: blob %s: %s", b->registry->name,
			lam_digest_format(&b->digest, text), format);
}

/* A registry that knows no ranges begins at the begin. */
static int skip(struct blob_reader *b, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *piece = lam_xmalloc(64 << 10);
	size_t got;

	for (uint64_t left = b->at; left > 0; left -= got) {
		if (lam_read(lam_http_body(b->answer), piece,
			     left < 64 << 10 ? (size_t)left : 64 << 10, &got, err) < 0)
			return err->code;
		if (got == 0)
			return fail_blob(b, "is shorter than its descriptor says", err);
	}
	return 0;
}

/* "bytes 5-9/10": that it begins where it was asked to. */
static bool is_range(const struct blob_reader *b)
{
	const char *range = lam_http_header(b->answer, "Content-Range", 0);

	return range && strncasecmp(range, "bytes ", 6) == 0 &&
	       strtoull(range + 6, NULL, 10) == b->at;
}

static int look_at_answer(struct blob_reader *b, struct lam_error *err)
{
	unsigned status = lam_http_status(b->answer);

	if (status == 200)
		return b->at ? skip(b, err) : 0;
	if (status == 206)
		return is_range(b) ? 0
				   : fail_blob(b, "another range came than was asked for",
					       err);
	if (status == 404)
		return fail_blob(b,
				 "is missing: the image is incomplete there: push it "
				 "again",
				 err);
	if (status == 416)
		return fail_blob(b, "is shorter than its descriptor says", err);
	return lam_registry_fail(b->registry, b->answer, LAM_EREAD, "reading a blob",
				 err);
}

/* Asks for the rest. */
static int ask(struct blob_reader *b, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *path = blob_path(&b->digest);
	LAM_CLEANUP(lam_free_ptr)
	char *range = lam_xprintf("Range: bytes=%llu-", (unsigned long long)b->at);
	const char *const headers[] = { range, NULL };
	const struct lam_registry_request request = { .path = path,
						      .headers = b->at ? headers : NULL,
						      .stop = b->stop };

	if (lam_registry_send(&b->answer, b->registry, &request, err) < 0)
		return err->code;
	return look_at_answer(b, err);
}

/* What broke off is asked for again, from where it ended; those that give something each
 * time are never given up. */
static int read_some(struct blob_reader *b, void *buf, size_t cap, size_t *out_len,
		     struct lam_error *err)
{
	for (;;) {
		int code = b->answer ? 0 : ask(b, err);
		bool sent = code == 0;

		if (code == 0)
			code = lam_read(lam_http_body(b->answer), buf, cap, out_len, err);
		if (code == 0) {
			if (*out_len)
				b->patience = (struct lam_patience){ 0 };
			return 0;
		}
		if (!sent ||
		    !lam_patience_again(&b->patience, b->answer, &code, b->stop, err))
			return code;
		lam_http_close(b->answer);
		b->answer = NULL;
	}
}

static int blob_read(struct lam_reader *self, void *buf, size_t cap, size_t *out_len,
		     struct lam_error *err)
{
	struct blob_reader *b = (struct blob_reader *)self;
	uint64_t left = b->size - b->at;

	*out_len = 0;
	if (left == 0)
		return 0;
	if (read_some(b, buf, left < cap ? (size_t)left : cap, out_len, err) < 0)
		return err->code;
	if (*out_len == 0)
		return fail_blob(b, "is shorter than its descriptor says", err);
	b->at += *out_len;
	return 0;
}

static void blob_close(struct lam_reader *self)
{
	lam_http_close(((struct blob_reader *)self)->answer);
}

static void blob_stop(struct lam_reader *self, const atomic_bool *stop)
{
	((struct blob_reader *)self)->stop = stop;
}

static const struct lam_reader_ops BLOB = { blob_read, blob_close, blob_stop };

struct lam_reader *lam_registry_blob(struct lam_registry *r,
				     const struct lam_digest *digest, uint64_t size,
				     uint64_t offset)
{
	struct blob_reader *b = lam_xcalloc(1, sizeof *b);

	b->base.ops = &BLOB;
	b->registry = r;
	b->digest = *digest;
	b->size = size;
	b->at = offset;
	return &b->base;
}
