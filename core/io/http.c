/* One libcurl multi handle with one transfer for each request that runs; both are kept for
 * the next, with their connection. So no connection is shared by threads, which libcurl
 * does not allow. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/path.h"
#include "base/stop.h"
#include "base/time.h"
#include "base/workers.h"
#include "io/http_impl.h"

/* Bytes of an answer that wait to be read, at most and about; libcurl is told to wait
 * then. */
#define WAITING       (1u << 20)
#define PIECE         (256u << 10)
#define MAX_HEADERS   (256u << 10)
#define MAX_REDIRECTS 10L
#define TICK          50 /* milliseconds between looks at the flag for stops */

/* Clients */

int lam_http_new(struct lam_http **out, const struct lam_http_options *options,
		 struct lam_error *err)
{
	struct lam_http *client;

	*out = NULL;
	if (lam_curl_load(err) < 0)
		return err->code;
	*out = client = lam_xcalloc(1, sizeof *client);
	client->options = *options;
	client->options.socket = lam_xcopy(options->socket);
	client->options.ca = lam_xcopy(options->ca);
	client->options.client_certificate = lam_xcopy(options->client_certificate);
	client->options.client_key = lam_xcopy(options->client_key);
	if (!client->options.connect_seconds)
		client->options.connect_seconds = 30;
	if (!client->options.idle_seconds)
		client->options.idle_seconds = 120;
	pthread_mutex_init(&client->lock, NULL);
	return 0;
}

static void free_slot(struct lam_http_slot *slot)
{
	lam_curl.easy_cleanup(slot->easy);
	lam_curl.multi_cleanup(slot->multi);
	free(slot);
}

void lam_http_free(struct lam_http *client)
{
	if (!client)
		return;
	while (client->idle) {
		struct lam_http_slot *slot = client->idle;

		client->idle = slot->next;
		free_slot(slot);
	}
	pthread_mutex_destroy(&client->lock);
	free((void *)(uintptr_t)client->options.socket);
	free((void *)(uintptr_t)client->options.ca);
	free((void *)(uintptr_t)client->options.client_certificate);
	free((void *)(uintptr_t)client->options.client_key);
	free(client);
}

static struct lam_http_slot *take_slot(struct lam_http *client)
{
	struct lam_http_slot *slot;

	pthread_mutex_lock(&client->lock);
	slot = client->idle;
	if (slot)
		client->idle = slot->next;
	pthread_mutex_unlock(&client->lock);
	if (slot)
		return slot;
	slot = lam_xcalloc(1, sizeof *slot);
	slot->multi = lam_curl.multi_init();
	slot->easy = lam_curl.easy_init();
	if (!slot->multi || !slot->easy)
		lam_out_of_memory();
	return slot;
}

static void give_slot(struct lam_http *client, struct lam_http_slot *slot)
{
	lam_curl.multi_remove_handle(slot->multi, slot->easy);
	lam_curl.easy_reset(slot->easy);
	pthread_mutex_lock(&client->lock);
	slot->next = client->idle;
	client->idle = slot;
	pthread_mutex_unlock(&client->lock);
}

/* What libcurl calls */

static size_t on_body(char *bytes, size_t one, size_t len, void *context)
{
	struct lam_http_answer *a = context;
	size_t room = a->into ? a->into_cap - a->into_len : 0;
	size_t direct = len < room ? len : room;
	struct lam_error err;

	(void)one;
	if (a->body.len - a->used >= WAITING) {
		a->paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	if (direct) {
		memcpy(a->into + a->into_len, bytes, direct);
		a->into_len += direct;
	}
	if (a->used == a->body.len) {
		lam_buf_clear(&a->body);
		a->used = 0;
	}
	if (lam_buf_append(&a->body, bytes + direct, len - direct, &err) < 0)
		lam_out_of_memory();
	a->moved += len;
	return len;
}

/* Those of the last answer are kept: of none that redirects, or says "100 Continue". */
static size_t on_header(char *bytes, size_t one, size_t len, void *context)
{
	struct lam_http_answer *a = context;
	struct lam_error err;
	size_t end = len;

	(void)one;
	a->moved += len;
	if (len > 5 && strncmp(bytes, "HTTP/", 5) == 0)
		lam_buf_clear(&a->text);
	while (end && (bytes[end - 1] == '\r' || bytes[end - 1] == '\n'))
		end--;
	if (end == 0)
		return len;
	if (lam_buf_append(&a->text, bytes, end, &err) < 0 ||
	    lam_buf_append_char(&a->text, '\0', &err) < 0) {
		a->too_long = true;
		return 0;
	}
	return len;
}

static size_t on_send(char *buf, size_t one, size_t cap, void *context)
{
	struct lam_http_answer *a = context;
	size_t len = 0;

	if (a->send(a->context, a->sent, buf, one * cap, &len, &a->send_error) < 0)
		return CURL_READFUNC_ABORT;
	a->sent += len;
	a->moved += len;
	return len;
}

static int on_seek(void *context, curl_off_t offset, int origin)
{
	struct lam_http_answer *a = context;

	if (origin != SEEK_SET || offset < 0)
		return CURL_SEEKFUNC_CANTSEEK;
	a->sent = (uint64_t)offset;
	return CURL_SEEKFUNC_OK;
}

/* Setting up a request */

static void add_header(struct lam_http_answer *a, const char *header)
{
	struct curl_slist *more = lam_curl.slist_append(a->headers, header);

	if (!more)
		lam_out_of_memory();
	a->headers = more;
}

static void set_headers(struct lam_http_answer *a, const struct lam_http_request *r)
{
	for (size_t i = 0; r->headers && r->headers[i]; i++)
		add_header(a, r->headers[i]);
	/* libcurl withholds this one from every other scheme, host and port */
	if (r->authorization) {
		char *header = lam_xprintf("Authorization: %s", r->authorization);

		add_header(a, header);
		explicit_bzero(header, strlen(header));
		free(header);
	}
	LAM_CURL_SET(a->slot->easy, CURLOPT_HTTPHEADER, a->headers);
}

static void set_body(struct lam_http_answer *a, const struct lam_http_request *r)
{
	const char *method = r->method ? r->method : "GET";
	CURL *easy = a->slot->easy;

	if (r->send) {
		a->send = r->send;
		a->context = r->context;
		LAM_CURL_SET(easy, CURLOPT_UPLOAD, 1L);
		LAM_CURL_SET(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)r->send_len);
		LAM_CURL_SET(easy, CURLOPT_READFUNCTION, on_send);
		LAM_CURL_SET(easy, CURLOPT_READDATA, a);
		LAM_CURL_SET(easy, CURLOPT_SEEKFUNCTION, on_seek);
		LAM_CURL_SET(easy, CURLOPT_SEEKDATA, a);
		LAM_CURL_SET(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)PIECE);
		LAM_CURL_SET(easy, CURLOPT_CUSTOMREQUEST, method);
	} else if (strcmp(method, "HEAD") == 0) {
		LAM_CURL_SET(easy, CURLOPT_NOBODY, 1L);
	} else if (strcmp(method, "GET") != 0) {
		if (strcmp(method, "DELETE") != 0) { /* "Content-Length: 0" */
			LAM_CURL_SET(easy, CURLOPT_POSTFIELDSIZE, 0L);
			LAM_CURL_SET(easy, CURLOPT_COPYPOSTFIELDS, "");
		}
		LAM_CURL_SET(easy, CURLOPT_CUSTOMREQUEST, method);
	}
}

static void set_security(CURL *easy, const struct lam_http_options *o)
{
	struct curl_blob ca = { .flags = CURL_BLOB_NOCOPY };

	if (o->insecure) {
		LAM_CURL_SET(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		LAM_CURL_SET(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	if (o->ca) {
		ca.data = (void *)(uintptr_t)o->ca;
		ca.len = strlen(o->ca);
		LAM_CURL_SET(easy, CURLOPT_CAINFO_BLOB, &ca);
	}
	if (o->client_certificate)
		LAM_CURL_SET(easy, CURLOPT_SSLCERT, o->client_certificate);
	if (o->client_key)
		LAM_CURL_SET(easy, CURLOPT_SSLKEY, o->client_key);
}

static void set_request(struct lam_http_answer *a, const struct lam_http_request *r)
{
	const struct lam_http_options *o = &a->client->options;
	CURL *easy = a->slot->easy;

	LAM_CURL_SET(easy, CURLOPT_URL, r->url);
	LAM_CURL_SET(easy, CURLOPT_USERAGENT, "lamina");
	LAM_CURL_SET(easy, CURLOPT_NOSIGNAL, 1L);
	LAM_CURL_SET(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	LAM_CURL_SET(easy, CURLOPT_REDIR_PROTOCOLS_STR,
		     strncasecmp(r->url, "https:", 6) == 0 ? "https" : "http,https");
	LAM_CURL_SET(easy, CURLOPT_FOLLOWLOCATION, r->stay ? 0L : 1L);
	LAM_CURL_SET(easy, CURLOPT_MAXREDIRS, MAX_REDIRECTS);
	LAM_CURL_SET(easy, CURLOPT_CONNECTTIMEOUT,
		     (long)(r->seconds ? r->seconds : o->connect_seconds));
	LAM_CURL_SET(easy, CURLOPT_BUFFERSIZE, (long)PIECE);
	LAM_CURL_SET(easy, CURLOPT_ERRORBUFFER, a->words);
	LAM_CURL_SET(easy, CURLOPT_WRITEFUNCTION, on_body);
	LAM_CURL_SET(easy, CURLOPT_WRITEDATA, a);
	LAM_CURL_SET(easy, CURLOPT_HEADERFUNCTION, on_header);
	LAM_CURL_SET(easy, CURLOPT_HEADERDATA, a);
	LAM_CURL_SET(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	if (o->socket)
		LAM_CURL_SET(easy, CURLOPT_UNIX_SOCKET_PATH, o->socket);
	set_security(easy, o);
	set_body(a, r);
	set_headers(a, r);
}

/* Running it */

static void look_for_end(struct lam_http_answer *a)
{
	CURLMsg *message;
	int left;

	while ((message = lam_curl.multi_info_read(a->slot->multi, &left)) != NULL) {
		if (message->msg == CURLMSG_DONE) {
			a->done = true;
			a->result = message->data.result;
		}
	}
}

static void run(struct lam_http_answer *a)
{
	sigset_t before;
	int running;

	/* it may start a thread, to look for a host's address */
	lam_signals_block(&before);
	if (lam_curl.multi_perform(a->slot->multi, &running) != CURLM_OK)
		lam_out_of_memory();
	lam_signals_restore(&before);
	look_for_end(a);
}

/* What another attempt may mend. */
static bool is_transient(CURLcode result)
{
	switch ((int)result) {
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_PARTIAL_FILE:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM: return true;
	default: return false;
	}
}

static int fail(struct lam_http_answer *a, struct lam_error *err)
{
	const char *why = a->words[0] ? a->words : lam_curl.easy_strerror(a->result);
	char text[LAM_PATH_TEXT];

	if (a->send_error.code != LAM_OK) {
		*err = a->send_error;
		return err->code;
	}
	if (a->result == CURLE_OUT_OF_MEMORY) /* it says so of both */
		return lam_fail(err, LAM_EREAD,
				"%s: no memory, or the answer has a line of more than "
				"100 KiB",
				a->shown);
	a->transient = is_transient(a->result);
	if (a->too_long)
		return lam_fail(err, LAM_EREAD, "%s: the answer's headers are too long",
				a->shown);
	if (a->result == CURLE_UNSUPPORTED_PROTOCOL && a->text.len)
		why = "redirects from https to http, or to what is neither";
	return lam_fail(err, LAM_EREAD, "%s: %s", a->shown,
			lam_path_text(text, why, strlen(why), false));
}

static bool has_some(const struct lam_http_answer *a)
{
	return a->used < a->body.len || (a->into && a->into_len > 0);
}

/* Until there is some of the body, or the end. */
static int wait_for(struct lam_http_answer *a, struct lam_error *err)
{
	int64_t since = lam_now_ms();
	uint64_t moved = a->moved;

	run(a);
	while (!a->done && !has_some(a)) {
		if (lam_stops(a->stop, 0))
			return lam_fail_stopped(err);
		if (a->moved != moved) {
			moved = a->moved;
			since = lam_now_ms();
		} else if (lam_now_ms() - since > (int64_t)a->idle_seconds * 1000) {
			a->transient = true;
			return lam_fail(err, LAM_EREAD, "%s: no answer for %u seconds",
					a->shown, a->idle_seconds);
		}
		lam_curl.multi_poll(a->slot->multi, NULL, 0, TICK, NULL);
		run(a);
	}
	return a->done && a->result != CURLE_OK && !has_some(a) ? fail(a, err) : 0;
}

static int read_direct(struct lam_http_answer *a, void *buf, size_t cap, size_t *out_len,
		       struct lam_error *err)
{
	int code;

	a->into = buf;
	a->into_cap = cap;
	a->into_len = 0;
	if (a->paused) {
		a->paused = false;
		lam_curl.easy_pause(a->slot->easy, CURLPAUSE_CONT);
	}
	code = wait_for(a, err);
	a->into = NULL;
	*out_len = a->into_len;
	return code;
}

static int read_body(struct lam_reader *self, void *buf, size_t cap, size_t *out_len,
		     struct lam_error *err)
{
	struct lam_http_answer *a = (struct lam_http_answer *)self;

	*out_len = 0;
	if (!has_some(a))
		return read_direct(a, buf, cap, out_len, err);
	*out_len = a->body.len - a->used < cap ? a->body.len - a->used : cap;
	memcpy(buf, a->body.data + a->used, *out_len);
	a->used += *out_len;
	return 0;
}

static void close_answer(struct lam_reader *self)
{
	struct lam_http_answer *a = (struct lam_http_answer *)self;

	if (a->slot)
		give_slot(a->client, a->slot);
	for (struct curl_slist *h = a->headers; h; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	lam_curl.slist_free_all(a->headers);
	lam_buf_fini(&a->text);
	lam_buf_fini(&a->body);
	free(a->shown);
}

static const struct lam_reader_ops BODY = { .read = read_body, .close = close_answer };

int lam_http_send(struct lam_http_answer **out, struct lam_http *client,
		  const struct lam_http_request *request, struct lam_error *err)
{
	struct lam_http_answer *a = lam_xcalloc(1, sizeof *a);

	*out = a;
	a->base.ops = &BODY;
	a->client = client;
	a->shown = lam_http_shown(request->url);
	a->stop = request->stop;
	a->idle_seconds =
		request->seconds ? request->seconds : client->options.idle_seconds;
	a->text = LAM_BUF(MAX_HEADERS);
	a->body = LAM_BUF(2 * WAITING);
	a->slot = take_slot(client);
	set_request(a, request);
	if (lam_curl.multi_add_handle(a->slot->multi, a->slot->easy) != CURLM_OK)
		return lam_fail_memory(err);
	return wait_for(a, err);
}

void lam_http_close(struct lam_http_answer *answer)
{
	lam_reader_close(answer ? &answer->base : NULL);
}
