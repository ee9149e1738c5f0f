#include "editor/analysis/estimate.h"

/* A tar without contents is headers, which are nearly all the same. */
#define HEADERS 0.08

double estimate_ratio(const struct lam_layer_info *original)
{
	double usual = lam_compression_ratio(LAM_COMPRESSION_DEFAULT);

	/* at which level nobody knows: the tools' own */
	if (original->codec == LAM_CODEC_NONE)
		return usual;
	if (original->tar_size == 0)
		return 1;
	return (double)original->blob_size / (double)original->tar_size * usual /
	       lam_compression_ratio(lam_compression_usual(original->codec));
}

uint64_t estimate_blob(uint64_t tar, double ratio, struct lam_compression compression)
{
	double scale = lam_compression_ratio(compression) /
		       lam_compression_ratio(LAM_COMPRESSION_DEFAULT);
	double blob;

	if (compression.codec == LAM_CODEC_NONE)
		return tar;
	blob = (double)tar * (ratio > 0 ? ratio : HEADERS) * scale;
	return blob < (double)tar ? (uint64_t)blob : tar;
}
