#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lamina/compression.h>

static const struct {
	const char *name;
	int least, usual, most;
} CODECS[] = {
	[LAM_CODEC_NONE] = { "none", 0, 0, 0 },
	[LAM_CODEC_GZIP] = { "gzip", 1, 6, 12 },
	[LAM_CODEC_ZSTD] = { "zstd", 1, 3, 19 },
};

int lam_compression_parse(struct lam_compression *out, const char *text,
			  struct lam_error *err)
{
	for (size_t i = 0; i < sizeof CODECS / sizeof *CODECS; i++) {
		size_t len = strlen(CODECS[i].name);
		const char *digits = text + len + 1;
		long level;

		if (strncmp(text, CODECS[i].name, len) != 0)
			continue;
		*out = (struct lam_compression){ (enum lam_codec)i, CODECS[i].usual };
		if (text[len] == '\0')
			return 0;
		if (text[len] != ':' || CODECS[i].most == 0)
			break;
		level = strtol(digits, NULL, 10);
		if (strspn(digits, "0123456789") != strlen(digits) ||
		    strlen(digits) > 2 || digits[0] == '0' || level < CODECS[i].least ||
		    level > CODECS[i].most)
			break;
		out->level = (int)level;
		return 0;
	}
	return lam_fail(
		err, LAM_EPLAN,
		"compression is gzip, gzip:1 to gzip:12, zstd, zstd:1 to zstd:19 or none");
}

const char *lam_compression_format(struct lam_compression compression,
				   char out[LAM_COMPRESSION_TEXT])
{
	if (compression.codec == LAM_CODEC_NONE)
		snprintf(out, LAM_COMPRESSION_TEXT, "none");
	else
		snprintf(out, LAM_COMPRESSION_TEXT, "%s:%d",
			 CODECS[compression.codec].name, compression.level);
	return out;
}
