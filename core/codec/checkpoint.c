/* Where a compressed layer can be read on from: a list with a bound. */
#include "codec/checkpoint.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/memory.h"

void lam_checkpoints_fini(struct lam_checkpoints *points)
{
	free(points->items);
	free(points->windows);
	*points = (struct lam_checkpoints){ 0 };
}

bool lam_checkpoints_due(const struct lam_checkpoints *points, uint64_t out)
{
	uint64_t last = points->count ? points->items[points->count - 1].out : 0;
	uint64_t every = points->every ? points->every : LAM_CHECKPOINT_EVERY;

	return out - last >= every;
}

/* Every second one goes, and their windows. */
static void thin_out(struct lam_checkpoints *points)
{
	size_t kept = 0, len = 0;

	for (size_t i = 1; i < points->count; i += 2) {
		struct lam_checkpoint point = points->items[i];

		memmove(points->windows + len, points->windows + point.window,
			point.window_len);
		point.window = len;
		len += point.window_len;
		points->items[kept++] = point;
	}
	points->count = kept;
	points->windows_len = len;
	points->every =
		2 * (points->every ? points->every : (uint64_t)LAM_CHECKPOINT_EVERY);
}

static void add_window(struct lam_checkpoints *points, struct lam_checkpoint *point,
		       const void *window, size_t window_len)
{
	size_t bound = ZSTD_compressBound(window_len), len;

	if (points->windows_cap - points->windows_len < bound) {
		points->windows_cap += points->windows_cap / 2 + bound;
		points->windows = lam_xrealloc(points->windows, points->windows_cap);
	}
	len = ZSTD_compress(points->windows + points->windows_len, bound, window,
			    window_len, 1);
	if (ZSTD_isError(len))
		lam_out_of_memory();
	point->window_len = (uint32_t)len;
	points->windows_len += len;
}

void lam_checkpoints_add(struct lam_checkpoints *points, struct lam_checkpoint point,
			 const void *window, size_t window_len)
{
	if (points->count == LAM_CHECKPOINT_MAX) {
		thin_out(points);
		if (!lam_checkpoints_due(points, point.out))
			return;
	}
	point.window = points->windows_len;
	point.window_len = 0;
	if (window_len)
		add_window(points, &point, window, window_len);
	LAM_XGROW(points->items, points->count, points->cap);
	points->items[points->count++] = point;
}

const struct lam_checkpoint *lam_checkpoints_find(const struct lam_checkpoints *points,
						  uint64_t out)
{
	size_t low = 0, high = points->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (points->items[mid].out <= out)
			low = mid + 1;
		else
			high = mid;
	}
	return low ? &points->items[low - 1] : NULL;
}

int lam_checkpoints_window(const struct lam_checkpoints *points,
			   const struct lam_checkpoint *point, void *window,
			   size_t *out_len, struct lam_error *err)
{
	size_t len = 0;

	if (point->window_len)
		len = ZSTD_decompress(window, LAM_CHECKPOINT_WINDOW,
				      points->windows + point->window, point->window_len);
	if (ZSTD_isError(len))
		return lam_fail(err, LAM_EREAD, "the index of the layer is damaged (%s)",
				ZSTD_getErrorName(len));
	*out_len = len;
	return 0;
}

bool lam_checkpoints_fit(const struct lam_checkpoints *points, uint64_t blob_size,
			 uint64_t tar_size)
{
	uint64_t last = 0;

	for (size_t i = 0; i < points->count; i++) {
		const struct lam_checkpoint *p = &points->items[i];

		if (p->out < last || p->out > tar_size || p->in > blob_size ||
		    p->in == 0 || p->in_member > 1 || p->bit_count > 7 ||
		    p->window > points->windows_len ||
		    p->window_len > points->windows_len - p->window)
			return false;
		last = p->out;
	}
	return points->count <= LAM_CHECKPOINT_MAX;
}
