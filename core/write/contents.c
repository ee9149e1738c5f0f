#include "write/contents.h"

#include <stdlib.h>

#include "base/stop.h"
#include "write/contents_layer.h"

/* What all spools may hold in memory. */
#define SPOOL_MEMORY (512u << 10)
/* What lies between two files, when it is shorter, is kept with them: one write. */
#define GAP (64u << 10)
/* Blobs from this size on are worth a thread of their own that reads ahead. */
#define AHEAD_FROM   (8u << 20)
#define AHEAD_PIECES 4
/* For a layer that is read to its end at once. */
#define WHOLE_PIECE (1u << 20)
/* Layers that are read as their files are asked for, at most, and for each of them. */
#define STREAMS       8
#define STREAM_PIECES 2
#define STREAM_PIECE  (256u << 10)

struct source_layer {
	struct lam_contents_layer base;
	uint64_t needed, late; /* bytes; of those, what is asked for when later ones have
				  been */
	uint64_t reached;      /* by what was asked for */
	bool twice;            /* some are asked for more than once */
	bool given;            /* to a thread, or is a stream */
	unsigned pieces;       /* in which it is read ahead, as a whole; 0: it is not */
};

struct lam_contents {
	const struct lam_layout *layout;
	const struct lam_image *image;
	struct source_layer *layers; /* of the image */
};

/* What is needed */

static uint64_t stored_size(const struct lam_layer *layer, const struct lam_inode *inode)
{
	struct lam_extent whole;
	size_t count;
	const struct lam_extent *extents =
		lam_layer_extents(layer, inode, &whole, &count);
	uint64_t size = 0;

	for (size_t i = 0; i < count; i++)
		size += extents[i].length;
	return size;
}

static int need(struct lam_contents *c, uint32_t node, struct lam_error *err)
{
	const struct lam_layer *layer;
	struct source_layer *l;
	struct lam_stat stat;
	uint64_t from, size;

	lam_tree_stat(c->layout->tree, node, &stat);
	if (stat.kind != LAM_KIND_FILE || c->image->layers[stat.layer].spool)
		return 0;
	layer = c->image->indexes[stat.layer];
	size = stored_size(layer, &layer->inodes[stat.inode]);
	if (size == 0)
		return 0;
	l = &c->layers[stat.layer];
	from = layer->inodes[stat.inode].offset;
	l->needed += size;
	if (from < l->reached)
		l->late += size;
	else
		l->reached = from + size;
	if (LAM_GROW(l->base.ranges, l->base.count, l->base.cap, err) < 0)
		return err->code;
	l->base.ranges[l->base.count++] = (struct lam_span){ from, from + size };
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

static int find_needs(struct lam_contents *c, struct lam_error *err)
{
	for (size_t t = 0; t < c->layout->target_count; t++) {
		const struct lam_layout_target *target = &c->layout->stack[t];

		for (size_t i = 0; !target->kept && i < target->item_count; i++) {
			if (target->items[i].kind == LAM_ITEM_ENTRY &&
			    need(c, target->items[i].node, err) < 0)
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
 * anything needs the spool. Not with zstd, whose decoders hold a window of up to 128 MiB
 * each. */
static bool can_stream(const struct source_layer *l)
{
	const struct lam_contents_layer *c = &l->base;

	return is_large(l) && !l->twice && l->late <= l->needed / 2 &&
	       c->image->layers[c->number].info.codec != LAM_CODEC_ZSTD;
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
				lam_spool_new(folder, SPOOL_MEMORY / count);
	}
}

static int open_streams(struct lam_contents *c, unsigned pieces, struct lam_error *err)
{
	struct source_layer *l;

	for (size_t i = 0; i < STREAMS && (l = next_layer(c, true)) != NULL; i++) {
		l->given = true;
		if (lam_contents_layer_open(&l->base, pieces, STREAM_PIECE, false, err) <
		    0)
			return err->code;
	}
	return 0;
}

/* Reading whole layers */

static int read_layer(void *data, struct lam_error *err)
{
	struct source_layer *l = data;

	if (lam_progress_stopped(l->base.progress))
		return lam_fail_stopped(err);
	if (lam_contents_layer_open(&l->base, l->pieces, WHOLE_PIECE, true, err) < 0)
		return err->code;
	return lam_contents_layer_finish(&l->base, err);
}

/* Side by side, the largest first: what is left for the end is short then. After an
 * error, what runs is waited for, and what has not begun stays undone. */
static int read_whole(struct lam_contents *c, struct lam_lane *lane, bool ahead,
		      struct lam_error *err)
{
	struct source_layer *l = next_layer(c, false);
	struct lam_error first = { 0 };
	void *done;

	while ((l && first.code == LAM_OK) || !lam_lane_is_empty(lane)) {
		if (l && first.code == LAM_OK && !lam_lane_is_full(lane)) {
			l->given = true;
			l->pieces = ahead && is_large(l) ? AHEAD_PIECES : 0;
			lam_lane_give(lane, read_layer, l);
			l = next_layer(c, false);
			continue;
		}
		if (lam_lane_take(lane, &done, err) < 0 && first.code == LAM_OK)
			first = *err;
	}
	if (first.code != LAM_OK)
		*err = first;
	return first.code;
}

static int fill(struct lam_contents *c, const char *folder, struct lam_workers *workers,
		const struct lam_progress *progress, struct lam_error *err)
{
	unsigned threads = lam_workers_count(workers);
	struct lam_lane *lane = NULL;
	int code;

	c->layers = calloc(c->image->layer_count, sizeof *c->layers);
	if (!c->layers)
		return lam_fail_memory(err);
	for (size_t i = 0; i < c->image->layer_count; i++) {
		lam_contents_layer_init(&c->layers[i].base);
		c->layers[i].base.image = c->image;
		c->layers[i].base.progress = progress;
		c->layers[i].base.number = (uint32_t)i;
	}
	if (find_needs(c, err) < 0)
		return err->code;
	new_spools(c, folder);
	if (open_streams(c, threads ? STREAM_PIECES : 0, err) < 0)
		return err->code;
	lane = lam_lane_new(workers, threads ? threads : 1);
	code = read_whole(c, lane, threads > 0, err);
	lam_lane_free(lane);
	return code;
}

int lam_contents_new(struct lam_contents **out, const struct lam_layout *layout,
		     const char *folder, struct lam_workers *workers,
		     const struct lam_progress *progress, struct lam_error *err)
{
	struct lam_contents *c = calloc(1, sizeof *c);

	*out = NULL;
	if (!c)
		return lam_fail_memory(err);
	*c = (struct lam_contents){ .layout = layout, .image = layout->image };
	if (fill(c, folder, workers, progress, err) < 0) {
		lam_contents_free(c);
		return err->code;
	}
	*out = c;
	return 0;
}

void lam_contents_free(struct lam_contents *c)
{
	if (!c)
		return;
	for (size_t i = 0; c->layers && i < c->image->layer_count; i++)
		lam_contents_layer_fini(&c->layers[i].base);
	free(c->layers);
	free(c);
}

const struct lam_image *lam_contents_image(const struct lam_contents *c)
{
	return c->image;
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
	struct lam_error first = { 0 };
	struct lam_lane *lane = lam_lane_new(workers, c->image->layer_count);
	void *done;

	for (size_t i = 0; i < c->image->layer_count; i++)
		lam_lane_give(lane, finish, &c->layers[i].base);
	while (!lam_lane_is_empty(lane)) {
		if (lam_lane_take(lane, &done, err) < 0 && first.code == LAM_OK)
			first = *err;
	}
	lam_lane_free(lane);
	if (first.code != LAM_OK)
		*err = first;
	return first.code;
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
