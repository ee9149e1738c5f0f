/* A layout is made in its steps, and described. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/time.h"
#include "codec/codec.h"
#include "layout/layout.h"
#include "tar/write.h"

static int start(struct lam_layout *l, struct lam_error *err)
{
	size_t nodes = l->tree->node_count;

	l->stack = lam_xcalloc(l->target_count, sizeof *l->stack);
	l->wanted = malloc((l->tree->link_count + 1) * sizeof *l->wanted);
	l->targets = lam_alloc_large(nodes * sizeof *l->targets);
	l->gone = calloc(nodes, sizeof *l->gone);
	l->dropped = calloc(nodes, sizeof *l->dropped);
	if (!l->wanted || !l->targets || !l->gone || !l->dropped)
		return lam_fail_memory(err);
	for (size_t t = 0; t < l->target_count; t++) {
		const struct lam_plan_layer *p = &l->plan->layers[t];
		struct lam_target *info = &l->stack[t].info;

		info->name = p->name;
		info->layer = (uint32_t)t;
		info->part = info->parts = 1;
		info->keep = p->keep;
		info->compression = p->has_compression         ? p->compression
				    : l->plan->has_compression ? l->plan->compression
							       : LAM_COMPRESSION_DEFAULT;
	}
	return 0;
}

const char *lam_layout_numbers(struct lam_layout *l, const bool *origins)
{
	char text[1024] = "";
	size_t len = 0, ranges = 0, layers = 0, count = l->image->layer_count;

	for (size_t i = 0, end; i < count && len < sizeof text - 64; i = end + 1) {
		for (end = i; end < count && origins[end];)
			end++;
		if (end == i)
			continue;
		layers += end - i;
		len += (size_t)snprintf(text + len, sizeof text - len, "%s%zu",
					ranges++ ? ", " : "", i);
		if (end > i + 1)
			len += (size_t)snprintf(text + len, sizeof text - len, "-%zu",
						end - 1);
	}
	LAM_CLEANUP(lam_free_ptr)
	char *whole = lam_xprintf("%s%s",
				  !layers       ? ""
				  : layers == 1 ? "layer "
						: "layers ",
				  text);

	return lam_layout_copy(l, whole);
}

/* Counts of what is assigned to each target, and from which originals it came. */
static int count_assigned(struct lam_layout *l, struct lam_error *err)
{
	size_t width = l->image->layer_count;
	LAM_CLEANUP(lam_free_ptr)
	bool *origins = lam_xcalloc(l->target_count * width, sizeof *origins);

	for (uint32_t n = 0; n < l->tree->node_count; n++) {
		struct lam_target *info;
		struct lam_stat stat;
		size_t names;

		if (lam_stops(l->stop, n))
			return lam_fail_stopped(err);
		if (l->gone[n])
			continue;
		info = &l->stack[l->targets[n]].info;
		origins[l->targets[n] * width + lam_tree_origin(l->tree, n)] = true;
		lam_tree_stat(l->tree, n, &stat);
		l->clamped +=
			lam_clamp_is_later(l->plan->times, stat.mtime_s, stat.mtime_ns);
		if (stat.kind != LAM_KIND_FILE ||
		    lam_left_first(&l->left, n, &names) != n)
			continue;
		info->file_count++;
		info->file_bytes += stat.size;
	}
	for (size_t t = 0; t < l->target_count; t++)
		l->stack[t].info.from = lam_layout_numbers(l, origins + t * width);
	return 0;
}

static void describe_kept(struct lam_layout *l, struct lam_layout_target *t)
{
	const struct lam_layer_info *original = lam_image_layer(l->image, t->original);

	t->info.fate = LAM_FATE_KEPT;
	t->info.original = t->original;
	t->info.reason = "nothing moved out of it";
	t->info.entry_count = original->entry_count;
	t->info.whiteout_count = original->whiteout_count;
	t->info.tar_size = original->tar_size;
	t->info.blob_size = original->blob_size;
}

static int describe_written(struct lam_layout *l, struct lam_layout_target *t,
			    struct lam_error *err)
{
	const struct lam_plan_layer *planned = &l->plan->layers[t->info.layer];
	bool by_rules = planned->from_count == 0 && !planned->rest;

	t->info.fate = t->original != UINT32_MAX ? LAM_FATE_REWRITTEN : LAM_FATE_NEW;
	t->info.original = t->original;
	if (!t->info.reason)
		t->info.reason = by_rules ? "what rules give to it"
				 : t->info.parts > 1
					 ? "a part of what its max_size splits"
					 : "several layers in one";
	if (t->member_count == 0) {
		t->info.fate = LAM_FATE_EMPTY;
		t->info.reason = "nothing is left in it";
		lam_layout_remark_add(l, false,
				      "layer \"%s\" holds nothing and is not written",
				      t->info.name);
		return 0;
	}
	t->info.entry_count = (uint32_t)t->member_count;
	return lam_layout_size_members(l, t, err);
}

static int describe(struct lam_layout *l, struct lam_error *err)
{
	size_t written = 0;

	if (count_assigned(l, err) < 0)
		return err->code;
	for (uint32_t i = 0; i < l->target_count; i++) {
		struct lam_layout_target *t = &l->stack[i];

		if (t->kept)
			describe_kept(l, t);
		else if (describe_written(l, t, err) < 0)
			return err->code;
		written += t->info.fate != LAM_FATE_EMPTY;
	}
	if (written > LAM_DOCKER_LAYERS)
		lam_layout_remark_add(
			l, false,
			"%zu layers: Docker takes no more than %d; Podman takes "
			"128, containerd some 500",
			written, LAM_DOCKER_LAYERS);
	if (written)
		return 0;
	/* an image has at least one layer */
	l->stack[0].info.fate = LAM_FATE_NEW;
	l->stack[0].info.tar_size = LAM_TAR_END;
	return 0;
}

/* Nobody knows what others do to a layer that is not there: with one, all stay. */
static int check_missing(struct lam_layout *l, struct lam_error *err)
{
	size_t missing = 0, written = 0;

	while (missing < l->image->layer_count && !l->image->layers[missing].info.missing)
		missing++;
	while (written < l->target_count && l->stack[written].kept)
		written++;
	if (missing < l->image->layer_count && written < l->target_count)
		lam_layout_error(
			l, err,
			"layer %zu is a foreign one, whose blob is not here: no layer can be "
			"written: copy the image again, with its foreign layers",
			missing);
	return err->code;
}

/* A blob stays where the plan asks for no other kind of compression for its layer; a level
 * cannot be told from a blob. */
static int ask_compression(struct lam_layout *l, uint32_t t, struct lam_error *err)
{
	const struct lam_plan_layer *planned = &l->plan->layers[t];
	enum lam_codec codec;

	if (!l->stack[t].kept || !planned->has_compression)
		return 0;
	codec = lam_image_layer(l->image, l->stack[t].original)->codec;
	if (codec == planned->compression.codec)
		return 0;
	return lam_layout_unkeep(l, t, err, "its compression is %s, and %s is asked for",
				 lam_codec_row(codec)->name,
				 lam_codec_row(planned->compression.codec)->name);
}

/* Nor does a blob with a later time in any of its entries stay, dead ones too: it would be
 * another one after the next build. */
static int ask_times(struct lam_layout *l, uint32_t t, struct lam_error *err)
{
	char at[LAM_TIME_TEXT];
	size_t later;

	if (!l->stack[t].kept || !l->plan->times.set)
		return 0;
	later = lam_layer_count_later(l->image->indexes[l->stack[t].original],
				      l->plan->times);
	if (later == 0)
		return 0;
	return lam_layout_unkeep(l, t, err, "%zu of its times are later than %s", later,
				 lam_time_format(l->plan->times.at, at));
}

static int make(struct lam_layout *l, struct lam_error *err)
{
	bool again;

	if (start(l, err) < 0 || lam_layout_assign(l, err) < 0)
		return err->code;
	lam_layout_pin_hives(l, err);
	if (err->code != LAM_OK)
		return err->code;
	for (uint32_t t = 0; t < l->target_count; t++) {
		l->stack[t].kept = l->stack[t].original != UINT32_MAX;
		if (ask_compression(l, t, err) < 0 || ask_times(l, t, err) < 0)
			return err->code;
		if (l->plan->layers[t].rewrite &&
		    lam_layout_unkeep(l, t, err, "the plan has it written anew") < 0)
			return err->code;
	}
	do {
		if (lam_layout_stack(l, err) < 0 || lam_layout_split(l, &again, err) < 0)
			return err->code;
	} while (again);
	if (check_missing(l, err) < 0)
		return err->code;
	lam_layout_remark_starts(l);
	lam_layout_remark_groups(l);
	lam_layout_remark_hidden(l);
	if (describe(l, err) < 0)
		return err->code;
	lam_layout_settle_settings(l);
	lam_layout_remark_sizes(l);
	lam_layout_remark_documents(l);
	lam_layout_sum_layers(l);
	return 0;
}

static struct lam_layout *allocate(const struct lam_image *image,
				   const struct lam_plan *plan, const atomic_bool *stop)
{
	struct lam_layout *l = lam_xcalloc(1, sizeof *l);

	l->image = image;
	l->plan = plan;
	l->tree = image->tree;
	l->target_count = plan->layer_count;
	l->stop = stop;
	return l;
}

int lam_layout_new(struct lam_layout **out, const struct lam_image *image,
		   const struct lam_plan *plan, struct lam_plan_errors *errors,
		   const atomic_bool *stop, struct lam_error *err)
{
	struct lam_layout *l = allocate(image, plan, stop);
	int code;

	*out = NULL;
	l->errors = errors;
	err->code = LAM_OK;
	code = make(l, err);
	l->errors = NULL;
	l->stop = NULL;
	if (code < 0)
		lam_layout_free(l);
	else
		*out = l;
	return code;
}

int lam_layout_assignment(uint32_t **out_targets, uint32_t **out_rules,
			  const struct lam_image *image, const struct lam_plan *plan,
			  const atomic_bool *stop, struct lam_error *err)
{
	struct lam_layout *l = allocate(image, plan, stop);
	int code;

	*out_targets = *out_rules = NULL;
	err->code = LAM_OK;
	code = start(l, err);
	if (code == 0)
		code = lam_layout_assign(l, err);
	if (code == 0) {
		*out_targets = LAM_STEAL(l->targets);
		*out_rules = LAM_STEAL(l->match.rules);
	}
	lam_layout_free(l);
	return code;
}
