#include "codec/inflater.h"

#include <pthread.h>
#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

struct lam_inflater {
	struct lam_inflater *next;
	struct lam_inflaters *pool;
	ZSTD_DCtx *context;
	char *bytes;
	size_t cap;
};

struct lam_inflaters {
	pthread_mutex_t lock;
	struct lam_inflater *idle;
};

static void free_inflater(struct lam_inflater *i)
{
	ZSTD_freeDCtx(i->context);
	free(i->bytes);
	free(i);
}

int lam_inflaters_new(struct lam_inflaters **out, struct lam_error *err)
{
	struct lam_inflaters *pool = calloc(1, sizeof *pool);

	*out = pool;
	if (!pool)
		return lam_fail_memory(err);
	pthread_mutex_init(&pool->lock, NULL);
	return 0;
}

void lam_inflaters_free(struct lam_inflaters *pool)
{
	if (!pool)
		return;
	while (pool->idle) {
		struct lam_inflater *i = pool->idle;

		pool->idle = i->next;
		free_inflater(i);
	}
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

int lam_inflater_borrow(struct lam_inflaters *pool, struct lam_inflater **out,
			struct lam_error *err)
{
	struct lam_inflater *i;

	*out = NULL;
	pthread_mutex_lock(&pool->lock);
	i = pool->idle;
	if (i)
		pool->idle = i->next;
	pthread_mutex_unlock(&pool->lock);
	if (!i) {
		i = calloc(1, sizeof *i);
		if (!i)
			return lam_fail_memory(err);
		i->pool = pool;
		i->context = ZSTD_createDCtx();
		if (!i->context) {
			free_inflater(i);
			return lam_fail_memory(err);
		}
	}
	*out = i;
	return 0;
}

void lam_inflater_give_back(struct lam_inflater *i)
{
	if (!i)
		return;
	pthread_mutex_lock(&i->pool->lock);
	i->next = i->pool->idle;
	i->pool->idle = i;
	pthread_mutex_unlock(&i->pool->lock);
}

static int make_room(struct lam_inflater *i, size_t len, struct lam_error *err)
{
	char *bytes;

	if (i->cap > len)
		return 0;
	bytes = malloc(len + 1);
	if (!bytes)
		return lam_fail_memory(err);
	free(i->bytes);
	i->bytes = bytes;
	i->cap = len + 1;
	return 0;
}

int lam_inflater_run(struct lam_inflater *i, const void *in, size_t in_len, size_t len,
		     const char **out, struct lam_error *err)
{
	size_t got;

	if (make_room(i, len, err) < 0)
		return err->code;
	got = ZSTD_decompressDCtx(i->context, i->bytes, len, in, in_len);
	if (ZSTD_isError(got) && ZSTD_getErrorCode(got) == ZSTD_error_memory_allocation)
		return lam_fail_memory(err);
	if (ZSTD_isError(got))
		return lam_fail(err, LAM_EFORMAT, "zstd: %s", ZSTD_getErrorName(got));
	if (got != len)
		return lam_fail(err, LAM_EFORMAT, "zstd: a frame is too short");
	*out = i->bytes;
	return 0;
}
