/* What max_size makes of a suggested plan's layers: it is laid out, so that no layer has to be
 * smaller than what cannot be split, and that it is known how many are written. */
#include <string.h>

#include <lamina/layout.h>

#include "base/buf.h"
#include "base/memory.h"
#include "suggest/emit.h"

static void free_layout(struct lam_layout **layout)
{
	lam_layout_free(*layout);
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

int lam_suggest_settle_sizes(struct lam_suggestion *s, const struct lam_image *image,
			     const atomic_bool *stop, struct lam_error *err)
{
	bool again = has_sizes(s->plan);

	s->written = s->layer_count;
	for (size_t i = 0; i < s->layer_count; i++)
		s->layers[i].written = 1;
	while (again) {
		LAM_CLEANUP(free_layout) struct lam_layout *layout = NULL;

		if (lam_layout_new(&layout, image, s->plan, NULL, stop, err) < 0)
			return lam_wrap(err, "the plan that is suggested");
		again = raise_sizes(s, layout);
		if (!again)
			count_written(s, layout);
	}
	return 0;
}
