/* The records of a PAX extended header: parsed, applied to an entry, carried on. */
#include "tar/pax.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/path.h"
#include "tar/number.h"

void lam_pax_fini(struct lam_pax *pax)
{
	lam_buf_fini(&pax->body);
	free(pax->records);
	*pax = (struct lam_pax){ 0 };
}

static bool is_key(struct lam_str key, const char *name)
{
	return key.len == strlen(name) && memcmp(key.bytes, name, key.len) == 0;
}

static bool is_one_of(struct lam_str key, const char *const *names)
{
	for (; *names; names++) {
		if (is_key(key, *names))
			return true;
	}
	return false;
}

static bool starts(struct lam_str key, const char *prefix)
{
	return key.len >= strlen(prefix) &&
	       memcmp(key.bytes, prefix, strlen(prefix)) == 0;
}

/* "LEN KEY=VALUE\n" at the front of *rest, which is moved behind it. */
static bool parse_one(struct lam_str *rest, struct lam_record *out)
{
	static const char *const text_keys[] = { "path", "linkpath", "uname", "gname",
						 NULL };
	const char *space = memchr(rest->bytes, ' ', rest->len), *equals;
	int64_t len;
	size_t skip;

	if (!space ||
	    !lam_tar_decimal(rest->bytes, (size_t)(space - rest->bytes), &len) ||
	    len < 5 || (uint64_t)len > rest->len)
		return false;
	skip = (size_t)(space - rest->bytes) + 1;
	if (skip >= (size_t)len || rest->bytes[len - 1] != '\n')
		return false;
	equals = memchr(space + 1, '=', (size_t)len - skip - 1);
	if (!equals || equals == space + 1)
		return false;
	out->key = (struct lam_str){ space + 1, (size_t)(equals - space - 1) };
	out->value = (struct lam_str){ equals + 1,
				       (size_t)(rest->bytes + len - 1 - (equals + 1)) };
	rest->bytes += len;
	rest->len -= (size_t)len;
	if (memchr(out->key.bytes, '\0', out->key.len))
		return false;
	return !is_one_of(out->key, text_keys) ||
	       !memchr(out->value.bytes, '\0', out->value.len);
}

static bool is_same(struct lam_str a, struct lam_str b)
{
	return a.len == b.len && memcmp(a.bytes, b.bytes, a.len) == 0;
}

/* Readers take the first or the last of two that differ. */
static int look_for_twice(struct lam_pax *pax, struct lam_error *err)
{
	static const char *const said[] = { "path", "linkpath", "uid",
					    "gid",  "mtime",    NULL };
	static const char *const framing[] = { "size",
					       "GNU.sparse.name",
					       "GNU.sparse.realsize",
					       "GNU.sparse.size",
					       "GNU.sparse.map",
					       NULL };
	const struct lam_record *last = pax->records + pax->count - 1;
	bool frames = is_one_of(last->key, framing);

	if (!frames && !is_one_of(last->key, said))
		return 0;
	for (size_t i = 0; i + 1 < pax->count; i++) {
		const struct lam_record *r = &pax->records[i];

		if (!is_same(r->key, last->key) || is_same(r->value, last->value))
			continue;
		if (frames)
			return lam_fail(
				err, LAM_EFORMAT,
				"a PAX header has two records \"%.*s\": readers take one or the "
				"other, and find other files behind it",
				(int)r->key.len, r->key.bytes);
		pax->repeated = true;
	}
	return 0;
}

/* Sparse 0.0 says offsets and lengths in turns. */
static bool sparse_in_turn(const struct lam_pax *pax, size_t *seen)
{
	const struct lam_record *r = &pax->records[pax->count - 1];
	bool offset = is_key(r->key, "GNU.sparse.offset"),
	     length = is_key(r->key, "GNU.sparse.numbytes");

	if (!offset && !length)
		return true;
	if (memchr(r->value.bytes, ',', r->value.len))
		return false;
	return (*seen)++ % 2 == 0 ? offset : length;
}

int lam_pax_parse(struct lam_pax *pax, struct lam_error *err)
{
	struct lam_str rest = { pax->body.data ? pax->body.data : "", pax->body.len };
	size_t sparse = 0;

	pax->count = 0;
	pax->repeated = pax->present; /* this one takes another's place */
	pax->present = true;
	while (rest.len) {
		if (LAM_GROW(pax->records, pax->count, pax->cap, err) < 0)
			return err->code;
		if (!parse_one(&rest, &pax->records[pax->count]))
			return lam_fail(
				err, LAM_EFORMAT,
				"a PAX header has a record that is not well formed");
		pax->count++;
		if (!sparse_in_turn(pax, &sparse))
			return lam_fail(
				err, LAM_EFORMAT,
				"a PAX header has a sparse map that is not well formed");
		if (look_for_twice(pax, err) < 0)
			return err->code;
	}
	return 0;
}

const struct lam_record *lam_pax_find(const struct lam_pax *pax, const char *key)
{
	if (!pax->present)
		return NULL;
	for (size_t i = pax->count; i-- > 0;) {
		if (is_key(pax->records[i].key, key))
			return &pax->records[i];
	}
	return NULL;
}

static bool is_carried(struct lam_str key)
{
	static const char *const known[] = { "path",  "linkpath",   "size",
					     "uid",   "gid",        "uname",
					     "gname", "mtime",      "atime",
					     "ctime", "hdrcharset", "SCHILY.realsize",
					     NULL };

	return !is_one_of(key, known) && !starts(key, "GNU.sparse.");
}

static int compare_keys(const struct lam_record *a, const struct lam_record *b)
{
	size_t len = a->key.len < b->key.len ? a->key.len : b->key.len;
	int order = memcmp(a->key.bytes, b->key.bytes, len);

	return order ? order : (a->key.len > b->key.len) - (a->key.len < b->key.len);
}

static int compare_records(const void *a, const void *b)
{
	const struct lam_record *x = a, *y = b;
	int order = compare_keys(x, y);

	/* equal keys stay in order: both stand in one body */
	return order ? order
		     : (x->key.bytes > y->key.bytes) - (x->key.bytes < y->key.bytes);
}

void lam_pax_carry(struct lam_pax *pax, size_t *out_count)
{
	size_t count = 0;

	*out_count = 0;
	if (!pax->present)
		return;
	for (size_t i = 0; i < pax->count; i++) {
		if (is_carried(pax->records[i].key))
			pax->records[count++] = pax->records[i];
	}
	if (count > 1)
		qsort(pax->records, count, sizeof *pax->records, compare_records);
	for (size_t i = 0; i < count; i++) {
		if (i + 1 < count &&
		    compare_keys(&pax->records[i], &pax->records[i + 1]) == 0)
			continue;
		pax->records[(*out_count)++] = pax->records[i];
	}
	pax->count = *out_count;
}

static int bad_value(const struct lam_record *r, struct lam_error *err)
{
	char text[LAM_PATH_TEXT];

	return lam_fail(err, LAM_EFORMAT, "the PAX record \"%.*s\" has the value \"%s\"",
			(int)r->key.len, r->key.bytes,
			lam_path_text(text, r->value.bytes, r->value.len, false));
}

static const struct lam_record *find_filled(const struct lam_pax *pax, const char *key)
{
	const struct lam_record *r = lam_pax_find(pax, key);

	return r && r->value.len ? r : NULL;
}

static void apply_text(const struct lam_pax *pax, const char *key,
		       struct lam_entry *entry, struct lam_str *out)
{
	const struct lam_record *r = lam_pax_find(pax, key);

	if (r && r->value.len)
		*out = r->value;
	entry->empty_path = entry->empty_path || (r && r->value.len == 0);
}

int lam_pax_apply(const struct lam_pax *pax, struct lam_entry *entry, int64_t *size,
		  struct lam_error *err)
{
	static const char *const times[] = { "mtime", "atime", "ctime" };
	const struct {
		const char *key;
		int64_t *value;
	} numbers[] = { { "uid", &entry->uid },
			{ "gid", &entry->gid },
			{ "size", size } };
	const struct lam_record *r;

	if (!pax->present)
		return 0;
	apply_text(pax, "path", entry, &entry->path);
	apply_text(pax, "linkpath", entry, &entry->target);
	for (size_t i = 0; i < 3; i++) {
		r = find_filled(pax, numbers[i].key);
		if (r && !lam_tar_decimal(r->value.bytes, r->value.len, numbers[i].value))
			return bad_value(r, err);
	}
	for (size_t i = 0; i < 3; i++) {
		int64_t s;
		uint32_t ns;

		r = find_filled(pax, times[i]);
		if (!r)
			continue;
		if (!lam_tar_time(r->value.bytes, r->value.len, &s, &ns))
			return bad_value(r, err);
		if (i > 0)
			continue;
		entry->mtime_s = s;
		entry->mtime_ns = ns;
	}
	return 0;
}
