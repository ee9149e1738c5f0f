/* Waste: what is shipped and not visible, by cause, and the words for it. */
#include "editor/analysis/waste.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/memory.h"
#include "base/stop.h"
#include "editor/analysis/caches.h"
#include "editor/analysis/inodes.h"

#define NONE LAM_NODE_NONE

/* What may be looked at for one line of text. */
#define MOST_FILES 1000

/* What is known of the bytes at and below a node that nobody sees. */
struct part {
	uint64_t bytes, layers;
	uint32_t files; /* with such bytes */
	uint32_t all;   /* files at all, dead ones too */
	uint16_t by;
	uint8_t how;
	bool mixed; /* more than one cause, or one layer, is behind it */
};

struct making {
	const struct facts *facts;
	struct part *parts; /* of each node */
	struct waste *waste;
	size_t cap, most;
	const atomic_bool *stop;
};

static const uint8_t HOW_OF[] = {
	[LAM_CHANGE_ADDED] = WASTE_OVERWRITTEN, [LAM_CHANGE_REPLACED] = WASTE_OVERWRITTEN,
	[LAM_CHANGE_METADATA] = WASTE_METADATA, [LAM_CHANGE_SAME] = WASTE_SAME,
	[LAM_CHANGE_DELETED] = WASTE_DELETED,
};

/* The newest cause and layer stand for a file that was stored in vain more than once. */
static void add_version(struct part *part, const struct lam_version *version,
			const struct lam_version *next, uint64_t size)
{
	if (part->files == 0) {
		part->how = next ? HOW_OF[next->change] : WASTE_DELETED;
		part->by = next ? next->layer : version->layer;
		part->files = 1;
	}
	part->bytes += size;
	part->layers |= facts_layer_bit(version->layer);
}

static void look_at(struct making *m, struct inodes *inodes, uint32_t n)
{
	const struct lam_tree *tree = m->facts->tree;
	const struct lam_version *next = NULL;
	struct part *part = &m->parts[n];

	for (uint32_t v = lam_tree_node(tree, n)->version; v != NONE;) {
		const struct lam_version *version = lam_tree_version(tree, v);
		struct lam_stat stat;

		v = version->previous;
		if (inodes_meet_dead(inodes, version)) {
			lam_tree_stat_version(tree, version, &stat);
			if (stat.kind == LAM_KIND_FILE && stat.size)
				add_version(part, version, next, stat.size);
		}
		next = version;
	}
	part->all = lam_tree_node(tree, n)->kind == LAM_KIND_FILE || part->files;
}

static int look_at_all(struct making *m, struct lam_error *err)
{
	LAM_CLEANUP(inodes_fini) struct inodes inodes;

	if (inodes_init(&inodes, m->facts->image, m->stop, err) < 0)
		return err->code;
	for (uint32_t n = 0; n < m->facts->count; n++) {
		if (lam_stops(m->stop, n))
			return lam_fail_stopped(err);
		look_at(m, &inodes, n);
		m->waste->lost += m->parts[n].bytes;
	}
	return 0;
}

static int sum_up(struct making *m, struct lam_error *err)
{
	for (uint32_t n = m->facts->count; n-- > 1;) {
		struct part *own = &m->parts[n],
			    *above = &m->parts[lam_tree_node(m->facts->tree, n)->parent];

		if (lam_stops(m->stop, n))
			return lam_fail_stopped(err);
		above->all += own->all;
		if (own->files == 0)
			continue;
		if (above->files == 0) {
			above->how = own->how;
			above->by = own->by;
		}
		above->mixed |=
			own->mixed || above->how != own->how || above->by != own->by;
		above->bytes += own->bytes;
		above->layers |= own->layers;
		above->files += own->files;
	}
	return 0;
}

static void add_item(struct making *m, struct waste_item item)
{
	LAM_XGROW(m->waste->items, m->waste->count, m->cap);
	m->waste->items[m->waste->count++] = item;
}

/* A directory is told as one where all files in it, and more than one, share their fate;
 * where that is deletion, it shares it too. */
static bool is_whole(const struct part *part, const struct lam_node *node)
{
	return part->files > 1 && !part->mixed && part->files == part->all &&
	       (part->how != WASTE_DELETED || !node->live);
}

/* The topmost directories that are whole, and the files that are in none. */
static int list_lost(struct making *m, struct lam_error *err)
{
	const struct lam_tree *tree = m->facts->tree;
	LAM_CLEANUP(bits_fini) struct bits told = { 0 }; /* with a directory above */

	if (!bits_init(&told, m->facts->count))
		return lam_fail_memory(err);
	for (uint32_t n = 1; n < m->facts->count; n++) {
		const struct part *part = &m->parts[n];
		const struct lam_node *node = lam_tree_node(tree, n);
		bool is_dir = node->child_count;

		if (lam_stops(m->stop, n))
			return lam_fail_stopped(err);
		if (bits_get(&told, node->parent)) {
			bits_set(&told, n, true);
			continue;
		}
		if (part->files == 0 || (is_dir && !is_whole(part, node)))
			continue;
		bits_set(&told, n, is_dir);
		add_item(m, (struct waste_item){ .node = n,
						 .bytes = part->bytes,
						 .files = part->files,
						 .layers = part->layers,
						 .by = part->by,
						 .how = (enum waste_how)part->how });
	}
	return 0;
}

static int compare_items(const void *a, const void *b)
{
	const struct waste_item *x = a, *y = b;
	bool p = x->how == WASTE_CACHE, q = y->how == WASTE_CACHE;

	if (p != q)
		return p ? 1 : -1;
	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	return (x->node > y->node) - (x->node < y->node);
}

static bool is_in_another(const struct lam_tree *tree, const struct cache *caches,
			  size_t count, uint32_t n)
{
	while (n != LAM_NODE_ROOT) {
		n = lam_tree_node(tree, n)->parent;
		for (size_t i = 0; i < count; i++) {
			if (caches[i].node == n)
				return true;
		}
	}
	return false;
}

static void list_caches(struct making *m)
{
	const struct facts *f = m->facts;
	LAM_CLEANUP(lam_free_ptr) struct cache *caches = NULL;
	size_t count = caches_find(&caches, f);

	for (size_t i = 0; i < count; i++) {
		uint32_t n = caches[i].node;
		const struct lam_node *node = lam_tree_node(f->tree, n);

		if (is_in_another(f->tree, caches, count, n))
			continue;
		m->waste->cache += node->live_bytes;
		add_item(m, (struct waste_item){ .node = n,
						 .bytes = node->live_bytes,
						 .files = node->live_count - 1,
						 .layers = f->from[n],
						 .by = lam_tree_origin(f->tree, n),
						 .how = WASTE_CACHE });
	}
}

static int make(struct making *m, struct lam_error *err)
{
	if (look_at_all(m, err) < 0 || sum_up(m, err) < 0 || list_lost(m, err) < 0)
		return err->code;
	list_caches(m);
	if (m->waste->count)
		qsort(m->waste->items, m->waste->count, sizeof *m->waste->items,
		      compare_items);
	if (m->waste->count > m->most)
		m->waste->count = m->most;
	return 0;
}

int waste_new(struct waste **out, const struct facts *facts, size_t most,
	      const atomic_bool *stop, struct lam_error *err)
{
	struct making m = { .facts = facts,
			    .most = most,
			    .stop = stop,
			    .waste = lam_xcalloc(1, sizeof *m.waste),
			    .parts = calloc(facts->count, sizeof *m.parts) };
	int code = m.parts ? make(&m, err) : lam_fail_memory(err);

	free(m.parts);
	*out = code == 0 ? m.waste : NULL;
	if (code < 0)
		waste_free(m.waste);
	return code;
}

void waste_free(struct waste *waste)
{
	if (!waste)
		return;
	free(waste->items);
	free(waste);
}

/* Words */

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
	uint64_t mask = facts_layer_bit(item->by);

	for (uint32_t v = lam_tree_node(tree, item->node)->version; v != NONE;) {
		const struct lam_version *version = lam_tree_version(tree, v);

		if (version->change == LAM_CHANGE_REPLACED && item->files == 1)
			mask |= facts_layer_bit(version->layer);
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
