/* The content of files, from the spool of their layer or from its blob: there from the
 * last checkpoint before it. A blob's digest is not checked by such a read, so the
 * content is, by its hash in the index. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/stop.h"
#include "codec/codec.h"
#include "image/image.h"

#define PIECE (1u << 20)

typedef int write_fn(void *context, const void *bytes, size_t len, struct lam_error *err);

/* Stored bytes from `offset` of a layer's tar on, in order, and who gets them. */
struct stored {
	const struct lam_spool *spool;
	struct lam_reader *stream; /* of the tar, where there is no spool */
	uint32_t layer;            /* of the stream */
	struct lam_hash *hash;     /* of what is given; NULL where there is a spool */
	uint64_t at;
	char *piece;
	write_fn *write;
	void *context;
	const atomic_bool *stop;
};

static int give(const struct stored *s, size_t len, struct lam_error *err)
{
	if (lam_stops(s->stop, 0))
		return lam_fail_stopped(err);
	if (s->hash)
		lam_hash_update(s->hash, s->piece, len);
	return s->write(s->context, s->piece, len, err);
}

/* The way may be long. */
static int stored_skip(struct stored *s, uint64_t offset, struct lam_error *err)
{
	if (s->spool) {
		s->at = offset;
		return 0;
	}
	while (s->at < offset) {
		size_t cap = offset - s->at < PIECE ? (size_t)(offset - s->at) : PIECE,
		       got;

		if (lam_stops(s->stop, 0))
			return lam_fail_stopped(err);
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

static int give_zeros(const struct stored *s, uint64_t len, struct lam_error *err)
{
	if (len)
		memset(s->piece, 0, len < PIECE ? (size_t)len : PIECE);
	while (len > 0) {
		size_t now = len < PIECE ? (size_t)len : PIECE;
		int code = give(s, now, err);

		if (code < 0)
			return code;
		len -= now;
	}
	return 0;
}

static int give_stored(struct stored *s, uint64_t len, struct lam_error *err)
{
	while (len > 0) {
		size_t now = len < PIECE ? (size_t)len : PIECE;
		int code = stored_read(s, now, err);

		if (code == 0)
			code = give(s, now, err);
		if (code < 0)
			return code;
		len -= now;
	}
	return 0;
}

static int give_content(struct stored *s, const struct lam_layer *layer,
			const struct lam_inode *inode, struct lam_error *err)
{
	struct lam_extent whole;
	size_t count;
	const struct lam_extent *extents =
		lam_layer_extents(layer, inode, &whole, &count);
	uint64_t at = 0;
	int code = stored_skip(s, inode->offset, err);

	for (size_t i = 0; i < count && code == 0; i++) {
		code = give_zeros(s, extents[i].offset - at, err);
		if (code == 0)
			code = give_stored(s, extents[i].length, err);
		at = extents[i].offset + extents[i].length;
	}
	return code < 0 ? code : give_zeros(s, inode->size - at, err);
}

/* The tar, from as near before an offset as can be. */
static int open_near(struct stored *s, const struct lam_image *image, uint32_t number,
		     uint64_t offset, struct lam_error *err)
{
	const struct lam_checkpoints *points = &image->indexes[number]->points;
	enum lam_codec codec = image->layers[number].info.codec;
	struct lam_decoder_start start = lam_decoder_start(codec, points, offset);

	lam_reader_close(LAM_STEAL(s->stream));
	s->layer = number;
	s->at = start.out;
	if (lam_source_open_layer(image->source, number, start.in, &s->stream, err) < 0)
		return err->code;
	lam_reader_stop(s->stream, s->stop);
	return lam_decoder_resume(&s->stream, LAM_STEAL(s->stream), codec, points, &start,
				  err);
}

/* Whether the stream stands before an offset, and no checkpoint is nearer to it. A few
 * bytes more to read are less than another place to look for. */
static bool is_on_the_way(const struct stored *s, const struct lam_image *image,
			  uint32_t number, uint64_t offset)
{
	if (!s->stream || s->layer != number || offset < s->at)
		return false;
	return offset - s->at <= PIECE ||
	       lam_decoder_start(image->layers[number].info.codec,
				 &image->indexes[number]->points, offset)
			       .out <= s->at;
}

static int check_content(struct lam_hash *hash, const struct lam_image *image,
			 uint32_t number, const struct lam_inode *inode,
			 struct lam_error *err)
{
	struct lam_digest digest;

	lam_hash_final(hash, &digest);
	if (memcmp(digest.bytes, lam_layer_content(image->indexes[number], inode),
		   LAM_CONTENT) == 0)
		return 0;
	return lam_fail(
		err, LAM_EFORMAT,
		"layer %u (%s): a file's content is not what it was when the layer was "
		"indexed: copy the image again",
		number, image->layers[number].digest_text);
}

/* From where the stream stands, or as near before the content as it can be opened anew,
 * whichever is nearer. */
static int read_from_blob(struct stored *s, const struct lam_image *image,
			  uint32_t number, const struct lam_inode *inode,
			  struct lam_error *err)
{
	LAM_CLEANUP(lam_hash_fini) struct lam_hash hash = { 0 };
	int code = 0;

	lam_hash_init(&hash, LAM_SHA256);
	s->hash = &hash;
	if (inode->size && !is_on_the_way(s, image, number, inode->offset))
		code = open_near(s, image, number, inode->offset, err);
	if (code == 0 && inode->size)
		code = give_content(s, image->indexes[number], inode, err);
	if (code == 0)
		code = check_content(&hash, image, number, inode, err);
	s->hash = NULL;
	return code;
}

int lam_image_read_inode(const struct lam_image *image, uint32_t number, uint32_t inode,
			 write_fn *write, void *context, const atomic_bool *stop,
			 struct lam_error *err)
{
	const struct lam_image_layer *layer = &image->layers[number];
	const struct lam_layer *index = image->indexes[number];
	uint64_t size = index->inodes[inode].size;
	/* small files are many; without a spool the way to them takes whole pieces */
	struct stored s = {
		.spool = layer->spool,
		.piece = malloc(layer->spool && size < PIECE ? (size_t)size + 1 : PIECE),
		.write = write,
		.context = context,
		.stop = stop
	};
	int code;

	if (!s.piece)
		code = lam_fail_memory(err);
	else if (s.spool)
		code = give_content(&s, index, &index->inodes[inode], err);
	else
		code = read_from_blob(&s, image, number, &index->inodes[inode], err);
	lam_reader_close(s.stream);
	free(s.piece);
	return code;
}

int lam_image_read_file(const struct lam_image *image, uint32_t node,
			const struct lam_version *version, write_fn *write, void *context,
			const atomic_bool *stop, struct lam_error *err)
{
	struct lam_stat stat;
	char *path;

	if (version)
		lam_tree_stat_version(image->tree, version, &stat);
	else
		lam_tree_stat(image->tree, node, &stat);
	if (stat.kind == LAM_KIND_FILE)
		return lam_image_read_inode(image, stat.layer, stat.inode, write, context,
					    stop, err);
	path = lam_tree_path_text(image->tree, node);
	if (!path)
		return lam_fail_memory(err);
	int code = lam_fail(err, LAM_ENOTFOUND, "%s: is no file", path);

	free(path);
	return code;
}

/* Many files */

struct wanted {
	size_t n; /* of the caller's nodes */
	uint32_t layer, inode;
	uint64_t offset;
};

static int compare_wanted(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;

	if (x->layer != y->layer)
		return x->layer < y->layer ? -1 : 1;
	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return (x->n > y->n) - (x->n < y->n);
}

/* Those that are visible files, in the order in which they lie in the layers. */
static struct wanted *sort_wanted(const struct lam_image *image, const uint32_t *nodes,
				  size_t count, size_t *out_count)
{
	struct wanted *wanted = lam_xcalloc(count + 1, sizeof *wanted);

	*out_count = 0;
	for (size_t i = 0; i < count; i++) {
		struct lam_stat stat;

		lam_tree_stat(image->tree, nodes[i], &stat);
		if (stat.kind != LAM_KIND_FILE || !image->tree->nodes[nodes[i]].live)
			continue;
		wanted[(*out_count)++] = (struct wanted){
			i, stat.layer, stat.inode,
			image->indexes[stat.layer]->inodes[stat.inode].offset
		};
	}
	qsort(wanted, *out_count, sizeof *wanted, compare_wanted);
	return wanted;
}

static int whole_write(void *context, const void *bytes, size_t len,
		       struct lam_error *err)
{
	return lam_buf_append(context, bytes, len, err);
}

static int read_whole(struct stored *s, const struct lam_image *image,
		      const struct wanted *w, struct lam_error *err)
{
	const struct lam_layer *index = image->indexes[w->layer];

	lam_buf_clear(s->context);
	s->spool = image->layers[w->layer].spool;
	return s->spool ? give_content(s, index, &index->inodes[w->inode], err)
			: read_from_blob(s, image, w->layer, &index->inodes[w->inode],
					 err);
}

int lam_image_read_files(const struct lam_image *image, const uint32_t *nodes,
			 size_t count, size_t most,
			 int (*take)(void *context, size_t n, const char *bytes,
				     size_t len, struct lam_error *err),
			 void *context, const atomic_bool *stop, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) struct wanted *wanted = NULL;
	struct lam_buf whole = LAM_BUF(most);
	struct stored s = { .piece = malloc(PIECE),
			    .write = whole_write,
			    .context = &whole,
			    .stop = stop };
	int code = s.piece ? 0 : lam_fail_memory(err);
	size_t wanted_count;

	wanted = sort_wanted(image, nodes, count, &wanted_count);
	for (size_t i = 0; i < wanted_count && code == 0; i++) {
		const struct wanted *w = &wanted[i], *last = i ? w - 1 : w;
		bool again = i && w->layer == last->layer && w->inode == last->inode;

		if (image->indexes[w->layer]->inodes[w->inode].size > most) {
			code = take(context, w->n, NULL, 0, err);
			continue;
		}
		if (!again)
			code = read_whole(&s, image, w, err);
		if (code == 0)
			code = take(context, w->n, whole.data ? whole.data : "",
				    whole.len, err);
	}
	lam_reader_close(s.stream);
	lam_buf_fini(&whole);
	free(s.piece);
	return code;
}

/* Of the whole pieces that a file has to itself, or else of those that it is in. */
double lam_image_packed(const struct lam_image *image, const struct lam_version *version)
{
	const uint64_t near = 1 << 20; /* so much of its neighbours does not matter */
	const struct lam_layer *index = image->indexes[version->inode_layer];
	const struct lam_layer_info *info = &image->layers[version->inode_layer].info;
	const struct lam_inode *inode = &index->inodes[version->inode];
	uint64_t begin = inode->offset, end = begin + inode->size;
	struct lam_checkpoint whole = { .out = info->tar_size, .in = info->blob_size };
	struct lam_checkpoint outer[2] = { { 0 }, whole }, inner[2] = { { 0 }, { 0 } };
	bool begun = begin <= near;

	for (size_t i = 0; i <= index->points.count; i++) {
		const struct lam_checkpoint *point =
			i < index->points.count ? &index->points.items[i] : &whole;

		if (point->out <= begin)
			outer[0] = *point;
		if (!begun && point->out + near >= begin) {
			inner[0] = *point;
			begun = true;
		}
		if (point->out <= end + near)
			inner[1] = *point;
		if (point->out >= end) {
			outer[1] = *point;
			break;
		}
	}
	if (inner[1].out > inner[0].out)
		memcpy(outer, inner, sizeof outer);
	return outer[1].out > outer[0].out ? (double)(outer[1].in - outer[0].in) /
						     (double)(outer[1].out - outer[0].out)
					   : 1;
}
