/* A layer's blob, as a stream of a tar that is hashed on the way. */
#include "layer/blob.h"

#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"

#define AHEAD_PIECES 4
#define AHEAD_SIZE   (1u << 20)

/* The first bytes of a stream, given again before the rest. */
struct peeking {
	struct lam_reader base;
	char head[8];
	size_t head_len, given;
};

static int peeking_read(struct lam_reader *self, void *buf, size_t cap, size_t *out_len,
			struct lam_error *err)
{
	struct peeking *p = (struct peeking *)self;
	size_t left = p->head_len - p->given;

	if (left == 0)
		return lam_read(self->inner, buf, cap, out_len, err);
	*out_len = left < cap ? left : cap;
	memcpy(buf, p->head + p->given, *out_len);
	p->given += *out_len;
	return 0;
}

static const struct lam_reader_ops PEEKING = { .read = peeking_read };

/* Wraps *stream, which stays owned also on failure, and says how it is compressed. */
static int detect(struct lam_reader **stream, enum lam_codec *out, struct lam_error *err)
{
	struct peeking *p = calloc(1, sizeof *p);
	const char *foreign = NULL;

	if (!p)
		return lam_fail_memory(err);
	p->base = (struct lam_reader){ &PEEKING, *stream };
	*stream = &p->base;
	if (lam_read_full(p->base.inner, p->head, sizeof p->head, &p->head_len, err) < 0)
		return err->code;
	*out = lam_codec_detect(p->head, p->head_len, &foreign);
	if (foreign)
		return lam_fail(err, LAM_EFORMAT,
				"is compressed with %s, which layers are not", foreign);
	return 0;
}

struct pipe {
	struct lam_reader *stream; /* the outermost */
	struct lam_hash blob_hash, tar_hash;
};

/* Each constructor owns what it wraps, also on failure. */
static int build(struct pipe *p, const struct lam_layer_blob *blob,
		 struct lam_checkpoints *points, struct lam_layer_reading *r,
		 struct lam_error *err)
{
	p->stream = lam_reader_tap(p->stream, &p->blob_hash, &r->blob_size, NULL);
	if (detect(&p->stream, &r->codec, err) < 0)
		return err->code;
	p->stream = lam_decoder_recording(p->stream, r->codec, points);
	if (blob->ahead && lam_reader_ahead(&p->stream, LAM_STEAL(p->stream),
					    AHEAD_PIECES, AHEAD_SIZE, err) < 0)
		return err->code;
	p->stream = lam_reader_tap(p->stream, NULL, &r->tar_size, blob->spool);
	return 0;
}

void lam_layer_note_stream(struct lam_layer *layer)
{
	uint64_t mib = layer->points.memory >> 20;

	if (layer->points.long_name)
		lam_notes_add(&layer->notes, LAM_ODD_GZIP_NAME, layer->number, NULL, 0);
	if (mib > 128)
		lam_notes_add(&layer->notes,
			      mib > 256 ? LAM_ODD_WINDOW_512 : LAM_ODD_WINDOW_256,
			      layer->number, NULL, 0);
}

static void start_hash(struct lam_hash *hash, enum lam_algorithm algorithm)
{
	lam_hash_init(hash, algorithm ? algorithm : LAM_SHA256);
}

int lam_layer_read_blob(struct lam_layer **out_layer, const struct lam_layer_blob *blob,
			struct lam_layer_reading *out, struct lam_error *err)
{
	struct lam_checkpoints points = { 0 };
	struct pipe p = { .stream = blob->reader };
	int code;

	*out_layer = NULL;
	*out = (struct lam_layer_reading){ 0 };
	start_hash(&p.blob_hash, blob->algorithm);
	start_hash(&p.tar_hash, blob->tar_algorithm);
	code = build(&p, blob, &points, out, err);
	if (code == 0)
		code = lam_layer_read(out_layer, p.stream, blob->number, &p.tar_hash,
				      blob->stop, err);
	lam_reader_close(p.stream);
	if (code == 0) {
		lam_hash_final(&p.blob_hash, &out->digest);
		lam_hash_final(&p.tar_hash, &out->diff_id);
		(*out_layer)->points = points;
		lam_layer_note_stream(*out_layer);
	} else {
		lam_checkpoints_fini(&points);
	}
	lam_hash_fini(&p.blob_hash);
	lam_hash_fini(&p.tar_hash);
	return code;
}
