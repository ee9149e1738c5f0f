/* Records of written layers, as files of the cache. */
#include "layer/written.h"

#include <isa-l/crc64.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "codec/codec.h"

#define MAGIC "lam-wrt"
#define ORDER 0x01020304u

struct record {
	char magic[8];
	uint32_t version, order;
	uint64_t checksum; /* CRC-64 (ECMA, reflected) of all that follows it */
	uint64_t blob_size, tar_size;
	uint32_t codec, unused;
	uint8_t recipe[LAM_RECIPE], digest[32], diff_id[32];
};

_Static_assert(sizeof(struct record) == 144, "stored as it is, without gaps");

#define CHECKED (offsetof(struct record, checksum) + sizeof(uint64_t))

static uint64_t checksum_of(const struct record *r)
{
	return crc64_ecma_refl(0, (const unsigned char *)r + CHECKED,
			       sizeof *r - CHECKED);
}

static char *name_of(const uint8_t recipe[LAM_RECIPE])
{
	struct lam_digest digest = { .algorithm = LAM_SHA256 };
	char text[LAM_DIGEST_TEXT];

	memcpy(digest.bytes, recipe, LAM_RECIPE);
	return lam_xprintf(LAM_WRITTEN_PREFIX "v%u-%s.index", LAM_WRITTEN_VERSION,
			   lam_digest_hex(&digest, text));
}

static struct lam_digest sha256(const uint8_t bytes[32])
{
	struct lam_digest digest = { .algorithm = LAM_SHA256 };

	memcpy(digest.bytes, bytes, 32);
	return digest;
}

static bool fits(const struct record *r, size_t size, const uint8_t recipe[LAM_RECIPE])
{
	return size == sizeof *r && memcmp(r->magic, MAGIC, sizeof r->magic) == 0 &&
	       r->version == LAM_WRITTEN_VERSION && r->order == ORDER &&
	       memcmp(r->recipe, recipe, LAM_RECIPE) == 0 && lam_codec_row(r->codec) &&
	       r->blob_size <= INT64_MAX && r->checksum == checksum_of(r);
}

bool lam_written_get(const struct lam_cache *cache, const uint8_t recipe[LAM_RECIPE],
		     struct lam_written *out)
{
	LAM_CLEANUP(lam_free_ptr) char *name = name_of(recipe);
	LAM_CLEANUP(lam_free_ptr) char *block = NULL;
	const struct record *r;
	size_t size;

	block = lam_cache_read(cache, name, &size);
	r = (const void *)block;
	if (!block || !fits(r, size, recipe))
		return false;
	*out = (struct lam_written){ .reading = { .digest = sha256(r->digest),
						  .diff_id = sha256(r->diff_id),
						  .blob_size = r->blob_size,
						  .tar_size = r->tar_size,
						  .codec = (enum lam_codec)r->codec } };
	return true;
}

static int save(const void *context, struct lam_writer *to, struct lam_error *err)
{
	return lam_write(to, context, sizeof(struct record), err);
}

void lam_written_put(const struct lam_cache *cache, const uint8_t recipe[LAM_RECIPE],
		     const struct lam_written *written)
{
	LAM_CLEANUP(lam_free_ptr) char *name = name_of(recipe);
	const struct lam_layer_reading *reading = &written->reading;
	struct record r = { .magic = MAGIC,
			    .version = LAM_WRITTEN_VERSION,
			    .order = ORDER,
			    .blob_size = reading->blob_size,
			    .tar_size = reading->tar_size,
			    .codec = reading->codec };

	memcpy(r.recipe, recipe, sizeof r.recipe);
	memcpy(r.digest, reading->digest.bytes, sizeof r.digest);
	memcpy(r.diff_id, reading->diff_id.bytes, sizeof r.diff_id);
	r.checksum = checksum_of(&r);
	lam_cache_write(cache, name, save, &r);
}
