/* Which layers of the source are read how, for what is written. */
#include "write/contents.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/stop.h"
#include "codec/codec.h"
#include "tar/write.h"
#include "write/contents_layer.h"

/* What lies between two files, when it is shorter, is kept with them: one write. */
#define GAP (64u << 10)
/* Blobs from this size on are worth a thread of their own that reads ahead. */
#define AHEAD_FROM   (8u << 20)
#define AHEAD_CHUNKS 4
/* For a layer that is read to its end at once. */
#define WHOLE_CHUNK (1u << 20)
/* Layers that are read as their files are asked for, at most, and for each of them. */
#define STREAMS       8
#define STREAM_CHUNKS 2
#define STREAM_CHUNK  (256u << 10)

struct source_layer {
	struct lam_contents_layer base;
	uint64_t needed, late; /* bytes; of those, what is asked for when later ones have
				  been */
	uint64_t reached;      /* by what was asked for */
	bool twice;            /* some are asked for more than once */
	bool given;            /* to a thread, or is a stream */
	unsigned chunks;       /* in which it is read ahead, as a whole; 0: it is not */
	atomic_bool *failed;   /* another could not be read */
};

struct lam_contents {
	const struct lam_layout *layout;
	const struct lam_image *image;
	struct source_layer *layers; /* of the image */
	atomic_bool failed;          /* one that is read as a whole */
};

/* What is needed */

/* Where bytes [from, to) of a file stand in the tar; holes stand nowhere. */
static struct lam_span stored_span(const struct lam_layer *layer,
				   const struct lam_inode *inode, uint64_t from,
				   uint64_t to)
{
	struct lam_extent whole;
	size_t count;
	const struct lam_extent *e = lam_layer_extents(layer, inode, &whole, &count);
	struct lam_span span = { inode->offset, inode->offset };

	for (size_t i = 0; i < count; i++) {
		uint64_t begin = e[i].offset, end = begin + e[i].length;

		if (end <= from)
			span.from += e[i].length;
		else if (begin < from)
			span.from += from - begin;
		span.to += to <= begin ? 0 : (to < end ? to : end) - begin;
	}
	return span;
}

static int need(struct lam_contents *c, uint32_t node, uint64_t from, uint64_t to,
		struct lam_error *err)
{
	const struct lam_layer *layer;
	struct source_layer *l;
	struct lam_stat stat;
	struct lam_span span;

	lam_tree_stat(c->layout->tree, node, &stat);
	if (stat.kind != LAM_KIND_FILE || c->image->layers[stat.layer].spool)
		return 0;
	layer = c->image->indexes[stat.layer];
	span = stored_span(layer, &layer->inodes[stat.inode], from, to);
	if (span.from == span.to)
		return 0;
	l = &c->layers[stat.layer];
	l->needed += span.to - span.from;
	if (span.from < l->reached)
		l->late += span.to - span.from;
	else
		l->reached = span.to;
	if (LAM_GROW(l->base.ranges, l->base.count, l->base.cap, err) < 0)
		return err->code;
	l->base.ranges[l->base.count++] = span;
	return 0;
}

/* Larger contents have pieces of their own. */
static int need_small(struct lam_contents *c, const struct lam_member *member,
		      uint64_t large, struct lam_error *err)
{
	struct lam_stat stat;

	if (member->kind != LAM_MEMBER_ENTRY)
		return 0;
	lam_tree_stat(c->layout->tree, member->node, &stat);
	if (stat.size + lam_tar_padding(stat.size) >= large)
		return 0;
	return need(c, member->node, 0, stat.size, err);
}

static int need_piece(struct lam_contents *c, const struct lam_layout_target *target,
		      const struct lam_piece *piece, uint64_t large,
		      struct lam_error *err)
{
	if (piece->kind == LAM_PIECE_CONTENT)
		return need(c, target->members[piece->member].node, piece->from,
			    piece->from + piece->len, err);
	for (uint32_t i = piece->member; i < piece->end; i++) {
		if (need_small(c, &target->members[i], large, err) < 0)
			return err->code;
	}
	return 0;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct lam_span *x = a, *y = b;

	return (x->from > y->from) - (x->from < y->from);
}

/* In order, and joined where little lies between them. */
static void join(struct source_layer *l)
{
	struct lam_span *ranges = l->base.ranges;
	size_t count = 0;

	if (l->base.count == 0)
		return;
	qsort(ranges, l->base.count, sizeof *ranges, compare_ranges);
	for (size_t i = 1; i < l->base.count; i++) {
		struct lam_span *last = &ranges[count];

		l->twice = l->twice || ranges[i].from < last->to;
		if (ranges[i].from > last->to + GAP)
			ranges[++count] = ranges[i];
		else if (ranges[i].to > last->to)
			last->to = ranges[i].to;
	}
	l->base.count = count + 1;
}

static int find_needs(struct lam_contents *c, const struct lam_needs *needs,
		      struct lam_error *err)
{
	for (size_t t = 0; t < c->layout->target_count; t++) {
		const struct lam_layout_target *target = &c->layout->stack[t];
		const struct lam_pieces *pieces = needs[t].pieces;

		if (target->kept || needs[t].none || !pieces)
			continue;
		for (size_t i = 0; i < pieces->count; i++) {
			if (!pieces->items[i].copied &&
			    need_piece(c, target, &pieces->items[i], pieces->large, err) <
				    0)
				return err->code;
		}
	}
	for (size_t i = 0; i < c->image->layer_count; i++)
		join(&c->layers[i]);
	return 0;
}

/* Which layers are read how */

static bool is_large(const struct source_layer *l)
{
	const struct lam_contents_layer *c = &l->base;

	return c->image->layers[c->number].descriptor.size >= AHEAD_FROM;
}

/* Tars are mostly in the order of their paths, as written layers are: then hardly
 * anything needs the spool. Not where each decoder may hold a window of many MiB. */
static bool can_stream(const struct source_layer *l)
{
	const struct lam_contents_layer *c = &l->base;

	return is_large(l) && !l->twice && l->late <= l->needed / 2 &&
	       !lam_codec_row(c->image->layers[c->number].info.codec)->large;
}

/* The largest that is needed and has not been given; or NULL. */
static struct source_layer *next_layer(struct lam_contents *c, bool streams)
{
	struct source_layer *best = NULL;

	for (size_t i = 0; i < c->image->layer_count; i++) {
		struct source_layer *l = &c->layers[i];

		if (l->base.count > 0 && !l->given && (!streams || can_stream(l)) &&
		    (!best || c->image->layers[i].info.tar_size >
				      c->image->layers[best->base.number].info.tar_size))
			best = l;
	}
	return best;
}

static void new_spools(struct lam_contents *c, const char *folder)
{
	size_t count = 0;

	for (size_t i = 0; i < c->image->layer_count; i++)
		count += c->layers[i].base.count > 0;
	for (size_t i = 0; i < c->image->layer_count; i++) {
		if (c->layers[i].base.count > 0)
			c->layers[i].base.spool =
				lam_spool_new(folder, lam_spool_share(count));
	}
}

static int open_streams(struct lam_contents *c, unsigned chunks, struct lam_error *err)
{
	struct source_layer *l;

	for (size_t i = 0; i < STREAMS && (l = next_layer(c, true)) != NULL; i++) {
		l->given = true;
		if (lam_contents_layer_open(&l->base, chunks, STREAM_CHUNK, false, err) <
		    0)
			return err->code;
	}
	return 0;
}

/* Reading whole layers */

/* After an error, what runs is waited for, and what has not begun stays undone. */
static int read_layer(void *data, struct lam_error *err)
{
	struct source_layer *l = data;
	int code;

	if (atomic_load(l->failed) || lam_progress_stopped(l->base.progress))
		return lam_fail_stopped(err);
	code = lam_contents_layer_open(&l->base, l->chunks, WHOLE_CHUNK, true, err);
	if (code == 0)
		code = lam_contents_layer_finish(&l->base, err);
	if (code < 0)
		atomic_store(l->failed, true);
	return code;
}

/* Side by side, the largest first: what is left for the end is short then. */
static int read_whole(struct lam_contents *c, struct lam_workers *workers,
		      struct lam_error *err)
{
	struct lam_queue *queue = lam_queue_new(workers, c->image->layer_count);
	bool ahead = lam_workers_count(workers) > 0;
	struct source_layer *l;
	int code;

	while ((l = next_layer(c, false)) != NULL) {
		l->given = true;
		l->failed = &c->failed;
		l->chunks = ahead && is_large(l) ? AHEAD_CHUNKS : 0;
		lam_queue_give(queue, read_layer, l);
	}
	code = lam_queue_take_all(queue, err);
	lam_queue_free(queue);
	return code;
}

static int fill(struct lam_contents *c, const struct lam_needs *needs, const char *folder,
		struct lam_workers *workers, const struct lam_progress *progress,
		struct lam_error *err)
{
	c->layers = lam_xcalloc(c->image->layer_count, sizeof *c->layers);
	for (size_t i = 0; i < c->image->layer_count; i++) {
		lam_contents_layer_init(&c->layers[i].base);
		c->layers[i].base.image = c->image;
		c->layers[i].base.progress = progress;
		c->layers[i].base.number = (uint32_t)i;
	}
	if (find_needs(c, needs, err) < 0)
		return err->code;
	new_spools(c, folder);
	if (open_streams(c, lam_workers_count(workers) ? STREAM_CHUNKS : 0, err) < 0)
		return err->code;
	return read_whole(c, workers, err);
}

int lam_contents_new(struct lam_contents **out, const struct lam_layout *layout,
		     const struct lam_needs *needs, const char *folder,
		     struct lam_workers *workers, const struct lam_progress *progress,
		     struct lam_error *err)
{
	struct lam_contents *c = lam_xcalloc(1, sizeof *c);

	*out = c;
	c->layout = layout;
	c->image = layout->image;
	return fill(c, needs, folder, workers, progress, err);
}

void lam_contents_free(struct lam_contents *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->image->layer_count; i++)
		lam_contents_layer_fini(&c->layers[i].base);
	free(c->layers);
	free(c);
}

const struct lam_layout *lam_contents_layout(const struct lam_contents *c)
{
	return c->layout;
}

int lam_contents_read(const struct lam_contents *c, uint32_t layer, uint64_t offset,
		      void *buf, size_t len, struct lam_error *err)
{
	const struct lam_spool *whole = c->image->layers[layer].spool;

	return whole ? lam_spool_read(whole, offset, buf, len, err)
		     : lam_contents_layer_read(&c->layers[layer].base, offset, buf, len,
					       err);
}

static int finish(void *data, struct lam_error *err)
{
	return lam_contents_layer_finish(data, err);
}

int lam_contents_finish(struct lam_contents *c, struct lam_workers *workers,
			struct lam_error *err)
{
	struct lam_queue *queue = lam_queue_new(workers, c->image->layer_count);
	int code;

	for (size_t i = 0; i < c->image->layer_count; i++)
		lam_queue_give(queue, finish, &c->layers[i].base);
	code = lam_queue_take_all(queue, err);
	lam_queue_free(queue);
	return code;
}

int lam_contents_failed(const struct lam_contents *c, struct lam_error *err)
{
	for (size_t i = 0; i < c->image->layer_count; i++) {
		const struct lam_error *failed = &c->layers[i].base.failed;

		if (failed->code != LAM_OK && failed->code != LAM_ESTOPPED) {
			*err = *failed;
			return err->code;
		}
	}
	return 0;
}
