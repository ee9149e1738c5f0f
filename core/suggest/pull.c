/* What a pull fetches under a plan: which layers of two versions are the same. */
#include <stdlib.h>
#include <string.h>

#include <lamina/layout.h>

#include "base/buf.h"
#include "base/memory.h"
#include "suggest/history.h"
#include "suggest/parts.h"
#include "tree/tree.h"

struct side { /* a version, cut */
	const struct lam_image *image;
	const struct lam_tree *tree;
	uint32_t *to; /* the target of each node, hard links together */
};

struct pulling {
	const struct lam_plan *plan;
	const atomic_bool *stop;
	struct side older, newer;
	struct lam_changes changes;
	double *bytes; /* of each target of the newer */
	bool *there, *fetched;
};

static void pulling_fini(struct pulling *p)
{
	lam_changes_fini(&p->changes);
	free(p->older.to);
	free(p->newer.to);
	free(p->bytes);
	free(p->there);
	free(p->fetched);
}

static int cut_side(struct side *side, const struct lam_image *image,
		    const struct pulling *p, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) uint32_t *rules = NULL;

	side->image = image;
	side->tree = lam_image_tree(image);
	if (lam_layout_assignment(&side->to, &rules, image, p->plan, p->stop, err) < 0)
		return lam_wrap(err, "%s", lam_image_reference(image));
	for (size_t i = 0; i < side->tree->link_count; i++) {
		uint32_t n = side->tree->links[i].node;

		side->to[n] = side->to[lam_tree_first_link(side->tree, n)];
	}
	return 0;
}

static bool goes(const struct side *side, uint32_t n)
{
	return side->tree->nodes[n].live && side->to[n] != LAM_TARGET_NONE;
}

static int sum_newer(struct pulling *p, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) float *bytes = NULL;
	struct lam_compression compression =
		p->plan->has_compression ? p->plan->compression : LAM_COMPRESSION_DEFAULT;

	if (lam_entry_bytes(&bytes, p->newer.image, compression, p->stop, err) < 0)
		return err->code;
	for (uint32_t n = 0; n < p->newer.tree->node_count; n++) {
		uint32_t to = p->newer.to[n];

		if (!goes(&p->newer, n))
			continue;
		p->there[to] = true;
		p->bytes[to] += (double)bytes[n];
		p->fetched[to] = p->fetched[to] || p->changes.newer[n];
	}
	return 0;
}

/* What went, and what goes to another layer now. */
static void sum_older(struct pulling *p)
{
	for (uint32_t n = 0; n < p->older.tree->node_count; n++) {
		uint32_t to = p->older.to[n], same = p->changes.same[n], now;

		if (!goes(&p->older, n))
			continue;
		now = same == LAM_NODE_NONE ? to : p->newer.to[same];
		if (p->changes.older[n] || now != to)
			p->fetched[to] = true;
		if (now != to && now != LAM_TARGET_NONE)
			p->fetched[now] = true;
	}
}

static bool has_blob(const struct lam_image *image, const char *digest)
{
	for (size_t i = 0; i < lam_image_layer_count(image); i++) {
		if (strcmp(lam_image_layer(image, i)->digest, digest) == 0)
			return true;
	}
	return false;
}

/* Layers that stay are known by their digests. */
static void sum_kept(struct pulling *p)
{
	size_t count = lam_image_layer_count(p->newer.image);

	for (size_t t = 0; t < p->plan->layer_count; t++) {
		const struct lam_plan_layer *layer = &p->plan->layers[t];
		const struct lam_layer_info *info;

		if (!layer->keep || !layer->from_count || layer->from[0].first >= count)
			continue;
		info = lam_image_layer(p->newer.image, layer->from[0].first);
		p->there[t] = true;
		p->bytes[t] = (double)info->blob_size;
		p->fetched[t] = !has_blob(p->older.image, info->digest);
	}
}

static int pull(struct pulling *p, const struct lam_image *older,
		const struct lam_image *newer, struct lam_error *err)
{
	if (cut_side(&p->older, older, p, err) < 0 ||
	    cut_side(&p->newer, newer, p, err) < 0 ||
	    lam_changes_find(&p->changes, p->older.tree, p->newer.tree, p->plan->times,
			     p->stop, err) < 0 ||
	    sum_newer(p, err) < 0)
		return err->code;
	sum_older(p);
	sum_kept(p);
	return 0;
}

int lam_suggest_pull(struct lam_suggested_pull *out, const struct lam_plan *plan,
		     const struct lam_image *older, const struct lam_image *newer,
		     const atomic_bool *stop, struct lam_error *err)
{
	LAM_CLEANUP(pulling_fini) struct pulling p = { .plan = plan, .stop = stop };

	*out = (struct lam_suggested_pull){ 0 };
	p.bytes = lam_xcalloc(plan->layer_count + 1, sizeof *p.bytes);
	p.there = lam_xcalloc(plan->layer_count + 1, sizeof *p.there);
	p.fetched = lam_xcalloc(plan->layer_count + 1, sizeof *p.fetched);
	if (pull(&p, older, newer, err) < 0)
		return err->code;
	for (size_t t = 0; t < plan->layer_count; t++) {
		out->layers += p.there[t];
		out->fetched += p.there[t] && p.fetched[t];
		out->bytes += p.there[t] && p.fetched[t] ? (uint64_t)p.bytes[t] : 0;
	}
	return 0;
}
