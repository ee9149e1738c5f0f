/* Reads back a layer while it is being written, and compares it with the source. */
#include "write/readback.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <lamina/image.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/path.h"
#include "base/stop.h"
#include "base/workers.h"
#include "codec/codec.h"
#include "tar/read.h"

#define CONTENT (256u << 10)
/* What is compared at once: it stays in the core's own cache. */
#define STORED (128u << 10)

/* The tar */

struct verifying {
	const struct lam_layout *layout;
	struct lam_tar_reader *tar;
	struct lam_member_scratch scratch;
	struct lam_buf name;
	struct lam_hash hash;
	char content[CONTENT]; /* on its way */
};

static bool same_text(struct lam_str a, struct lam_str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.bytes, b.bytes, a.len) == 0);
}

static bool same_records(const struct lam_entry *is, const struct lam_entry *want)
{
	if (is->record_count != want->record_count)
		return false;
	for (size_t i = 0; i < is->record_count; i++) {
		if (!same_text(is->records[i].key, want->records[i].key) ||
		    !same_text(is->records[i].value, want->records[i].value))
			return false;
	}
	return true;
}

/* Whether a name in the tar is a clean one. */
static int same_name(struct verifying *v, struct lam_str is, struct lam_str want,
		     bool *out, struct lam_error *err)
{
	bool clamped;

	lam_buf_clear(&v->name);
	if (lam_path_clean(is.bytes, is.len, &v->name, &clamped, err) < 0)
		return err->code;
	*out = !clamped && same_text((struct lam_str){ v->name.data, v->name.len }, want);
	return 0;
}

/* enum lam_difference's bits, as for trees. */
static unsigned compare_metadata(const struct lam_entry *is, const struct lam_entry *want)
{
	unsigned what = 0;

	if (is->type != want->type || is->extents)
		what |= LAM_DIFF_KIND;
	if (is->mode != want->mode)
		what |= LAM_DIFF_MODE;
	if (is->uid != want->uid || is->gid != want->gid)
		what |= LAM_DIFF_OWNER;
	if (is->mtime_s != want->mtime_s || is->mtime_ns != want->mtime_ns)
		what |= LAM_DIFF_TIME;
	if (is->size != want->size || is->stored != want->stored)
		what |= LAM_DIFF_SIZE;
	/* a link's are those of its file */
	if (want->type != LAM_TYPE_LINK &&
	    (is->dev_major != want->dev_major || is->dev_minor != want->dev_minor))
		what |= LAM_DIFF_DEVICE;
	if (!same_records(is, want))
		what |= LAM_DIFF_ATTRIBUTES;
	return what;
}

static int compare_names(struct verifying *v, const struct lam_entry *is,
			 const struct lam_entry *want, unsigned *what,
			 struct lam_error *err)
{
	bool path, target = same_text(is->target, want->target);

	if (same_name(v, is->path, want->path, &path, err) < 0 ||
	    (want->type == LAM_TYPE_LINK &&
	     same_name(v, is->target, want->target, &target, err) < 0))
		return err->code;
	if (!path)
		*what |= LAM_DIFF_ONLY_A;
	if (!target)
		*what |= want->type == LAM_TYPE_LINK ? LAM_DIFF_LINKS : LAM_DIFF_TARGET;
	return 0;
}

static int compare_content(struct verifying *v, const struct lam_member *member,
			   unsigned *what, struct lam_error *err)
{
	struct lam_digest digest;
	struct lam_stat stat;
	size_t got = 1;

	lam_hash_reset(&v->hash);
	while (got > 0) {
		if (lam_tar_read_hashing(v->tar, v->content, CONTENT, &got, &v->hash,
					 err) < 0)
			return err->code;
	}
	lam_hash_final(&v->hash, &digest);
	lam_tree_stat(v->layout->tree, member->node, &stat);
	if (memcmp(stat.content, digest.bytes, sizeof stat.content) != 0)
		*what |= LAM_DIFF_CONTENT;
	return 0;
}

static int fail_different(const struct verifying *v, const struct lam_member *member,
			  unsigned what, struct lam_error *err)
{
	char path[512] = "a path that should not be there";

	if (member)
		lam_layout_path(v->layout, member->node, path);
	return lam_fail(
		err, LAM_EWRITE,
		"%s: what was written is not what the image has (%#x): nothing was "
		"published",
		path, what);
}

static int compare(struct verifying *v, const struct lam_member *member,
		   const struct lam_entry *is, struct lam_error *err)
{
	struct lam_entry want;
	unsigned what;

	lam_member_entry(v->layout->tree, v->layout->plan->times, member, &v->scratch,
			 &want);
	what = compare_metadata(is, &want);
	if (compare_names(v, is, &want, &what, err) < 0)
		return err->code;
	if (what == 0 && member->kind == LAM_MEMBER_ENTRY && want.type == LAM_TYPE_FILE &&
	    compare_content(v, member, &what, err) < 0)
		return err->code;
	return what ? fail_different(v, member, what, err) : 0;
}

static int compare_all(struct verifying *v, const struct lam_layout_target *target,
		       struct lam_error *err)
{
	const struct lam_entry *entry;
	size_t n = 0;
	int got;

	while ((got = lam_tar_next(v->tar, &entry, err)) > 0) {
		if (n == target->member_count)
			return fail_different(v, NULL, LAM_DIFF_ONLY_B, err);
		if (compare(v, &target->members[n++], entry, err) < 0)
			return err->code;
	}
	if (got == 0 && n < target->member_count)
		return fail_different(v, &target->members[n], LAM_DIFF_ONLY_A, err);
	return got;
}

int lam_verify(const struct lam_layout *layout, const struct lam_layout_target *target,
	       struct lam_reader *tar, struct lam_error *err)
{
	struct verifying *v = lam_xcalloc(1, sizeof *v);
	int code;

	v->layout = layout;
	v->scratch = LAM_MEMBER_SCRATCH;
	v->name = LAM_BUF(LAM_MAX_PATH);
	lam_hash_init(&v->hash, LAM_SHA256);
	v->tar = lam_tar_reader_new(tar);
	code = compare_all(v, target, err);
	lam_tar_reader_free(v->tar);
	lam_hash_fini(&v->hash);
	lam_member_scratch_fini(&v->scratch);
	lam_buf_fini(&v->name);
	free(v);
	return code;
}

/* The file */

struct lam_readback {
	struct lam_readback_options options;
	pthread_t thread;
	bool started;
	bool told; /* the writer knows that it failed */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t written;                /* bytes that the file has */
	struct lam_chunk *first, **last; /* what they hold, that was not looked at */
	bool end;                        /* there will be no more */
	bool waiting, done, failed;      /* the thread */
	/* the thread's own: */
	struct lam_chunk *current;
	size_t used;   /* of the current chunk */
	uint64_t read; /* bytes of the file */
	char *stored;  /* STORED */
	struct lam_error err;
};

/* Until there is more to read; false at the end. */
static bool wait_for_more(struct lam_readback *r)
{
	bool more;

	pthread_mutex_lock(&r->lock);
	while (r->written == r->read && !r->first && !r->end) {
		r->waiting = true;
		pthread_cond_broadcast(&r->changed);
		pthread_cond_wait(&r->changed, &r->lock);
	}
	more = r->written > r->read || r->first;
	r->current = r->first;
	if (r->first)
		r->first = r->first->next;
	if (!r->first)
		r->last = &r->first;
	pthread_mutex_unlock(&r->lock);
	return more;
}

static int read_file(struct lam_readback *r, void *buf, size_t len, struct lam_error *err)
{
	struct lam_reader *file =
		lam_reader_file(r->options.fd, false, r->read, len, "what was written");
	size_t got;
	int code = lam_read_full(file, buf, len, &got, err);

	lam_reader_close(file);
	r->read += len;
	return code;
}

/* Whether the file has what a chunk was compressed to. */
static int compare_file(struct lam_readback *r, const struct lam_buf *want,
			struct lam_error *err)
{
	for (size_t at = 0; at < want->len; at += STORED) {
		size_t len = want->len - at < STORED ? want->len - at : STORED;

		if (read_file(r, r->stored, len, err) < 0)
			return err->code;
		if (memcmp(r->stored, want->data + at, len) != 0)
			return lam_fail(
				err, LAM_EWRITE,
				"what was read back is not what was written: the disk or "
				"the memory is not to be trusted");
	}
	return 0;
}

struct file_reader {
	struct lam_reader base;
	struct lam_readback *readback;
};

/* What chunks hold, each of which the file has: they were proven to be that when they were
 * compressed. */
static int chunks_read(struct lam_reader *self, void *buf, size_t cap, size_t *out_len,
		       struct lam_error *err)
{
	struct lam_readback *r = ((struct file_reader *)self)->readback;

	*out_len = 0;
	while (!r->current || r->used == r->current->in.len) {
		lam_chunk_give_back(LAM_STEAL(r->current));
		r->used = 0;
		if (!wait_for_more(r))
			return 0;
		if (compare_file(r,
				 r->current->out.len ? &r->current->out : &r->current->in,
				 err) < 0)
			return err->code;
	}
	*out_len =
		r->current->in.len - r->used < cap ? r->current->in.len - r->used : cap;
	memcpy(buf, r->current->in.data + r->used, *out_len);
	r->used += *out_len;
	return 0;
}

/* The file as it is. */
static int stored_read(struct lam_reader *self, void *buf, size_t cap, size_t *out_len,
		       struct lam_error *err)
{
	struct lam_readback *r = ((struct file_reader *)self)->readback;
	uint64_t there;

	*out_len = 0;
	if (!wait_for_more(r))
		return 0;
	pthread_mutex_lock(&r->lock);
	there = r->written - r->read;
	pthread_mutex_unlock(&r->lock);
	*out_len = there < cap ? (size_t)there : cap;
	return read_file(r, buf, *out_len, err);
}

static const struct lam_reader_ops CHUNKS_READER = { .read = chunks_read },
				   STORED_READER = { .read = stored_read };

/* The tar that the file holds, as far as it is written. */
static struct lam_reader *open_tar(struct lam_readback *r)
{
	enum lam_codec codec = r->options.target->info.compression.codec;
	struct file_reader *file = lam_xcalloc(1, sizeof *file);
	bool chunks = lam_codec_row(codec)->chunks;
	struct lam_reader *tar = &file->base;

	*file = (struct file_reader){ { chunks ? &CHUNKS_READER : &STORED_READER, NULL },
				      r };
	if (!chunks)
		tar = lam_decoder_recording(tar, codec, r->options.points);
	return lam_reader_progress(tar, r->options.progress, &r->options.step);
}

/* To the end of the file, which is behind that of the tar. */
static int read_all(struct lam_readback *r, struct lam_error *err)
{
	struct lam_reader *tar = open_tar(r);
	uint64_t rest;
	int code = lam_verify(r->options.layout, r->options.target, tar, err);

	if (code == 0)
		code = lam_read_drain(tar, &rest, err);
	lam_reader_close(tar);
	return code;
}

static void *run(void *context)
{
	struct lam_readback *r = context;
	int code = read_all(r, &r->err);

	lam_chunk_give_back(LAM_STEAL(r->current));
	pthread_mutex_lock(&r->lock);
	r->failed = code < 0;
	r->done = true;
	while (r->first) {
		struct lam_chunk *chunk = r->first;

		r->first = chunk->next;
		lam_chunk_give_back(chunk);
	}
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

/* The writer's side */

int lam_readback_new(struct lam_readback **out,
		     const struct lam_readback_options *options, struct lam_error *err)
{
	struct lam_readback *r = lam_xcalloc(1, sizeof *r);
	int problem;

	*out = r;
	r->options = *options;
	r->last = &r->first;
	r->stored = lam_xmalloc(STORED);
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->changed, NULL);
	problem = lam_thread_start(&r->thread, run, r);
	r->started = problem == 0;
	return problem ? lam_fail_errno(err, LAM_EWRITE, problem, "starting a thread")
		       : 0;
}

int lam_readback_written(void *readback, struct lam_chunk *chunk, uint64_t end,
			 struct lam_error *err)
{
	struct lam_readback *r = readback;

	pthread_mutex_lock(&r->lock);
	r->written = end;
	r->waiting = false;
	if (chunk && !r->done) {
		chunk->next = NULL;
		*r->last = chunk;
		r->last = &chunk->next;
	} else {
		lam_chunk_give_back(chunk);
	}
	pthread_cond_broadcast(&r->changed);
	while (r->options.one_at_a_time && !r->waiting && !r->done)
		pthread_cond_wait(&r->changed, &r->lock);
	r->told = r->failed; /* what it was stands in r->err, which finish() gives */
	pthread_mutex_unlock(&r->lock);
	return r->told ? lam_fail_stopped(err) : 0;
}

bool lam_readback_stopped_writer(const struct lam_readback *r)
{
	return r->told;
}

static void join(struct lam_readback *r)
{
	if (!r->started)
		return;
	pthread_mutex_lock(&r->lock);
	r->end = true;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
	pthread_join(r->thread, NULL);
	r->started = false;
}

int lam_readback_finish(struct lam_readback *r, struct lam_error *err)
{
	join(r);
	if (!r->failed)
		return 0;
	*err = r->err;
	if (err->code == LAM_EFORMAT || err->code == LAM_EREAD)
		err->code = LAM_EWRITE; /* of our own making */
	return err->code;
}

void lam_readback_free(struct lam_readback *r)
{
	if (!r)
		return;
	if (r->started)
		join(r);
	pthread_mutex_destroy(&r->lock);
	pthread_cond_destroy(&r->changed);
	free(r->stored);
	free(r);
}
