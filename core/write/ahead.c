/* One thread that hashes what a run may take, the blobs of the latest run first. */
#include "write/ahead.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/workers.h"
#include "layer/written.h"
#include "store/store.h"

/* The output, and what else was named. */
#define PLACES 2
/* Layers of earlier runs, which may be of other images: those of some. */
#define BLOBS 16

struct hashed {
	struct lam_digest digest;
	struct stat file; /* as it was before */
	bool done, right;
};

struct lam_write_ahead {
	pthread_t thread;
	bool runs;
	struct lam_cache cache;
	struct lam_reference references[PLACES];
	struct lam_source *places[PLACES]; /* NULL: none */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct hashed blobs[PLACES * BLOBS]; /* the last one may be at work */
	size_t count;
	bool asked;
	struct lam_progress run; /* its stop alone */
	atomic_bool ends;
};

/* A place of another kind may have to be read, or asked, to know what is in it. */
static void set_place(struct lam_write_ahead *a, size_t n, const char *text, bool output)
{
	struct lam_error ignored;

	if (!text || lam_reference_parse(&a->references[n], text, output, &ignored) < 0)
		return;
	if (a->references[n].path && lam_reference_has_blob_files(&a->references[n]))
		(void)lam_source_open_blobs(&a->places[n], &a->references[n],
					    &(struct lam_source_options){ 0 }, &ignored);
}

/* The next one to work at; NULL where no other is to be begun. */
static struct hashed *begin(struct lam_write_ahead *a, const struct lam_digest *digest,
			    int fd)
{
	struct hashed *blob = NULL;
	struct stat file;

	if (fstat(fd, &file) < 0)
		return NULL;
	pthread_mutex_lock(&a->lock);
	if (!a->asked) {
		blob = &a->blobs[a->count++];
		*blob = (struct hashed){ .digest = *digest, .file = file };
	}
	pthread_mutex_unlock(&a->lock);
	return blob;
}

/* Either of the two flags ends it. */
static void hash(struct lam_write_ahead *a, struct lam_reader **reader,
		 struct hashed *blob)
{
	const struct lam_step step = { 0 };
	struct lam_digest is;
	struct lam_error ignored;
	bool right;

	*reader = lam_reader_progress(*reader, &a->run, &step);
	right = lam_read_digest(*reader, blob->digest.algorithm,
				&(struct lam_passing){ .stop = &a->ends }, &is,
				&ignored) == 0 &&
		lam_digest_equal(&is, &blob->digest);

	pthread_mutex_lock(&a->lock);
	blob->right = right;
	blob->done = true;
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->lock);
}

static void look_at(struct lam_write_ahead *a, struct lam_source *place,
		    const struct lam_layer_reading *reading)
{
	const struct lam_descriptor d = { .digest = reading->digest,
					  .size = (int64_t)reading->blob_size };
	LAM_CLEANUP(lam_reader_close_ptr) struct lam_reader *reader = NULL;
	struct hashed *blob = NULL;
	struct lam_error ignored;
	uint64_t offset, len;
	size_t n;
	int fd;

	for (size_t i = 0; i < a->count; i++) {
		if (lam_digest_equal(&a->blobs[i].digest, &d.digest))
			return;
	}
	if (!lam_source_find_layer(place, &d, &n) ||
	    lam_source_open_layer(place, n, 0, &reader, &ignored) < 0)
		return;
	if (lam_reader_is_file(reader, &fd, &offset, &len))
		blob = begin(a, &d.digest, fd);
	if (blob)
		hash(a, &reader, blob);
}

static void *run(void *context)
{
	struct lam_write_ahead *a = context;
	struct lam_written *written;
	size_t count = lam_written_latest(&a->cache, BLOBS, &written);

	for (size_t i = 0; i < count; i++) {
		for (size_t p = 0; p < PLACES; p++) {
			if (a->places[p])
				look_at(a, a->places[p], &written[i].reading);
		}
		lam_written_fini(&written[i]);
	}
	free(written);
	return NULL;
}

struct lam_write_ahead *lam_write_ahead_new(const char *reference,
					    const struct lam_write_options *options)
{
	struct lam_write_ahead *a;

	if (!options->cache || lam_thread_count(options->threads) < 2)
		return NULL;
	a = lam_xcalloc(1, sizeof *a);
	lam_cache_init(&a->cache, options->cache);
	a->run.stop = options->progress ? options->progress->stop : NULL;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->changed, NULL);
	set_place(a, 0, reference, true);
	set_place(a, 1, options->reuse, false);
	a->runs = (a->places[0] || a->places[1]) &&
		  lam_thread_start(&a->thread, run, a) == 0;
	return a;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

bool lam_write_ahead_knows(struct lam_write_ahead *a, const struct lam_digest *digest,
			   int fd)
{
	struct stat file;
	bool knows = false;

	if (!a || fstat(fd, &file) < 0)
		return false;
	pthread_mutex_lock(&a->lock);
	a->asked = true;
	for (size_t i = 0; i < a->count && !knows; i++) {
		const struct hashed *blob = &a->blobs[i];

		if (!lam_digest_equal(&blob->digest, digest))
			continue;
		while (!blob->done)
			pthread_cond_wait(&a->changed, &a->lock);
		knows = blob->right && is_same_file(&blob->file, &file);
	}
	pthread_mutex_unlock(&a->lock);
	return knows;
}

void lam_write_ahead_free(struct lam_write_ahead *a)
{
	if (!a)
		return;
	atomic_store(&a->ends, true);
	if (a->runs)
		pthread_join(a->thread, NULL);
	for (size_t p = 0; p < PLACES; p++) {
		lam_source_close(a->places[p]);
		lam_reference_fini(&a->references[p]);
	}
	pthread_cond_destroy(&a->changed);
	pthread_mutex_destroy(&a->lock);
	lam_cache_fini(&a->cache);
	free(a);
}
