/* Libraries that are loaded when they are first needed. */
#include "base/library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

/* It stays loaded to the end of the process. */
static int load(struct lam_library *library, struct lam_error *err)
{
	void *handle = dlopen(library->soname, RTLD_LAZY | RTLD_LOCAL);
	char *at = library->functions;

	if (!handle)
		return lam_fail(err, LAM_EREAD, "%s: install this library", dlerror());
	for (size_t i = 0; library->names[i]; i++) {
		void *function = dlsym(handle, library->names[i]);

		if (!function)
			return lam_fail(err, LAM_EREAD, "%s: install a newer %s",
					dlerror(), library->soname);
		memcpy(at, &function, sizeof function);
		at += sizeof function;
	}
	library->loaded = true;
	return 0;
}

int lam_library_load(struct lam_library *library, struct lam_error *err)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	int code;

	pthread_mutex_lock(&lock);
	code = library->loaded ? 0 : load(library, err);
	pthread_mutex_unlock(&lock);
	return code;
}
