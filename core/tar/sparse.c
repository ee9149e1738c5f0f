/* Maps of sparse files: where their stored bytes go. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/limits.h"
#include "tar/number.h"
#include "tar/read_impl.h"

int lam_tar_bad_map(const struct lam_tar_reader *t, struct lam_error *err)
{
	return lam_tar_fail(t, err, "a sparse file's map is not well formed");
}

static int add_extent(struct lam_tar_reader *t, int64_t offset, int64_t length,
		      struct lam_error *err)
{
	if (offset < 0 || length < 0 || t->extent_count >= LAM_MAX_TAR_HEADER / 24)
		return lam_tar_bad_map(t, err);
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
			return lam_tar_bad_map(t, err);
		if (add_extent(t, offset, length, err) < 0)
			return err->code;
	}
	return 0;
}

int lam_tar_old_sparse(struct lam_tar_reader *t, const unsigned char *h,
		       int64_t *real_size, struct lam_error *err)
{
	bool more = h[482] != 0;
	size_t have;

	if (lam_tar_format_of(h) != LAM_TAR_GNU ||
	    !lam_tar_number(h + 483, 12, real_size))
		return lam_tar_bad_map(t, err);
	if (take_old_map(t, h + 386, 4, err) < 0)
		return err->code;
	while (more) {
		const unsigned char *block;

		if (lam_tar_fill(t, LAM_TAR_BLOCK, &have, err) < 0)
			return err->code;
		if (have < LAM_TAR_BLOCK)
			return lam_tar_fail(t, err, "ends in a sparse file's map");
		block = t->buf + t->at;
		more = block[504] != 0;
		if (take_old_map(t, block, 21, err) < 0)
			return err->code;
		lam_tar_advance(t, LAM_TAR_BLOCK);
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
		return lam_tar_bad_map(t, err);
	for (; count > 0; count--) {
		if (!list_number(&list, &offset) || !list_number(&list, &length))
			return lam_tar_bad_map(t, err);
		if (add_extent(t, offset, length, err) < 0)
			return err->code;
	}
	return list.len ? lam_tar_bad_map(t, err) : 0;
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
			return lam_tar_bad_map(t, err);
		if (second && add_extent(t, offset, number, err) < 0)
			return err->code;
		offset = number;
		second = !second;
	}
	return second ? lam_tar_bad_map(t, err) : 0;
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
			return lam_tar_bad_map(t, err);
		if (lam_tar_read(t, &c, 1, &got, err) < 0)
			return err->code;
		if (got == 0)
			return lam_tar_bad_map(t, err);
		++*used;
		if (c == '\n')
			break;
		if (len == sizeof text)
			return lam_tar_bad_map(t, err);
		text[len++] = c;
	}
	return lam_tar_decimal(text, len, out) && *out >= 0 ? 0 : lam_tar_bad_map(t, err);
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
	pad = -used & (LAM_TAR_BLOCK - 1);
	if (pad > t->left)
		return lam_tar_bad_map(t, err);
	t->left -= pad;
	if (lam_tar_skip(t, pad, err) < 0)
		return err->code;
	t->data_offset = t->offset;
	return 0;
}

static bool record_is(const struct lam_record *r, const char *value)
{
	return r && r->value.len == strlen(value) &&
	       memcmp(r->value.bytes, value, r->value.len) == 0;
}

enum lam_tar_sparse lam_tar_sparse_version(const struct lam_pax *pax)
{
	const struct lam_record *major = lam_pax_find(pax, "GNU.sparse.major");
	const struct lam_record *minor = lam_pax_find(pax, "GNU.sparse.minor");
	bool by_record = lam_pax_find(pax, "GNU.sparse.offset") != NULL;

	if (record_is(major, "1") && record_is(minor, "0"))
		return LAM_TAR_SPARSE_1_0;
	if (record_is(major, "0") && (record_is(minor, "0") || record_is(minor, "1")))
		return by_record ? LAM_TAR_SPARSE_0_0 : LAM_TAR_SPARSE_0_1;
	if ((major && major->value.len) || (minor && minor->value.len))
		return LAM_TAR_DENSE; /* a version that nobody knows is read as it is
					 stored */
	if (by_record)
		return LAM_TAR_SPARSE_0_0;
	return lam_pax_find(pax, "GNU.sparse.map") ? LAM_TAR_SPARSE_0_1 : LAM_TAR_DENSE;
}

int lam_tar_pax_sparse(struct lam_tar_reader *t, enum lam_tar_sparse version,
		       int64_t *real_size, struct lam_error *err)
{
	const struct lam_record *name = lam_pax_find(&t->pax, "GNU.sparse.name");
	const struct lam_record *size = lam_pax_find(&t->pax, "GNU.sparse.size");

	if (!size || size->value.len == 0)
		size = lam_pax_find(&t->pax, "GNU.sparse.realsize");
	if (size && size->value.len &&
	    !lam_tar_decimal(size->value.bytes, size->value.len, real_size))
		return lam_tar_bad_map(t, err);
	if (name && name->value.len)
		t->entry.path = name->value;
	if (version == LAM_TAR_SPARSE_1_0)
		return map_1_0(t, err);
	if (version == LAM_TAR_SPARSE_0_0)
		return map_0_0(t, err);
	return map_0_1(t, lam_pax_find(&t->pax, "GNU.sparse.map"), err);
}

int lam_tar_check_extents(const struct lam_tar_reader *t, int64_t real_size,
			  struct lam_error *err)
{
	uint64_t end = 0, sum = 0;

	if (real_size < 0)
		return lam_tar_bad_map(t, err);
	for (size_t i = 0; i < t->extent_count; i++) {
		const struct lam_extent *x = &t->extents[i];

		if (x->offset < end || x->length > (uint64_t)real_size ||
		    x->offset > (uint64_t)real_size - x->length)
			return lam_tar_bad_map(t, err);
		end = x->offset + x->length;
		sum += x->length;
	}
	return sum == t->left
		       ? 0
		       : lam_tar_fail(
				 t, err,
				 "a sparse file's map is not about as much data as is stored");
}
