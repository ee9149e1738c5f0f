/* One repository of a registry, by the OCI distribution-spec v1.1: its documents and blobs
 * read and written. Requests are made again where that may help, with what the registry
 * wants to see. Any thread, several at once. */
#ifndef LAM_REGISTRY_H
#define LAM_REGISTRY_H

#include <lamina/access.h>

#include "base/digest.h"
#include "io/http.h"

struct lam_registry;

/* name: "HOST/PATH", as Docker normalises it. push: for writing too. access may be NULL;
 * both outlive it. LAM_EREAD for certificates that cannot be read. */
int lam_registry_new(struct lam_registry **out, const char *name, bool push,
		     const struct lam_access *access, struct lam_error *err);
void lam_registry_free(struct lam_registry *registry); /* NULL is fine */
/* Somebody waits at a screen: a few seconds, and nothing is tried again. */
void lam_registry_hurry(struct lam_registry *registry);
/* Whether blobs of one can be mounted in the other; and its path then, without the host. */
bool lam_registry_same_host(const struct lam_registry *a, const struct lam_registry *b);
const char *lam_registry_path(const struct lam_registry *registry);

struct lam_registry_request {
	const char *method; /* NULL: GET */
	const char *path;   /* behind /v2/PATH/; or */
	const char *url;    /* as the registry gave it, resolved */
	const char *const *headers;
	const char *from; /* another path, which is read in the same request */
	int (*send)(void *context, uint64_t at, void *buf, size_t cap, size_t *out_len,
		    struct lam_error *err); /* as in io/http.h */
	void *context;
	int64_t send_len;
	bool once; /* not made again where the connection breaks or the registry is busy */
	unsigned seconds; /* as in io/http.h */
	const atomic_bool *stop;
};

/* The answer is to be closed, also after failure. LAM_EREAD, LAM_ESTOPPED; a status that is
 * no success is none. */
int lam_registry_send(struct lam_http_answer **out, struct lam_registry *registry,
		      const struct lam_registry_request *request, struct lam_error *err);
/* What an answer says that is no success: "HOST/PATH: what: CODE: message (status N)";
 * `code` but for 401 and 403. */
int lam_registry_fail(struct lam_registry *registry, struct lam_http_answer *answer,
		      enum lam_code code, const char *what, struct lam_error *err);

/* Reading: pull.c */

struct lam_registry_document {
	char *media_type; /* as the answer says, without parameters; "" where it does not */
	struct lam_buf bytes;
	struct lam_digest digest; /* computed: SHA-256, or what it was asked for by */
};
void lam_registry_document_fini(struct lam_registry_document *document);

/* A manifest or an index by its tag or digest ("sha256:..."). Its digest is compared with
 * what it was asked for by, and with what the registry says of it. LAM_ENOTFOUND. */
int lam_registry_get_manifest(struct lam_registry *registry, const char *reference,
			      struct lam_registry_document *out, const atomic_bool *stop,
			      struct lam_error *err);
int lam_registry_has_blob(struct lam_registry *registry, const struct lam_digest *digest,
			  bool *out, const atomic_bool *stop, struct lam_error *err);
/* A blob's bytes from an offset on, asked for once they are read. A connection that breaks
 * is taken up where it ended. Of the size, not of the digest it is seen that it is right.
 * The reader can be told when to stop (lam_reader_stop). */
struct lam_reader *lam_registry_blob(struct lam_registry *registry,
				     const struct lam_digest *digest, uint64_t size,
				     uint64_t offset);

/* What speaks of an image: referrers.c */

/* The pages of a list: each an index that parses. */
struct lam_registry_lists {
	struct lam_buf *items;
	size_t count, cap;
};
void lam_registry_lists_fini(struct lam_registry_lists *lists);

/* None where the registry keeps no such lists. *out is the caller's, also after failure. */
int lam_registry_list_referrers(struct lam_registry *registry,
				const struct lam_digest *of,
				struct lam_registry_lists *out, const atomic_bool *stop,
				struct lam_error *err);
/* Which of the tags of this front (and one of the ends) there may be: true, too, where the
 * registry's answer does not tell. One request. */
int lam_registry_find_tags(struct lam_registry *registry, const char *front,
			   const char *const *ends, bool *out, size_t count,
			   const atomic_bool *stop, struct lam_error *err);

/* Writing: push.c */

/* How far an upload is: bytes more than were told last, less where some are sent again. */
struct lam_registry_progress {
	void (*sent)(void *context, uint64_t at);
	void *context;
	const atomic_bool *stop;
};

/* Whether it may be written to: an upload is begun, and cancelled. */
int lam_registry_check_push(struct lam_registry *registry, const atomic_bool *stop,
			    struct lam_error *err);
/* A blob is there afterwards: because it was, because it could be mounted from another path
 * of the host (from; or NULL), or not: *out_there says whether. */
int lam_registry_mount(struct lam_registry *registry, const struct lam_digest *digest,
		       const char *from, bool *out_there, const atomic_bool *stop,
		       struct lam_error *err);
/* read: as send() of io/http.h; *at may go back to 0, or to where the registry has come to.
 * An upload that cannot be finished is cancelled. */
int lam_registry_put_blob(struct lam_registry *registry, const struct lam_digest *digest,
			  uint64_t size,
			  int (*read)(void *context, uint64_t at, void *buf, size_t cap,
				      size_t *out_len, struct lam_error *err),
			  void *context, const struct lam_registry_progress *progress,
			  struct lam_error *err);
/* It is not stopped: the answer says what the tag is. */
int lam_registry_put_manifest(struct lam_registry *registry, const char *reference,
			      const char *media_type, const void *bytes, size_t len,
			      struct lam_error *err);

#endif
