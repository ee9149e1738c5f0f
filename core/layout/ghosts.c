/* Which whiteouts of a stack of layers overlayfs would list: those whose directory is made
 * of their layer alone. */
#include "layout/ghosts.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/stop.h"

#define NONE LAM_NODE_NONE

enum { ASKED = 1, WITH_ASKED = 2 };

struct play {
	const struct lam_tree *tree;
	struct lam_ghosts *ghosts;
	const atomic_bool *stop;
	struct lam_error *err;
	uint8_t *asked; /* nodes at and above directories with whiteouts: ASKED, and
			   WITH_ASKED where one of the children is */
	/* of those, the lowest and the highest layer that the directory is made of; lowest
	 * NONE: it is none */
	uint32_t *lowest, *highest;
};

static struct lam_str name_of(const struct lam_layer *layer, uint32_t n)
{
	struct lam_str name;

	name.bytes = lam_names_get(&layer->names, layer->nodes[n].name, &name.len);
	return name;
}

/* Marks the directories on the way to each whiteout, and keeps the whiteouts. */
static int ask(struct play *p, uint32_t number)
{
	const struct lam_layer *layer = p->tree->layers[number];
	LAM_CLEANUP(lam_free_ptr)
	uint32_t *map = lam_zeroed_large(layer->node_count, sizeof *map);

	if (!map)
		return lam_fail_memory(p->err);
	for (uint32_t n = layer->node_count; n-- > 1;) {
		if (map[n] || layer->nodes[n].mark == LAM_MARK_WHITEOUT)
			map[layer->nodes[n].parent] = 1;
	}
	if (!map[0])
		return 0;
	map[0] = LAM_NODE_ROOT;
	for (uint32_t n = 1; n < layer->node_count; n++) {
		uint32_t dir = map[layer->nodes[n].parent];
		bool whiteout = layer->nodes[n].mark == LAM_MARK_WHITEOUT;
		struct lam_str name = name_of(layer, n);

		if (lam_stops(p->stop, n))
			return lam_fail_stopped(p->err);
		if (whiteout && dir != NONE && dir != LAM_NODE_ROOT) {
			if (LAM_GROW(p->ghosts->items, p->ghosts->count, p->ghosts->cap,
				     p->err) < 0)
				return p->err->code;
			p->ghosts->items[p->ghosts->count++] =
				(struct lam_ghost){ dir, number, name };
		}
		if (whiteout || !map[n] || dir == NONE) {
			map[n] = NONE;
			continue;
		}
		map[n] = lam_tree_child(p->tree, dir, name.bytes, name.len);
		if (map[n] != NONE) {
			p->asked[map[n]] |= ASKED;
			p->asked[dir] |= WITH_ASKED;
		}
	}
	return 0;
}

/* A directory of a layer joins those below it, unless these are cut off: by what replaced
 * it or anything above it. */
static void enter(struct play *p, uint32_t node, uint32_t layer, bool opaque)
{
	uint32_t lowest = p->lowest[node];

	if (opaque || lowest == NONE || lowest < p->lowest[p->tree->nodes[node].parent])
		p->lowest[node] = layer;
	p->highest[node] = layer;
}

static int play_layer(struct play *p, uint32_t number)
{
	const struct lam_layer *layer = p->tree->layers[number];
	LAM_CLEANUP(lam_free_ptr)
	uint32_t *map = malloc(layer->node_count * sizeof *map);

	if (!map)
		return lam_fail_memory(p->err);
	map[0] = LAM_NODE_ROOT;
	for (uint32_t n = 1; n < layer->node_count; n++) {
		const struct lam_layer_node *node = &layer->nodes[n];
		struct lam_str name;
		uint32_t at = NONE;

		if (lam_stops(p->stop, n))
			return lam_fail_stopped(p->err);
		map[n] = NONE;
		if (map[node->parent] == NONE ||
		    !(p->asked[map[node->parent]] & WITH_ASKED))
			continue;
		name = name_of(layer, n);
		at = lam_tree_child(p->tree, map[node->parent], name.bytes, name.len);
		if (at == NONE || !(p->asked[at] & ASKED))
			continue;
		if (node->mark == LAM_MARK_ENTRY && node->kind == LAM_KIND_DIR) {
			enter(p, at, number, node->opaque);
			map[n] = at;
		} else {
			p->lowest[at] = NONE;
		}
	}
	return 0;
}

static bool is_listed(const struct play *p, const struct lam_ghost *ghost)
{
	uint32_t at = ghost->dir, parent;

	if (p->lowest[at] != ghost->layer || p->highest[at] != ghost->layer)
		return false;
	for (; at != LAM_NODE_ROOT; at = parent) {
		parent = p->tree->nodes[at].parent;
		if (p->lowest[at] == NONE || p->lowest[at] < p->lowest[parent])
			return false;
	}
	return true;
}

static int compare(const void *a, const void *b)
{
	const struct lam_ghost *x = a, *y = b;
	size_t len = x->name.len < y->name.len ? x->name.len : y->name.len;
	int order;

	if (x->dir != y->dir)
		return x->dir < y->dir ? -1 : 1;
	order = memcmp(x->name.bytes, y->name.bytes, len);
	return order ? order : (x->name.len > y->name.len) - (x->name.len < y->name.len);
}

static void keep_listed(struct play *p)
{
	struct lam_ghosts *g = p->ghosts;
	size_t kept = 0;
	uint32_t dir = NONE, layer = NONE;
	bool listed = false;

	for (size_t i = 0; i < g->count; i++) {
		/* those of one directory stand together */
		if (g->items[i].dir != dir || g->items[i].layer != layer)
			listed = is_listed(p, &g->items[i]);
		dir = g->items[i].dir;
		layer = g->items[i].layer;
		if (listed)
			g->items[kept++] = g->items[i];
	}
	g->count = kept;
	if (kept)
		qsort(g->items, kept, sizeof *g->items, compare);
}

static int play(struct play *p)
{
	uint32_t count = p->tree->node_count;

	p->asked = lam_zeroed_large(count, sizeof *p->asked);
	p->lowest = malloc(count * sizeof *p->lowest);
	p->highest = malloc(count * sizeof *p->highest);
	if (!p->asked || !p->lowest || !p->highest)
		return lam_fail_memory(p->err);
	for (uint32_t i = 0; i < p->tree->layer_count; i++) {
		if (p->tree->layers[i]->whiteout_count && ask(p, i) < 0)
			return p->err->code;
	}
	if (!p->ghosts->count)
		return 0;
	memset(p->lowest, 0xff, count * sizeof *p->lowest);
	p->lowest[LAM_NODE_ROOT] = 0;
	for (uint32_t i = 0; i < p->tree->layer_count; i++) {
		if (play_layer(p, i) < 0)
			return p->err->code;
	}
	keep_listed(p);
	return 0;
}

int lam_ghosts_find(struct lam_ghosts *out, const struct lam_tree *tree,
		    const atomic_bool *stop, struct lam_error *err)
{
	struct play p = { .tree = tree, .ghosts = out, .stop = stop, .err = err };
	int code;

	*out = (struct lam_ghosts){ 0 };
	code = play(&p);
	free(p.asked);
	free(p.lowest);
	free(p.highest);
	return code;
}

bool lam_ghosts_have(const struct lam_ghosts *ghosts, uint32_t dir, struct lam_str name)
{
	const struct lam_ghost key = { .dir = dir, .name = name };

	return ghosts->count && bsearch(&key, ghosts->items, ghosts->count,
					sizeof *ghosts->items, compare);
}

void lam_ghosts_fini(struct lam_ghosts *ghosts)
{
	free(ghosts->items);
}
