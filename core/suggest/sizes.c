/* What max_size makes of a suggested plan's layers: it is laid out, so that it is known how large
 * tars may be for blobs of a size, that no layer has to be smaller than what cannot be split, and
 * how many are written. */
#include <string.h>

#include <lamina/layout.h>

#include "base/buf.h"
#include "base/memory.h"
#include "suggest/emit.h"

#define TRIES 4 /* before the size that does for certain is taken */

static void free_layout(struct lam_layout **layout)
{
	lam_layout_free(*layout);
}

/* A layer with a part that is too large: how large its tars may be follows from how well
 * they are packed, which is known once it is laid out. */
struct sized {
	bool open;      /* still looked for */
	uint64_t was;   /* in the plan before, or 0 */
	uint64_t least; /* tars of which no blob is too large, for certain */
	uint64_t most;  /* of a blob: as asked for, or what cannot be split */
	uint64_t tar, blob,
		largest; /* as laid out last: all parts, and the largest blob */
};

struct sizing {
	struct lam_suggestion *s;
	const struct lam_image *image;
	const atomic_bool *stop;
	struct sized *layers; /* of the plan */
	uint64_t most;
};

/* What yesterday's plan has stays, where it is less than is asked for. */
static void open_sizes(struct sizing *z)
{
	for (size_t i = 0; i < z->s->part_count; i++) {
		uint32_t n = z->s->parts[i].layer;
		uint64_t *size = &z->s->plan->layers[n].max_size;

		if (!z->s->parts[i].is_too_large || z->layers[n].open ||
		    (*size && *size <= z->most))
			continue;
		z->layers[n] = (struct sized){ .open = true, .was = *size };
		*size = z->most;
	}
}

static bool has_sizes(const struct lam_plan *plan)
{
	for (size_t i = 0; i < plan->layer_count; i++) {
		if (plan->layers[i].max_size)
			return true;
	}
	return false;
}

/* A layer gets the size of the largest that cannot be split, and none if nothing of it can.
 * Whether any did. */
static bool raise_sizes(struct lam_suggestion *s, const struct lam_layout *layout)
{
	struct lam_plan *plan = s->plan;
	LAM_CLEANUP(lam_free_ptr)
	uint64_t *needed = lam_xcalloc(plan->layer_count + 1, sizeof *needed);
	bool raised = false;

	for (size_t t = 0; t < lam_layout_target_count(layout); t++) {
		const struct lam_target *target = lam_layout_target(layout, t);

		if (target->fate != LAM_FATE_EMPTY &&
		    target->tar_size > needed[target->layer])
			needed[target->layer] = target->tar_size;
	}
	for (size_t i = 0; i < plan->layer_count; i++) {
		struct lam_plan_layer *layer = &plan->layers[i];

		if (!layer->max_size || needed[i] <= layer->max_size)
			continue;
		layer->max_size = lam_layout_layer(layout, i)->parts > 1 ? needed[i] : 0;
		raised = s->layers[i].raised = true;
	}
	return raised;
}

static void count_written(struct lam_suggestion *s, const struct lam_layout *layout)
{
	s->written = 0;
	for (size_t i = 0; i < s->layer_count; i++)
		s->layers[i].written = 0;
	for (size_t t = 0; t < lam_layout_target_count(layout); t++) {
		const struct lam_target *target = lam_layout_target(layout, t);
		bool written = target->fate != LAM_FATE_EMPTY;

		s->layers[target->layer].written += written;
		s->written += written;
	}
}

static int measure(struct sizing *z, const struct lam_layout *layout,
		   struct lam_error *err)
{
	size_t count = lam_layout_target_count(layout);
	LAM_CLEANUP(lam_free_ptr) uint64_t *blobs = lam_xcalloc(count + 1, sizeof *blobs);

	if (lam_layout_blob_sizes(layout, blobs, z->stop, err) < 0)
		return err->code;
	for (size_t i = 0; i < z->s->plan->layer_count; i++)
		z->layers[i].tar = z->layers[i].blob = z->layers[i].largest = 0;
	for (size_t t = 0; t < count; t++) {
		const struct lam_target *target = lam_layout_target(layout, t);
		struct sized *layer = &z->layers[target->layer];

		layer->tar += target->tar_size;
		layer->blob += blobs[t];
		if (blobs[t] > layer->largest)
			layer->largest = blobs[t];
	}
	return 0;
}

/* Lays the plan out, until each layer has a size that it can have. */
static int lay_out(struct sizing *z, struct lam_error *err)
{
	bool again = true;

	while (again) {
		LAM_CLEANUP(free_layout) struct lam_layout *layout = NULL;

		if (lam_layout_new(&layout, z->image, z->s->plan, NULL, z->stop, err) < 0)
			return lam_wrap(err, "the plan that is suggested");
		again = raise_sizes(z->s, layout);
		if (again)
			continue;
		count_written(z->s, layout);
		if (measure(z, layout, err) < 0)
			return err->code;
	}
	return 0;
}

/* Not to the byte, as people read it. */
static uint64_t rounded(double size)
{
	uint64_t unit = size < (double)(16 << 20) ? 1 << 10 : 1 << 20;

	return (uint64_t)(size / (double)unit) * unit;
}

/* What was laid out has tars of at most the size of a blob: larger ones will do. */
static void widen(struct sizing *z)
{
	for (size_t i = 0; i < z->s->plan->layer_count; i++) {
		struct sized *layer = &z->layers[i];
		uint64_t *size = &z->s->plan->layers[i].max_size, wish;

		if (!layer->open)
			continue;
		layer->least = *size;
		layer->most = layer->largest > z->most ? layer->largest : z->most;
		wish = layer->was ? layer->was
				  : rounded((double)layer->most * (double)layer->tar /
					    (double)(layer->blob + 1));
		layer->open = *size && wish > *size;
		*size = layer->open ? wish : *size;
	}
}

/* Some parts are packed less well than the whole. Whether any was lowered. */
static bool narrow(struct sizing *z, bool last)
{
	bool lowered = false;

	for (size_t i = 0; i < z->s->plan->layer_count; i++) {
		struct sized *layer = &z->layers[i];
		uint64_t *size = &z->s->plan->layers[i].max_size, less;

		layer->open = layer->open && layer->largest > layer->most;
		if (!layer->open)
			continue;
		less = rounded((double)*size * (double)layer->most /
			       (double)layer->largest);
		layer->open = !last && less > layer->least;
		*size = layer->open ? less : layer->least;
		lowered = true;
	}
	return lowered;
}

static bool any_open(const struct sizing *z)
{
	bool open = false;

	for (size_t i = 0; i < z->s->plan->layer_count; i++)
		open = open || z->layers[i].open;
	return open;
}

int lam_suggest_settle_sizes(struct lam_suggestion *s, const struct lam_image *image,
			     uint64_t most_bytes, const atomic_bool *stop,
			     struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr)
	struct sized *layers = lam_xcalloc(s->plan->layer_count + 1, sizeof *layers);
	struct sizing z = { s, image, stop, layers, most_bytes };

	s->written = s->layer_count;
	for (size_t i = 0; i < s->layer_count; i++)
		s->layers[i].written = 1;
	open_sizes(&z);
	if (!has_sizes(s->plan))
		return 0;
	if (lay_out(&z, err) < 0)
		return err->code;
	widen(&z);
	for (unsigned tries = 1; any_open(&z); tries++) {
		if (lay_out(&z, err) < 0)
			return err->code;
		if (narrow(&z, tries == TRIES) && !any_open(&z))
			return lay_out(&z, err);
	}
	return 0;
}
