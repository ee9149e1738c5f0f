/* libcurl, loaded with the first client: it brings thirty other libraries. */
#ifndef LAM_CURL_H
#define LAM_CURL_H

#include <curl/curl.h>

#include <lamina/error.h>

#define LAM_CURL_FUNCTIONS(X)  \
	X(easy_cleanup)        \
	X(easy_getinfo)        \
	X(easy_init)           \
	X(easy_pause)          \
	X(easy_reset)          \
	X(easy_setopt)         \
	X(easy_strerror)       \
	X(free)                \
	X(getdate)             \
	X(global_init)         \
	X(multi_add_handle)    \
	X(multi_cleanup)       \
	X(multi_info_read)     \
	X(multi_init)          \
	X(multi_perform)       \
	X(multi_poll)          \
	X(multi_remove_handle) \
	X(slist_append)        \
	X(slist_free_all)      \
	X(url)                 \
	X(url_cleanup)         \
	X(url_get)             \
	X(url_set)

#define LAM_CURL_MEMBER(name) __typeof__(curl_##name)(*(name));
struct lam_curl {
	LAM_CURL_FUNCTIONS(LAM_CURL_MEMBER)
};

extern struct lam_curl lam_curl; /* libcurl's functions, once they are loaded */

int lam_curl_load(struct lam_error *err); /* LAM_EREAD; see base/library.h */

/* What is never called has the value looked at by the header's own check of types. */
#define LAM_CURL_SET(easy, option, value)          \
	(0 ? curl_easy_setopt(easy, option, value) \
	   : lam_curl.easy_setopt(easy, option, value))

#endif
