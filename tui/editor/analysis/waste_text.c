/* The words for waste. */
#include <stdio.h>
#include <string.h>

#include "editor/analysis/waste.h"

#define NONE LAM_NODE_NONE

/* What may be looked at for one line of text. */
#define MOST_FILES 1000

/* What the layer `by` changed at a node beside the content. */
static unsigned changes_at(const struct lam_tree *tree, uint32_t n, uint32_t by)
{
	const struct lam_version *next = NULL;
	struct lam_stat a, b;
	unsigned what = 0;

	for (uint32_t v = lam_tree_node(tree, n)->version; v != NONE;) {
		const struct lam_version *version = lam_tree_version(tree, v);

		if (next && next->layer == by && next->change == LAM_CHANGE_METADATA &&
		    version->change != LAM_CHANGE_DELETED) {
			lam_tree_stat_version(tree, version, &a);
			lam_tree_stat_version(tree, next, &b);
			what |= lam_stat_compare(&a, &b);
		}
		next = version;
		v = version->previous;
	}
	return what;
}

/* The next node at or below top, dead ones too; NONE after the last. */
static uint32_t next_node(const struct lam_tree *tree, uint32_t n, uint32_t top)
{
	if (lam_tree_node(tree, n)->child_count)
		return lam_tree_node(tree, n)->first_child;
	while (n != top) {
		const struct lam_node *parent =
			lam_tree_node(tree, lam_tree_node(tree, n)->parent);

		if (n + 1 < parent->first_child + parent->child_count)
			return n + 1;
		n = lam_tree_node(tree, n)->parent;
	}
	return NONE;
}

static const char *metadata_word(const struct lam_tree *tree,
				 const struct waste_item *item)
{
	unsigned what = 0, looked = 0;

	for (uint32_t n = item->node; n != NONE && looked < MOST_FILES; looked++) {
		if (lam_tree_node(tree, n)->kind == LAM_KIND_FILE)
			what |= changes_at(tree, n, item->by);
		n = next_node(tree, n, item->node);
	}
	switch (what) {
	case LAM_DIFF_OWNER: return "owner";
	case LAM_DIFF_MODE: return "mode";
	case LAM_DIFF_TIME: return "time";
	case LAM_DIFF_ATTRIBUTES: return "attributes";
	default: return "metadata";
	}
}

/* The layers that put something else at a node. */
static uint64_t overwriters(const struct lam_tree *tree, const struct waste_item *item)
{
	uint64_t bit = UINT64_C(1), mask = bit << (item->by < 63 ? item->by : 63);

	for (uint32_t v = lam_tree_node(tree, item->node)->version; v != NONE;) {
		const struct lam_version *version = lam_tree_version(tree, v);

		if (version->change == LAM_CHANGE_REPLACED && item->files == 1)
			mask |= bit << (version->layer < 63 ? version->layer : 63);
		v = version->previous;
	}
	return mask;
}

static const char *overwritten_text(const struct waste_item *item,
				    const struct facts *facts, char out[96])
{
	uint64_t mask = overwriters(facts->tree, item), rest = mask & (mask - 1);
	size_t count = lam_image_layer_count(facts->image);
	char layers[64];

	if (rest && (rest & (rest - 1)) == 0 && !(rest >> 63))
		snprintf(out, 96, "overwritten in %d and %d", __builtin_ctzll(mask),
			 __builtin_ctzll(rest));
	else
		snprintf(out, 96, "overwritten in %s",
			 facts_layers_text(mask, count, 20, layers));
	return out;
}

const char *waste_text(const struct waste_item *item, const struct facts *facts,
		       char out[96])
{
	size_t count = lam_image_layer_count(facts->image);
	char layers[64];

	switch (item->how) {
	case WASTE_DELETED:
		snprintf(out, 96, "added %s, deleted %u",
			 facts_layers_text(item->layers, count, 20, layers), item->by);
		break;
	case WASTE_OVERWRITTEN: return overwritten_text(item, facts, out);
	case WASTE_METADATA:
		snprintf(out, 96, "changed %s only in %u",
			 metadata_word(facts->tree, item), item->by);
		break;
	case WASTE_SAME:
		snprintf(out, 96, "stored again in %u, nothing differs", item->by);
		break;
	case WASTE_CACHE: snprintf(out, 96, "live, but looks like a cache"); break;
	}
	return out;
}
