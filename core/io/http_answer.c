/* What an answer says, and its body. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "io/http_impl.h"

bool lam_http_is_transient(const struct lam_http_answer *answer)
{
	return answer->transient;
}

unsigned lam_http_status(const struct lam_http_answer *answer)
{
	long status = 0;

	lam_curl.easy_getinfo(answer->slot->easy, CURLINFO_RESPONSE_CODE, &status);
	return (unsigned)status;
}

const char *lam_http_header(const struct lam_http_answer *answer, const char *name,
			    size_t n)
{
	const char *at = answer->text.data, *end = at + answer->text.len;
	size_t len = strlen(name);

	for (; at && at < end; at += strlen(at) + 1) {
		if (strncasecmp(at, name, len) != 0 || at[len] != ':' || n-- > 0)
			continue;
		at += len + 1;
		return at + strspn(at, " \t");
	}
	return NULL;
}

/* Seconds or a date (RFC 9110, 10.2.3), as milliseconds; -1: it does not say. */
int64_t lam_http_retry_after(const struct lam_http_answer *answer)
{
	const char *text = lam_http_header(answer, "Retry-After", 0);
	time_t when;

	if (!text)
		return -1;
	if (strspn(text, "0123456789") == strlen(text))
		return strlen(text) > 6 ? INT64_MAX : strtol(text, NULL, 10) * 1000;
	when = lam_curl.getdate(text, NULL);
	if (when < 0)
		return -1;
	when -= time(NULL);
	return when > 0 ? (int64_t)when * 1000 : 0;
}

const char *lam_http_url(const struct lam_http_answer *answer)
{
	const char *url = NULL;

	lam_curl.easy_getinfo(answer->slot->easy, CURLINFO_EFFECTIVE_URL, &url);
	return url ? url : "";
}

struct lam_reader *lam_http_body(struct lam_http_answer *answer)
{
	return &answer->base;
}

int lam_http_read(struct lam_http_answer *answer, struct lam_buf *out,
		  struct lam_error *err)
{
	char piece[16 << 10];
	size_t got = 1;

	while (got > 0) {
		if (lam_read(&answer->base, piece, sizeof piece, &got, err) < 0)
			return err->code;
		if (lam_buf_append(out, piece, got, err) < 0)
			return lam_wrap(err, "%s: the answer", answer->shown);
	}
	return 0;
}

int lam_http_send_bytes(void *context, uint64_t at, void *buf, size_t cap,
			size_t *out_len, struct lam_error *err)
{
	const struct lam_http_bytes *b = context;
	size_t left = at < b->len ? b->len - (size_t)at : 0;

	(void)err;
	*out_len = left < cap ? left : cap;
	if (*out_len)
		memcpy(buf, (const char *)b->bytes + at, *out_len);
	return 0;
}
