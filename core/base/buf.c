/* Growing bytes: bounded ones, and text that cannot fail. */
#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void lam_buf_fini(struct lam_buf *buf)
{
	free(buf->data);
	*buf = LAM_BUF(buf->max);
}

void lam_buf_clear(struct lam_buf *buf)
{
	buf->len = 0;
	if (buf->data)
		buf->data[0] = '\0';
}

int lam_buf_reserve(struct lam_buf *buf, size_t extra, struct lam_error *err)
{
	size_t cap = buf->cap ? buf->cap : 64;
	char *data;

	if (extra > buf->max || buf->len > buf->max - extra)
		return lam_fail(err, LAM_EFORMAT, "is larger than %zu bytes", buf->max);
	if (buf->data && buf->len + extra < buf->cap)
		return 0;
	while (cap <= buf->len + extra)
		cap = cap > SIZE_MAX / 2 ? buf->len + extra + 1 : cap * 2;
	data = realloc(buf->data, cap);
	if (!data)
		return lam_fail_memory(err);
	buf->data = data;
	buf->cap = cap;
	buf->data[buf->len] = '\0';
	return 0;
}

int lam_buf_append(struct lam_buf *buf, const void *bytes, size_t len,
		   struct lam_error *err)
{
	if (lam_buf_reserve(buf, len, err) < 0)
		return err->code;
	if (len)
		memcpy(buf->data + buf->len, bytes, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
	return 0;
}

int lam_buf_append_text(struct lam_buf *buf, const char *text, struct lam_error *err)
{
	return lam_buf_append(buf, text, strlen(text), err);
}

int lam_buf_append_char(struct lam_buf *buf, char c, struct lam_error *err)
{
	return lam_buf_append(buf, &c, 1, err);
}

int lam_buf_printf(struct lam_buf *buf, struct lam_error *err, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0)
		return lam_fail(err, LAM_EFORMAT, "text that cannot be printed");
	if (lam_buf_reserve(buf, (size_t)len, err) < 0)
		return err->code;
	va_start(args, format);
	vsnprintf(buf->data + buf->len, (size_t)len + 1, format, args);
	va_end(args);
	buf->len += (size_t)len;
	return 0;
}

void lam_free_ptr(void *pointer_to_pointer)
{
	void *pointer;

	memcpy(&pointer, pointer_to_pointer, sizeof pointer);
	free(pointer);
}

void lam_text_add(struct lam_buf *text, const void *bytes, size_t len)
{
	struct lam_error err;

	assert(text->max == SIZE_MAX);
	if (lam_buf_append(text, bytes, len, &err) < 0)
		lam_out_of_memory();
}

void lam_text_puts(struct lam_buf *text, const char *more)
{
	lam_text_add(text, more, strlen(more));
}

void lam_text_putc(struct lam_buf *text, char c)
{
	lam_text_add(text, &c, 1);
}

void lam_text_printf(struct lam_buf *text, const char *format, ...)
{
	va_list args;
	char *more;

	va_start(args, format);
	more = lam_xvprintf(format, args);
	va_end(args);
	lam_text_puts(text, more);
	free(more);
}

char *lam_text_steal(struct lam_buf *text)
{
	char *data = text->data ? text->data : lam_xstrdup("");

	*text = LAM_BUF(text->max);
	return data;
}
