/* The Engine API, by HTTP over a unix socket or TCP. */
#include "store/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/path.h"
#include "base/stop.h"
#include "base/text.h"
#include "io/http.h"

#define PIECE (1u << 20)
/* What an engine says of a load, or of an image: some lines. */
#define LAM_MAX_ANSWER (8u << 20)

struct lam_engine {
	struct lam_http *http;
	char *base; /* with the version */
	char *host; /* for messages */
	const struct lam_progress *progress;
};

/* Opening */

/* A file of that folder that is not there is none, as for Docker's client; a new string. */
static char *file_of(const char *certs, const char *name)
{
	LAM_CLEANUP(lam_free_ptr) char *path = lam_xprintf("%s/%s", certs, name);

	return access(path, F_OK) == 0 ? lam_xstrdup(path) : NULL;
}

static int set_place(struct lam_engine *e, const char *certs, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf ca = LAM_BUF(LAM_MAX_CERTIFICATES);
	LAM_CLEANUP(lam_free_ptr) char *authority = NULL;
	LAM_CLEANUP(lam_free_ptr) char *certificate = NULL;
	LAM_CLEANUP(lam_free_ptr) char *key = NULL;
	/* an engine says nothing for as long as it unpacks */
	struct lam_http_options options = { .idle_seconds = 3600 };
	const char *host = e->host, *path = lam_text_behind(host, "unix://"),
		   *name = lam_text_behind(host, "tcp://");

	if (path && *path) {
		options.socket = path;
		e->base = lam_xstrdup("http://engine");
	} else if (name && *name) {
		if (certs) {
			authority = file_of(certs, "ca.pem");
			certificate = file_of(certs, "cert.pem");
			key = file_of(certs, "key.pem");
			if (authority && lam_file_read(&ca, authority, err) < 0)
				return err->code;
			options.ca = authority ? ca.data : NULL;
			options.client_certificate = certificate;
			options.client_key = key;
		}
		e->base = lam_xprintf("%s://%s", certs ? "https" : "http", name);
	} else {
		return lam_fail(err, LAM_EUSAGE,
				"the engine's place is %s, and unix:// and tcp:// are "
				"spoken: forward its socket, with ssh -L for one",
				host);
	}
	return lam_http_new(&e->http, &options, err);
}

static const atomic_bool *stop_of(const struct lam_engine *e)
{
	return e->progress ? e->progress->stop : NULL;
}

static int send_request(struct lam_engine *e, const char *method, const char *path,
			struct lam_http_request *request, struct lam_http_answer **out,
			struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *url = lam_xprintf("%s%s", e->base, path);

	request->method = method;
	request->url = url;
	request->stop = stop_of(e);
	if (lam_http_send(out, e->http, request, err) == 0)
		return 0;
	if (err->code != LAM_EREAD)
		return err->code;
	return lam_wrap(err, "the engine at %s", e->host);
}

static int get(struct lam_engine *e, const char *path, struct lam_http_answer **out,
	       struct lam_error *err)
{
	struct lam_http_request request = { 0 };

	return send_request(e, "GET", path, &request, out, err);
}

/* "1.41" */
static bool is_version(const char *text)
{
	return text && *text && strlen(text) < 16 &&
	       strspn(text, "0123456789.") == strlen(text);
}

static int negotiate(struct lam_engine *e, struct lam_error *err)
{
	struct lam_http_answer *answer = NULL;
	const char *version;
	char *base;
	int code = get(e, "/_ping", &answer, err);

	if (code == 0 && lam_http_status(answer) != 200)
		code = lam_fail(err, LAM_EREAD, "%s: answers /_ping with %u: no engine",
				e->host, lam_http_status(answer));
	version = code == 0 ? lam_http_header(answer, "Api-Version", 0) : NULL;
	if (is_version(version)) {
		base = lam_xprintf("%s/v%s", e->base, version);
		free(e->base);
		e->base = base;
	}
	lam_http_close(answer);
	return code;
}

int lam_engine_open(struct lam_engine **out, const char *host, const char *certs,
		    const struct lam_progress *progress, struct lam_error *err)
{
	struct lam_engine *e = lam_xcalloc(1, sizeof *e);

	e->host = lam_xstrdup(host);
	e->progress = progress;
	*out = NULL;
	if (set_place(e, certs, err) == 0 && negotiate(e, err) == 0)
		*out = e;
	else
		lam_engine_close(e);
	return *out ? 0 : err->code;
}

void lam_engine_close(struct lam_engine *e)
{
	if (!e)
		return;
	lam_http_free(e->http);
	free(e->base);
	free(e->host);
	free(e);
}

/* What it answers */

/* A line of JSON, or all of the answer: {"message": "..."}. */
static const char *message_of(const json_t *json)
{
	const char *text = json_string_value(
		json_object_get(json_object_get(json, "errorDetail"), "message"));

	if (!text)
		text = json_string_value(json_object_get(json, "error"));
	return text ? text : json_string_value(json_object_get(json, "message"));
}

static int fail_status(const struct lam_engine *e, struct lam_http_answer *answer,
		       enum lam_code code, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf text = LAM_BUF(LAM_MAX_ANSWER);
	unsigned status = lam_http_status(answer);
	char shown[LAM_PATH_TEXT];
	struct lam_error ignored;
	json_auto_t *json = NULL;
	const char *said;

	if (lam_http_read(answer, &text, &ignored) == 0 && text.len)
		json = json_loadb(text.data, text.len, 0, NULL);
	said = json ? message_of(json) : NULL;
	return lam_fail(err, status == 404 ? LAM_ENOTFOUND : code,
			"the engine at %s answers %u%s%s", e->host, status,
			said ? ": " : "",
			said ? lam_path_text(shown, said, strlen(said), false) : "");
}

/* Errors stand in the stream of an answer that has long been 200. */
static int check_lines(const struct lam_engine *e, const struct lam_buf *text,
		       struct lam_error *err)
{
	const char *at = text->data, *end = text->data + text->len;
	char shown[LAM_PATH_TEXT];

	while (at && at < end) {
		const char *line = memchr(at, '\n', (size_t)(end - at));
		size_t len = line ? (size_t)(line - at) : (size_t)(end - at);
		json_auto_t *json = json_loadb(at, len, 0, NULL);
		const char *said = json ? message_of(json) : NULL;

		if (said)
			return lam_fail(err, LAM_EWRITE,
					"the engine at %s did not load it: %s", e->host,
					lam_path_text(shown, said, strlen(said), false));
		at = line ? line + 1 : NULL;
	}
	return 0;
}

/* Saving */

static int fill(struct lam_engine *e, struct lam_http_answer *answer,
		struct lam_spool *into, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *piece = lam_xmalloc(PIECE);
	size_t got = 1;

	while (got > 0) {
		if (lam_progress_stopped(e->progress))
			return lam_fail_stopped(err);
		if (lam_read(lam_http_body(answer), piece, PIECE, &got, err) < 0 ||
		    lam_spool_append(into, piece, got, err) < 0)
			return err->code;
	}
	return 0;
}

int lam_engine_save(struct lam_engine *e, const char *name, struct lam_spool *into,
		    struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *path = lam_xprintf("/images/%s/get", name);
	struct lam_http_answer *answer = NULL;
	int code = get(e, path, &answer, err);

	if (code == 0 && lam_http_status(answer) != 200)
		code = fail_status(e, answer, LAM_EREAD, err);
	else if (code == 0)
		code = fill(e, answer, into, err);
	lam_http_close(answer);
	return code;
}

int lam_engine_find(struct lam_engine *e, const char *name, char **out_id,
		    struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *path = lam_xprintf("/images/%s/json", name);
	LAM_CLEANUP(lam_buf_fini) struct lam_buf text = LAM_BUF(LAM_MAX_ANSWER);
	struct lam_http_answer *answer = NULL;
	json_auto_t *json = NULL;
	const char *id;
	int code = get(e, path, &answer, err);

	*out_id = NULL;
	if (code == 0 && lam_http_status(answer) == 200) {
		code = lam_http_read(answer, &text, err);
		json = code == 0 && text.len ? json_loadb(text.data, text.len, 0, NULL)
					     : NULL;
		id = json_string_value(json_object_get(json, "Id"));
		*out_id = lam_xcopy(id);
	} else if (code == 0 && lam_http_status(answer) != 404) {
		code = fail_status(e, answer, LAM_EREAD, err);
	}
	lam_http_close(answer);
	return code;
}

/* Loading: a thread makes the tar, the request takes it out of a pipe. */

struct loading {
	int (*write)(void *context, int fd, struct lam_error *err);
	void *context;
	int in, out;
	uint64_t at; /* what was taken */
	int code;    /* of write() */
	struct lam_error err;
};

static void *make(void *data)
{
	struct loading *l = data;

	l->code = l->write(l->context, l->in, &l->err);
	close(l->in);
	return NULL;
}

static int take(void *context, uint64_t at, void *buf, size_t cap, size_t *out_len,
		struct lam_error *err)
{
	struct loading *l = context;
	ssize_t got;

	if (at != l->at)
		return lam_fail(err, LAM_EREAD, "the connection broke: do it again");
	do
		got = read(l->out, buf, cap);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return lam_fail_errno(err, LAM_EREAD, errno, "a pipe");
	*out_len = (size_t)got;
	l->at += (uint64_t)got;
	return 0;
}

static int finish_load(struct lam_engine *e, struct lam_http_answer *answer,
		       struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf text = LAM_BUF(LAM_MAX_ANSWER);

	if (lam_http_status(answer) != 200)
		return fail_status(e, answer, LAM_EWRITE, err);
	if (lam_http_read(answer, &text, err) < 0)
		return err->code;
	return check_lines(e, &text, err);
}

/* What went wrong with the tar counts more than that it ended, unless the engine hung up
 * on it. */
static int run_load(struct lam_engine *e, struct loading *l, struct lam_error *err)
{
	static const char *const headers[] = { "Content-Type: application/x-tar", NULL };
	struct lam_http_request request = {
		.headers = headers, .send = take, .context = l, .send_len = -1
	};
	struct lam_http_answer *answer = NULL;
	pthread_t thread;
	int code;

	if (pthread_create(&thread, NULL, make, l) != 0) {
		close(l->in);
		return lam_fail(err, LAM_ENOMEM, "no thread can be made");
	}
	code = send_request(e, "POST", "/images/load?quiet=1", &request, &answer, err);
	close(l->out);
	pthread_join(thread, NULL);
	if (code == 0)
		code = finish_load(e, answer, err);
	lam_http_close(answer);
	if (l->code < 0 && (code == 0 || err->code == LAM_EREAD)) {
		*err = l->err;
		return l->code;
	}
	return code;
}

int lam_engine_load(struct lam_engine *e,
		    int (*write)(void *context, int fd, struct lam_error *err),
		    void *context, struct lam_error *err)
{
	struct loading l = { .write = write, .context = context };
	int ends[2], code;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return lam_fail_errno(err, LAM_EWRITE, errno, "a pipe");
	l.out = ends[0];
	l.in = ends[1];
	code = run_load(e, &l, err);
	if (code < 0 && err->code == LAM_EREAD)
		err->code = LAM_EWRITE;
	return code < 0 ? (int)err->code : 0;
}
