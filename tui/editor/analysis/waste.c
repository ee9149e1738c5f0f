/* Waste: what is shipped and not visible, by cause, and the words for it. */
#include "editor/analysis/waste.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/memory.h"
#include "base/stop.h"
#include "editor/analysis/caches.h"

#define NONE LAM_NODE_NONE

/* What is known of the bytes at and below a node that nobody sees. */
struct part {
	uint64_t bytes;
	uint32_t layers; /* that hold them */
	uint32_t files;  /* with such bytes */
	uint32_t all;    /* files at all, dead ones too */
	uint16_t by;
	uint8_t how;
	uint8_t what; /* of METADATA: how they differ */
	bool mixed;   /* more than one cause is behind it */
};

struct making {
	const struct facts *facts;
	struct part *parts; /* of each node */
	struct waste *waste;
	uint32_t *causes; /* number of each (how, by), or NONE */
	size_t cap, cause_cap, most;
	const atomic_bool *stop;
};

static const uint8_t HOW_OF[] = {
	[LAM_CHANGE_ADDED] = WASTE_OVERWRITTEN, [LAM_CHANGE_REPLACED] = WASTE_OVERWRITTEN,
	[LAM_CHANGE_METADATA] = WASTE_METADATA, [LAM_CHANGE_SAME] = WASTE_SAME,
	[LAM_CHANGE_DELETED] = WASTE_DELETED,
};

/* The newest cause and layer stand for a file that was stored in vain more than once. */
static void add_version(struct making *m, struct part *part,
			const struct lam_version *version, const struct lam_version *next,
			const struct lam_stat *stat)
{
	struct lam_stat after;

	if (part->files == 0) {
		part->how = next ? HOW_OF[next->change] : WASTE_DELETED;
		part->by = next ? next->layer : version->layer;
		part->files = 1;
		part->layers = LAYERS_NONE;
		if (part->how == WASTE_METADATA) {
			lam_tree_stat_version(m->facts->tree, next, &after);
			part->what = (uint8_t)lam_stat_compare(stat, &after);
		}
	}
	part->bytes += stat->size;
	part->layers = layersets_union(&m->waste->sets, part->layers, version->layer);
}

static void look_at(struct making *m, struct bits *met, uint32_t n)
{
	const struct lam_tree *tree = m->facts->tree;
	const struct lam_version *next = NULL;
	struct part *part = &m->parts[n];

	for (uint32_t v = lam_tree_node(tree, n)->version; v != NONE;) {
		const struct lam_version *version = lam_tree_version(tree, v);
		struct lam_stat stat;

		v = version->previous;
		if (facts_meet_dead(tree, met, version)) {
			lam_tree_stat_version(tree, version, &stat);
			if (stat.kind == LAM_KIND_FILE && stat.size)
				add_version(m, part, version, next, &stat);
		}
		next = version;
	}
	part->all = lam_tree_node(tree, n)->kind == LAM_KIND_FILE || part->files;
}

static int look_at_all(struct making *m, struct lam_error *err)
{
	LAM_CLEANUP(bits_fini) struct bits met = { 0 };

	if (facts_meet_init(m->facts->tree, &met, err) < 0)
		return err->code;
	for (uint32_t n = 0; n < m->facts->count; n++) {
		if (lam_stops(m->stop, n))
			return lam_fail_stopped(err);
		look_at(m, &met, n);
		m->waste->lost += m->parts[n].bytes;
	}
	return 0;
}

static void add_part(struct making *m, struct part *above, const struct part *own)
{
	above->all += own->all;
	if (own->files == 0)
		return;
	if (above->files == 0) {
		above->how = own->how;
		above->by = own->by;
		above->layers = LAYERS_NONE;
	}
	above->mixed |= own->mixed || above->how != own->how || above->by != own->by;
	above->bytes += own->bytes;
	above->layers = layersets_union(&m->waste->sets, above->layers, own->layers);
	above->files += own->files;
	above->what |= own->what;
}

static int sum_up(struct making *m, struct lam_error *err)
{
	for (uint32_t n = m->facts->count; n-- > 1;) {
		if (lam_stops(m->stop, n))
			return lam_fail_stopped(err);
		add_part(m, &m->parts[lam_tree_node(m->facts->tree, n)->parent],
			 &m->parts[n]);
	}
	return 0;
}

/* The cause of a kind and a layer; a new one where none is yet. */
static uint32_t cause_of(struct making *m, enum waste_how how, uint32_t by)
{
	uint32_t *slot = &m->causes[how * m->waste->sets.layer_count + by];

	if (*slot == NONE) {
		LAM_XGROW(m->waste->causes, m->waste->cause_count, m->cause_cap);
		m->waste->causes[m->waste->cause_count] = (struct waste_cause){
			.how = how, .by = by, .layers = LAYERS_NONE
		};
		*slot = (uint32_t)m->waste->cause_count++;
	}
	return *slot;
}

static void add_item(struct making *m, enum waste_how how, uint32_t by, unsigned what,
		     struct waste_item item)
{
	struct waste_cause *cause;

	item.cause = cause_of(m, how, by);
	cause = &m->waste->causes[item.cause];
	cause->bytes += item.bytes;
	cause->files += item.files;
	cause->what |= what;
	cause->layers = layersets_union(&m->waste->sets, cause->layers, item.layers);
	cause->count++;
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
		add_item(m, (enum waste_how)part->how, part->by, part->what,
			 (struct waste_item){ .node = n,
					      .bytes = part->bytes,
					      .files = part->files,
					      .layers = part->layers });
	}
	return 0;
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
		add_item(m, WASTE_CACHE, 0, 0,
			 (struct waste_item){ .node = n,
					      .bytes = node->live_bytes,
					      .files = node->live_count - 1,
					      .layers = layersets_take(&m->waste->sets,
								       &f->sets,
								       f->from[n]) });
	}
}

/* Order */

static int compare_causes(const void *left, const void *right, void *context)
{
	const struct waste *w = context;
	const struct waste_cause *a = &w->causes[*(const uint32_t *)left],
				 *b = &w->causes[*(const uint32_t *)right];

	if ((a->how == WASTE_CACHE) != (b->how == WASTE_CACHE))
		return a->how == WASTE_CACHE ? 1 : -1;
	if (a->bytes != b->bytes)
		return a->bytes > b->bytes ? -1 : 1;
	return a->by != b->by ? (a->by > b->by) - (a->by < b->by)
			      : (int)a->how - (int)b->how;
}

static int compare_items(const void *left, const void *right)
{
	const struct waste_item *a = left, *b = right;

	if (a->cause != b->cause)
		return a->cause < b->cause ? -1 : 1;
	if (a->bytes != b->bytes)
		return a->bytes > b->bytes ? -1 : 1;
	return (a->node > b->node) - (a->node < b->node);
}

static void sort_causes(struct waste *w)
{
	LAM_CLEANUP(lam_free_ptr)
	uint32_t *order = lam_xcalloc(2 * w->cause_count + 1, sizeof *order);
	uint32_t *place = order + w->cause_count;
	struct waste_cause *sorted = lam_xcalloc(w->cause_count + 1, sizeof *sorted);

	for (uint32_t i = 0; i < w->cause_count; i++)
		order[i] = i;
	qsort_r(order, w->cause_count, sizeof *order, compare_causes, w);
	for (uint32_t i = 0; i < w->cause_count; i++) {
		sorted[i] = w->causes[order[i]];
		place[order[i]] = i;
	}
	free(w->causes);
	w->causes = sorted;
	for (size_t i = 0; i < w->count; i++)
		w->items[i].cause = place[w->items[i].cause];
}

/* The largest `most` of each cause stay. */
static void sort_items(struct waste *w, size_t most)
{
	size_t from = 0, to = 0;

	if (w->count)
		qsort(w->items, w->count, sizeof *w->items, compare_items);
	for (size_t c = 0; c < w->cause_count; c++) {
		struct waste_cause *cause = &w->causes[c];
		size_t count = cause->count;

		cause->first = to;
		cause->count = count < most ? count : most;
		for (size_t i = 0; i < cause->count; i++)
			w->items[to++] = w->items[from + i];
		from += count;
	}
	w->count = to;
}

static int make(struct making *m, struct lam_error *err)
{
	if (look_at_all(m, err) < 0 || sum_up(m, err) < 0 || list_lost(m, err) < 0)
		return err->code;
	list_caches(m);
	sort_causes(m->waste);
	sort_items(m->waste, m->most);
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
	size_t slots = (WASTE_CACHE + 1) * (facts->sets.layer_count + 1);
	int code;

	layersets_init(&m.waste->sets, facts->sets.layer_count);
	m.causes = lam_xcalloc(slots, sizeof *m.causes);
	for (size_t i = 0; i < slots; i++)
		m.causes[i] = NONE;
	code = m.parts ? make(&m, err) : lam_fail_memory(err);
	free(m.parts);
	free(m.causes);
	*out = code == 0 ? m.waste : NULL;
	if (code < 0)
		waste_free(m.waste);
	return code;
}

void waste_free(struct waste *waste)
{
	if (!waste)
		return;
	layersets_fini(&waste->sets);
	free(waste->causes);
	free(waste->items);
	free(waste);
}

/* Words */

static const char *metadata_word(unsigned what)
{
	switch (what) {
	case LAM_DIFF_OWNER: return "owner";
	case LAM_DIFF_MODE: return "mode";
	case LAM_DIFF_TIME: return "time";
	case LAM_DIFF_ATTRIBUTES: return "attributes";
	default: return "metadata";
	}
}

const char *waste_text(const struct waste_cause *cause, char out[64])
{
	switch (cause->how) {
	case WASTE_DELETED: return "deleted";
	case WASTE_OVERWRITTEN: return "overwritten";
	case WASTE_METADATA:
		snprintf(out, 64, "%s changed", metadata_word(cause->what));
		break;
	case WASTE_SAME: return "stored again";
	case WASTE_CACHE: return "live, but looks like a cache";
	}
	return out;
}
