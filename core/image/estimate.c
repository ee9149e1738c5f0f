/* How much a compressor leaves, by what another one has left. */
#include <lamina/estimate.h>

/* A tar without contents is headers, which are nearly all the same. */
#define HEADERS 0.08

/* From one compressor to another, which usually leave so much: what shrinks well shrinks
 * in proportion, and what did not shrink will not. */
static double convert(double ratio, double from, double to)
{
	if (ratio >= 1 || from >= 1)
		return 1;
	return ratio < from ? ratio * to / from : 1 - (1 - ratio) * (1 - to) / (1 - from);
}

double lam_estimate_packed(const struct lam_layer_info *original, double ratio)
{
	double usual = lam_compression_ratio(LAM_COMPRESSION_DEFAULT);

	if (original->codec == LAM_CODEC_NONE)
		return usual;
	/* at which level nobody knows: the tools' own */
	return convert(ratio,
		       lam_compression_ratio(lam_compression_usual(original->codec)),
		       usual);
}

uint64_t lam_estimate_blob(uint64_t tar, double ratio, struct lam_compression compression)
{
	double blob;

	if (compression.codec == LAM_CODEC_NONE)
		return tar;
	blob = (double)tar * convert(ratio > 0 ? ratio : HEADERS,
				     lam_compression_ratio(LAM_COMPRESSION_DEFAULT),
				     lam_compression_ratio(compression));
	return blob < (double)tar ? (uint64_t)blob : tar;
}
