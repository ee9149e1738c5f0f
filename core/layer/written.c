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
	uint32_t codec, piece_count;
	uint8_t recipe[LAM_RECIPE], digest[32], diff_id[32];
};

_Static_assert(sizeof(struct record) == 144, "stored as it is, without gaps");
_Static_assert(sizeof(struct lam_written_piece) == 56, "stored as it is, without gaps");

#define CHECKED (offsetof(struct record, checksum) + sizeof(uint64_t))

static uint64_t checksum_of(const struct record *r,
			    const struct lam_written_piece *pieces)
{
	uint64_t crc = crc64_ecma_refl(0, (const unsigned char *)r + CHECKED,
				       sizeof *r - CHECKED);
	size_t len = r->piece_count * sizeof *pieces;

	return len ? crc64_ecma_refl(crc, (const unsigned char *)pieces, len) : crc;
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

static bool fits(const struct record *r, size_t size)
{
	return size >= sizeof *r && memcmp(r->magic, MAGIC, sizeof r->magic) == 0 &&
	       r->version == LAM_WRITTEN_VERSION && r->order == ORDER &&
	       lam_codec_row(r->codec) && r->blob_size <= INT64_MAX &&
	       (size - sizeof *r) / sizeof(struct lam_written_piece) == r->piece_count &&
	       (size - sizeof *r) % sizeof(struct lam_written_piece) == 0 &&
	       r->checksum == checksum_of(r, (const void *)(r + 1));
}

static bool pieces_fit(const struct lam_written *w)
{
	for (size_t i = 0; i < w->piece_count; i++) {
		const struct lam_written_piece *p = &w->pieces[i];

		if (p->packed == 0 || p->at > w->reading.blob_size ||
		    p->packed > w->reading.blob_size - p->at)
			return false;
	}
	return true;
}

/* recipe NULL: whichever it is of. */
static bool load(const struct lam_cache *cache, const char *name, const uint8_t *recipe,
		 struct lam_written *out)
{
	size_t size;
	char *block = lam_cache_read(cache, name, &size);
	const struct record *r = (const void *)block;

	*out = (struct lam_written){ .block = block };
	if (!block || !fits(r, size) ||
	    (recipe && memcmp(r->recipe, recipe, LAM_RECIPE) != 0))
		return false;
	out->reading = (struct lam_layer_reading){ .digest = sha256(r->digest),
						   .diff_id = sha256(r->diff_id),
						   .blob_size = r->blob_size,
						   .tar_size = r->tar_size,
						   .codec = (enum lam_codec)r->codec };
	memcpy(out->recipe, r->recipe, LAM_RECIPE);
	out->pieces = (const void *)(r + 1);
	out->piece_count = r->piece_count;
	return pieces_fit(out);
}

void lam_written_fini(struct lam_written *written)
{
	free(written->block);
	*written = (struct lam_written){ 0 };
}

bool lam_written_get(const struct lam_cache *cache, const uint8_t recipe[LAM_RECIPE],
		     struct lam_written *out)
{
	LAM_CLEANUP(lam_free_ptr) char *name = name_of(recipe);
	bool there = load(cache, name, recipe, out);

	free(LAM_STEAL(out->block));
	out->pieces = NULL;
	out->piece_count = 0;
	if (there)
		lam_cache_use(cache, name);
	return there;
}

size_t lam_written_latest(const struct lam_cache *cache, size_t most,
			  struct lam_written **out)
{
	char **names;
	size_t found = lam_cache_latest(cache, LAM_WRITTEN_PREFIX, most, &names),
	       count = 0;

	*out = lam_xcalloc(found + 1, sizeof **out);
	for (size_t i = 0; i < found; i++) {
		if (load(cache, names[i], NULL, &(*out)[count]))
			count++;
		else
			lam_written_fini(&(*out)[count]);
		free(names[i]);
	}
	free(names);
	return count;
}

void lam_written_forget(const struct lam_cache *cache, const struct lam_written *written)
{
	LAM_CLEANUP(lam_free_ptr) char *name = name_of(written->recipe);

	lam_cache_remove(cache, name);
}

/* Saving */

struct saving {
	struct record record;
	const struct lam_written_piece *pieces;
};

static int save(const void *context, struct lam_writer *to, struct lam_error *err)
{
	const struct saving *s = context;
	size_t len = s->record.piece_count * sizeof *s->pieces;
	int code = lam_write(to, &s->record, sizeof s->record, err);

	return code < 0 || len == 0 ? code : lam_write(to, s->pieces, len, err);
}

void lam_written_put(const struct lam_cache *cache, const uint8_t recipe[LAM_RECIPE],
		     const struct lam_written *written)
{
	LAM_CLEANUP(lam_free_ptr) char *name = name_of(recipe);
	const struct lam_layer_reading *reading = &written->reading;
	struct saving s = { { .magic = MAGIC,
			      .version = LAM_WRITTEN_VERSION,
			      .order = ORDER,
			      .blob_size = reading->blob_size,
			      .tar_size = reading->tar_size,
			      .codec = reading->codec,
			      .piece_count = (uint32_t)written->piece_count },
			    written->pieces };

	memcpy(s.record.recipe, recipe, sizeof s.record.recipe);
	memcpy(s.record.digest, reading->digest.bytes, sizeof s.record.digest);
	memcpy(s.record.diff_id, reading->diff_id.bytes, sizeof s.record.diff_id);
	s.record.checksum = checksum_of(&s.record, s.pieces);
	lam_cache_write(cache, name, save, &s);
}
