/* rpm's own kind of database: pages of slots, and blobs that these point to (little-endian;
 * lib/backend/ndb/rpmpkg.c of rpm). */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/stop.h"
#include "package/rpm.h"

#define MAGIC_FILE 0x506d7052u /* "RpmP" */
#define MAGIC_SLOT 0x746f6c53u /* "Slot" */
#define MAGIC_BLOB 0x53626c42u /* "BlbS" */

#define PAGE        ((size_t)4096)
#define SLOT        ((size_t)16)
#define FILE_HEADER ((size_t)32) /* in the place of the first two slots */
#define BLOB_HEADER ((size_t)16)

struct slot {
	uint32_t package, block; /* of 16 bytes */
};

static uint32_t little32(const char *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof value);
	return le32toh(value);
}

static int compare_slots(const void *a, const void *b)
{
	const struct slot *x = a, *y = b;

	return (x->package > y->package) - (x->package < y->package);
}

static int take_blob(struct lam_package_reading *r, const char *bytes, size_t len,
		     const struct slot *slot, struct lam_error *err)
{
	size_t at = (size_t)slot->block * SLOT, size;

	if (at > len || len - at < BLOB_HEADER || little32(bytes + at) != MAGIC_BLOB ||
	    little32(bytes + at + 4) != slot->package)
		return lam_fail(err, LAM_EFORMAT, "package %u is not where it should be",
				slot->package);
	size = little32(bytes + at + 12);
	if (size > len - at - BLOB_HEADER)
		return lam_fail(err, LAM_EFORMAT, "package %u is cut", slot->package);
	return lam_rpm_take_header(r, bytes + at + BLOB_HEADER, size, err);
}

/* In order of number, which is that of installation. */
static int take_blobs(struct lam_package_reading *r, const char *bytes, size_t len,
		      const struct slot *slots, size_t count, struct lam_error *err)
{
	for (size_t i = 0; i < count; i++) {
		if (lam_stops(r->stop, i))
			return lam_fail_stopped(err);
		if (i && slots[i].package == slots[i - 1].package)
			return lam_fail(err, LAM_EFORMAT, "package %u is there twice",
					slots[i].package);
		if (take_blob(r, bytes, len, &slots[i], err) < 0)
			return err->code;
	}
	return 0;
}

int lam_rpm_read_ndb(struct lam_package_reading *r, const char *bytes, size_t len,
		     struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) struct slot *slots = NULL;
	size_t end, count = 0;

	if (len < PAGE || little32(bytes) != MAGIC_FILE || little32(bytes + 4) != 0)
		return lam_fail(err, LAM_EFORMAT, "is no ndb database of version 0");
	end = little32(bytes + 12);
	if (end > len / PAGE)
		return lam_fail(err, LAM_EFORMAT, "is cut");
	end *= PAGE;
	slots = malloc((end / SLOT + 1) * sizeof *slots);
	if (!slots)
		return lam_fail_memory(err);
	for (size_t at = FILE_HEADER; at < end; at += SLOT) {
		if (little32(bytes + at) != MAGIC_SLOT)
			return lam_fail(err, LAM_EFORMAT, "has a damaged slot");
		if (little32(bytes + at + 4))
			slots[count++] = (struct slot){ little32(bytes + at + 4),
							little32(bytes + at + 8) };
	}
	qsort(slots, count, sizeof *slots, compare_slots);
	return take_blobs(r, bytes, len, slots, count, err);
}
