/* The text of an error, put together on the way up. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

int lam_fail_errno(struct lam_error *err, enum lam_code code, int errnum,
		   const char *format, ...)
{
	char words[256];
	va_list args;

	va_start(args, format);
	print(err, format, args);
	va_end(args);
	append(err, strerror_r(errnum, words, sizeof words));
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
