/* A layer's tar to its index: however it is cut, the same; what was read can be merged,
 * stored and read again. */
#include <string.h>

#include "fuzz.h"

#define BLOCK 512

static size_t octal(const uint8_t *field, size_t len)
{
	size_t value = 0;

	for (size_t i = 0; i < len; i++) {
		if (field[i] >= '0' && field[i] <= '7')
			value = value * 8 + (size_t)(field[i] - '0');
	}
	return value;
}

/* Sums that are right let more than headers as they were come through. */
static void mend_sums(uint8_t *tar, size_t size)
{
	for (size_t at = 0; at + BLOCK <= size;) {
		uint8_t *h = tar + at;
		unsigned sum = 0;
		char text[8];

		memset(h + 148, ' ', 8);
		for (size_t i = 0; i < BLOCK; i++)
			sum += h[i];
		if (sum == 8 * ' ') {
			memset(h + 148, 0, 8);
			return;
		}
		snprintf(text, sizeof text, "%06o", sum & 0777777);
		memcpy(h + 148, text, 7);
		at += BLOCK + (octal(h + 124, 11) + BLOCK - 1) / BLOCK * BLOCK;
	}
}

static struct lam_layer *read_tar(const uint8_t *tar, size_t size, size_t pieces,
				  struct lam_digest *digest, struct lam_error *err)
{
	struct lam_reader *reader = lam_reader_memory(tar, size);
	struct lam_layer *layer = NULL;
	struct lam_hash hash;
	int code;

	if (pieces)
		reader = fuzz_pieces(reader, pieces);
	lam_hash_init(&hash, LAM_SHA256);
	code = lam_layer_read(&layer, reader, 1, &hash, NULL, err);
	if (code < 0)
		need_error(code, err);
	lam_hash_final(&hash, digest);
	lam_hash_fini(&hash);
	lam_reader_close(reader);
	return code < 0 ? NULL : layer;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };
	unsigned how = fuzz_byte(&fuzz);
	uint8_t *tar = malloc(fuzz.left + 1);
	struct lam_digest digest, other;
	struct lam_error err, again;
	struct lam_buf text = LAM_TEXT;
	struct lam_layer *layer, *pieces;

	NEED(tar);
	if (fuzz.left)
		memcpy(tar, fuzz.at, fuzz.left);
	if (how & 1)
		mend_sums(tar, fuzz.left);
	layer = read_tar(tar, fuzz.left, 0, &digest, &err);
	pieces = read_tar(tar, fuzz.left, how & 2 ? 7 : 777, &other, &again);
	NEED(!layer == !pieces);
	if (layer) {
		NEED(lam_digest_equal(&digest, &other));
		NEED(fuzz_look(layer, &text));
		fuzz_store(
			layer,
			&(struct lam_layer_reading){ digest, digest, 0, UINT32_MAX, 0 },
			&(struct lam_layer_key){ digest, digest, 0 }, &text);
	} else {
		NEED(strcmp(err.text, again.text) == 0);
	}
	lam_buf_fini(&text);
	lam_layer_free(layer);
	lam_layer_free(pieces);
	free(tar);
	return 0;
}
