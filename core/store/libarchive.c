/* Loading libarchive. */
#include "store/libarchive.h"

#include "base/library.h"

#define NAME(name) "archive_" #name,

struct lam_libarchive lam_lib;

int lam_libarchive_load(struct lam_error *err)
{
	static const char *const names[] = { LAM_ARCHIVE_FUNCTIONS(NAME) NULL };
	static struct lam_library library = { .soname = "libarchive.so.13",
					      .names = names,
					      .functions = &lam_lib };

	return lam_library_load(&library, err);
}
