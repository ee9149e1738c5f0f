/* The one place where a lack of memory ends the program. */
#include "base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void (*lam_out_of_memory_hook)(void);
void (*lam_out_of_memory_files)(void);

_Noreturn void lam_out_of_memory(void)
{
	static const char line[] = "lamina: out of memory\n";
	void (*hook)(void) = lam_out_of_memory_hook;

	lam_out_of_memory_hook = NULL;
	if (hook)
		hook();
	if (lam_out_of_memory_files)
		lam_out_of_memory_files();
	(void)!write(STDERR_FILENO, line, sizeof line - 1);
	_exit(3);
}

void *lam_xmalloc(size_t size)
{
	void *memory = malloc(size ? size : 1);

	if (!memory)
		lam_out_of_memory();
	return memory;
}

void *lam_xcalloc(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size ? size : 1);

	if (!memory)
		lam_out_of_memory();
	return memory;
}

void *lam_xrealloc(void *old, size_t size)
{
	void *memory = realloc(old, size ? size : 1);

	if (!memory)
		lam_out_of_memory();
	return memory;
}

char *lam_xmemdup(const void *bytes, size_t len)
{
	char *copy = lam_xmalloc(len + 1);

	if (len)
		memcpy(copy, bytes, len);
	copy[len] = '\0';
	return copy;
}

char *lam_xstrdup(const char *text)
{
	return lam_xmemdup(text, strlen(text));
}

char *lam_xcopy(const char *text)
{
	return text ? lam_xstrdup(text) : NULL;
}

char *lam_xvprintf(const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		lam_out_of_memory();
	return text;
}

char *lam_xprintf(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = lam_xvprintf(format, args);
	va_end(args);
	return text;
}

void *lam_xgrow(void *array, size_t count, size_t *cap, size_t size)
{
	size_t more = *cap ? *cap * 2 : 16;

	if (count < *cap)
		return array;
	if (more > SIZE_MAX / size / 2)
		lam_out_of_memory();
	*cap = more;
	return lam_xrealloc(array, more * size);
}
