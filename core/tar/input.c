#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "tar/read_impl.h"

/* Reads of at least this much go straight into the caller's memory. */
#define DIRECT (16u << 10)

int lam_tar_fail(const struct lam_tar_reader *t, struct lam_error *err, const char *what)
{
	return lam_fail(err, LAM_EFORMAT, "tar, at byte %llu: %s",
			(unsigned long long)t->offset, what);
}

int lam_tar_fill(struct lam_tar_reader *t, size_t len, size_t *out_have,
		 struct lam_error *err)
{
	if (t->end - t->at < len && t->at > 0) {
		memmove(t->buf, t->buf + t->at, t->end - t->at);
		t->end -= t->at;
		t->at = 0;
	}
	while (t->end - t->at < len && !t->input_ended) {
		size_t got;

		if (lam_read(t->reader, t->buf + t->end, LAM_TAR_BUF - t->end, &got,
			     err) < 0)
			return err->code;
		t->end += got;
		t->input_ended = got == 0;
	}
	*out_have = t->end - t->at < len ? t->end - t->at : len;
	return 0;
}

/* All that is read is used up here, once; content is what is hashed for itself too. */
static void use(struct lam_tar_reader *t, const void *bytes, size_t len,
		struct lam_hash *content)
{
	if (t->hash && content)
		lam_hash_update_both(t->hash, content, bytes, len);
	else if (t->hash || content)
		lam_hash_update(t->hash ? t->hash : content, bytes, len);
	t->offset += len;
}

void lam_tar_advance(struct lam_tar_reader *t, size_t len)
{
	use(t, t->buf + t->at, len, NULL);
	t->at += len;
}

/* Some bytes, at most cap; 0 at the end of the input. */
static int take(struct lam_tar_reader *t, void *buf, size_t cap, size_t *out_len,
		struct lam_hash *content, struct lam_error *err)
{
	size_t have;

	if (t->at == t->end && cap >= DIRECT && !t->input_ended) {
		if (lam_read(t->reader, buf, cap, out_len, err) < 0)
			return err->code;
		t->input_ended = *out_len == 0;
		use(t, buf, *out_len, content);
		return 0;
	}
	if (t->at == t->end && lam_tar_fill(t, 1, &have, err) < 0)
		return err->code;
	*out_len = t->end - t->at < cap ? t->end - t->at : cap;
	memcpy(buf, t->buf + t->at, *out_len);
	use(t, buf, *out_len, content);
	t->at += *out_len;
	return 0;
}

int lam_tar_read(struct lam_tar_reader *t, void *buf, size_t cap, size_t *out_len,
		 struct lam_error *err)
{
	return lam_tar_read_hashing(t, buf, cap, out_len, NULL, err);
}

int lam_tar_read_hashing(struct lam_tar_reader *t, void *buf, size_t cap, size_t *out_len,
			 struct lam_hash *content, struct lam_error *err)
{
	*out_len = 0;
	if (t->left == 0)
		return 0;
	if (take(t, buf, t->left < cap ? (size_t)t->left : cap, out_len, content, err) <
	    0)
		return err->code;
	if (*out_len == 0)
		return lam_tar_fail(t, err, "ends in the middle of a file");
	t->left -= *out_len;
	return 0;
}

int lam_tar_skip(struct lam_tar_reader *t, uint64_t len, struct lam_error *err)
{
	while (len > 0) {
		size_t have;

		if (lam_tar_fill(t, 1, &have, err) < 0)
			return err->code;
		have = t->end - t->at;
		if (have == 0)
			return lam_tar_fail(t, err, "ends in the middle of a file");
		if (have > len)
			have = (size_t)len;
		lam_tar_advance(t, have);
		len -= have;
	}
	return 0;
}

/* The padding of the last body may be missing. */
int lam_tar_skip_rest(struct lam_tar_reader *t, struct lam_error *err)
{
	size_t have;

	if (lam_tar_skip(t, t->left, err) < 0 ||
	    lam_tar_fill(t, t->padding, &have, err) < 0)
		return err->code;
	lam_tar_advance(t, have);
	t->left = 0;
	t->padding = 0;
	return 0;
}

void lam_tar_set_body(struct lam_tar_reader *t, uint64_t size)
{
	t->left = size;
	t->padding = (size_t)(-size & (LAM_TAR_BLOCK - 1));
	t->data_offset = t->offset;
}

int lam_tar_read_body(struct lam_tar_reader *t, uint64_t size, struct lam_buf *out,
		      struct lam_error *err)
{
	size_t got = 1;

	if (size > LAM_MAX_TAR_HEADER)
		return lam_tar_fail(t, err, "an extended header of more than 1 MiB");
	out->max = LAM_MAX_TAR_HEADER;
	lam_buf_clear(out);
	if (lam_buf_reserve(out, (size_t)size, err) < 0)
		return err->code;
	lam_tar_set_body(t, size);
	while (t->left > 0) {
		if (lam_tar_read(t, out->data + out->len, (size_t)t->left, &got, err) < 0)
			return err->code;
		out->len += got;
	}
	out->data[out->len] = '\0';
	return lam_tar_skip_rest(t, err);
}
