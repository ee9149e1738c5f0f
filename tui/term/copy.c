#include "term/copy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCREEN_PART 240 /* GNU screen hands on strings up to 256 bytes */

static void put_base64(FILE *out, const char *text)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i += 3) {
		unsigned bits = (unsigned)(unsigned char)text[i] << 16;

		if (i + 1 < len)
			bits |= (unsigned)(unsigned char)text[i + 1] << 8;
		if (i + 2 < len)
			bits |= (unsigned char)text[i + 2];
		fputc(digits[bits >> 18], out);
		fputc(digits[bits >> 12 & 63], out);
		fputc(i + 1 < len ? digits[bits >> 6 & 63] : '=', out);
		fputc(i + 2 < len ? digits[bits & 63] : '=', out);
	}
}

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static bool is_without(const char *name)
{
	return starts_with(name, "linux") || starts_with(name, "vt1") ||
	       starts_with(name, "vt2");
}

/* In tmux both ways: which of them it takes is a matter of its settings. */
static void wrap_for_tmux(FILE *out, const char *plain)
{
	fputs(plain, out);
	fputs("\033Ptmux;", out);
	for (; *plain; plain++) {
		if (*plain == '\033')
			fputc('\033', out);
		fputc(*plain, out);
	}
	fputs("\033\\", out);
}

static void wrap_for_screen(FILE *out, const char *plain)
{
	size_t len = strlen(plain);

	for (size_t at = 0; at < len; at += SCREEN_PART) {
		fputs("\033P", out);
		fwrite(plain + at, 1, len - at < SCREEN_PART ? len - at : SCREEN_PART,
		       out);
		fputs("\033\\", out);
	}
}

static char *plain_sequence(const char *text)
{
	char *sequence = NULL;
	size_t size;
	FILE *out = open_memstream(&sequence, &size);

	if (!out)
		return NULL;
	fputs("\033]52;c;", out);
	put_base64(out, text);
	fputc('\a', out);
	if (fclose(out) == 0)
		return sequence;
	free(sequence);
	return NULL;
}

char *term_copy_sequence(const char *name, bool in_tmux, const char *text)
{
	char *plain, *wrapped = NULL;
	size_t size;
	FILE *out;

	if (is_without(name) || strlen(text) > TERM_COPY_MAX)
		return NULL;
	plain = plain_sequence(text);
	in_tmux |= starts_with(name, "tmux");
	if (!plain || (!in_tmux && !starts_with(name, "screen")))
		return plain;
	out = open_memstream(&wrapped, &size);
	if (out && in_tmux)
		wrap_for_tmux(out, plain);
	else if (out)
		wrap_for_screen(out, plain);
	free(plain);
	if (!out || fclose(out) == 0)
		return wrapped;
	free(wrapped);
	return NULL;
}
