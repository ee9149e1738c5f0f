/* A layer's tar, entry by entry, as Go's archive/tar reads it; what readers understand
 * differently is refused (core/DESIGN.md, section 3). */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/path.h"
#include "tar/number.h"
#include "tar/read_impl.h"

/* The input */

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
/* What is left of a body, and its padding. */
static int skip_rest(struct lam_tar_reader *t, struct lam_error *err)
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

static void set_body(struct lam_tar_reader *t, uint64_t size)
{
	t->left = size;
	t->padding = (size_t)(-size & (LAM_TAR_BLOCK - 1));
	t->data_offset = t->offset;
}

/* A body that is a name or records, whole. */
static int read_body(struct lam_tar_reader *t, uint64_t size, struct lam_buf *out,
		     struct lam_error *err)
{
	size_t got = 1;

	if (size > LAM_MAX_TAR_HEADER)
		return lam_tar_fail(t, err, "an extended header of more than 1 MiB");
	out->max = LAM_MAX_TAR_HEADER;
	lam_buf_clear(out);
	if (lam_buf_reserve(out, (size_t)size, err) < 0)
		return err->code;
	set_body(t, size);
	while (t->left > 0) {
		if (lam_tar_read(t, out->data + out->len, (size_t)t->left, &got, err) < 0)
			return err->code;
		out->len += got;
	}
	out->data[out->len] = '\0';
	return skip_rest(t, err);
}

/* Headers */

static bool is_zero(const unsigned char *block, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (block[i])
			return false;
	}
	return true;
}

static bool checksum_fits(const unsigned char *h)
{
	/* over all bytes first, as that is fast, and then as if the field were blank */
	unsigned sum = 0, high = 0;
	int64_t said, is_unsigned, is_signed;

	for (size_t i = 0; i < LAM_TAR_BLOCK; i++) {
		sum += h[i];
		high += h[i] >> 7;
	}
	for (size_t i = 148; i < 156; i++) {
		sum += (unsigned)' ' - h[i];
		high -= h[i] >> 7;
	}
	is_unsigned = sum;
	is_signed = (int64_t)sum - 256 * (int64_t)high;
	return lam_tar_number(h + 148, 8, &said) &&
	       (said == is_unsigned || said == is_signed);
}

enum lam_tar_format lam_tar_format_of(const unsigned char *h)
{
	if (memcmp(h + 257, "ustar\0", 6) == 0)
		return memcmp(h + 508, "tar\0", 4) == 0 ? LAM_TAR_STAR : LAM_TAR_USTAR;
	return memcmp(h + 257, "ustar  \0", 8) == 0 ? LAM_TAR_GNU : LAM_TAR_V7;
}

static void set_text(struct lam_buf *out, const unsigned char *field, size_t len)
{
	lam_text_add(out, field, strnlen((const char *)field, len));
}

/* The name, with the prefix where the format has one. */
static int set_name(struct lam_tar_reader *t, const unsigned char *h,
		    enum lam_tar_format format, struct lam_error *err)
{
	size_t prefix_max = format == LAM_TAR_USTAR  ? 155
			    : format == LAM_TAR_STAR ? 131
						     : 0;
	int64_t time;

	lam_buf_clear(&t->name);
	if (format == LAM_TAR_GNU && ((h[345] && !lam_tar_number(h + 345, 12, &time)) ||
				      (h[357] && !lam_tar_number(h + 357, 12, &time))))
		return lam_tar_fail(
			t, err,
			"a GNU header with a name prefix, which readers understand differently");
	if (prefix_max && h[345]) {
		set_text(&t->name, h + 345, prefix_max);
		lam_text_putc(&t->name, '/');
	}
	set_text(&t->name, h, 100);
	return 0;
}

static int set_fields(struct lam_tar_reader *t, const unsigned char *h, int64_t *size,
		      struct lam_error *err)
{
	enum lam_tar_format format = lam_tar_format_of(h);
	struct lam_entry *e = &t->entry;
	int64_t mode = 0, mtime = 0;
	bool fine = lam_tar_number(h + 100, 8, &mode) &&
		    lam_tar_number(h + 108, 8, &e->uid) &&
		    lam_tar_number(h + 116, 8, &e->gid) &&
		    lam_tar_number(h + 124, 12, size) &&
		    lam_tar_number(h + 136, 12, &mtime);

	if (fine && format != LAM_TAR_V7)
		fine = lam_tar_number(h + 329, 8, &e->dev_major) &&
		       lam_tar_number(h + 337, 8, &e->dev_minor);
	if (!fine)
		return lam_tar_fail(t, err, "a header has a number that is none");
	e->mode = (uint32_t)mode & 07777;
	e->mtime_s = mtime;
	e->flag = (char)h[156];
	lam_buf_clear(&t->target);
	if (set_name(t, h, format, err) < 0)
		return err->code;
	set_text(&t->target, h + 157, 100);
	e->path = (struct lam_str){ t->name.data ? t->name.data : "", t->name.len };
	e->target =
		(struct lam_str){ t->target.data ? t->target.data : "", t->target.len };
	return 0;
}

/* 1 and the next header block; 0 at the end of the archive. */
static int next_block(struct lam_tar_reader *t, const unsigned char **out,
		      struct lam_error *err)
{
	size_t have;

	for (int zeros = 0; zeros < 2; zeros++) {
		if (lam_tar_fill(t, LAM_TAR_BLOCK, &have, err) < 0)
			return err->code;
		if (have == 0)
			return 0;
		if (have < LAM_TAR_BLOCK)
			return lam_tar_fail(t, err, "ends in the middle of a header");
		*out = t->buf + t->at;
		if (!is_zero(*out, LAM_TAR_BLOCK)) {
			if (zeros)
				return lam_tar_fail(
					t, err,
					"an entry stands behind a single block of zeros, which engines "
					"refuse");
			return 1;
		}
		lam_tar_advance(t, LAM_TAR_BLOCK);
	}
	return 0;
}

static int drain(struct lam_tar_reader *t, struct lam_error *err)
{
	size_t have;

	do {
		if (lam_tar_fill(t, LAM_TAR_BUF, &have, err) < 0)
			return err->code;
		t->trailer = t->trailer || !is_zero(t->buf + t->at, have);
		lam_tar_advance(t, have);
	} while (have);
	return 0;
}

static int end_archive(struct lam_tar_reader *t, struct lam_error *err)
{
	if (t->pax.present || t->has_name || t->has_target)
		return lam_tar_fail(
			t, err,
			"ends behind an extended header, without the entry that it is for");
	return drain(t, err);
}

/* Extended headers, in front of the entry that they are for */

/* Of several the last one counts, as in Go, where others may read all of them. */
static int take_pax(struct lam_tar_reader *t, uint64_t size, struct lam_error *err)
{
	if (read_body(t, size, &t->pax.body, err) < 0)
		return err->code;
	if (lam_pax_parse(&t->pax, err) < 0)
		return lam_wrap(err, "tar, before byte %llu",
				(unsigned long long)t->offset);
	return 0;
}

static int take_long(struct lam_tar_reader *t, char flag, uint64_t size,
		     struct lam_error *err)
{
	bool name = flag == 'L', *has = name ? &t->has_name : &t->has_target;
	struct lam_buf *into = name ? &t->long_name : &t->long_target;

	t->repeated = t->repeated || *has;
	if (read_body(t, size, into, err) < 0)
		return err->code;
	into->len = into->data ? strlen(into->data) : 0;
	*has = into->len > 0;
	return 0;
}

/* GNU's long name counts before that of a PAX header (Rust's tar crate writes both), as
 * in Go. */
static void take_long_text(struct lam_tar_reader *t, bool has, const struct lam_buf *text,
			   const char *key, struct lam_str *out)
{
	const struct lam_record *r = lam_pax_find(&t->pax, key);

	if (!has)
		return;
	if (r && r->value.len &&
	    (r->value.len != text->len ||
	     memcmp(r->value.bytes, text->data, text->len) != 0))
		t->repeated = true;
	*out = (struct lam_str){ text->data, text->len };
}

/* Entries */

static enum lam_type type_of(char flag)
{
	switch (flag) {
	case '\0':
	case '0':
	case '7':
	case 'S': return LAM_TYPE_FILE;
	case '1': return LAM_TYPE_LINK;
	case '2': return LAM_TYPE_SYMLINK;
	case '3': return LAM_TYPE_CHAR;
	case '4': return LAM_TYPE_BLOCK;
	case '5': return LAM_TYPE_DIR;
	case '6': return LAM_TYPE_FIFO;
	default: return LAM_TYPE_UNKNOWN;
	}
}

static bool ends_with_slash(struct lam_str path)
{
	return path.len && path.bytes[path.len - 1] == '/';
}

static int check_entry(const struct lam_tar_reader *t, int64_t size,
		       struct lam_error *err)
{
	const struct lam_entry *e = &t->entry;

	if (size < 0)
		return lam_tar_fail(t, err, "an entry of negative size");
	if (e->type == LAM_TYPE_FILE && size > 0 && ends_with_slash(e->path))
		return lam_tar_fail(
			t, err,
			"a file with content whose name ends in a slash, which readers take for a "
			"file or a directory");
	return 0;
}

static int begin_body(struct lam_tar_reader *t, const unsigned char *header, int64_t size,
		      struct lam_error *err)
{
	struct lam_entry *e = &t->entry;
	bool has_body = e->type == LAM_TYPE_FILE || e->type == LAM_TYPE_UNKNOWN;
	enum lam_tar_sparse version = e->type == LAM_TYPE_UNKNOWN
					      ? LAM_TAR_DENSE
					      : lam_tar_sparse_version(&t->pax);
	int64_t real_size = size;

	t->extent_count = 0;
	if (e->flag == 'S') {
		if (lam_tar_old_sparse(t, header, &real_size, err) < 0)
			return err->code;
		set_body(t, (uint64_t)size);
	} else {
		set_body(t, has_body ? (uint64_t)size : 0);
		if (version != LAM_TAR_DENSE && e->type != LAM_TYPE_FILE)
			return lam_tar_bad_map(t, err);
		if (version != LAM_TAR_DENSE &&
		    lam_tar_pax_sparse(t, version, &real_size, err) < 0)
			return err->code;
	}
	if (e->flag == 'S' || version != LAM_TAR_DENSE) {
		static const struct lam_extent none;

		if (lam_tar_check_extents(t, real_size, err) < 0)
			return err->code;
		e->extents = t->extents ? t->extents : &none;
		e->extent_count = t->extent_count;
	}
	if (e->type == LAM_TYPE_FILE) {
		e->size = (uint64_t)real_size;
		e->stored = t->left;
	}
	return 0;
}

static int finish_entry(struct lam_tar_reader *t, const unsigned char *header,
			int64_t size, struct lam_error *err)
{
	struct lam_entry *e = &t->entry;

	if (lam_pax_apply(&t->pax, e, &size, err) < 0)
		return lam_wrap(err, "tar, before byte %llu",
				(unsigned long long)t->offset);
	take_long_text(t, t->has_name, &t->long_name, "path", &e->path);
	take_long_text(t, t->has_target, &t->long_target, "linkpath", &e->target);
	e->repeated = t->repeated || (t->pax.present && t->pax.repeated);
	e->type = type_of(e->flag);
	if (e->flag == '\0' && ends_with_slash(e->path))
		e->type = LAM_TYPE_DIR;
	if (check_entry(t, size, err) < 0 || begin_body(t, header, size, err) < 0)
		return err->code;
	if (e->type != LAM_TYPE_LINK && e->type != LAM_TYPE_SYMLINK)
		e->target = (struct lam_str){ "", 0 };
	lam_pax_carry(&t->pax, &e->record_count);
	e->records = t->pax.records;
	t->pax.present = t->has_name = t->has_target = t->repeated = false;
	return 1;
}

static int take_global(struct lam_tar_reader *t, uint64_t size, struct lam_error *err)
{
	if (t->pax.present || t->has_name || t->has_target)
		return lam_tar_fail(
			t, err,
			"a global header between an extended one and its entry, which readers "
			"understand differently");
	if (take_pax(t, size, err) < 0)
		return err->code;
	t->entry.type = LAM_TYPE_GLOBAL;
	t->entry.target = (struct lam_str){ "", 0 };
	lam_pax_carry(&t->pax, &t->entry.record_count);
	t->entry.records = t->pax.records;
	t->pax.present = false;
	return 1;
}

/* 1: an entry is there; 0: go on with the next header. */
static int take_header(struct lam_tar_reader *t, const unsigned char *block,
		       struct lam_error *err)
{
	unsigned char header[LAM_TAR_BLOCK];
	int64_t size;
	int code;

	if (!checksum_fits(block))
		return lam_tar_fail(t, err,
				    "a header's checksum is wrong: damaged, or no tar");
	t->entry = (struct lam_entry){ 0 };
	if (set_fields(t, block, &size, err) < 0)
		return err->code;
	memcpy(header, block, LAM_TAR_BLOCK);
	lam_tar_advance(t, LAM_TAR_BLOCK);
	switch (header[156]) {
	case 'x':
	case 'g':
	case 'L':
	case 'K':
		if (size < 0)
			return lam_tar_fail(t, err, "an entry of negative size");
		if (header[156] == 'g')
			return take_global(t, (uint64_t)size, err);
		code = header[156] == 'x'
			       ? take_pax(t, (uint64_t)size, err)
			       : take_long(t, (char)header[156], (uint64_t)size, err);
		return code;
	default: return finish_entry(t, header, size, err);
	}
}

int lam_tar_next(struct lam_tar_reader *t, const struct lam_entry **out,
		 struct lam_error *err)
{
	const unsigned char *block = NULL;
	int got;

	*out = &t->entry;
	if (skip_rest(t, err) < 0)
		return err->code;
	do {
		got = next_block(t, &block, err);
		if (got <= 0)
			return got < 0 ? got : end_archive(t, err);
		got = take_header(t, block, err);
	} while (got == 0);
	return got;
}

uint64_t lam_tar_data_offset(const struct lam_tar_reader *t)
{
	return t->data_offset;
}

bool lam_tar_has_trailer(const struct lam_tar_reader *t)
{
	return t->trailer;
}

struct lam_tar_reader *lam_tar_reader_new(struct lam_reader *reader)
{
	struct lam_tar_reader *t = lam_xcalloc(1, sizeof *t);

	t->reader = reader;
	t->name = t->target = LAM_TEXT;
	t->buf = lam_xmalloc(LAM_TAR_BUF);
	return t;
}

void lam_tar_reader_hash(struct lam_tar_reader *t, struct lam_hash *hash)
{
	t->hash = hash;
}

void lam_tar_reader_free(struct lam_tar_reader *t)
{
	if (!t)
		return;
	lam_pax_fini(&t->pax);
	lam_buf_fini(&t->long_name);
	lam_buf_fini(&t->long_target);
	lam_buf_fini(&t->name);
	lam_buf_fini(&t->target);
	free(t->extents);
	free(t->buf);
	free(t);
}
