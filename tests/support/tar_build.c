#include "tar_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void append(struct lam_buf *out, const void *bytes, size_t len)
{
	static const char zeros[512];
	struct lam_error err;

	if (lam_buf_append(out, bytes, len, &err) < 0 ||
	    lam_buf_append(out, zeros, -len & 511, &err) < 0)
		abort();
}

static void put(char *field, size_t len, const char *text)
{
	size_t have = strlen(text);

	memcpy(field, text, have < len ? have : len);
}

void tar_append(struct lam_buf *out, const struct tar_member *m)
{
	static const char *const magics[] = { "ustar", "ustar  ", "" };
	size_t map = m->sparse ? strlen(m->sparse) : 0,
	       size = m->body_len + ((map + 511) & ~(size_t)511);
	char h[512] = { 0 }, number[16];
	unsigned sum = m->bad_sum;

	put(h, 100, m->name);
	put(h + 100, 8, "0000644");
	put(h + 108, 8, "0000000");
	put(h + 116, 8, "0000000");
	snprintf(number, sizeof number, "%011zo", size);
	put(h + 124, 12, m->size ? m->size : number);
	put(h + 136, 12, "00000000000");
	h[156] = m->flag == TAR_NUL ? '\0' : m->flag ? m->flag : '0';
	put(h + 157, 100, m->link ? m->link : "");
	put(h + 257, 8, magics[m->magic]);
	if (m->magic == TAR_USTAR)
		memcpy(h + 263, "00", 2);
	put(h + 345, 155, m->prefix ? m->prefix : "");
	memset(h + 148, ' ', 8);
	for (size_t i = 0; i < sizeof h; i++)
		sum += (unsigned char)h[i];
	snprintf(number, sizeof number, "%06o", sum);
	memcpy(h + 148, number, 7);
	append(out, h, sizeof h);
	if (map)
		append(out, m->sparse, map);
	if (m->body_len)
		append(out, m->body, m->body_len);
}

void tar_append_end(struct lam_buf *out)
{
	static const char zeros[1024];

	append(out, zeros, sizeof zeros);
}
