/* URLs: resolved, compared, and as messages show them. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/path.h"
#include "io/curl.h"
#include "io/http.h"

static void free_url(CURLU **url)
{
	lam_curl.url_cleanup(*url);
}

/* A part, or ""; a new string. */
static char *part_of(CURLU *url, CURLUPart part, unsigned flags)
{
	char *got = NULL, *out;

	if (lam_curl.url_get(url, part, &got, flags) != CURLUE_OK)
		return lam_xstrdup("");
	out = lam_xstrdup(got);
	lam_curl.free(got);
	return out;
}

char *lam_http_resolve(const char *base, const char *reference)
{
	LAM_CLEANUP(free_url) CURLU *url = lam_curl.url();
	LAM_CLEANUP(lam_free_ptr) char *scheme = NULL;

	if (!url)
		lam_out_of_memory();
	if (lam_curl.url_set(url, CURLUPART_URL, base, 0) != CURLUE_OK ||
	    lam_curl.url_set(url, CURLUPART_URL, reference, 0) != CURLUE_OK)
		return NULL;
	scheme = part_of(url, CURLUPART_SCHEME, 0);
	if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)
		return NULL;
	return part_of(url, CURLUPART_URL, 0);
}

char *lam_http_shown(const char *text)
{
	LAM_CLEANUP(free_url) CURLU *url = lam_curl.url();
	LAM_CLEANUP(lam_free_ptr) char *plain = NULL;
	char shown[LAM_PATH_TEXT];

	if (!url)
		lam_out_of_memory();
	if (lam_curl.url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK)
		return lam_xstrdup("a URL that is none");
	lam_curl.url_set(url, CURLUPART_USER, NULL, 0);
	lam_curl.url_set(url, CURLUPART_PASSWORD, NULL, 0);
	lam_curl.url_set(url, CURLUPART_QUERY, NULL, 0);
	lam_curl.url_set(url, CURLUPART_FRAGMENT, NULL, 0);
	plain = part_of(url, CURLUPART_URL, 0);
	return lam_xstrdup(lam_path_text(shown, plain, strlen(plain), false));
}

static char *place_of(const char *text)
{
	LAM_CLEANUP(free_url) CURLU *url = lam_curl.url();
	LAM_CLEANUP(lam_free_ptr) char *scheme = NULL;
	LAM_CLEANUP(lam_free_ptr) char *host = NULL;
	LAM_CLEANUP(lam_free_ptr) char *port = NULL;

	if (!url)
		lam_out_of_memory();
	if (lam_curl.url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK)
		return NULL;
	scheme = part_of(url, CURLUPART_SCHEME, 0);
	host = part_of(url, CURLUPART_HOST, 0);
	port = part_of(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
	return lam_xprintf("%s://%s:%s", scheme, host, port);
}

bool lam_http_same_place(const char *one, const char *two)
{
	LAM_CLEANUP(lam_free_ptr) char *a = place_of(one);
	LAM_CLEANUP(lam_free_ptr) char *b = place_of(two);

	return a && b && strcasecmp(a, b) == 0;
}

void lam_http_escape(struct lam_buf *text, const char *value)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

	for (; *value; value++) {
		if (strchr(plain, *value))
			lam_text_putc(text, *value);
		else
			lam_text_printf(text, "%%%02X", (unsigned char)*value);
	}
}
