/* The stack with layers that are larger than the plan lets them be in deal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/size.h"
#include "layout/deal.h"
#include "tar/write.h"

static uint32_t moved(uint32_t target, uint32_t from, uint32_t by)
{
	return target != LAM_TARGET_NONE && target > from ? target + by : target;
}

/* All that says a target's place. */
static void renumber(struct lam_layout *l, uint32_t target, const struct lam_deal *deal)
{
	const struct lam_tree *tree = l->tree;
	uint32_t more = deal->count - 1;

	for (size_t i = 0; i < l->image->layer_count; i++)
		l->owners[i] = moved(l->owners[i], target, more);
	for (uint32_t n = 0; n < tree->node_count; n++)
		l->targets[n] = l->targets[n] == target
					? target + deal->of[n]
					: moved(l->targets[n], target, more);
	/* a name that is wanted here is wherever its file is, if that is here */
	for (size_t i = 0; i < tree->link_count; i++) {
		uint32_t n = tree->links[i].node, to = l->targets[n];
		bool here = to >= target && to <= target + more;

		l->wanted[i] = l->wanted[i] == target && here
				       ? to
				       : moved(l->wanted[i], target, more);
	}
}

/* What it was to hold. */
static void forget(struct lam_layout_target *t)
{
	free(t->members);
	lam_layer_free(t->layer);
	t->members = NULL;
	t->member_count = 0;
	t->layer = NULL;
}

static void expand(struct lam_layout *l, uint32_t target, const struct lam_deal *deal)
{
	uint32_t more = deal->count - 1;
	size_t behind = l->target_count - target - 1;

	renumber(l, target, deal);
	l->stack = lam_xrealloc(l->stack, (l->target_count + more) * sizeof *l->stack);
	memmove(l->stack + target + 1 + more, l->stack + target + 1,
		behind * sizeof *l->stack);
	l->target_count += more;
	forget(&l->stack[target]);
	for (uint32_t i = 1; i <= more; i++)
		l->stack[target + i] = l->stack[target];
}

static void number_parts(struct lam_layout *l)
{
	for (size_t t = 0, end; t < l->target_count; t = end) {
		for (end = t + 1; end < l->target_count &&
				  l->stack[end].info.layer == l->stack[t].info.layer;)
			end++;
		for (size_t i = t; i < end; i++) {
			l->stack[i].info.part = (uint32_t)(i - t + 1);
			l->stack[i].info.parts = (uint32_t)(end - t);
		}
	}
}

static uint64_t most_of(const struct lam_layout *l, size_t target)
{
	return l->plan->layers[l->stack[target].info.layer].max_size;
}

/* *out: what is in a part besides its paths: the end of a tar, and all marks. */
static int is_over(struct lam_layout *l, size_t target, bool *out_over, uint64_t *out,
		   struct lam_error *err)
{
	struct lam_layout_target *t = &l->stack[target];
	uint64_t most = most_of(l, target);

	*out_over = false;
	*out = LAM_TAR_END;
	if (!most || (!t->kept && !t->member_count))
		return 0;
	if (t->kept) {
		*out_over = lam_image_layer(l->image, t->original)->tar_size > most;
		return 0;
	}
	if (lam_layout_size_members(l, t, err) < 0)
		return err->code;
	*out += t->mark_bytes;
	*out_over = t->info.tar_size > most;
	return 0;
}

static int unkeep(struct lam_layout *l, uint32_t target, struct lam_error *err)
{
	const struct lam_layout_target *t = &l->stack[target];
	char is[LAM_SIZE_TEXT], most[LAM_SIZE_TEXT];

	return lam_layout_unkeep(
		l, target, err, "its tar has %s, and the plan wants at most %s",
		lam_size_text(lam_image_layer(l->image, t->original)->tar_size, is),
		lam_size_text(most_of(l, target), most));
}

/* A blob that is too large stays where nothing would be smaller without it. */
static int split(struct lam_layout *l, uint32_t target, uint64_t besides, bool *again,
		 struct lam_error *err)
{
	LAM_CLEANUP(lam_deal_fini) struct lam_deal deal = { 0 };
	uint64_t most = most_of(l, target);
	char size[LAM_SIZE_TEXT], all[LAM_SIZE_TEXT];

	if (lam_deal_make(&deal, l, target, most > besides ? most - besides : 0, err) < 0)
		return err->code;
	if (deal.again > LAM_MAX_SPLIT_DIRS) {
		lam_layout_error(
			l, err,
			"layer \"%s\" would have directories of more than %s once "
			"more in its parts of at most %s, each of which has those "
			"above it: raise its max_size",
			l->stack[target].info.name,
			lam_size_text(LAM_MAX_SPLIT_DIRS, all),
			lam_size_text(most, size));
		return err->code;
	}
	if (deal.count + l->target_count > LAM_MAX_LAYERS) {
		lam_layout_error(l, err,
				 "layer \"%s\" would be in %u parts of at most %s, and a "
				 "stack has at most %d layers: raise its max_size",
				 l->stack[target].info.name, deal.count,
				 lam_size_text(most, size), LAM_MAX_LAYERS);
		return err->code;
	}
	if (l->stack[target].kept && (deal.count > 1 || deal.fits)) {
		*again = true;
		if (unkeep(l, target, err) < 0)
			return err->code;
	}
	if (deal.count > 1) {
		*again = true;
		expand(l, target, &deal);
	}
	return 0;
}

int lam_layout_split(struct lam_layout *l, bool *again, struct lam_error *err)
{
	*again = false;
	/* from the top: what lies below keeps its place */
	for (size_t t = l->target_count; t-- > 0;) {
		uint64_t besides;
		bool over;

		if (is_over(l, t, &over, &besides, err) < 0 ||
		    (over && split(l, (uint32_t)t, besides, again, err) < 0))
			return err->code;
	}
	for (size_t t = 0; *again && t < l->target_count; t++)
		forget(&l->stack[t]);
	if (*again) {
		number_parts(l);
		l->mark_count = 0;
	}
	return 0;
}

/* The largest file that a target holds; LAM_NODE_NONE: none. */
static uint32_t largest_file(const struct lam_layout *l, size_t target,
			     uint64_t *out_size)
{
	uint32_t largest = LAM_NODE_NONE;

	*out_size = 0;
	for (uint32_t n = 0; n < l->tree->node_count; n++) {
		struct lam_stat stat;

		if (l->gone[n] || l->targets[n] != target)
			continue;
		lam_tree_stat(l->tree, n, &stat);
		if (stat.kind == LAM_KIND_FILE && stat.size > *out_size) {
			largest = n;
			*out_size = stat.size;
		}
	}
	return largest;
}

/* What could not be split. */
void lam_layout_remark_sizes(struct lam_layout *l)
{
	char is[LAM_SIZE_TEXT], most[LAM_SIZE_TEXT], of[LAM_SIZE_TEXT],
		path[LAM_PATH_TEXT], text[LAM_PATH_TEXT + 64];

	for (size_t t = 0; t < l->target_count; t++) {
		const struct lam_target *info = &l->stack[t].info;
		uint64_t max = most_of(l, t), size;
		uint32_t node;

		if (!max || info->fate == LAM_FATE_EMPTY || info->tar_size <= max)
			continue;
		snprintf(text, sizeof text, "its paths are that long");
		node = largest_file(l, t, &size);
		if (node != LAM_NODE_NONE)
			snprintf(text, sizeof text, "%s alone has %s",
				 lam_layout_path(l, node, path), lam_size_text(size, of));
		lam_layout_remark_add(
			l, true,
			"layer \"%s\" has %s in a part that cannot be split, more than its "
			"max_size of %s: %s",
			info->name, lam_size_text(info->tar_size, is),
			lam_size_text(max, most), text);
	}
}

/* What becomes of each layer of the plan, its parts together. */
void lam_layout_sum_layers(struct lam_layout *l)
{
	l->layers = lam_xcalloc(l->plan->layer_count + 1, sizeof *l->layers);
	for (size_t t = 0; t < l->target_count; t++) {
		const struct lam_target *part = &l->stack[t].info;
		struct lam_target *sum = &l->layers[part->layer];

		if (part->part == 1 || sum->fate == LAM_FATE_EMPTY) {
			*sum = *part;
			continue;
		}
		if (part->fate == LAM_FATE_EMPTY)
			continue;
		sum->entry_count += part->entry_count;
		sum->whiteout_count += part->whiteout_count;
		sum->file_count += part->file_count;
		sum->file_bytes += part->file_bytes;
		sum->tar_size += part->tar_size;
	}
}
