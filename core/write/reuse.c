/* Layers that were written before: found, proven, taken, and remembered. */
#include "write/reuse.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/workers.h"
#include "codec/codec.h"
#include "layer/same.h"
#include "write/ahead.h"

/* The output, and what else was named. */
#define PLACES 2
/* Earlier layers that pieces are looked for in: those of some images. */
#define BLOBS 64

/* Another layer's blob, with pieces in it. */
struct blob {
	struct lam_written written;
	const struct lam_source *source;
	size_t place, number;
	bool there, used, right;
	const struct lam_progress *progress;
	struct lam_write_ahead *ahead;
};

struct lam_reuse {
	struct lam_reuse_options options;
	struct lam_cache cache;
	struct lam_reference other;
	struct lam_source *places[PLACES]; /* NULL: nothing is there */
	struct lam_reuse_layer *layers;
	size_t count;
	struct lam_sink *sink;
	struct blob *blobs;
	size_t blob_count;
	struct lam_queue *checking; /* of the blobs that are used; NULL: of none */
};

/* Finding */

static int find_record(void *job, struct lam_error *err)
{
	struct lam_reuse_layer *l = job;
	const struct lam_reuse *r = l->reuse;

	if (lam_progress_stopped(r->options.progress))
		return lam_fail_stopped(err);
	if (lam_pieces_cut(&l->pieces, r->options.layout, l->target, err) < 0)
		return err->code;
	l->known = lam_written_get(&r->cache, l->pieces.recipe, &l->written) &&
		   l->written.reading.tar_size == l->target->info.tar_size &&
		   l->written.reading.codec == l->target->info.compression.codec;
	return 0;
}

static int run_all(struct lam_reuse *r, int (*run)(void *job, struct lam_error *err),
		   struct lam_error *err)
{
	struct lam_queue *queue = lam_queue_new(r->options.workers, r->count + 1);
	int code;

	for (size_t i = 0; i < r->count; i++) {
		if (r->layers[i].target)
			lam_queue_give(queue, run, &r->layers[i]);
	}
	code = lam_queue_take_all(queue, err);
	lam_queue_free(queue);
	return code;
}

/* An output that is not there, or cannot be read, has nothing to take. */
static int open_places(struct lam_reuse *r, struct lam_error *err)
{
	const struct lam_reference *output = r->options.reference;
	const struct lam_source_options options = { .temporary = r->options.temporary,
						    .progress = r->options.progress };
	struct lam_error ignored;

	if (output->path)
		(void)lam_source_open_blobs(&r->places[0], output, &options, &ignored);
	if (!r->options.other)
		return 0;
	if (lam_reference_parse(&r->other, r->options.other, false, err) < 0)
		return err->code;
	r->other.access = output->access;
	return lam_source_open_blobs(&r->places[1], &r->other, &options, err);
}

static bool find_blob(struct lam_reuse *r, const struct lam_layer_reading *reading,
		      size_t *out_place, size_t *out_number)
{
	const struct lam_descriptor blob = { .digest = reading->digest,
					     .size = (int64_t)reading->blob_size };

	for (size_t p = 0; p < PLACES; p++) {
		*out_place = p;
		if (r->places[p] &&
		    lam_source_find_layer(r->places[p], &blob, out_number))
			return true;
	}
	return false;
}

int lam_reuse_new(struct lam_reuse **out, const struct lam_reuse_options *options,
		  struct lam_reuse_layer *layers, size_t count, struct lam_error *err)
{
	struct lam_reuse *r = lam_xcalloc(1, sizeof *r);

	*out = r;
	r->options = *options;
	r->layers = layers;
	r->count = count;
	lam_cache_init(&r->cache, options->cache);
	for (size_t i = 0; i < count; i++)
		layers[i].reuse = r;
	if (open_places(r, err) < 0 || run_all(r, find_record, err) < 0)
		return err->code;
	for (size_t i = 0; i < count; i++) {
		struct lam_reuse_layer *l = &layers[i];

		l->there = l->known &&
			   find_blob(r, &l->written.reading, &l->place, &l->number);
	}
	return 0;
}

/* Taking */

/* Reads the blob, once for all runs to come. */
static bool make_index(const struct lam_reuse_layer *l, struct lam_layer **out)
{
	const struct lam_reuse *r = l->reuse;
	const struct lam_progress *progress = r->options.progress;
	const struct lam_layer_reading *want = &l->written.reading;
	struct lam_layer_blob blob = {
		.ahead = lam_workers_count(r->options.workers) > 0,
		.stop = progress ? progress->stop : NULL,
	};
	struct lam_layer_reading is;
	struct lam_error err;

	*out = NULL;
	if (lam_source_open_layer(r->places[l->place], l->number, 0, &blob.reader, &err) <
		    0 ||
	    lam_layer_read_blob(out, &blob, &is, &err) < 0)
		return false;
	if (!lam_digest_equal(&is.digest, &want->digest) ||
	    !lam_digest_equal(&is.diff_id, &want->diff_id) ||
	    is.blob_size != want->blob_size || is.tar_size != want->tar_size ||
	    is.codec != want->codec)
		return false;
	lam_cache_put(&r->cache, *out, &is);
	return true;
}

/* Whether the blob of this digest is of a tar that holds what the layer should. */
static bool is_right(const struct lam_reuse_layer *l)
{
	const struct lam_layer_reading *want = &l->written.reading;
	const struct lam_layer_key key = { .digest = want->digest,
					   .diff_id = want->diff_id,
					   .blob_size = want->blob_size };
	struct lam_layer_reading is;
	struct lam_layer *index = NULL;
	bool right;

	if (!l->target->layer)
		return false;
	right = lam_cache_get(&l->reuse->cache, &key, 0, &index, &is)
			? is.tar_size == want->tar_size && is.codec == want->codec
			: make_index(l, &index);
	right = right && lam_layer_same(l->target->layer, index);
	lam_layer_free(index);
	return right;
}

static int take(void *job, struct lam_error *err)
{
	struct lam_reuse_layer *l = job;
	const struct lam_reuse *r = l->reuse;

	if (lam_progress_stopped(r->options.progress))
		return lam_fail_stopped(err);
	if (!l->there || !is_right(l))
		return 0;
	l->taken = lam_sink_keep_layer(r->sink, r->places[l->place], l->number,
				       &l->written.reading.digest, r->options.progress,
				       err) == 0;
	return !l->taken && (err->code == LAM_ESTOPPED || err->code == LAM_ENOMEM)
		       ? err->code
		       : 0;
}

int lam_reuse_take(struct lam_reuse *r, struct lam_sink *sink, struct lam_error *err)
{
	r->sink = sink;
	return run_all(r, take, err);
}

/* Pieces */

struct wanted {
	struct lam_piece **members; /* by key */
	size_t count, cap;
};

static int by_key(const void *a, const void *b)
{
	const struct lam_piece *const *x = a, *const *y = b;

	return memcmp((*x)->key, (*y)->key, LAM_PIECE_KEY);
}

static void want_pieces(const struct lam_reuse *r, struct wanted *w)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct lam_reuse_layer *l = &r->layers[i];
		const struct lam_chunks *chunks;

		if (!l->target || l->taken)
			continue;
		chunks = lam_codec_row(l->target->info.compression.codec)->chunks;
		for (size_t n = 0; chunks && chunks->unpack && n < l->pieces.count; n++) {
			LAM_XGROW(w->members, w->count, w->cap);
			w->members[w->count++] = &l->pieces.items[n];
		}
	}
	if (w->count)
		qsort(w->members, w->count, sizeof *w->members, by_key);
}

static void offer(const struct wanted *w, struct blob *blob, uint32_t number,
		  const struct lam_written_piece *piece)
{
	size_t low = 0, high = w->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(w->members[middle]->key, piece->key, LAM_PIECE_KEY) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < w->count &&
	       memcmp(w->members[low]->key, piece->key, LAM_PIECE_KEY) == 0;
	     low++) {
		struct lam_piece *p = w->members[low];

		if (p->copied || p->len != piece->len)
			continue;
		p->copied = blob->used = true;
		p->blob = number;
		p->at = piece->at;
		p->packed = piece->packed;
		p->crc = piece->crc;
	}
}

static int check_blob(void *job, struct lam_error *err)
{
	struct blob *b = job;
	const struct lam_digest *want = &b->written.reading.digest;
	const struct lam_passing passing = { .stop = b->progress ? b->progress->stop
								 : NULL };
	LAM_CLEANUP(lam_reader_close_ptr) struct lam_reader *reader = NULL;
	struct lam_digest digest;
	uint64_t offset, size;
	int fd;

	if (lam_source_open_layer(b->source, b->number, 0, &reader, err) < 0)
		return 0;
	b->right = lam_reader_is_file(reader, &fd, &offset, &size) && offset == 0 &&
		   lam_write_ahead_knows(b->ahead, want, fd);
	if (b->right)
		return 0;
	lam_reader_stop(reader, passing.stop);
	if (lam_read_digest(reader, LAM_SHA256, &passing, &digest, err) < 0)
		return err->code == LAM_ESTOPPED ? err->code : 0;
	b->right = lam_digest_equal(&digest, want);
	return 0;
}

/* While pieces are copied from them, as that takes as long. */
static void begin_checks(struct lam_reuse *r)
{
	r->checking = lam_queue_new(r->options.workers, r->blob_count + 1);
	for (size_t i = 0; i < r->blob_count; i++) {
		if (r->blobs[i].used)
			lam_queue_give(r->checking, check_blob, &r->blobs[i]);
	}
}

int lam_reuse_check(struct lam_reuse *r, struct lam_error *err)
{
	char text[LAM_DIGEST_TEXT];

	if (r->checking && lam_queue_take_all(r->checking, err) < 0)
		return err->code;
	for (size_t i = 0; i < r->blob_count; i++) {
		const struct blob *b = &r->blobs[i];

		if (b->used && !b->right)
			return lam_fail(
				err, LAM_EFORMAT,
				"blob %s, which pieces are copied from, is damaged",
				lam_digest_format(&b->written.reading.digest, text));
	}
	return 0;
}

static void load_blobs(struct lam_reuse *r)
{
	struct lam_written *written;

	r->blob_count = lam_written_latest(&r->cache, BLOBS, &written);
	r->blobs = lam_xcalloc(r->blob_count + 1, sizeof *r->blobs);
	for (size_t i = 0; i < r->blob_count; i++) {
		struct blob *b = &r->blobs[i];

		b->written = written[i];
		b->progress = r->options.progress;
		b->ahead = r->options.ahead;
		b->there = b->written.piece_count > 0 &&
			   find_blob(r, &b->written.reading, &b->place, &b->number);
		b->source = r->places[b->place];
	}
	free(written);
}

void lam_reuse_find_pieces(struct lam_reuse *r)
{
	struct wanted w = { 0 };

	if (r->options.whole)
		return;
	want_pieces(r, &w);
	if (w.count)
		load_blobs(r);
	for (size_t i = 0; i < r->blob_count; i++) {
		const struct lam_written *written = &r->blobs[i].written;

		for (size_t n = 0; r->blobs[i].there && n < written->piece_count; n++)
			offer(&w, &r->blobs[i], (uint32_t)i, &written->pieces[n]);
	}
	begin_checks(r);
	free(w.members);
}

static int read_piece(void *context, uint64_t at, void *buf, size_t len,
		      struct lam_error *err)
{
	const struct blob *b = context;
	LAM_CLEANUP(lam_reader_close_ptr) struct lam_reader *reader = NULL;
	char text[LAM_DIGEST_TEXT];
	size_t got;

	if (lam_source_open_layer(b->source, b->number, at, &reader, err) < 0 ||
	    lam_read_full(reader, buf, len, &got, err) < 0) {
		/* as one that is damaged: all can be written without it */
		if (err->code == LAM_EREAD || err->code == LAM_ENOTFOUND)
			err->code = LAM_EFORMAT;
		return err->code;
	}
	if (got == len)
		return 0;
	return lam_fail(err, LAM_EFORMAT, "blob %s has become shorter",
			lam_digest_format(&b->written.reading.digest, text));
}

void lam_reuse_set_reader(const struct lam_reuse *r, const struct lam_piece *piece,
			  struct lam_copied *copied)
{
	copied->read = read_piece;
	copied->context = &r->blobs[piece->blob];
}

bool lam_reuse_copies(const struct lam_reuse *r)
{
	bool any = false;

	for (size_t i = 0; r && i < r->blob_count; i++)
		any = any || r->blobs[i].used;
	return any;
}

void lam_reuse_forget(const struct lam_reuse *r)
{
	for (size_t i = 0; i < r->blob_count; i++) {
		if (r->blobs[i].used)
			lam_written_forget(&r->cache, &r->blobs[i].written);
	}
}

/* Remembering */

void lam_reuse_remember(const struct lam_reuse *r, const struct lam_reuse_layer *l,
			const struct lam_layer_reading *reading)
{
	LAM_CLEANUP(lam_free_ptr)
	struct lam_written_piece *pieces =
		lam_xcalloc(l->pieces.count + 1, sizeof *pieces);
	struct lam_written written = { .reading = *reading, .pieces = pieces };

	for (size_t i = 0; i < l->pieces.count && l->pieces.items[i].packed; i++) {
		const struct lam_piece *p = &l->pieces.items[i];
		struct lam_written_piece *to = &pieces[written.piece_count++];

		memcpy(to->key, p->key, sizeof to->key);
		to->at = p->at;
		to->packed = p->packed;
		to->len = p->len;
		to->crc = p->crc;
	}
	lam_written_put(&r->cache, l->pieces.recipe, &written);
}

void lam_reuse_remember_index(const struct lam_reuse *r, const struct lam_layer *index,
			      const struct lam_layer_reading *reading)
{
	lam_cache_put(&r->cache, index, reading);
}

void lam_reuse_free(struct lam_reuse *r)
{
	if (!r)
		return;
	if (r->checking)
		lam_queue_free(r->checking);
	for (size_t i = 0; i < r->blob_count; i++)
		lam_written_fini(&r->blobs[i].written);
	free(r->blobs);
	for (size_t p = 0; p < PLACES; p++)
		lam_source_close(r->places[p]);
	for (size_t i = 0; i < r->count; i++)
		lam_pieces_fini(&r->layers[i].pieces);
	lam_reference_fini(&r->other);
	lam_cache_fini(&r->cache);
	free(r);
}
