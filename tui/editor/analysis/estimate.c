#include "editor/analysis/estimate.h"

/* Thousandths of the tar that are left, as this program compresses: programs, Python's
 * library and documents of a Debian system, by level. */
static const uint16_t GZIP[] = { 383, 415, 400, 396, 393, 386, 383,
				 381, 380, 380, 371, 371, 371 };
static const uint16_t ZSTD[] = { 366, 417, 387, 366, 361, 351, 342, 337, 335, 326,
				 323, 322, 322, 321, 318, 317, 309, 302, 300, 299 };

/* A tar without contents is headers, which are nearly all the same. */
#define HEADERS 0.08

static uint16_t at_level(const uint16_t *table, int count, int level)
{
	return table[level < 0 ? 0 : level < count ? level : count - 1];
}

double estimate_usual(struct lam_compression compression)
{
	switch (compression.codec) {
	case LAM_CODEC_GZIP:
		return at_level(GZIP, sizeof GZIP / sizeof *GZIP, compression.level) /
		       1000.0;
	case LAM_CODEC_ZSTD:
		return at_level(ZSTD, sizeof ZSTD / sizeof *ZSTD, compression.level) /
		       1000.0;
	case LAM_CODEC_NONE: break;
	}
	return 1;
}

double estimate_ratio(const struct lam_layer_info *original)
{
	const struct lam_compression gzip = { LAM_CODEC_GZIP, 6 },
				     zstd = { LAM_CODEC_ZSTD, 3 };
	double stored = original->tar_size
				? (double)original->blob_size / (double)original->tar_size
				: 1;

	/* at which level nobody knows: the tools' own */
	switch (original->codec) {
	case LAM_CODEC_GZIP: return stored;
	case LAM_CODEC_ZSTD: return stored * estimate_usual(gzip) / estimate_usual(zstd);
	case LAM_CODEC_NONE: break;
	}
	return estimate_usual(gzip);
}

uint64_t estimate_blob(uint64_t tar, double ratio, struct lam_compression compression)
{
	double scale =
		estimate_usual(compression) / estimate_usual(LAM_COMPRESSION_DEFAULT);
	double blob;

	if (compression.codec == LAM_CODEC_NONE)
		return tar;
	blob = (double)tar * (ratio > 0 ? ratio : HEADERS) * scale;
	return blob < (double)tar ? (uint64_t)blob : tar;
}
