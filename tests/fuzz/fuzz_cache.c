/* A stored index behind its checksum, which is made right here: what is believed can be
 * merged, stored again and used. */
#include <isa-l/crc64.h>
#include <string.h>

#include "fuzz.h"
#include "layer/store.h"

static const struct lam_layer_key KEY = { { LAM_SHA256, { 1 } },
					  { LAM_SHA256, { 2 } },
					  3 };

/* What would only ever be refused is as it should be. */
static void seal(struct lam_store_header *h, size_t size)
{
	memcpy(h->magic, LAM_STORE_MAGIC, sizeof h->magic);
	h->version = LAM_STORE_VERSION;
	h->order = LAM_STORE_ORDER;
	h->size = size;
	h->blob_size = KEY.blob_size;
	h->digest_algorithm = KEY.digest.algorithm;
	h->diff_id_algorithm = KEY.diff_id.algorithm;
	memcpy(h->digest, KEY.digest.bytes, sizeof h->digest);
	memcpy(h->diff_id, KEY.diff_id.bytes, sizeof h->diff_id);
	h->checksum = crc64_ecma_refl(0, (const unsigned char *)h + LAM_STORE_CHECKED,
				      size - LAM_STORE_CHECKED);
}

/* It can be stored, and is the same then. */
static void again(const struct lam_layer *layer, const struct lam_layer_reading *reading,
		  const struct lam_buf *seen)
{
	struct lam_buf stored = LAM_TEXT, text = LAM_TEXT;
	struct lam_writer *to = lam_writer_buf(&stored);
	struct lam_layer_reading other;
	struct lam_layer *loaded;
	struct lam_error err;
	size_t size;

	MUST(lam_layer_save(layer, reading, UINT64_MAX, to, &err));
	lam_writer_close(to);
	size = stored.len;
	NEED(lam_layer_load(&loaded, &other, lam_text_steal(&stored), size, &KEY, 1));
	NEED(fuzz_look(loaded, &text));
	NEED(text.len == seen->len && memcmp(text.data, seen->data, text.len) == 0);
	lam_buf_fini(&text);
	lam_layer_free(loaded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lam_buf text = LAM_TEXT;
	struct lam_layer_reading reading;
	struct lam_layer *layer;
	void *block;

	if (size < sizeof(struct lam_store_header))
		return 0;
	block = malloc(size);
	NEED(block);
	memcpy(block, data, size);
	seal(block, size);
	if (!lam_layer_load(&layer, &reading, block, size, &KEY, 1))
		return 0;
	if (fuzz_look(layer, &text))
		again(layer, &reading, &text);
	lam_buf_fini(&text);
	lam_layer_free(layer);
	return 0;
}
