#include "editor/analysis/suggest.h"

#include <stdio.h>
#include <string.h>

#include <lamina/path.h>

#include "editor/analysis/caches.h"
#include "editor/analysis/suggest_set.h"

/* Less is not worth a layer of its own. */
#define LEAST_BYTES (UINT64_C(1) << 20)
#define MOST_LAYERS 8

/* Large directories */

struct large {
	uint32_t node;
	uint64_t bytes;
};

static int compare_large(const void *a, const void *b)
{
	const struct large *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	return (x->node > y->node) - (x->node < y->node);
}

static uint64_t least_of(uint64_t total)
{
	return total / 20 > LEAST_BYTES ? total / 20 : LEAST_BYTES;
}

/* dirs: files are not parts, as long as the directory can go as a whole. */
static bool has_large_child(const struct suggest_set *set, const struct lam_node *node,
			    bool dirs, uint64_t least)
{
	for (uint32_t i = 0; i < node->child_count; i++) {
		uint32_t child = node->first_child + i;

		if (set->bytes[child] >= least &&
		    (!dirs ||
		     lam_tree_node(set->facts->tree, child)->kind == LAM_KIND_DIR))
			return true;
	}
	return false;
}

/* Large ones that are not too large, or have no large parts: at most twenty. A directory
 * that is looked into comes before what is in it. */
static size_t find_large(const struct suggest_set *set, struct bits *inside,
			 struct large out[20])
{
	uint64_t total = set->bytes[LAM_NODE_ROOT], least = least_of(total);
	size_t count = 0;

	bits_set(inside, LAM_NODE_ROOT, true);
	for (uint32_t n = 0; n < set->facts->count && count < 20; n++) {
		const struct lam_node *node = lam_tree_node(set->facts->tree, n);
		bool pure = n != LAM_NODE_ROOT && suggest_is_pure(set, n);

		if (n != LAM_NODE_ROOT &&
		    (set->bytes[n] < least || !bits_get(inside, node->parent)))
			continue;
		if ((!pure || set->bytes[n] > total / 3) &&
		    has_large_child(set, node, pure, least))
			bits_set(inside, n, true);
		else if (pure)
			out[count++] = (struct large){ n, set->bytes[n] };
	}
	return count;
}

static int suggest_node(struct suggest_set *set, uint32_t node, struct lam_error *err)
{
	size_t len;
	const char *name = lam_tree_name(set->facts->tree, node, &len);
	char *wish = lam_path_escape(name, len);
	int code = wish ? suggest_begin(set, wish, err) : lam_fail_memory(err);

	free(wish);
	return code < 0 ? code : suggest_add(set, node, err);
}

static int by_directory(struct suggest_set *set, struct lam_error *err)
{
	uint64_t total = set->bytes[LAM_NODE_ROOT], sum = 0;
	struct large large[20];
	struct bits inside;
	size_t count;

	if (!bits_init(&inside, set->facts->count))
		return lam_fail_memory(err);
	count = find_large(set, &inside, large);
	bits_fini(&inside);
	qsort(large, count, sizeof *large, compare_large);
	for (size_t i = 0; i < count && i < MOST_LAYERS && sum < total / 10 * 9; i++) {
		if (suggest_node(set, large[i].node, err) < 0)
			return err->code;
		sum += large[i].bytes;
	}
	return 0;
}

/* Parts of a size */

/* The next node that is not below n; NONE at the end. */
static uint32_t pass(const struct lam_tree *tree, uint32_t n)
{
	while (n != LAM_NODE_ROOT) {
		const struct lam_node *parent =
			lam_tree_node(tree, lam_tree_node(tree, n)->parent);

		if (n + 1 < parent->first_child + parent->child_count)
			return n + 1;
		n = lam_tree_node(tree, n)->parent;
	}
	return LAM_NODE_NONE;
}

struct part {
	uint64_t bytes, size;
	unsigned number; /* 0: none has begun */
	bool stays;      /* the first part, in the layer as it is */
};

static int put_in_part(struct suggest_set *set, struct part *part, uint32_t n,
		       struct lam_error *err)
{
	bool whole = set->target == TARGET_SEVERAL;
	char wish[300];

	if (part->number == 0 ||
	    (part->bytes && part->bytes + set->bytes[n] > part->size)) {
		part->stays = part->number == 0 && !whole;
		part->number++;
		part->bytes = 0;
		snprintf(wish, sizeof wish, "%.200s-%u",
			 whole ? "part" : set->effect->plan->layers[set->target].name,
			 part->number);
		if (!part->stays && suggest_begin(set, wish, err) < 0)
			return err->code;
	}
	part->bytes += set->bytes[n];
	return part->stays ? 0 : suggest_add(set, n, err);
}

/* A walk from top to bottom: what fits goes as a whole, what is too large is looked into,
 * and a single file that is too large is a part of its own. */
static int by_size(struct suggest_set *set, uint64_t size, struct lam_error *err)
{
	const struct lam_tree *tree = set->facts->tree;
	struct part part = { .size = size };
	uint32_t n = LAM_NODE_ROOT;

	for (uint64_t steps = 1; n != LAM_NODE_NONE; steps++) {
		const struct lam_node *node = lam_tree_node(tree, n);
		bool is_dir = node->kind == LAM_KIND_DIR;

		if (stop_at(set->stop, steps))
			return stop_fail(err);
		if (set->inside[n] == 0) {
			n = pass(tree, n);
			continue;
		}
		if (is_dir && node->child_count &&
		    (n == LAM_NODE_ROOT || !suggest_is_pure(set, n) ||
		     set->bytes[n] > size)) {
			n = node->first_child;
			continue;
		}
		if (put_in_part(set, &part, n, err) < 0)
			return err->code;
		n = pass(tree, n);
	}
	return 0;
}

/* Caches */

/* What is in them: package managers miss the directories themselves. */
static int add_cache(struct suggest_set *set, uint32_t dir, bool *begun,
		     struct lam_error *err)
{
	const struct lam_node *node = lam_tree_node(set->facts->tree, dir);

	for (uint32_t i = 0; i < node->child_count; i++) {
		uint32_t n = node->first_child + i;

		if (!suggest_is_pure(set, n) || set->bytes[n] == 0)
			continue;
		if (!*begun && suggest_begin(set, NULL, err) < 0)
			return err->code;
		*begun = true;
		if (suggest_add(set, n, err) < 0)
			return err->code;
	}
	return 0;
}

static int by_waste(struct suggest_set *set, struct lam_error *err)
{
	struct cache *caches;
	bool begun = false;
	size_t count;
	int code = caches_find(&caches, &count, set->facts, err);

	for (size_t i = 0; code == 0 && i < count; i++) {
		if (caches[i].of_packages)
			code = add_cache(set, caches[i].node, &begun, err);
	}
	free(caches);
	return code;
}

int suggest_new(struct suggestions **out, const struct effect *effect,
		const struct facts *facts, enum suggest_how how, uint32_t target,
		uint64_t size, const atomic_bool *stop, struct lam_error *err)
{
	struct suggest_set set;
	int code = suggest_set_init(&set, effect, facts, target, stop, err);

	*out = NULL;
	if (code == 0) {
		switch (how) {
		case SUGGEST_DIRECTORY: code = by_directory(&set, err); break;
		case SUGGEST_SIZE: code = by_size(&set, size ? size : 1, err); break;
		case SUGGEST_PACKAGE: code = suggest_packages(&set, err); break;
		case SUGGEST_WASTE: code = by_waste(&set, err); break;
		}
	}
	if (code == 0) {
		*out = set.out;
		set.out = NULL;
	}
	suggest_set_fini(&set);
	return code;
}
