/* What changed between versions of an image. */
#include "suggest/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/memory.h"
#include "tree/tree.h"

int lam_same_paths(uint32_t **out, const struct lam_tree *from, const struct lam_tree *to,
		   const atomic_bool *stop, struct lam_error *err)
{
	uint32_t *same = malloc(from->node_count * sizeof *same);

	*out = same;
	if (!same)
		return lam_fail_memory(err);
	same[LAM_NODE_ROOT] = LAM_NODE_ROOT;
	for (uint32_t n = 1; n < from->node_count; n++) {
		uint32_t above = same[from->nodes[n].parent];
		size_t len;
		const char *name = lam_tree_name(from, n, &len);

		if (lam_stops(stop, n))
			return lam_fail_stopped(err);
		same[n] = above == LAM_NODE_NONE ? above
						 : lam_tree_child(to, above, name, len);
		if (same[n] != LAM_NODE_NONE && !to->nodes[same[n]].live)
			same[n] = LAM_NODE_NONE;
	}
	return 0;
}

static int found_change(void *context, uint32_t a, uint32_t b, unsigned what)
{
	struct lam_changes *c = context;

	c->count++;
	c->times += what == LAM_DIFF_TIME;
	if (a != LAM_NODE_NONE)
		c->older[a] = true;
	if (b != LAM_NODE_NONE)
		c->newer[b] = true;
	return 0;
}

/* A layer has the directories above its entries, but for the root. Parents have smaller
 * numbers. */
static void inherit(bool *changed, const struct lam_tree *tree)
{
	for (uint32_t n = 1; n < tree->node_count; n++) {
		uint32_t parent = tree->nodes[n].parent;

		changed[n] = changed[n] || (parent != LAM_NODE_ROOT && changed[parent]);
	}
}

int lam_changes_find(struct lam_changes *out, const struct lam_tree *older,
		     const struct lam_tree *newer, struct lam_clamp clamp,
		     const atomic_bool *stop, struct lam_error *err)
{
	const struct lam_diff_options options = { NULL, clamp, clamp, stop };

	*out = (struct lam_changes){ .older = calloc(older->node_count, 1),
				     .newer = calloc(newer->node_count, 1) };
	if (!out->older || !out->newer)
		return lam_fail_memory(err);
	if (lam_same_paths(&out->same, older, newer, stop, err) < 0 ||
	    lam_tree_diff_as(older, newer, &options, found_change, out, err) < 0)
		return err->code;
	inherit(out->older, older);
	inherit(out->newer, newer);
	return 0;
}

void lam_changes_fini(struct lam_changes *changes)
{
	free(changes->older);
	free(changes->newer);
	free(changes->same);
}

/* From the changes of a tree to the paths of the last; what has none there is told of the
 * directory that it would be in. */
static void tell(uint64_t *history, uint64_t pull, const struct lam_tree *tree,
		 const bool *changed, const uint32_t *last)
{
	for (uint32_t n = 0; n < tree->node_count; n++) {
		uint32_t at = n;

		if (!changed[n] || !tree->nodes[n].live)
			continue;
		while (last && last[at] == LAM_NODE_NONE)
			at = tree->nodes[at].parent;
		history[last ? last[at] : at] |= pull;
	}
}

struct reading {
	const struct lam_image *const *versions;
	size_t count;
	struct lam_clamp clamp;
	const atomic_bool *stop;
	struct lam_history *out;
};

static int read_pull(const struct reading *r, size_t n, struct lam_error *err)
{
	const struct lam_tree *older = lam_image_tree(r->versions[n]),
			      *newer = lam_image_tree(r->versions[n + 1]),
			      *last = lam_image_tree(r->versions[r->count - 1]);
	LAM_CLEANUP(lam_changes_fini) struct lam_changes changes = { 0 };
	LAM_CLEANUP(lam_free_ptr) uint32_t *older_last = NULL;
	LAM_CLEANUP(lam_free_ptr) uint32_t *newer_last = NULL;
	uint64_t pull = (uint64_t)1 << n;
	bool is_last = newer == last;

	if (lam_changes_find(&changes, older, newer, r->clamp, r->stop, err) < 0)
		return err->code;
	if (!is_last && (lam_same_paths(&older_last, older, last, r->stop, err) < 0 ||
			 lam_same_paths(&newer_last, newer, last, r->stop, err) < 0))
		return err->code;
	tell(r->out->changed, pull, older, changes.older,
	     is_last ? changes.same : older_last);
	tell(r->out->changed, pull, newer, changes.newer, newer_last);
	r->out->count += changes.count;
	r->out->times += changes.times;
	return 0;
}

int lam_history_read(struct lam_history *out, const struct lam_image *const *versions,
		     size_t count, struct lam_clamp clamp, const atomic_bool *stop,
		     struct lam_error *err)
{
	const struct reading r = { versions, count, clamp, stop, out };
	const struct lam_tree *last = lam_image_tree(versions[count - 1]);

	*out = (struct lam_history){ calloc(last->node_count, sizeof *out->changed), 0,
				     0 };
	if (!out->changed)
		return lam_fail_memory(err);
	for (size_t n = 0; n + 1 < count; n++) {
		if (read_pull(&r, n, err) < 0)
			return err->code;
	}
	return 0;
}

void lam_history_fini(struct lam_history *history)
{
	free(history->changed);
}
