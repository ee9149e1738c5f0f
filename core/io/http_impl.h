/* What runs a request (http.c) and what tells of its answer (http_answer.c) share. */
#ifndef LAM_HTTP_IMPL_H
#define LAM_HTTP_IMPL_H

#include <pthread.h>

#include "io/curl.h"
#include "io/http.h"

/* Of one request at a time; its connection is kept for the next. */
struct lam_http_slot {
	struct lam_http_slot *next;
	CURLM *multi;
	CURL *easy;
};

struct lam_http {
	struct lam_http_options options;
	pthread_mutex_t lock;
	struct lam_http_slot *idle;
};

struct lam_http_answer {
	struct lam_reader base;
	struct lam_http *client;
	struct lam_http_slot *slot;
	struct curl_slist *headers; /* that are sent */
	char *shown;
	int (*send)(void *context, uint64_t at, void *buf, size_t cap, size_t *out_len,
		    struct lam_error *err);
	void *context;
	uint64_t sent;
	struct lam_error send_error; /* code LAM_OK: send() has not failed */
	const atomic_bool *stop;
	struct lam_buf text; /* headers that were received, each ends with '\0' */
	bool too_long;       /* they were */
	char *into;          /* of who waits for some of the body, or NULL */
	size_t into_cap, into_len;
	struct lam_buf body; /* what came beyond it */
	size_t used;         /* of its bytes */
	unsigned idle_seconds;
	bool paused, done, transient;
	uint64_t moved; /* bytes either way */
	CURLcode result;
	char words[CURL_ERROR_SIZE];
};

#endif
