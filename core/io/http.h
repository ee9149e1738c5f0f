/* HTTP by libcurl: requests with bodies that are streamed either way, over TCP, TLS or a
 * unix socket. libcurl does proxies (from the environment), redirects and TLS.
 *
 *	struct lam_http *client; lam_http_new(&client, &(struct lam_http_options){ 0 }, err);
 *	struct lam_http_request request = { .url = "https://host/v2/", .stop = stop };
 *	struct lam_http_answer *answer;
 *
 *	if (lam_http_send(&answer, client, &request, err) < 0)
 *		transient = lam_http_is_transient(answer);
 *	else if (lam_http_status(answer) == 200)
 *		lam_read(lam_http_body(answer), ...);     until 0 bytes
 *	lam_http_close(answer);
 *
 * Errors are one line that names scheme, host and path; what may be secret (headers, the
 * query, names and passwords in the URL) is in no text. */
#ifndef LAM_HTTP_H
#define LAM_HTTP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <lamina/error.h>

#include "base/buf.h"
#include "io/stream.h"

/* A client: settings, and connections that wait for their next use. Any thread, several
 * requests at once. */
struct lam_http;

struct lam_http_options {
	const char
		*socket; /* path of a unix socket; the URL's host is a name only then */
	bool insecure;   /* certificates are not looked at */
	const char *ca;  /* certificates in PEM, trusted besides the system's; or NULL */
	const char *client_certificate, *client_key; /* files; or NULL */
	unsigned connect_seconds;                    /* 0: 30 */
	unsigned
		idle_seconds; /* without a byte either way, while one is waited for; 0: 120
				*/
};

/* The options are copied. LAM_EREAD: libcurl cannot be loaded. */
int lam_http_new(struct lam_http **out, const struct lam_http_options *options,
		 struct lam_error *err);
void lam_http_free(struct lam_http *client); /* NULL is fine; all answers closed before */

struct lam_http_request {
	const char *method; /* NULL: GET */
	const char *url;
	const char *const *headers; /* "Name: value", ends with NULL; or NULL */
	/* The value of the header; goes to the URL's own scheme, host and port alone, also
	 * where redirects lead elsewhere. */
	const char *authorization;
	/* The body: up to cap bytes of it from `at` on, *out_len 0 at its end. `at` goes on
	 * where the last call ended, or back to 0 where all is to be sent again (a redirect, a
	 * connection that was closed meanwhile). NULL: there is none. */
	int (*send)(void *context, uint64_t at, void *buf, size_t cap, size_t *out_len,
		    struct lam_error *err);
	void *context;
	int64_t send_len; /* of the body; -1: not known, and sent in chunks */
	unsigned seconds; /* without a byte, in place of the client's; 0: the client's */
	bool stay;        /* redirects are answers like others */
	const atomic_bool *stop; /* looked at ten times a second and more; NULL: never */
};

struct lam_http_answer;

/* Sends all of it and waits for the answer's first bytes. Redirects are followed, never
 * from https to http. The answer is to be closed also after failure. LAM_EREAD,
 * LAM_ESTOPPED, or what send() returned; a status of 400 and more is no failure. */
int lam_http_send(struct lam_http_answer **out, struct lam_http *client,
		  const struct lam_http_request *request, struct lam_error *err);
void lam_http_close(struct lam_http_answer *answer); /* NULL is fine */

/* Whether what failed (send, or reading the body) may go well the next time: the connection
 * broke, or could not be made. Not a certificate that is refused, or a stop. */
bool lam_http_is_transient(const struct lam_http_answer *answer);
unsigned lam_http_status(const struct lam_http_answer *answer); /* 0: there is none */
/* The n-th header of this name, whatever its case; NULL: there is none. The answer's. */
const char *lam_http_header(const struct lam_http_answer *answer, const char *name,
			    size_t n);
/* Milliseconds that the answer asks to wait (Retry-After); -1: it does not say. */
int64_t lam_http_retry_after(const struct lam_http_answer *answer);
/* Where the answer came from, behind all redirects. */
const char *lam_http_url(const struct lam_http_answer *answer);

/* The answer's body as a reader, which is the answer itself: closing one closes both.
 * LAM_EREAD where it breaks off, and where it is shorter than its Content-Length. */
struct lam_reader *lam_http_body(struct lam_http_answer *answer);
/* All of the body, out->max bytes at most. */
int lam_http_read(struct lam_http_answer *answer, struct lam_buf *out,
		  struct lam_error *err);

/* A relative reference (a Location) made absolute; NULL where it is none, or no http(s).
 * A new string. */
char *lam_http_resolve(const char *base, const char *reference);
/* "https://host:port/path", for messages: without a name, a password and the query. A new
 * string. */
char *lam_http_shown(const char *url);
/* Whether both have the same scheme, host and port. */
bool lam_http_same_place(const char *one, const char *two);

/* Appends a value as a query can hold it; to a LAM_TEXT. */
void lam_http_escape(struct lam_buf *text, const char *value);

/* For bodies in memory: request.send with a struct lam_http_bytes as its context. */
struct lam_http_bytes {
	const void *bytes;
	size_t len;
};
int lam_http_send_bytes(void *bytes, uint64_t at, void *buf, size_t cap, size_t *out_len,
			struct lam_error *err);

#endif
