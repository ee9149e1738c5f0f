/* The text of an error, put together on the way up. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <lamina/error.h>

#include "base/stop.h"

__attribute__((format(printf, 2, 0))) static void print(struct lam_error *err,
							const char *format, va_list args)
{
	int len = vsnprintf(err->text, sizeof err->text, format, args);

	if (len >= (int)sizeof err->text)
		memcpy(err->text + sizeof err->text - 4, "...", 4);
}

int lam_fail(struct lam_error *err, enum lam_code code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print(err, format, args);
	va_end(args);
	err->code = code;
	return code;
}

static void append(struct lam_error *err, const char *text)
{
	size_t len = strlen(err->text), left = sizeof err->text - len;

	if (snprintf(err->text + len, left, ": %s", text) >= (int)left)
		memcpy(err->text + sizeof err->text - 4, "...", 4);
}

/* Up to the topmost directory that is on the same filesystem. */
static void climb_to_mount(char *path)
{
	struct stat st, above;

	if (stat(path, &st) < 0)
		return;
	while (path[1]) {
		char *slash = strrchr(path, '/'), cut;

		slash += slash == path;
		cut = *slash;
		*slash = '\0';
		if (stat(path, &above) == 0 && above.st_dev == st.st_dev)
			continue;
		*slash = cut;
		return;
	}
}

/* The message begins with a path, or with what is in a folder that is there: which disk
 * that is on. */
static void append_disk(struct lam_error *err)
{
	char *path = strndup(err->text, strcspn(err->text, ":")), *real = NULL;
	char text[LAM_ERROR_MAX];
	struct statvfs disk;
	char *slash;

	while (path && !(real = realpath(path, NULL)) && (slash = strrchr(path, '/')) &&
	       slash > path)
		*slash = '\0';
	if (real && statvfs(real, &disk) == 0) {
		climb_to_mount(real);
		snprintf(text, sizeof text, "%.200s has %llu KiB free", real,
			 (unsigned long long)(disk.f_bavail * disk.f_frsize >> 10));
		append(err, text);
	}
	free(real);
	free(path);
}

int lam_fail_errno(struct lam_error *err, enum lam_code code, int errnum,
		   const char *format, ...)
{
	char words[256];
	va_list args;

	va_start(args, format);
	print(err, format, args);
	va_end(args);
	append(err, strerror_r(errnum, words, sizeof words));
	if (errnum == ENOSPC || errnum == EDQUOT)
		append_disk(err);
	err->code = errnum == ENOMEM ? LAM_ENOMEM : code;
	return err->code;
}

int lam_fail_memory(struct lam_error *err)
{
	return lam_fail(err, LAM_ENOMEM, "out of memory");
}

int lam_fail_stopped(struct lam_error *err)
{
	return lam_fail(err, LAM_ESTOPPED, "stopped");
}

int lam_wrap(struct lam_error *err, const char *format, ...)
{
	char inner[LAM_ERROR_MAX];
	va_list args;

	memcpy(inner, err->text, sizeof inner);
	va_start(args, format);
	print(err, format, args);
	va_end(args);
	append(err, inner);
	return err->code;
}

int lam_advise(struct lam_error *err, const char *advice)
{
	if (err->code == LAM_EFORMAT)
		append(err, advice);
	return err->code;
}
