/* One header of rpm: an index of tags, and the values that they point to (big-endian; rpm's
 * "Package Format V4", Header). */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "base/memory.h"
#include "package/rpm.h"

enum tag {
	TAG_NAME = 1000,
	TAG_VERSION = 1001,
	TAG_RELEASE = 1002,
	TAG_EPOCH = 1003,
	TAG_ARCH = 1022,
	TAG_FILESTATES = 1029,
	TAG_FILEMODES = 1030,
	TAG_DIRINDEXES = 1116,
	TAG_BASENAMES = 1117,
	TAG_DIRNAMES = 1118,
};

enum type {
	TYPE_CHAR = 1,
	TYPE_INT16 = 3,
	TYPE_INT32 = 4,
	TYPE_STRING = 6,
	TYPE_STRINGS = 8
};

/* Of FILESTATES: as it was installed, and not known. All others say that what is there is
 * another package's, or nothing. */
#define STATE_NORMAL  0
#define STATE_MISSING 0xff

#define ENTRY ((size_t)16)

/* A package of 100,000 files has some 10 MiB. */
#define MOST_BYTES ((size_t)64 << 20)

struct header {
	const unsigned char *entries, *data;
	size_t entry_count, data_len;
};

struct value {
	const unsigned char *bytes; /* NULL: there is none */
	size_t len;                 /* up to the end of all data */
	uint32_t count;
};

static uint32_t big32(const unsigned char *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof value);
	return ntohl(value);
}

static uint16_t big16(const unsigned char *bytes)
{
	uint16_t value;

	memcpy(&value, bytes, sizeof value);
	return ntohs(value);
}

static bool open_header(struct header *h, const unsigned char *bytes, size_t len)
{
	if (len < 8)
		return false;
	h->entry_count = big32(bytes);
	h->data_len = big32(bytes + 4);
	if (h->entry_count > (len - 8) / ENTRY ||
	    h->data_len > len - 8 - h->entry_count * ENTRY)
		return false;
	h->entries = bytes + 8;
	h->data = h->entries + h->entry_count * ENTRY;
	return true;
}

/* The first value of a tag, if it has the type. size: bytes of one, 0 for strings. */
static struct value get(const struct header *h, enum tag tag, enum type type, size_t size)
{
	for (size_t i = 0; i < h->entry_count; i++) {
		const unsigned char *e = h->entries + i * ENTRY;
		uint32_t offset = big32(e + 8), count = big32(e + 12);

		if (big32(e) != (uint32_t)tag || big32(e + 4) != (uint32_t)type)
			continue;
		if (offset > h->data_len ||
		    (size && count > (h->data_len - offset) / size))
			break;
		return (struct value){ h->data + offset, h->data_len - offset, count };
	}
	return (struct value){ NULL, 0, 0 };
}

/* The next of a value's strings; false where it does not end. */
static bool next_string(struct value *v, struct lam_str *out)
{
	const unsigned char *end = v->len ? memchr(v->bytes, '\0', v->len) : NULL;

	if (!end || v->count == 0)
		return false;
	*out = (struct lam_str){ (const char *)v->bytes, (size_t)(end - v->bytes) };
	v->bytes += out->len + 1;
	v->len -= out->len + 1;
	v->count--;
	return true;
}

static struct lam_str get_string(const struct header *h, enum tag tag)
{
	struct value v = get(h, tag, TYPE_STRING, 0);
	struct lam_str out;

	v.count = v.bytes != NULL;
	return next_string(&v, &out) ? out : (struct lam_str){ "", 0 };
}

/* "[EPOCH:]VERSION-RELEASE" */
static char *version_of(const struct header *h)
{
	struct value epoch = get(h, TAG_EPOCH, TYPE_INT32, 4);
	struct lam_str version = get_string(h, TAG_VERSION),
		       release = get_string(h, TAG_RELEASE);
	char number[16] = "";

	if (epoch.count)
		snprintf(number, sizeof number, "%u:", big32(epoch.bytes));
	return lam_xprintf("%s%.*s-%.*s", number, (int)version.len, version.bytes,
			   (int)release.len, release.bytes);
}

struct files {
	const unsigned char **dirs; /* and where the last ends */
	size_t dir_count;
	struct value bases, indexes, modes, states;
};

static int fail_files(struct lam_error *err)
{
	return lam_fail(err, LAM_EFORMAT, "a package's list of files is damaged");
}

static int open_files(struct files *f, const struct header *h, struct lam_error *err)
{
	struct value dirs = get(h, TAG_DIRNAMES, TYPE_STRINGS, 1);
	struct lam_str dir;

	f->bases = get(h, TAG_BASENAMES, TYPE_STRINGS, 1);
	f->indexes = get(h, TAG_DIRINDEXES, TYPE_INT32, 4);
	f->modes = get(h, TAG_FILEMODES, TYPE_INT16, 2);
	f->states = get(h, TAG_FILESTATES, TYPE_CHAR, 1);
	f->dirs = malloc(((size_t)dirs.count + 1) * sizeof *f->dirs);
	if (!f->dirs)
		return lam_fail_memory(err);
	f->dirs[0] = dirs.bytes;
	while (dirs.count) {
		if (!next_string(&dirs, &dir))
			return fail_files(err);
		f->dirs[++f->dir_count] = dirs.bytes;
	}
	return f->indexes.count >= f->bases.count ? 0 : fail_files(err);
}

static int claim_file(struct lam_package_reading *r, uint32_t package, struct files *f,
		      uint32_t i, struct lam_error *err)
{
	uint32_t number = big32(f->indexes.bytes + (size_t)4 * i);
	struct lam_buf *path = &r->path;
	struct lam_str base, dir;

	if (!next_string(&f->bases, &base) || number >= f->dir_count)
		return fail_files(err);
	dir = (struct lam_str){ (const char *)f->dirs[number],
				(size_t)(f->dirs[number + 1] - f->dirs[number]) - 1 };
	if (dir.len > LAM_MAX_PATH || /* nothing has it */
	    (i < f->states.count && f->states.bytes[i] != STATE_NORMAL &&
	     f->states.bytes[i] != STATE_MISSING))
		return 0;
	lam_buf_clear(path);
	lam_text_add(path, dir.bytes, dir.len);
	lam_text_add(path, base.bytes, base.len);
	if (i < f->modes.count && S_ISDIR(big16(f->modes.bytes + (size_t)2 * i)))
		lam_text_putc(path, '/');
	return lam_package_claim(r, package, path->data, path->len, err);
}

static int claim_files(struct lam_package_reading *r, uint32_t package,
		       const struct header *h, struct lam_error *err)
{
	struct files f = { 0 };
	int code = open_files(&f, h, err);
	uint32_t count = f.bases.count;

	for (uint32_t i = 0; code == 0 && i < count; i++)
		code = claim_file(r, package, &f, i, err);
	free(f.dirs);
	return code;
}

int lam_rpm_take_header(struct lam_package_reading *r, const void *bytes, size_t len,
			struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *version = NULL;
	struct header h;
	struct lam_package_id id;
	uint32_t package;

	if (len > MOST_BYTES || !open_header(&h, bytes, len))
		return lam_fail(err, LAM_EFORMAT, "a package's header is damaged");
	version = version_of(&h);
	id = (struct lam_package_id){ get_string(&h, TAG_NAME),
				      { version, strlen(version) },
				      get_string(&h, TAG_ARCH) };
	if (id.name.len == 0)
		return lam_fail(err, LAM_EFORMAT, "a package has no name");
	if (lam_package_add(r, &id, &package, err) < 0)
		return err->code;
	return claim_files(r, package, &h, err);
}
