#include "editor/analysis/waste.h"

#include <string.h>

#include "editor/analysis/caches.h"
#include "editor/analysis/inodes.h"

#define NONE LAM_NODE_NONE

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

static uint64_t layer_bit(uint32_t layer)
{
	return UINT64_C(1) << (layer < 63 ? layer : 63);
}

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
	part->layers |= layer_bit(version->layer);
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
	struct inodes inodes;
	int code = inodes_init(&inodes, m->facts->image, m->stop, err);

	for (uint32_t n = 0; code == 0 && n < m->facts->count; n++) {
		if (stop_at(m->stop, n))
			code = stop_fail(err);
		else
			look_at(m, &inodes, n);
		m->waste->lost += m->parts[n].bytes;
	}
	inodes_fini(&inodes);
	return code;
}

static int sum_up(struct making *m, struct lam_error *err)
{
	for (uint32_t n = m->facts->count; n-- > 1;) {
		struct part *own = &m->parts[n],
			    *above = &m->parts[lam_tree_node(m->facts->tree, n)->parent];

		if (stop_at(m->stop, n))
			return stop_fail(err);
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

static int add_item(struct making *m, const struct waste_item *item,
		    struct lam_error *err)
{
	struct waste *w = m->waste;

	if (w->count == m->cap) {
		size_t cap = m->cap ? 2 * m->cap : 256;
		struct waste_item *items = realloc(w->items, cap * sizeof *items);

		if (!items)
			return lam_fail_memory(err);
		w->items = items;
		m->cap = cap;
	}
	w->items[w->count++] = *item;
	return 0;
}

/* A directory is told as one where all files in it, and more than one, share their fate;
 * where that is deletion, it shares it too. */
static bool is_whole(const struct part *part, const struct lam_node *node)
{
	return part->files > 1 && !part->mixed && part->files == part->all &&
	       (part->how != WASTE_DELETED || !node->live);
}

/* The topmost directories that are whole, and the files that are in none. What is told
 * with a directory above has its bit set. */
static int list_lost(struct making *m, struct bits *told, struct lam_error *err)
{
	const struct lam_tree *tree = m->facts->tree;

	for (uint32_t n = 1; n < m->facts->count; n++) {
		const struct part *part = &m->parts[n];
		const struct lam_node *node = lam_tree_node(tree, n);
		bool is_dir = node->child_count;

		if (stop_at(m->stop, n))
			return stop_fail(err);
		if (bits_get(told, node->parent)) {
			bits_set(told, n, true);
			continue;
		}
		if (part->files == 0 || (is_dir && !is_whole(part, node)))
			continue;
		bits_set(told, n, is_dir);
		if (add_item(m,
			     &(struct waste_item){ .node = n,
						   .bytes = part->bytes,
						   .files = part->files,
						   .layers = part->layers,
						   .by = part->by,
						   .how = (enum waste_how)part->how },
			     err) < 0)
			return err->code;
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

static bool is_in_another(const struct lam_tree *tree, const struct bits *marked,
			  uint32_t n)
{
	while (n != LAM_NODE_ROOT) {
		n = lam_tree_node(tree, n)->parent;
		if (bits_get(marked, n))
			return true;
	}
	return false;
}

static int list_caches(struct making *m, struct lam_error *err)
{
	const struct facts *f = m->facts;
	struct bits marked = { 0 };
	struct cache *caches;
	size_t count;
	int code = caches_find(&caches, &count, f, err);

	if (code == 0 && !bits_init(&marked, f->count))
		code = lam_fail_memory(err);
	for (size_t i = 0; code == 0 && i < count; i++)
		bits_set(&marked, caches[i].node, true);
	for (size_t i = 0; code == 0 && i < count; i++) {
		uint32_t n = caches[i].node;
		const struct lam_node *node = lam_tree_node(f->tree, n);
		struct waste_item item = { .node = n,
					   .bytes = node->live_bytes,
					   .files = node->live_count - 1,
					   .layers = f->from[n],
					   .by = lam_tree_origin(f->tree, n),
					   .how = WASTE_CACHE };

		if (is_in_another(f->tree, &marked, n))
			continue;
		m->waste->cache += item.bytes;
		code = add_item(m, &item, err);
	}
	bits_fini(&marked);
	free(caches);
	return code;
}

static int make(struct making *m, struct lam_error *err)
{
	struct bits told;
	int code;

	if (look_at_all(m, err) < 0 || sum_up(m, err) < 0)
		return err->code;
	if (!bits_init(&told, m->facts->count))
		return lam_fail_memory(err);
	code = list_lost(m, &told, err);
	bits_fini(&told);
	if (code == 0)
		code = list_caches(m, err);
	if (code < 0)
		return code;
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
	struct making m = { .facts = facts, .most = most, .stop = stop };
	int code;

	*out = NULL;
	m.waste = calloc(1, sizeof *m.waste);
	m.parts = calloc(facts->count, sizeof *m.parts);
	code = m.waste && m.parts ? make(&m, err) : lam_fail_memory(err);
	free(m.parts);
	if (code < 0)
		waste_free(m.waste);
	else
		*out = m.waste;
	return code;
}

void waste_free(struct waste *waste)
{
	if (!waste)
		return;
	free(waste->items);
	free(waste);
}
