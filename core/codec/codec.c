#include "codec/codec.h"

#include <string.h>

enum lam_codec lam_codec_detect(const void *bytes, size_t len, const char **out_foreign)
{
	static const struct {
		const char *magic;
		size_t len;
		const char *name; /* NULL: one of ours */
		enum lam_codec codec;
	} known[] = {
		{ "\x1f\x8b", 2, NULL, LAM_CODEC_GZIP },
		{ "\x28\xb5\x2f\xfd", 4, NULL, LAM_CODEC_ZSTD },
		{ "\xfd"
		  "7zXZ\0",
		  6, "xz", LAM_CODEC_NONE },
		{ "BZh", 3, "bzip2", LAM_CODEC_NONE },
		{ "\x04\x22\x4d\x18", 4, "lz4", LAM_CODEC_NONE },
	};
	const unsigned char *b = bytes;

	*out_foreign = NULL;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (len < known[i].len ||
		    memcmp(bytes, known[i].magic, known[i].len) != 0)
			continue;
		*out_foreign = known[i].name;
		return known[i].codec;
	}
	/* a skippable frame first: zstd:chunked puts some there */
	if (len >= 4 && (b[0] & 0xf0) == 0x50 && memcmp(b + 1, "\x2a\x4d\x18", 3) == 0)
		return LAM_CODEC_ZSTD;
	return LAM_CODEC_NONE;
}

int lam_decoder_new(struct lam_reader **out, struct lam_reader *inner,
		    enum lam_codec codec, struct lam_error *err)
{
	return lam_decoder_recording(out, inner, codec, NULL, err);
}

int lam_decoder_recording(struct lam_reader **out, struct lam_reader *inner,
			  enum lam_codec codec, struct lam_checkpoints *points,
			  struct lam_error *err)
{
	if (codec == LAM_CODEC_GZIP)
		return lam_gzip_decoder_new(out, inner, points, err);
	if (codec == LAM_CODEC_ZSTD)
		return lam_zstd_decoder_new(out, inner, points, err);
	*out = inner;
	return 0;
}

uint64_t lam_decoder_begin(const struct lam_checkpoint *point)
{
	return point->in - (point->bit_count > 0);
}

int lam_decoder_resume(struct lam_reader **out, struct lam_reader *inner,
		       enum lam_codec codec, const struct lam_checkpoints *points,
		       const struct lam_checkpoint *point, struct lam_error *err)
{
	if (codec == LAM_CODEC_GZIP)
		return lam_gzip_decoder_resume(out, inner, points, point, err);
	return lam_decoder_new(out, inner, codec, err);
}
