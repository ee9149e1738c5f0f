/* Layers that are not compressed. */
#include "codec/codec.h"

static size_t chunk_size(int level)
{
	(void)level;
	return 1u << 20;
}

static const uint16_t LEFT[] = { 1000 };

static const struct lam_chunks CHUNKS = { .size = chunk_size };

const struct lam_codec_row lam_plain_row = {
	.name = "none",
	.media_types = LAM_MEDIA_TYPES("", ""),
	.left = LEFT,
	.chunks = &CHUNKS,
	.encoder = lam_chunk_encoder_new,
};
