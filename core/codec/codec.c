/* The table of codecs, and what is the same for all of them. */
#include "codec/codec.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct lam_codec_row *const ROWS[] = {
	[LAM_CODEC_NONE] = &lam_plain_row,
	[LAM_CODEC_GZIP] = &lam_gzip_row,
	[LAM_CODEC_ZSTD] = &lam_zstd_row,
};

#define ROW_COUNT (sizeof ROWS / sizeof *ROWS)

const struct lam_codec_row *lam_codec_row(unsigned codec)
{
	return codec < ROW_COUNT ? ROWS[codec] : NULL;
}

const char *lam_codec_name(enum lam_codec codec)
{
	return ROWS[codec]->name;
}

/* Compressions as text */

const char *lam_compression_forms(char out[LAM_COMPRESSION_FORMS])
{
	size_t len = 0;

	for (int levels = 1; levels >= 0; levels--) {
		for (size_t i = 0; i < ROW_COUNT; i++) {
			const struct lam_codec_row *row = ROWS[i];
			char range[32] = "";

			if ((row->most > 0) != levels)
				continue;
			if (levels)
				snprintf(range, sizeof range, ":%d to %d", row->least,
					 row->most);
			len += (size_t)snprintf(out + len, LAM_COMPRESSION_FORMS - len,
						"%s%s%s", len ? ", " : "", row->name,
						range);
			assert(len < LAM_COMPRESSION_FORMS);
		}
	}
	return out;
}

int lam_compression_parse(struct lam_compression *out, const char *text,
			  struct lam_error *err)
{
	char forms[LAM_COMPRESSION_FORMS];

	for (size_t i = 0; i < ROW_COUNT; i++) {
		const struct lam_codec_row *row = ROWS[i];
		size_t len = strlen(row->name);
		const char *digits = text + len + 1;
		long level;

		if (strncmp(text, row->name, len) != 0)
			continue;
		*out = lam_compression_usual((enum lam_codec)i);
		if (text[len] == '\0')
			return 0;
		if (text[len] != ':' || row->most == 0)
			break;
		level = strtol(digits, NULL, 10);
		if (strspn(digits, "0123456789") != strlen(digits) ||
		    strlen(digits) > 2 || digits[0] == '0' || level < row->least ||
		    level > row->most)
			break;
		out->level = (int)level;
		return 0;
	}
	return lam_fail(err, LAM_EPLAN, "compression is one of %s, or a name alone",
			lam_compression_forms(forms));
}

const char *lam_compression_format(struct lam_compression compression,
				   char out[LAM_COMPRESSION_TEXT])
{
	const struct lam_codec_row *row = ROWS[compression.codec];

	if (row->most == 0)
		snprintf(out, LAM_COMPRESSION_TEXT, "%s", row->name);
	else
		snprintf(out, LAM_COMPRESSION_TEXT, "%s:%d", row->name,
			 compression.level);
	return out;
}

struct lam_compression lam_compression_usual(enum lam_codec codec)
{
	return (struct lam_compression){ codec, ROWS[codec]->usual };
}

double lam_compression_ratio(struct lam_compression compression)
{
	const struct lam_codec_row *row = ROWS[compression.codec];
	int level = compression.level < row->most ? compression.level : row->most;

	return row->left[level > 0 ? level : 0] / 1000.0;
}

/* What a blob is */

enum lam_codec lam_codec_detect(const void *bytes, size_t len, const char **out_foreign)
{
	static const struct {
		const char *magic;
		size_t len;
		const char *name;
	} foreign[] = {
		{ "\xfd"
		  "7zXZ\0",
		  6, "xz" },
		{ "BZh", 3, "bzip2" },
		{ "\x04\x22\x4d\x18", 4, "lz4" },
	};

	*out_foreign = NULL;
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (ROWS[i]->begins && ROWS[i]->begins(bytes, len))
			return (enum lam_codec)i;
	}
	for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
		if (len >= foreign[i].len &&
		    memcmp(bytes, foreign[i].magic, foreign[i].len) == 0)
			*out_foreign = foreign[i].name;
	}
	return LAM_CODEC_NONE;
}

bool lam_codec_is_plain(const void *bytes, size_t len)
{
	const char *foreign;

	return lam_codec_detect(bytes, len, &foreign) == LAM_CODEC_NONE && !foreign;
}

/* Decoders */

struct lam_reader *lam_decoder_new(struct lam_reader *inner, enum lam_codec codec)
{
	return lam_decoder_recording(inner, codec, NULL);
}

struct lam_reader *lam_decoder_recording(struct lam_reader *inner, enum lam_codec codec,
					 struct lam_checkpoints *points)
{
	return ROWS[codec]->decoder ? ROWS[codec]->decoder(inner, points) : inner;
}

struct lam_decoder_start lam_decoder_start(enum lam_codec codec,
					   const struct lam_checkpoints *points,
					   uint64_t offset)
{
	const struct lam_checkpoint *point = lam_checkpoints_find(points, offset);

	if (!ROWS[codec]->decoder)
		return (struct lam_decoder_start){ NULL, offset, offset };
	if (!point)
		return (struct lam_decoder_start){ 0 };
	return (struct lam_decoder_start){ point, lam_checkpoint_begin(point),
					   point->out };
}

int lam_decoder_resume(struct lam_reader **out, struct lam_reader *inner,
		       enum lam_codec codec, const struct lam_checkpoints *points,
		       const struct lam_decoder_start *start, struct lam_error *err)
{
	if (start->point && start->point->in_member)
		return ROWS[codec]->resume(out, inner, points, start->point, err);
	*out = lam_decoder_new(inner, codec);
	return 0;
}

struct lam_writer *lam_encoder_new(struct lam_writer *inner,
				   const struct lam_encoder_options *options)
{
	return ROWS[options->compression.codec]->encoder(inner, options);
}
