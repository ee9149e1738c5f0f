/* How a layer is stored. */
#ifndef LAMINA_COMPRESSION_H
#define LAMINA_COMPRESSION_H

#include <lamina/error.h>

/* Caches hold these numbers: a new one goes to the end. */
enum lam_codec { LAM_CODEC_NONE, LAM_CODEC_GZIP, LAM_CODEC_ZSTD };

struct lam_compression {
	enum lam_codec codec;
	int level; /* gzip 1 to 12 (libdeflate's), zstd 1 to 19, none 0 */
};

#define LAM_COMPRESSION_DEFAULT ((struct lam_compression){ LAM_CODEC_GZIP, 6 })
#define LAM_COMPRESSION_TEXT    16
#define LAM_COMPRESSION_FORMS   128

/* "gzip", "gzip:6", "zstd", "zstd:3", "none"; without a level gzip is 6 and zstd 3.
 * LAM_EPLAN with the forms that are taken. */
int lam_compression_parse(struct lam_compression *out, const char *text,
			  struct lam_error *err);
const char *lam_compression_format(struct lam_compression compression,
				   char out[LAM_COMPRESSION_TEXT]);

/* All of them: "gzip:1 to 12, zstd:1 to 19, none". */
const char *lam_compression_forms(char out[LAM_COMPRESSION_FORMS]);

const char *lam_codec_name(enum lam_codec codec); /* "gzip" */
/* With the level that is taken where none is named. */
struct lam_compression lam_compression_usual(enum lam_codec codec);
/* What is usually left of a tar, of 1: programs, Python's library and documents of a
 * Debian system. */
double lam_compression_ratio(struct lam_compression compression);

#endif
