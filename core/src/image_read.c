/* The content of files, from the spool of their layer or from its blob. */
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "image.h"

#define PIECE (1u << 20)

typedef int write_fn(void *context, const void *bytes, size_t len, struct lam_error *err);

/* Stored bytes from `offset` of a layer's tar on, in order. */
struct stored {
	const struct lam_spool *spool;
	struct lam_reader *stream; /* of the tar, where there is no spool */
	uint64_t at;
	char *piece;
};

static int stored_skip(struct stored *s, uint64_t offset, struct lam_error *err)
{
	if (s->spool) {
		s->at = offset;
		return 0;
	}
	while (s->at < offset) {
		size_t cap = offset - s->at < PIECE ? (size_t)(offset - s->at) : PIECE,
		       got;

		if (lam_read(s->stream, s->piece, cap, &got, err) < 0)
			return err->code;
		if (got == 0)
			return lam_fail(err, LAM_EREAD, "the layer has become shorter");
		s->at += got;
	}
	return 0;
}

static int stored_read(struct stored *s, size_t len, struct lam_error *err)
{
	size_t got;

	if (s->spool) {
		if (lam_spool_read(s->spool, s->at, s->piece, len, err) < 0)
			return err->code;
	} else {
		if (lam_read_full(s->stream, s->piece, len, &got, err) < 0)
			return err->code;
		if (got < len)
			return lam_fail(err, LAM_EREAD, "the layer has become shorter");
	}
	s->at += len;
	return 0;
}

static int give_zeros(char *piece, uint64_t len, write_fn *write, void *context,
		      struct lam_error *err)
{
	if (len)
		memset(piece, 0, len < PIECE ? (size_t)len : PIECE);
	while (len > 0) {
		size_t now = len < PIECE ? (size_t)len : PIECE;
		int code = write(context, piece, now, err);

		if (code < 0)
			return code;
		len -= now;
	}
	return 0;
}

static int give_stored(struct stored *s, uint64_t len, write_fn *write, void *context,
		       struct lam_error *err)
{
	while (len > 0) {
		size_t now = len < PIECE ? (size_t)len : PIECE;
		int code = stored_read(s, now, err);

		if (code == 0)
			code = write(context, s->piece, now, err);
		if (code < 0)
			return code;
		len -= now;
	}
	return 0;
}

static int give_content(struct stored *s, const struct lam_layer *layer,
			const struct lam_inode *inode, write_fn *write, void *context,
			struct lam_error *err)
{
	struct lam_extent whole;
	size_t count;
	const struct lam_extent *extents =
		lam_layer_extents(layer, inode, &whole, &count);
	uint64_t at = 0;

	if (stored_skip(s, inode->offset, err) < 0)
		return err->code;
	for (size_t i = 0; i < count; i++) {
		int code =
			give_zeros(s->piece, extents[i].offset - at, write, context, err);

		if (code == 0)
			code = give_stored(s, extents[i].length, write, context, err);
		if (code < 0)
			return code;
		at = extents[i].offset + extents[i].length;
	}
	return give_zeros(s->piece, inode->size - at, write, context, err);
}

int lam_image_read_inode(const struct lam_image *image, uint32_t number, uint32_t inode,
			 write_fn *write, void *context, struct lam_error *err)
{
	const struct lam_image_layer *layer = &image->layers[number];
	uint64_t size = image->indexes[number]->inodes[inode].size;
	/* small files are many; without a spool the way to them takes whole pieces */
	struct stored s = {
		.spool = layer->spool,
		.piece = malloc(layer->spool && size < PIECE ? (size_t)size + 1 : PIECE)
	};
	struct lam_reader *blob = NULL;
	int code = s.piece ? 0 : lam_fail_memory(err);

	if (code == 0 && !s.spool)
		code = lam_source_open_layer(image->source, number, &blob, err);
	if (code == 0 && !s.spool)
		code = lam_decoder_new(&s.stream, LAM_STEAL(blob), layer->info.codec,
				       err);
	if (code == 0)
		code = give_content(&s, image->indexes[number],
				    &image->indexes[number]->inodes[inode], write,
				    context, err);
	lam_reader_close(s.stream);
	free(s.piece);
	return code;
}

int lam_image_read_file(const struct lam_image *image, uint32_t node,
			const struct lam_version *version, write_fn *write, void *context,
			struct lam_error *err)
{
	struct lam_stat stat;
	char *path;

	if (version)
		lam_tree_stat_version(image->tree, version, &stat);
	else
		lam_tree_stat(image->tree, node, &stat);
	if (stat.kind == LAM_KIND_FILE)
		return lam_image_read_inode(image, stat.layer, stat.inode, write, context,
					    err);
	path = lam_tree_path_text(image->tree, node);
	if (!path)
		return lam_fail_memory(err);
	int code = lam_fail(err, LAM_ENOTFOUND, "%s: is no file", path);

	free(path);
	return code;
}
