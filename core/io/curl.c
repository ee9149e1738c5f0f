/* Loading libcurl. */
#include "io/curl.h"

#include <pthread.h>

#include "base/library.h"
#include "base/memory.h"

#define NAME(name) "curl_" #name,

struct lam_curl lam_curl;

static void set_up(void)
{
	if (lam_curl.global_init(CURL_GLOBAL_ALL) != CURLE_OK)
		lam_out_of_memory();
}

int lam_curl_load(struct lam_error *err)
{
	static const char *const names[] = { LAM_CURL_FUNCTIONS(NAME) NULL };
	static struct lam_library library = { .soname = "libcurl.so.4",
					      .names = names,
					      .functions = &lam_curl };
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (lam_library_load(&library, err) < 0)
		return err->code;
	pthread_once(&once, set_up);
	return 0;
}
