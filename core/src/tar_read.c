#include "tar_read.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "limits.h"
#include "path.h"
#include "tar_number.h"
#include "tar_pax.h"

#define BLOCK    512u
#define BUF_SIZE (128u << 10)
/* Reads of at least this much go straight into the caller's memory. */
#define DIRECT (16u << 10)

enum format { V7, USTAR, STAR, GNU };

struct lam_tar_reader {
	struct lam_reader *reader;
	unsigned char *buf;
	size_t at, end;
	uint64_t offset;       /* in the tar, of buf[at] */
	struct lam_hash *hash; /* of all of it, or NULL */
	bool input_ended, trailer;
	uint64_t left;  /* stored bytes of the present entry that were not given */
	size_t padding; /* behind them */
	uint64_t data_offset;
	struct lam_entry entry;
	struct lam_pax pax;
	struct lam_buf long_name, long_target;
	bool has_name, has_target;
	struct lam_buf name, target; /* of the header */
	struct lam_extent *extents;
	size_t extent_count, extent_cap;
};

/* Input */

static int fail_at(const struct lam_tar_reader *t, struct lam_error *err,
		   const char *what)
{
	return lam_fail(err, LAM_EFORMAT, "tar, at byte %llu: %s",
			(unsigned long long)t->offset, what);
}

/* As much as there is, up to len bytes, in one piece. */
static int fill(struct lam_tar_reader *t, size_t len, size_t *out_have,
		struct lam_error *err)
{
	if (t->end - t->at < len && t->at > 0) {
		memmove(t->buf, t->buf + t->at, t->end - t->at);
		t->end -= t->at;
		t->at = 0;
	}
	while (t->end - t->at < len && !t->input_ended) {
		size_t got;

		if (lam_read(t->reader, t->buf + t->end, BUF_SIZE - t->end, &got, err) <
		    0)
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

static void advance(struct lam_tar_reader *t, size_t len)
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
	if (t->at == t->end && fill(t, 1, &have, err) < 0)
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
		return fail_at(t, err, "ends in the middle of a file");
	t->left -= *out_len;
	return 0;
}

static int skip(struct lam_tar_reader *t, uint64_t len, struct lam_error *err)
{
	while (len > 0) {
		size_t have;

		if (fill(t, 1, &have, err) < 0)
			return err->code;
		have = t->end - t->at;
		if (have == 0)
			return fail_at(t, err, "ends in the middle of a file");
		if (have > len)
			have = (size_t)len;
		advance(t, have);
		len -= have;
	}
	return 0;
}

/* The padding of the last body may be missing. */
static int skip_rest(struct lam_tar_reader *t, struct lam_error *err)
{
	size_t have;

	if (skip(t, t->left, err) < 0 || fill(t, t->padding, &have, err) < 0)
		return err->code;
	advance(t, have);
	t->left = 0;
	t->padding = 0;
	return 0;
}

static void set_body(struct lam_tar_reader *t, uint64_t size)
{
	t->left = size;
	t->padding = (size_t)(-size & (BLOCK - 1));
	t->data_offset = t->offset;
}

/* A body that is a name or records, whole. */
static int read_body(struct lam_tar_reader *t, uint64_t size, struct lam_buf *out,
		     struct lam_error *err)
{
	size_t got = 1;

	if (size > LAM_MAX_TAR_HEADER)
		return fail_at(t, err, "an extended header of more than 1 MiB");
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

	for (size_t i = 0; i < BLOCK; i++) {
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

static enum format format_of(const unsigned char *h)
{
	if (memcmp(h + 257, "ustar\0", 6) == 0)
		return memcmp(h + 508, "tar\0", 4) == 0 ? STAR : USTAR;
	return memcmp(h + 257, "ustar  \0", 8) == 0 ? GNU : V7;
}

static int set_text(struct lam_buf *out, const unsigned char *field, size_t len,
		    struct lam_error *err)
{
	return lam_buf_append(out, field, strnlen((const char *)field, len), err);
}

/* The name, with the prefix where the format has one. */
static int set_name(struct lam_tar_reader *t, const unsigned char *h, enum format format,
		    struct lam_error *err)
{
	size_t prefix_max = format == USTAR ? 155 : format == STAR ? 131 : 0;
	int64_t time;

	lam_buf_clear(&t->name);
	if (format == GNU && ((h[345] && !lam_tar_number(h + 345, 12, &time)) ||
			      (h[357] && !lam_tar_number(h + 357, 12, &time))))
		return fail_at(
			t, err,
			"a GNU header with a name prefix, which readers understand differently");
	if (prefix_max && h[345] &&
	    (set_text(&t->name, h + 345, prefix_max, err) < 0 ||
	     lam_buf_append_char(&t->name, '/', err) < 0))
		return err->code;
	return set_text(&t->name, h, 100, err);
}

static int set_fields(struct lam_tar_reader *t, const unsigned char *h, int64_t *size,
		      struct lam_error *err)
{
	enum format format = format_of(h);
	struct lam_entry *e = &t->entry;
	int64_t mode = 0, mtime = 0;
	bool fine = lam_tar_number(h + 100, 8, &mode) &&
		    lam_tar_number(h + 108, 8, &e->uid) &&
		    lam_tar_number(h + 116, 8, &e->gid) &&
		    lam_tar_number(h + 124, 12, size) &&
		    lam_tar_number(h + 136, 12, &mtime);

	if (fine && format != V7)
		fine = lam_tar_number(h + 329, 8, &e->dev_major) &&
		       lam_tar_number(h + 337, 8, &e->dev_minor);
	if (!fine)
		return fail_at(t, err, "a header has a number that is none");
	e->mode = (uint32_t)mode & 07777;
	e->mtime_s = mtime;
	e->flag = (char)h[156];
	lam_buf_clear(&t->target);
	if (set_name(t, h, format, err) < 0 ||
	    set_text(&t->target, h + 157, 100, err) < 0)
		return err->code;
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
		if (fill(t, BLOCK, &have, err) < 0)
			return err->code;
		if (have == 0)
			return 0;
		if (have < BLOCK)
			return fail_at(t, err, "ends in the middle of a header");
		*out = t->buf + t->at;
		if (!is_zero(*out, BLOCK)) {
			if (zeros)
				return fail_at(
					t, err,
					"an entry stands behind a single block of zeros");
			return 1;
		}
		advance(t, BLOCK);
	}
	return 0;
}

static int drain(struct lam_tar_reader *t, struct lam_error *err)
{
	size_t have;

	do {
		if (fill(t, BUF_SIZE, &have, err) < 0)
			return err->code;
		t->trailer = t->trailer || !is_zero(t->buf + t->at, have);
		advance(t, have);
	} while (have);
	return 0;
}

static int end_archive(struct lam_tar_reader *t, struct lam_error *err)
{
	if (t->pax.present || t->has_name || t->has_target)
		return fail_at(
			t, err,
			"ends behind an extended header, without the entry that it is for");
	return drain(t, err);
}

/* Extended headers, in front of the entry that they are for */

static int take_pax(struct lam_tar_reader *t, uint64_t size, struct lam_error *err)
{
	if (t->pax.present || t->has_name || t->has_target)
		return fail_at(
			t, err,
			"two extended headers for one entry, which readers understand differently");
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

	if (t->pax.present || *has)
		return fail_at(
			t, err,
			"two extended headers for one entry, which readers understand differently");
	if (read_body(t, size, into, err) < 0)
		return err->code;
	into->len = into->data ? strlen(into->data) : 0;
	*has = into->len > 0;
	return 0;
}

/* Sparse files */

static int bad_map(const struct lam_tar_reader *t, struct lam_error *err)
{
	return fail_at(t, err, "a sparse file's map is not well formed");
}

static int add_extent(struct lam_tar_reader *t, int64_t offset, int64_t length,
		      struct lam_error *err)
{
	if (offset < 0 || length < 0 || t->extent_count >= LAM_MAX_TAR_HEADER / 24)
		return bad_map(t, err);
	if (LAM_GROW(t->extents, t->extent_count, t->extent_cap, err) < 0)
		return err->code;
	t->extents[t->extent_count++] =
		(struct lam_extent){ (uint64_t)offset, (uint64_t)length };
	return 0;
}

/* Entries of 24 bytes; *out_more says that another block follows. */
static int take_old_map(struct lam_tar_reader *t, const unsigned char *at, size_t count,
			struct lam_error *err)
{
	for (size_t i = 0; i < count && at[24 * i]; i++) {
		int64_t offset, length;

		if (!lam_tar_number(at + 24 * i, 12, &offset) ||
		    !lam_tar_number(at + 24 * i + 12, 12, &length))
			return bad_map(t, err);
		if (add_extent(t, offset, length, err) < 0)
			return err->code;
	}
	return 0;
}

/* The 'S' header h, and the blocks behind it. */
static int old_sparse(struct lam_tar_reader *t, const unsigned char *h,
		      int64_t *real_size, struct lam_error *err)
{
	bool more = h[482] != 0;
	size_t have;

	if (format_of(h) != GNU || !lam_tar_number(h + 483, 12, real_size))
		return bad_map(t, err);
	if (take_old_map(t, h + 386, 4, err) < 0)
		return err->code;
	while (more) {
		const unsigned char *block;

		if (fill(t, BLOCK, &have, err) < 0)
			return err->code;
		if (have < BLOCK)
			return fail_at(t, err, "ends in a sparse file's map");
		block = t->buf + t->at;
		more = block[504] != 0;
		if (take_old_map(t, block, 21, err) < 0)
			return err->code;
		advance(t, BLOCK);
	}
	return 0;
}

static bool list_number(struct lam_str *list, int64_t *out)
{
	const char *comma = memchr(list->bytes, ',', list->len);
	size_t len = comma ? (size_t)(comma - list->bytes) : list->len;

	if (!lam_tar_decimal(list->bytes, len, out))
		return false;
	list->bytes += len + (comma ? 1 : 0);
	list->len -= len + (comma ? 1 : 0);
	return true;
}

/* Version 0.1: all in one record. */
static int map_0_1(struct lam_tar_reader *t, const struct lam_record *map,
		   struct lam_error *err)
{
	const struct lam_record *blocks = lam_pax_find(&t->pax, "GNU.sparse.numblocks");
	struct lam_str list = map ? map->value : (struct lam_str){ "", 0 };
	int64_t count, offset, length;

	if (!blocks || !lam_tar_decimal(blocks->value.bytes, blocks->value.len, &count) ||
	    count < 0)
		return bad_map(t, err);
	for (; count > 0; count--) {
		if (!list_number(&list, &offset) || !list_number(&list, &length))
			return bad_map(t, err);
		if (add_extent(t, offset, length, err) < 0)
			return err->code;
	}
	return list.len ? bad_map(t, err) : 0;
}

/* Version 0.0: a record for each number. */
static int map_0_0(struct lam_tar_reader *t, struct lam_error *err)
{
	int64_t offset = 0, number;
	bool second = false;

	for (size_t i = 0; i < t->pax.count; i++) {
		const struct lam_record *r = &t->pax.records[i];
		bool is = (r->key.len == 17 &&
			   memcmp(r->key.bytes, "GNU.sparse.offset", 17) == 0) ||
			  (r->key.len == 19 &&
			   memcmp(r->key.bytes, "GNU.sparse.numbytes", 19) == 0);

		if (!is)
			continue;
		if (!lam_tar_decimal(r->value.bytes, r->value.len, &number))
			return bad_map(t, err);
		if (second && add_extent(t, offset, number, err) < 0)
			return err->code;
		offset = number;
		second = !second;
	}
	return second ? bad_map(t, err) : 0;
}

/* A line with a number, of the body. */
static int line_number(struct lam_tar_reader *t, size_t *used, int64_t *out,
		       struct lam_error *err)
{
	char text[24];
	size_t len = 0, got;

	for (;;) {
		char c;

		if (*used >= LAM_MAX_TAR_HEADER)
			return bad_map(t, err);
		if (lam_tar_read(t, &c, 1, &got, err) < 0)
			return err->code;
		if (got == 0)
			return bad_map(t, err);
		++*used;
		if (c == '\n')
			break;
		if (len == sizeof text)
			return bad_map(t, err);
		text[len++] = c;
	}
	return lam_tar_decimal(text, len, out) && *out >= 0 ? 0 : bad_map(t, err);
}

/* Version 1.0: lines in front of the data, padded to a block. */
static int map_1_0(struct lam_tar_reader *t, struct lam_error *err)
{
	int64_t count, offset, length;
	size_t used = 0, pad;

	if (line_number(t, &used, &count, err) < 0)
		return err->code;
	for (; count > 0; count--) {
		if (line_number(t, &used, &offset, err) < 0 ||
		    line_number(t, &used, &length, err) < 0 ||
		    add_extent(t, offset, length, err) < 0)
			return err->code;
	}
	pad = -used & (BLOCK - 1);
	if (pad > t->left)
		return bad_map(t, err);
	t->left -= pad;
	if (skip(t, pad, err) < 0)
		return err->code;
	t->data_offset = t->offset;
	return 0;
}

static bool record_is(const struct lam_record *r, const char *value)
{
	return r && r->value.len == strlen(value) &&
	       memcmp(r->value.bytes, value, r->value.len) == 0;
}

enum sparse { DENSE, SPARSE_0_0, SPARSE_0_1, SPARSE_1_0 };

static enum sparse sparse_version(const struct lam_pax *pax)
{
	const struct lam_record *major = lam_pax_find(pax, "GNU.sparse.major");
	const struct lam_record *minor = lam_pax_find(pax, "GNU.sparse.minor");
	bool by_record = lam_pax_find(pax, "GNU.sparse.offset") != NULL;

	if (record_is(major, "1") && record_is(minor, "0"))
		return SPARSE_1_0;
	if (record_is(major, "0") && (record_is(minor, "0") || record_is(minor, "1")))
		return by_record ? SPARSE_0_0 : SPARSE_0_1;
	if ((major && major->value.len) || (minor && minor->value.len))
		return DENSE; /* a version that nobody knows is read as it is stored */
	if (by_record)
		return SPARSE_0_0;
	return lam_pax_find(pax, "GNU.sparse.map") ? SPARSE_0_1 : DENSE;
}

static int pax_sparse(struct lam_tar_reader *t, enum sparse version, int64_t *real_size,
		      struct lam_error *err)
{
	const struct lam_record *name = lam_pax_find(&t->pax, "GNU.sparse.name");
	const struct lam_record *size = lam_pax_find(&t->pax, "GNU.sparse.size");

	if (!size || size->value.len == 0)
		size = lam_pax_find(&t->pax, "GNU.sparse.realsize");
	if (size && size->value.len &&
	    !lam_tar_decimal(size->value.bytes, size->value.len, real_size))
		return bad_map(t, err);
	if (name && name->value.len)
		t->entry.path = name->value;
	if (version == SPARSE_1_0)
		return map_1_0(t, err);
	if (version == SPARSE_0_0)
		return map_0_0(t, err);
	return map_0_1(t, lam_pax_find(&t->pax, "GNU.sparse.map"), err);
}

static int check_extents(const struct lam_tar_reader *t, int64_t real_size,
			 struct lam_error *err)
{
	uint64_t end = 0, sum = 0;

	if (real_size < 0)
		return bad_map(t, err);
	for (size_t i = 0; i < t->extent_count; i++) {
		const struct lam_extent *x = &t->extents[i];

		if (x->offset < end || x->length > (uint64_t)real_size ||
		    x->offset > (uint64_t)real_size - x->length)
			return bad_map(t, err);
		end = x->offset + x->length;
		sum += x->length;
	}
	return sum == t->left
		       ? 0
		       : fail_at(t, err,
				 "a sparse file's map is not about as much data as is stored");
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
	bool special = e->type == LAM_TYPE_SYMLINK || e->type == LAM_TYPE_CHAR ||
		       e->type == LAM_TYPE_BLOCK || e->type == LAM_TYPE_FIFO;

	if (size < 0)
		return fail_at(t, err, "an entry of negative size");
	if (special && size > 0)
		return fail_at(
			t, err,
			"a link, device or FIFO with a size, whose body readers skip or read as "
			"entries");
	if (e->type == LAM_TYPE_FILE && size > 0 && ends_with_slash(e->path))
		return fail_at(
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
	enum sparse version =
		e->type == LAM_TYPE_UNKNOWN ? DENSE : sparse_version(&t->pax);
	int64_t real_size = size;

	t->extent_count = 0;
	if (e->flag == 'S') {
		if (old_sparse(t, header, &real_size, err) < 0)
			return err->code;
		set_body(t, (uint64_t)size);
	} else {
		set_body(t, has_body ? (uint64_t)size : 0);
		if (version != DENSE && e->type != LAM_TYPE_FILE)
			return bad_map(t, err);
		if (version != DENSE && pax_sparse(t, version, &real_size, err) < 0)
			return err->code;
	}
	if (e->flag == 'S' || version != DENSE) {
		static const struct lam_extent none;

		if (check_extents(t, real_size, err) < 0)
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
	if (t->has_name)
		e->path = (struct lam_str){ t->long_name.data, t->long_name.len };
	if (t->has_target)
		e->target = (struct lam_str){ t->long_target.data, t->long_target.len };
	e->type = type_of(e->flag);
	if (e->flag == '\0' && ends_with_slash(e->path))
		e->type = LAM_TYPE_DIR;
	if (check_entry(t, size, err) < 0 || begin_body(t, header, size, err) < 0)
		return err->code;
	if (e->type != LAM_TYPE_LINK && e->type != LAM_TYPE_SYMLINK)
		e->target = (struct lam_str){ "", 0 };
	lam_pax_carry(&t->pax, &e->record_count);
	e->records = t->pax.records;
	t->pax.present = t->has_name = t->has_target = false;
	return 1;
}

static int take_global(struct lam_tar_reader *t, uint64_t size, struct lam_error *err)
{
	if (t->pax.present || t->has_name || t->has_target)
		return fail_at(
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
	unsigned char header[BLOCK];
	int64_t size;
	int code;

	if (!checksum_fits(block))
		return fail_at(t, err,
			       "a header's checksum is wrong: damaged, or no tar");
	t->entry = (struct lam_entry){ 0 };
	if (set_fields(t, block, &size, err) < 0)
		return err->code;
	memcpy(header, block, BLOCK);
	advance(t, BLOCK);
	switch (header[156]) {
	case 'x':
	case 'g':
	case 'L':
	case 'K':
		if (size < 0)
			return fail_at(t, err, "an entry of negative size");
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

int lam_tar_reader_new(struct lam_tar_reader **out, struct lam_reader *reader,
		       struct lam_error *err)
{
	struct lam_tar_reader *t = calloc(1, sizeof *t);

	*out = NULL;
	if (!t)
		return lam_fail_memory(err);
	t->reader = reader;
	t->name = t->target = LAM_BUF(1024);
	t->buf = malloc(BUF_SIZE);
	if (!t->buf) {
		free(t);
		return lam_fail_memory(err);
	}
	*out = t;
	return 0;
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
