/* Loading libarchive. */
#include "store/libarchive.h"

#include <errno.h>
#include <string.h>

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

int lam_libarchive_fail(struct archive *ar, struct lam_error *err)
{
	const char *why = lam_lib.archive_error_string(ar);
	int number = lam_lib.archive_errno(ar);

	/* EILSEQ and EINVAL are what libarchive says of a format */
	if (number > 0 && number != EILSEQ && number != EINVAL)
		return lam_fail_errno(err, LAM_EREAD, number, "reading");
	if (why && strcmp(why, "Unrecognized archive format") == 0)
		return lam_fail(
			err, LAM_EFORMAT,
			"is no archive that can be read: no tar, as it is or packed by "
			"gzip, zstd, xz or bzip2");
	return lam_fail(err, LAM_EFORMAT,
			"is no archive that can be read: %s: save the image again",
			why ? why : "damaged");
}
