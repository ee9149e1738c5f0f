#include "editor/analysis/effect.h"

#include <string.h>

#include "editor/analysis/estimate.h"
#include "editor/analysis/targets.h"

/* What an effect points into. */
struct owned {
	struct effect effect;
	struct targets_store store;
};

/* Of one target: the bytes of its files, and what gzip:6 would make of these. */
struct content {
	double packed;
	uint64_t bytes;
};

struct summing {
	struct effect *effect;
	const struct facts *facts;
	uint32_t *owners;
	double *ratios; /* of the originals */
	struct content *contents;
};

static int summing_init(struct summing *s, struct effect *effect,
			const struct facts *facts, struct lam_error *err)
{
	size_t originals = lam_image_layer_count(facts->image);

	*s = (struct summing){ .effect = effect, .facts = facts };
	s->owners = lam_plan_owners(effect->plan, lam_image_layer_count(facts->image));
	s->ratios = calloc(originals + 1, sizeof *s->ratios);
	s->contents = calloc(effect->plan->layer_count + 1, sizeof *s->contents);
	if (!s->owners || !s->ratios || !s->contents)
		return lam_fail_memory(err);
	for (size_t i = 0; i < originals; i++)
		s->ratios[i] = estimate_ratio(lam_image_layer(facts->image, i));
	return 0;
}

static void summing_fini(struct summing *s)
{
	free(s->owners);
	free(s->ratios);
	free(s->contents);
}

static void count_move(struct effect *e, uint32_t from, uint32_t to, uint64_t bytes)
{
	if (from != LAM_TARGET_NONE) {
		e->layers[from].files_out++;
		e->layers[from].bytes_out += bytes;
	}
	if (to != LAM_TARGET_NONE) {
		e->layers[to].files_in++;
		e->layers[to].bytes_in += bytes;
	}
}

/* A live path that is no directory. */
static void count_file(struct summing *s, uint32_t n, const struct lam_node *node)
{
	uint32_t from = s->owners[lam_tree_origin(s->facts->tree, n)],
		 to = s->effect->targets.to[n];

	if (from != to)
		count_move(s->effect, from, to, node->live_bytes);
	if (to == LAM_TARGET_NONE) {
		s->effect->dropped_files++;
		return;
	}
	s->effect->dangling += !!(s->facts->flags[n] & FACT_DANGLING);
	if (node->live_bytes) {
		const struct lam_version *version =
			lam_tree_version(s->facts->tree, node->version);

		s->contents[to].bytes += node->live_bytes;
		s->contents[to].packed +=
			(double)node->live_bytes * s->ratios[version->inode_layer];
	}
}

static int count_files(struct summing *s, const atomic_bool *stop, struct lam_error *err)
{
	for (uint32_t n = 0; n < s->facts->count && s->effect->targets.to; n++) {
		const struct lam_node *node = lam_tree_node(s->facts->tree, n);

		if (stop_at(stop, n))
			return stop_fail(err);
		if (node->live && node->kind != LAM_KIND_DIR)
			count_file(s, n, node);
	}
	return 0;
}

static void count_originals(struct summing *s)
{
	const struct lam_image *image = s->facts->image;

	for (size_t i = 0; i < lam_image_layer_count(image); i++) {
		const struct lam_layer_info *original = lam_image_layer(image, i);

		s->effect->now += original->tar_size;
		s->effect->blob_now += original->blob_size;
		if (s->owners[i] != LAM_TARGET_NONE)
			s->effect->layers[s->owners[i]].now += original->tar_size;
	}
}

static void size_blob(struct effect_layer *layer, const struct lam_target *target,
		      const struct content *content)
{
	double ratio = content->bytes ? content->packed / (double)content->bytes : 0;

	layer->plan = target->fate == LAM_FATE_EMPTY ? 0 : target->tar_size;
	layer->blob_exact = target->fate == LAM_FATE_KEPT ||
			    target->fate == LAM_FATE_EMPTY ||
			    target->compression.codec == LAM_CODEC_NONE;
	if (target->fate == LAM_FATE_KEPT)
		layer->blob = target->blob_size;
	else
		layer->blob = estimate_blob(layer->plan, ratio, target->compression);
}

static void count_fate(struct effect *e, const struct effect_layer *layer,
		       enum lam_fate fate)
{
	switch (fate) {
	case LAM_FATE_KEPT:
		e->kept++;
		e->kept_bytes += layer->plan;
		break;
	case LAM_FATE_REWRITTEN:
		e->rewritten++;
		e->rewritten_bytes += layer->plan;
		break;
	case LAM_FATE_NEW:
		e->fresh++;
		e->new_bytes += layer->plan;
		break;
	case LAM_FATE_EMPTY: e->empty++; break;
	}
	e->plan_bytes += layer->plan;
	e->blob_plan += layer->blob;
	if (fate != LAM_FATE_KEPT)
		e->fetch += layer->blob;
}

static void count_targets(struct summing *s)
{
	const struct lam_image *image = s->facts->image;
	struct effect *e = s->effect;
	uint32_t entries = lam_tree_node(s->facts->tree, LAM_NODE_ROOT)->live_count;

	for (size_t t = 0; t < e->plan->layer_count; t++) {
		const struct lam_target *target = lam_layout_target(e->layout, t);

		size_blob(&e->layers[t], target, &s->contents[t]);
		count_fate(e, &e->layers[t], target->fate);
	}
	for (size_t i = 0; i < lam_image_layer_count(image); i++) {
		const struct lam_target *target =
			lam_layout_target(e->layout, s->owners[i]);

		if (target->fate != LAM_FATE_KEPT)
			e->waste_gone += lam_image_layer(image, i)->waste_bytes;
	}
	lam_layout_dropped(e->layout, &e->dropped, &e->dropped_bytes);
	e->entries = entries - e->dropped;
}

static int sum_up(struct effect *effect, const struct facts *facts,
		  const atomic_bool *stop, struct lam_error *err)
{
	struct summing s;
	int code = summing_init(&s, effect, facts, err);

	if (code == 0) {
		count_originals(&s);
		code = count_files(&s, stop, err);
	}
	if (code == 0 && effect->layout)
		count_targets(&s);
	summing_fini(&s);
	return code;
}

static int add_line(struct lam_plan_errors *errors, const char *text,
		    struct lam_error *err)
{
	errors->lines = calloc(1, sizeof *errors->lines);
	if (errors->lines)
		errors->lines[0] = strdup(text);
	if (!errors->lines || !errors->lines[0])
		return lam_fail_memory(err);
	errors->count = 1;
	return 0;
}

/* A plan that does not fit leaves its errors, and no layout. */
static int make_layout(struct effect *effect, const struct facts *facts,
		       const atomic_bool *stop, struct lam_error *err)
{
	int code = lam_layout_new_stoppable(&effect->layout, facts->image, effect->plan,
					    &effect->errors, stop, err);

	if (code == 0 || code == LAM_ENOMEM || code == LAM_ESTOPPED)
		return code;
	return effect->errors.count ? 0 : add_line(&effect->errors, err->text, err);
}

static int make_targets(struct owned *owned, const struct facts *facts,
			const atomic_bool *stop, struct lam_error *err)
{
	struct effect *e = &owned->effect;
	int code = targets_make(&owned->store, facts, e->plan, e->layout, stop, err);

	e->targets = (struct targets){ .to = owned->store.to,
				       .rule = owned->store.rule,
				       .names = owned->store.names,
				       .count = e->plan->layer_count,
				       .ruled = &owned->store.ruled };
	return code;
}

int effect_new(struct effect **out, const struct facts *facts, struct lam_plan *plan,
	       const atomic_bool *stop, struct lam_error *err)
{
	struct owned *owned = calloc(1, sizeof *owned);
	struct effect *e = &owned->effect;
	int code;

	*out = NULL;
	if (!owned) {
		lam_plan_free(plan);
		return lam_fail_memory(err);
	}
	e->plan = plan;
	e->layers = calloc(plan->layer_count + 1, sizeof *e->layers);
	code = e->layers ? make_layout(e, facts, stop, err) : lam_fail_memory(err);
	if (code == 0)
		code = make_targets(owned, facts, stop, err);
	if (code == 0)
		code = sum_up(e, facts, stop, err);
	if (code < 0)
		effect_free(e);
	else
		*out = e;
	return code;
}

void effect_free(struct effect *effect)
{
	/* the first member of what it is in */
	struct owned *owned = (struct owned *)effect;

	if (!effect)
		return;
	lam_layout_free(effect->layout);
	lam_plan_errors_fini(&effect->errors);
	lam_plan_free(effect->plan);
	free(effect->layers);
	targets_fini(&owned->store);
	free(owned);
}
