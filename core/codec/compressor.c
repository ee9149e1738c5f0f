#include "codec/compressor.h"

#include <isa-l/crc.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#define GZIP_PIECE (1u << 20)
/* Where a piece of 1 MiB would take a tenth of a second. */
#define GZIP_SLOW_FROM  10
#define GZIP_SLOW_PIECE (256u << 10)
#define ZSTD_PIECE      (2u << 20)
#define ZSTD_WINDOW_LOG 21 /* a whole piece */
/* From this level on a piece takes so long that it is fed in slices. */
#define ZSTD_SLOW_FROM 10
#define ZSTD_SLICE     (32u << 10)

struct lam_compressor {
	struct lam_compression how;
	struct libdeflate_compressor *gzip, *stored;
	ZSTD_CCtx *zstd;
};

size_t lam_piece_size(struct lam_compression c)
{
	if (c.codec == LAM_CODEC_ZSTD)
		return ZSTD_PIECE;
	if (c.codec == LAM_CODEC_GZIP && c.level >= GZIP_SLOW_FROM)
		return GZIP_SLOW_PIECE;
	return GZIP_PIECE;
}

int lam_compressor_new(struct lam_compressor **out, struct lam_compression compression,
		       struct lam_error *err)
{
	struct lam_compressor *c = calloc(1, sizeof *c);
	bool all;

	*out = NULL;
	if (!c)
		return lam_fail_memory(err);
	c->how = compression;
	if (compression.codec == LAM_CODEC_GZIP) {
		c->gzip = libdeflate_alloc_compressor(compression.level);
		c->stored = libdeflate_alloc_compressor(0);
		all = c->gzip && c->stored;
	} else {
		c->zstd = ZSTD_createCCtx();
		all = c->zstd;
	}
	if (!all) {
		lam_compressor_free(c);
		return lam_fail_memory(err);
	}
	*out = c;
	return 0;
}

void lam_compressor_free(struct lam_compressor *c)
{
	if (!c)
		return;
	if (c->gzip)
		libdeflate_free_compressor(c->gzip);
	if (c->stored)
		libdeflate_free_compressor(c->stored);
	ZSTD_freeCCtx(c->zstd);
	free(c);
}

/* gzip */

static void put_32(unsigned char *out, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		out[i] = (unsigned char)(value >> (8 * i));
}

static int run_gzip(struct lam_compressor *c, struct lam_buf *out, const void *in,
		    size_t in_len, struct lam_error *err)
{
	static const unsigned char header[10] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255 };
	struct libdeflate_compressor *deflate =
		lam_is_noise(in, in_len) ? c->stored : c->gzip;
	size_t bound = libdeflate_deflate_compress_bound(deflate, in_len), len;
	unsigned char *at;

	if (lam_buf_reserve(out, bound + 18, err) < 0)
		return err->code;
	at = (unsigned char *)out->data + out->len;
	memcpy(at, header, sizeof header);
	len = libdeflate_deflate_compress(deflate, in, in_len, at + sizeof header, bound);
	if (len == 0)
		return lam_fail(err, LAM_EWRITE,
				"gzip: the compressor needs more than it said");
	put_32(at + sizeof header + len, crc32_gzip_refl(0, in, in_len));
	put_32(at + sizeof header + len + 4, (uint32_t)in_len);
	out->len += sizeof header + len + 8;
	return 0;
}

/* zstd */

static int fail_zstd(size_t result, struct lam_error *err)
{
	if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation)
		return lam_fail_memory(err);
	return lam_fail(err, LAM_EWRITE, "zstd: %s", ZSTD_getErrorName(result));
}

static int set_up_zstd(struct lam_compressor *c, const void *in, size_t in_len,
		       struct lam_error *err)
{
	int level = lam_is_noise(in, in_len) ? 1 : c->how.level;
	const struct {
		ZSTD_cParameter name;
		int value;
	} parameters[] = {
		{ ZSTD_c_compressionLevel, level },
		{ ZSTD_c_windowLog, ZSTD_WINDOW_LOG },
		{ ZSTD_c_checksumFlag, 1 },
	};
	size_t result = ZSTD_CCtx_reset(c->zstd, ZSTD_reset_session_and_parameters);

	for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
		if (!ZSTD_isError(result))
			result = ZSTD_CCtx_setParameter(c->zstd, parameters[i].name,
							parameters[i].value);
	}
	if (!ZSTD_isError(result))
		result = ZSTD_CCtx_setPledgedSrcSize(c->zstd, in_len);
	return ZSTD_isError(result) ? fail_zstd(result, err) : 0;
}

/* In slices, so that it can be stopped between them. */
static int run_zstd_slowly(struct lam_compressor *c, struct lam_buf *out, size_t bound,
			   const void *in, size_t in_len, struct lam_meter *meter,
			   struct lam_error *err)
{
	ZSTD_outBuffer output = { out->data + out->len, bound, 0 };
	ZSTD_inBuffer input = { in, 0, 0 };
	size_t left = 1;

	while (left > 0) {
		size_t slice = in_len - input.size < ZSTD_SLICE ? in_len - input.size
								: ZSTD_SLICE;

		input.size += slice;
		left = ZSTD_compressStream2(c->zstd, &output, &input,
					    input.size == in_len ? ZSTD_e_end
								 : ZSTD_e_continue);
		if (ZSTD_isError(left))
			return fail_zstd(left, err);
		if (input.size < in_len)
			left = 1;
		if (meter && lam_meter_add(meter, slice, err) < 0)
			return err->code;
	}
	out->len += output.pos;
	return 0;
}

static int run_zstd(struct lam_compressor *c, struct lam_buf *out, const void *in,
		    size_t in_len, struct lam_meter *meter, struct lam_error *err)
{
	size_t bound = ZSTD_compressBound(in_len), len;

	if (lam_buf_reserve(out, bound, err) < 0 || set_up_zstd(c, in, in_len, err) < 0)
		return err->code;
	if (c->how.level >= ZSTD_SLOW_FROM)
		return run_zstd_slowly(c, out, bound, in, in_len, meter, err);
	len = ZSTD_compress2(c->zstd, out->data + out->len, bound, in, in_len);
	if (ZSTD_isError(len))
		return fail_zstd(len, err);
	out->len += len;
	return meter ? lam_meter_add(meter, in_len, err) : 0;
}

int lam_compressor_run(struct lam_compressor *c, struct lam_buf *out, const void *in,
		       size_t in_len, struct lam_meter *meter, struct lam_error *err)
{
	if (c->how.codec == LAM_CODEC_ZSTD)
		return run_zstd(c, out, in, in_len, meter, err);
	if (run_gzip(c, out, in, in_len, err) < 0)
		return err->code;
	return meter ? lam_meter_add(meter, in_len, err) : 0;
}
