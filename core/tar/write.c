/* A written tar: canonical headers, PAX where ustar does not say it. */
#include "tar/write.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"

#define BLOCK      512u
#define NAME_FIELD 100u
#define PREFIX     155u
#define MAX_ID     2097151    /* seven octal digits */
#define MAX_SIZE   8589934591 /* eleven */
#define MAX_TIME   8589934591

static const char FLAG_OF[] = {
	[LAM_TYPE_FILE] = '0', [LAM_TYPE_LINK] = '1',  [LAM_TYPE_SYMLINK] = '2',
	[LAM_TYPE_CHAR] = '3', [LAM_TYPE_BLOCK] = '4', [LAM_TYPE_DIR] = '5',
	[LAM_TYPE_FIFO] = '6',
};

static void put_octal(unsigned char *field, size_t len, uint64_t value)
{
	field[len - 1] = '\0';
	for (size_t i = len - 1; i-- > 0; value >>= 3)
		field[i] = (unsigned char)('0' + (value & 7));
}

static bool is_ascii(struct lam_str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if ((unsigned char)s.bytes[i] >= 0x80)
			return false;
	}
	return true;
}

/* Where a name is cut into prefix and rest, so that both fit; 0: not at all. */
static size_t split_at(struct lam_str path)
{
	size_t from = path.len - NAME_FIELD -
		      1; /* the slash at the earliest, so that the rest fits */

	if (path.len > PREFIX + 1 + NAME_FIELD)
		return 0;
	for (size_t i = from; i < path.len - 1 && i <= PREFIX; i++) {
		if (path.bytes[i] == '/' && i > 0)
			return i;
	}
	return 0;
}

static void finish(unsigned char *h)
{
	unsigned sum = 0;

	memcpy(h + 257,
	       "ustar\0"
	       "00",
	       8);
	memset(h + 148, ' ', 8);
	for (size_t i = 0; i < BLOCK; i++)
		sum += h[i];
	put_octal(h + 148, 7, sum);
}

/* PAX records, in order of their keys */

static int add_record(struct lam_buf *out, const char *key, size_t key_len,
		      const char *value, size_t value_len, struct lam_error *err)
{
	size_t rest = key_len + value_len + 3, len = rest, digits;
	char number[24];

	do {
		digits = (size_t)snprintf(number, sizeof number, "%zu", len);
		if (len == rest + digits)
			break;
		len = rest + digits;
	} while (true);
	if (lam_buf_append(out, number, digits, err) < 0 ||
	    lam_buf_append_char(out, ' ', err) < 0 ||
	    lam_buf_append(out, key, key_len, err) < 0 ||
	    lam_buf_append_char(out, '=', err) < 0 ||
	    lam_buf_append(out, value, value_len, err) < 0)
		return err->code;
	return lam_buf_append_char(out, '\n', err);
}

struct own { /* a record that a field of the entry needs */
	const char *key;
	char number[48];
	struct lam_str value;
};

static void own_number(struct own *own, const char *key, int64_t value)
{
	own->key = key;
	own->value.len = (size_t)snprintf(own->number, sizeof own->number, "%lld",
					  (long long)value);
	own->value.bytes = NULL; /* means number[] */
}

static void own_mtime(struct own *own, int64_t s, uint32_t ns)
{
	bool negative = s < 0;
	uint64_t whole = negative ? (uint64_t) - (s + (ns > 0)) : (uint64_t)s;
	size_t len;

	if (negative && ns)
		ns = 1000000000 - ns;
	len = (size_t)snprintf(own->number, sizeof own->number, "%s%llu",
			       negative ? "-" : "", (unsigned long long)whole);
	if (ns) {
		len += (size_t)snprintf(own->number + len, sizeof own->number - len,
					".%09u", ns);
		while (own->number[len - 1] == '0')
			len--;
	}
	own->key = "mtime";
	own->value = (struct lam_str){ NULL, len };
}

struct plan {
	struct own own[6];
	size_t count;
	bool long_path, long_target;
};

/* Which records the fields need; keys come in order. */
static void plan_records(struct plan *p, const struct lam_entry *e, struct lam_str path)
{
	p->count = 0;
	p->long_path = !is_ascii(path) || (path.len > NAME_FIELD && split_at(path) == 0);
	p->long_target = !is_ascii(e->target) || e->target.len > NAME_FIELD;
	if (e->gid < 0 || e->gid > MAX_ID)
		own_number(&p->own[p->count++], "gid", e->gid);
	if (p->long_target)
		p->own[p->count++] =
			(struct own){ .key = "linkpath", .value = e->target };
	if (e->mtime_s < 0 || e->mtime_s > MAX_TIME || e->mtime_ns)
		own_mtime(&p->own[p->count++], e->mtime_s, e->mtime_ns);
	if (p->long_path)
		p->own[p->count++] = (struct own){ .key = "path", .value = path };
	if (e->type == LAM_TYPE_FILE && e->size > MAX_SIZE)
		own_number(&p->own[p->count++], "size", (int64_t)e->size);
	if (e->uid < 0 || e->uid > MAX_ID)
		own_number(&p->own[p->count++], "uid", e->uid);
}

static int compare(const struct own *own, const struct lam_record *r)
{
	size_t own_len = strlen(own->key),
	       len = own_len < r->key.len ? own_len : r->key.len;
	int order = memcmp(own->key, r->key.bytes, len);

	return order ? order : (own_len > r->key.len) - (own_len < r->key.len);
}

static int add_records(struct lam_buf *out, const struct plan *p,
		       const struct lam_entry *e, struct lam_error *err)
{
	size_t i = 0, k = 0;

	while (i < p->count || k < e->record_count) {
		const struct own *own = &p->own[i];
		const struct lam_record *r = k < e->record_count ? &e->records[k] : NULL;

		if (!r || (i < p->count && compare(own, r) < 0)) {
			const char *value =
				own->value.bytes ? own->value.bytes : own->number;

			if (add_record(out, own->key, strlen(own->key), value,
				       own->value.len, err) < 0)
				return err->code;
			i++;
			continue;
		}
		if (add_record(out, r->key.bytes, r->key.len, r->value.bytes,
			       r->value.len, err) < 0)
			return err->code;
		k++;
	}
	return 0;
}

static int add_block(struct lam_buf *out, unsigned char h[BLOCK], struct lam_error *err)
{
	finish(h);
	return lam_buf_append(out, h, BLOCK, err);
}

/* The 'x' header, and room for its body to be padded. */
static int add_extended(struct lam_buf *out, const struct plan *p,
			const struct lam_entry *e, struct lam_error *err)
{
	static const char front[] = "PaxHeaders.0/", zeros[BLOCK];
	unsigned char h[BLOCK] = { 0 };
	size_t header_at = out->len, body_at, base = e->path.len, len;

	while (base > 0 && e->path.bytes[base - 1] != '/')
		base--;
	len = e->path.len - base;
	if (len > NAME_FIELD - (sizeof front - 1))
		len = NAME_FIELD - (sizeof front - 1);
	memcpy(h, front, sizeof front - 1);
	if (len)
		memcpy(h + sizeof front - 1, e->path.bytes + base, len);
	if (lam_buf_append(out, h, BLOCK, err) < 0)
		return err->code;
	body_at = out->len;
	if (add_records(out, p, e, err) < 0)
		return err->code;
	if (out->len - body_at > LAM_MAX_TAR_HEADER)
		return lam_fail(
			err, LAM_EFORMAT,
			"its names and attributes take more than the 1 MiB that a "
			"PAX header may have");
	put_octal(h + 100, 8, 0644);
	put_octal(h + 108, 8, 0);
	put_octal(h + 116, 8, 0);
	put_octal(h + 124, 12, out->len - body_at);
	put_octal(h + 136, 12, 0);
	h[156] = 'x';
	finish(h);
	memcpy(out->data + header_at, h, BLOCK);
	return lam_buf_append(out, zeros, -(out->len - body_at) & (BLOCK - 1), err);
}

static void put_path(unsigned char *h, struct lam_str path, bool is_long)
{
	size_t at = path.len > NAME_FIELD && !is_long ? split_at(path) : 0;

	if (at) {
		memcpy(h + 345, path.bytes, at);
		memcpy(h, path.bytes + at + 1, path.len - at - 1);
	} else if (path.len > NAME_FIELD) {
		memcpy(h, path.bytes + path.len - NAME_FIELD, NAME_FIELD);
	} else if (path.len) {
		memcpy(h, path.bytes, path.len);
	}
}

static uint64_t fitting(int64_t value, int64_t most)
{
	return value < 0 || value > most ? 0 : (uint64_t)value;
}

static int put_devices(unsigned char *h, const struct lam_entry *e, struct lam_error *err)
{
	bool device = e->type == LAM_TYPE_CHAR || e->type == LAM_TYPE_BLOCK;

	if (device && (e->dev_major < 0 || e->dev_major > MAX_ID || e->dev_minor < 0 ||
		       e->dev_minor > MAX_ID))
		return lam_fail(
			err, LAM_EFORMAT,
			"device number %lld:%lld does not fit a tar that all runtimes read",
			(long long)e->dev_major, (long long)e->dev_minor);
	put_octal(h + 329, 8, device ? (uint64_t)e->dev_major : 0);
	put_octal(h + 337, 8, device ? (uint64_t)e->dev_minor : 0);
	return 0;
}

static int append(struct lam_buf *out, const struct lam_entry *e, struct lam_str path,
		  struct lam_error *err)
{
	unsigned char h[BLOCK] = { 0 };
	struct plan p;
	size_t target = e->target.len < NAME_FIELD ? e->target.len : NAME_FIELD;

	plan_records(&p, e, path);
	if ((p.count || e->record_count) && add_extended(out, &p, e, err) < 0)
		return err->code;
	put_path(h, path, p.long_path);
	put_octal(h + 100, 8, e->mode & 07777);
	put_octal(h + 108, 8, fitting(e->uid, MAX_ID));
	put_octal(h + 116, 8, fitting(e->gid, MAX_ID));
	put_octal(h + 124, 12,
		  e->type == LAM_TYPE_FILE && e->size <= MAX_SIZE ? e->size : 0);
	put_octal(h + 136, 12, fitting(e->mtime_s, MAX_TIME));
	h[156] = (unsigned char)FLAG_OF[e->type];
	if (target)
		memcpy(h + 157, e->target.bytes, target);
	if (put_devices(h, e, err) < 0)
		return err->code;
	return add_block(out, h, err);
}

bool lam_tar_is_plain(const struct lam_entry *e)
{
	bool device = e->type == LAM_TYPE_CHAR || e->type == LAM_TYPE_BLOCK;
	struct plan p;

	if (device || e->record_count || e->path.len >= NAME_FIELD)
		return false;
	plan_records(&p, e, e->path);
	return p.count == 0;
}

int lam_tar_append_header(struct lam_buf *out, const struct lam_entry *e,
			  struct lam_error *err)
{
	char small[256];
	struct lam_buf large = LAM_BUF(SIZE_MAX / 2);
	struct lam_str path = e->path;
	int code;

	if (e->type != LAM_TYPE_DIR)
		return append(out, e, path, err);
	if (path.len == 0)
		return append(out, e, (struct lam_str){ "./", 2 }, err);
	if (path.len < sizeof small) {
		memcpy(small, path.bytes, path.len);
		small[path.len] = '/';
		return append(out, e, (struct lam_str){ small, path.len + 1 }, err);
	}
	code = lam_buf_append(&large, path.bytes, path.len, err);
	if (code == 0)
		code = lam_buf_append_char(&large, '/', err);
	if (code == 0)
		code = append(out, e, (struct lam_str){ large.data, large.len }, err);
	lam_buf_fini(&large);
	return code;
}
